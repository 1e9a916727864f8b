package rules

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// sendsSender: the sender gets the new history too.
func sendsSender(p *probe) {
	c := p.member()
	for range 3 {
		c.say(c)
	}
}

// sendsOthers: so do the others, at once.
func sendsOthers(p *probe) {
	a, b, c := p.member(), p.member(), p.member()
	for _, sender := range []*client{a, b, a} {
		sender.say(a, b, c)
	}
}

// sendsOnce: a post brings each member the history, whole, and once.
func sendsOnce(p *probe) {
	members := []*client{p.member(), p.member(), p.member()}
	for _, from := range members[:2] {
		from.say(members...)
		for _, c := range members {
			if err := c.stays(100 * time.Millisecond); err == nil {
				c.kind = ""
				c.fail("the new history once", map[bool]string{
					true:  "the sender gets it twice: once from the loop that reads its messages, and again with everybody",
					false: "it is sent twice: is a member in the list twice, or the history sent in two places?"}[c == from])
			} else if err != wstest.ErrTimeout {
				c.fail("the new history, and then nothing more")
			}
		}
	}
}

// fastest returns the least time that a post has taken to come back to its sender.
func (c *client) fastest() time.Duration {
	least := time.Hour
	for range 12 {
		begun := time.Now()
		c.say(c)
		least = min(least, time.Since(begun))
	}
	return least
}

// comeAndGo lets n members come, and leave in three ways.
func (p *probe) comeAndGo(n int) {
	p.together(5, func(i int) {
		for j := range n / 5 {
			leaver := p.member()
			switch (i + j) % 3 {
			case 0:
				leaver.Reset()
			case 1:
				leaver.Send(p.closeFrame(1001, ""))
			}
			leaver.Close()
		}
	})
}

// forgetsGone: members that have left, in whatever way, cost nothing. The pauses between the statements make the
// cost of each larger.
func forgetsGone(p *probe) {
	const gone = 120
	c, other := p.member(), p.member()
	half := p.member()
	half.TCP.CloseWrite()
	half.Sent = []string{"(a member ends its side of the connection, without a close frame)"}
	if half.ended(p.patience) == wstest.ErrTimeout {
		half.fail("the server closes the connection of a member that has left",
			"when reading from a member ends with an error, io.EOF too, Close its connection")
	}
	before := c.fastest()
	p.comeAndGo(gone)
	c.say(c, other)
	if after := c.fastest(); after > 5*before+5*time.Millisecond {
		c.Sent = []string{fmt.Sprintf("a post, after %d other members have come and gone", gone)}
		c.Came = []string{fmt.Sprintf("it takes %v; before they came it took %v, pauses between the statements included",
			after.Round(10*time.Microsecond), before.Round(10*time.Microsecond))}
		c.fail("a post costs the server what it did before", "members that have left still get every history: remove a member from the list when reading from it ends")
	}
}

// leavesNothing: of a member that has left no goroutine stays, not even one that fails again and again.
func leavesNothing(p *probe) {
	const gone = 60
	p.story = fmt.Sprintf("%d members came, and left in different ways", gone)
	c := p.member()
	p.comeAndGo(gone)
	c.say(c)
	p.pause(p.scaled(PingTime) % (2 * time.Second)) // some look only now and then who is there
	counts := map[string]int{}
	for _, g := range p.server.dump() {
		timer := p.speed == 1 && strings.HasPrefix(g.state, "select")
		if counts[g.place]++; g.place != "" && !timer && counts[g.place] > gone/2 {
			p.fail(Failure{Kind: Wrong, Sent: p.story, Expected: "no goroutine stays for a member that has left",
				Came:  fmt.Sprintf("at least %d goroutines are still there, waiting%s", counts[g.place], g.place),
				Cause: "a goroutine that is started for each member never ends: close its channel, or tell it in another way, when the member leaves"})
		}
	}
}

