package behaviour

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// hangsUp: after the goodbyes the server ends TCP, and does so first.
func hangsUp(p *probe.Probe) {
	c := p.Member()
	begun := time.Now()
	c.Send(p.CloseFrame(1000, ""))
	c.ExpectClose(1000)
	switch err := c.Ended(max(p.Patience, rules.CloseTime)); {
	case err == wstest.ErrTimeout, time.Since(begun) > rules.CloseTime-time.Second: // it waited, and gave up
		c.Fail("the server ends the TCP connection once both have said goodbye", p.Hint)
	case err == wstest.ErrReset:
		c.Fail("the server ends the TCP connection gently", probe.Resets)
	}
}

// closeEndsAll: whatever follows a member's close frame is ignored.
func closeEndsAll(p *probe.Probe) {
	watcher, c := p.Member(), p.Member()
	late := p.Post()
	c.Send(p.CloseFrame(1000, ""), p.Text(late), p.Masked(wstest.Ping, []byte("late")))
	c.ExpectClose(1000)
	c.ExpectNothing()
	watcher.ExpectServed("a member said goodbye")
	c.Kind = ""
	c.ExpectNotStored("the loop continues to read after a close frame: it must end there", late)
}

// pongs: a ping is answered with its payload, even between the fragments of a message; an unsolicited pong
// is not answered.
func pongs(p *probe.Probe) {
	for _, payload := range [][]byte{[]byte(p.Word(5)), nil, p.Bytes(wstest.MaxControl)} {
		c, m := p.Member(), p.Post()
		parts := p.Fragments(m.JSON(), 9, 8)
		ping := p.Masked(wstest.Ping, payload)
		c.Send(p.Masked(wstest.Pong, []byte("unasked")), parts[0], ping)
		expectPong(c, ping)
		c.ExpectStored(m, p.Masked(wstest.Pong, nil), parts[1], parts[2])
	}
}

// expectPong waits for the answer to a ping.
func expectPong(c *probe.Client, ping wstest.Frame) {
	const expected = "a pong with the payload of the ping"
	f, err := c.Frame()
	switch {
	case err != nil || f.Opcode != wstest.Pong:
		c.Fail(expected, map[probe.Kind]string{
			probe.TimedOut: "a ping (opcode 9) is answered at once with a pong (opcode a)"}[c.Kind])
	case bytes.Equal(f.Payload, ping.Payload):
	case bytes.Equal(f.Payload, ping.Bytes()[6:]):
		c.Fail(expected, "the pong's payload is still masked: undo the ping's mask first")
	case len(f.Payload) == 0:
		c.Fail(expected, "the pong is empty: it must carry the payload of the ping")
	default:
		c.Fail(expected, "the pong has a different payload: it must carry the ping's, byte for byte")
	}
}

