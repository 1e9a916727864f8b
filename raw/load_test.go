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

	"websocket-workshop/steps/tools/frames"
	"websocket-workshop/steps/tools/testserver"
)

var load = flag.Bool("load", false, "run TestLoad: 1,000 members, some of them faulty")

// How many members TestLoad has of each kind, and how often the posters post.
const (
	loadMembers = 1000
	neverRead   = 100 // of them take nothing of what they are sent
	vanish      = 100 // end by a reset in the middle of a frame
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

	// What a server uses that has had as many members, and now has none but a full history.
	poster := join(t, s)
	for i := range historySize {
		poster.TCP.Write(text(loadPost("before", i)))
	}
	if _, err := poster.final("before"); err != nil {
		t.Fatal(err)
	}
	crowd := []*peer{poster}
	for range loadMembers {
		crowd = append(crowd, join(t, s))
	}
	for _, p := range crowd {
		p.TCP.Close()
	}
	empty := settle(t, s, testserver.Usage{Goroutines: 10, Descriptors: 20, Memory: 1 << 40})
	progress("%d members have come and gone: %+v", loadMembers, empty)

	var readers, lazy, doomed []*peer
	for i := range loadMembers {
		p := join(t, s)
		switch {
		case i%10 == 3:
			p.TCP.SetReadBuffer(4096)
			lazy = append(lazy, p)
		case i%10 == 7:
			doomed = append(doomed, p)
		default:
			readers = append(readers, p)
		}
	}
	if len(lazy) != neverRead || len(doomed) != vanish {
		t.Fatalf("%d lazy and %d doomed members", len(lazy), len(doomed))
	}
	progress("%d members: %+v", loadMembers, s.usage(t))

	// It goes on until the lazy ones have been let go: what the system keeps for them in its
	// buffers must be full first, and then they have 5 seconds.
	most := testserver.Usage{Goroutines: empty.Goroutines + len(readers), Descriptors: empty.Descriptors + len(readers), Memory: 1 << 40}
	for round := 0; round < rounds || !s.usage(t).Within(most) && time.Since(began) < patience; round++ {
		name := fmt.Sprint("round ", round)
		var posting, reading sync.WaitGroup
		finals, errs := make([]string, len(readers)), make([]error, len(readers))
		for i, p := range readers {
			reading.Go(func() { finals[i], errs[i] = p.final(name) })
		}
		for i, p := range readers[:posters] {
			posting.Go(func() { p.TCP.Write(text(loadPost(name, i))) })
		}
		for _, p := range doomed[min(round, rounds)*vanish/rounds : min(round+1, rounds)*vanish/rounds] {
			posting.Go(func() {
				p.TCP.Write(text(loadPost("never complete", 0))[:200])
				p.TCP.SetLinger(0)
				p.TCP.Close()
			})
		}
		posting.Wait()
		reading.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, final := range finals {
			if final != finals[0] {
				t.Fatalf("%s ended with this history for member 0:\n%s\nand with this for member %d:\n%s", name, finals[0], i, final)
			}
		}
		for i := range posters {
			if !strings.Contains(finals[0], fmt.Sprintf(`"user":"%s, %d"`, name, i)) {
				t.Errorf("%s: post %d is lost", name, i)
			}
		}
		progress("%s: %d posts have come to %d readers, in one order", name, posters, len(readers))
	}
	left := settle(t, s, most)
	progress("the faulty members are gone: %+v", left)
	if !left.Within(most) {
		t.Errorf("there are %d members that read, and the server has more than for those: %+v", len(readers), left)
	}

	for i, p := range readers { // half of them with good manners
		if i%2 == 0 {
			p.TCP.Write(closing(1000, ""))
		} else {
			p.TCP.Close()
		}
	}
	for i := 0; i < len(readers); i += 2 {
		if f, err := readers[i].skip(); err != nil || f.String() != `close 1000 ""` {
			t.Fatalf("reader %d was answered %v, %v", i, f, err)
		}
		readers[i].TCP.Close()
	}
	most = empty
	most.Memory += slack
	after := settle(t, s, most)
	progress("all have left: %+v", after)
	if !after.Within(most) {
		t.Errorf("the server has kept something: before %+v, after %+v", empty, after)
	}
}

// loadPost returns a post of some length.
func loadPost(user string, i int) string {
	return said(fmt.Sprintf("%s, %d", user, i), 1000)
}

// join lets a member in.
func join(t *testing.T, s *process) *peer {
	t.Helper()
	p, err := open(s.addr)
	if errors.Is(err, syscall.EMFILE) {
		t.Skip("this system does not let one process have as many connections: raise ulimit -n over 1,100")
	}
	if err != nil {
		t.Fatal(err)
	}
	p.TCP.SetDeadline(time.Now().Add(4 * patience))
	return p
}

// final reads histories until one holds a post of each poster in the round.
func (p *peer) final(round string) (string, error) {
	for {
		f, err := p.alive()
		if err != nil || strings.Count(string(f.Payload), `"user":"`+round+", ") == historySize {
			return string(f.Payload), err
		}
	}
}

// alive returns the next frame that is no ping. Pings are answered.
func (p *peer) alive() (frames.Frame, error) {
	for {
		f, err := p.next()
		if err != nil || f.Opcode != frames.Ping {
			return f, err
		}
		p.TCP.Write(pong(string(f.Payload)))
	}
}

// skip reads what has been pushed, up to something else.
func (p *peer) skip() (frames.Frame, error) {
	for {
		f, err := p.alive()
		if err != nil || f.Opcode != frames.Text {
			return f, err
		}
	}
}

// settle waits until the server uses no more than that, or it will not.
func settle(t *testing.T, s *process, most testserver.Usage) (u testserver.Usage) {
	t.Helper()
	for end := time.Now().Add(patience / 2); ; time.Sleep(20 * time.Millisecond) {
		if u = s.usage(t); u.Within(most) || time.Now().After(end) {
			return u
		}
	}
}