// endsWrites: a write that fails is not tried again and again.
func endsWrites(p *probe) {
	p.story = "members that read nothing vanished, while long histories were sent to them"
	p.expectRest(func() {
		c, deaf := p.member(), []*client{p.deaf(), p.deaf(), p.deaf()}
		for range 8 {
			c.tell(p.posts(10, 3000)...)
		}
		for _, d := range deaf {
			d.Reset()
		}
	})
}

// sameOrder: everyone sees the posts in the same order, at any time.
func sameOrder(p *probe) {
	members := make([]*client, 8)
	for i := range members {
		members[i] = p.member()
		go p.member().ended(time.Minute) // the more there are to tell, the longer that takes
	}
	for range 12 {
		posts, histories := p.posts(len(members), 60), make([]string, len(members))
		for _, c := range members {
			c.mark()
			c.Sent = []string{fmt.Sprintf("%d members sent a post each, at the same moment", len(members))}
		}
		p.together(len(members), func(i int) { members[i].Write(p.text(posts[i]).Bytes()) })
		p.together(len(members), func(i int) { histories[i] = members[i].expectAll(posts).String() })
		for i, h := range histories {
			if h != histories[0] {
				members[i].Came = []string{"one member: " + histories[0], "another:    " + h}
				members[i].fail("the same order for everyone")
			}
		}
	}
}

// expectAll holds the server to send the member a history with all these posts, in the end.
func (c *client) expectAll(posts []post) history {
	h, ok := c.hears(posts...)
	if !ok {
		missing := ""
		if n := h.missing(posts...); c.kind == TimedOut && h.Msg != nil {
			c.Came = append(c.Came, fmt.Sprintf("(%d of %d posts are missing in the last history that came)", n, len(posts)))
			if !c.p.history().has(posts...) {
				missing = "posts that come at the same moment are lost on their way into the history: change it under one lock"
			}
		}
		c.fail("in the end a history with all of them, for every member", missing)
	}
	return h
}

// losesNone: of many posts none is lost, however many members post at once.
func losesNone(p *probe) {
	const n, atOnce = 60, 12
	members := make([]*client, n)
	p.together(n, func(i int) { members[i] = p.member() })
	for begin := 0; begin+atOnce <= n; begin += atOnce {
		posts := p.posts(atOnce, 60)
		for _, c := range members {
			c.mark()
			c.Sent = []string{fmt.Sprintf("%d of %d members sent a post each, at the same moment", atOnce, n)}
		}
		p.together(atOnce, func(i int) { members[begin+i].Write(p.text(posts[i]).Bytes()) })
		p.together(n, func(i int) { members[i].expectAll(posts) })
	}
}

// missesNothing: whoever joins while others post gets what is posted in that moment.
func missesNothing(p *probe) {
	talker := p.member()
	for range 5 {
		talker.tell(p.posts(10, 1000)...) // a long history takes some time to make
	}
	for range 12 {
		last := p.post()
		p.together(12, func(i int) {
			if i < 2 {
				talker := p.member()
				talker.post(p.posts(3, 60)...)
				return
			}
			p.pause(time.Duration(p.number(3000)) * time.Microsecond)
			if i == 2 {
				talker.mark()
				talker.post(last)
				return
			}
			c := p.join()
			c.Sent = []string{"posts, at the moment in which this member joined; the last one: " + last.Text}
			c.expectAll([]post{last})
			c.Close()
		})
		talker.expectAll([]post{last})
	}
}

// deaf opens a WebSocket and reads nothing from it. Little fits on its way.
func (p *probe) deaf() *client {
	c := p.join()
	c.TCP.SetReadBuffer(4 << 10)
	return c
}

