package wiretap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// patience is for what has to happen soon. It is so long only for the sake of slow machines.
const patience = 30 * time.Second

// A bench is a wire in front of a server of the test, and its view.
type bench struct {
	*View
	t      *testing.T
	server net.Listener
	url    string // of the view
}

func newBench(t *testing.T) *bench {
	t.Helper()
	server, front := listener(t), listener(t)
	p := &Tap{Name: "it", Record: NewRecord(), Addr: front.Addr().String(), Target: server.Addr().String}
	go p.Serve(front)
	v := NewView(p.Record, []*Tap{p})
	v.run = "run"
	page := httptest.NewServer(v.Handler())
	t.Cleanup(func() { page.CloseClientConnections(); page.Close() })
	return &bench{v, t, server, page.URL}
}

func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// dial connects through the wire, and returns the client's end and the server's.
func (b *bench) dial() (ends [2]*net.TCPConn) {
	b.t.Helper()
	client, err := net.Dial("tcp", b.Taps[0].Addr)
	if err != nil {
		b.t.Fatal(err)
	}
	server, err := b.server.Accept()
	if err != nil {
		b.t.Fatal(err)
	}
	for i, nc := range []net.Conn{client, server} {
		b.t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(patience))
		ends[i] = nc.(*net.TCPConn)
	}
	return ends
}

// events waits for the events up to one that satisfies last.
func (b *bench) events(last func(*event) bool) (all []*event) {
	b.t.Helper()
	r := b.Record.read(0)
	defer b.Record.leave(r)
	for timeout := time.After(patience); ; {
		for _, e := range b.Record.take(r) {
			if all = append(all, e); last(e) {
				return all
			}
		}
		select {
		case <-r.ready:
		case <-timeout:
			b.t.Fatalf("%d events were seen, and not what is to come", len(all))
		}
	}
}

// ends returns which ends were seen on a connection, up to a reset.
func (b *bench) ends(conn int64) string {
	b.t.Helper()
	var ends []string
	b.events(func(e *event) bool {
		if e.conn == conn && e.kind == "end" {
			ends = append(ends, e.from.String()+" "+e.how)
		}
		return e.conn == conn && e.how == "reset"
	})
	return strings.Join(ends, ", ")
}

// TestPassThrough: bytes of any kind come as they are, both ways at once, and each half of
// the connection ends by itself.
func TestPassThrough(t *testing.T) {
	b := newBench(t)
	all := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{}).Read(all)
	var both sync.WaitGroup
	for _, nc := range b.dial() {
		both.Go(func() {
			for rest := all; len(rest) > 0; {
				n := min(len(rest), 1+rand.IntN(200_000))
				nc.Write(rest[:n])
				rest = rest[n:]
			}
			nc.CloseWrite()
		})
		both.Go(func() {
			if got, err := io.ReadAll(nc); err != nil || !bytes.Equal(got, all) {
				t.Errorf("%d bytes came, not %d; %v", len(got), len(all), err)
			}
		})
	}
	both.Wait()
	var sum [2]uint64
	fins := 0
	b.events(func(e *event) bool {
		sum[e.from] += e.length
		if len(e.raw) > maxKept {
			t.Errorf("%d bytes are kept", len(e.raw))
		}
		fins += len(e.how) / len("fin")
		return fins == 2
	})
	if sum != [2]uint64{3 << 20, 3 << 20} {
		t.Errorf("bytes seen: %v", sum)
	}
}

const request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"
const response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"

// A piece is what one side sends, and how it has to be seen: the kinds, in their order.
type piece struct {
	from  origin
	bytes string
	kinds string
}

func frame(opcode byte, length int, masked bool) string {
	f := wstest.Frame{Fin: true, Opcode: opcode, Masked: masked, Key: [4]byte{1, 2, 3, 4}, Payload: bytes.Repeat([]byte("x"), length)}
	return string(f.Bytes())
}

