package rules

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// closeFrame returns a masked close frame.
func (p *probe) closeFrame(code int, reason string) wstest.Frame {
	return p.masked(wstest.Close, wstest.ClosePayload(code, reason))
}

// answersClose: a close frame is answered with its own code. 1000 says as much.
func answersClose(p *probe) {
	for i, code := range []int{1000, 1001, 1003, 1011, 3000, 4000 + p.number(999), 4999} {
		c := p.member()
		reason := p.word(6)
		if i == 2 {
			reason = p.word(123) // as long as it may be
		}
		c.send(p.closeFrame(code, reason))
		c.expectClose(code, "a close frame is answered by a close frame with the same code, and only then the connection ends", 1000)
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
	case err != nil:
		c.fail(expected, cause)
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
	c.send(p.masked(wstest.Close, nil))
	f, err := c.awaitClose()
	if err != nil || len(f.Payload) > 0 && f.Code() != 1000 {
		c.fail("a close frame without a status code", "a close frame may be empty: there is no code to send back, and none to read")
	}
}

// hangsUp: after the goodbyes the server ends TCP, and does so first.
func hangsUp(p *probe) {
	c := p.member()
	begun := time.Now()
	c.send(p.closeFrame(1000, ""))
	c.expectClose(1000, "a close frame is answered by a close frame with the same code")
	switch err := c.ended(max(p.patience, 2*time.Second)); {
	case err == errQuiet, time.Since(begun) > 4500*time.Millisecond: // who waits for the other side mostly gives up after 5 s
		c.fail("the server ends the TCP connection once both have said goodbye", "the server waits for the client to hang up: it goes first (CloseWrite, or Close once nothing is unread)")
	case err == errReset:
		c.fail("the server ends the TCP connection gently", "TCP resets a connection that is closed with bytes unread: CloseWrite, read on until the other side ends, then Close")
	}
}

// closeEndsAll: what follows a member's close frame does not count.
func closeEndsAll(p *probe) {
	watcher, c := p.member(), p.member()
	late := p.post()
	c.send(p.closeFrame(1000, ""), p.text(late), p.masked(wstest.Ping, []byte("late")))
	c.expectClose(1000, "what comes behind a close frame is not read: answer the close frame, and stop reading frames")
	c.expectNothing()
	next := p.post()
	watcher.sendStored(next, why("the others are not served any more"), p.text(next))
	if p.history().has(late) {
		c.fail("the message behind the close frame is not stored", "the loop that reads goes on after a close frame: it has to end there")
	}
}

// expectNothing holds the server to send nothing behind its close frame, for a while.
func (c *client) expectNothing() {
	c.wait(300 * time.Millisecond)
	if _, err := c.in.Peek(1); err == nil {
		f, _ := c.read()
		c.fail("nothing after the server's own close frame",
			fmt.Sprintf("a %s frame was sent behind the close frame: nothing may follow it, no history either (section 5.5.1)", cmp.Or(wstest.Names[f.Opcode], "strange")))
	}
}

// talk lets a member send one message after the other, until what it returns is called.
func (p *probe) talk() (stop func()) {
	talker := p.member()
	var over atomic.Bool
	var talking sync.WaitGroup
	talking.Go(func() {
		p.attempt(func() { // that messages come is the matter of other behaviours
			for !over.Load() {
				talker.tell(p.postOf(1000))
			}
		})
	})
	return func() {
		over.Store(true)
		talking.Wait()
	}
}

// closesLast: the server's close frame is the last that it sends, though others go on talking.
func closesLast(p *probe) {
	defer p.talk()()
	sent := []wstest.Frame{
		p.closeFrame(1000, ""), p.closeFrame(1000, ""), p.closeFrame(4000, "bye"), p.masked(0x3, nil), p.masked(wstest.Binary, nil),
		p.masked(wstest.Text, []byte("{}")), p.text(p.postOf(5000)), p.masked(wstest.Text, []byte("\xff")),
	}
	p.together(len(sent), func(i int) {
		c := p.member()
		c.send(sent[i])
		if _, err := c.awaitClose(); err != nil {
			c.fail("a close frame", "the connection ends without a goodbye, while others talk")
		}
		c.expectNothing()
	})
}

// leavesQuietly: who says goodbye is gone, and the rest chat on.
func leavesQuietly(p *probe) {
	a, b := p.member(), p.member()
	for range 3 {
		c := p.member()
		c.send(p.closeFrame(1001, "tab closed"))
		c.expectClose(1001, "a close frame is answered by a close frame with the same code", 1000)
	}
	p.chat(a, b)
}

// chat holds two members to hear each other.
func (p *probe) chat(a, b *client) {
	a.say("what another member did has stopped the chat: it must end that member only", a, b)
}

// pongs: a ping is answered in kind.
func pongs(p *probe) {
	for _, payload := range [][]byte{[]byte(p.word(5)), nil, p.bytes(125)} {
		c := p.member()
		ping := p.masked(wstest.Ping, payload)
		c.send(ping)
		c.expectPong(ping)
	}
}

// expectPong waits for the answer to a ping.
func (c *client) expectPong(ping wstest.Frame) {
	expected := "a pong with the payload of the ping"
	f, err := c.frame()
	switch {
	case err != nil || f.Opcode != wstest.Pong:
		c.fail(expected, "a ping (opcode 9) is answered at once with a pong (opcode a)")
	case bytes.Equal(f.Payload, ping.Payload):
	case len(ping.Payload) > 0 && bytes.Equal(f.Payload, ping.Bytes()[6:]):
		c.fail(expected, "the pong's payload is still masked: undo the ping's mask first")
	case len(f.Payload) == 0:
		c.fail(expected, "the pong is empty: it carries the payload of the ping")
	default:
		c.fail(expected, "the pong has another payload: it carries that of the ping, byte for byte")
	}
}

// pongsMany: each pong answers a ping, however fast they come; those of older pings may be left out.
func pongsMany(p *probe) {
	for range 5 {
		c := p.member()
		pings := make([]wstest.Frame, 60)
		for i := range pings {
			pings[i] = p.masked(wstest.Ping, []byte(fmt.Sprint(i, " ", p.word(8))))
		}
		c.send(pings...)
		c.expectPongs(pings)
		if c.stays(50*time.Millisecond) != errQuiet {
			c.fail("each ping is answered once", "a pong came twice: is the ping's buffer used again before the pong is written?")
		}
	}
}

// expectPongs reads on until the last of the pings is answered, and returns how many messages came among the pongs.
func (c *client) expectPongs(pings []wstest.Frame) (among int) {
	const expected = "pongs with the payloads of the pings, in their order; that of the last one too"
	for heard := time.Now(); len(pings) > 0; heard = time.Now() {
		f, err := c.message()
		for ; err == nil && f.Opcode < wstest.Close && time.Since(heard) < c.p.patience; among++ {
			f, err = c.message()
		}
		if err != nil || f.Opcode != wstest.Pong {
			if err == nil && f.Opcode < wstest.Close {
				c.came = []string{fmt.Sprintf("nothing for %v but histories", c.p.patience)}
			}
			c.fail(expected, "a ping (opcode 9) is answered at once with a pong (opcode a)")
		}
		at := slices.IndexFunc(pings, func(ping wstest.Frame) bool { return bytes.Equal(ping.Payload, f.Payload) })
		if at < 0 {
			c.fail(expected, "a pong came twice, too late, or with another payload: is the ping's buffer used again before the pong is written?")
		}
		pings = pings[at+1:]
	}
	return among
}

// pongsAmong: pongs and histories do not mix, though they are written at the same time.
func pongsAmong(p *probe) {
	defer p.talk()()
	defer p.talk()()
	p.together(4, func(int) {
		c := p.member()
		pings := make([]wstest.Frame, 1000)
		var all []byte
		for i := range pings {
			pings[i] = p.masked(wstest.Ping, []byte(fmt.Sprint(i, " of very many")))
			all = append(all, pings[i].Bytes()...)
		}
		for begun, among := time.Now(), 0; among < 120 && time.Since(begun) < p.patience; { // what takes turns may not meet at once
			c.sent = []string{fmt.Sprintf("%d pings, while another member sends one message after the other", len(pings))}
			c.nc.SetWriteDeadline(time.Now().Add(p.patience))
			go c.nc.Write(all)
			among += c.expectPongs(pings)
		}
	})
}

// pongsBetween: a ping may come between the fragments of a message.
func pongsBetween(p *probe) {
	c := p.member()
	m := p.post()
	parts := p.fragments(wstest.Text, m.json(), 9, 8)
	ping := p.masked(wstest.Ping, []byte(p.word(6)))
	c.send(parts[0], ping)
	c.expectPong(ping)
	c.send(p.masked(wstest.Pong, nil), parts[1], parts[2])
	c.expectStored(m, why("a ping between fragments is answered, and the message so far is kept: keep its payload apart from that of control frames"))
}

// ignoresPong: a pong that nobody asked for is no mistake.
func ignoresPong(p *probe) {
	c, m := p.member(), p.post()
	c.send(p.masked(wstest.Pong, nil), p.masked(wstest.Pong, []byte(p.word(7))), p.text(m))
	c.expectHistory(m, "no answer, and the next message is taken", "a pong (opcode a) without a ping is allowed: read its payload, and go on")
}

// A breach is what a client must not send: each of these messages, for the same reason.
type breach struct {
	cause string
	each  [][]wstest.Frame // their masking keys are yet to be chosen
}

// ends returns a behaviour: each breach ends the member with this status code, and the others chat on.
func ends(code int, breaches ...breach) func(*probe) {
	return func(p *probe) {
		a, b := p.member(), p.member()
		for _, breach := range breaches {
			for _, sent := range breach.each {
				c := p.member()
				c.send(p.keyed(sent)...)
				c.expectClose(code, breach.cause)
				c.nc.Close()
			}
		}
		p.chat(a, b)
	}
}

// frame returns a frame with this first byte: FIN, reserved bits and opcode.
func frame(first byte, payload string) wstest.Frame {
	return wstest.Frame{Fin: first&0x80 != 0, RSV: first >> 4 & 7, Opcode: first & 0xF, Masked: true, Payload: []byte(payload)}
}

// with returns a frame for each first byte, all with the same payload.
func with(payload string, first ...byte) (all [][]wstest.Frame) {
	for _, b := range first {
		all = append(all, []wstest.Frame{frame(b, payload)})
	}
	return all
}

// behind returns a frame for each payload, all with the same first byte.
func behind(first byte, payloads ...string) (all [][]wstest.Frame) {
	for _, payload := range payloads {
		all = append(all, with(payload, first)...)
	}
	return all
}

// unmasked returns a frame without its mask.
func unmasked(f wstest.Frame) wstest.Frame {
	f.Masked = false
	return f
}

// claims returns frames that announce so many bytes, and have none of them.
func claims(first byte, lengths ...uint64) (all [][]wstest.Frame) {
	for _, length := range lengths {
		f := frame(first, "")
		f.Length = length
		all = append(all, []wstest.Frame{f})
	}
	return all
}

// hi is a good message, and long(n) one of n bytes.
const hi = `{"user":"ann","text":"hi"}`

func long(n int) []byte {
	return []byte(strings.Replace(hi, "hi", strings.Repeat("a", n-len(hi)+2), 1))
}

// hiBegins and hiEnds are the same in two fragments.
var hiBegins, hiEnds = frame(0x01, hi[:5]), frame(0x80, hi[5:])

// What breaks sections 5.2 and 5.1 of the RFC.
var (
	reservedBits = breach{cause: "a reserved bit is set and no extension was agreed on: check bits 40, 20 and 10 of the first byte, of every frame",
		each: slices.Concat(with(hi, 0xC1, 0xA1, 0x91, 0xF1), with("", 0xC9, 0xA9, 0x99, 0xF9, 0xCA, 0xAA, 0x9A, 0xFA, 0xC8, 0xA8, 0x98, 0xF8),
			[][]wstest.Frame{{hiBegins, frame(0xC0, hi[5:])}})}
	unknownOpcodes = breach{cause: "opcodes 3 to 7 and b to f mean nothing yet: refuse them",
		each: with("what", 0x83, 0x84, 0x85, 0x86, 0x87, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F)}
	noMask = breach{cause: "the mask bit is 0: a client masks every frame",
		each: [][]wstest.Frame{{unmasked(frame(0x81, hi))}, {unmasked(frame(0x89, "ping"))}, {unmasked(frame(0x8A, ""))}, {unmasked(frame(0x88, ""))},
			{hiBegins, unmasked(hiEnds)}}}
)

// What breaks sections 5.5 and 5.4.
var (
	controlFragments = breach{cause: "a control frame must not be fragmented: its FIN bit is 1", each: with("", 0x09, 0x0A, 0x08)}
	longControls     = breach{cause: "a control frame carries at most 125 bytes",
		each: slices.Concat(with("\x03\xe8"+strings.Repeat("a", 124), 0x89, 0x8A, 0x88), with("\x03\xe8"+strings.Repeat("a", 298), 0x89, 0x8A, 0x88), claims(0x89, 1<<20))}
	strayFragments = breach{cause: "a continuation (opcode 0) without a message to go on with", each: with("stray", 0x80, 0x00)}
	withinMessage  = breach{cause: "a new message begins before the last one has ended: text (opcode 1) or binary (opcode 2) between fragments",
		each: [][]wstest.Frame{{hiBegins, frame(0x81, hi)}, {hiBegins, hiBegins}, {hiBegins, frame(0x89, ""), frame(0x82, "12345")}}}
	behindMessage = breach{cause: "the message has ended with FIN: a continuation behind it belongs to nothing",
		each: [][]wstest.Frame{{hiBegins, hiEnds, frame(0x80, "more")}, {frame(0x81, string(long(30))), frame(0x80, "")}}}
)

// wrongCloses break sections 5.5.1 and 7.4.
func wrongCloses() []breach {
	all := []breach{{cause: "a close frame has no payload, or a status code of two bytes: one byte is neither", each: with("\x03", 0x88)}}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999} { // of 5000 and more the RFC says nothing
		all = append(all, breach{cause: fmt.Sprintf("%d is no status code that may be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999 are", code),
			each: with(string(wstest.ClosePayload(code, "")), 0x88)})
	}
	return all
}

