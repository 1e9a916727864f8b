package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"websocket-workshop/steps/tools/frames"
)

// TestTimeLimits: what a client can make the server wait for, and for how long. All wait at
// the same time.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	defer all.Wait()
	try := func(what, addr string, client func(*peer) error) {
		all.Go(func() {
			p, err := dial(addr)
			if err == nil {
				defer p.TCP.Close()
				err = client(p)
			}
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	for name, binary := range map[string]string{"raw": self(t), "library": libraryBinary(t)} {
		addr := start(t, binary, "chat").addr
		try(name+", one who takes nothing", addr, takesNothing)
		try(name+", one who has nothing more to ask", addr, asksLater)
		for _, half := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
			"POST / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nContent-Length: 10\r\n\r\n"} {
			try(fmt.Sprintf("%s, one who sends %q", name, half), addr, func(p *peer) error { return sendsHalf(p, half) })
		}
	}
	all.Go(func() { staysBehindGoodbye(t) })
	all.Go(func() { takesNoFrames(t) })
}

const get = "GET /frame.js HTTP/1.1\r\nHost: x\r\n\r\n"

// takesNothing asks for a page again and again, reads nothing, and must be let go.
func takesNothing(p *peer) error {
	for {
		if _, err := io.WriteString(p.TCP, get); err != nil {
			return endless(err)
		}
	}
}

// sendsHalf sends the beginning of a request, and must be let go.
func sendsHalf(p *peer, half string) error {
	io.WriteString(p.TCP, half)
	_, err := io.Copy(io.Discard, p.TCP)
	return endless(cmp.Or(err, io.EOF))
}

// endless is an error if err says that nothing ended the connection.
func endless(err error) error {
	if frames.Ending(err) == "waits" {
		return errors.New("the server waits without an end")
	}
	return nil
}

// asksLater asks twice, with a pause longer than a request may take, and may do so.
func asksLater(p *peer) error {
	for pause := range 2 {
		time.Sleep(time.Duration(pause) * 6 * time.Second)
		io.WriteString(p.TCP, get)
		res, err := http.ReadResponse(p.In, nil)
		if err != nil {
			return err
		}
		io.Copy(io.Discard, res.Body)
	}
	return nil
}

// staysBehindGoodbye is told goodbye, does not hang up, and is not waited for (7.1.1).
func staysBehindGoodbye(t *testing.T) {
	began, done := time.Now(), make(chan error, 1)
	p, err := open(serveOne(t, func(c *conn) {
		c.end(closeError{1000, "over"})
		done <- c.nc.SetDeadline(time.Time{})
	}))
	if err != nil {
		t.Error(err)
		return
	}
	defer p.TCP.Close()
	if came := p.rest(); came != `close 1000 "over"` { // the server has hung up
		t.Errorf("came %s", came)
	}
	if _, err := p.TCP.Write([]byte("still here")); err != nil {
		t.Errorf("the client cannot send any more: %v", err)
	}
	isClosed(t, done)
	if took := time.Since(began); took < closeTime {
		t.Errorf("the client was waited for no longer than %v", took)
	}
}

// takesNoFrames does not take what is written, and loses its connection.
func takesNoFrames(t *testing.T) {
	done := make(chan error, 1)
	p, err := open(serveOne(t, func(c *conn) {
		for c.write(encode(opBinary, make([]byte, 1<<20))) == nil {
		}
		_, err := c.nc.Write([]byte("x"))
		done <- err
	}))
	if err != nil {
		t.Error(err)
		return
	}
	defer p.TCP.Close()
	isClosed(t, done)
}

// isClosed waits until a server says what using its connection gave: an error, for it is closed.
func isClosed(t *testing.T, done <-chan error) {
	select {
	case err := <-done:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("the connection is still open: %v", err)
		}
	case <-time.After(patience):
		t.Error("the client is waited for without an end")
	}
}
