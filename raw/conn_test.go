package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// TestWrongHeader: a header is refused as soon as it is known to be wrong, and not because it breaks off.
func TestWrongHeader(t *testing.T) {
	for sent, wrong := range map[string]bool{
		"\x81\x7e": true, "\x89\xfe": true, // no mask, a long ping: the length is yet to come
		"\x81\xfe\x00\x7d": true, // 125 in 16 bits: the key is yet to come
		"\x81\xfe\x00":     false, "\x81\xff\x00": false,
	} {
		_, err := readHeader(strings.NewReader(sent))
		if _, refused := err.(closeError); refused != wrong {
			t.Errorf("from % x comes %v", sent, err)
		}
	}
}

// TestNothingAfterClose: no frame follows a close frame, whoever is about to write one (5.5.1).
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
		c := join(t, addr, wstest.Masked(wstest.Ping, []byte("p"))) // so that a pong is due, too
		if came, err := fromClose(c); err != wstest.ErrHungUp || len(came) != 1 {
			t.Fatalf("from the close frame on, %v came, and %v", came, err)
		}
		c.Close()
	}
}

// TestPingAfterGoodbye: a ping that arrives after our close frame is not answered, and does not keep the
// server from reading the member's answer (5.5.1).
func TestPingAfterGoodbye(t *testing.T) {
	t.Parallel()
	sent := append(wstest.Masked(wstest.Ping, []byte("p")).Bytes(), closing(1001, "bye").Bytes()...)
	c := &conn{nc: &wstest.Endless{}, br: bufio.NewReader(bytes.NewReader(sent))}
	c.goodbye()
	if _, err := c.read(); err != (closeError{1001, "bye"}) {
		t.Errorf("after a ping and a close frame, the visit ends with %v", err)
	}
}

// TestNoPushAfterClose: a member whose message the server on the library refuses gets no more histories,
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
			t.Fatalf("from the close frame on, %v came, and %v", came, err)
		}
	}
}

// TestStaysAfterGoodbye: a client that does not hang up after a close frame can keep sending, but the server
// does not wait for it forever (7.1.1), even if that close frame was the server's own.
func TestStaysAfterGoodbye(t *testing.T) {
	t.Parallel()
	for want, before := range map[string]func(*conn){
		`close 1000 "over"`:             func(*conn) {},
		`close 1001 "the server stops"`: (*conn).goodbye,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			staysAfter(t, want, before)
		})
	}
}

func staysAfter(t *testing.T, goodbye string, before func(*conn)) {
	began, done := time.Now(), make(chan error, 1)
	c := join(t, serveOne(t, func(c *conn) {
		before(c)
		c.end(closeError{1000, "over"})
		done <- c.nc.SetDeadline(time.Time{}) // an error, if it is closed
	}))
	if came := rest(c); came != goodbye+", hangs up" {
		t.Errorf("came %s", came)
	}
	if _, err := c.Write([]byte("still here")); err != nil {
		t.Errorf("the client can no longer send: %v", err)
	}
	select {
	case err := <-done:
		if took := time.Since(began); err == nil || took < closeTime {
			t.Errorf("the server waited %v for the client, and the connection is still open: %v", took, err == nil)
		}
	case <-time.After(patience):
		t.Error("the server waits forever for the client")
	}
}
