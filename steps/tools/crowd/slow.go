package crowd

import (
	"fmt"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// DelaysNobody: members that read nothing delay nobody, however much there is to send to them: long
// histories until the system accepts no more, and then more of them than a queue has room for.
func DelaysNobody(p *probe.Probe) {
	c := p.Member()
	p.Deaf()
	p.Deaf()
	p.Story = "two members read nothing"
	flood(c, 20<<20) // for each: the system buffers some of it
	for range 40 {
		c.Tell(p.Posts(10, 60)...)
	}
}

// flood lets a member post long messages until the histories with them have n bytes or more.
func flood(c *probe.Client, n int) {
	for sent, held := 0, 0; sent < n; sent += 10 * held * rules.MaxMessage {
		held = min(held+10, rules.HistorySize)
		c.Tell(c.Probe.Posts(10, rules.MaxMessage)...)
	}
}

// ReadsOn: a member that pauses and then continues to read gets whole frames, in order, and the newest in
// the end; or it was dropped. Little of what was posted meanwhile waits for it.
func ReadsOn(p *probe.Probe) {
	const many, most = 480, 440 // histories: a queue of 256 still counts as bounded, and the system buffers some
	const size = 35_000 / rules.HistorySize
	c := p.Member()
	for range 5 {
		c.Tell(p.Posts(10, size)...)
	}
	slow := p.Join()
	slow.TCP.SetReadBuffer(128 << 10)
	var last probe.Post
	for range many / 10 {
		some := p.Posts(10, size)
		last = some[9]
		c.Tell(some...)
	}
	came := 0
	for h, err := slow.NextHistory(); !h.Has(last); h, err = slow.NextHistory() {
		slow.Sent = []string{fmt.Sprintf("%d posts, by another member, while this one read nothing", many)}
		if came++; err == wstest.ErrTimeout {
			slow.Fail("in the end the newest history", "a member that reads slowly never gets the newest: "+
				"a newer history must replace the waiting one, and not be dropped itself")
		} else if err != nil {
			return
		}
	}
	if came > most {
		slow.Came = []string{fmt.Sprintf("%d histories, one for each post", came)}
		slow.Fail("the newest history, after the few that were on their way", "every history waits until it is "+
			"sent: one slot is enough, since the newest replaces the one before")
	}
}

// LetsGo: a member that reads nothing for too long is dropped. Others send so much that the largest buffers
// are full; other rows test that these get their histories.
func LetsGo(p *probe.Probe) {
	stuck := p.Deaf()
	limit := p.Scaled(3*rules.WriteTime) + p.Patience
	for begun, round := time.Now(), 0; round < 8 || time.Since(begun) < limit; round++ {
		p.Attempt(func() { p.Member().Tell(p.Posts(10, rules.MaxMessage)...) })
		p.Pause(p.Scaled(rules.WriteTime) / 10)
		if stuck.IsGone() {
			return
		}
	}
	stuck.Sent = []string{"a member reads nothing, while long histories are sent to it for " +
		rules.Seconds(3*rules.WriteTime)}
	stuck.Came = []string{"it is still connected"}
	stuck.Fail("a write that takes "+rules.Seconds(rules.WriteTime)+" ends the connection", p.Hint)
}

// KeepsPongsApart: pings are answered in order, and pongs and histories do not mix, though they are written
// at the same time.
func KeepsPongsApart(p *probe.Probe) {
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
		for begun, among := time.Now(), 0; among < 60 && time.Since(begun) < p.Patience; { // they may take turns
			c.Sent = []string{fmt.Sprintf("%d pings, while other members send one post after another", len(pings))}
			go c.Write(all)
			among += expectPongs(c, pings)
		}
	})
}

// expectPongs reads until the last of the pings is answered, and returns how many histories came among the
// pongs. Pongs for older pings may be missing.
func expectPongs(c *probe.Client, pings []wstest.Frame) (among int) {
	const expected = "pongs with the payloads of the pings, in order, up to the last one"
	for heard := time.Now(); len(pings) > 0; heard = time.Now() {
		f, err := c.Message()
		for ; err == nil && f.Opcode < wstest.Close && time.Since(heard) < c.Probe.Patience; among++ {
			f, err = c.Message()
		}
		if err == nil && f.Opcode < wstest.Close {
			c.Came, c.Kind = []string{fmt.Sprintf("only histories for %v", c.Probe.Patience)}, probe.TimedOut
		}
		if err != nil || f.Opcode != wstest.Pong {
			c.Fail(expected)
		}
		at := 0
		for at < len(pings) && string(pings[at].Payload) != string(f.Payload) {
			at++
		}
		if at == len(pings) {
			c.Fail(expected, "a pong came twice, too late, or with a different payload: "+
				"is the ping's buffer reused before the pong is written?")
		}
		pings = pings[at+1:]
	}
	return among
}

// ClosesLast: the server's close frame is the last that it sends, though others keep posting.
func ClosesLast(p *probe.Probe) {
	defer talk(p)()
	sent := []wstest.Frame{
		p.CloseFrame(1000, ""), p.CloseFrame(4000, "bye"), p.Masked(0x3, nil), p.Masked(wstest.Binary, nil),
		p.Masked(wstest.Text, []byte("{}")), p.Masked(wstest.Text, []byte("\xff")),
		p.Text(p.PostOf(rules.MaxMessage + 1000)),
	}
	p.Together(2*len(sent), func(i int) {
		c := p.Member()
		c.Send(sent[i/2])
		if _, err := c.AwaitClose(); err != nil {
			c.Fail("a close frame", "the connection ends without a goodbye while others post")
		}
		c.ExpectNothing()
	})
}
