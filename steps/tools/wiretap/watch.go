package wiretap

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"iter"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

const (
	maxHead = 64 << 10 // bytes in the head of a request or response; anything longer is not a head
	maxKept = 4 << 10  // bytes kept of a payload, or of anything that is neither head nor frame
)

// An Origin is the side that bytes come from.
type Origin int

const (
	FromClient Origin = iota
	FromServer
)

func (o Origin) String() string { return [...]string{"client", "server"}[o] }

// A watcher splits what passes over one connection into heads and frames, in whatever pieces TCP
// delivers it, and records them. It changes nothing and waits for nobody.
type watcher struct {
	log    *Record
	server string
	conn   int64

	mu       sync.Mutex
	streams  [2]*stream
	asked    []*http.Request // that have no response yet
	upgraded bool            // the response was 101: frames follow
}

// A stream is what one side sends. A coroutine reads it, and pauses where it needs more than
// has arrived. The unit is what it is reading: a head, a frame or a piece of a body.
type stream struct {
	*watcher
	from   Origin
	in     []byte                  // what has arrived and is not consumed yet
	resume func() (struct{}, bool) // continues reading
	stop   func()                  // ends reading: nothing more will arrive
	wait   func(struct{}) bool     // pauses reading; it returns false if nothing more will arrive
	pieces bool                    // whatever has arrived is recorded before a pause

	unit   []byte    // what is kept of it
	length uint64    // bytes of it that have arrived
	since  time.Time // its first byte arrived
}

func newWatcher(log *Record, server string, conn int64) *watcher {
	w := &watcher{log: log, server: server, conn: conn}
	for from := range w.streams {
		s := &stream{watcher: w, from: Origin(from)}
		s.resume, s.stop = iter.Pull(s.read)
		w.streams[from] = s
	}
	return w
}

// watch takes the next bytes of one side.
func (w *watcher) watch(from Origin, b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams[from].in = b
	w.streams[from].resume()
}

// end records that a side has ended its half of the connection ("fin") or all of it ("reset").
func (w *watcher) end(from Origin, how string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.streams {
		if how == "reset" || s.from == from {
			s.stop()
		}
	}
	w.log.add(&Event{Server: w.server, Conn: w.conn, From: from, Kind: "end", How: how})
}

// halves returns the heads and frames that have been incomplete for longer than age, in the form
// that the page reads.
func (w *watcher) halves(age time.Duration) (found []map[string]any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.streams {
		if s.length > 0 && time.Since(s.since) > age {
			kept := s.unit[:min(len(s.unit), maxKept)]
			found = append(found, map[string]any{"server": w.server, "conn": w.conn, "from": s.from.String(),
				"hex": hex.EncodeToString(kept), "length": s.length})
		}
	}
	return found
}

// more waits until something has arrived that is not consumed. It reports false if nothing will, and,
// for pieces, if frames do.
func (s *stream) more() bool {
	if len(s.in) > 0 {
		return true
	}
	if s.pieces {
		s.record(Event{Kind: "other"})
	}
	return s.wait(struct{}{}) && !(s.pieces && s.upgraded)
}

// take waits for n more bytes of the unit, of which it keeps up to keep bytes in all. It reports
// false if they will not arrive.
func (s *stream) take(n uint64, keep int) bool {
	for n > 0 && s.more() {
		if s.length == 0 {
			s.since = time.Now()
		}
		some := min(n, uint64(len(s.in)))
		s.unit = append(s.unit, s.in[:min(int(some), max(0, keep-len(s.unit)))]...)
		s.in, s.length, n = s.in[some:], s.length+some, n-some
	}
	return n == 0
}

