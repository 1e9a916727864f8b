package main

//lint:file-ignore SA1019 see websocket.go

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"websocket-workshop/steps/tools/wstest"
)

// A hijacker hands the library a lastWord in place of the connection.
type hijacker struct {
	http.ResponseWriter
	last lastWord
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.last.Conn = nc
	return &h.last, bufio.NewReadWriter(rw.Reader, bufio.NewWriter(&h.last)), nil
}

// A lastWord is a connection on which nothing is written after a close frame.
type lastWord struct {
	net.Conn
	closing atomic.Bool // no message is written any more: each Write is a control frame
	said    bool        // a close frame has been written
}

func (l *lastWord) Write(b []byte) (int, error) {
	if l.said {
		return len(b), nil
	}
	l.said = l.closing.Load() && b[0] == 0x88
	return l.Conn.Write(b)
}

// TestLastWord: the library answers the answer to its own close frame, whatever calls are made in whatever
// order; the lesson's code keeps that answer off the network.
func TestLastWord(t *testing.T) {
	for want, accept := range map[int]func(*hijacker) http.ResponseWriter{
		2: func(h *hijacker) http.ResponseWriter { return h.ResponseWriter },
		1: func(h *hijacker) http.ResponseWriter { return h },
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := &hijacker{ResponseWriter: w}
			ws, err := websocket.Accept(accept(h), r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			h.last.closing.Store(true)
			ws.Close(websocket.StatusGoingAway, "the server stops")
		}))
		defer server.Close()
		c, err := wstest.Open(server.Listener.Addr().String(), 30*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		got := 0
		for f, err := c.Next(); err == nil; f, err = c.Next() {
			if got++; f.Code() != 1001 || string(f.Payload[2:]) != "the server stops" {
				t.Errorf("%v came", f)
			}
			if got == 1 {
				c.Send(wstest.Masked(wstest.Close, f.Payload))
			}
		}
		if got != want {
			t.Errorf("%d close frames came, want %d", got, want)
		}
	}
}
