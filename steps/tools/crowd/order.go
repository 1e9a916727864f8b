// Package crowd holds a server to its rules when many members are connected: its rows are about members
// that act at the same moment, are slow, leave, or are there when the server stops. The table of package
// behaviour names the rows.
package crowd

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/wstest"
)

// NoRace: no two goroutines use the same variable at the same time, one of them to change it. The race
// detector reports a race even if it had no consequence, so each kind of meeting has to happen only once.
func NoRace(p *probe.Probe) {
	p.Story = "members came, sent messages and left, many at the same time"
	stay := p.Join()
	p.Together(6, func(i int) { mill(p, i) })
	if runtime.GOOS != "windows" {
		go p.Attempt(func() { stay.Ended(p.Patience) })
		p.Server.Signal(os.Interrupt)
		p.Server.AwaitExit(p.Patience)
	}
	p.Pause(50 * time.Millisecond) // the detector may still be printing
}

// mill is what one of several members does for a while, all of them at once.
func mill(p *probe.Probe, i int) {
	for round := range 4 {
		c := p.Join()
		for range 3 {
			c.Write(p.Text(p.Post()).Bytes())
			if p.Step >= 6 {
				c.Write(p.Masked(wstest.Ping, []byte("ping")).Bytes())
			}
			p.Pause(time.Duration(p.Number(3)) * time.Millisecond)
		}
		switch (i + round) % 4 {
		case 0:
			c.Reset()
		case 1:
			c.Write(p.CloseFrame(1001, "bye").Bytes())
		case 2:
			c.Write(p.Masked(wstest.Binary, []byte("binary")).Bytes())
		}
		c.Ended(5 * time.Millisecond)
		c.Close()
	}
}

// SameOrder: everyone sees the posts in the same order, at any time.
func SameOrder(p *probe.Probe) {
	members := make([]*probe.Client, 8)
	for i := range members {
		members[i] = p.Member()
		go p.Member().Ended(time.Minute) // the more members get the history, the longer that takes
	}
	for range 12 {
		posts, histories := p.Posts(len(members), 60), make([]string, len(members))
		for _, c := range members {
			c.Mark()
			c.Sent = []string{fmt.Sprintf("%d members each sent a post at the same moment", len(members))}
		}
		p.Together(len(members), func(i int) { members[i].Write(p.Text(posts[i]).Bytes()) })
		p.Together(len(members), func(i int) { histories[i] = members[i].ExpectAll(posts...).String() })
		for i, h := range histories {
			if h != histories[0] {
				members[i].Came = []string{"one member: " + histories[0], "another:    " + h}
				members[i].Fail("the same order for everyone")
			}
		}
	}
}

// LosesNone: no post is lost, however many arrive at once. If only two arrive, one shortly after the other,
// the second meets the end of sending the first at most members.
func LosesNone(p *probe.Probe) {
	const rounds = 48
	members := make([]*probe.Client, 8)
	p.Together(len(members), func(i int) { members[i] = p.Member() })
	for round := range rounds {
		posts := p.Posts(2+(len(members)-2)*((round+1)/rounds), 60) // in the last round, all
		for _, c := range members {
			c.Mark()
			c.Sent = []string{fmt.Sprintf("%d of %d members each sent a post at nearly the same moment",
				len(posts), len(members))}
		}
		p.Together(len(posts), func(i int) {
			p.Pause(time.Duration(i*p.Number(1000)) * time.Microsecond)
			members[i].Write(p.Text(posts[i]).Bytes())
		})
		p.Together(len(members), func(i int) { members[i].ExpectAll(posts...) })
	}
}

// MissesNothing: whoever joins while others post gets what is posted in that moment, and no older
// history after a newer one. After the last post of a round there is a pause, so that no later post
// makes up for a missed one.
func MissesNothing(p *probe.Probe) {
	const joiners, few = 6, 3
	talker := p.Member()
	for range 5 {
		talker.Tell(p.Posts(10, 1000)...) // a long history takes some time to make
	}
	for range 80 {
		posts := p.Posts(few, 60)
		talker.Mark()
		joined := make(chan bool, joiners)
		join := func() *probe.Client {
			defer func() { joined <- true }()
			return p.Join()
		}
		p.Together(joiners+1, func(i int) {
			if i < joiners {
				c := join()
				c.Sent = []string{"posts, at the moment when this member joined; the last: " + posts[few-1].Text}
				c.ExpectAll(posts...)
				c.Close()
				return
			}
			for _, m := range posts { // as soon as one of the next joiners has its 101
				for range 1 + p.Number(joiners/few) {
					<-joined
				}
				talker.Post(m)
			}
		})
		talker.ExpectAll(posts...)
	}
}

// talk lets a member send one post after another, until the returned function is called.
func talk(p *probe.Probe) (stop func()) {
	talker := p.Member()
	over, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		p.Attempt(func() { // other rows test that histories come
			for {
				select {
				case <-over:
					return
				default:
					talker.Tell(p.PostOf(1000))
				}
			}
		})
	}()
	return func() {
		close(over)
		<-done
	}
}
