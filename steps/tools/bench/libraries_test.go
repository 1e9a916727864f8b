package bench

//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
	nhooyr "nhooyr.io/websocket"

	"websocket-workshop/steps/tools/frames"
)

// A visit is what a library can do with one connection.
type visit struct {
	read  func() (string, error)
	write func(string)
	close func(code int)
	end   func() error // of TCP
}

// libraries are those of the table "When to use which" in library/README.md.
var libraries = map[string]struct {
	accept  func(http.ResponseWriter, *http.Request) (visit, error)
	goodbye string // what comes where a close frame is sent, a message is written, and then the answer comes
	badText string // what is read where text is not UTF-8
	foreign int    // what an Origin of another host is answered with
}{
	"nhooyr":  {acceptNhooyr, `close 1001 "", text "late", close 1001 ""`, `"\xff", <nil>`, 403},
	"coder":   {acceptCoder, `close 1001 ""`, `"\xff", <nil>`, 403},
	"gorilla": {acceptGorilla, `close 1001 ""`, `"\xff", <nil>`, 403},
	"gobwas":  {acceptGobwas, `close 1001 "", text "late", close 1001 ""`, `"", ` + wsutil.ErrInvalidUTF8.Error(), 101},
}

func acceptNhooyr(w http.ResponseWriter, r *http.Request) (visit, error) {
	c, err := nhooyr.Accept(w, r, nil)
	return visit{
		func() (string, error) { _, b, err := c.Read(context.Background()); return string(b), err },
		func(s string) { c.Write(context.Background(), nhooyr.MessageText, []byte(s)) },
		func(code int) { c.Close(nhooyr.StatusCode(code), "") },
		c.CloseNow,
	}, err
}

func acceptCoder(w http.ResponseWriter, r *http.Request) (visit, error) {
	c, err := coder.Accept(w, r, nil)
	return visit{
		func() (string, error) { _, b, err := c.Read(context.Background()); return string(b), err },
		func(s string) { c.Write(context.Background(), coder.MessageText, []byte(s)) },
		func(code int) { c.Close(coder.StatusCode(code), "") },
		c.CloseNow,
	}, err
}

func acceptGorilla(w http.ResponseWriter, r *http.Request) (visit, error) {
	c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	return visit{
		func() (string, error) { _, b, err := c.ReadMessage(); return string(b), err },
		func(s string) { c.WriteMessage(websocket.TextMessage, []byte(s)) },
		func(code int) { c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, "")) },
		func() error { return c.Close() },
	}, err
}

func acceptGobwas(w http.ResponseWriter, r *http.Request) (visit, error) {
	c, _, _, err := ws.UpgradeHTTP(r, w)
	return visit{
		func() (string, error) { b, _, err := wsutil.ReadClientData(c); return string(b), err },
		func(s string) { wsutil.WriteServerText(c, []byte(s)) },
		func(code int) { ws.WriteFrame(c, ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(code), ""))) },
		func() error { return c.Close() },
	}, err
}

// TestLibraries sees what the table says of each library.
func TestLibraries(t *testing.T) {
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			told, late, read := make(chan bool), make(chan bool), make(chan string, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				v, err := l.accept(w, r)
				if err != nil {
					return
				}
				switch r.URL.Path {
				case "/read":
					s, err := v.read()
					read <- fmt.Sprintf("%q, %v", s, err)
				case "/goodbye":
					go func() { v.close(1001); v.read(); v.end() }()
					<-told
					v.write("late")
					close(late)
				}
			}))
			defer server.Close()
			addr := server.Listener.Addr().String()

			c := ask(t, addr, "GET /read HTTP/1.1")
			c.Send(frames.Whole(frames.Text, []byte("\xff"), [4]byte{1, 2, 3, 4}))
			if got := <-read; got != l.badText {
				t.Errorf("of text that is not UTF-8 comes %s, want %s", got, l.badText)
			}
			res, err := ask(t, addr).Ask(frames.Handshake(addr).With("Origin", "http://other.example"))
			if err != nil || res.StatusCode != l.foreign {
				t.Errorf("another origin: %v, %v, want %d", res, err, l.foreign)
			}
			if got := goodbye(ask(t, addr, "GET /goodbye HTTP/1.1"), told, late); got != l.goodbye {
				t.Errorf("a goodbye is %s, want %s", got, l.goodbye)
			}
		})
	}
}

// ask opens a connection, with a handshake if it is given a request line.
func ask(t *testing.T, addr string, line ...string) *frames.Client {
	c, err := frames.Dial(addr, patience)
	if err == nil && line != nil {
		_, err = c.Ask(frames.Handshake(addr).Changed(line...))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.TCP.Close() })
	return c
}

// goodbye answers a close frame once the server has written a message behind it.
func goodbye(c *frames.Client, told, late chan bool) string {
	var came []string
	for {
		f, err := c.Next()
		if err != nil {
			return strings.Join(came, ", ")
		}
		if came = append(came, f.String()); len(came) == 1 {
			told <- true
			<-late
			c.Send(frames.Whole(frames.Close, f.Payload, [4]byte{1, 2, 3, 4}))
		}
	}
}
