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

	"websocket-workshop/steps/tools/sidebyside"
	"websocket-workshop/steps/tools/wstest"
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
	"text that is not UTF-8":                          {{}, {libraryReads, `"\xff", <nil>`}},
	"a message over the limit":                        {{}, {libraryLimits, "close 1009, <nil>"}},
	"a message that is written behind a close frame":  {{rawWritesLate, net.ErrClosed.Error()}, {libraryWritesLate, `close 1001 "", <nil>, text "late", <nil>`}},
	"compression (RFC 7692)":                          {{}, {libraryCompresses, "101 Sec-WebSocket-Extensions: permessage-deflate, true, <nil>"}},
	"a client side":                                   {{rawDialed, `{"msg":[{, <nil>`}, {libraryThroughProxy, "an echo, <nil>"}},
	"messages as streams, without holding them whole": {{rawStreams, "one frame, <nil>"}, {libraryStreams, "many frames, <nil>"}},
	"time limits":                                     {{func(*testing.T) string { return writeTime.String() }, "5s"}, {libraryCanceled, context.DeadlineExceeded.Error()}},
	"a host that a proxy has changed":                 {{}, {libraryBehindProxy, "403"}},
	"a heartbeat":                                     {{}, {libraryPings, "pong, <nil>"}}, // and see TestHeartbeat
	"50 long posts, for a client":                     {{rawStreams, "one frame, <nil>"}, {libraryDials, "StatusMessageTooBig"}},
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
		wait = 4 * time.Second // enough for a handshake on a busy machine; what does not come need not be waited for longer
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

// onLibrary serves one visit of the library's to a client, and returns what the client has to
// say of it, or if that is nothing, the server.
func onLibrary(t *testing.T, serve func(*websocket.Conn) string, client func(*peer) string) string {
	said := make(chan string, 1)
	server := httptest.NewServer(accepting(nil, func(ws *websocket.Conn) { said <- serve(ws) }))
	t.Cleanup(server.Close)
	p, err := open(server.Listener.Addr().String())
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	if word := client(p); word != "" {
		return word
	}
	return <-said
}

// accepting answers each request with a visit of the library's.
func accepting(options *websocket.AcceptOptions, visit func(*websocket.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ws, err := websocket.Accept(w, r, options); err == nil {
			visit(ws)
			ws.CloseNow()
		}
	}
}

// dialed is the library's client, on a connection that it makes.
func dialed(t *testing.T, url string, options *websocket.DialOptions, visit func(*websocket.Conn) string) string {
	ws, _, err := websocket.Dial(soon(t), url, options)
	if err != nil {
		return err.Error()
	}
	defer ws.CloseNow()
	return visit(ws)
}

// soon is a context for what will happen.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// libraryReads is what the library makes of text that is not UTF-8.
func libraryReads(t *testing.T) string {
	return onLibrary(t, func(ws *websocket.Conn) string {
		_, data, err := ws.Read(soon(t))
		return fmt.Sprintf("%q, %v", data, err)
	}, func(p *peer) string {
		p.TCP.Write(text("\xff"))
		return ""
	})
}

// libraryLimits is how the library refuses a message over its limit.
func libraryLimits(t *testing.T) string {
	return onLibrary(t, func(ws *websocket.Conn) string {
		ws.SetReadLimit(4096)
		_, _, err := ws.Read(soon(t))
		return fmt.Sprint(err)
	}, func(p *peer) string {
		p.TCP.Write(text(long[:4097]))
		f, err := p.next()
		return fmt.Sprintf("%.10s, %v", f, err)
	})
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
	return onLibrary(t, func(ws *websocket.Conn) string {
		go ws.Close(websocket.StatusGoingAway, "")
		<-told
		return fmt.Sprint(ws.Write(soon(t), websocket.MessageText, []byte("late")))
	}, func(p *peer) string {
		first, err := p.next()
		close(told)
		second, err2 := p.next()
		return fmt.Sprintf("%v, %v, %v, %v", first, err, second, err2)
	})
}

func libraryCompresses(t *testing.T) string {
	message := bytes.Repeat([]byte("again and "), 300)
	server := httptest.NewServer(accepting(&websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover}, func(ws *websocket.Conn) {
		ws.Write(soon(t), websocket.MessageText, message)
		ws.Close(websocket.StatusNormalClosure, "")
	}))
	t.Cleanup(server.Close)
	came := answer(server.Listener.Addr().String(), with("Sec-WebSocket-Extensions: permessage-deflate"))
	return came + ", " + dialed(t, server.URL, &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover}, func(ws *websocket.Conn) string {
		_, came, err := ws.Read(soon(t))
		return fmt.Sprintf("%v, %v", bytes.Equal(came, message), err)
	})
}

