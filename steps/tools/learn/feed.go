package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mostEntries is how many entries of the feed are kept: a server may print without end.
const mostEntries = 2000

// An entry is something that the page is told of, besides the bytes.
type entry struct {
	N      int64           `json:"n"` // from 1; entries that are no longer kept leave a gap
	Kind   string          `json:"kind"`
	Server string          `json:"server,omitempty"` // kind server and output
	State  string          `json:"state,omitempty"`  // kind server: a process.Kind
	Text   string          `json:"text,omitempty"`
	Errors []compileError  `json:"errors,omitempty"`
	Run    int             `json:"run,omitempty"`   // kind check: counts the runs
	Step   int             `json:"step,omitempty"`  // the same: which step is checked, 7 for the library
	Event  json.RawMessage `json:"event,omitempty"` // the same: a line of check -json
}

// A compileError is a line of the go command's output about a place in the code.
type compileError struct {
	File    string `json:"file"` // from the workshop's folder, with slashes
	Line    int    `json:"line"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// place finds what the compiler prints of a place.
var place = regexp.MustCompile(`(?m)^(?:vet: )?(\S+\.go):(\d+)(?::(\d+))?: (.*)$`)

func compileErrors(root, output string) (all []compileError) {
	for _, m := range place.FindAllStringSubmatch(output, -1) {
		line, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		file := filepath.Clean(m[1])
		if rel, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(rel) {
			file = rel
		}
		all = append(all, compileError{filepath.ToSlash(file), line, column, m[4]})
	}
	return all
}

// A feed keeps the newest entries and hands them to any number of readers.
type feed struct {
	mu      sync.Mutex
	run     string // tells this feed from that of an earlier process
	entries []entry
	next    int64
	changed chan struct{} // closed at the next change
	ended   bool
}

func newFeed() *feed {
	return &feed{run: strconv.FormatInt(time.Now().UnixMilli(), 36), next: 1, changed: make(chan struct{})}
}

func (f *feed) add(e entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.N = f.next
	f.next++
	if f.entries = append(f.entries, e); len(f.entries) > mostEntries {
		f.entries = append([]entry(nil), f.entries[mostEntries/4:]...)
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// end tells readers that nothing more comes.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	close(f.changed)
	f.changed = make(chan struct{})
}

// since returns the entries after number n, and a channel that is closed when there are more.
func (f *feed) since(n int64) (all []entry, changed <-chan struct{}, ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, e := range f.entries {
		if e.N > n {
			all = f.entries[i:len(f.entries):len(f.entries)]
			break
		}
	}
	return all, f.changed, f.ended
}

// ServeHTTP sends the entries as Server-Sent Events. A page that comes back names the last one it
// has in Last-Event-ID, or as ?after=RUN-N, and gets what it has missed.
func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var after int64
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.URL.Query().Get("after")
	}
	if number, ok := strings.CutPrefix(last, f.run+"-"); ok {
		after, _ = strconv.ParseInt(number, 10, 64)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	c := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 1000\n\n") // milliseconds
	for {
		entries, changed, ended := f.since(after)
		for _, e := range entries {
			b, _ := json.Marshal(e) // an Event is JSON already: no error
			c.SetWriteDeadline(time.Now().Add(30 * time.Second))
			fmt.Fprintf(w, "id: %s-%d\ndata: %s\n\n", f.run, e.N, b)
			after = e.N
		}
		if c.Flush() != nil || ended {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
