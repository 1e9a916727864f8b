package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocket-workshop/steps/tools/frames"
)

// What the chat adds to the protocol, over both servers as they are run.

// A chatRow is a rule for what members send to the chat.
type chatRow struct {
	section string
	rule    string
	sent    []byte
	want    string // "post", if a history comes back that has the post, or as in a row
	library string
}

// said returns a post of so many bytes by the user of that name.
func said(user string, size int) string {
	s := fmt.Sprintf(`{"user": %q, "text": ""}`, user)
	return s[:len(s)-2] + strings.Repeat("x", max(0, size-len(s))) + s[len(s)-2:]
}

var chatRows = []chatRow{
	{"5.6", "a post", text(said("a post", 0)), "post", ""},
	{"5.6", "a post with more in it", text(`{"time": 1, "x": [], "text": "<b>", "user": "a post with more in it"}`), "post", ""},
	{"5.6", "a post in fragments", in(3, said("a post in fragments", 100)), "post", ""},
	{"7.4.1", "a binary", bin(said("a binary", 0)), "close 1003", ""},
	{"7.4.1", "an empty binary", bin(""), "close 1003", ""},
	{"7.4.1", "a binary in fragments", fragments(0x82, 5, said("a binary", 0)), "close 1003", ""},
	{"7.4.1", "a text that is not JSON", text("hi"), "close 1007", ""},
	{"7.4.1", "an empty text", text(""), "close 1007", ""},
	{"7.4.1", "JSON that is no object", text(`["ann", "hi"]`), "close 1007", ""},
	{"7.4.1", "null", text("null"), "close 1007", ""},
	{"7.4.1", "no user", text(`{"text": "hi"}`), "close 1007", ""},
	{"7.4.1", "no text", text(`{"user": "ann"}`), "close 1007", ""},
	{"7.4.1", "a user that is a number", text(`{"user": 1, "text": "hi"}`), "close 1007", ""},
	{"7.4.1", "a text that is null", text(`{"user": "ann", "text": null}`), "close 1007", ""},
	{"7.4.1", "a post and something behind it", text(said("ann", 0) + "x"), "close 1007", ""},
	{"8.1", "a post that is not UTF-8", text("{\"user\": \"ann\", \"text\": \"\xff\"}"), "close 1007", ""},
	{"10.4", "4,096 bytes", text(said("4,096 bytes", 4096)), "post", ""},
	{"10.4", "4,096 bytes in fragments", in(1000, said("4,096 bytes in fragments", 4096)), "post", ""},
	{"10.4", "4,097 bytes", text(said("4,097 bytes", 4097)), "close 1009", ""},
	{"10.4", "4,097 bytes in fragments", in(1000, said("4,097 bytes in fragments", 4097)), "close 1009", ""},
	{"10.4", "4,097 bytes, of which none has come", cat(announced(0x81, 4097, [4]byte{}), hangUp), "close 1009", "close 1007"},
	{"10.4", "fragments without an end", cat(first("a"), times(5000, middle("a"))), "close 1009", ""},
	{"10.4", "70,000 bytes", text(long), "close 1009", ""},
}

func TestConformanceChat(t *testing.T) {
	t.Parallel()
	raw, library := start(t, self(t), "chat").addr, start(t, libraryBinary(t), "chat").addr
	t.Run("row", func(t *testing.T) {
		for _, r := range chatRows {
			t.Run(r.section+" "+r.rule, func(t *testing.T) {
				t.Parallel()
				r.check(t, "raw", raw, r.want)
				if r.library == r.want {
					t.Error("the row says that the library does otherwise, and then the same")
				}
				r.check(t, "library", library, cmp.Or(r.library, r.want))
			})
		}
	})
}

