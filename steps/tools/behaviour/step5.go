package behaviour

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// sendsSender: the sender gets the new history too.
func sendsSender(p *probe.Probe) {
	c := p.Member()
	for range 3 {
		say(c, c)
	}
}

// sendsOthers: so do the others, at once.
func sendsOthers(p *probe.Probe) {
	a, b, c := p.Member(), p.Member(), p.Member()
	for _, sender := range []*probe.Client{a, b, a} {
		say(sender, a, b, c)
	}
}

// sendsOnce: a post brings each member the history, whole, and once.
func sendsOnce(p *probe.Probe) {
	members := []*probe.Client{p.Member(), p.Member(), p.Member()}
	for _, from := range members[:2] {
		say(from, members...)
		for _, c := range members {
			if err := c.Stays(100 * time.Millisecond); err == nil {
				c.Kind = ""
				c.Fail("the new history once", map[bool]string{
					true:  "the sender gets it twice: once from the loop that reads its messages, and again with everybody",
					false: "it is sent twice: is a member in the list twice, or the history sent in two places?"}[c == from])
			} else if err != wstest.ErrTimeout {
				c.Fail("the new history, and then nothing more")
			}
		}
	}
}

// say sends a new post, and holds the server to send the history with it to these members.
func say(c *probe.Client, members ...*probe.Client) {
	m := c.Probe.Post()
	c.Mark()
	c.Post(m)
	for _, to := range members {
		to.Sent, to.From, to.Kind = c.Sent, c.From, ""
		if _, ok := to.Hears(m); !ok {
			to.Fail("a text frame with the new history, to every member that is there")
		}
	}
}

// comeAndGo lets n members come, and leave in three ways.
func comeAndGo(p *probe.Probe, n int) {
	p.Together(5, func(i int) {
		for j := range n / 5 {
			leaver := p.Member()
			switch (i + j) % 3 {
			case 0:
				leaver.Reset()
			case 1:
				leaver.Send(p.CloseFrame(1001, ""))
			}
			leaver.Close()
		}
	})
}

// forgetsGone: members that have left, in whatever way, cost nothing. The pauses between the statements make what
// each costs larger.
func forgetsGone(p *probe.Probe) {
	const gone = 120
	c, other, half := p.Member(), p.Member(), p.Member()
	half.TCP.CloseWrite()
	half.Sent = []string{"(a member ends its side of the connection, without a close frame)"}
	if half.Ended(p.Patience) == wstest.ErrTimeout {
		half.Fail("the server closes the connection of a member that has left",
			"when reading from a member ends with an error, io.EOF too, Close its connection")
	}
	say(c, c, other)
	before := fastest(c, 0)
	comeAndGo(p, gone)
	say(c, c, other)
	most := 4*before + 2*time.Millisecond
	if after := fastest(c, most); after > most {
		c.Sent = []string{fmt.Sprintf("a post, after %d other members have come and gone", gone)}
		c.Came = []string{fmt.Sprintf("it takes %v; before they came it took %v (with pauses between all statements)",
			after.Round(10*time.Microsecond), before.Round(10*time.Microsecond))}
		c.Fail("a post costs the server what it did before", "members that have left still get every history: "+
			"remove a member from the list when reading from it ends")
	}
}

// fastest returns the least time in which a few posts come back to their sender: enough if it is at most this.
func fastest(c *probe.Client, enough time.Duration) time.Duration {
	least := time.Hour
	for try := 0; try < 20 && least > enough; try++ {
		begun := time.Now()
		tell(c, c.Probe.Posts(5, 60)...)
		least = min(least, time.Since(begun))
	}
	return least
}

// leavesNothing: of a member that has left no goroutine stays.
func leavesNothing(p *probe.Probe) {
	const gone = 60
	p.Story = fmt.Sprintf("%d members came, and left in different ways", gone)
	c := p.Member()
	comeAndGo(p, gone)
	say(c, c)
	p.Pause(p.Scaled(rules.PingTime) % (2 * time.Second)) // some look only now and then who is there
	counts := map[string]int{}
	for _, g := range p.Server.Dump() {
		timer := !p.Quick && strings.HasPrefix(g.State, "select")
		if counts[g.Place]++; g.Place != "" && !timer && counts[g.Place] > gone/2 {
			p.Fail(probe.Failure{Kind: probe.Wrong, Sent: p.Story, Expected: "no goroutine stays for a member that has left",
				Came: fmt.Sprintf("at least %d goroutines are still there, waiting%s", counts[g.Place], g.Place),
				Cause: "a goroutine that is started for each member never ends: close its channel, " +
					"or tell it in another way, when the member leaves"})
		}
	}
}

