package wiretap

import (
	"bufio"
	"bytes"
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
	"testing"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// patience limits the wait for things that must happen soon. It is this long only for slow machines.
const patience = 30 * time.Second

// A bench is a wire in front of the test's server, and its view.
type bench struct {
	*View
	t      *testing.T
	server net.Listener
	url    string // of the view
}

func newBench(t *testing.T) *bench {
	t.Helper()
	server, front := listener(t), listener(t)
	r := NewRecord()
	r.run = "run"
	tap := NewTap(r, "it", front.Addr().String(), server.Addr().String)
	go tap.Serve(front)
	v := NewView(r, tap)
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
	client, err := net.Dial("tcp", b.taps[0].Addr)
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
func (b *bench) events(last func(*Event) bool) (all []*Event) {
	b.t.Helper()
	var after int64
	for timeout := time.After(patience); ; {
		events, more := b.record.Since(after)
		for _, e := range events {
			if all = append(all, e); last(e) {
				return all
			}
			after = e.Number
		}
		select {
		case <-more:
		case <-timeout:
			b.t.Fatalf("%d events were seen, but not the expected one", len(all))
		}
	}
}

// ends returns which ends were seen on a connection, up to a reset.
func (b *bench) ends(conn int64) string {
	b.t.Helper()
	var ends []string
	b.events(func(e *Event) bool {
		if e.Conn == conn && e.Kind == "end" {
			ends = append(ends, e.From.String()+" "+e.How)
		}
		return e.Conn == conn && e.How == "reset"
	})
	return strings.Join(ends, ", ")
}

// TestPassThrough: arbitrary bytes pass unchanged, both ways at once, and each half of the connection
// ends by itself.
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
	b.events(func(e *Event) bool {
		sum[e.From] += e.Length
		if len(e.Raw) > maxKept {
			t.Errorf("%d bytes are kept", len(e.Raw))
		}
		fins += len(e.How) / len("fin")
		return fins == 2
	})
	if sum != [2]uint64{3 << 20, 3 << 20} {
		t.Errorf("bytes seen: %v", sum)
	}
}

const request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"
const response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"

// A piece is what one side sends, and the kinds of events that must be seen, in order.
type piece struct {
	from  Origin
	bytes string
	kinds string
}

func c(bytes, kinds string) piece { return piece{FromClient, bytes, kinds} }
func s(bytes, kinds string) piece { return piece{FromServer, bytes, kinds} }

func frame(opcode byte, length int, masked bool) string {
	f := wstest.Frame{Fin: true, Opcode: opcode, Masked: masked, Key: [4]byte{1, 2, 3, 4}}
	f.Payload = bytes.Repeat([]byte("x"), length)
	return string(f.Bytes())
}

// conversations lists what goes over one connection each.
func conversations() map[string][]piece {
	const chunked = "\r\nTransfer-Encoding: chunked\r\n\r\n"
	const ok, get = "HTTP/1.1 200 OK", "GET / HTTP/1.1\r\n\r\n"
	hello := frame(wstest.Text, 5, true)
	asks, agrees, greets := c(request, "request"), s(response, "response"), c(hello, "frame")
	return map[string][]piece{
		"frames": {asks, agrees,
			s(frame(1, 0, false)+frame(9, 125, false)+frame(1, 126, false), "frame frame frame"),
			c(frame(1, 65535, true)+frame(2, 65536, true)+frame(8, 2, true), "frame frame frame")},
		"frames after the request": {asks, c(hello+"G\x80 key"+hello, "frame frame frame"), agrees, greets},
		"a refusal, and what follows": {asks, s("HTTP/1.1 501 No\r\nContent-Length: 2\r\n\r\nno", "response other"),
			asks, agrees, s(hello, "frame")},
		"pages": {c("HEAD / HTTP/1.1\r\n\r\n", "request"), s(ok+"\r\nContent-Length: 9\r\n\r\n", "response"),
			c("POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nGET /"+request, "request other request"),
			s("HTTP/1.1 100 Continue\r\n\r\n", "response"),
			s("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"+response, "response response"), greets},
		"chunks": {c(get+request, "request request"), s(ok+chunked, "response"),
			s("5;x=y\r\nHTTP/\r\n0\r\nTrailer: x\r\n\r\n", "other"), s(response+hello, "response frame")},
		"an upload in chunks": {c("POST / HTTP/1.1"+chunked+"3\r\nGET\r\n0\r\n\r\n", "request other"), asks},
		"chunks of no size":   {s(ok+chunked+"2\r\nok\r\nsize\r\n\r\n"+response, "response other")},
		"a chunk too long":    {s(ok+chunked+"2\r\nlong\r\n0\r\n\r\n"+response, "response other")},
		"bare new lines": {c(strings.ReplaceAll(request, "\r", ""), "request"),
			s("HTTP/1.1 101 Yes\n\n", "response"), s(hello, "frame")},
		"a body without an end": {asks, s("HTTP/1.0 200 OK\r\n\r\n", "response"), s(hello+response, "other")},
		"nonsense":              {asks, s("HTTQ/1.1 "+response, "other")},
		"no request":            {c("\x16\x03\x01 "+request, "other"), s("HTTP/1.1 400 Bad\r\n\r\n", "response")},
		"frames after nonsense": {c("\x16\x03\x01", "other"), agrees, greets},
		"a head without an end": {c("GET /"+strings.Repeat("x", maxHead), "other")},
		"half a frame":          {asks, agrees, c(hello[:7], "")},
	}
}

// TestHoweverCut: the same events are seen however TCP splits the bytes, and no byte is lost.
func TestHoweverCut(t *testing.T) {
	for name, pieces := range conversations() {
		for how, size := range map[string]func() int{
			"whole":        func() int { return 1 << 20 },
			"single bytes": func() int { return 1 },
			"at random":    func() int { return 1 + rand.IntN(30) },
		} {
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
					clear(b[:n]) // the buffer is reused
					b = b[n:]
				}
			}
			if name == "half a frame" {
				hex := fmt.Sprintf("%x", pieces[2].bytes)
				if h := w.halves(-1); len(h) != 1 || h[0]["length"] != uint64(7) || h[0]["hex"] != hex {
					t.Errorf("the incomplete units are %v", h)
				}
				w.end(FromServer, "reset")
				want = append(want, "client other", "server end")
			}
			var got []string
			events, _ := w.log.Since(0)
			for _, e := range events {
				seen[e.From] += string(e.Raw) + strings.Repeat("x", int(e.Length)-len(e.Raw)) // the end of a long payload
				is := e.From.String() + " " + e.Kind
				if e.Kind != "other" || len(got) == 0 || got[len(got)-1] != is {
					got = append(got, is)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s:\n%q, not\n%q", name, how, got, want)
			}
			if len(seen[0]) != len(sent[0]) || seen[1] != sent[1] || name != "frames" && seen[0] != sent[0] {
				t.Errorf("%s, %s: the bytes seen are not those sent", name, how)
			}
		}
	}
}

