package main

// The library lives on at github.com/coder/websocket; the README says why this path is still here.
//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// A sight shows a cell of the table that no client's bytes can show: what is seen, and what must be seen.
type sight struct {
	seen func(t *testing.T) string
	want string
}

// sights has those for the table's rows that take a program to show: for raw, and for the library. Where a
// cell is "no", there is nothing to see.
var sights = map[string][2]sight{
	"text that is not UTF-8": {{}, {libraryReads, `"\xff", <nil>`}},
	"a message that is written after a close frame": {{rawWritesLate, net.ErrClosed.Error()},
		{libraryWritesLate, `close 1001 "", <nil>, text "late", <nil>`}},
	"compression (RFC 7692)": {{}, {libraryCompresses, "permessage-deflate, true, <nil>"}},
	"a client side":          {{rawDialed, `{"msg":[{, <nil>`}, {libraryThroughProxy, "an echo, <nil>"}},
	"messages as streams, without holding them whole": {{rawStreams, "one frame, <nil>"},
		{libraryStreams, "many frames, <nil>"}},
	// and TestLimits
	"time limits":                     {{}, {libraryCanceled, context.DeadlineExceeded.Error()}},
	"a host that a proxy has changed": {{}, {libraryBehindProxy, "403"}},
	"a heartbeat":                     {{}, {libraryPings, "pong, <nil>"}}, // and TestHeartbeat
	fmt.Sprint(rules.HistorySize, " long posts, for a client"): {{rawStreams, "one frame, <nil>"},
		{libraryDials, "StatusMessageTooBig"}},
}

// TestSideBySide makes each row of the table in library/README.md happen.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	servers := [2]string{start(t, self(t), "chat").addr, start(t, libraryBinary(t), "chat").addr}
	left := maps.Clone(sights)
	t.Run("row", func(t *testing.T) {
		for _, c := range rules.Differences() {
			delete(left, c.Name)
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				if c.Tried() {
					try(t, c, servers, rules.Whole)
				} else if sights[c.Name][1].seen == nil {
					t.Error("nothing shows what the table states")
				}
				for i, s := range sights[c.Name] {
					if s.seen == nil {
						continue
					}
					if seen := s.seen(t); seen != s.want {
						t.Errorf("%s: seen %s, want %s", []string{"raw", "library"}[i], seen, s.want)
					}
				}
			})
		}
	})
	for name := range left {
		t.Errorf("%q is not in the table", name)
	}
}

// onLibrary has the library serve one client, and returns what the client has seen or, if that is nothing,
// what the server has.
func onLibrary(t *testing.T, serve func(*websocket.Conn) string,
	client func(*wstest.Client) string) string {
	said := make(chan string, 1)
	server := httptest.NewServer(upgrading(nil, func(ws *websocket.Conn) { said <- serve(ws) }))
	t.Cleanup(server.Close)
	if word := client(join(t, server.Listener.Addr().String())); word != "" {
		return word
	}
	return <-said
}

// upgrading answers each request with a visit on the library.
func upgrading(options *websocket.AcceptOptions, visit func(*websocket.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ws, err := websocket.Accept(w, r, options); err == nil {
			visit(ws)
			ws.CloseNow()
		}
	}
}

// dialed runs the library's client, on a connection that it makes.
func dialed(t *testing.T, url string, options *websocket.DialOptions,
	visit func(*websocket.Conn) string) string {
	ws, _, err := websocket.Dial(soon(t), url, options)
	if err != nil {
		return err.Error()
	}
	defer ws.CloseNow()
	return visit(ws)
}

// soon returns a context for something that must happen soon.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// libraryReads returns what the library returns for text that is not UTF-8.
func libraryReads(t *testing.T) string {
	return onLibrary(t, func(ws *websocket.Conn) string {
		_, data, err := ws.Read(soon(t))
		return fmt.Sprintf("%q, %v", data, err)
	}, func(c *wstest.Client) string {
		c.SendText("\xff")
		return ""
	})
}

func rawWritesLate(t *testing.T) string {
	got := make(chan string, 1)
	join(t, serveOne(t, func(c *conn) {
		c.goodbye()
		got <- fmt.Sprint(c.write(encode(opText, []byte("late"))))
	}))
	return <-got
}

func libraryWritesLate(t *testing.T) string {
	told := make(chan struct{})
	return onLibrary(t, func(ws *websocket.Conn) string {
		go ws.Close(websocket.StatusGoingAway, "")
		<-told
		return fmt.Sprint(ws.Write(soon(t), websocket.MessageText, []byte("late")))
	}, func(c *wstest.Client) string {
		first, err := c.NextValid()
		close(told)
		second, err2 := c.NextValid()
		return fmt.Sprintf("%v, %v, %v, %v", first, err, second, err2)
	})
}