// record records the unit as the event e, and begins the next unit.
func (s *stream) record(e Event) {
	if s.length == 0 {
		return
	}
	e.Server, e.Conn, e.From, e.Raw, e.Length = s.server, s.conn, s.from, s.unit, s.length
	if e.Kind == "other" {
		e.Raw = e.Raw[:min(len(e.Raw), maxKept)]
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
	s.record(Event{Kind: "other"}) // an incomplete frame
}

// frame reads a frame. The unit may be its beginning.
func (s *stream) frame() {
	f, size := wstest.ParseHeader(s.unit)
	for len(s.unit) < size {
		if !s.take(uint64(size-len(s.unit)), size) {
			return
		}
		f, size = wstest.ParseHeader(s.unit)
	}
	if s.take(f.Length, size+maxKept) {
		s.record(Event{Kind: "frame", Frame: f, Size: size})
	}
}

// message reads a request or a response, head and body. A client may send frames right after its
// request, without waiting for 101: they cannot be mistaken for another request.
func (s *stream) message() {
	for !endsHead(s.unit) {
		if !s.take(1, maxHead+1) {
			return
		}
		n, begins := len(s.asked), beginsHead(s.from, s.unit)
		switch {
		case !begins && s.from == FromClient && n > 0 && s.asked[n-1].Header.Get("Upgrade") != "":
			s.frame()
			return
		case !begins || len(s.unit) > maxHead:
			s.strange()
			return
		}
	}
	head := string(s.unit)
	s.record(Event{Kind: [...]string{"request", "response"}[s.from]})
	if s.pieces = true; !s.body(head) {
		s.strange()
	}
	s.record(Event{Kind: "other"})
	s.pieces = false
}

// switched matches the beginning of a response that agrees to an upgrade, even an invalid one.
var switched = regexp.MustCompile(`^\S+ 101\b`)

// body records what a head means, and reads the body that belongs to it. It reports false if that is
// not HTTP.
func (s *stream) body(head string) bool {
	in := bufio.NewReader(strings.NewReader(head))
	if s.from == FromClient {
		request, err := http.ReadRequest(in)
		if err != nil { // the server will report that
			request = &http.Request{Body: http.NoBody}
		}
		s.asked = append(s.asked, request)
		return s.content(request.Body, request.ContentLength, request.TransferEncoding)
	}
	if s.upgraded = switched.MatchString(head); s.upgraded {
		return true
	}
	var request *http.Request
	if len(s.asked) > 0 {
		request = s.asked[0]
	}
	response, err := http.ReadResponse(in, request)
	if err != nil {
		return false
	}
	if response.StatusCode >= 200 && request != nil { // 1xx: the final response is yet to come
		s.asked = s.asked[1:]
	}
	return s.content(response.Body, response.ContentLength, response.TransferEncoding)
}

// content reads a body and nothing after it, given its length according to package http.
func (s *stream) content(body io.Reader, length int64, encoding []string) bool {
	switch {
	case body == http.NoBody:
		return true
	case length >= 0:
		return s.take(uint64(length), maxKept)
	case len(encoding) == 0:
		return s.take(math.MaxUint64, maxKept) // until the connection ends
	}
	for { // chunks
		line, _, _ := strings.Cut(s.chunkLine(), ";")
		size, err := strconv.ParseUint(strings.TrimSpace(line), 16, 63)
		if err != nil || !s.take(size, maxKept) {
			return false
		}
		if size > 0 && s.chunkLine() != "\r\n" {
			return false
		}
		for size == 0 { // the trailer
			if line := strings.TrimSpace(s.chunkLine()); line == "" {
				return true
			}
		}
	}
}

// chunkLine takes the line before or after a chunk and returns it, or the beginning of one that is
// far too long.
func (s *stream) chunkLine() string {
	var line []byte
	for len(line) < maxKept && !bytes.HasSuffix(line, []byte("\n")) && s.more() {
		line = append(line, s.in[0])
		s.take(1, maxKept)
	}
	return string(line)
}

// strange reads anything that is not HTTP, beginning with the unit.
func (s *stream) strange() {
	s.pieces = true
	s.take(math.MaxUint64, maxKept)
	s.record(Event{Kind: "other"})
	s.pieces = false
}

// beginsHead reports whether b may be the beginning of a request or a response. The first byte of a
// client's frame can be a letter (RSV1 without FIN), but the second, with its mask bit, cannot.
func beginsHead(from Origin, b []byte) bool {
	if from == FromClient {
		return isLetter(b[0]) && (len(b) == 1 || isLetter(b[1]))
	}
	return strings.HasPrefix("HTTP/", string(b[:min(len(b), 5)]))
}

// endsHead reports whether b ends with an empty line. Not every server sends CR.
func endsHead(b []byte) bool {
	return bytes.HasSuffix(b, []byte("\n\r\n")) || bytes.HasSuffix(b, []byte("\n\n"))
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