// tell sends posts, in one piece, and waits until the sender has the history with the last. More than 4 s are a
// stall: a write that is stuck ends after 5.
func (c *client) tell(all ...post) {
	begun, m := time.Now(), all[len(all)-1]
	c.mark()
	c.post(all...)
	_, ok := c.hears(m)
	if took := time.Since(begun); !ok || took > WriteTime-time.Second {
		c.Sent = []string{"a post, " + short(m.Text) + map[bool]string{true: "; " + c.p.story}[c.p.story != ""]}
		if ok {
			c.kind, c.Came = TimedOut, []string{fmt.Sprintf("nothing for %v", took.Round(time.Second))}
		}
		c.fail("the sender, and all who read, get every new history at once")
	}
}

// outlastsSlow: members that read nothing delay nobody, however much there is to send to them: long histories
// until the system takes no more, and then many.
func outlastsSlow(p *probe) {
	c := p.member()
	for range 5 {
		p.deaf()
	}
	p.story = "5 other members read nothing"
	for range 40 {
		c.tell(p.postOf(4000))
	}
	for range 40 {
		c.tell(p.posts(10, 60)...)
	}
}

// readsOn: a member that pauses and goes on gets whole frames, in order, and the newest in the end; or it was let go.
// Of all that was posted meanwhile little waits for it.
func readsOn(p *probe) {
	const many, most = 360, 320 // histories; a queue of 256 is still a bounded one
	c := p.member()
	for range 5 {
		c.tell(p.posts(10, 1500)...)
	}
	slow := p.join()
	slow.TCP.SetReadBuffer(128 << 10)
	var last post
	for range many / 10 {
		some := p.posts(10, 1500)
		last = some[9]
		c.tell(some...)
	}
	came := 0
	for h, err := slow.next(); !h.has(last); h, err = slow.next() {
		slow.Sent = []string{fmt.Sprintf("%d posts, by another member, while this one read nothing; now it reads on", many)}
		if came++; err == wstest.ErrTimeout {
			slow.fail("in the end the newest history", "whoever reads slowly never gets the newest: "+
				"a newer history has to replace the one that waits, and must not be thrown away itself")
		} else if err != nil {
			return
		}
	}
	if came > most {
		slow.Came = []string{fmt.Sprintf("%d histories, one for each post", came)}
		slow.fail("the newest history, after the few that were on their way", "every history waits until it is sent: one is enough, as the newest takes the place of the one before")
	}
}

// staysListening: a member that only reads stays, and so does one that says nothing at all.
func staysListening(p *probe) {
	talker, listener := p.member(), p.member()
	talker.say(talker, listener)
	p.together(2, func(i int) {
		c := []*client{talker, listener}[i]
		if err := c.stays(p.scaled(silence)); err != wstest.ErrTimeout {
			c.Sent = append(c.Sent, fmt.Sprintf("(and then nothing for %v)", silence))
			c.fail("a member that says nothing stays", p.row.Hint)
		}
	})
	talker.mark()
	talker.kind, listener.kind = "", ""
	talker.say(talker, listener)
}

// dropsStuck: a member that takes nothing for 5 s is let go.
func dropsStuck(p *probe) {
	stuck, sender := p.deaf(), p.member()
	for begun := time.Now(); time.Since(begun) < p.scaled(3*WriteTime)+2*time.Second; { // until even the largest buffers are full
		for range 3 { // each is waited for, so that the server has something to write every time
			sender.tell(p.posts(10, 4000)...)
		}
		p.pause(p.scaled(WriteTime) / 5)
		if stuck.isGone() {
			return
		}
	}
	stuck.Sent = []string{"a member reads nothing, while long histories are sent to it for 15 s"}
	if stuck.ended(p.patience) == wstest.ErrTimeout {
		stuck.Came = []string{"it is still connected"}
		stuck.fail("a write that takes 5 s ends the member", p.row.Hint)
	}
}

// isGone reports whether the other side takes nothing any more: it has closed the connection.
func (c *client) isGone() bool {
	c.TCP.SetWriteDeadline(time.Now().Add(time.Second))
	_, err := c.TCP.Write(wstest.Masked(wstest.Pong, bytes.Repeat([]byte("?"), 5)).Bytes())
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}
