package behaviour

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

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// expectClose waits for a close frame with this code; that it is well formed is part of it.
func expectClose(c *probe.Client, code int, causes ...string) {
	expected := fmt.Sprintf("a close frame with status code %d", code)
	f, err := c.AwaitClose()
	swapped := binary.LittleEndian.AppendUint16(nil, uint16(code))
	switch {
	case err == wstest.ErrReset:
		c.Fail(expected, resets)
	case err == wstest.ErrTimeout:
		c.Fail(expected, causes...)
	case err != nil:
		c.Fail(expected, append(causes, "the server hung up without a close frame: it says why before it ends the connection")...)
	case f.Code() == code:
	case len(f.Payload) < 2:
		c.Fail(expected, "the close frame is empty: its payload begins with the status code, in two bytes")
	case bytes.HasPrefix(f.Payload, swapped):
		c.Fail(expected, "the status code is little-endian, and the network's order is big-endian: binary.BigEndian")
	case strings.HasPrefix(string(f.Payload), fmt.Sprint(code)):
		c.Fail(expected, "the status code is written as text: it is a number of two bytes")
	default:
		c.Fail(expected, fmt.Sprintf("it is ended, but with %d: either the code is the wrong one, or another check comes first", f.Code()))
	}
}

// resets is what it means that a connection is reset.
const resets = "TCP resets a connection that is closed with bytes unread, and a close frame may be lost with it: " +
	"CloseWrite, read on until the other side ends, then Close"

// expectNothing holds the server to send nothing after its close frame, for a while.
func expectNothing(c *probe.Client) {
	if c.Quiet(200 * time.Millisecond) {
		return
	}
	f, err := c.Next()
	if len(f.Raw) == 0 {
		c.Note(err) // the end: nothing more can come
		return
	}
	cause := fmt.Sprintf("a %s frame was sent after the close frame: nothing may follow it, no history either (section 5.5.1)", wstest.Names[f.Opcode])
	if err != nil || f.ServerFault() != nil {
		cause = fmt.Sprintf("more bytes follow than the close frame's length announces, %q: its length is that of code and reason", f.Raw)
	}
	c.Fail("nothing after the server's own close frame", cause)
}

// hangsUp: after the goodbyes the server ends TCP, and does so first.
func hangsUp(p *probe.Probe) {
	c := p.Member()
	begun := time.Now()
	c.Send(p.CloseFrame(1000, ""))
	expectClose(c, 1000)
	switch err := c.Ended(max(p.Patience, rules.CloseTime)); {
	case err == wstest.ErrTimeout, time.Since(begun) > rules.CloseTime-time.Second: // who waits for the other side mostly gives up after 5 s
		c.Fail("the server ends the TCP connection once both have said goodbye", p.Hint)
	case err == wstest.ErrReset:
		c.Fail("the server ends the TCP connection gently", resets)
	}
}

// closeEndsAll: what follows a member's close frame does not count.
func closeEndsAll(p *probe.Probe) {
	watcher, c := p.Member(), p.Member()
	late := p.Post()
	c.Send(p.CloseFrame(1000, ""), p.Text(late), p.Masked(wstest.Ping, []byte("late")))
	expectClose(c, 1000)
	expectNothing(c)
	expectOthers(p, watcher, "a member said goodbye")
	c.Kind = ""
	expectNotStored(c, "the loop that reads goes on after a close frame: it has to end there", late)
}

// talk lets a member send one post after the other, until what it returns is called.
func talk(p *probe.Probe) (stop func()) {
	talker := p.Member()
	var over atomic.Bool
	var talking sync.WaitGroup
	talking.Go(func() {
		p.Attempt(func() { // that messages come is the matter of other rows
			for !over.Load() {
				tell(talker, p.PostOf(1000))
			}
		})
	})
	return func() {
		over.Store(true)
		talking.Wait()
	}
}