// endsWrites: a write that fails is not tried again and again.
func endsWrites(p *probe.Probe) {
	p.Story = "members that read nothing vanished, while long histories were sent to them"
	expectRest(p, func() {
		c, deaf := p.Member(), []*probe.Client{deaf(p), deaf(p), deaf(p)}
		for range 8 {
			tell(c, p.Posts(10, 3000)...)
		}
		for _, d := range deaf {
			d.Reset()
		}
	})
}

// sameOrder: everyone sees the posts in the same order, at any time.
func sameOrder(p *probe.Probe) {
	members := make([]*probe.Client, 8)
	for i := range members {
		members[i] = p.Member()
		go p.Member().Ended(time.Minute) // the more there are to tell, the longer that takes
	}
	for range 12 {
		posts, histories := p.Posts(len(members), 60), make([]string, len(members))
		for _, c := range members {
			c.Mark()
			c.Sent = []string{fmt.Sprintf("%d members sent a post each, at the same moment", len(members))}
		}
		p.Together(len(members), func(i int) { members[i].Write(p.Text(posts[i]).Bytes()) })
		p.Together(len(members), func(i int) { histories[i] = expectAll(members[i], posts).String() })
		for i, h := range histories {
			if h != histories[0] {
				members[i].Came = []string{"one member: " + histories[0], "another:    " + h}
				members[i].Fail("the same order for everyone")
			}
		}
	}
}

// expectAll holds the server to send the member a history with all these posts, in the end.
func expectAll(c *probe.Client, posts []probe.Post) probe.History {
	h, ok := c.Hears(posts...)
	if !ok && c.Kind == probe.TimedOut && h != nil {
		c.Came = append(c.Came, fmt.Sprintf("(%d of %d posts are missing in the last history that came)", h.Missing(posts...), len(posts)))
		if !c.Probe.History().Has(posts...) {
			c.Fail("in the end a history with all of them", "posts that come at the same moment are lost on their way into the history: "+
				"change it under one lock")
		}
	}
	if !ok {
		c.Fail("in the end a history with all of them, for every member")
	}
	return h
}

// losesNone: of many posts none is lost, however many come at once. Where only two come, one shortly after the other,
// the second meets the end of sending the first at most members.
func losesNone(p *probe.Probe) {
	members := make([]*probe.Client, 24)
	p.Together(len(members), func(i int) { members[i] = p.Member() })
	for round := range 24 {
		posts := p.Posts(2+10*((round+1)/24), 60) // in the last round, twelve
		for _, c := range members {
			c.Mark()
			c.Sent = []string{fmt.Sprintf("%d of %d members sent a post each, nearly at the same moment", len(posts), len(members))}
		}
		p.Together(len(posts), func(i int) {
			p.Pause(time.Duration(i*p.Number(4000)) * time.Microsecond / 4)
			members[i].Write(p.Text(posts[i]).Bytes())
		})
		p.Together(len(members), func(i int) { expectAll(members[i], posts) })
	}
}

// missesNothing: whoever joins while others post gets what is posted in that moment, and no older history after a
// newer one. After the last post of a round there is none for a while that would bring it as well. Many join at
// once, so that the posts meet some of them.
func missesNothing(p *probe.Probe) {
	const joiners, few = 20, 3
	talker := p.Member()
	for range 5 {
		tell(talker, p.Posts(10, 1000)...) // a long history takes some time to make
	}
	span := 5 * time.Millisecond // that joining takes, all together
	for range 20 {
		posts := p.Posts(few, 60)
		talker.Mark()
		begun := time.Now()
		took := make([]time.Duration, joiners)
		p.Together(joiners+1, func(i int) {
			if i < joiners {
				c := p.Join()
				c.Sent = []string{"posts, in the moment in which this member joined; the last: " + posts[few-1].Text}
				took[i] = time.Since(begun)
				expectAll(c, posts)
				c.Close()
				return
			}
			for _, m := range posts {
				p.Pause(time.Duration(p.Number(int(span) / few * 2)))
				talker.Post(m)
			}
		})
		expectAll(talker, posts)
		span = min(slices.Max(took), 100*time.Millisecond)
	}
}

