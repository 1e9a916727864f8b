package wiretap

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"iter"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

const (
	maxHead = 64 << 10 // bytes in a request's or an answer's head; what has more is no head
	maxKept = 4 << 10  // bytes of a payload, or of what is neither head nor frame, that are kept
)

// An origin is the side that bytes come from.
type origin int

const (
	fromClient origin = iota
	fromServer
)

func (o origin) String() string { return [...]string{"client", "server"}[o] }

// A watcher cuts what goes over one connection into heads and frames, however TCP has cut
// it, and records them. It changes nothing and waits for nobody.
type watcher struct {
	log    *Record
	server string
	conn   int64

	mu       sync.Mutex
	streams  [2]*stream
	asked    []*http.Request // which wait for their answer
	upgraded bool            // 101 was said: from here on there are frames
}

// A stream is what one side sends. A coroutine reads it, which stands still where it wants
// more than has come. The unit is what is coming: a head, a frame or a chunk.
type stream struct {
	*watcher
	from   origin
	in     []byte                  // what has come and is not taken yet
	resume func() (struct{}, bool) // goes on reading
	stop   func()                  // says that nothing more will come
	wait   func(struct{}) bool     // stands still; false: nothing more will come

	unit   []byte    // what is kept of it
	length uint64    // bytes of it that have come
	since  time.Time // its first byte came
}

func newWatcher(log *Record, server string, conn int64) *watcher {
	w := &watcher{log: log, server: server, conn: conn}
	for from := range w.streams {
		s := &stream{watcher: w, from: origin(from)}
		s.resume, s.stop = iter.Pull(s.read)
		w.streams[from] = s
	}
	return w
}

// watch takes the next bytes of one side.
func (w *watcher) watch(from origin, b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams[from].in = b
	w.streams[from].resume()
}

// end records that a side has ended its half of the connection, or by a reset all of it.
func (w *watcher) end(from origin, how string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.streams {
		if how == "reset" || s.from == from {
			s.stop()
		}
	}
	w.log.add(&event{server: w.server, conn: w.conn, from: from, kind: "end", how: how})
}

// halves returns what there is of heads and frames that have waited for their rest for longer
// than age, as the page reads it.
func (w *watcher) halves(age time.Duration) (found []map[string]any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.streams {
		if s.length > 0 && time.Since(s.since) > age {
			kept := s.unit[:min(len(s.unit), maxKept)]
			found = append(found, map[string]any{
				"server": w.server, "conn": w.conn, "from": s.from.String(), "hex": hex.EncodeToString(kept), "length": s.length,
			})
		}
	}
	return found
}

// more waits until something has come that is not taken, and says false if nothing will.
func (s *stream) more() bool { return len(s.in) > 0 || s.wait(struct{}{}) }

// take waits for n more bytes of the unit, of which it keeps up to keep bytes in all. It says
// false if they will not come.
func (s *stream) take(n uint64, keep int) bool {
	for n > 0 && s.more() {
		if s.length == 0 {
			s.since = time.Now()
		}
		some := min(n, uint64(len(s.in)))
		s.unit = append(s.unit, s.in[:min(int(some), keep-len(s.unit))]...)
		s.in, s.length, n = s.in[some:], s.length+some, n-some
	}
	return n == 0
}

// record records the unit as what e says it is, and begins the next.
func (s *stream) record(e event) {
	if s.length == 0 {
		return
	}
	e.server, e.conn, e.from, e.raw, e.length = s.server, s.conn, s.from, s.unit, s.length
	if e.kind == "other" {
		e.raw = e.raw[:min(len(e.raw), maxKept)]
	}
	s.unit, s.length = nil, 0
	s.log.add(&e)
}

// read reads units, to the end.
func (s *stream) read(wait func(struct{}) bool) {
	for s.wait = wait; s.more(); {
		if s.upgraded {
			s.frame()
		} else {
			s.message()
		}
	}
	s.record(event{kind: "other"}) // half a frame is no frame
}

// frame reads a frame, of which the unit may be the beginning.
func (s *stream) frame() {
	f, size := wstest.ParseHeader(s.unit)
	for len(s.unit) < size {
		if !s.take(uint64(size-len(s.unit)), size) {
			return
		}
		f, size = wstest.ParseHeader(s.unit)
	}
	if s.take(f.Length, size+maxKept) {
		s.record(event{kind: "frame", frame: f, size: size})
	}
}

// message reads a request or an answer, head and body. A client may send frames behind its
// request without waiting for 101: they do not begin as a next request would.
func (s *stream) message() {
	for !bytes.HasSuffix(s.unit, []byte("\n\r\n")) && !bytes.HasSuffix(s.unit, []byte("\n\n")) { // not every server knows CR
		if !s.take(1, maxHead+1) {
			return
		}
		begins := beginsHead(s.from, s.unit)
		if n := len(s.asked); !begins && s.from == fromClient && n > 0 && s.asked[n-1].Header.Get("Upgrade") != "" {
			s.frame()
			return
		} else if !begins || len(s.unit) > maxHead {
			s.strange()
			return
		}
	}
	head := string(s.unit)
	s.record(event{kind: [...]string{"request", "response"}[s.from]})
	body, err := s.body(head)
	if err == nil {
		_, err = io.Copy(io.Discard, body)
		s.record(event{kind: "other"})
	}
	if err != nil {
		s.strange()
	}
}

// switched begins the answer that agrees to an upgrade, whatever the rest of it is like.
var switched = regexp.MustCompile(`^\S+ 101\b`)

// body notes what a head means, and returns what belongs to it.
func (s *stream) body(head string) (io.Reader, error) {
	in := bufio.NewReader(io.MultiReader(strings.NewReader(head), s))
	if s.from == fromClient {
		request, err := http.ReadRequest(in)
		if err != nil { // so the server will say, too
			request = &http.Request{Body: http.NoBody}
		}
		s.asked = append(s.asked, request)
		return request.Body, nil
	}
	if s.upgraded = switched.MatchString(head); s.upgraded {
		return http.NoBody, nil
	}
	var request *http.Request
	if len(s.asked) > 0 {
		request = s.asked[0]
	}
	response, err := http.ReadResponse(in, request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 200 && request != nil { // before that, the answer is still to come
		s.asked = s.asked[1:]
	}
	return response.Body, nil
}

// Read is for package http, which knows how long a body is. It hands out a byte at a time, so
// that nothing behind the body is read. What comes is recorded as it comes.
func (s *stream) Read(p []byte) (int, error) {
	if len(s.in) == 0 {
		s.record(event{kind: "other"})
	}
	if !s.more() {
		return 0, io.EOF
	}
	p[0] = s.in[0]
	s.take(1, maxKept)
	return 1, nil
}

// strange reads what is no HTTP, from the unit on.
func (s *stream) strange() {
	s.record(event{kind: "other"})
	for s.more() && !s.upgraded {
		s.take(uint64(len(s.in)), maxKept)
		s.record(event{kind: "other"})
	}
}

// beginsHead says whether b may be the beginning of a request or of an answer. The first byte of
// a frame can be a letter (RSV1 without FIN), but the second, with its mask bit, is none.
func beginsHead(from origin, b []byte) bool {
	if from == fromClient {
		return isLetter(b[0]) && (len(b) == 1 || isLetter(b[1]))
	}
	return strings.HasPrefix("HTTP/", string(b[:min(len(b), 5)]))
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