// TestEnds: a FIN or a reset is passed on as such, and reported once.
func TestEnds(t *testing.T) {
	b := newBench(t)
	for _, from := range []Origin{FromClient, FromServer} {
		ends := b.dial()
		here, there := ends[from], ends[1-from]
		io.WriteString(here, "last words")
		here.SetLinger(0)
		here.Close()
		came, err := io.ReadAll(there)
		if !strings.HasPrefix("last words", string(came)) || wstest.Ending(err) != "resets" {
			t.Errorf("%v resets, and the other side reads %q, %v", from, came, err)
		}
		if got, want := b.ends(b.taps[0].conns.Load()), from.String()+" reset"; got != want {
			t.Errorf("seen is %s, not %s", got, want)
		}

		// One half ends, the other continues, and is reset by writing to a closed connection.
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
		if got, want := b.ends(b.taps[0].conns.Load()), fmt.Sprintf("%v fin, %v reset", from, from); got != want {
			t.Errorf("seen is %s, not %s", got, want)
		}
	}

	// If no server is running, the client gets a reset.
	b.server.Close()
	if _, err := wstest.Open(b.taps[0].Addr, patience); wstest.Ending(err) != "resets" {
		t.Errorf("the client has %v", err)
	}
	if got := b.ends(5); got != "server reset" {
		t.Errorf("seen is %s", got)
	}
}

// TestResetInTraffic: a reset is detected even if the wire is writing to that side, and the system has
// told the writer but not the reader.
func TestResetInTraffic(t *testing.T) {
	b := newBench(t)
	for visit := range int64(300) {
		ends := b.dial()
		go func() {
			for err := error(nil); err == nil; {
				_, err = ends[FromServer].Write(make([]byte, 100))
			}
		}()
		io.CopyN(io.Discard, ends[FromClient], 100_000)
		ends[FromClient].SetLinger(0)
		ends[FromClient].Close()
		if got := b.ends(visit + 1); got != "client reset" {
			t.Fatalf("seen is %s", got)
		}
	}
}

