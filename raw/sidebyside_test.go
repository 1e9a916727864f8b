package main

// The library lives on at github.com/coder/websocket; the README says why this path is still here.
//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"
)

var update = flag.Bool("update", false, "write the README's side-by-side table anew")

// A side is a row of the README's table. What its cells say is what is seen: each has a
// probe, and the words that the probe must return.
type side struct {
	what         string
	raw, library cell
}

type cell struct {
	says string // in the table
	want string
	seen func(t *testing.T, s servers) string
}

// servers are what the probes ask: the address of each server, as an echo and as the chat.
type servers struct{ rawEcho, libraryEcho, rawChat, libraryChat string }

// sends is the probe that sends bytes to an echo and returns what a row of the tables says.
func sends(sent []byte, library bool) func(*testing.T, servers) string {
	return func(t *testing.T, s servers) string {
		addr := s.rawEcho
		if library {
			addr = s.libraryEcho
		}
		frames, halfClose := bytes.CutSuffix(sent, hangUp)
		return reason.ReplaceAllString(run(addr, frames, halfClose, whole), "$1$2")
	}
}

// asks is the probe that sends an opening handshake.
func asks(library bool, changes ...string) func(*testing.T, servers) string {
	return func(t *testing.T, s servers) string {
		if library {
			return answer(s.libraryChat, changes)
		}
		return answer(s.rawChat, changes)
	}
}

// both makes a row's two cells from the same bytes.
func both(what string, sent []byte, rawSays, rawWant, librarySays, libraryWant string) side {
	return side{what, cell{rawSays, rawWant, sends(sent, false)}, cell{librarySays, libraryWant, sends(sent, true)}}
}

func sides() []side {
	huge := closing(1000, "")
	huge = append(huge, bin(strings.Repeat("x", 16<<20))...)
	return []side{
		both("an unmasked frame", x("81 05 48 65 6c 6c 6f"),
			"close frame, 1002", "close 1002", "hangs up, no close frame", "hangs up"),
		both("a length not in its shortest form", cat(x("81 fe 00 05 37 fa 21 3d 7f 9f 4d 51 58"), closing(1000, "")),
			"close frame, 1002", "close 1002", "accepted", `text "Hello", close 1000`),
		{"text that is not UTF-8",
			cell{"close frame, 1007", "close 1007", sends(text("\xff"), false)},
			cell{"handed on: your code must check", `"\xff"`, libraryReads(text("\xff"))}},
		both("a close reason that is not UTF-8", closing(1000, "\xff"),
			"close frame, 1007", "close 1007", "sent back as it came", "close 1000"),
		{"a message over the limit",
			cell{"1009, from its header", "refused by its header", overLimit(false)},
			cell{"1009, once so much has come", "refused when it has come", overLimit(true)}},
		both("a connection cut between two fragments", cat(first("Hel"), hangUp),
			"the message is dropped", "hangs up", "what came is handed on as the whole message", `text "Hel", hangs up`),
		both("more than it reads, behind a close frame", huge,
			"read and dropped, so its answer arrives", "close 1000", "TCP reset, which can destroy its answer", "close 1000, resets"),
		{"an answer to its own close frame",
			cell{"ends it", "close 1001", rawAnswered},
			cell{"gets a second close frame", "close 1001, close 1001", libraryAnswered}},
		{"a message that is written behind a close frame",
			cell{"refused", net.ErrClosed.Error(), rawWritesLate},
			cell{"sent: your code must prevent it", `text "late", <nil>`, libraryWritesLate}},
		{"another protocol version",
			cell{"426, as the RFC has it", "426 Sec-WebSocket-Version: 13", asks(false, "Sec-WebSocket-Version: 8")},
			cell{"400", "400 Sec-WebSocket-Version: 13", asks(true, "Sec-WebSocket-Version: 8")}},
		{"two Origins, one of them foreign",
			cell{"403", "403", asks(false, "Origin: http://HOST", "+Origin: http://evil.example")},
			cell{"only the first is checked", "101", asks(true, "Origin: http://HOST", "+Origin: http://evil.example")}},
		{"each frame as a link to its bits",
			cell{"in the log", "a link", logs(false)},
			cell{"no: frames stay inside", "no link", logs(true)}},
		{"compression (RFC 7692)",
			cell{"no: an offer is declined", "101", asks(false, "Sec-WebSocket-Extensions: permessage-deflate")},
			cell{"yes, as an option", "agreed on, and read back", libraryCompresses}},
		{"a client side",
			cell{"no, but any client can talk to it", "no client; Dial got a history", rawDialed},
			cell{"Dial, through HTTP proxies and TLS too", "echo through a proxy and TLS", libraryThroughProxy}},
		{"messages as streams, without holding them whole",
			cell{"no: one slice each", "one frame, <nil>", func(*testing.T, servers) string {
				return (&peer{br: bufio.NewReader(bytes.NewReader(encode(opBinary, make([]byte, 1<<20))))}).fragments()
			}},
			cell{"Reader and Writer", "many frames", libraryStreams}},
		{"time limits",
			cell{"5 s, the same for all writes", "5s", func(*testing.T, servers) string { return writeTime.String() }},
			cell{"a context for each call", context.DeadlineExceeded.Error(), libraryCanceled}},
		{"asking whether a member is still there",
			cell{"no: it answers pings, and sends none", "no", rawPings},
			cell{"Ping waits for the pong", "pong", libraryPings}},
	}
}

