package rules

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// sendsSender: the sender gets the new history too.
func sendsSender(p *probe) {
	c := p.member()
	for range 3 {
		m := p.post()
		c.mark()
		c.post(m)
		if _, ok := c.hears(m); !ok {
			c.fail("a text frame with the new history, to the sender", p.whyNoPush(c, m))
		}
	}
}

// whyNoPush finds out by trying why a member got no new history.
func (p *probe) whyNoPush(c *client, m post) string {
	if !p.history().has(m) {
		return "the message is not even in the history"
	}
	other := p.member()
	c.write(p.text(p.post()).Bytes())
	other.wait(time.Second)
	if _, err := other.in.Peek(1); err == nil {
		return "the sender is left out of the broadcast: everyone gets the history, and the sender's page shows what was sent only then"
	}
	return "the message is stored, and nobody is told: after storing it, send the history to every open connection"
}

// sendsOthers: so do the others, at once.
func sendsOthers(p *probe) {
	a, b, c := p.member(), p.member(), p.member()
	for _, sender := range []*client{a, b, a} {
		sender.say("only some members get it: is every open connection in the list, and does each get the frame?", a, b, c)
	}
}

// sendsOnce: a message brings each member the history, whole, and once.
func sendsOnce(p *probe) {
	members := []*client{p.member(), p.member(), p.member()}
	for _, from := range members[:2] {
		from.say("no history came", members...)
		for _, c := range members {
			switch err := c.stays(150 * time.Millisecond); {
			case err == nil && c == from:
				c.fail("the new history once", "the sender gets it twice: once from the loop that reads its messages, and again with everybody")
			case err == nil:
				c.fail("the new history once", "it is sent twice: is a member in the list twice, or the history sent in two places?")
			}
		}
	}
}

// forgetsGone: members that left, in whatever way, are no burden.
func forgetsGone(p *probe) {
	const gone = 500
	c, other := p.member(), p.member()
	for range 3 {
		half := p.member()
		half.nc.CloseWrite()
		half.sent = []string{"(a member ends its side of the connection, without a close frame)"}
		if half.ended(p.patience) == errQuiet {
			half.fail("the server closes the connection of a member that is gone", "when reading from a member ends with an error, io.EOF too, Close its connection")
		}
	}
	p.together(10, func(i int) {
		for j := range gone / 10 {
			leaver := p.member()
			switch (i + j) % 3 {
			case 0:
				leaver.vanish()
			case 1:
				leaver.send(p.closeFrame(1001, ""))
			}
			leaver.nc.Close()
		}
	})
	c.say("500 others have come and gone, and writing to a member that is gone fails: that must end this member only, not the broadcast, and remove it from the list", c, other)
	c.expectCost(gone)
	c.sent = []string{fmt.Sprintf("(%d other members have come and gone, a third of them with a reset)", gone)}
	c.expectNobody(gone)
}

// expectCost holds messages to cost what they do at a new server, though so many members came and went.
// Both are measured by turns, and the least counts: a machine may have much else to do.
func (c *client) expectCost(gone int) {
	old := c.p.server
	fresh := c.p.serve()
	newcomer, cost, usual := c.p.member(), time.Hour, time.Hour
	c.p.member()
	for range 5 {
		cost, usual = min(cost, old.costOf(c)), min(usual, fresh.costOf(newcomer))
	}
	c.p.server = old
	c.mark()
	if cost < 3*usual+5*time.Millisecond {
		return
	}
	c.sent = []string{fmt.Sprintf("100 messages, after %d other members have come and gone", gone)}
	c.came = []string{fmt.Sprintf("100 messages take %v of the processor; at a new server it is %v", cost.Round(time.Millisecond), usual.Round(time.Millisecond))}
	c.fail("a message costs the server what it did before", fmt.Sprintf("%d members that are gone still get every history: remove a member from the list when reading from it ends", gone))
}

// costOf returns what the server's processor does for 100 messages, each waited for; 0 where the system does not tell.
func (s *server) costOf(c *client) time.Duration {
	begun, _ := processorTime(s)
	for range 100 {
		c.say("no history came", c)
	}
	ended, _ := processorTime(s)
	return ended - begun
}

// expectNobody ends the server, and holds it to have no goroutine for each of the members that are gone.
func (c *client) expectNobody(gone int) {
	for place, n := range c.p.server.goroutines() {
		if n > gone/10 {
			c.came = []string{fmt.Sprintf("%d goroutines are still there, waiting%s", n, place)}
			c.fail("no goroutine is left of a member that is gone", "a goroutine that is started for each member never ends: close its channel, or tell it in another way, when the member leaves")
		}
	}
}

// fill makes the history a long one, so that it takes some time to make.
func (c *client) fill(size int) {
	for range mostMessages / 10 {
		c.tell(c.p.posts(10, size)...)
	}
}