// follow asks for the events after the one with an id, by a field or a query, and returns a function
// that waits for the next and returns it without its time, or "" at the end.
func (b *bench) follow(id string) func() string {
	b.t.Helper()
	_, query, _ := strings.Cut(id, "?")
	req, _ := http.NewRequestWithContext(b.t.Context(), "GET", b.url+"/events?"+query, nil)
	req.Header.Set("Last-Event-ID", strings.TrimSuffix(id, "?"+query))
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

// TestSpeed: a body is not examined byte by byte. A whole body takes less time than a 256th of it in
// single bytes.
func TestSpeed(t *testing.T) {
	const size = 2 << 20
	took := func(head, body string, pieceSize, size int) time.Duration {
		piece := []byte(strings.Repeat(body, bufferSize/len(body)))
		least := time.Hour
		for range 3 { // another process may have used the CPU
			w := newWatcher(NewRecord(), "it", 1)
			w.watch(FromServer, []byte(head))
			began := time.Now()
			for at := 0; at < size; at += pieceSize {
				w.watch(FromServer, piece[at%bufferSize:][:pieceSize])
			}
			least = min(least, time.Since(began))
		}
		return least
	}
	chunk := fmt.Sprintf("3f9\r\n%s\r\n", strings.Repeat("x", 0x3f9)) // 1,024 bytes in all
	for head, body := range map[string]string{
		fmt.Sprintf("Content-Length: %d", size): "x",
		"Transfer-Encoding: chunked":            chunk,
		"Connection: close":                     "x", // it ends with the connection
	} {
		head = "HTTP/1.1 200 OK\r\n" + head + "\r\n\r\n"
		if whole, bytes := took(head, body, bufferSize, size), took(head, body, 1, size/256); whole > bytes {
			t.Errorf("%q: %v, and a 256th in single bytes %v", head, whole, bytes)
		}
	}
}

// loopTap serves a tap in front of target, and returns it. The tap reports loops to loop.
func loopTap(front net.Listener, target net.Listener, loop chan error) *Tap {
	tap := NewTap(NewRecord(), "it", front.Addr().String(), target.Addr().String)
	tap.Loop = func(err error) { loop <- err; front.Close() } // in this order: to close it ends Check
	go tap.Serve(front)
	return tap
}

// TestLoop: a tap that leads back to itself, directly or through another one, notices. Two in a row are
// not a loop.
func TestLoop(t *testing.T) {
	server, a, b, loop := listener(t), listener(t), listener(t), make(chan error, 1000)
	go http.Serve(server, http.NotFoundHandler())
	first, second := loopTap(a, b, loop), loopTap(b, server, loop)
	if !first.Check() || !second.Check() || len(loop) > 0 {
		t.Error("two taps in a row lead nowhere, or in a loop")
	}
	if server.Close(); second.Check() {
		t.Error("a server that is closed answers")
	}

	for _, ring := range []int{1, 2, 3} {
		loop, front := make(chan error, 1000), listener(t)
		next := front
		for range ring - 1 {
			l := listener(t)
			loopTap(l, next, loop)
			next = l
		}
		loopTap(front, next, loop).Check() // any of them may notice first
		if len(loop) == 0 || ring == 1 && !strings.Contains((<-loop).Error(), front.Addr().String()) {
			t.Errorf("a loop of %d is not noticed", ring)
		}
	}

	a, loop = listener(t), make(chan error, 1000)
	loopTap(a, a, loop) // it now leads to itself
	if nc, err := net.Dial("tcp", a.Addr().String()); err == nil {
		defer nc.Close()
	}
	select {
	case <-loop:
	case <-time.After(patience):
		t.Error("a tap that begins to lead to itself does not notice")
	}

	a, b, loop = listener(t), listener(t), make(chan error, 1000)
	tap := loopTap(a, b, loop)
	go http.Serve(b, NewView(tap.record, tap).Handler())
	if tap.Check(); len(loop) == 0 {
		t.Error("a tap in front of its own view does not notice")
	}
}

// TestContract: a program that follows the events reads those so far, then new ones, in the agreed
// form.
func TestContract(t *testing.T) {
	b := newBench(t)
	ends := b.dial()
	send := func(from Origin, text string) {
		io.WriteString(ends[from], text)
		io.ReadFull(ends[1-from], make([]byte, len(text)))
	}
	send(FromClient, request)
	send(FromServer, response)
	next := b.follow("")
	long, bye := frame(wstest.Binary, 5000, true), frame(wstest.Close, 2, false)
	send(FromClient, long[:100])
	send(FromClient, long[100:])
	send(FromServer, bye)
	event := func(from, kind, raw, rest string) string {
		const form = `{"server":"it","conn":1,"from":"%s","kind":"%s","hex":"%x","length":%s}`
		return fmt.Sprintf(form, from, kind, raw, rest)
	}
	kept := strings.Repeat("78", maxKept) // of the payload
	goodbye := event("server", "frame", bye, `4,"fin":true,"opcode":8,"masked":false,"payload":"7878"`)
	for _, want := range []string{
		event("client", "request", request, fmt.Sprint(len(request))),
		event("server", "response", response, fmt.Sprint(len(response))),
		event("client", "frame", long[:8+maxKept], `5008,"fin":true,"opcode":2,"masked":true,"payload":"`+kept+`"`),
		goodbye,
	} {
		if got := next(); got != want {
			t.Errorf("the event is %s, not %s", got, want)
		}
	}
	for _, after := range []string{"run-3", "?after=run-3"} {
		if got := b.follow(after)(); got != goodbye {
			t.Errorf("a reader that has the events up to %s gets %s", after, got)
		}
	}
	if got := b.follow("old-3")(); !strings.Contains(got, "request") {
		t.Errorf("a reader from another run gets %s", got)
	}
	ends[FromServer].Close()
	ends[FromClient].Close()
	b.Close(&http.Server{})
	for range 2 {
		if got := next(); !strings.HasSuffix(got, `"kind":"end","hex":"","length":0,"how":"fin"}`) {
			t.Errorf("the event is %s, not an end", got)
		}
	}
	if got := next(); got != "" {
		t.Errorf("after the ends, %s comes", got)
	}
}

// TestBounds: the record is bounded, and a new reader gets only the newest events.
func TestBounds(t *testing.T) {
	r := NewRecord()
	raw := make([]byte, 50_000)
	for range 3 * maxEvents {
		r.add(&Event{Server: "a", Raw: raw})
	}
	r.add(&Event{Server: "b"})
	for range 2 * maxBacklog {
		r.add(&Event{Server: "c"})
	}
	if cost := r.kept["a"].cost; cost > maxBytes || cost < maxBytes-100_000 {
		t.Errorf("%d bytes of a are kept", cost)
	}
	for after, want := range map[int64]int{0: maxEvents, 1: maxBacklog, r.number - 3: 3, r.number: 0} {
		events, _ := r.Since(after)
		of := map[string]int{}
		for _, e := range events {
			of[e.Server]++
		}
		if of["c"] != want || after < 2 && of["b"] != 1 {
			t.Errorf("after %d: %v, not %d", after, of, want)
		}
		if !slices.IsSortedFunc(events, func(a, b *Event) int { return int(a.Number - b.Number) }) {
			t.Error("not in order")
		}
	}
}

// ask returns the view's answer: the status and the text.
func (b *bench) ask(request, host, headers, body string, names ...string) (int, string) {
	method, path, _ := strings.Cut(request, " ")
	req := httptest.NewRequest(method, "http://"+host+path, strings.NewReader(body))
	for _, header := range strings.Split(headers, "; ") {
		if name, value, ok := strings.Cut(header, ": "); ok {
			req.Header.Add(name, value)
		}
	}
	rec := httptest.NewRecorder()
	b.Handler(names...).ServeHTTP(rec, req)
	return rec.Code, strings.TrimSpace(rec.Body.String())
}

// TestForeign: a page from elsewhere gets nothing, and the view's own page gets everything, even
// through a forwarded port.
func TestForeign(t *testing.T) {
	b := newBench(t)
	own := strings.TrimPrefix(b.url, "http://")
	_, port, _ := net.SplitHostPort(own)
	const json, outside, evil = "Content-Type: application/json; ", "x-8090.example.dev", "http://evil.example"
	const forwarded, origin = "X-Forwarded-Host: " + outside + "; ", "Origin: https://" + outside
	for _, c := range []struct {
		request, host, header, names string
		want                         int
	}{
		{"GET /wire.html", own, "", "", 200},
		{"GET /", "localhost:" + port, "", "", 302},
		{"GET /now", "[::1]:" + port, "", "", 200},
		{"GET /now", "evil.example:" + port, "", "", 403},
		{"GET /now", "evil.example:" + port, "X-Forwarded-Host: localhost", "", 403},
		{"POST /send", "evil.example", json + "X-Forwarded-Host: evil.example; Origin: " + evil, outside, 403},
		{"GET /events", "localhost.evil.example", "", "", 403},
		{"GET /events", "10.0.0.1:" + port, "", "", 403},
		{"GET /events", "0.0.0.0:" + port, "", "", 403},
		{"GET /now", own, "Origin: " + b.url, "", 200},
		{"GET /events", own, "Origin: http://localhost:8080", "", 403},
		{"GET /events", own, "Origin: null", "", 403},
		{"GET /events", own, "Origin: null; X-Forwarded-Host: null", "", 403},
		{"GET /now", own, "Origin: " + b.url + "; Origin: " + evil, "", 403},
		{"GET /events", own, "Sec-Fetch-Site: same-site", "", 403},
		{"POST /send", own, "Content-Type: text/plain", "", 415},
		{"POST /send", own, "Content-Type: application/x-www-form-urlencoded", "", 415},
		{"POST /send", own, "", "", 415},
		{"POST /send", own, "Content-Type: application/json; charset=utf-8", "", 400},
		{"POST /events", own, "", "", 405},
		{"OPTIONS /send", own, "Access-Control-Request-Headers: x-forwarded-host; Origin: " + evil, "", 403},
		// A forwarder that rewrites Host.
		{"GET /now", "localhost:8090", forwarded + "Sec-Fetch-Site: same-origin", "", 200},
		{"POST /send", "localhost", json + forwarded + origin, "", 400},
		{"POST /send", "localhost:8090", json + "X-Forwarded-Host: " + outside + ":443, proxy; " + origin, "", 400},
		{"POST /send", "localhost:8090", json + forwarded + "Origin: " + evil, "", 403},
		{"POST /send", "localhost:8090", json + forwarded + origin + ":444", "", 403},
		{"POST /send", "localhost:8090", json + origin, "", 403},
		{"POST /send", "localhost:8090", json + origin, outside, 400},
		// One that does not.
		{"GET /now", outside, "", "", 403},
		{"GET /now", strings.ToUpper(outside) + ":8090", "", outside, 200},
		{"GET /now", outside, "", "https://" + outside + "/wire.html", 200},
		{"POST /send", outside, json + origin, outside, 400},
		{"POST /send", outside, json + "X-Forwarded-Host: evil.example; Origin: " + evil, outside, 403},
		{"GET /now", "evil.example", forwarded, outside, 403},
	} {
		got, text := b.ask(c.request, c.host, c.header, "{", strings.Fields(c.names)...)
		if got != c.want {
			t.Errorf("%s, Host %s, %s, -host %s: %d, not %d", c.request, c.host, c.header, c.names, got, c.want)
		}
		if c.host == outside && got == 403 && c.names == "" && !strings.Contains(text, "-host "+outside) {
			t.Errorf("the remedy is missing: %s", text)
		}
	}
}

// TestSend: the given bytes go to each server, or the named one, over the wire.
func TestSend(t *testing.T) {
	b := newBench(t)
	go http.Serve(b.server, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nc, in, _ := http.NewResponseController(w).Hijack()       // a plain connection: no error
		io.WriteString(nc, response+frame(wstest.Text, 2, false)) // with a greeting
		if f, err := wstest.Read(in); err == nil && f.Opcode == wstest.Ping {
			io.WriteString(nc, "\x88\x02\x03\xea")
		}
		nc.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, in) // closed with bytes unread, TCP would reset
		nc.Close()
	}))
	for body, want := range map[string]string{
		`{"hex": "8900"}`:                    `[{"says":"close frame 1002","server":"it"}]`,
		`{"hex": "8a00", "server": "it"}`:    `[{"says":"hangs up without one","server":"it"}]`,
		`{"row": "an unmasked frame"}`:       `[{"says":"hangs up without one","server":"it"}]`,
		`{"row": "compression (RFC 7692)"}`:  `[{"says":"answers the handshake with 101","server":"it"}]`,
		`{"hex": "8900", "server": "other"}`: "there is no server other",
		`{"hex": "890"}`:                     "hex: encoding/hex: odd length hex string",
		`{"hex": ""}`:                        "nothing to send: hex is empty",
	} {
		if _, got := b.ask("POST /send", "localhost", "Content-Type: application/json", body); got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
	all := b.events(func(e *Event) bool { return e.Kind == "frame" && e.From == FromClient })
	if all[0].Kind != "request" || all[1].Kind != "response" {
		t.Errorf("seen is %v", all)
	}
}
