package main

import (
	"flag"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"websocket-workshop/steps/tools/testserver"
)

// TestMain makes the test binary the chat server itself, main and all, if it is to be that.
func TestMain(m *testing.M) {
	if !strings.Contains(strings.Join(os.Args, " "), "-test.fuzz=") { // whose workers would be as many
		flag.Set("test.parallel", "50") // most tests wait for time limits: on a few processors, too, they can do so side by side
	}
	limit := maxMessage
	maxMessage = 64 << 20 // what is not the chat is an echo, for messages of any length
	code := testserver.Main(m, func() {
		maxMessage = limit
		main()
	}, func() { pingTime, quietTime = 200*time.Millisecond, 3*time.Second })
	os.RemoveAll(libraryDir)
	os.Exit(code)
}

// TestEcho serves an echo until it is interrupted, for a conformance suite from outside:
//
//	go test ./raw -v -timeout 0 -run TestEcho -echo=127.0.0.1:9001
func TestEcho(t *testing.T) { testserver.Echo(t, serveEcho) }

var visits sync.WaitGroup // of all connections in this process

// visiting answers any request with an upgrade.
func visiting(visit func(*conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c, err := accept(w, r); err == nil {
			visits.Go(func() { visit(c) })
		}
	}
}

var serveEcho = visiting(func(c *conn) { c.end(echo(c)) })

// echo sends every message back, until that ends; its error says why.
func echo(c *conn) error {
	for {
		m, err := c.read()
		if err != nil {
			return err
		}
		if err := c.write(encode(m.op, m.data)); err != nil {
			return err
		}
	}
}
