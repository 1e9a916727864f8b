package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

const get = "GET /frame.js HTTP/1.1\r\nHost: x\r\n\r\n"

// TestTimeLimits: the server limits how long an HTTP client can make it wait. The code is the same in
// library/.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	addr := start(t, self(t), "chat").addr
	try := func(what string, client func(*wstest.Client) error) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c, err := wstest.Dial(addr, patience)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := client(c); err != nil {
				t.Error(err)
			}
		})
	}
	try("one that reads nothing", readsNothing)
	try("one that has nothing more to ask", asksLater)
	for _, half := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nContent-Length: 10\r\n\r\n"} {
		try(fmt.Sprintf("one that sends %q", half), func(c *wstest.Client) error {
			io.WriteString(c, half)
			return endless(c.Drain())
		})
	}
}

// readsNothing asks for a page again and again, reads nothing, and must be dropped.
func readsNothing(c *wstest.Client) error {
	for {
		if _, err := io.WriteString(c, get); err != nil {
			return endless(err)
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

// endless returns an error if err means that nothing ended the connection.
func endless(err error) error {
	if err == wstest.ErrTimeout {
		return errors.New("the server waits forever")
	}
	return nil
}
