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
	maxHead = 64 << 10 // bytes in a request's or an answer's head; what has more is no head
	maxKept = 4 << 10  // bytes of a payload, or of what is neither head nor frame, that are kept
)

// An Origin is the side that bytes come from.
type Origin int

const (
	FromClient Origin = iota
	FromServer
)

func (o Origin) String() string { return [...]string{"client", "server"}[o] }

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
	from   Origin
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

// end records that a side has ended its half of the connection, or by a reset all of it.
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
	s.record(Event{Kind: "other"}) // half a frame is no frame
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
		s.record(Event{Kind: "frame", Frame: f, Size: size})
	}
}

// message reads a request or an answer, head and body. A client may send frames after its
// request without waiting for 101: they do not begin as another request would.
func (s *stream) message() {
	for !bytes.HasSuffix(s.unit, []byte("\n\r\n")) && !bytes.HasSuffix(s.unit, []byte("\n\n")) { // not every server knows CR
		if !s.line() {
			return
		}
		begins := beginsHead(s.from, s.unit)
		if n := len(s.asked); !begins && s.from == FromClient && n > 0 && s.asked[n-1].Header.Get("Upgrade") != "" {
			s.frame()
			return
		} else if !begins || len(s.unit) > maxHead {
			s.strange()
			return
		}
	}
	head := string(s.unit)
	s.record(Event{Kind: [...]string{"request", "response"}[s.from]})
	if !s.body(head) {
		s.strange()
	}
	s.record(Event{Kind: "other"})
}

// line takes the rest of a line of a head; but only a byte as long as that decides whether it is one.
func (s *stream) line() bool {
	for len(s.unit) <= maxHead {
		if !s.more() {
			return false
		}
		n := bytes.IndexByte(s.in, '\n') + 1
		switch {
		case len(s.unit) < len("HTTP/"):
			return s.take(1, maxHead+1)
		case n > 0:
			return s.take(uint64(n), maxHead+1)
		}
		s.take(uint64(len(s.in)), maxHead+1)
	}
	return true
}

// switched begins the answer that agrees to an upgrade, whatever the rest of it is like.
var switched = regexp.MustCompile(`^\S+ 101\b`)

// body notes what a head means, and reads the body that belongs to it. It says false of what is
// not HTTP.
func (s *stream) body(head string) bool {
	in := bufio.NewReader(strings.NewReader(head))
	if s.from == FromClient {
		request, err := http.ReadRequest(in)
		if err != nil { // so the server will say, too
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
	if response.StatusCode >= 200 && request != nil { // before that, the answer is still to come
		s.asked = s.asked[1:]
	}
	return s.content(response.Body, response.ContentLength, response.TransferEncoding)
}

// content reads a body, of which package http knows how long it is, and no more.
func (s *stream) content(body io.Reader, length int64, encoding []string) bool {
	switch {
	case body == http.NoBody:
		return true
	case length >= 0:
		return s.skip(uint64(length))
	case len(encoding) == 0:
		return s.skip(math.MaxUint64) // it ends with the connection
	}
	for { // chunks
		line, _, _ := strings.Cut(s.chunkLine(), ";")
		size, err := strconv.ParseUint(strings.TrimSpace(line), 16, 63)
		if err != nil || !s.skip(size) {
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

// moreBody waits until a byte of a body has come. What came before is recorded as it came.
func (s *stream) moreBody() bool {
	if len(s.in) == 0 {
		s.record(Event{Kind: "other"})
	}
	return s.more()
}

// skip takes n bytes of a body. It says false if they will not come.
func (s *stream) skip(n uint64) bool {
	for n > 0 && s.moreBody() {
		some := min(n, uint64(len(s.in)))
		s.take(some, maxKept)
		n -= some
	}
	return n == 0
}

// chunkLine takes a line between chunks, or as much of it as a size and its extensions may need.
func (s *stream) chunkLine() string {
	var line []byte
	for len(line) < maxKept && !bytes.HasSuffix(line, []byte("\n")) && s.moreBody() {
		n := bytes.IndexByte(s.in, '\n') + 1
		if n == 0 {
			n = len(s.in)
		}
		line = append(line, s.in[:n]...)
		s.take(uint64(n), maxKept)
	}
	return string(line)
}

// strange reads what is no HTTP, from the unit on.
func (s *stream) strange() {
	s.record(Event{Kind: "other"})
	for s.more() && !s.upgraded {
		s.take(uint64(len(s.in)), maxKept)
		s.record(Event{Kind: "other"})
	}
}

// beginsHead says whether b may be the beginning of a request or of an answer. The first byte of
// a frame can be a letter (RSV1 without FIN), but the second, with its mask bit, is none.
func beginsHead(from Origin, b []byte) bool {
	if from == FromClient {
		return isLetter(b[0]) && (len(b) == 1 || isLetter(b[1]))
	}
	return strings.HasPrefix("HTTP/", string(b[:min(len(b), 5)]))
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
