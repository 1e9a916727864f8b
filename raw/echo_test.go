package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

var echoAddr = flag.String("echo", "", "with -run TestEcho: the `host:port` to serve a WebSocket echo on")

// TestEcho serves an echo until it is interrupted, for a conformance suite from outside:
//
//	go test ./raw -v -timeout 0 -run TestEcho -echo=127.0.0.1:9001
func TestEcho(t *testing.T) {
	if *echoAddr == "" {
		t.Skip("serves an echo when it is given an address: -echo=127.0.0.1:9001")
	}
	listener, err := net.Listen("tcp", *echoAddr)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	deadline, limited := t.Deadline() // go test's own time limit: 10 minutes, if not told otherwise
	limit := "it stops with Ctrl-C"
	if limited {
		limit += fmt.Sprintf(", or at %s: -timeout 0 lets it go on", deadline.Format(time.TimeOnly))
		timer := time.AfterFunc(time.Until(deadline)-time.Second, func() { stop <- os.Interrupt })
		defer timer.Stop()
	}
	fmt.Printf("echo on ws://%v/ - %s\n", listener.Addr(), limit)

	server := &http.Server{Handler: http.HandlerFunc(serveEcho)}
	go func() { <-stop; server.Close() }()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		t.Error(err)
	}
}

// serveEcho answers any request with an upgrade.
func serveEcho(w http.ResponseWriter, r *http.Request) {
	c, err := accept(w, r)
	if err != nil {
		return
	}
	go func() { c.end(echo(c)) }()
}

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
