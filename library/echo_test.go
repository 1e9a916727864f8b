package main

//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"websocket-workshop/steps/tools/testserver"
)

// TestMain makes the test binary the chat server itself, main and all, if it is to be that.
func TestMain(m *testing.M) {
	os.Exit(testserver.Main(m, main, func() { pingTime, quietTime = 200*time.Millisecond, 3*time.Second }))
}

// TestEcho serves an echo until it is interrupted, for a conformance suite from outside:
//
//	go test ./library -v -timeout 0 -run TestEcho -echo=127.0.0.1:9001
func TestEcho(t *testing.T) { testserver.Echo(t, serveEcho) }

// serveEcho answers any request with an upgrade.
func serveEcho(w http.ResponseWriter, r *http.Request) {
	c, err := accept(w, r)
	if err != nil {
		return
	}
	c.ws.SetReadLimit(64 << 20)
	go func() { c.end(echo(c)) }()
}

// echo sends every message back, until that ends; its error says why.
func echo(c *conn) error {
	for {
		m, err := c.read()
		if err != nil {
			return err
		}
		if err := c.ws.Write(context.Background(), m.op, m.data); err != nil {
			return err
		}
	}
}
