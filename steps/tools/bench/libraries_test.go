package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/wstest"
)

// A visit is one connection on a library, with what the test does to it.
type visit struct {
	read    func() (string, error)
	write   func(string)
	goodbye func()       // with 1001
	end     func() error // of TCP
}

// libraries lists those in the table "When to use which" in library/README.md, except the first, which
// raw's tests cover.
var libraries = map[string]struct {
	accept  func(http.ResponseWriter, *http.Request) (visit, error)
	goodbye string // what comes if a close frame is sent, then a message is written, and then the answer arrives
	badText string // what is read if a text is not UTF-8
	foreign int    // the status for an Origin on another host
}{
	"coder":   {acceptCoder, `close 1001 ""`, `"\xff", <nil>`, 403},
	"gorilla": {acceptGorilla, `close 1001 ""`, `"\xff", <nil>`, 403},
	"gobwas": {acceptGobwas, `close 1001 "", text "late", close 1001 ""`, `"", ` +
		wsutil.ErrInvalidUTF8.Error(), 101},
}

func acceptCoder(w http.ResponseWriter, r *http.Request) (visit, error) {
	c, err := coder.Accept(w, r, nil)
	return visit{
		func() (string, error) { _, b, err := c.Read(context.Background()); return string(b), err },
		func(s string) { c.Write(context.Background(), coder.MessageText, []byte(s)) },
		func() { c.Close(1001, "") },
		c.CloseNow,
	}, err
}

func acceptGorilla(w http.ResponseWriter, r *http.Request) (visit, error) {
	c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	return visit{
		func() (string, error) { _, b, err := c.ReadMessage(); return string(b), err },
		func(s string) { c.WriteMessage(websocket.TextMessage, []byte(s)) },
		func() { c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "")) },
		func() error { return c.Close() },
	}, err
}

func acceptGobwas(w http.ResponseWriter, r *http.Request) (visit, error) {
	c, _, _, err := ws.UpgradeHTTP(r, w)
	return visit{
		func() (string, error) { b, _, err := wsutil.ReadClientData(c); return string(b), err },
		func(s string) { wsutil.WriteServerText(c, []byte(s)) },
		func() { ws.WriteFrame(c, ws.NewCloseFrame(ws.NewCloseFrameBody(1001, ""))) },
		func() error { return c.Close() },
	}, err
}

// TestLibraries checks the table's statements about each library.
func TestLibraries(t *testing.T) {
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			told, late, read := make(chan bool), make(chan bool), make(chan string, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				v, err := l.accept(w, r)
				if err != nil || r.Header.Get("Origin") != "http://"+r.Host {
					return
				}
				s, err := v.read()
				read <- fmt.Sprintf("%q, %v", s, err)
				go func() { v.goodbye(); v.read(); v.end() }()
				<-told
				v.write("late")
				close(late)
			}))
			defer server.Close()
			addr := server.Listener.Addr().String()

			if c, err := wstest.Dial(addr, patience); err != nil {
				t.Error(err)
			} else if res, err := c.Ask(wstest.Handshake(addr).With("Origin", "http://other.example")); err != nil ||
				res.Status != l.foreign {
				t.Errorf("another origin: %v, %v, want %d", res, err, l.foreign)
			}

			c, err := wstest.Open(addr, patience)
			if err != nil {
				t.Fatal(err)
			}
			defer c.TCP.Close()
			c.Send(wstest.Whole(wstest.Text, []byte("\xff"), [4]byte{1, 2, 3, 4}))
			if got := goodbye(c, told, late); got != l.goodbye {
				t.Errorf("a goodbye is %s, want %s", got, l.goodbye)
			}
			if got := <-read; got != l.badText {
				t.Errorf("for text that is not UTF-8, %s comes, want %s", got, l.badText)
			}
		})
	}
}

// goodbye answers a close frame once the server has written a message after it, and returns what came.
func goodbye(c *wstest.Client, told, late chan bool) string {
	var came []string
	for f, err := c.Next(); err == nil; f, err = c.Next() {
		if came = append(came, f.String()); len(came) == 1 {
			told <- true
			<-late
			c.Send(wstest.Whole(wstest.Close, f.Payload, [4]byte{1, 2, 3, 4}))
		}
	}
	return strings.Join(came, ", ")
}

// TestCheck: the check that attendees run on their server on a library accepts the library's successor,
// and a different library.
func TestCheck(t *testing.T) {
	check := filepath.Join(t.TempDir(), "check.exe")
	if said, err := process.Build(t.Context(), root, check, "./steps/tools/check"); err != nil {
		t.Fatal(err, said)
	}
	for _, peer := range []string{"coder", "gorilla"} {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := assemble(peer, dir); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), check, "-step", "6", "-library", dir).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
