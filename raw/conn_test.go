package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// TestNothingAfterClose: once a close frame is out no other frame is, no matter who is about to
// write one (5.5.1).
func TestNothingAfterClose(t *testing.T) {
	t.Parallel()
	addr := serveOne(t, func(c *conn) {
		for range 4 {
			go func() {
				for c.write(encode(opText, []byte("more"))) == nil {
				}
			}()
		}
		go c.goodbye()
		_, err := c.read()
		c.end(err)
	})
	for range 300 {
		c := join(t, addr, wstest.Masked(wstest.Ping, []byte("p"))) // which asks for a pong besides
		if came, err := fromClose(c); err != wstest.ErrHungUp || len(came) != 1 {
			t.Fatalf("from the close frame on came %v, %v", came, err)
		}
		c.Close()
	}
}

// TestPingAfterGoodbye: a ping that comes after our close frame is not answered, and does not
// keep the member's answer from being read (5.5.1).
func TestPingAfterGoodbye(t *testing.T) {
	t.Parallel()
	sent := append(wstest.Masked(wstest.Ping, []byte("p")).Bytes(), closing(1001, "bye").Bytes()...)
	c := &conn{nc: &wstest.Endless{}, br: bufio.NewReader(bytes.NewReader(sent))}
	c.goodbye()
	if _, err := c.read(); err != (closeError{1001, "bye"}) {
		t.Errorf("a ping and a close frame were read, and the visit ends with %v", err)
	}
}

// TestNoPushAfterClose: a member that the server on the library refuses gets no more history,
// however much is posted (5.5.1). The library's own second close frame is in the table.
func TestNoPushAfterClose(t *testing.T) {
	t.Parallel()
	s := start(t, libraryBinary(t), "chat")
	poster := join(t, s.addr)
	go io.Copy(io.Discard, poster.In)
	for range 30 {
		c := join(t, s.addr)
		c.Send(wstest.Masked(wstest.Binary, []byte("refused")))
		for i := range 20 {
			poster.SendText(rules.PostBy(fmt.Sprint("post ", i), 0))
		}
		came, err := fromClose(c)
		isPush := func(f wstest.Frame) bool { return f.Opcode != wstest.Close }
		if came == nil || slices.ContainsFunc(came, isPush) {
			t.Fatalf("from the close frame on came %v, %v", came, err)
		}
	}
}

// A tcp stands for a connection's TCP end: write handles what is written.
type tcp struct {
	net.Conn
	write         func([]byte) (int, error)
	reads, writes []time.Duration // time limits that were set, from then
	closed        atomic.Int32
}

func (c *tcp) Write(b []byte) (int, error) { return c.write(b) }
func (c *tcp) Close() error                { c.closed.Add(1); return nil }

func (c *tcp) SetReadDeadline(t time.Time) error {
	c.reads = append(c.reads, time.Until(t))
	return nil
}

func (c *tcp) SetWriteDeadline(t time.Time) error {
	c.writes = append(c.writes, time.Until(t))
	return nil
}

// accepting is what a write to a member that reads comes to.
func accepting(b []byte) (int, error) { return len(b), nil }

// TestOneWriterAtATime: not even the bytes of several writers' frames mix (5.4).
func TestOneWriterAtATime(t *testing.T) {
	t.Parallel()
	var writing, mixed atomic.Int32
	c := &conn{nc: &tcp{write: func(b []byte) (int, error) {
		if writing.Add(1) > 1 {
			mixed.Add(1)
		}
		time.Sleep(time.Millisecond) // long enough for another to come in, if it can
		writing.Add(-1)
		return len(b), nil
	}}}
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 10 {
				c.write(encode(opText, []byte("Hello")))
			}
		})
	}
	writers.Wait()
	if n := mixed.Load(); n > 0 {
		t.Errorf("%d writes began while another was under way", n)
	}
}

// TestTimeLimit: each frame that is read or written has a time limit, from when it begins. A write
// that fails closes the connection, as half a frame may be out.
func TestTimeLimit(t *testing.T) {
	t.Parallel()
	nc := &tcp{write: accepting}
	sent := append(wstest.Masked(wstest.Pong, nil).Bytes(), wstest.Masked(wstest.Text, nil).Bytes()...)
	c := &conn{nc: nc, br: bufio.NewReader(bytes.NewReader(sent))}
	near := func(limits []time.Duration, want time.Duration) bool {
		return len(limits) > 0 && limits[len(limits)-1] <= want && limits[len(limits)-1] > want-patience/10
	}
	if _, err := c.read(); err != nil || len(nc.reads) != 2 || !near(nc.reads, quietTime) {
		t.Errorf("two frames are read: %v, time limits %v", err, nc.reads)
	}
	for range 2 {
		nc.writes = nil
		err := c.write(encode(opText, nil))
		if err != nil || !near(nc.writes, writeTime) || nc.closed.Load() > 0 {
			t.Errorf("a write: %v, time limits %v, closed %d times", err, nc.writes, nc.closed.Load())
		}
	}
	nc.write = func([]byte) (int, error) { return 1, errors.New("a timeout") }
	if err := c.write(encode(opText, nil)); err == nil || nc.closed.Load() == 0 {
		t.Errorf("a write that failed: %v, closed %d times", err, nc.closed.Load())
	}
}

// TestStaysAfterGoodbye: a client that is told goodbye and does not hang up can go on sending, and
// is not waited for forever (7.1.1).
func TestStaysAfterGoodbye(t *testing.T) {
	t.Parallel()
	began, done := time.Now(), make(chan error, 1)
	c := join(t, serveOne(t, func(c *conn) {
		c.end(closeError{1000, "over"})
		done <- c.nc.SetDeadline(time.Time{}) // an error, if it is closed
	}))
	if came := rest(c); came != `close 1000 "over", hangs up` {
		t.Errorf("came %s", came)
	}
	if _, err := c.Write([]byte("still here")); err != nil {
		t.Errorf("the client can no longer send: %v", err)
	}
	select {
	case err := <-done:
		if took := time.Since(began); err == nil || took < closeTime {
			t.Errorf("the client was waited for %v, and the connection is still open: %v", took, err == nil)
		}
	case <-time.After(patience):
		t.Error("the client is waited for forever")
	}
}
