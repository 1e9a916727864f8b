package main

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
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
	streams  [2]stream
	asked    []asked // requests that wait for their answer
	upgraded bool    // 101 was said: from here on there are frames
}

// asked is what must be known of a request to read its answer.
type asked struct{ head, upgrade bool }

// A stream is what one side sends. The unit is what is coming: a head or a frame.
type stream struct {
	unit    []byte // what is kept of it
	since   time.Time
	length  uint64 // bytes of it that have come
	inFrame bool   // it is a frame
	frame   frames.Frame
	size    int    // of the frame's header, once that is whole
	left    uint64 // bytes that the frame's payload still lacks

	body    uint64 // bytes that the body of a request or an answer still lacks
	chunks  chunks
	strange bool // no HTTP, or a body without an end: it is not taken apart
}

// watch takes the next bytes of one side.
func (w *watcher) watch(from origin, b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.streams[from]
	for len(b) > 0 {
		if s.length == 0 {
			s.inFrame, s.since = w.framesFrom(from, b), time.Now()
		}
		n := len(b)
		switch {
		case s.inFrame:
			n = w.takeFrame(from, b)
		case s.strange:
			w.add(from, "other", b)
		case s.body > 0:
			n = int(min(s.body, uint64(n)))
			s.body -= uint64(n)
			w.add(from, "other", b[:n])
		case s.chunks.on:
			n = s.chunks.take(b)
			w.add(from, "other", b[:n])
		default:
			n = w.takeHead(from, b)
		}
		b = b[n:]
	}
}

// framesFrom says whether a side's next unit, which begins with b, is a frame. A client may send
// frames behind its request without waiting for 101: they do not begin as a next request would.
func (w *watcher) framesFrom(from origin, b []byte) bool {
	s := &w.streams[from]
	early := from == fromClient && len(w.asked) > 0 && w.asked[len(w.asked)-1].upgrade && s.body == 0 && !s.chunks.on
	return w.upgraded || early && !beginsHead(from, b)
}

// takeFrame takes what belongs to the frame that is coming, and returns how much that was.
func (w *watcher) takeFrame(from origin, b []byte) int {
	s := &w.streams[from]
	n := int(min(s.left, uint64(len(b))))
	s.unit = append(s.unit, b[:min(n, s.size+maxKept-len(s.unit))]...)
	s.left -= uint64(n)
	if s.size == 0 {
		_, size := frames.ParseHeader(s.unit)
		n = min(size-len(s.unit), len(b))
		s.unit = append(s.unit, b[:n]...)
		if s.frame, size = frames.ParseHeader(s.unit); len(s.unit) == size {
			s.size, s.left = size, s.frame.Length
		}
	}
	s.length += uint64(n)
	if s.size > 0 && s.left == 0 {
		w.flush(from, "frame")
	}
	return n
}

// takeHead takes what belongs to the head that is coming, and returns how much that was.
func (w *watcher) takeHead(from origin, b []byte) int {
	s := &w.streams[from]
	before := len(s.unit)
	s.unit = append(s.unit, b[:min(len(b), maxHead-before)]...)
	if before == 1 && w.framesFrom(from, s.unit) { // the first byte alone could have been both
		s.unit, s.inFrame = s.unit[:before], true
		return 0
	}
	end := headEnd(s.unit, max(0, before-2))
	switch {
	case !beginsHead(from, s.unit) || end < 0 && len(s.unit) == maxHead:
		s.strange = true
		s.length = uint64(len(s.unit))
		defer w.flush(from, "other")
	case end >= 0:
		s.unit = s.unit[:end]
		if from == fromClient {
			defer w.requested(string(s.unit))
			defer w.flush(from, "request")
		} else {
			defer w.answered(string(s.unit))
			defer w.flush(from, "response")
		}
	}
	s.length = uint64(len(s.unit))
	return len(s.unit) - before
}

// requested notes what a request announces.
func (w *watcher) requested(head string) {
	w.asked = append(w.asked, asked{
		head:    strings.HasPrefix(head, "HEAD "),
		upgrade: strings.Contains(strings.ToLower(field(head, "Upgrade")), "websocket"),
	})
	w.streams[fromClient].announce(head)
}

