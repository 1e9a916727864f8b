package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/frames"
)

// closeFrame returns a masked close frame.
func (p *probe) closeFrame(code int, reason string) frames.Frame {
	return p.masked(frames.Close, frames.ClosePayload(code, reason))
}

// answersClose: a close frame is answered with its own code.
func answersClose(p *probe) {
	for _, code := range []int{1000, 1001, 3000, 4000 + p.number(1000)} {
		c := p.member()
		c.send(p.closeFrame(code, p.word(6)))
		c.expectClose(code, "a close frame is answered by a close frame with the same code, and only then the connection ends")
	}
}

// expectClose waits for a close frame with one of the codes; that it is well formed is part of it.
func (c *client) expectClose(code int, cause string, orElse ...int) {
	expected := fmt.Sprintf("a close frame with status code %d", code)
	f, err := c.awaitClose()
	swapped := binary.BigEndian.AppendUint16(nil, uint16(code))
	slices.Reverse(swapped)
	switch {
	case err == errReset:
		c.fail(expected, "TCP resets a connection that is closed with bytes unread: send the close frame, CloseWrite, read on until the other side ends, then Close")
	case err == errHungUp && cause == "":
		c.fail(expected, "the connection ends without a goodbye: send a close frame first")
	case err != nil:
		c.fail(expected, cause)
	case f.Masked:
		c.fail(expected, "the close frame is masked: a server never masks")
	case code == 0 && len(f.Payload) == 0:
	case f.Code() != code && !slices.Contains(orElse, f.Code()):
		switch {
		case len(f.Payload) < 2:
			cause = "the close frame is empty: its payload begins with the status code, in two bytes"
		case bytes.HasPrefix(f.Payload, swapped):
			cause = "the status code is little-endian: the network's order is big-endian, binary.BigEndian"
		case strings.HasPrefix(string(f.Payload), fmt.Sprint(code)):
			cause = "the status code is written as text: it is a number of two bytes"
		}
		c.fail(expected, cause)
	}
}

// answersEmptyClose: a close frame need not have a code.
func answersEmptyClose(p *probe) {
	c := p.member()
	c.send(p.masked(frames.Close, nil))
	f, err := c.awaitClose()
	if err != nil || len(f.Payload) > 0 && f.Code() != 1000 {
		c.fail("a close frame without a status code", "a close frame may be empty: there is no code to send back, and none to read")
	}
}

// hangsUp: after the goodbyes the server ends TCP, and does so first.
func hangsUp(p *probe) {
	c := p.member()
	c.send(p.closeFrame(1000, ""))
	c.expectClose(1000, "a close frame is answered by a close frame with the same code")
	switch c.ended(max(p.patience, 2*time.Second)) {
	case errQuiet:
		c.fail("the server ends the TCP connection once both have said goodbye", "the server waits for the client to hang up: it goes first (CloseWrite, or Close once nothing is unread)")
	case errReset:
		c.fail("the server ends the TCP connection gently", "TCP resets a connection that is closed with bytes unread: CloseWrite, read on until the other side ends, then Close")
	}
}

// closeEndsAll: what follows a close frame does not count.
func closeEndsAll(p *probe) {
	watcher := p.member()
	c := p.member()
	late := p.post()
	c.send(p.closeFrame(1000, ""), p.text(late), p.masked(frames.Ping, []byte("late")))
	f, err := c.awaitClose()
	if err != nil || f.Code() != 1000 {
		c.fail("a close frame with status code 1000", "what comes behind a close frame is not read: answer the close frame, and stop reading frames")
	}
	if f, err := c.frame(); err == nil {
		c.fail("nothing after the server's own close frame", fmt.Sprintf("a %s frame was sent behind the close frame: nothing may follow it", cmp.Or(frames.Names[f.Opcode], "strange")))
	}
	next := p.post()
	watcher.post(next)
	p.expectStored(watcher, next, func() string { return "the others are not served any more" })
	if p.history().has(late.Text) {
		c.fail("the message behind the close frame is not stored", "the loop that reads goes on after a close frame: it has to end there")
	}
}

// leavesQuietly: who says goodbye is gone, and the rest chat on.
func leavesQuietly(p *probe) {
	a, b := p.member(), p.member()
	for range 3 {
		c := p.member()
		c.send(p.closeFrame(1001, "tab closed"))
		c.expectClose(1001, "a close frame is answered by a close frame with the same code")
	}
	p.chat(a, b)
}