// conversations are what goes over one connection each.
func conversations() map[string][]piece {
	upgrade := []piece{{fromClient, request, "request"}, {fromServer, response, "response"}}
	hello := frame(wstest.Text, 5, true)
	return map[string][]piece{
		"frames": append(slices.Clone(upgrade),
			piece{fromServer, frame(1, 0, false) + frame(9, 125, false) + frame(1, 126, false), "frame frame frame"},
			piece{fromClient, frame(1, 65535, true) + frame(2, 65536, true) + frame(8, 2, true), "frame frame frame"}),
		"frames behind the request": {{fromClient, request, "request"}, {fromClient, hello + "G\x80 key" + hello, "frame frame frame"}, {fromServer, response, "response"},
			{fromClient, hello, "frame"}},
		"a refusal, and what follows": {{fromClient, request, "request"}, {fromServer, "HTTP/1.1 501 No\r\nContent-Length: 2\r\n\r\nno", "response other"},
			{fromClient, request, "request"}, {fromServer, response, "response"}, {fromServer, hello, "frame"}},
		"pages": {{fromClient, "HEAD / HTTP/1.1\r\n\r\n", "request"}, {fromServer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "response"},
			{fromClient, "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nGET /" + request, "request other request"},
			{fromServer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" + response, "response response response"},
			{fromClient, hello, "frame"}},
		"chunks": {{fromClient, "GET / HTTP/1.1\r\n\r\n" + request, "request request"},
			{fromServer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "response"}, {fromServer, "5;x=y\r\nHTTP/\r\n0\r\nTrailer: x\r\n\r\n", "other"},
			{fromServer, response + hello, "response frame"}},
		"bare new lines":        {{fromClient, strings.ReplaceAll(request, "\r", ""), "request"}, {fromServer, "HTTP/1.1 101 Yes\n\n", "response"}, {fromServer, hello, "frame"}},
		"a body without an end": {{fromClient, request, "request"}, {fromServer, "HTTP/1.0 200 OK\r\n\r\n", "response"}, {fromServer, hello + response, "other"}},
		"nonsense":              {{fromClient, request, "request"}, {fromServer, "HTTQ/1.1 " + response, "other"}},
		"no request":            {{fromClient, "\x16\x03\x01 GET /" + request, "other"}, {fromServer, "HTTP/1.1 400 Bad\r\n\r\n", "response"}},
		"a head without an end": {{fromClient, "GET /" + strings.Repeat("x", maxHead), "other"}},
		"half a frame":          append(slices.Clone(upgrade), piece{fromClient, hello[:7], ""}),
	}
}

// TestHoweverCut: the same is seen however TCP has cut it, and no byte is lost.
func TestHoweverCut(t *testing.T) {
	cuts := map[string]func() int{
		"whole": func() int { return 1 << 20 }, "single bytes": func() int { return 1 }, "at random": func() int { return 1 + rand.IntN(30) },
	}
	for name, pieces := range conversations() {
		for how, size := range cuts {
			w := newWatcher(NewRecord(), "it", 1)
			var want []string
			var sent, seen [2]string
			for _, p := range pieces {
				sent[p.from] += p.bytes
				for _, kind := range strings.Fields(p.kinds) {
					want = append(want, p.from.String()+" "+kind)
				}
				for b := []byte(p.bytes); len(b) > 0; {
					n := min(size(), len(b))
					w.watch(p.from, b[:n])
					clear(b[:n]) // the buffer is used again
					b = b[n:]
				}
			}
			if name == "half a frame" {
				if halves := w.halves(-1); len(halves) != 1 || halves[0]["length"] != uint64(7) || halves[0]["hex"] != fmt.Sprintf("%x", frame(wstest.Text, 5, true)[:7]) {
					t.Errorf("what is not whole: %v", halves)
				}
				w.end(fromServer, "reset")
				want = append(want, "client other", "server end")
			}
			var got []string
			for _, e := range w.log.take(w.log.read(0)) {
				seen[e.from] += string(e.raw) + strings.Repeat("x", int(e.length)-len(e.raw)) // the end of a long payload
				if is := e.from.String() + " " + e.kind; e.kind != "other" || len(got) == 0 || got[len(got)-1] != is {
					got = append(got, is)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s:\n%q, not\n%q", name, how, got, want)
			}
			if len(seen[0]) != len(sent[0]) || seen[1] != sent[1] || name != "frames" && seen[0] != sent[0] {
				t.Errorf("%s, %s: other bytes were seen than were sent", name, how)
			}
		}
	}
}

// TestEnds: an end is passed on as what it is, and told once.
func TestEnds(t *testing.T) {
	b := newBench(t)
	for _, from := range []origin{fromClient, fromServer} {
		ends := b.dial()
		here, there := ends[from], ends[1-from]
		io.WriteString(here, "last words")
		here.SetLinger(0)
		here.Close()
		if came, err := io.ReadAll(there); wstest.Ending(err) != "resets" || string(came) != "last words" && string(came) != "" {
			t.Errorf("%v resets, and the other side reads %q, %v", from, came, err)
		}
		if got, want := b.ends(b.Taps[0].conns.Load()), from.String()+" reset"; got != want {
			t.Errorf("seen is %s, not %s", got, want)
		}

		// One half ends, the other goes on, and is reset by writing to what is gone.
		ends = b.dial()
		here, there = ends[from], ends[1-from]
		here.CloseWrite()
		if _, err := there.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%v ends its half, and the other side reads %v", from, err)
		}
		io.WriteString(there, "still here")
		if _, err := io.ReadFull(here, make([]byte, 10)); err != nil {
			t.Error(err)
		}
		here.Close()
		for err := error(nil); err == nil; {
			_, err = io.WriteString(there, "?")
		}
		if got, want := b.ends(b.Taps[0].conns.Load()), fmt.Sprintf("%v fin, %v reset", from, from); got != want {
			t.Errorf("seen is %s, not %s", got, want)
		}
	}

	// Where no server runs, the client is told as well as it still can be.
	b.server.Close()
	if c, err := wstest.Open(b.Taps[0].Addr, patience); wstest.Ending(err) != "resets" && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the client has %v, %v", c, err)
	}
	if got := b.ends(5); got != "server reset" {
		t.Errorf("seen is %s", got)
	}
}

