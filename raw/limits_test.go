package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

const get = "GET /frame.js HTTP/1.1\r\nHost: x\r\n\r\n"

// TestTimeLimits: the server limits how long an HTTP client can make it wait, but waits that long. The code is
// the same in library/.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	addr := start(t, self(t), "chat").addr
	try := func(what string, limit time.Duration, client func(*wstest.Client) error) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			c, err := wstest.Dial(addr, patience)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			err = client(c)
			if took := time.Since(began); err != nil || took < limit || took > limit+patience/3 {
				t.Errorf("it ended after %v, want %v: %v", took, limit, err)
			}
		})
	}
	try("one that reads nothing", rules.AnswerTime, readsNothing)
	try("one that has nothing more to ask", rules.HandshakeTime, asksLater)
	for _, half := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nContent-Length: 10\r\n\r\n"} {
		try(fmt.Sprintf("one that sends %q", half), rules.HandshakeTime, func(c *wstest.Client) error {
			io.WriteString(c, half)
			c.Drain()
			return nil
		})
	}
}

// readsNothing asks for a page again and again, reads nothing, and must be dropped.
func readsNothing(c *wstest.Client) error {
	for {
		if _, err := io.WriteString(c, get); err != nil {
			return nil
		}
	}
}

// asksLater asks twice, with a pause longer than a request may take, which is allowed.
func asksLater(c *wstest.Client) error {
	for pause := range 2 {
		time.Sleep(time.Duration(pause) * (rules.HandshakeTime + time.Second))
		io.WriteString(c, get)
		res, err := http.ReadResponse(c.In, nil)
		if err != nil {
			return err
		}
		io.Copy(io.Discard, res.Body)
	}
	return nil
}

// A deaf is the server's side of a client that reads nothing.
type deaf struct {
	*httptest.ResponseRecorder
	nc net.Conn
}

func (d deaf) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return d.nc, bufio.NewReadWriter(bufio.NewReader(d.nc), bufio.NewWriter(d.nc)), nil
}

// TestDeaf: a client that does not read the answer to its handshake does not hold up the server forever.
func TestDeaf(t *testing.T) {
	t.Parallel()
	nc, client := net.Pipe()
	defer time.AfterFunc(patience, func() { client.Close() }).Stop()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header = http.Header{"Connection": {"upgrade"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {wstest.SampleKey}}
	if _, err := accept(deaf{httptest.NewRecorder(), nc}, r); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the server waits until %v", err)
	}
}
