package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

const get = "GET /frame.js HTTP/1.1\r\nHost: x\r\n\r\n"

// TestTimeLimits: what a client of HTTP can make the server wait for, and for how long. The
// code is the same in library/.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	addr := start(t, self(t), "chat").addr
	try := func(what string, client func(*peer) error) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p, err := dial(addr)
			if err != nil {
				t.Fatal(err)
			}
			defer p.TCP.Close()
			if err := client(p); err != nil {
				t.Error(err)
			}
		})
	}
	try("one who takes nothing", takesNothing)
	try("one who has nothing more to ask", asksLater)
	for _, half := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nContent-Length: 10\r\n\r\n"} {
		try(fmt.Sprintf("one who sends %q", half), func(p *peer) error {
			io.WriteString(p.TCP, half)
			_, err := io.Copy(io.Discard, p.TCP)
			return endless(cmp.Or(err, io.EOF))
		})
	}
}

// takesNothing asks for a page again and again, reads nothing, and must be let go.
func takesNothing(p *peer) error {
	for {
		if _, err := io.WriteString(p.TCP, get); err != nil {
			return endless(err)
		}
	}
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

// endless is an error if err says that nothing ended the connection.
func endless(err error) error {
	if wstest.Ending(err) == "waits" {
		return fmt.Errorf("the server waits without an end: %w", err)
	}
	return nil
}