// missing is what may be wrong where messages are missing.
const missing = "%d messages are missing, though one at a time they come: what happens if two come at the same moment?"

// sameOrder: everyone sees the messages in the same order, at any time.
func sameOrder(p *probe) {
	const rounds = 80
	members := make([]*client, 10)
	for i := range members {
		members[i] = p.member()
		go p.member().ended(time.Minute) // the more there are to tell, the longer that takes
	}
	for range rounds {
		posts, histories := p.posts(len(members), 60), make([]string, len(members))
		for _, c := range members {
			c.mark()
			c.sent = []string{fmt.Sprintf("%d members sent a message each, at the same moment", len(members))}
		}
		p.together(len(members), func(i int) { members[i].write(p.text(posts[i]).Bytes()) })
		p.together(len(members), func(i int) {
			h, ok := members[i].hears(posts...)
			if histories[i] = h.String(); !ok {
				members[i].fail("every member gets a history with all of them", fmt.Sprintf(missing, h.missing(posts...)))
			}
		})
		for i, h := range histories {
			if h != histories[0] {
				members[i].came = []string{"one member: " + histories[0], "another:    " + h}
				members[i].fail("the same order for everyone", "change the history and send it under one mutex, so that nobody gets an older one last")
			}
		}
	}
}

// losesNone: of many messages none is lost, however many members send at once.
func losesNone(p *probe) {
	const n, atOnce = 100, 12
	members := make([]*client, n)
	for i := range members {
		members[i] = p.member()
	}
	for begin := 0; begin+atOnce <= n; begin += atOnce {
		posts := p.posts(atOnce, 60)
		watcher := members[n-1]
		sent := []string{fmt.Sprintf("%d of %d members sent a message each, at the same moment", atOnce, n)}
		p.together(atOnce, func(i int) { members[begin+i].write(p.text(posts[i]).Bytes()) })
		if h, ok := p.stored(p.patience, posts...); !ok {
			watcher.sent, watcher.came = sent, []string{"a new connection is greeted with: " + h.String()}
			watcher.fail("all of them in the history: it has room for 50", fmt.Sprintf(missing, h.missing(posts...)))
		}
		p.together(n, func(i int) {
			members[i].sent = sent
			if h, ok := members[i].hears(posts...); !ok {
				members[i].fail("all of them, for every member",
					fmt.Sprintf("%d messages are missing in the last history that one member got: the newest has to be sent in the end", h.missing(posts...)))
			}
		})
	}
}

// missesNothing: who comes while others talk gets what is said in that moment.
func missesNothing(p *probe) {
	const rounds, newcomers = 40, 12
	talker := p.member()
	talker.fill(4000)
	took := make([]time.Duration, newcomers) // to come in, in the round before: the message is to meet that
	for range rounds {
		m, span := p.post(), min(slices.Max(took)+1, 50*time.Millisecond)
		talker.mark()
		p.together(newcomers+1, func(i int) {
			p.pause(time.Duration(p.number(int(span))))
			if i == newcomers {
				talker.post(m)
				return
			}
			begun := time.Now()
			c := p.join()
			defer c.nc.Close()
			f, err := c.frame()
			took[i] = time.Since(begun)
			for ; !bytes.Contains(f.Payload, []byte(m.Text)); f, err = c.frame() {
				if err != nil {
					c.sent = []string{"a message, at the moment in which this member joined: " + m.Text}
					c.came = []string{"a history without it, and then nothing"}
					c.fail("the message, in the first history or in the next",
						"the first history was made before the message, and the member put into the list behind it: do both under one lock")
				}
			}
		})
		talker.expectHistory(m, "a text frame with the new history", "no history came")
	}
}

// deaf opens a WebSocket and reads nothing from it. Little fits on its way.
func (p *probe) deaf() *client {
	c := p.join()
	c.nc.SetReadBuffer(4 << 10)
	return c
}

// sips lets a member read 480 KB a second until what it returns is called; the member reads that again
// then. Most of what is sent to it has to wait, but no single write for 5 s.
func (c *client) sips() (stop func()) {
	var sipped bytes.Buffer
	var sipping sync.WaitGroup
	ctx, cancel := context.WithCancel(c.p.ctx)
	c.nc.SetReadDeadline(time.Time{})
	sipping.Go(func() {
		for ctx.Err() == nil {
			begun := time.Now()
			c.p.pause(100 * time.Millisecond)
			io.CopyN(&sipped, c.in, time.Since(begun).Milliseconds()*480)
		}
	})
	return func() {
		cancel()
		c.nc.SetReadDeadline(time.Now())
		sipping.Wait()
		c.in = bufio.NewReader(io.MultiReader(&sipped, c.in))
	}
}