// TestResetInTraffic: a reset is one also where the wire is just writing to that side, and
// the system has told the writer and not the reader.
func TestResetInTraffic(t *testing.T) {
	b := newBench(t)
	for visit := range int64(300) {
		ends := b.dial()
		go func() {
			for err := error(nil); err == nil; {
				_, err = ends[fromServer].Write(make([]byte, 100))
			}
		}()
		io.CopyN(io.Discard, ends[fromClient], 100_000)
		ends[fromClient].SetLinger(0)
		ends[fromClient].Close()
		if got := b.ends(visit + 1); got != "client reset" {
			t.Fatalf("seen is %s", got)
		}
	}
}

// follow asks for the events after the one with an id, as a program does, and returns a function
// that waits for the next, its time aside; "" is the end.
func (b *bench) follow(id string) func() string {
	b.t.Helper()
	req, _ := http.NewRequestWithContext(b.t.Context(), "GET", b.url+"/events", nil)
	req.Header.Set("Last-Event-ID", id)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatal(res, err)
	}
	in := bufio.NewScanner(res.Body)
	in.Buffer(nil, 1<<20)
	return func() string {
		for in.Scan() {
			if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				before, rest, _ := strings.Cut(data, `"time":`)
				ms, after, _ := strings.Cut(rest, ",")
				if n, err := strconv.ParseInt(ms, 10, 64); err != nil || time.Since(time.UnixMilli(n)).Abs() > patience {
					b.t.Errorf("the time of %s is %s", data, ms)
				}
				return before + after
			}
		}
		return ""
	}
}

// TestContract: a program that follows reads what is kept, then what comes, in the agreed form.
func TestContract(t *testing.T) {
	b := newBench(t)
	ends := b.dial()
	send := func(from origin, text string) {
		io.WriteString(ends[from], text)
		io.ReadFull(ends[1-from], make([]byte, len(text)))
	}
	send(fromClient, request)
	send(fromServer, response)
	next := b.follow("")
	long, bye := frame(wstest.Binary, 5000, true), frame(wstest.Close, 2, false)
	send(fromClient, long[:100])
	send(fromClient, long[100:])
	send(fromServer, bye)
	event := func(from, kind, raw, rest string) string {
		return fmt.Sprintf(`{"server":"it","conn":1,"from":"%s","kind":"%s","hex":"%x","length":%s}`, from, kind, raw, rest)
	}
	goodbye := event("server", "frame", bye, `4,"fin":true,"opcode":8,"masked":false,"payload":"7878"`)
	for _, want := range []string{
		event("client", "request", request, fmt.Sprint(len(request))),
		event("server", "response", response, fmt.Sprint(len(response))),
		event("client", "frame", long[:8+maxKept], `5008,"fin":true,"opcode":2,"masked":true,"payload":"`+strings.Repeat("78", maxKept)+`"`),
		goodbye,
	} {
		if got := next(); got != want {
			t.Errorf("the event is %s, not %s", got, want)
		}
	}
	if got := b.follow("run-3")(); got != goodbye {
		t.Errorf("who comes back after event 3 gets %s", got)
	}
	if got := b.follow("old-3")(); !strings.Contains(got, "request") {
		t.Errorf("who comes from another run gets %s", got)
	}
	ends[fromServer].Close()
	ends[fromClient].Close()
	b.Close(&http.Server{})
	for range 2 {
		if got := next(); !strings.HasSuffix(got, `"kind":"end","hex":"","length":0,"how":"fin"}`) {
			t.Errorf("the event is %s, and no end", got)
		}
	}
	if got := next(); got != "" {
		t.Errorf("behind the ends comes %s", got)
	}
}