// chat holds two members to hear each other.
func (p *probe) chat(a, b *client) {
	m := p.post()
	a.mark()
	a.post(m)
	for _, c := range []*client{a, b} {
		c.awaitText("a text frame with the new history, for those who stay", holding(m), func(history) string {
			return "what another member did has stopped the chat: it must end that member only"
		})
	}
}

// pongs: a ping is answered in kind.
func pongs(p *probe) {
	for _, payload := range [][]byte{[]byte(p.word(5)), nil, p.bytes(125)} {
		c := p.member()
		ping := p.masked(frames.Ping, payload)
		c.send(ping)
		c.expectPong(ping)
	}
}

// expectPong waits for the answer to a ping.
func (c *client) expectPong(ping frames.Frame) {
	expected := "a pong with the payload of the ping"
	f, err := c.frame()
	switch {
	case err != nil:
		c.fail(expected, "a ping (opcode 9) is answered at once with a pong (opcode a)")
	case f.Opcode == frames.Pong && f.Fin && !f.Masked && bytes.Equal(f.Payload, ping.Payload):
	case f.Opcode == frames.Ping:
		c.fail(expected, "the answer to a ping is a pong: opcode a")
	case f.Opcode != frames.Pong:
		c.fail(expected, "a ping (opcode 9) is answered at once with a pong (opcode a)")
	case len(ping.Payload) > 0 && bytes.Equal(f.Payload, ping.Bytes()[6:]):
		c.fail(expected, "the pong's payload is still masked: undo the ping's mask first")
	case len(f.Payload) == 0:
		c.fail(expected, "the pong is empty: it carries the payload of the ping")
	default:
		c.fail(expected, "the pong has another payload: it carries that of the ping, byte for byte")
	}
}

// pongsBetween: a ping may come between the fragments of a message.
func pongsBetween(p *probe) {
	c := p.member()
	m := p.post()
	parts := p.fragments(frames.Text, m.json(), 9, 8)
	ping := p.masked(frames.Ping, []byte(p.word(6)))
	c.send(parts[0], ping)
	c.expectPong(ping)
	c.send(p.masked(frames.Pong, nil), parts[1], parts[2])
	p.expectStored(c, m, func() string {
		return "a ping between fragments is answered, and the message so far is kept: keep its payload apart from that of control frames"
	})
}

// ignoresPong: a pong that nobody asked for is no mistake.
func ignoresPong(p *probe) {
	c := p.member()
	c.send(p.masked(frames.Pong, nil), p.masked(frames.Pong, []byte(p.word(7))))
	m := p.post()
	c.post(m)
	c.awaitText("no answer, and the next message is taken", holding(m), func(history) string {
		return "a pong (opcode a) without a ping is allowed: read its payload, and go on"
	})
}

// A breach is what a client must not send, and the status code that says so.
type breach struct {
	code   int
	orElse []int // codes that say it as well
	frames func(p *probe) []frames.Frame
	cause  string
}

// ends returns a behaviour: each breach ends the member with its status code, and the others chat on.
func ends(breaches ...breach) func(*probe) {
	return func(p *probe) {
		a, b := p.member(), p.member()
		for _, breach := range breaches {
			c := p.member()
			c.send(breach.frames(p)...)
			c.expectClose(breach.code, breach.cause, breach.orElse...)
			c.nc.Close()
		}
		p.chat(a, b)
	}
}

// one returns a breach of a single frame.
func one(code int, cause string, f func(p *probe) frames.Frame) breach {
	return breach{code: code, cause: cause, frames: func(p *probe) []frames.Frame { return []frames.Frame{f(p)} }}
}

// odd returns frames that differ from a proper one in what change does.
func odd(code int, cause string, opcode byte, size int, change func(*frames.Frame)) breach {
	return one(code, cause, func(p *probe) frames.Frame {
		f := frames.Frame{Fin: true, Opcode: opcode, Masked: true, Key: p.key(), Payload: []byte(p.word(size))}
		if opcode == frames.Text {
			f.Payload = p.post().json()
		}
		change(&f)
		return f
	})
}