// What this chat does not take: binary messages, text and reasons that are no UTF-8 (cut off, too long,
// or halves of UTF-16), other JSON, and long messages.
var (
	binaryMessages = breach{cause: "binary messages (opcode 2) are not for this chat, whole or in fragments: end with 1003",
		each: append(behind(0x82, "\x00\x01\xff", hi), []wstest.Frame{frame(0x02, hi[:9]), frame(0x80, hi[9:])})}
	wrongText = breach{cause: "the bytes are no UTF-8: utf8.Valid tells, before encoding/json puts something else in their place",
		each: behind(0x81, bad("a\xff\xfeb"), bad("a\x80b"), bad("a\xc3b"), bad("a\xc0\xafb"), bad("a\xe0\x80\xafb"), bad("a\xed\xa0\x80b"),
			bad("a\xf0\x9f\x9fb"), bad("a\xf4\x90\x80\x80b"), strings.Replace(hi, "ann", "\xed\xa0\x80", 1))}
	wrongFragments = breach{cause: "the bytes are no UTF-8, in fragments or at the message's end: utf8.Valid tells, once the message is whole",
		each: [][]wstest.Frame{{frame(0x01, hi[:10]), frame(0x80, bad("a\xffb")[10:])}, {frame(0x01, hi[:10]), frame(0x80, bad("\xe2\x82")[10:24])}}}
	wrongReasons = breach{cause: "the reason in a close frame is text, too: utf8.Valid tells",
		each: behind(0x88, "\x03\xe8bye\xff", "\x03\xe8bye\xe2\x82", "\x03\xe8bye\xed\xa0\x80")}
	wrongJSON = breach{cause: `the text is not {"user": …, "text": …}, both strings, and nothing behind: json.Unmarshal tells most of that, and pointers to strings which of them were not there`,
		each: behind(0x81,
			"hello", "", "null", "5", `"hi"`, `["user", "text"]`, `[`+hi+`]`, `{}`, `{"user":"ann","text":`, `{"user":"ann","text":"hi"`,
			`{"user":"ann"}`, `{"text":"hi"}`, `{"user":"ann","text":5}`, `{"user":5,"text":"hi"}`, `{"user":null,"text":"hi"}`, `{"user":"ann","text":null}`,
			hi+"{}", hi+"}", hi+" x", hi+hi, hi+"\x00", "x"+hi, `{'user':'ann','text':'hi'}`, `{"user":"ann","text":"hi",}`,
			strings.Repeat("é", 300), `{"user":"ann","`+strings.Repeat("🟢é", 100)+`":"hi"}`)} // too much to repeat in a reason
	longMessages = breach{cause: "a message has at most 4,096 bytes: end with 1009 where it has more", each: behind(0x81, string(long(4097)))}
	longTogether = breach{cause: "all fragments of a message together have at most 4,096 bytes, and not one more",
		each: [][]wstest.Frame{fragments(wstest.Text, long(4500), 2000, 2000), fragments(wstest.Text, long(4097), 4096)}}
	longClaims = breach{cause: "compare the length in the header with the limit at once: what is over it need not come at all",
		each: append(claims(0x81, 4097, 65535, 65536, 1<<32, 1<<40), append(fragments(wstest.Text, long(3000), 2000)[:1], claims(0x80, 2097)[0]...))}
)