// deaf opens a WebSocket and reads nothing from it. Little fits on its way.
func deaf(p *probe.Probe) *probe.Client {
	c := p.Join()
	c.TCP.SetReadBuffer(4 << 10)
	return c
}

// tell sends posts, in one piece, and waits until the sender has the history with the last.
func tell(c *probe.Client, all ...probe.Post) {
	c.Mark()
	c.Post(all...)
	if _, ok := c.Hears(all[len(all)-1]); !ok {
		c.Sent = []string{strings.TrimPrefix(c.Probe.Story+"; a member sent a post", "; ")}
		c.Fail("the sender, and all who read, get every new history at once")
	}
}

// outlastsSlow: members that read nothing delay nobody, however much there is to send to them: long histories
// until the system takes no more, and then more of them than a queue has room for.
func outlastsSlow(p *probe.Probe) {
	c := p.Member()
	deaf(p)
	deaf(p)
	p.Story = "two members read nothing"
	for range 4 {
		tell(c, p.Posts(10, 4000)...)
	}
	for range 40 {
		tell(c, p.Posts(10, 60)...)
	}
}

// readsOn: a member that pauses and goes on gets whole frames, in order, and the newest in the end; or it was let go.
// Of all that was posted meanwhile little waits for it.
func readsOn(p *probe.Probe) {
	const many, most = 480, 440 // histories; a queue of 256 is still a bounded one, and the system holds some
	c := p.Member()
	for range 5 {
		tell(c, p.Posts(10, 700)...)
	}
	slow := p.Join()
	slow.TCP.SetReadBuffer(128 << 10)
	var last probe.Post
	for range many / 10 {
		some := p.Posts(10, 700)
		last = some[9]
		tell(c, some...)
	}
	came := 0
	for h, err := slow.NextHistory(); !h.Has(last); h, err = slow.NextHistory() {
		slow.Sent = []string{fmt.Sprintf("%d posts, by another member, while this one read nothing; now it reads on", many)}
		if came++; err == wstest.ErrTimeout {
			slow.Fail("in the end the newest history", "whoever reads slowly never gets the newest: "+
				"a newer history has to replace the one that waits, and must not be thrown away itself")
		} else if err != nil {
			return
		}
	}
	if came > most {
		slow.Came = []string{fmt.Sprintf("%d histories, one for each post", came)}
		slow.Fail("the newest history, after the few that were on their way",
			"every history waits until it is sent: one is enough, as the newest takes the place of the one before")
	}
}

// staysListening: a member that only reads stays, and so does one that says nothing at all.
func staysListening(p *probe.Probe) {
	talker, listener := p.Member(), p.Member()
	say(talker, talker, listener)
	p.Together(2, func(i int) {
		c := []*probe.Client{talker, listener}[i]
		if err := c.Stays(p.Scaled(silence)); err != wstest.ErrTimeout {
			c.Sent = append(c.Sent, fmt.Sprintf("(and then nothing for %v)", silence))
			c.Fail("a member that says nothing stays", p.Hint)
		}
	})
	say(talker, talker, listener)
}

// dropsStuck: a member that takes nothing for 5 s is let go.
func dropsStuck(p *probe.Probe) {
	stuck, sender := deaf(p), p.Member()
	for begun := time.Now(); time.Since(begun) < p.Scaled(3*rules.WriteTime)+p.Patience; { // until even the largest buffers are full
		for range 3 { // each is waited for, so that the server has something to write every time
			tell(sender, p.Posts(10, 4000)...)
		}
		p.Pause(p.Scaled(rules.WriteTime) / 5)
		if isGone(stuck) {
			return
		}
	}
	stuck.Sent = []string{"a member reads nothing, while long histories are sent to it for 15 s"}
	stuck.Came, stuck.Kind = []string{"it is still connected"}, ""
	stuck.Fail("a write that takes 5 s ends the member", p.Hint)
}

// isGone reports whether the other side takes nothing any more: it has closed the connection.
func isGone(c *probe.Client) bool {
	c.TCP.SetWriteDeadline(time.Now().Add(time.Second))
	_, err := c.TCP.Write(wstest.Masked(wstest.Pong, []byte("?")).Bytes())
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}