// beats: the server pings its members. One that answers stays, even if it answers a period late; one that
// does not is dropped.
func beats(p *probe.Probe) {
	ping, quiet := p.Scaled(rules.PingTime), p.Scaled(rules.QuietTime)
	begun := time.Now()
	until := begun.Add(quiet + ping)
	p.Together(3, func(i int) {
		c := p.Member()
		c.Sent = []string{[]string{"a pong for each ping, at once",
			"a pong for each ping, " + rules.Seconds(rules.PingTime) + " later", "nothing"}[i]}
		pings := 0
		for time.Now().Before(until) {
			c.Patience = 2*ping + p.Patience/3
			f, err := c.Next()
			took := time.Since(begun)
			c.Note(err)
			switch gone := err != nil && err != wstest.ErrTimeout; {
			case gone && i == 2 && took > ping*3/2:
				return
			case gone:
				c.Came = append(c.Came, fmt.Sprintf("after %v", took.Round(10*time.Millisecond)))
				c.Fail("a member that answers pings stays, and any stays for "+rules.Seconds(rules.QuietTime),
					"the time limit for reading must restart with every frame, and last longer than two intervals between "+
						"pings")
			case err != nil:
				c.Fail("a ping every " + rules.Seconds(rules.PingTime))
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
			c.Fail("a member that is silent for "+rules.Seconds(rules.QuietTime)+" is dropped",
				"set a time limit for reading before each frame: SetReadDeadline(time.Now().Add(quietTime))")
		}
	})
}

// drains: after the goodbyes the server does not wait forever for a member to hang up, whether the member
// is silent or keeps sending.
func drains(p *probe.Probe) {
	p.Together(3, func(i int) {
		c := p.Member()
		c.Send([]wstest.Frame{p.CloseFrame(1000, ""), p.CloseFrame(1000, ""),
			p.Masked(wstest.Binary, []byte("x"))}[i])
		if _, err := c.AwaitClose(); err != nil {
			c.Fail("a close frame")
		}
		limit := time.Now().Add(p.Scaled(2*rules.CloseTime) + p.Patience/2)
		for i == 1 && time.Now().Before(limit) { // it keeps sending
			if c.IsGone() {
				return
			}
			p.Pause(p.Scaled(rules.CloseTime) / 10)
		}
		p.Pause(time.Until(limit))
		if c.IsGone(); !c.IsGone() { // the first write tells the member, the second one the check
			c.Sent = append(c.Sent, []string{"and then nothing", "and then more, endlessly", "and then nothing"}[i])
			c.Came = append(c.Came, fmt.Sprintf("more than %s later the server still reads",
				rules.Seconds(2*rules.CloseTime)))
			c.Fail("the server closes the connection at most "+rules.Seconds(rules.CloseTime)+" after its close frame",
				p.Hint)
		}
	})
}

// endsGently: the close frame arrives even if the member is still sending.
func endsGently(p *probe.Probe) {
	p.Current()
	p.Together(3, func(int) {
		c := p.Member()
		c.Send(p.Masked(wstest.Binary, p.Bytes(10)))
		first := c.Post(p.Posts(25, rules.MaxMessage)...)
		p.Pause(100 * time.Millisecond)
		second := c.Post(p.Posts(3, rules.MaxMessage)...)
		f, err := c.AwaitClose()
		if err == nil && f.Code() != 1003 {
			c.Fail("a close frame with status code 1003",
				"the first error counts: do not look at what follows it")
		}
		_, third := c.Write(p.CloseFrame(1003, "").Bytes())
		end := c.Ended(max(p.Patience, rules.CloseTime+2*time.Second))
		for _, err := range []error{first, second, third, err, end} {
			if err != nil && err != wstest.ErrHungUp {
				c.Came = append(c.Came, "("+err.Error()+")")
				c.Fail("the close frame, and then the end of the connection without a reset", probe.Resets)
			}
		}
	})
}

// awaitsAnswer: the server does not hang up on a member that has yet to answer the goodbye, even if that
// sends a ping. After the answer it sends nothing. The row proves nothing if the machine is so slow that
// the server has stopped waiting.
func awaitsAnswer(p *probe.Probe) {
	c := p.Member()
	p.Server.Signal(os.Interrupt)
	begun := time.Now()
	c.Sent = []string{"Ctrl-C"}
	c.ExpectGoodbye()
	c.Send(p.Masked(wstest.Ping, []byte("still here?")))
	quiet := c.Quiet(200 * time.Millisecond)
	tooLate := func() bool { return time.Since(begun) > rules.GoodbyeTime-200*time.Millisecond }
	if !quiet && !tooLate() {
		f, err := c.Next()
		if c.Note(err); len(f.Raw) > 0 {
			c.Fail("nothing after the server's own close frame, not even a pong",
				"a pong that can no longer be written is not an error: drop it, and read on")
		}
		c.Fail("the server waits for the member's own close frame", "it hangs up before it has read the member's "+
			"answer: a pong that can no longer be written is no reason to end")
	}
	c.Send(p.CloseFrame(1001, ""))
	if f, err := c.Next(); len(f.Raw) > 0 {
		c.Fail("only the end of the connection after the member's answer",
			"a second close frame, or another frame, was sent after the goodbye (section 5.5.1)")
	} else if err == wstest.ErrReset && !tooLate() {
		c.Fail("the server ends the TCP connection gently", probe.Resets)
	}
}
