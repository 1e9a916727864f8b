package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocket-workshop/steps/tools/testserver"
	"websocket-workshop/steps/tools/wstest"
)

var load = flag.Bool("load", false, "run TestLoad: 1,000 members, some of them faulty")

// How many members TestLoad has: one in ten of them takes nothing of what it is sent, and one
// in ten ends by a reset in the middle of a frame.
const (
	loadMembers = 1000
	posters     = historySize
	slack       = 3 << 20 // bytes: less than one buffer of 4,096 for each
	rounds      = 4       // at least; in each, every poster posts once: a history has room for just one round
)

// TestLoad fills the chat with members, of whom one in ten never reads and one in ten
// vanishes. Each that reads gets every post, in the same order; and when all have left
// the server holds nothing of them.
func TestLoad(t *testing.T) {
	if !*load {
		t.Skip("1,000 members come with -load")
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
	progress("%d members: %+v", loadMembers, s.usage(t))

	// It goes on until those that never read have been let go: what the system keeps for them in
	// its buffers must be full first, and then they have 5 seconds.
	most := testserver.Usage{Goroutines: empty.Goroutines + len(readers), Descriptors: empty.Descriptors + len(readers), Memory: 1 << 40}
	for round := 0; round < rounds || !s.usage(t).Within(most) && time.Since(began) < patience; round++ {
		vanishing := doomed[:len(doomed)/max(1, rounds-round)]
		doomed = doomed[len(vanishing):]
		everyoneGets(t, fmt.Sprint("round ", round), readers, vanishing)
		progress("round %d: %d posts have come to %d readers, in one order", round, posters, len(readers))
	}
	left := settle(t, s, most)
	progress("the faulty members are gone: %+v", left)
	if !left.Within(most) {
		t.Errorf("there are %d members that read, and the server has more than for those: %+v", len(readers), left)
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

// crowd lets members in, and returns those that read, and those that will vanish.
func crowd(t *testing.T, s *served) (readers, doomed []*peer) {
	for i := range loadMembers {
		p := join(t, s)
		switch i % 10 {
		case 3:
			p.TCP.SetReadBuffer(4096) // it never reads
		case 7:
			doomed = append(doomed, p)
		default:
			readers = append(readers, p)
		}
	}
	return readers, doomed
}

// comeAndGo returns what a server uses that has had as many members, and now has none but a
// full history.
func comeAndGo(t *testing.T, s *served) testserver.Usage {
	poster := join(t, s)
	for i := range historySize {
		poster.TCP.Write(text(loadPost("before", i)))
	}
	if _, err := poster.final("before"); err != nil {
		t.Fatal(err)
	}
	members := []*peer{poster}
	for range loadMembers {
		members = append(members, join(t, s))
	}
	for _, p := range members {
		p.TCP.Close()
	}
	return settle(t, s, testserver.Usage{Goroutines: 10, Descriptors: 20, Memory: 1 << 40})
}

// everyoneGets has the first readers post at the same time, while others vanish: every reader
// must get all posts, in one order.
func everyoneGets(t *testing.T, round string, readers, vanishing []*peer) {
	finals, errs := make([]string, len(readers)), make([]error, len(readers))
	var all sync.WaitGroup
	for i, p := range readers {
		all.Go(func() { finals[i], errs[i] = p.final(round) })
	}
	for i, p := range readers[:posters] {
		all.Go(func() { p.TCP.Write(text(loadPost(round, i))) })
	}
	for _, p := range vanishing {
		all.Go(func() {
			p.TCP.Write(text(loadPost("never complete", 0))[:200])
			p.TCP.SetLinger(0)
			p.TCP.Close()
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%s: %v", round, err)
	}
	for i, final := range finals {
		if final != finals[0] {
			t.Fatalf("%s ended with this history for member 0:\n%s\nand with this for member %d:\n%s", round, finals[0], i, final)
		}
	}
	for i := range posters {
		if !strings.Contains(finals[0], fmt.Sprintf(`"user":"%s, %d"`, round, i)) {
			t.Errorf("%s: post %d is lost", round, i)
		}
	}
}

// goodbye lets members leave, half of them with good manners.
func goodbye(t *testing.T, members []*peer) {
	for i, p := range members {
		if i%2 == 0 {
			p.TCP.Write(closing(1000, ""))
		} else {
			p.TCP.Close()
		}
	}
	for i := 0; i < len(members); i += 2 {
		if came, err := members[i].fromClose(); len(came) != 1 || came[0].String() != `close 1000 ""` {
			t.Fatalf("reader %d was answered %v, %v", i, came, err)
		}
		members[i].TCP.Close()
	}
}

// loadPost returns a post of some length.
func loadPost(user string, i int) string {
	return said(fmt.Sprintf("%s, %d", user, i), 1000)
}

// join lets a member in.
func join(t *testing.T, s *served) *peer {
	t.Helper()
	p, err := open(s.addr)
	if errors.Is(err, syscall.EMFILE) {
		t.Skip("this system does not let one process have as many connections: raise ulimit -n over 1,100")
	}
	if err != nil {
		t.Fatal(err)
	}
	p.Patience = 4 * patience
	t.Cleanup(func() { p.TCP.Close() })
	return p
}

// final reads histories until one holds a post of each poster in the round. Pings are answered.
func (p *peer) final(round string) (string, error) {
	for {
		f, err := p.next()
		if err != nil || strings.Count(string(f.Payload), `"user":"`+round+", ") == historySize {
			return string(f.Payload), err
		}
		if f.Opcode == wstest.Ping {
			p.TCP.Write(pong(string(f.Payload)))
		}
	}
}

// settle waits until the server uses no more than that, or it will not.
func settle(t *testing.T, s *served, most testserver.Usage) (u testserver.Usage) {
	t.Helper()
	for end := time.Now().Add(patience / 2); ; time.Sleep(20 * time.Millisecond) {
		if u = s.usage(t); u.Within(most) || time.Now().After(end) {
			return u
		}
	}
}