// tell sends messages, in one piece, and waits until the sender has the history with the last. More than
// 4 s are a stall: a write that is stuck ends after 5.
func (c *client) tell(all ...post) {
	begun, m := time.Now(), all[len(all)-1]
	c.mark()
	c.post(all...)
	if _, ok := c.hears(m); !ok || time.Since(begun) > 4*time.Second {
		c.sent = []string{cmp.Or(c.p.story, "a message, "+short(m.Text))}
		if c.came = c.came[max(0, len(c.came)-1):]; ok {
			c.came = []string{fmt.Sprintf("nothing for %v", time.Since(begun).Round(time.Second))}
		}
		c.fail("the sender, and all who read, get every new history at once",
			"the broadcast waits for a member that does not read: let each member have a goroutine that writes, and replace the history that waits by the newest")
	}
}

// outlastsSlow: members that read nothing, or little, delay nobody, however much there is to send to them:
// long histories until the system takes no more, then many; and long ones again.
func outlastsSlow(p *probe) {
	c := p.member()
	before := memory(p.server)
	p.story = "5 members read nothing, or little; another sent hundreds of messages"
	for i, sizes := range [][3]int{{60, 1, 4000}, {64, 10, 60}, {40, 1, 4000}, {35, 10, 4000}} {
		for range 5 {
			switch i {
			case 0:
				p.deaf()
			case 2:
				defer p.join().sips()()
			}
		}
		for range sizes[0] {
			c.tell(p.posts(sizes[1], sizes[2])...)
		}
	}
	if grown := memory(p.server) - before; grown > 48<<20 {
		c.sent, c.came = []string{p.story}, []string{fmt.Sprintf("the server took %d MB more of memory", grown>>20)}
		c.fail("what waits for a member is bounded", "every history waits until it is sent: one is enough, as the newest takes the place of the one before")
	}
}

// posts returns n random messages that are so many bytes long as JSON. A queue of 16 has room for ten.
func (p *probe) posts(n, size int) (all []post) {
	for range n {
		all = append(all, p.postOf(size))
	}
	return all
}

// readsOn: a member that pauses and goes on gets whole frames, in order, and the newest in the end;
// or it was let go.
func readsOn(p *probe) {
	c := p.member()
	c.fill(3500)
	slow := []*client{p.join(), p.join()}
	stops := []func(){slow[0].sips(), slow[1].sips()}
	var last post
	for i := range 42 {
		if i == 10 { // it will be at another place
			slow = append(slow, p.join())
			stops = append(stops, slow[2].sips())
		}
		some := p.posts(1+i/30*9, 3000+p.number(1000)) // first one by one, and then ten at a time
		last = some[len(some)-1]
		c.tell(some...)
	}
	p.together(len(slow), func(i int) {
		stops[i]()
		slow[i].sent = []string{"150 long messages, by another member, while this one read slowly; now it reads on"}
		for {
			h, err := slow[i].next()
			switch {
			case err == errQuiet:
				slow[i].fail("in the end the newest history", "who reads slowly never gets the newest: the history that waits has to be replaced by a newer one, and not the newer one be thrown away")
			case err != nil || h.has(last):
				return
			}
		}
	})
}

// staysListening: a member that only reads stays, and so does one that says nothing at all.
func staysListening(p *probe) {
	talker, listener := p.member(), p.member()
	for _, wait := range []time.Duration{0, silence} {
		p.together(2, func(i int) {
			c := []*client{talker, listener}[i]
			if err := c.stays(wait); wait > 0 && err != errQuiet {
				c.sent = append(slices.Clone(c.sent), fmt.Sprintf("(and then nothing for %v)", wait))
				c.fail("a member that says nothing stays", "a time limit ends it: SetDeadline is for reading and writing, SetWriteDeadline for writing alone. Nobody has to say anything")
			}
		})
		talker.say("the member is no more in the list", talker, listener)
	}
}

// dropsStuck: a member that takes nothing for 5 s is let go.
func dropsStuck(p *probe) {
	stuck, sender := p.deaf(), p.member()
	for begun := time.Now(); time.Since(begun) < 14*time.Second; { // until even the largest buffers of a system are full
		for range 20 { // each is waited for, so that the server has something to write every time
			sender.tell(p.postOf(4000))
		}
		p.pause(300 * time.Millisecond)
		stuck.nc.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := stuck.nc.Write(wstest.Whole(wstest.Pong, nil, p.key()).Bytes()); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return // nobody is there to take it
		}
	}
	stuck.sent = []string{"a member reads nothing, while long histories are sent to it for 14 s"}
	if stuck.ended(p.patience) == errQuiet {
		stuck.came = []string{"it is still connected"}
		stuck.fail("a write that takes 5 s ends the member", "set a time limit for each write: SetWriteDeadline(time.Now().Add(5 * time.Second)), and close the connection when it has passed")
	}
}