// reservedBits are breaches of section 5.2.
func reservedBits() []breach {
	const cause = "a reserved bit is set and no extension was agreed on: check bits 40, 20 and 10 of the first byte"
	return []breach{
		odd(1002, cause, frames.Text, 0, func(f *frames.Frame) { f.RSV = 4 }),
		odd(1002, cause, frames.Text, 0, func(f *frames.Frame) { f.RSV = 2 }),
		odd(1002, cause, frames.Ping, 4, func(f *frames.Frame) { f.RSV = 1 }),
	}
}

// unknownOpcodes are breaches of section 5.2, too.
func unknownOpcodes() (all []breach) {
	for _, opcode := range []byte{0x3, 0x7, 0xB, 0xF} {
		all = append(all, odd(1002, "opcodes 3 to 7 and b to f mean nothing yet: refuse them", opcode, 4, func(*frames.Frame) {}))
	}
	return all
}

// unmaskedFrames are breaches of section 5.1.
func unmaskedFrames() []breach {
	const cause = "the mask bit is 0: a client masks every frame"
	bare := func(f *frames.Frame) { f.Masked = false }
	return []breach{odd(1002, cause, frames.Text, 0, bare), odd(1002, cause, frames.Ping, 4, bare)}
}

// wrongControls are breaches of section 5.5.
func wrongControls() []breach {
	const open, long = "a control frame must not be fragmented: its FIN bit is 1", "a control frame carries at most 125 bytes"
	return []breach{
		odd(1002, open, frames.Ping, 4, func(f *frames.Frame) { f.Fin = false }),
		odd(1002, open, frames.Close, 0, func(f *frames.Frame) { f.Fin = false }),
		odd(1002, long, frames.Ping, 126, func(*frames.Frame) {}),
		odd(1002, long, frames.Pong, 300, func(*frames.Frame) {}),
	}
}

// wrongFragments are breaches of section 5.4.
func wrongFragments() []breach {
	return []breach{
		odd(1002, "a continuation (opcode 0) without a message to go on with", frames.Continuation, 5, func(*frames.Frame) {}),
		{code: 1002, cause: "a new message begins before the last one has ended: text (opcode 1) between fragments", frames: func(p *probe) []frames.Frame {
			return []frames.Frame{p.fragments(frames.Text, p.post().json(), 5)[0], p.text(p.post())}
		}},
		{code: 1002, cause: "the message has ended with FIN: a continuation behind it belongs to nothing", frames: func(p *probe) []frames.Frame {
			return append(p.fragments(frames.Text, p.post().json(), 5), p.masked(frames.Continuation, []byte("more")))
		}},
	}
}

// wrongCloses are breaches of sections 5.5.1 and 7.4.
func wrongCloses() []breach {
	all := []breach{one(1002, "a close frame has no payload, or a status code of two bytes: one byte is neither", func(p *probe) frames.Frame {
		return p.masked(frames.Close, []byte{3})
	})}
	for _, code := range []int{0, 999, 1005, 1006, 1015, 2999, 5000, 65535} {
		cause := fmt.Sprintf("%d is no status code that may be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999 are", code)
		all = append(all, one(1002, cause, func(p *probe) frames.Frame { return p.closeFrame(code, "") }))
	}
	return all
}

// binaryMessages are what this chat does not take.
func binaryMessages() []breach {
	const cause = "binary messages (opcode 2) are not for this chat: end with 1003"
	return []breach{
		one(1003, cause, func(p *probe) frames.Frame { return p.masked(frames.Binary, p.bytes(20)) }),
		one(1003, cause, func(p *probe) frames.Frame { return p.masked(frames.Binary, p.post().json()) }),
	}
}

// wrongText are messages whose bytes are no UTF-8.
func wrongText() []breach {
	const cause = "the bytes are no UTF-8: utf8.Valid tells"
	bad := func(p *probe) []byte { return []byte(`{"user":"ann","text":"` + p.word(3) + "\xff\xfe" + `"}`) }
	return []breach{
		one(1007, cause, func(p *probe) frames.Frame { return p.masked(frames.Text, bad(p)) }),
		one(1007, cause, func(p *probe) frames.Frame {
			return p.masked(frames.Text, []byte("{\"user\":\"\xed\xa0\x80\",\"text\":\"\"}"))
		}),
		{code: 1007, cause: cause + ", in fragments too", frames: func(p *probe) []frames.Frame { return p.fragments(frames.Text, bad(p), 10) }},
		{code: 1007, cause: "the message ends inside a character", frames: func(p *probe) []frames.Frame {
			return p.fragments(frames.Text, []byte("{\"user\":\"a\",\"text\":\"\xe2\x82"), 10)
		}},
	}
}

