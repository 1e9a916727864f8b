package main

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// serveOne serves raw's connections to a visitor of the test's own.
func serveOne(t *testing.T, visit func(c *conn)) (addr string) {
	t.Helper()
	server := httptest.NewServer(visiting(visit))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// fromClose reads to the end, and returns the first close frame, which it answers, and what
// came behind it.
func (p *peer) fromClose() (came []wstest.Frame, err error) {
	for {
		f, err := p.next()
		if err != nil {
			return came, err
		}
		if f.Opcode == wstest.Close && came == nil {
			p.TCP.Write(frame(0x88, string(f.Payload)))
		}
		if f.Opcode == wstest.Close || came != nil {
			came = append(came, f)
		}
	}
}

// TestNothingBehindClose: once a close frame is out no other frame is, whoever is about to
// write one (5.5.1).
func TestNothingBehindClose(t *testing.T) {
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
		p, err := open(addr, ping("p")...) // which asks for a pong besides
		if err != nil {
			t.Fatal(err)
		}
		if came, err := p.fromClose(); err != wstest.ErrHungUp || len(came) != 1 {
			t.Fatalf("from the close frame on came %v, %v", came, err)
		}
		p.TCP.Close()
	}
}

// TestNoPushBehindClose: who is refused by the server on the library gets no history any more,
// however much is posted (5.5.1). Its own second close frame stands in the tables.
func TestNoPushBehindClose(t *testing.T) {
	t.Parallel()
	s := start(t, libraryBinary(t), "chat")
	poster := join(t, s)
	go io.Copy(io.Discard, poster.In)
	for range 30 {
		p := join(t, s)
		p.TCP.Write(bin("refused"))
		for i := range 20 {
			poster.TCP.Write(text(said(fmt.Sprint("post ", i), 0)))
		}
		came, err := p.fromClose()
		if came == nil || slices.ContainsFunc(came, func(f wstest.Frame) bool { return f.Opcode != wstest.Close }) {
			t.Fatalf("from the close frame on came %v, %v", came, err)
		}
	}
}

// nowhere is a connection's TCP end: it takes what is written, and has no time limits.
type nowhere struct{ net.Conn }

func (nowhere) Write(b []byte) (int, error)      { return len(b), nil }
func (nowhere) SetReadDeadline(time.Time) error  { return nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }
func (nowhere) Close() error                     { return nil }

// onePen is a TCP end that knows how many write to it at once.
type onePen struct {
	nowhere
	writing, mixed atomic.Int32
}

func (p *onePen) Write(b []byte) (int, error) {
	if p.writing.Add(1) > 1 {
		p.mixed.Add(1)
	}
	time.Sleep(time.Millisecond) // long enough for another to come in, if it can
	p.writing.Add(-1)
	return len(b), nil
}

// TestOneWriterAtATime: frames of several writers do not mix (5.4: not even their bytes may).
func TestOneWriterAtATime(t *testing.T) {
	t.Parallel()
	pen := new(onePen)
	c := &conn{nc: pen}
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 10 {
				c.write(encode(opText, []byte(hello)))
			}
		})
	}
	writers.Wait()
	if n := pen.mixed.Load(); n > 0 {
		t.Errorf("%d writes began while another was under way", n)
	}
}

// TestStaysBehindGoodbye: who is told goodbye and does not hang up can go on sending, and is
// not waited for without an end (7.1.1).
func TestStaysBehindGoodbye(t *testing.T) {
	t.Parallel()
	began, done := time.Now(), make(chan error, 1)
	p, err := open(serveOne(t, func(c *conn) {
		c.end(closeError{1000, "over"})
		done <- c.nc.SetDeadline(time.Time{}) // an error, if it is closed
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.TCP.Close()
	if came := p.rest(wstest.Frame.String); came != `close 1000 "over"` { // the server has hung up
		t.Errorf("came %s", came)
	}
	if _, err := p.TCP.Write([]byte("still here")); err != nil {
		t.Errorf("the client cannot send any more: %v", err)
	}
	select {
	case err := <-done:
		if took := time.Since(began); err == nil || took < closeTime {
			t.Errorf("the client was waited for no longer than %v, and then the connection is still open: %v", took, err == nil)
		}
	case <-time.After(patience):
		t.Error("the client is waited for without an end")
	}
}