const tableBegins, tableEnds = "<!-- side-by-side -->\n", "<!-- /side-by-side -->"

// TestSideBySide sees for every cell of the README's table that what it says is so, and
// that the table is in the README as it is here:
//
//	go test ./raw -run TestSideBySide -update
func TestSideBySide(t *testing.T) {
	t.Parallel()
	library := libraryBinary(t)
	s := servers{start(t, self(t), "echo").addr, start(t, library, "echo").addr, start(t, self(t), "chat").addr, start(t, library, "chat").addr}
	var table strings.Builder
	table.WriteString("| what happens with | `raw/` | `library/` |\n|---|---|---|\n")
	for _, row := range sides() {
		fmt.Fprintf(&table, "| %s | %s | %s |\n", row.what, row.raw.says, row.library.says)
		for name, c := range map[string]cell{"raw": row.raw, "library": row.library} {
			t.Run(row.what+", "+name, func(t *testing.T) {
				if seen := c.seen(t, s); seen != c.want {
					t.Errorf("the table says %q, but what is seen is %s, and not %s", c.says, seen, c.want)
				}
			})
		}
	}

	path := filepath.Join("..", "README.md")
	readme, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("there is no README.md yet")
	}
	before, rest, begins := strings.Cut(string(readme), tableBegins)
	old, after, ends := strings.Cut(rest, tableEnds)
	switch {
	case !begins || !ends:
		t.Fatalf("README.md has no lines %q and %q", strings.TrimSpace(tableBegins), tableEnds)
	case *update:
		if err := os.WriteFile(path, []byte(before+tableBegins+table.String()+tableEnds+after), 0o666); err != nil {
			t.Fatal(err)
		}
	case old != table.String():
		t.Errorf("README.md has another table than this; go test ./raw -run TestSideBySide -update writes it:\n%s", table.String())
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

// overLimit says when the chat refuses 4,097 bytes.
func overLimit(library bool) func(*testing.T, servers) string {
	return func(t *testing.T, s servers) string {
		addr := s.rawChat
		if library {
			addr = s.libraryChat
		}
		header := cat(frameHeader(0x81, 4097), x("00 00 00 00"))
		switch {
		case strings.HasSuffix(reason.ReplaceAllString(run(addr, header, true, whole), "$1"), "close 1009"):
			return "refused by its header"
		case strings.HasSuffix(reason.ReplaceAllString(run(addr, text(long[:4097]), true, whole), "$1"), "close 1009"):
			return "refused when it has come"
		}
		return "taken"
	}
}

// soon is a context for what will happen.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// libraryReads sends bytes to the library and says what it makes of them.
func libraryReads(sent []byte) func(*testing.T, servers) string {
	return func(t *testing.T, _ servers) string {
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
		defer p.nc.Close()
		return <-got
	}
}

// answerClose answers the close frame that the server at addr sends, and says what comes.
func answerClose(addr string) string {
	p, err := open(addr)
	if err != nil {
		return err.Error()
	}
	defer p.nc.Close()
	f, err := p.next()
	if err != nil {
		return err.Error()
	}
	p.nc.Write(frame(0x88, f.payload))
	came := f.String()
	if rest := p.rest(); rest != "hangs up" {
		came += ", " + rest
	}
	return regexp.MustCompile(` ".*?"`).ReplaceAllString(came, "")
}

func rawAnswered(t *testing.T, _ servers) string {
	return answerClose(serveOne(t, func(c *conn) {
		c.goodbye()
		_, err := c.read()
		c.end(err)
	}))
}

func libraryAnswered(t *testing.T, _ servers) string {
	server := serveLibrary(t, nil, func(ws *websocket.Conn) { ws.Close(websocket.StatusGoingAway, "") })
	server.Start()
	return answerClose(server.Listener.Addr().String())
}

func rawWritesLate(t *testing.T, _ servers) string {
	got := make(chan string, 1)
	p, err := open(serveOne(t, func(c *conn) {
		c.goodbye()
		got <- fmt.Sprint(c.write(encode(opText, []byte("late"))))
	}))
	if err != nil {
		return err.Error()
	}
	defer p.nc.Close()
	return <-got
}

func libraryWritesLate(t *testing.T, _ servers) string {
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
	defer p.nc.Close()
	if f, err := p.next(); err != nil || f.first != 0x88 {
		return fmt.Sprintf("%v, %v", f, err)
	}
	close(told)
	f, err := p.next()
	return fmt.Sprintf("%v, %v", f, err)
}

// logs says whether a server of its own has written a link to a frame into its log.
func logs(library bool) func(*testing.T, servers) string {
	return func(t *testing.T, _ servers) string {
		binary := self(t)
		if library {
			binary = libraryBinary(t)
		}
		s := start(t, binary, "chat")
		p, err := open(s.addr)
		if err != nil {
			return err.Error()
		}
		p.nc.Write(closing(1000, ""))
		io.Copy(io.Discard, p.br)
		p.nc.Close()
		s.stdin.Close()
		<-s.done
		if strings.Contains(s.log.String(), "/frame.html#8882") {
			return "a link"
		}
		return "no link"
	}
}

func libraryCompresses(t *testing.T, _ servers) string {
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

// source is raw's own code, for what it does not have.
func source(t *testing.T) (all string) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if b, err := os.ReadFile(file); err != nil {
			t.Error(err)
		} else if !strings.HasSuffix(file, "_test.go") {
			all += string(b)
		}
	}
	return all
}