// closesLast: the server's close frame is the last that it sends, though others go on talking.
func closesLast(p *probe.Probe) {
	defer talk(p)()
	sent := []wstest.Frame{
		p.CloseFrame(1000, ""), p.CloseFrame(4000, "bye"), p.Masked(0x3, nil), p.Masked(wstest.Binary, nil),
		p.Masked(wstest.Text, []byte("{}")), p.Text(p.PostOf(rules.MaxMessage + 1000)), p.Masked(wstest.Text, []byte("\xff")),
	}
	p.Together(2*len(sent), func(i int) {
		c := p.Member()
		c.Send(sent[i/2])
		if _, err := c.AwaitClose(); err != nil {
			c.Fail("a close frame", "the connection ends without a goodbye, while others talk")
		}
		expectNothing(c)
	})
}

// leavesQuietly: whoever says goodbye is gone, and the rest chat on.
func leavesQuietly(p *probe.Probe) {
	a, b := p.Member(), p.Member()
	for range 3 {
		c := p.Member()
		c.Send(p.CloseFrame(1001, "tab closed"))
		c.AwaitClose()
	}
	say(a, a, b)
}

// pongs: a ping is answered in kind, with the payload that it has, and between fragments, too.
func pongs(p *probe.Probe) {
	for _, payload := range [][]byte{[]byte(p.Word(5)), nil, p.Bytes(wstest.MaxControl)} {
		c := p.Member()
		ping := p.Masked(wstest.Ping, payload)
		c.Send(ping)
		expectPong(c, ping)
	}
}

// expectPong waits for the answer to a ping.
func expectPong(c *probe.Client, ping wstest.Frame) {
	const expected = "a pong with the payload of the ping"
	f, err := c.Frame()
	switch {
	case err != nil || f.Opcode != wstest.Pong:
		c.Fail(expected, map[bool]string{true: "a ping (opcode 9) is answered at once with a pong (opcode a)"}[c.Kind == probe.TimedOut])
	case bytes.Equal(f.Payload, ping.Payload):
	case bytes.Equal(f.Payload, ping.Bytes()[6:]):
		c.Fail(expected, "the pong's payload is still masked: undo the ping's mask first")
	case len(f.Payload) == 0:
		c.Fail(expected, "the pong is empty: it carries the payload of the ping")
	default:
		c.Fail(expected, "the pong has another payload: it carries that of the ping, byte for byte")
	}
}

// pongsMany: each pong answers a ping, however fast they come; those of older pings may be left out.
func pongsMany(p *probe.Probe) {
	for range 5 {
		c := p.Member()
		pings := make([]wstest.Frame, 40)
		for i := range pings {
			pings[i] = p.Masked(wstest.Ping, []byte(fmt.Sprint(i, " ", p.Word(8))))
		}
		c.Send(pings...)
		expectPongs(c, pings)
		if c.Stays(50*time.Millisecond) == nil {
			c.Kind = ""
			c.Fail("each ping is answered once", "a pong came twice: is the ping's buffer used again before the pong is written?")
		}
	}
}

// expectPongs reads on until the last of the pings is answered, and returns how many messages came among the pongs.
func expectPongs(c *probe.Client, pings []wstest.Frame) (among int) {
	const expected = "pongs with the payloads of the pings, in their order; that of the last one too"
	for heard := time.Now(); len(pings) > 0; heard = time.Now() {
		f, err := c.Message()
		for ; err == nil && f.Opcode < wstest.Close && time.Since(heard) < c.Probe.Patience; among++ {
			f, err = c.Message()
		}
		if err == nil && f.Opcode < wstest.Close {
			c.Came = []string{fmt.Sprintf("nothing for %v but histories", c.Probe.Patience)}
			c.Kind = probe.TimedOut
		}
		if err != nil || f.Opcode != wstest.Pong {
			c.Fail(expected)
		}
		at := slices.IndexFunc(pings, func(ping wstest.Frame) bool { return bytes.Equal(ping.Payload, f.Payload) })
		if at < 0 {
			c.Fail(expected, "a pong came twice, too late, or with another payload: is the ping's buffer used again before the pong is written?")
		}
		pings = pings[at+1:]
	}
	return among
}