// rawDialed lets another program's client talk to raw.
func rawDialed(t *testing.T) string {
	return dialed(t, "ws://"+start(t, self(t), "chat").addr, &websocket.DialOptions{Subprotocols: []string{"json"}}, func(ws *websocket.Conn) string {
		_, came, err := ws.Read(soon(t))
		return fmt.Sprintf("%.9s, %v", came, err)
	})
}

// libraryThroughProxy dials a TLS server by way of an HTTP proxy.
func libraryThroughProxy(t *testing.T) string {
	server := httptest.NewTLSServer(accepting(nil, func(ws *websocket.Conn) {
		op, data, _ := ws.Read(soon(t))
		ws.Write(soon(t), op, data)
	}))
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := net.Dial("tcp", r.Host)
		if err != nil || r.Method != http.MethodConnect {
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
	client.Transport.(*http.Transport).Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	return dialed(t, "wss"+strings.TrimPrefix(server.URL, "https"), &websocket.DialOptions{HTTPClient: client}, func(ws *websocket.Conn) string {
		if err := ws.Write(soon(t), websocket.MessageText, []byte("an echo")); err != nil {
			return err.Error()
		}
		_, came, err := ws.Read(soon(t))
		return fmt.Sprintf("%s, %v", came, err)
	})
}

// rawStreams writes a long message in the one way there is.
func rawStreams(t *testing.T) string {
	return fragmented(wstest.Read(bytes.NewReader(encode(opBinary, make([]byte, 1<<20)))))
}

// libraryStreams writes one message bit by bit.
func libraryStreams(t *testing.T) string {
	return onLibrary(t, func(ws *websocket.Conn) string {
		w, err := ws.Writer(soon(t), websocket.MessageBinary)
		if err != nil {
			return err.Error()
		}
		w.Write([]byte("a stream "))
		w.Write([]byte("of two"))
		w.Close()
		ws.CloseRead(soon(t))
		return ""
	}, func(p *peer) string { return fragmented(p.next()) })
}

// fragmented says whether a message that begins with f is in one frame or in many.
func fragmented(f wstest.Frame, err error) string {
	return fmt.Sprintf("%v, %v", map[bool]string{true: "one frame", false: "many frames"}[f.Fin], err)
}

// libraryCanceled reads for as long as a context lasts.
func libraryCanceled(t *testing.T) string {
	return onLibrary(t, func(ws *websocket.Conn) string {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, _, err := ws.Read(ctx)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			err = context.DeadlineExceeded // it closes the connection then, and may say that
		}
		return fmt.Sprint(err)
	}, func(*peer) string { return "" })
}

// libraryBehindProxy asks as a page does by way of a proxy that changes Host.
func libraryBehindProxy(t *testing.T) string {
	server := httptest.NewServer(accepting(nil, func(*websocket.Conn) {}))
	t.Cleanup(server.Close)
	return answer(server.Listener.Addr().String(), with("Origin: http://chat.example", "X-Forwarded-Host: chat.example"))[:3]
}

// libraryDials reads as a client what is longer than the limit that Dial sets.
func libraryDials(t *testing.T) string {
	got := make(chan string, 1)
	server := httptest.NewServer(accepting(nil, func(ws *websocket.Conn) {
		ws.Write(soon(t), websocket.MessageText, make([]byte, 32_769))
		_, _, err := ws.Read(soon(t))
		got <- websocket.CloseStatus(err).String()
	}))
	t.Cleanup(server.Close)
	return dialed(t, server.URL, nil, func(ws *websocket.Conn) string {
		if _, _, err := ws.Read(soon(t)); err == nil {
			return "read"
		}
		return <-got
	})
}

func libraryPings(t *testing.T) string {
	return onLibrary(t, func(ws *websocket.Conn) string {
		ctx := ws.CloseRead(soon(t))
		return fmt.Sprint("pong, ", ws.Ping(ctx))
	}, func(p *peer) string {
		f, err := p.next()
		if err != nil || f.Opcode != wstest.Ping {
			return fmt.Sprintf("%v, %v", f, err)
		}
		p.TCP.Write(pong(string(f.Payload)))
		return ""
	})
}
