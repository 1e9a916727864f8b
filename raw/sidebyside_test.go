package main

// The library lives on at github.com/coder/websocket; the README says why this path is still here.
//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"websocket-workshop/steps/tools/frames"
	"websocket-workshop/steps/tools/sidebyside"
)

var update = flag.Bool("update", false, "write the table in library/README.md anew")

// A sight is what is seen of a cell, if no row's bytes show it, and what must be seen.
type sight struct {
	seen func(t *testing.T) string
	want string
}

// sights are those of the table's rows that take code of one's own to be seen: for raw, for the
// library. Where a cell is "no", there is nothing to see.
var sights = map[string][2]sight{
	"text that is not UTF-8":                          {{}, {libraryReads(text("\xff")), `"\xff"`}},
	"a message over the limit":                        {{}, {libraryLimits, "close 1009"}},
	"a message that is written behind a close frame":  {{rawWritesLate, net.ErrClosed.Error()}, {libraryWritesLate, `text "late", <nil>`}},
	"compression (RFC 7692)":                          {{}, {libraryCompresses, "agreed on, and read back"}},
	"a client side":                                   {{rawDialed, "a history"}, {libraryThroughProxy, "echo through a proxy and TLS"}},
	"messages as streams, without holding them whole": {{rawStreams, "one frame"}, {libraryStreams, "many frames"}},
	"time limits":                                     {{func(*testing.T) string { return writeTime.String() }, "5s"}, {libraryCanceled, context.DeadlineExceeded.Error()}},
	"a host that a proxy has changed":                 {{}, {libraryBehindProxy, "403"}},
	"a heartbeat":                                     {{}, {libraryPings, "pong"}}, // and see TestHeartbeat
	"50 long posts, for a client":                     {{rawStreams, "one frame"}, {libraryDials, "StatusMessageTooBig"}},
}

const tableBegins, tableEnds = "<!-- side-by-side -->\n", "<!-- /side-by-side -->"

// TestSideBySide sees for the rows of the table that what they say is so, and that
// the table is in library/README.md as it is in the list:
//
//	go test ./raw -run TestSideBySide -update
func TestSideBySide(t *testing.T) {
	t.Parallel()
	raw, library := start(t, self(t), "chat").addr, start(t, libraryBinary(t), "chat").addr
	left := maps.Clone(sights)
	t.Run("row", func(t *testing.T) {
		for _, r := range sidebyside.Rows {
			delete(left, r.What)
			t.Run(r.What, func(t *testing.T) {
				t.Parallel()
				if !r.Tried() && sights[r.What][1].seen == nil {
					t.Error("nothing shows what the table says")
				}
				if r.Tried() {
					tryRow(t, "raw", r, raw, r.Want[0])
					tryRow(t, "library", r, library, r.Want[1])
				}
				for i, s := range sights[r.What] {
					if s.seen == nil {
						continue
					}
					if seen := s.seen(t); seen != s.want {
						t.Errorf("%s: what is seen is %s, and not %s", []string{"raw", "library"}[i], seen, s.want)
					}
				}
			})
		}
	})
	for what := range left {
		t.Errorf("%q is in no row", what)
	}
	tableInReadme(t)
}

// tryRow holds a server to what a row says of it.
func tryRow(t *testing.T, who string, r sidebyside.Row, addr, want string) {
	t.Helper()
	wait := patience
	if strings.Contains(want, "waits") {
		wait = time.Second // what does not come does not come sooner on a slow machine
	}
	got := r.Try(addr, wait)
	if runtime.GOOS != "linux" && strings.Contains(want, "resets") {
		return // elsewhere the reset destroys what came before it, or does not
	}
	if got != want {
		t.Errorf("%s: came %s, want %s", who, got, want)
	}
}