func (r chatRow) check(t *testing.T, who, addr, want string) {
	t.Helper()
	p, err := open(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer p.TCP.Close()
	if f, err := p.next(); err != nil || f.Opcode != frames.Text { // the history; only then may it be full
		t.Fatalf("%s: %v, %v came first, want a history", who, f, err)
	}
	sent, halfClose := bytes.CutSuffix(r.sent, hangUp)
	if who == "raw" && want != "post" && !halfClose {
		sent = slices.Concat(sent, closing(1000, "over")) // as for the echo: it goes unanswered
	}
	go func() {
		p.TCP.Write(sent)
		if halfClose {
			p.TCP.CloseWrite()
		}
	}()
	var came []string
	for {
		f, err := p.next()
		if err != nil {
			if end := frames.Ending(err); end != "hangs up" || len(came) == 0 {
				came = append(came, end)
			}
			break
		}
		if f.Opcode != frames.Text {
			came = append(came, f.String())
			if who == "library" {
				p.TCP.CloseWrite() // or Close in the library would wait 5 s for an answer
			}
		} else if h := newestOf(t, f); want == "post" && h.has(r.rule) {
			came = append(came, "post")
			break
		}
	}
	got := strings.Join(came, ", ")
	if who == "library" {
		got = strings.TrimSuffix(got, ", resets") // of that there are rows in 7.1.1
	}
	if got != want && reason.ReplaceAllString(got, "$1$2") != want {
		t.Errorf("%s\n sent %s\n came %s\n want %s", who, frames.Short(sent), got, want)
	}
}

// A pushed is a history as a member gets it.
type pushed struct {
	Msg []struct{ User, Text string }
}

// newestOf parses the history that a frame pushes.
func newestOf(t *testing.T, f frames.Frame) (h pushed) {
	t.Helper()
	if err := json.Unmarshal(f.Payload, &h); err != nil {
		t.Fatalf("a history that is no JSON: %v: %s", err, frames.Short(f.Payload))
	}
	return h
}

// has reports whether the user has posted.
func (h pushed) has(user string) bool {
	for _, m := range h.Msg {
		if m.User == user {
			return true
		}
	}
	return false
}

// users returns who has posted what a history pushes, the newest first.
func users(f frames.Frame) []string {
	parts := strings.Split(string(f.Payload), `{"user":"`)[1:]
	for i := range parts {
		parts[i], _, _ = strings.Cut(parts[i], `"`)
	}
	return parts
}

// TestGoodbye interrupts both servers: every member is told, whatever it does (7.1.2, 7.4.1).
func TestGoodbye(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot interrupt one process")
	}
	for _, server := range []struct{ name, binary, answered string }{
		{"raw", self(t), `close 1001 "the server stops"`},
		// The library answers the answer (5.5.1: an endpoint sends one close frame).
		{"library", libraryBinary(t), `close 1001 "the server stops", close 1001 "the server stops"`},
	} {
		s := start(t, server.binary, "chat")
		var members []*peer
		for range 4 {
			p, err := open(s.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer p.TCP.Close()
			if _, err := p.next(); err != nil {
				t.Fatal(err)
			}
			members = append(members, p)
		}
		members[1].TCP.Write(x("81 85 37 fa")) // half a frame
		members[2].TCP.Write(first(`{"user":`))
		began := time.Now()
		s.Interrupt()
		for i, p := range members[:3] {
			f, err := p.next()
			if err != nil || f.String() != `close 1001 "the server stops"` {
				t.Errorf("%s, member %d: %v, %v", server.name, i, f, err)
			}
			if i == 0 {
				p.TCP.Write(frame(0x88, string(f.Payload)))
				came := f.String()
				for {
					f, err := p.next()
					if err != nil {
						break
					}
					came += ", " + f.String()
				}
				if came != server.answered {
					t.Errorf("%s: %s, want %s", server.name, came, server.answered)
				}
			}
		}
		// Three have not answered. The server waits for them, and not long; start sees that it
		// ends with 0.
		if s.AwaitEnd(patience); time.Since(began) > 5*time.Second {
			t.Errorf("%s took %v to end", server.name, time.Since(began))
		}
	}
}

// serveOne serves raw's connections to a visitor of the test's own.
func serveOne(t *testing.T, visit func(c *conn)) (addr string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := accept(w, r); err == nil {
			go visit(c)
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// TestNothingBehindClose: once a close frame is out no other frame is, whoever is about to
// write one (5.5.1).
func TestNothingBehindClose(t *testing.T) {
	t.Parallel()
	addr := serveOne(t, func(c *conn) {
		for range 4 {
			go func() {
				for c.write(encode(opText, []byte("more"))) == nil {
				}
			}()
		}
		go c.goodbye()
		_, err := c.read()
		c.end(err)
	})
	for range 300 {
		p, err := open(addr, ping("p")...) // which asks for a pong besides
		if err != nil {
			t.Fatal(err)
		}
		closed := false
		for {
			f, err := p.next()
			if err != nil {
				t.Fatalf("%v, and no close frame", err)
			}
			if f.Opcode == frames.Close {
				closed = true
				p.TCP.Write(frame(0x88, string(f.Payload)))
				break
			}
		}
		if f, err := p.next(); err != io.EOF || !closed {
			t.Fatalf("behind a close frame came %v, %v", f, err)
		}
		p.TCP.Close()
	}
}

// TestNoPushBehindClose: who is refused gets no history any more, however much is posted (5.5.1).
func TestNoPushBehindClose(t *testing.T) {
	t.Parallel()
	for name, binary := range map[string]string{"raw": self(t), "library": libraryBinary(t)} {
		s := start(t, binary, "chat")
		poster := join(t, s)
		defer poster.TCP.Close()
		go io.Copy(io.Discard, poster.In)
		for range 30 {
			p := join(t, s)
			defer p.TCP.Close()
			p.TCP.Write(bin("refused"))
			for i := range 20 {
				poster.TCP.Write(text(said(fmt.Sprint("post ", i), 0)))
			}
			if f, err := p.skip(); err != nil || f.Opcode != frames.Close {
				t.Fatalf("%s: came %v, %v", name, f, err)
			}
			p.TCP.CloseWrite()
			for {
				f, err := p.next()
				if err != nil {
					break
				}
				if f.Opcode != frames.Close { // the library's second one stands in the tables
					t.Fatalf("%s: behind a close frame came %v", name, f)
				}
			}
		}
	}
}

// onePen is a TCP end that knows how many write to it at once.
type onePen struct {
	nowhere
	writing, mixed atomic.Int32
}

func (p *onePen) Write(b []byte) (int, error) {
	if p.writing.Add(1) > 1 {
		p.mixed.Add(1)
	}
	time.Sleep(time.Millisecond) // long enough for another to come in, if it can
	p.writing.Add(-1)
	return len(b), nil
}

// TestOneWriterAtATime: frames of several writers do not mix (5.4: not even their bytes may).
func TestOneWriterAtATime(t *testing.T) {
	t.Parallel()
	pen := new(onePen)
	c := &conn{nc: pen}
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 10 {
				c.write(encode(opText, []byte(hello)))
			}
		})
	}
	writers.Wait()
	if n := pen.mixed.Load(); n > 0 {
		t.Errorf("%d writes began while another was under way", n)
	}
}

