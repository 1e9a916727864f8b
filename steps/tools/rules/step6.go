package rules

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// expectClose waits for a close frame with this code; that it is well formed is part of it.
func (c *client) expectClose(code int, causes ...string) {
	expected := fmt.Sprintf("a close frame with status code %d", code)
	f, err := c.awaitClose()
	swapped := binary.LittleEndian.AppendUint16(nil, uint16(code))
	switch {
	case err == wstest.ErrReset:
		c.fail(expected, resets)
	case err == wstest.ErrTimeout:
		c.fail(expected, causes...)
	case err != nil:
		c.fail(expected, append(causes, "the server hung up without a close frame: it says why before it ends the connection")...)
	case f.Code() == code:
	case len(f.Payload) < 2:
		c.fail(expected, "the close frame is empty: its payload begins with the status code, in two bytes")
	case bytes.HasPrefix(f.Payload, swapped):
		c.fail(expected, "the status code is little-endian, and the network's order is big-endian: binary.BigEndian")
	case strings.HasPrefix(string(f.Payload), fmt.Sprint(code)):
		c.fail(expected, "the status code is written as text: it is a number of two bytes")
	default:
		c.fail(expected, fmt.Sprintf("it is ended, but with %d: either the code is the wrong one, or another check comes first", f.Code()))
	}
}

// resets is what it means that a connection is reset.
const resets = "TCP resets a connection that is closed with bytes unread, and a close frame may be lost with it: " +
	"CloseWrite, read on until the other side ends, then Close"

// expectNothing holds the server to send nothing after its close frame, for a while.
func (c *client) expectNothing() {
	if c.quiet(200 * time.Millisecond) {
		return
	}
	f, err := c.Next()
	if len(f.Raw) == 0 {
		c.note(err) // the end: nothing more can come
		return
	}
	cause := fmt.Sprintf("a %s frame was sent after the close frame: nothing may follow it, no history either (section 5.5.1)", wstest.Names[f.Opcode])
	if err != nil || f.ServerFault() != nil {
		cause = fmt.Sprintf("more bytes follow than the close frame's length announces, %q: its length is that of code and reason", f.Raw)
	}
	c.fail("nothing after the server's own close frame", cause)
}

// hangsUp: after the goodbyes the server ends TCP, and does so first.
func hangsUp(p *probe) {
	c := p.member()
	begun := time.Now()
	c.Send(p.closeFrame(1000, ""))
	c.expectClose(1000)
	switch err := c.ended(max(p.patience, CloseTime)); {
	case err == wstest.ErrTimeout, time.Since(begun) > CloseTime-time.Second: // who waits for the other side mostly gives up after 5 s
		c.fail("the server ends the TCP connection once both have said goodbye", p.row.Hint)
	case err == wstest.ErrReset:
		c.fail("the server ends the TCP connection gently", resets)
	}
}

// closeEndsAll: what follows a member's close frame does not count.
func closeEndsAll(p *probe) {
	watcher, c := p.member(), p.member()
	late := p.post()
	c.Send(p.closeFrame(1000, ""), p.text(late), p.masked(wstest.Ping, []byte("late")))
	c.expectClose(1000)
	c.expectNothing()
	p.expectOthers(watcher, "a member said goodbye")
	c.kind = ""
	c.expectNotStored("the loop that reads goes on after a close frame: it has to end there", late)
}