func libraryCompresses(t *testing.T) string {
	message := bytes.Repeat([]byte("again and "), 300)
	const mode = websocket.CompressionContextTakeover
	server := httptest.NewServer(upgrading(&websocket.AcceptOptions{CompressionMode: mode},
		func(ws *websocket.Conn) {
			ws.Write(soon(t), websocket.MessageText, message)
			ws.Close(websocket.StatusNormalClosure, "")
		}))
	t.Cleanup(server.Close)
	a := answer(t, server, "Sec-WebSocket-Extensions: permessage-deflate")
	return dialed(t, server.URL, &websocket.DialOptions{CompressionMode: mode}, func(ws *websocket.Conn) string {
		_, came, err := ws.Read(soon(t))
		return fmt.Sprintf("%s, %v, %v", a.Get("Sec-WebSocket-Extensions"), bytes.Equal(came, message), err)
	})
}

// rawDialed has another program's client talk to raw.
func rawDialed(t *testing.T) string {
	return dialed(t, "ws://"+start(t, self(t), "chat").addr,
		&websocket.DialOptions{Subprotocols: []string{"json"}}, func(ws *websocket.Conn) string {
			_, came, err := ws.Read(soon(t))
			return fmt.Sprintf("%.9s, %v", came, err)
		})
}

// answer returns a server's answer to a handshake with changes.
func answer(t *testing.T, server *httptest.Server, changes ...string) wstest.Answer {
	addr := server.Listener.Addr().String()
	c, err := wstest.Dial(addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, _ := c.Ask(wstest.Handshake(addr).Changed(changes...)) // the caller looks at the answer
	return a
}

// libraryThroughProxy dials a TLS server through an HTTP proxy.
func libraryThroughProxy(t *testing.T) string {
	server := httptest.NewTLSServer(upgrading(nil, func(ws *websocket.Conn) {
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
		go io.Copy(out, buffered) // it may already have the client's first bytes
		io.Copy(in, out)
	}))
	t.Cleanup(proxy.Close)
	client := server.Client()
	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	client.Transport.(*http.Transport).Proxy = http.ProxyURL(through)
	return dialed(t, "wss"+strings.TrimPrefix(server.URL, "https"),
		&websocket.DialOptions{HTTPClient: client}, func(ws *websocket.Conn) string {
			if err := ws.Write(soon(t), websocket.MessageText, []byte("an echo")); err != nil {
				return err.Error()
			}
			_, came, err := ws.Read(soon(t))
			return fmt.Sprintf("%s, %v", came, err)
		})
}

// rawStreams writes a long message in the only possible way.
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
	}, func(c *wstest.Client) string { return fragmented(c.NextValid()) })
}

// fragmented tells whether a message that begins with f is in one frame or in many.
func fragmented(f wstest.Frame, err error) string {
	return fmt.Sprintf("%v, %v", map[bool]string{true: "one frame", false: "many frames"}[f.Fin], err)
}

// libraryCanceled reads until a context ends.
func libraryCanceled(t *testing.T) string {
	return onLibrary(t, func(ws *websocket.Conn) string {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, _, err := ws.Read(ctx)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			err = context.DeadlineExceeded // it then closes the connection, and may report that instead
		}
		return fmt.Sprint(err)
	}, func(*wstest.Client) string { return "" })
}

// libraryBehindProxy sends a handshake like a page's through a proxy that changes Host.
func libraryBehindProxy(t *testing.T) string {
	server := httptest.NewServer(upgrading(nil, func(*websocket.Conn) {}))
	t.Cleanup(server.Close)
	a := answer(t, server, "Origin: http://chat.example", "X-Forwarded-Host: chat.example")
	return fmt.Sprint(a.Status)
}

// libraryDials reads, as a client, a message over the limit that Dial sets.
func libraryDials(t *testing.T) string {
	got := make(chan string, 1)
	server := httptest.NewServer(upgrading(nil, func(ws *websocket.Conn) {
		ws.Write(soon(t), websocket.MessageText, make([]byte, rules.DialLimit+1))
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
	}, func(c *wstest.Client) string {
		f, err := c.NextValid()
		if err != nil || f.Opcode != wstest.Ping {
			return fmt.Sprintf("%v, %v", f, err)
		}
		c.Send(wstest.Masked(wstest.Pong, f.Payload))
		return ""
	})
}
