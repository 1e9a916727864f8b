package main

//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/rules"
)

var echoAddr = flag.String("echo", "", "with -run TestEcho: the `host:port` to serve a WebSocket echo on")

// TestMain makes the test binary the chat server itself, including main, if a test asks for that.
func TestMain(m *testing.M) {
	if process.Play(map[string]func(){
		"chat":           main,
		"impatient chat": func() { pingTime, quietTime = 200*time.Millisecond, 3*time.Second; main() },
	}) {
		return
	}
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// TestEcho serves an echo until it is interrupted, for a conformance suite from outside:
//
//	go test ./library -v -timeout 0 -run TestEcho -echo=127.0.0.1:9001
func TestEcho(t *testing.T) {
	if *echoAddr == "" {
		t.Skip("serves an echo when it is given an address: -echo=127.0.0.1:9001")
	}
	if err := process.ServeUntilInterrupted(*echoAddr, http.HandlerFunc(serveEcho)); err != nil {
		t.Error(err)
	}
}

// serveEcho answers every request with an upgrade.
func serveEcho(w http.ResponseWriter, r *http.Request) {
	c, err := accept(w, r)
	if err != nil {
		return
	}
	c.ws.SetReadLimit(rules.EchoLimit)
	go func() { c.end(echo(c)) }()
}

// echo sends every message back until the connection ends, and returns why it did.
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

// TestLimits: raw's limits and times apply here, too, and in the examples and the servers of the benchmark.
func TestLimits(t *testing.T) {
	if maxMessage != rules.MaxMessage || writeTime != rules.WriteTime || pingTime != rules.PingTime ||
		quietTime != rules.QuietTime || historySize != rules.HistorySize {
		t.Errorf("the limits are %d bytes, %v, %v, %v and %d posts, which are not those of package rules",
			maxMessage, writeTime, pingTime, quietTime, historySize)
	}
	want := map[string]string{
		"maxMessage": fmt.Sprint(rules.MaxMessage), "historySize": fmt.Sprint(rules.HistorySize),
		"writeTime": rules.Code(rules.WriteTime), "pingTime": rules.Code(rules.PingTime),
		"quietTime": rules.Code(rules.QuietTime), "pongTime": rules.Code(rules.QuietTime - rules.PingTime),
		"ReadTimeout": rules.Code(rules.HandshakeTime), "WriteTimeout": rules.Code(rules.AnswerTime),
		"AfterFunc": rules.Code(rules.GoodbyeTime),
	}
	constant := regexp.MustCompile(`\b(\w+)(?: += |: |\()(\d+(?: ?\* ?time\.\w+)?)`)
	files, _ := filepath.Glob("examples/*/main.go")
	more, _ := filepath.Glob("../steps/tools/bench/testdata/*/websocket.go")
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllStringSubmatch(string(text), -1) {
			if w, isLimit := want[m[1]]; isLimit && strings.ReplaceAll(w, " ", "") != strings.ReplaceAll(m[2], " ", "") {
				t.Errorf("%s has %s, want %s", file, m[0], w)
			}
		}
	}
}