// TestBounds: only so much is kept, and for a reader that does not read, too.
func TestBounds(t *testing.T) {
	r := NewRecord()
	slow := r.read(0)
	for range 3 * maxEvents {
		r.add(&event{server: "a", raw: make([]byte, 50_000)})
	}
	r.add(&event{server: "b"})
	for range 2 * maxEvents {
		r.add(&event{server: "c"})
	}
	if slow.cost > maxBacklog+100_000 || len(r.take(slow)) == 0 || slow.cost != 0 {
		t.Errorf("%d bytes wait for a reader", slow.cost)
	}
	kept := r.take(r.read(0))
	if cost := r.kept["a"].cost; cost > maxBytes || cost < maxBytes-100_000 || len(r.kept["c"].events) != maxEvents || len(r.kept["b"].events) != 1 {
		t.Errorf("kept: %d bytes of a, %d events in all", cost, len(kept))
	}
	if !slices.IsSortedFunc(kept, func(a, b *event) int { return int(a.number - b.number) }) {
		t.Error("not in order")
	}
	for range 2 * maxReaders {
		slow = r.read(0)
	}
	if slow != nil {
		t.Error("there is no end of readers")
	}
}

// ask returns what the view answers: the status, and what it says behind it.
func (b *bench) ask(method, path, host, header, body string) (int, string) {
	req := httptest.NewRequest(method, "http://"+host+path, strings.NewReader(body))
	if name, value, ok := strings.Cut(header, ": "); ok {
		req.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	b.Handler().ServeHTTP(rec, req)
	return rec.Code, strings.TrimSpace(rec.Body.String())
}

// TestForeign: a page from elsewhere gets nothing.
func TestForeign(t *testing.T) {
	b := newBench(t)
	own := strings.TrimPrefix(b.url, "http://")
	_, port, _ := net.SplitHostPort(own)
	for _, c := range []struct {
		method, path, host, header string
		want                       int
	}{
		{"GET", "/wire.html", own, "", 200},
		{"GET", "/", "localhost:" + port, "", 302},
		{"GET", "/now", "[::1]:" + port, "", 200},
		{"GET", "/now", "evil.example:" + port, "", 403},
		{"GET", "/events", "localhost.evil.example", "", 403},
		{"GET", "/events", "10.0.0.1:" + port, "", 403},
		{"GET", "/now", own, "Origin: " + b.url, 200},
		{"GET", "/events", own, "Origin: http://localhost:8080", 403},
		{"GET", "/events", own, "Origin: null", 403},
		{"GET", "/events", own, "Sec-Fetch-Site: same-site", 403},
		{"POST", "/send", own, "Content-Type: text/plain", 415},
		{"POST", "/send", own, "Content-Type: application/x-www-form-urlencoded", 415},
		{"POST", "/send", own, "", 415},
		{"POST", "/send", own, "Content-Type: application/json; charset=utf-8", 400},
		{"POST", "/events", own, "", 405},
	} {
		if got, _ := b.ask(c.method, c.path, c.host, c.header, "{"); got != c.want {
			t.Errorf("%s %s, Host %s, %s: %d, not %d", c.method, c.path, c.host, c.header, got, c.want)
		}
	}
}

// TestSend: bytes of one's own go to each server, or the one that is named, over the wire.
func TestSend(t *testing.T) {
	b := newBench(t)
	go http.Serve(b.server, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nc, in, _ := http.NewResponseController(w).Hijack()       // a plain connection: no error
		io.WriteString(nc, response+frame(wstest.Text, 2, false)) // which greets
		if f, err := wstest.Read(in); err == nil && f.Opcode == wstest.Ping {
			io.WriteString(nc, "\x88\x02\x03\xea")
		}
		nc.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, in) // closed with bytes unread, TCP would reset
		nc.Close()
	}))
	for body, want := range map[string]string{
		`{"hex": "8900"}`:                                `[{"says":"close frame 1002","server":"it"}]`,
		`{"hex": "8a00", "server": "it"}`:                `[{"says":"hangs up without one","server":"it"}]`,
		`{"row": "an unmasked frame"}`:                   `[{"says":"hangs up without one","server":"it"}]`,
		`{"row": "compression (RFC 7692)", "hex": "00"}`: `[{"says":"answers the handshake with 101","server":"it"}]`,
		`{"hex": "8900", "server": "other"}`:             "there is no server other",
		`{"hex": "890"}`:                                 "hex: encoding/hex: odd length hex string",
		`{"hex": ""}`:                                    "nothing to send: hex is empty",
	} {
		if _, got := b.ask("POST", "/send", "localhost", "Content-Type: application/json", body); got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
	all := b.events(func(e *event) bool { return e.kind == "frame" && e.from == fromClient })
	if all[0].kind != "request" || all[1].kind != "response" {
		t.Errorf("seen is %v", all)
	}
}
