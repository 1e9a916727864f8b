package main

import (
	"bytes"
	"encoding/hex"
	"iter"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/frames"
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
	log    *record
	server string
	conn   int64

	mu       sync.Mutex
	streams  [2]*stream
	asked    []asked // requests that wait for their answer
	upgraded bool    // 101 was said: from here on there are frames
}

// asked is what must be known of a request to read its answer.
type asked struct{ head, upgrade bool }

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

func newWatcher(log *record, server string, conn int64) *watcher {
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
	f, size := frames.ParseHeader(s.unit)
	for len(s.unit) < size {
		if !s.take(uint64(size-len(s.unit)), size) {
			return
		}
		f, size = frames.ParseHeader(s.unit)
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
		if n := len(s.asked); !begins && s.from == fromClient && n > 0 && s.asked[n-1].upgrade {
			s.frame()
			return
		} else if !begins || len(s.unit) > maxHead {
			s.strange()
			return
		}
	}
	head := string(s.unit)
	s.record(event{kind: [...]string{"request", "response"}[s.from]})
	if s.from == fromClient {
		s.asked = append(s.asked, asked{strings.HasPrefix(head, "HEAD "), holds(head, "Upgrade", "websocket")})
	} else if !s.answered(head) {
		return
	}
	// how long the body is: RFC 9112, section 6
	length := field(head, "Content-Length")
	n, _ := strconv.ParseUint(length, 10, 64)
	switch {
	case holds(head, "Transfer-Encoding", "chunked"):
		s.chunks()
	case s.from == fromServer && length == "":
		s.pass(math.MaxUint64) // up to the end of the connection
	default:
		s.pass(n)
	}
}

// answered notes what an answer means, and reports whether a body follows.
func (s *stream) answered(head string) bool {
	_, rest, _ := strings.Cut(head, " ")
	status, _ := strconv.Atoi(rest[:min(3, len(rest))])
	s.upgraded = status == 101
	if status/100 == 1 { // the answer is still to come, or frames
		return false
	}
	var a asked
	if len(s.asked) > 0 {
		a, s.asked = s.asked[0], s.asked[1:]
	}
	return !a.head && status != 204 && status != 304
}

// pass reads n bytes that are not taken apart: they are recorded as they come.
func (s *stream) pass(n uint64) {
	for n > 0 && s.more() {
		some := min(n, uint64(len(s.in)))
		n -= some
		s.take(some, maxKept)
		s.record(event{kind: "other"})
	}
}

// strange reads what is no HTTP, from the unit on.
func (s *stream) strange() {
	s.record(event{kind: "other"})
	for s.more() && !s.upgraded {
		s.pass(uint64(len(s.in)))
	}
}

// chunks reads a body in chunks (RFC 9112, section 7.1).
func (s *stream) chunks() {
	for last := false; ; {
		line := s.line()
		hex, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(hex, 16, 62)
		switch {
		case last: // or the trailer behind it
		case err != nil:
			s.strange()
			return
		case size == 0:
			last = true
		default:
			s.take(size+2, maxKept)
		}
		s.record(event{kind: "other"})
		if last && line == "" {
			return
		}
	}
}

// line reads a line, as a unit or the beginning of one, and returns it without its end.
func (s *stream) line() string {
	for !bytes.HasSuffix(s.unit, []byte("\n")) && len(s.unit) < maxKept && s.take(1, maxKept) {
	}
	return strings.TrimSpace(string(s.unit))
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

// field returns the values of a field in a head, with commas between them.
func field(head, name string) string {
	var values []string
	for line := range strings.Lines(head) {
		if n, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(n, name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return strings.Join(values, ", ")
}

// holds reports whether a field of a head holds a word, in whatever case.
func holds(head, name, word string) bool {
	return strings.Contains(strings.ToLower(field(head, name)), word)
}