// pongsAmong: pongs and histories do not mix, though they are written at the same time.
func pongsAmong(p *probe.Probe) {
	defer talk(p)()
	defer talk(p)()
	p.Together(3, func(int) {
		c := p.Member()
		pings := make([]wstest.Frame, 600)
		var all []byte
		for i := range pings {
			pings[i] = p.Masked(wstest.Ping, []byte(fmt.Sprint(i, " of very many")))
			all = append(all, pings[i].Bytes()...)
		}
		for begun, among := time.Now(), 0; among < 60 && time.Since(begun) < p.Patience; { // what takes turns may not meet at once
			c.Sent = []string{fmt.Sprintf("%d pings, while other members send one post after the other", len(pings))}
			go c.Write(all)
			among += expectPongs(c, pings)
		}
	})
}

// pongsBetween: a ping may come between the fragments of a message.
func pongsBetween(p *probe.Probe) {
	c, m := p.Member(), p.Post()
	parts := p.Fragments(m.JSON(), 9, 8)
	ping := p.Masked(wstest.Ping, []byte(p.Word(6)))
	c.Send(parts[0], ping)
	expectPong(c, ping)
	sendStored(c, m, p.Masked(wstest.Pong, nil), parts[1], parts[2])
}

// ignoresPong: a pong that nobody asked for is allowed.
func ignoresPong(p *probe.Probe) {
	c, m := p.Member(), p.Post()
	c.Send(p.Masked(wstest.Pong, nil), p.Masked(wstest.Pong, []byte(p.Word(7))), p.Text(m))
	expectAll(c, []probe.Post{m})
}

// beats: the server pings its members. One that answers stays, even if it does a period late; one that does not is dropped.
func beats(p *probe.Probe) {
	ping, quiet := p.Scaled(rules.PingTime), p.Scaled(rules.QuietTime)
	begun := time.Now()
	until := begun.Add(quiet + ping)
	p.Together(3, func(i int) {
		c := p.Member()
		c.Sent = []string{"nothing but " + []string{"pongs, at once", "pongs, 30 s after each ping", "not even pongs"}[i]}
		pings := 0
		for time.Now().Before(until) {
			c.Patience = 2*ping + p.Patience/3
			f, err := c.Next()
			took := time.Since(begun)
			switch gone := err != nil && err != wstest.ErrTimeout; {
			case gone && i == 2 && took > ping*3/2:
				return
			case gone:
				c.Note(err)
				c.Came = append(c.Came, fmt.Sprintf("after %v", took.Round(10*time.Millisecond)))
				c.Fail(fmt.Sprintf("a member that answers pings stays, and any stays for %s", rules.Seconds(rules.QuietTime)), "the time limit for reading begins anew with every frame that comes, and is longer than two pings apart")
			case err != nil:
				c.Note(err)
				c.Fail(fmt.Sprintf("a ping every %s", rules.Seconds(rules.PingTime)))
			case f.Opcode == wstest.Close && i == 2:
				return
			case f.Opcode != wstest.Ping || f.ServerFault() != nil:
				c.Fail("a ping frame (opcode 9) with FIN, and no other frame")
			}
			pings++
			if i < 2 {
				p.Pause(time.Duration(i) * ping)
				c.Write(wstest.Masked(wstest.Pong, f.Payload).Bytes())
			}
		}
		if i == 2 && c.Ended(ping+p.Patience/3) == wstest.ErrTimeout {
			c.Came = []string{"it is still connected"}
			c.Fail(fmt.Sprintf("a member that nothing is heard from for %s is dropped", rules.Seconds(rules.QuietTime)), "set a time limit for reading before each frame: SetReadDeadline(time.Now().Add(quietTime))")
		}
	})
}