// bad returns a message with a text that is no UTF-8.
func bad(text string) string { return strings.Replace(hi, "hi", text, 1) }

// endsGently: the close frame arrives even if the member is still talking.
func endsGently(p *probe) {
	const cause = "TCP resets a connection that is closed with bytes unread, and the close frame gets lost: CloseWrite, read on until the other side ends, then Close"
	p.current()
	p.together(4, func(int) {
		c := p.member()
		c.send(p.masked(wstest.Binary, p.bytes(10)))
		first := c.post(p.posts(25, 4000)...)
		p.pause(100 * time.Millisecond)
		second := c.post(p.posts(3, 4000)...)
		f, err := c.awaitClose()
		if err == nil && f.Code() != 1003 {
			c.fail("a close frame with status code 1003", "the first mistake counts: what comes behind it is not looked at")
		}
		third := c.write(p.closeFrame(1003, "").Bytes())
		if err := cmp.Or(first, second, third, err, c.ended(max(p.patience, 7*time.Second))); err != errHungUp {
			c.came = []string{"the connection was reset (RST), with the close frame or in front of it"}
			if err == errQuiet {
				c.came = []string{"the connection did not end"}
			}
			c.fail("the close frame, and then the end of the connection without a reset", cause)
		}
	})
}

// saysGoodbye: stopped, the server tells every member, and nothing more.
func saysGoodbye(p *probe) {
	s := p.current()
	members := []*client{p.member(), p.member(), p.member()}
	p.dial() // a browser may have connections open on which it has said nothing yet
	p.dial().write([]byte("GET / HTTP/1.1\r\n"))
	s.signal(os.Interrupt)
	for _, c := range members {
		c.sent = []string{"Ctrl-C, with three members"}
		c.answerGoodbye()
	}
	p.awaitExit(s, "Ctrl-C")
}