// tableInReadme sees that library/README.md has the table of the list, or writes it.
func tableInReadme(t *testing.T) {
	table := sidebyside.Table()
	path := filepath.Join("..", "library", "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(strings.ReplaceAll(string(readme), "\r\n", "\n"), tableBegins)
	old, after, ends := strings.Cut(rest, tableEnds)
	switch {
	case !begins || !ends:
		t.Fatalf("library/README.md has no lines %q and %q", strings.TrimSpace(tableBegins), tableEnds)
	case *update:
		if err := os.WriteFile(path, []byte(before+tableBegins+table+tableEnds+after), 0o666); err != nil {
			t.Fatal(err)
		}
	case old != table:
		t.Errorf("library/README.md has another table than this; go test ./raw -run TestSideBySide -update writes it:\n%s", table)
	}
}

// Probes.

// serveLibrary serves one visit of the library's.
func serveLibrary(t *testing.T, options *websocket.AcceptOptions, visit func(*websocket.Conn)) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws, err := websocket.Accept(w, r, options); err == nil {
			visit(ws)
			ws.CloseNow()
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// soon is a context for what will happen.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// libraryReads sends bytes to the library and says what it makes of them.
func libraryReads(sent []byte) func(*testing.T) string {
	return func(t *testing.T) string {
		got := make(chan string, 1)
		server := serveLibrary(t, nil, func(ws *websocket.Conn) {
			_, data, err := ws.Read(soon(t))
			if got <- fmt.Sprintf("%q", data); err != nil {
				t.Error(err)
			}
		})
		server.Start()
		p, err := open(server.Listener.Addr().String(), sent...)
		if err != nil {
			return err.Error()
		}
		defer p.TCP.Close()
		return <-got
	}
}

// libraryLimits sends more than the library's limit, and says how it refuses that.
func libraryLimits(t *testing.T) string {
	server := serveLibrary(t, nil, func(ws *websocket.Conn) {
		ws.SetReadLimit(4096)
		ws.Read(soon(t))
	})
	server.Start()
	p, err := open(server.Listener.Addr().String(), text(long[:4097])...)
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	f, err := p.next()
	if err != nil || f.Opcode != frames.Close {
		return fmt.Sprintf("%v, %v", f, err)
	}
	return f.String()[:len("close 1009")]
}

func rawWritesLate(t *testing.T) string {
	got := make(chan string, 1)
	p, err := open(serveOne(t, func(c *conn) {
		c.goodbye()
		got <- fmt.Sprint(c.write(encode(opText, []byte("late"))))
	}))
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	return <-got
}

func libraryWritesLate(t *testing.T) string {
	told := make(chan struct{})
	server := serveLibrary(t, nil, func(ws *websocket.Conn) {
		go ws.Close(websocket.StatusGoingAway, "")
		<-told
		ws.Write(soon(t), websocket.MessageText, []byte("late"))
	})
	server.Start()
	p, err := open(server.Listener.Addr().String())
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	if f, err := p.next(); err != nil || f.Opcode != frames.Close {
		return fmt.Sprintf("%v, %v", f, err)
	}
	close(told)
	f, err := p.next()
	return fmt.Sprintf("%v, %v", f, err)
}

func libraryCompresses(t *testing.T) string {
	message := bytes.Repeat([]byte("again and "), 300)
	server := serveLibrary(t, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover}, func(ws *websocket.Conn) {
		ws.Write(soon(t), websocket.MessageText, message)
		ws.Close(websocket.StatusNormalClosure, "")
	})
	server.Start()
	addr := server.Listener.Addr().String()
	if came := answer(addr, with("Sec-WebSocket-Extensions: permessage-deflate")); !strings.Contains(came, "Extensions: permessage-deflate") {
		return came
	}
	ws, _, err := websocket.Dial(soon(t), server.URL, &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		return err.Error()
	}
	defer ws.CloseNow()
	if _, came, err := ws.Read(soon(t)); err != nil || !bytes.Equal(came, message) {
		return fmt.Sprintf("%q, %v", came, err)
	}
	return "agreed on, and read back"
}

// rawDialed lets another program's client talk to raw.
func rawDialed(t *testing.T) string {
	ws, _, err := websocket.Dial(soon(t), "ws://"+start(t, self(t), "chat").addr, &websocket.DialOptions{Subprotocols: []string{"json"}})
	if err != nil {
		return err.Error()
	}
	defer ws.CloseNow()
	if _, came, err := ws.Read(soon(t)); err != nil || !bytes.Contains(came, []byte(`{"msg":[{`)) {
		return fmt.Sprintf("%q, %v", came, err)
	}
	return "a history"
}

// libraryThroughProxy dials a TLS server by way of an HTTP proxy.
func libraryThroughProxy(t *testing.T) string {
	server := serveLibrary(t, nil, func(ws *websocket.Conn) {
		op, data, _ := ws.Read(soon(t))
		ws.Write(soon(t), op, data)
	})
	server.StartTLS()
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method
		out, err := net.Dial("tcp", r.Host)
		if err != nil {
			return
		}
		defer out.Close()
		w.WriteHeader(http.StatusOK)
		in, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer in.Close()
		go io.Copy(out, buffered) // the client's first bytes may be in it already
		io.Copy(in, out)
	}))
	t.Cleanup(proxy.Close)
	client := server.Client()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	client.Transport.(*http.Transport).Proxy = http.ProxyURL(address)
	ws, _, err := websocket.Dial(soon(t), "wss"+strings.TrimPrefix(server.URL, "https"), &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		return err.Error()
	}
	defer ws.CloseNow()
	if err := ws.Write(soon(t), websocket.MessageText, []byte("echo")); err != nil {
		return err.Error()
	}
	if _, came, err := ws.Read(soon(t)); err != nil || <-asked != http.MethodConnect {
		return fmt.Sprintf("%q, %v", came, err)
	}
	return "echo through a proxy and TLS"
}