// drains: after the goodbyes the server does not wait forever for a member to hang up, whether that is silent or goes on.
func drains(p *probe.Probe) {
	p.Together(3, func(i int) {
		c := p.Member()
		sent := []wstest.Frame{p.CloseFrame(1000, ""), p.CloseFrame(1000, ""), p.Masked(wstest.Binary, []byte("not text"))}[i]
		c.Send(sent)
		if _, err := c.AwaitClose(); err != nil {
			c.Fail("a close frame")
		}
		limit := time.Now().Add(p.Scaled(2*rules.CloseTime) + p.Patience/2)
		for i == 1 && time.Now().Before(limit) { // it goes on talking
			if isGone(c) {
				return
			}
			p.Pause(p.Scaled(rules.CloseTime) / 10)
		}
		p.Pause(time.Until(limit))
		if isGone(c); !isGone(c) { // the first write tells the member, the second one the check
			c.Sent = append(c.Sent, []string{"and then nothing, but the connection stays open", "and then more, without end", "and then nothing"}[i])
			c.Came = append(c.Came, fmt.Sprintf("over %s later the server still listens", rules.Seconds(2*rules.CloseTime)))
			c.Fail(fmt.Sprintf("the server closes the connection at most %s after its close frame", rules.Seconds(rules.CloseTime)), p.Hint)
		}
	})
}

// endsGently: the close frame arrives even if the member is still talking.
func endsGently(p *probe.Probe) {
	p.Current()
	p.Together(3, func(int) {
		c := p.Member()
		c.Send(p.Masked(wstest.Binary, p.Bytes(10)))
		first := c.Post(p.Posts(25, 4000)...)
		p.Pause(100 * time.Millisecond)
		second := c.Post(p.Posts(3, 4000)...)
		f, err := c.AwaitClose()
		if err == nil && f.Code() != 1003 {
			c.Fail("a close frame with status code 1003", "the first mistake counts: what comes after it is not looked at")
		}
		_, third := c.Write(p.CloseFrame(1003, "").Bytes())
		for _, err := range []error{first, second, third, err, c.Ended(max(p.Patience, rules.CloseTime+2*time.Second))} {
			if err != nil && err != wstest.ErrHungUp {
				c.Came = append(c.Came, "("+err.Error()+")")
				c.Fail("the close frame, and then the end of the connection without a reset", resets)
			}
		}
	})
}

// saysGoodbye: stopped, the server tells every member, and nothing more, whatever came before.
func saysGoodbye(p *probe.Probe) {
	s := p.Current()
	p.Ask(p.Upgrade().With("Sec-WebSocket-Version", "8")) // somebody is refused
	members := []*probe.Client{p.Member(), p.Member(), p.Member()}
	p.Dial() // a browser may have connections open on which it has said nothing yet
	p.Dial().Write([]byte("GET / HTTP/1.1\r\n"))
	s.Signal(os.Interrupt)
	for _, c := range members {
		c.Sent = []string{"Ctrl-C, with three members; somebody else was refused before"}
		answerGoodbye(c)
	}
	awaitExit(p, s, "Ctrl-C, with three members that answer", p.Hint)
}

// expectGoodbye waits for the close frame of a server that stops, for less time than that gives its members to answer.
func expectGoodbye(c *probe.Client) {
	c.Within(rules.GoodbyeTime*2/3, func() { expectClose(c, 1001) })
}

// answerGoodbye waits for the close frame of a server that stops, and answers it.
func answerGoodbye(c *probe.Client) {
	expectGoodbye(c)
	c.Write(c.Probe.CloseFrame(1001, "").Bytes())
	if f, err := c.Next(); err == nil && f.Opcode != wstest.Close {
		c.Fail("nothing after the server's own close frame", fmt.Sprintf("a %s frame was sent after the close frame", wstest.Names[f.Opcode]))
	}
	c.Close()
}

