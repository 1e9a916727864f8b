package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

var load = flag.Bool("load", false, "run TestLoad: 1,000 members, some of them faulty")

// How many members TestLoad has: one in ten never reads, and one in ten vanishes in the middle of a frame.
const (
	loadMembers = 1000
	posters     = historySize
	slack       = 3 << 20 // bytes: less than one buffer of 4,096 per member
	rounds      = 4       // at least; in each, every poster posts once: a history has room for only one round
)

// TestLoad fills the chat with members, of which one in ten never reads and one in ten vanishes. Each one
// that reads gets every post, in the same order; and when all have left, the server holds nothing of
// theirs.
func TestLoad(t *testing.T) {
	if !*load {
		t.Skip("use -load to run it with 1,000 members")
	}
	s := start(t, self(t), "chat")
	began := time.Now()
	progress := func(format string, args ...any) {
		t.Helper()
		t.Logf("%4.1f s: %s", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	empty := comeAndGo(t, s)
	progress("%d members have come and gone: %+v", loadMembers, empty)

	readers, doomed := crowd(t, s)
	all := time.Now()
	progress("%d members: %+v", loadMembers, s.usage(t))

	// A member that never reads is dropped when a write to it has taken too long. That takes as many posts
	// as fit into the system's buffers, however fast they come. If the machine is too slow for that, the
	// heartbeat drops the member.
	most := process.Usage{Goroutines: empty.Goroutines + len(readers),
		Descriptors: empty.Descriptors + len(readers), Memory: 1 << 40}
	gone := func() bool { return s.usage(t).Within(most) || time.Since(all) > rules.QuietTime }
	for round := 0; round < rounds || !gone(); round++ {
		vanishing := doomed[:len(doomed)/max(1, rounds-round)]
		doomed = doomed[len(vanishing):]
		everyoneGets(t, fmt.Sprint("round ", round), readers, vanishing)
		progress("round %d: %d posts have reached %d readers, in one order", round, posters, len(readers))
	}
	left := settle(t, s, most)
	progress("the faulty members are gone: %+v", left)
	if !left.Within(most) {
		t.Errorf("there are %d members that read, but the server uses more than they need: %+v",
			len(readers), left)
	}

	goodbye(t, readers)
	most = empty
	most.Memory += slack
	after := settle(t, s, most)
	progress("all have left: %+v", after)
	if !after.Within(most) {
		t.Errorf("the server has kept something: before %+v, after %+v", empty, after)
	}
}

// crowd lets members join, and returns those that read, and those that will vanish.
func crowd(t *testing.T, s *served) (readers, doomed []*wstest.Client) {
	for i := range loadMembers {
		c := join(t, s.addr)
		c.Patience = 4 * patience
		switch i % 10 {
		case 3:
			c.TCP.SetReadBuffer(4096) // it never reads
		case 7:
			doomed = append(doomed, c)
		default:
			readers = append(readers, c)
		}
	}
	return readers, doomed
}

// comeAndGo returns what a server uses that has had this many members, and now has none, but a full
// history.
func comeAndGo(t *testing.T, s *served) process.Usage {
	poster := join(t, s.addr)
	for i := range historySize {
		poster.SendText(loadPost("before", i))
	}
	if _, err := final(poster, "before"); err != nil {
		t.Fatal(err)
	}
	members := []*wstest.Client{poster}
	for range loadMembers {
		members = append(members, join(t, s.addr))
	}
	for _, c := range members {
		c.Close()
	}
	return settle(t, s, process.Usage{Goroutines: 10, Descriptors: 20, Memory: 1 << 40})
}

// everyoneGets has the first readers post at the same time while others vanish: every reader must get all
// posts, in one order.
func everyoneGets(t *testing.T, round string, readers, vanishing []*wstest.Client) {
	finals, errs := make([]string, len(readers)), make([]error, len(readers))
	var all sync.WaitGroup
	for i, c := range readers {
		all.Go(func() { finals[i], errs[i] = final(c, round) })
	}
	for i, c := range readers[:posters] {
		all.Go(func() { c.SendText(loadPost(round, i)) })
	}
	for _, c := range vanishing {
		all.Go(func() {
			c.Write(wstest.Masked(wstest.Text, []byte(loadPost("never complete", 0))).Bytes()[:200])
			c.Reset()
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%s: %v", round, err)
	}
	for i, final := range finals {
		if final != finals[0] {
			t.Fatalf("%s ended with this history for member 0:\n%s\nand with this for member %d:\n%s",
				round, finals[0], i, final)
		}
	}
	for i := range posters {
		if !strings.Contains(finals[0], fmt.Sprintf(`"user":"%s, %d"`, round, i)) {
			t.Errorf("%s: post %d is lost", round, i)
		}
	}
}

// goodbye lets members leave, half of them with a closing handshake.
func goodbye(t *testing.T, members []*wstest.Client) {
	for i, c := range members {
		if i%2 == 0 {
			c.Send(closing(1000, ""))
		} else {
			c.Close()
		}
	}
	for i := 0; i < len(members); i += 2 {
		if came, err := fromClose(members[i]); len(came) != 1 || came[0].String() != `close 1000 ""` {
			t.Fatalf("reader %d was answered %v, %v", i, came, err)
		}
		members[i].Close()
	}
}

// loadPost returns a post of some length.
func loadPost(user string, i int) string { return rules.PostBy(fmt.Sprintf("%s, %d", user, i), 1000) }

// final reads histories until one holds a post of each poster in the round. Pings are answered.
func final(c *wstest.Client, round string) (string, error) {
	for {
		f, err := c.NextValid()
		if err != nil || strings.Count(string(f.Payload), `"user":"`+round+", ") == historySize {
			return string(f.Payload), err
		}
		if f.Opcode == wstest.Ping {
			c.Send(wstest.Masked(wstest.Pong, f.Payload))
		}
	}
}

// settle waits until the server uses at most this much, or patience runs out.
func settle(t *testing.T, s *served, most process.Usage) (u process.Usage) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if u = s.usage(t); u.Within(most) || time.Now().After(end) {
			return u
		}
	}
}
