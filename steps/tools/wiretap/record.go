package wiretap

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

const (
	maxEvents  = 2000          // of each server, for a new reader
	maxBacklog = 5 * maxEvents // of each server, for a reader that falls behind
	maxBytes   = 32 << 20      // that the events of a server may take
)

// An Event is something that was seen on a connection.
type Event struct {
	Number int64 // from 1 on, in the order of arrival, over all servers
	Server string
	Conn   int64 // from 1 on, for each server
	From   Origin
	Kind   string // "request", "response", "frame", "end" or "other"
	Time   time.Time
	Raw    []byte       // the bytes that are kept
	Length uint64       // how many there were
	Frame  wstest.Frame // its header, if it is one
	Size   int          // of that header
	How    string       // an end: "fin" or "reset"
}

// AppendJSON appends the event in the form that the page and other programs read. It is written by
// hand, since package json takes several times as long for so much hex.
func (e *Event) AppendJSON(b []byte) []byte {
	server, _ := json.Marshal(e.Server) // a text: no error
	b = slices.Grow(b, 300+4*len(e.Raw))
	b = fmt.Appendf(b, `{"server":%s,"conn":%d,"from":%q,"kind":%q,`, server, e.Conn, e.From, e.Kind)
	b = fmt.Appendf(b, `"time":%d,"hex":"`, e.Time.UnixMilli())
	b = fmt.Appendf(hex.AppendEncode(b, e.Raw), `","length":%d`, e.Length)
	if e.Kind == "frame" {
		payload := slices.Clone(e.Raw[e.Size:])
		if e.Frame.Masked {
			wstest.Mask(payload, e.Frame.Key)
		}
		f := e.Frame
		b = fmt.Appendf(b, `,"fin":%t,"opcode":%d,"masked":%t,"payload":"`, f.Fin, f.Opcode, f.Masked)
		b = append(hex.AppendEncode(b, payload), '"')
	}
	if e.How != "" {
		b = fmt.Appendf(b, `,"how":%q`, e.How)
	}
	return append(b, '}')
}

// cost returns roughly how much memory an event takes, in bytes.
func (e *Event) cost() int { return cap(e.Raw) + 200 }

// A Record keeps the newest events of each server. It waits for no reader: one that falls too far
// behind misses events, and can tell by their numbers.
type Record struct {
	run string // distinguishes the events of this record from those of another

	mu      sync.Mutex
	number  int64
	kept    map[string]*queue
	changed chan struct{} // closed when there is another event
}

// A queue holds events in order, and their cost.
type queue struct {
	events []*Event
	cost   int
}

// NewRecord returns an empty record.
func NewRecord() *Record {
	run := strconv.FormatInt(time.Now().UnixMilli(), 36)
	return &Record{run: run, kept: map[string]*queue{}, changed: make(chan struct{})}
}

// add numbers an event and keeps it.
func (r *Record) add(e *Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	e.Number, e.Time = r.number, time.Now()
	q := r.kept[e.Server]
	if q == nil {
		q = &queue{}
		r.kept[e.Server] = q
	}
	q.events = append(q.events, e)
	q.cost += e.cost()
	for len(q.events) > maxBacklog || q.cost > maxBytes {
		q.cost -= q.events[0].cost()
		q.events[0] = nil
		q.events = q.events[1:]
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// Since returns the events after the one with a number, in order, and a channel that is closed when
// there are more. After number 0 it returns only the newest ones.
func (r *Record) Since(number int64) ([]*Event, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var events []*Event
	for _, q := range r.kept {
		from := sort.Search(len(q.events), func(i int) bool { return q.events[i].Number > number })
		if number == 0 {
			from = max(0, len(q.events)-maxEvents)
		}
		events = append(events, q.events[from:]...)
	}
	slices.SortFunc(events, func(a, b *Event) int { return int(a.Number - b.Number) })
	return events, r.changed
}

// id names an event in all records.
func (r *Record) id(number int64) string { return fmt.Sprintf("%s-%d", r.run, number) }

// after returns the number of the event that an id names, or 0 if the id is from another record.
func (r *Record) after(id string) int64 {
	number, ok := strings.CutPrefix(id, r.run+"-")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return 0
	}
	return n
}