// saysGoodbyeOnce: behind it comes nothing, and no second one either.
func saysGoodbyeOnce(p *probe) {
	c := p.member()
	p.server.signal(os.Interrupt)
	c.expectClose(1001, "send each member a close frame with 1001 before main returns")
	c.send(p.closeFrame(1001, ""))
	c.expectNothing()
}

// answerGoodbye waits for the close frame of a server that stops, and answers it.
func (c *client) answerGoodbye() {
	c.expectClose(1001, "http.Server.Close does not know hijacked connections: send each member a close frame with 1001 yourself, before main returns")
	c.write(c.p.closeFrame(1001, "").Bytes())
	if f, err := c.read(); err == nil && f.Opcode != wstest.Close {
		c.fail("nothing after the server's own close frame", fmt.Sprintf("a %s frame was sent behind the close frame", cmp.Or(wstest.Names[f.Opcode], "strange")))
	}
	c.nc.Close()
}

// endsPromptly: stopped, the server does not wait for members that have answered, or that left long ago.
func endsPromptly(p *probe) {
	s := p.serve()
	s.signal(os.Interrupt)
	begun := time.Now()
	p.awaitExit(s, "Ctrl-C, with nobody there")
	alone := time.Since(begun)
	s = p.serve()
	p.together(10, func(i int) {
		for j := range 10 {
			c := p.member()
			if (i+j)%2 == 0 {
				c.send(p.closeFrame(1001, ""))
				c.awaitClose()
			}
			c.nc.Close()
		}
	})
	members := []*client{p.member(), p.member(), p.member()}
	s.signal(os.Interrupt)
	begun = time.Now()
	p.together(len(members), func(i int) { members[i].answerGoodbye() })
	p.awaitExit(s, "Ctrl-C, with three members that answer")
	if took := time.Since(begun); took > alone+1300*time.Millisecond {
		p.fail(Failure{Sent: "Ctrl-C, with three members that answer at once; 100 others came and left before",
			Expected: "the server ends when the members have answered",
			Came:     "it takes over a second more than with nobody there",
			Cause:    "it waits for somebody who has gone: count a member out (WaitGroup.Done, or the list) in every way that its visit can end"})
	}
}

// endsWithDeaf: members that never read cannot stop the server from stopping, nor keep the
// goodbye from the others.
func endsWithDeaf(p *probe) {
	s := p.current()
	for range 12 {
		p.deaf()
	}
	readers := make([]*client, 6)
	for i := range readers {
		readers[i] = p.member()
	}
	for range 60 {
		readers[0].tell(p.postOf(4000))
	}
	s.signal(os.Interrupt)
	p.together(len(readers), func(i int) {
		readers[i].sent = []string{"Ctrl-C, with twelve members that never read, and six that do"}
		readers[i].expectClose(1001, "the goodbye waits for members that do not read: send each its own in a goroutine, with no lock held meanwhile")
	})
	p.awaitExit(s, "Ctrl-C, with twelve members that never read")
}
