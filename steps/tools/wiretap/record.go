package wiretap

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

const (
	maxEvents  = 2000     // that are kept of a server
	maxBytes   = 32 << 20 // that they may hold
	maxBacklog = 32 << 20 // bytes that wait for a reader who is slower than the servers
	maxReaders = 20       // at once
)

// An event is something that was seen on a connection.
type event struct {
	number int64 // in the order that they were seen in, over all servers
	server string
	conn   int64 // from 1 on, for each server
	from   origin
	kind   string // "request", "response", "frame", "end" or "other"
	time   time.Time
	raw    []byte       // bytes as they came, as far as they are kept
	length uint64       // how many came
	frame  wstest.Frame // its header, if it is one
	size   int          // of that header
	how    string       // an end: "fin" or "reset"
}

// encode returns the event in JSON, as the page and other programs read it. It is written by hand,
// since package json takes several times as long for so much hex.
func (e *event) encode() []byte {
	server, _ := json.Marshal(e.server) // a text: no error
	b := make([]byte, 0, 300+4*len(e.raw))
	b = fmt.Appendf(b, `{"server":%s,"conn":%d,"from":%q,"kind":%q,"time":%d,"hex":"`, server, e.conn, e.from, e.kind, e.time.UnixMilli())
	b = fmt.Appendf(hex.AppendEncode(b, e.raw), `","length":%d`, e.length)
	if e.kind == "frame" {
		payload := slices.Clone(e.raw[e.size:])
		if e.frame.Masked {
			wstest.Mask(payload, e.frame.Key)
		}
		b = fmt.Appendf(b, `,"fin":%t,"opcode":%d,"masked":%t,"payload":"`, e.frame.Fin, e.frame.Opcode, e.frame.Masked)
		b = append(hex.AppendEncode(b, payload), '"')
	}
	if e.how != "" {
		b = fmt.Appendf(b, `,"how":%q`, e.how)
	}
	return append(b, '}')
}

// cost is about the memory that an event takes, in bytes.
func (e *event) cost() int { return cap(e.raw) + 200 }

// A Record keeps the newest events of each server, and hands them out.
type Record struct {
	mu      sync.Mutex
	number  int64
	kept    map[string]*queue
	readers map[*queue]bool // each gets the events from some moment on
}

// A queue is events in their order, and what they cost.
type queue struct {
	events []*event
	cost   int
	ready  chan struct{} // a reader's: holds a token when there is something in the queue
}

func (q *queue) add(e *event) {
	q.events = append(q.events, e)
	q.cost += e.cost()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func NewRecord() *Record {
	return &Record{kept: map[string]*queue{}, readers: map[*queue]bool{}}
}

// add keeps an event and hands it to all readers. It never waits for one: whoever is too
// far behind misses events, and sees that by their numbers.
func (r *Record) add(e *event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	e.number, e.time = r.number, time.Now()
	q := r.kept[e.server]
	if q == nil {
		q = &queue{}
		r.kept[e.server] = q
	}
	q.add(e)
	for len(q.events) > maxEvents || q.cost > maxBytes {
		q.cost -= q.events[0].cost()
		q.events[0] = nil
		q.events = q.events[1:]
	}
	for reader := range r.readers {
		if reader.cost < maxBacklog {
			reader.add(e)
		}
	}
}

// read returns a new reader, whose queue begins with what is kept after the event with
// that number; or nil if there are too many.
func (r *Record) read(after int64) *queue {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.readers) == maxReaders {
		return nil
	}
	reader := &queue{ready: make(chan struct{}, 1)}
	for _, q := range r.kept {
		for _, e := range q.events {
			if e.number > after {
				reader.add(e)
			}
		}
	}
	slices.SortFunc(reader.events, func(a, b *event) int { return int(a.number - b.number) })
	r.readers[reader] = true
	return reader
}

// take returns what is in a reader's queue, and empties it.
func (r *Record) take(reader *queue) []*event {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := reader.events
	reader.events, reader.cost = nil, 0
	return events
}

// leave ends a reader.
func (r *Record) leave(reader *queue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.readers, reader)
}