// talk lets a member send one post after the other, until what it returns is called.
func (p *probe) talk() (stop func()) {
	talker := p.member()
	var over atomic.Bool
	var talking sync.WaitGroup
	talking.Go(func() {
		p.attempt(func() { // that messages come is the matter of other rows
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
		p.closeFrame(1000, ""), p.closeFrame(4000, "bye"), p.masked(0x3, nil), p.masked(wstest.Binary, nil),
		p.masked(wstest.Text, []byte("{}")), p.text(p.postOf(MaxMessage + 1000)), p.masked(wstest.Text, []byte("\xff")),
	}
	p.together(2*len(sent), func(i int) {
		c := p.member()
		c.Send(sent[i/2])
		if _, err := c.awaitClose(); err != nil {
			c.fail("a close frame", "the connection ends without a goodbye, while others talk")
		}
		c.expectNothing()
	})
}

// leavesQuietly: whoever says goodbye is gone, and the rest chat on.
func leavesQuietly(p *probe) {
	a, b := p.member(), p.member()
	for range 3 {
		c := p.member()
		c.Send(p.closeFrame(1001, "tab closed"))
		c.awaitClose()
	}
	a.say(a, b)
}

// pongs: a ping is answered in kind, with the payload that it has, and between fragments, too.
func pongs(p *probe) {
	for _, payload := range [][]byte{[]byte(p.word(5)), nil, p.bytes(wstest.MaxControl)} {
		c := p.member()
		ping := p.masked(wstest.Ping, payload)
		c.Send(ping)
		c.expectPong(ping)
	}
}

// expectPong waits for the answer to a ping.
func (c *client) expectPong(ping wstest.Frame) {
	const expected = "a pong with the payload of the ping"
	f, err := c.frame()
	switch {
	case err != nil || f.Opcode != wstest.Pong:
		c.fail(expected, map[bool]string{true: "a ping (opcode 9) is answered at once with a pong (opcode a)"}[c.kind == TimedOut])
	case bytes.Equal(f.Payload, ping.Payload):
	case bytes.Equal(f.Payload, ping.Bytes()[6:]):
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
		pings := make([]wstest.Frame, 40)
		for i := range pings {
			pings[i] = p.masked(wstest.Ping, []byte(fmt.Sprint(i, " ", p.word(8))))
		}
		c.Send(pings...)
		c.expectPongs(pings)
		if c.stays(50*time.Millisecond) == nil {
			c.kind = ""
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
		if err == nil && f.Opcode < wstest.Close {
			c.Came = []string{fmt.Sprintf("nothing for %v but histories", c.p.patience)}
			c.kind = TimedOut
		}
		if err != nil || f.Opcode != wstest.Pong {
			c.fail(expected)
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
	p.together(3, func(int) {
		c := p.member()
		pings := make([]wstest.Frame, 600)
		var all []byte
		for i := range pings {
			pings[i] = p.masked(wstest.Ping, []byte(fmt.Sprint(i, " of very many")))
			all = append(all, pings[i].Bytes()...)
		}
		for begun, among := time.Now(), 0; among < 60 && time.Since(begun) < p.patience; { // what takes turns may not meet at once
			c.Sent = []string{fmt.Sprintf("%d pings, while other members send one post after the other", len(pings))}
			go c.Write(all)
			among += c.expectPongs(pings)
		}
	})
}

// pongsBetween: a ping may come between the fragments of a message.
func pongsBetween(p *probe) {
	c, m := p.member(), p.post()
	parts := p.fragments(m.json(), 9, 8)
	ping := p.masked(wstest.Ping, []byte(p.word(6)))
	c.Send(parts[0], ping)
	c.expectPong(ping)
	c.sendStored(m, p.masked(wstest.Pong, nil), parts[1], parts[2])
}

// ignoresPong: a pong that nobody asked for is allowed.
func ignoresPong(p *probe) {
	c, m := p.member(), p.post()
	c.Send(p.masked(wstest.Pong, nil), p.masked(wstest.Pong, []byte(p.word(7))), p.text(m))
	c.expectAll([]post{m})
}

// beats: the server pings its members. One that answers stays, even if it does a period late; one that does not is dropped.
func beats(p *probe) {
	ping, quiet := p.scaled(PingTime), p.scaled(QuietTime)
	begun := time.Now()
	until := begun.Add(quiet + ping)
	p.together(3, func(i int) {
		c := p.member()
		c.Sent = []string{"nothing but " + []string{"pongs, at once", "pongs, 30 s after each ping", "not even pongs"}[i]}
		pings := 0
		for time.Now().Before(until) {
			c.Patience = 2*ping + p.patience/3
			f, err := c.Next()
			took := time.Since(begun)
			switch gone := err != nil && err != wstest.ErrTimeout; {
			case gone && i == 2 && took > ping*3/2:
				return
			case gone:
				c.note(err)
				c.Came = append(c.Came, fmt.Sprintf("after %v", (took*p.speed).Round(time.Second)))
				c.fail(fmt.Sprintf("a member that answers pings stays, and any stays for %s", Seconds(QuietTime)), "the time limit for reading begins anew with every frame that comes, and is longer than two pings apart")
			case err != nil:
				c.note(err)
				c.fail(fmt.Sprintf("a ping every %s", Seconds(PingTime)))
			case f.Opcode == wstest.Close && i == 2:
				return
			case f.Opcode != wstest.Ping || f.ServerFault() != nil:
				c.fail("a ping frame (opcode 9) with FIN, and no other frame")
			}
			pings++
			if i < 2 {
				p.pause(time.Duration(i) * ping)
				c.Write(wstest.Masked(wstest.Pong, f.Payload).Bytes())
			}
		}
		if i == 2 && c.ended(ping+p.patience/3) == wstest.ErrTimeout {
			c.Came = []string{"it is still connected"}
			c.fail(fmt.Sprintf("a member that nothing is heard from for %s is dropped", Seconds(QuietTime)), "set a time limit for reading before each frame: SetReadDeadline(time.Now().Add(quietTime))")
		}
	})
}

// drains: after the goodbyes the server does not wait forever for a member to hang up, whether that is silent or goes on.
func drains(p *probe) {
	p.together(3, func(i int) {
		c := p.member()
		sent := []wstest.Frame{p.closeFrame(1000, ""), p.closeFrame(1000, ""), p.masked(wstest.Binary, []byte("not text"))}[i]
		c.Send(sent)
		if _, err := c.awaitClose(); err != nil {
			c.fail("a close frame")
		}
		limit := time.Now().Add(p.scaled(2*CloseTime) + p.patience/2)
		for i == 1 && time.Now().Before(limit) { // it goes on talking
			if c.isGone() {
				return
			}
			p.pause(p.scaled(CloseTime) / 10)
		}
		p.pause(time.Until(limit))
		if c.isGone(); !c.isGone() { // the first write tells the member, the second one the check
			c.Sent = append(c.Sent, []string{"and then nothing, but the connection stays open", "and then more, without end", "and then nothing"}[i])
			c.Came = append(c.Came, fmt.Sprintf("over %s later the server still listens", Seconds(2*CloseTime)))
			c.fail(fmt.Sprintf("the server closes the connection at most %s after its close frame", Seconds(CloseTime)), p.row.Hint)
		}
	})
}

// endsGently: the close frame arrives even if the member is still talking.
func endsGently(p *probe) {
	p.current()
	p.together(3, func(int) {
		c := p.member()
		c.Send(p.masked(wstest.Binary, p.bytes(10)))
		first := c.post(p.posts(25, 4000)...)
		p.pause(100 * time.Millisecond)
		second := c.post(p.posts(3, 4000)...)
		f, err := c.awaitClose()
		if err == nil && f.Code() != 1003 {
			c.fail("a close frame with status code 1003", "the first mistake counts: what comes after it is not looked at")
		}
		_, third := c.Write(p.closeFrame(1003, "").Bytes())
		for _, err := range []error{first, second, third, err, c.ended(max(p.patience, CloseTime+2*time.Second))} {
			if err != nil && err != wstest.ErrHungUp {
				c.Came = append(c.Came, "("+err.Error()+")")
				c.fail("the close frame, and then the end of the connection without a reset", resets)
			}
		}
	})
}

// saysGoodbye: stopped, the server tells every member, and nothing more, whatever came before.
func saysGoodbye(p *probe) {
	s := p.current()
	p.ask(p.upgrade().With("Sec-WebSocket-Version", "8")) // somebody is refused
	members := []*client{p.member(), p.member(), p.member()}
	p.dial() // a browser may have connections open on which it has said nothing yet
	p.dial().Write([]byte("GET / HTTP/1.1\r\n"))
	s.signal(os.Interrupt)
	for _, c := range members {
		c.Sent = []string{"Ctrl-C, with three members; somebody else was refused before"}
		c.answerGoodbye()
	}
	p.awaitExit(s, "Ctrl-C, with three members that answer", p.row.Hint)
}

// expectGoodbye waits for the close frame of a server that stops, for less time than that gives its members to answer.
func (c *client) expectGoodbye() {
	c.within(GoodbyeTime*2/3, func() { c.expectClose(1001) })
}

// answerGoodbye waits for the close frame of a server that stops, and answers it.
func (c *client) answerGoodbye() {
	c.expectGoodbye()
	c.Write(c.p.closeFrame(1001, "").Bytes())
	if f, err := c.Next(); err == nil && f.Opcode != wstest.Close {
		c.fail("nothing after the server's own close frame", fmt.Sprintf("a %s frame was sent after the close frame", wstest.Names[f.Opcode]))
	}
	c.Close()
}

// awaitsAnswer: a member that has yet to answer the goodbye is not hung up on, though it sends a ping. After its answer comes nothing.
func awaitsAnswer(p *probe) {
	c := p.member()
	p.server.signal(os.Interrupt)
	c.Sent = []string{"Ctrl-C"}
	c.expectGoodbye()
	c.Send(p.masked(wstest.Ping, []byte("still here?")))
	if !c.quiet(200 * time.Millisecond) {
		f, err := c.Next()
		if c.note(err); len(f.Raw) > 0 {
			c.fail("nothing after the server's own close frame, not even a pong", "that a pong cannot be written any more is not an error: drop it, and read on")
		}
		c.fail("the server waits for the member's own close frame", "the member is hung up on before its answer is read: a pong that cannot be written any more is not a reason to end")
	}
	c.Send(p.closeFrame(1001, ""))
	if f, err := c.Next(); len(f.Raw) > 0 {
		c.fail("after the member's answer nothing but the end of the connection", "a second close frame, or another frame, was sent after the goodbye (section 5.5.1)")
	} else if err == wstest.ErrReset {
		c.fail("the server ends the TCP connection gently", resets)
	}
}

// endsPromptly: stopped, the server does not wait for members that have answered, or that left long ago.
func endsPromptly(p *probe) {
	s := p.serve()
	p.together(4, func(i int) {
		for j := range 4 {
			c := p.member()
			if (i+j)%2 == 0 {
				c.Send(p.closeFrame(1001, ""))
				c.awaitClose()
			}
			c.Close()
		}
	})
	members := []*client{p.member(), p.member(), p.member()}
	s.signal(os.Interrupt)
	p.together(len(members), func(i int) { members[i].answerGoodbye() })
	const within, sent = GoodbyeTime * 2 / 3, "Ctrl-C, with three members that answer at once; others came and left before"
	if !s.AwaitExit(within) {
		p.fail(Failure{Kind: TimedOut, Sent: sent, Expected: "the server ends when the members have answered",
			Came: fmt.Sprintf("it still runs after %v", within), Cause: p.row.Hint})
	}
	p.awaitExit(s, sent, p.row.Hint)
}

// endsWithDeaf: members that never read cannot stop the server from stopping, nor keep the goodbye from the others.
func endsWithDeaf(p *probe) {
	s := p.current()
	for range 12 {
		p.deaf()
	}
	readers := []*client{p.member(), p.member(), p.member(), p.member()}
	for range 6 {
		readers[0].tell(p.posts(10, 4000)...)
	}
	s.signal(os.Interrupt)
	p.together(len(readers), func(i int) {
		readers[i].Sent = []string{"Ctrl-C, with twelve members that never read, and four that do"}
		readers[i].expectGoodbye()
	})
	p.awaitExit(s, "Ctrl-C, with twelve members that never read", p.row.Hint)
}

// greetsLast: whoever joins while the server stops gets 101 and then the goodbye, or 503, or no connection.
func greetsLast(p *probe) {
	for range 3 {
		s := p.serve()
		var began sync.WaitGroup
		began.Add(1)
		go func() {
			began.Wait()
			p.pause(time.Duration(p.number(4000)) * time.Microsecond)
			s.signal(os.Interrupt)
		}()
		time.Sleep(time.Until(s.begun.Add(220 * time.Millisecond))) // signal does not wait then
		began.Done()
		p.together(40, func(i int) {
			p.pause(time.Duration(i*200) * time.Microsecond)
			in, err := wstest.Dial(s.addr(), p.patience)
			if err != nil {
				return
			}
			defer in.Close()
			c := &client{Client: in, p: p}
			a, err := c.Ask(p.upgrade())
			if err != nil || a.Status == http.StatusServiceUnavailable {
				return
			}
			c.Sent = []string{"a handshake, in the moment of Ctrl-C"}
			c.expect101(a)
			c.expectClose(1001)
		})
		s.Kill()
	}
}