func rawDialed(t *testing.T, s servers) string {
	if regexp.MustCompile(`(?i)\bdial`).MatchString(source(t)) {
		return "raw seems to have a client"
	}
	ws, _, err := websocket.Dial(soon(t), "ws://"+s.rawChat, &websocket.DialOptions{Subprotocols: []string{"json"}})
	if err != nil {
		return err.Error()
	}
	defer ws.CloseNow()
	if _, came, err := ws.Read(soon(t)); err != nil || !bytes.Contains(came, []byte(`{"msg":[{`)) {
		return fmt.Sprintf("%q, %v", came, err)
	}
	return "no client; Dial got a history"
}

// libraryThroughProxy dials a TLS server by way of an HTTP proxy.
func libraryThroughProxy(t *testing.T, _ servers) string {
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

// libraryStreams writes one message bit by bit.
func libraryStreams(t *testing.T, _ servers) string {
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
	defer p.nc.Close()
	return p.fragments()
}

// fragments says whether the message that comes is in one frame or in many.
func (p *peer) fragments() string {
	if f, err := p.next(); err != nil || f.first&0x80 != 0 {
		return fmt.Sprintf("one frame, %v", err)
	}
	return "many frames"
}

// libraryCanceled reads for as long as a context lasts.
func libraryCanceled(t *testing.T, _ servers) string {
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
	defer p.nc.Close()
	return <-got
}

func rawPings(t *testing.T, _ servers) string {
	if strings.Contains(source(t), "encode(opPing") {
		return "yes"
	}
	return "no"
}

func libraryPings(t *testing.T, _ servers) string {
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
	defer p.nc.Close()
	f, err := p.next()
	if err != nil || f.first != 0x89 {
		return fmt.Sprintf("%v, %v", f, err)
	}
	p.nc.Write(pong(f.payload))
	if err := <-got; err != nil {
		return err.Error()
	}
	return "pong"
}
