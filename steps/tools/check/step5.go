package main

import (
	"fmt"
	"strings"
	"time"
)

// holding returns a condition for awaitText: the history has these messages.
func holding(posts ...post) func(history) bool {
	return func(h history) bool {
		for _, m := range posts {
			if !h.has(m.Text) {
				return false
			}
		}
		return true
	}
}

// sendsSender: the sender gets the new history too.
func sendsSender(p *probe) {
	c := p.member()
	for range 3 {
		m := p.post()
		c.mark()
		c.post(m)
		c.awaitText("a text frame with the new history, to the sender", holding(m), func(history) string { return p.whyNoPush(c, m) })
	}
}

// whyNoPush finds out by trying why a member got no new history.
func (p *probe) whyNoPush(c *client, m post) string {
	if !p.history().has(m.Text) {
		return "the message is not even in the history"
	}
	other := p.member()
	again := p.post()
	c.post(again)
	other.wait(time.Second)
	if _, err := other.in.Peek(1); err == nil {
		return "the sender is left out of the broadcast: everyone gets the history, and the sender's page shows what was sent only then"
	}
	return "the message is stored, and nobody is told: after storing it, send the history to every open connection"
}

// sendsOthers: so do the others, at once.
func sendsOthers(p *probe) {
	sender, other, third := p.member(), p.member(), p.member()
	for _, from := range []*client{sender, other, sender} {
		m := p.post()
		from.mark()
		from.post(m)
		for _, to := range []*client{sender, other, third} {
			to.sent = append([]string(nil), from.sent...)
			to.awaitText("a text frame with the new history, to every member", holding(m), func(history) string {
				return "only some members are told: keep a list of every open connection, under a mutex, and write to each"
			})
		}
	}
}

// sendsWhole: each push is the whole history.
func sendsWhole(p *probe) {
	c := p.member()
	before := p.history()
	var posts []post
	for range 3 {
		m := p.post()
		posts = append([]post{m}, posts...)
		c.mark()
		c.post(m)
		h := c.awaitText("a text frame with the new history", holding(m), func(history) string { return "no history came" })
		var want []string
		for _, m := range posts {
			want = append(want, m.Text)
		}
		for _, m := range before.Msg {
			want = append(want, m.Text)
		}
		var got []string
		for _, m := range h.Msg {
			got = append(got, m.Text)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			c.fail("the whole history, newest first: "+strings.Join(want, " | "), "the page shows what the last frame holds: send the whole history each time, as it is sent after the handshake")
		}
	}
}

// forgetsGone: members that left, in whatever way, are no burden.
func forgetsGone(p *probe) {
	c := p.member()
	for i := range 6 {
		gone := p.member()
		if i%2 == 0 {
			gone.vanish()
		} else {
			gone.nc.Close()
		}
	}
	c.sent = append(c.sent, "(six other members have gone, three of them with a reset)")
	for range 5 {
		m := p.post()
		c.post(m)
		c.awaitText("a text frame with the new history, for those who stayed", holding(m), func(history) string {
			return "writing to a member that is gone fails: that must end this member only, not the broadcast, and remove it from the list"
		})
	}
}

// sameOrder: everyone sees the messages in the same order.
func sameOrder(p *probe) {
	members := make([]*client, 12)
	posts := make([]post, len(members))
	for i := range members {
		members[i], posts[i] = p.member(), p.post()
	}
	p.together(len(members), func(i int) { members[i].post(posts[i]) })
	histories := make([]string, len(members))
	p.together(len(members), func(i int) {
		members[i].sent = []string{fmt.Sprintf("%d members sent a message each, at the same moment", len(members))}
		h := members[i].awaitText("every member gets a history with all of them", holding(posts...), func(h history) string {
			return fmt.Sprintf("%d messages are missing, though one at a time they come: what happens if two come at the same moment?", missing(h, posts))
		})
		histories[i] = h.String()
	})
	for i, h := range histories {
		if h != histories[0] {
			members[i].came = []string{"one member: " + histories[0], "another:    " + h}
			members[i].fail("the same order for everyone", "change the history and send it under one mutex, so that nobody gets an older one last")
		}
	}
}

// losesNone: many posts at once all count.
func losesNone(p *probe) {
	const n = 100
	watcher := p.member()
	members := make([]*client, n)
	posts := make([]post, n)
	for i := range members {
		members[i], posts[i] = p.join(), post{User: p.word(4), Text: fmt.Sprint(p.word(6), i)}
	}
	for _, half := range [][2]int{{0, n / 2}, {n / 2, n}} {
		p.together(half[1]-half[0], func(i int) { members[half[0]+i].post(posts[half[0]+i]) })
		watcher.sent = []string{fmt.Sprintf("%d members sent a message each, at the same moment", n/2)}
		watcher.awaitText("all of them in the history: it has room for 50", holding(posts[half[0]:half[1]]...), func(h history) string {
			return fmt.Sprintf("%d messages are missing, though one at a time they come: what happens if two come at the same moment?", missing(h, posts[half[0]:half[1]]))
		})
	}
}

// missing counts the posts that are not in the history.
func missing(h history, posts []post) int {
	n := 0
	for _, m := range posts {
		if !h.has(m.Text) {
			n++
		}
	}
	return n
}

// outlastsSlow: members that never read delay nobody.
func outlastsSlow(p *probe) {
	const posts = 150
	for range 20 {
		c := p.join()
		c.nc.SetReadBuffer(4 << 10)
	}
	watcher, sender := p.member(), p.member()
	last := p.post()
	go func() {
		defer func() { recover() }() // the watcher tells
		for range posts {
			sender.post(post{User: "ann", Text: strings.Repeat("long ", 600) + p.word(4)})
		}
		sender.post(last)
	}()
	go func() { sender.ended(10 * p.patience) }()
	watcher.sent = []string{fmt.Sprintf("20 members never read; another sent %d long messages", posts)}
	for deadline := time.Now().Add(4*time.Second + 2*p.patience); ; {
		f, err := watcher.frame()
		watcher.came = nil
		if err == nil && strings.Contains(string(f.Payload), last.Text) {
			return
		}
		if err != nil || time.Now().After(deadline) {
			watcher.came = []string{"the last message did not come for many seconds"}
			watcher.fail("the others get every new history at once", "the broadcast waits in Write for a member that does not read: let each member have a goroutine that writes, and replace the history that waits by the newest")
		}
	}
}

// dropsStuck: a member that takes nothing for 5 s is let go.
func dropsStuck(p *probe) {
	stuck := p.join()
	sender := p.member()
	for range 80 { // each is waited for, so that the server has something to write every time
		m := p.post()
		m.Text += strings.Repeat(" long", 700)
		sender.mark()
		sender.post(m)
		sender.awaitText("a text frame with the new history", holding(m), func(history) string {
			return "a member that does not read keeps the others waiting"
		})
	}
	stuck.sent = []string{"a member reads nothing while 80 long histories are sent to it"}
	p.pause(6500 * time.Millisecond)
	if err := stuck.ended(p.patience); err == errQuiet {
		stuck.came = []string{"it is still connected after 6.5 s"}
		stuck.fail("a write that takes 5 s ends the member", "set a time limit for each write: SetWriteDeadline(time.Now().Add(5 * time.Second)), and close the connection when it has passed")
	}
}