// awaitsAnswer: a member that has yet to answer the goodbye is not hung up on, though it sends a ping. After its answer comes nothing.
func awaitsAnswer(p *probe.Probe) {
	c := p.Member()
	p.Server.Signal(os.Interrupt)
	c.Sent = []string{"Ctrl-C"}
	expectGoodbye(c)
	c.Send(p.Masked(wstest.Ping, []byte("still here?")))
	if !c.Quiet(200 * time.Millisecond) {
		f, err := c.Next()
		if c.Note(err); len(f.Raw) > 0 {
			c.Fail("nothing after the server's own close frame, not even a pong", "that a pong cannot be written any more is not an error: drop it, and read on")
		}
		c.Fail("the server waits for the member's own close frame", "the member is hung up on before its answer is read: a pong that cannot be written any more is not a reason to end")
	}
	c.Send(p.CloseFrame(1001, ""))
	if f, err := c.Next(); len(f.Raw) > 0 {
		c.Fail("after the member's answer nothing but the end of the connection", "a second close frame, or another frame, was sent after the goodbye (section 5.5.1)")
	} else if err == wstest.ErrReset {
		c.Fail("the server ends the TCP connection gently", resets)
	}
}

// endsPromptly: stopped, the server does not wait for members that have answered, or that left long ago.
func endsPromptly(p *probe.Probe) {
	s := p.Serve()
	p.Together(4, func(i int) {
		for j := range 4 {
			c := p.Member()
			if (i+j)%2 == 0 {
				c.Send(p.CloseFrame(1001, ""))
				c.AwaitClose()
			}
			c.Close()
		}
	})
	members := []*probe.Client{p.Member(), p.Member(), p.Member()}
	s.Signal(os.Interrupt)
	p.Together(len(members), func(i int) { answerGoodbye(members[i]) })
	const within, sent = rules.GoodbyeTime * 2 / 3, "Ctrl-C, with three members that answer at once; others came and left before"
	if !s.AwaitExit(within) {
		p.Fail(probe.Failure{Kind: probe.TimedOut, Sent: sent, Expected: "the server ends when the members have answered",
			Came: fmt.Sprintf("it still runs after %v", within), Cause: p.Hint})
	}
	awaitExit(p, s, sent, p.Hint)
}

// endsWithDeaf: members that never read cannot stop the server from stopping, nor keep the goodbye from the others.
func endsWithDeaf(p *probe.Probe) {
	s := p.Current()
	for range 6 {
		deaf(p)
	}
	p.Story = "six members read nothing"
	readers := []*probe.Client{p.Member(), p.Member(), p.Member(), p.Member()}
	for range 6 {
		tell(readers[0], p.Posts(10, 4000)...)
	}
	s.Signal(os.Interrupt)
	p.Together(len(readers), func(i int) {
		readers[i].Sent = []string{"Ctrl-C, with six members that never read, and four that do"}
		expectGoodbye(readers[i])
	})
	awaitExit(p, s, "Ctrl-C, with six members that never read", p.Hint)
}

// greetsLast: whoever joins while the server stops gets 101 and then the goodbye, or 503, or no connection.
func greetsLast(p *probe.Probe) {
	for range 3 {
		s := p.Serve()
		var began sync.WaitGroup
		began.Add(1)
		go func() {
			began.Wait()
			p.Pause(time.Duration(p.Number(4000)) * time.Microsecond)
			s.Signal(os.Interrupt)
		}()
		time.Sleep(time.Until(s.Begun.Add(220 * time.Millisecond))) // Signal does not wait then
		began.Done()
		p.Together(40, func(i int) {
			p.Pause(time.Duration(i*200) * time.Microsecond)
			in, err := wstest.Dial(s.Addr(), p.Patience)
			if err != nil {
				return
			}
			defer in.Close()
			c := &probe.Client{Client: in, Probe: p}
			a, err := c.Ask(p.Upgrade())
			if err != nil || a.Status == http.StatusServiceUnavailable {
				return
			}
			c.Sent = []string{"a handshake, in the moment of Ctrl-C"}
			c.Expect101(a)
			expectClose(c, 1001)
		})
		s.Kill()
	}
}
