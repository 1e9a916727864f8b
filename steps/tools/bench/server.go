package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/wstest"
)

const patience = 20 * time.Second // for anything that a server must do

// A server is a process and its members.
type server struct {
	name    string
	addr    string
	pid     int
	members []*wstest.Client
	ctx     context.Context
	fail    context.CancelCauseFunc // ends ctx: the other methods do nothing any more

	missing atomic.Int64   // frames that are still to come
	only    atomic.Int64   // if not 0, count only frames with a text of this size
	last    chan time.Time // when the last of them came
	size    int64          // of its text
	sent    atomic.Int64   // bytes of text that all members were sent
}

// withServer starts a server, measures it and stops it, whatever happens.
func withServer(ctx context.Context, binaries, name string, members int,
	take func(*server, int) sample) (sample, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	addr := "127.0.0.1:" + process.FreePort()
	// its log is discarded: reading it would cost time, too
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, name+".exe"), "-addr", addr)
	process.OwnGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{name: name, addr: addr, pid: cmd.Process.Pid, last: make(chan time.Time), ctx: ctx, fail: fail}
	defer func() { s.hangUp(); fail(nil); cmd.Wait() }()
	for end := time.Now().Add(patience); len(process.Answering([]string{addr})) == 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	result := take(s, members)
	return result, context.Cause(ctx)
}

// open connects n members, and waits until each has received its first frame.
func (s *server) open(n int) {
	opened := make([]*wstest.Client, n)
	s.await(n, func() {
		var group sync.WaitGroup
		for worker := range 16 { // 16 dial at a time
			group.Go(func() {
				for i := worker; i < n; i += 16 {
					c, err := s.join()
					if err != nil {
						s.fail(err)
						return
					}
					c.TCP.SetDeadline(time.Time{}) // await has one
					opened[i] = c
					go s.member(bufio.NewReaderSize(c.In, 8<<10))
				}
			})
		}
		group.Wait()
	})
	if s.ctx.Err() == nil {
		s.members = append(s.members, opened...)
	}
}

// join opens a WebSocket. It does not check the accept value, since the bare server computes none.
func (s *server) join() (*wstest.Client, error) {
	c, err := wstest.Dial(s.addr, patience)
	if err != nil {
		return nil, err
	}
	a, err := c.Ask(wstest.Handshake(s.addr))
	if err == nil && a.Status != http.StatusSwitchingProtocols {
		err = fmt.Errorf("the handshake was answered with status %d", a.Status)
	}
	return c, err
}

// hangUp disconnects all members, and gives the server time to notice.
func (s *server) hangUp() {
	for _, c := range s.members {
		c.TCP.SetLinger(0) // with a reset: no port is kept waiting
		c.TCP.Close()
	}
	s.members = nil
	time.Sleep(20 * time.Millisecond)
}

// say has one member send frames, and returns how long it took until every member had received what it
// should get for them.
func (s *server) say(sent []byte) time.Duration {
	return s.await(len(s.members), func() {
		if _, err := s.members[0].TCP.Write(sent); err != nil {
			s.fail(err)
		}
	})
}

// await calls do, and returns how long it took until n frames had arrived.
func (s *server) await(n int, do func()) time.Duration {
	if s.ctx.Err() != nil {
		return 0
	}
	s.missing.Store(int64(n))
	start := time.Now()
	do()
	select {
	case end := <-s.last:
		return end.Sub(start)
	case <-s.ctx.Done():
	case <-time.After(patience):
		s.fail(fmt.Errorf("after %v, %d members still wait for a frame", patience, s.missing.Load()))
	}
	return 0
}

// member reads the frames for one member.
func (s *server) member(in *bufio.Reader) {
	for {
		header, err := in.Peek(4) // a whole header, for the lengths that occur here
		f, head := wstest.ParseHeader(header)
		size := int64(f.Length)
		if err == nil {
			_, err = in.Discard(head + int(size))
		}
		if errors.Is(err, net.ErrClosed) { // hangUp has closed it
			return
		}
		if err != nil {
			s.fail(err)
			return
		}
		if f.Opcode == wstest.Ping { // no answer is needed for 75 seconds
			continue
		}
		s.sent.Add(size)
		if only := s.only.Load(); only > 0 && size != only {
			continue
		}
		if s.missing.Add(-1) == 0 {
			s.size = size
			s.last <- time.Now()
		}
	}
}