// TestSlowMembers: members that do not read delay nobody, and are soon let go. It is not
// parallel to other tests, and does not parse what it reads: it must not be slow itself.
func TestSlowMembers(t *testing.T) {
	for name, binary := range map[string]string{"raw": self(t), "library": libraryBinary(t)} {
		s := start(t, binary, "chat")
		for range 20 {
			p, err := open(s.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer p.TCP.Close()
		}
		reader := join(t, s)
		defer reader.TCP.Close()
		told := make(chan string, 6) // what members that only read are told in the end
		tell := func(p *peer) {
			f, err := p.skip()
			told <- fmt.Sprint(f, err)
		}
		for range cap(told) - 1 {
			p := join(t, s)
			defer p.TCP.Close()
			go tell(p)
		}
		poster, err := open(s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer poster.TCP.Close()
		go io.Copy(io.Discard, poster.In)
		const posts = 300
		go func() {
			for i := range posts {
				poster.TCP.Write(text(said(fmt.Sprint("post ", i), 4000)))
			}
		}()
		for newest, last := -1, posts-1; newest < last; {
			f, err := reader.next()
			if err != nil {
				t.Fatalf("%s: behind post %d: %v", name, newest, err)
			}
			names := users(f)
			i := -1
			if fmt.Sscanf(names[0], "post %d", &i); i < newest {
				t.Fatalf("%s: a history that ends with post %d came behind one with %d", name, i, newest)
			}
			for k, user := range names[:min(len(names), i+1)] {
				if user != fmt.Sprint("post ", i-k) {
					t.Fatalf("%s: in a history %q stands %d behind post %d", name, user, k, i)
				}
			}
			newest = i
		}

		// Nor do they delay the goodbye: it comes before the server is out of patience.
		if runtime.GOOS == "windows" {
			continue // it cannot interrupt one process
		}
		s.Interrupt()
		go tell(reader)
		for range cap(told) {
			if s := <-told; s != `close 1001 "the server stops" <nil>` {
				t.Errorf("%s: a member was told %s", name, s)
			}
		}
	}
}

// TestOneOrder: what members post at once comes to all of them, in the same order.
func TestOneOrder(t *testing.T) {
	t.Parallel()
	for name, binary := range map[string]string{"raw": self(t), "library": libraryBinary(t)} {
		s := start(t, binary, "chat")
		var members []*peer
		for range historySize {
			members = append(members, join(t, s))
		}
		for round := range 60 {
			round := fmt.Sprint("round ", round)
			finals, errs := make([]string, len(members)), make([]error, len(members))
			var posting sync.WaitGroup
			for i, p := range members {
				posting.Go(func() {
					p.TCP.Write(text(said(fmt.Sprintf("%s, %d", round, i), 0)))
					finals[i], errs[i] = p.final(round)
				})
			}
			posting.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatalf("%s, %s: not all posts have come to all: %v", name, round, err)
			}
			for i, final := range finals {
				if final != finals[0] {
					t.Fatalf("%s, %s ended with\n%s\nfor one member, and for another with\n%s", name, round, finals[0], finals[i])
				}
			}
		}
		for _, p := range members {
			p.TCP.Close()
		}
	}
}