// answered notes what an answer announces.
func (w *watcher) answered(head string) {
	_, rest, _ := strings.Cut(head, " ")
	status, _ := strconv.Atoi(rest[:min(3, len(rest))])
	var a asked
	if len(w.asked) > 0 {
		a = w.asked[0]
	}
	switch {
	case status == 101:
		w.upgraded = true
		return
	case 100 <= status && status < 200: // the answer is still to come
		return
	}
	w.asked = w.asked[min(1, len(w.asked)):]
	s := &w.streams[fromServer]
	if a.head || status == 204 || status == 304 {
		return
	}
	if s.announce(head); s.body == 0 && !s.chunks.on && field(head, "Content-Length") == "" {
		s.strange = true // up to the end of the connection
	}
}

// announce notes how long the body is that follows a head (RFC 9112, section 6).
func (s *stream) announce(head string) {
	if strings.Contains(strings.ToLower(field(head, "Transfer-Encoding")), "chunked") {
		s.chunks = chunks{on: true}
		return
	}
	s.body, _ = strconv.ParseUint(field(head, "Content-Length"), 10, 64)
}

// end records that a side has ended its half of the connection, or by a reset all of it.
func (w *watcher) end(from origin, how string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for o := range w.streams {
		if w.streams[o].length > 0 && (how == "reset" || origin(o) == from) {
			w.flush(origin(o), "other") // half a frame is no frame
		}
	}
	w.log.add(&event{server: w.server, conn: w.conn, from: from, kind: "end", how: how})
}

// A half is what has come of a head or a frame that is not whole.
type half struct {
	Server string `json:"server"`
	Conn   int64  `json:"conn"`
	From   string `json:"from"`
	Hex    string `json:"hex"`
	Length uint64 `json:"length"`
}

// halves returns what has waited for its rest for longer than age.
func (w *watcher) halves(age time.Duration) (found []half) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for o, s := range w.streams {
		if s.length > 0 && time.Since(s.since) > age {
			found = append(found, half{w.server, w.conn, origin(o).String(), hex.EncodeToString(s.unit[:min(len(s.unit), maxKept)]), s.length})
		}
	}
	return found
}

// flush records the unit, and begins the next.
func (w *watcher) flush(from origin, kind string) {
	s := &w.streams[from]
	e := &event{server: w.server, conn: w.conn, from: from, kind: kind, raw: s.unit, length: s.length}
	if kind == "frame" {
		e.frame, e.size = s.frame, s.size
	} else if kind == "other" {
		e.raw = e.raw[:min(len(e.raw), maxKept)]
	}
	s.unit, s.length, s.size, s.left = nil, 0, 0, 0
	w.log.add(e)
}

// add records bytes that are no head and no frame.
func (w *watcher) add(from origin, kind string, b []byte) {
	w.log.add(&event{server: w.server, conn: w.conn, from: from, kind: kind,
		raw: slices.Clone(b[:min(len(b), maxKept)]), length: uint64(len(b))})
}

// headEnd returns where the head ends that b begins with, looking for the empty line from a
// position on, or -1. Not every server knows that a line ends with CR and LF.
func headEnd(b []byte, at int) int {
	for ; ; at++ {
		i := bytes.IndexByte(b[min(at, len(b)):], '\n')
		if i < 0 {
			return -1
		}
		at += i
		if rest := b[at+1:]; bytes.HasPrefix(rest, []byte("\n")) {
			return at + 2
		} else if bytes.HasPrefix(rest, []byte("\r\n")) {
			return at + 3
		}
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

// chunks finds the end of a body in chunks (RFC 9112, section 7.1).
type chunks struct {
	on   bool   // such a body is coming
	left uint64 // bytes that the chunk still lacks, with the line end behind it
	line []byte // the line in front of a chunk, or of the trailer
	last bool   // the chunk of length 0 was there
}

// take returns how much of b belongs to the body.
func (c *chunks) take(b []byte) (n int) {
	for n < len(b) && c.on {
		if c.left > 0 {
			step := min(c.left, uint64(len(b)-n))
			c.left -= step
			n += int(step)
			continue
		}
		c.line = append(c.line, b[n])
		n++
		if b[n-1] != '\n' && len(c.line) < maxKept {
			continue
		}
		line := strings.TrimSpace(string(c.line))
		c.line = nil
		if c.last {
			c.on = line != ""
			continue
		}
		hex, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(hex, 16, 62)
		c.last = err == nil && size == 0
		if err != nil {
			c.left = math.MaxUint64 // it has no end that could be found
		} else if size > 0 {
			c.left = size + 2
		}
	}
	return n
}