// wrongReasons are close frames whose reason is no UTF-8.
func wrongReasons() []breach {
	return []breach{one(1007, "the reason in a close frame is text, too: utf8.Valid tells", func(p *probe) frames.Frame {
		return p.closeFrame(1000, p.word(3)+"\xff")
	})}
}

// wrongJSON are texts that are no messages.
func wrongJSON() (all []breach) {
	for _, text := range []string{"hello", "", `["user", "text"]`, `{"user":"ann","text":`, `{"user":"ann","text":5}`} {
		all = append(all, one(1007, `the text is not {"user": …, "text": …}: look at the error of json.Unmarshal`, func(p *probe) frames.Frame {
			return p.masked(frames.Text, []byte(text))
		}))
	}
	return all
}

// longMessages are messages over the limit.
func longMessages() []breach {
	return []breach{
		one(1009, "a message has at most 4,096 bytes: end with 1009 where it has more", func(p *probe) frames.Frame { return p.text(p.postOf(4097)) }),
		{code: 1009, cause: "all fragments of a message together have at most 4,096 bytes", frames: func(p *probe) []frames.Frame {
			return p.fragments(frames.Text, p.postOf(4500).json(), 2000, 2000)
		}},
	}
}

// longClaims are headers that announce a message over the limit.
func longClaims() []breach {
	const early = "compare the length in the header with the limit at once: what is over it need not come at all"
	huge := func(length uint64) breach {
		return one(1009, early, func(p *probe) frames.Frame {
			return frames.Frame{Fin: true, Opcode: frames.Text, Masked: true, Key: p.key(), Length: length}
		})
	}
	top := huge(1<<64 - 1)
	top.orElse = []int{1002} // its highest bit must be 0
	return []breach{
		huge(4097), huge(1 << 40), top,
	}
}

// endsGently: the close frame arrives even if the client is still talking.
func endsGently(p *probe) {
	const cause = "TCP resets a connection that is closed with bytes unread, and the close frame gets lost: CloseWrite, read on until the other side ends, then Close"
	for range 4 {
		c := p.member()
		c.send(p.masked(frames.Binary, p.bytes(10)))
		c.sent = append(c.sent, "and 110 KB more behind it")
		first := c.write(p.bytes(100 << 10))
		p.pause(100 * time.Millisecond)
		second := c.write(p.bytes(10 << 10))
		f, err := c.awaitClose()
		if err == nil && f.Code() != 1003 {
			c.fail("a close frame with status code 1003", "the first mistake counts: what comes behind it is not looked at")
		}
		if err := cmp.Or(first, second, err, c.ended(p.patience)); err != errHungUp {
			c.came = []string{"the connection was reset (RST), with the close frame or in front of it"}
			if err == errQuiet {
				c.came = []string{"the connection did not end"}
			}
			c.fail("the close frame, and then the end of the connection without a reset", cause)
		}
	}
}

// saysGoodbye: stopped, the server tells every member.
func saysGoodbye(p *probe) {
	s := p.current()
	members := []*client{p.member(), p.member(), p.member()}
	s.signal(os.Interrupt)
	for _, c := range members {
		c.sent = []string{"Ctrl-C, with three members"}
		c.expectClose(1001, "http.Server.Close does not know hijacked connections: send each member a close frame with 1001 yourself, before main returns")
		c.send(p.closeFrame(1001, ""))
		c.ended(p.patience)
		c.nc.Close()
	}
	p.awaitExit(s, "Ctrl-C")
}

// endsWithDeaf: members that never read cannot stop the server from stopping.
func endsWithDeaf(p *probe) {
	s := p.current()
	for range 10 {
		p.join().nc.SetReadBuffer(4 << 10)
	}
	sender := p.member()
	go func() { sender.ended(10 * time.Second) }()
	for range 60 {
		sender.post(post{User: "ann", Text: strings.Repeat("long ", 700)})
	}
	s.signal(os.Interrupt)
	p.awaitExit(s, "Ctrl-C, with ten members that never read")
}