// rawStreams writes a long message in the one way there is.
func rawStreams(t *testing.T) string {
	return fragmented(frames.Read(bytes.NewReader(encode(opBinary, make([]byte, 1<<20)))))
}

// libraryStreams writes one message bit by bit.
func libraryStreams(t *testing.T) string {
	server := serveLibrary(t, nil, func(ws *websocket.Conn) {
		w, err := ws.Writer(soon(t), websocket.MessageBinary)
		if err != nil {
			t.Error(err)
			return
		}
		w.Write([]byte("a stream "))
		w.Write([]byte("of two"))
		w.Close()
		ws.CloseRead(soon(t))
	})
	server.Start()
	p, err := open(server.Listener.Addr().String())
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	return fragmented(p.next())
}

// fragmented says whether a message that begins with f is in one frame or in many.
func fragmented(f frames.Frame, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case f.Fin:
		return "one frame"
	}
	return "many frames"
}

// libraryCanceled reads for as long as a context lasts.
func libraryCanceled(t *testing.T) string {
	got := make(chan string, 1)
	server := serveLibrary(t, nil, func(ws *websocket.Conn) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, _, err := ws.Read(ctx)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			err = context.DeadlineExceeded // it closes the connection then, and may say that
		}
		got <- fmt.Sprint(err)
	})
	server.Start()
	p, err := open(server.Listener.Addr().String())
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	return <-got
}

// libraryBehindProxy asks as a page does by way of a proxy that changes Host.
func libraryBehindProxy(t *testing.T) string {
	server := serveLibrary(t, nil, func(*websocket.Conn) {})
	server.Start()
	return answer(server.Listener.Addr().String(), with("Origin: http://chat.example", "X-Forwarded-Host: chat.example"))[:3]
}

// libraryDials reads as a client what is longer than the limit that Dial sets.
func libraryDials(t *testing.T) string {
	got := make(chan string, 1)
	server := serveLibrary(t, nil, func(ws *websocket.Conn) {
		ws.Write(soon(t), websocket.MessageText, make([]byte, 32_769))
		_, _, err := ws.Read(soon(t))
		got <- websocket.CloseStatus(err).String()
	})
	server.Start()
	ws, _, err := websocket.Dial(soon(t), server.URL, nil)
	if err != nil {
		return err.Error()
	}
	defer ws.CloseNow()
	if _, _, err := ws.Read(soon(t)); err == nil {
		return "read"
	}
	return <-got
}

func libraryPings(t *testing.T) string {
	got := make(chan error, 1)
	server := serveLibrary(t, nil, func(ws *websocket.Conn) {
		ctx := ws.CloseRead(soon(t))
		got <- ws.Ping(ctx)
	})
	server.Start()
	p, err := open(server.Listener.Addr().String())
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	f, err := p.next()
	if err != nil || f.Opcode != frames.Ping {
		return fmt.Sprintf("%v, %v", f, err)
	}
	p.TCP.Write(pong(string(f.Payload)))
	if err := <-got; err != nil {
		return err.Error()
	}
	return "pong"
}
