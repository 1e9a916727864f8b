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

// A server may print endlessly: the feed keeps mostEntries entries, and a page gets the output in
// portions, of which only the newest bytes are kept.
const (
	mostEntries = 2000
	mostOutput  = 8 << 10 // bytes of a portion
	outputPause = 100 * time.Millisecond
)

// An entry is something that the page must learn, other than the bytes.
type entry struct {
	N      int64           `json:"n"` // from 1; entries that are no longer kept leave a gap
	Kind   string          `json:"kind"`
	Server string          `json:"server,omitempty"` // kind server and output
	State  string          `json:"state,omitempty"`  // kind server: a process.Kind
	Text   string          `json:"text,omitempty"`   // kind output: lines
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

// place matches a place in the compiler's output, and its message.
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

// A feed keeps the newest entries and delivers them to any number of readers.
type feed struct {
	mu      sync.Mutex
	run     string // distinguishes this feed from that of an earlier process
	entries []entry
	next    int64
	output  map[string][]byte // by server: what it has printed since the last portion
	changed chan struct{}     // closed at the next change
	ended   bool
}

func newFeed() *feed {
	run := strconv.FormatInt(time.Now().UnixMilli(), 36)
	return &feed{run: run, next: 1, output: map[string][]byte{}, changed: make(chan struct{})}
}

func (f *feed) add(e entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.addOutput()
	f.append(e)
}

// print adds a line that a server has printed. It soon becomes an entry, together with others of that
// time.
func (f *feed) print(server, line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.output) == 0 {
		time.AfterFunc(outputPause, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.addOutput()
		})
	}
	text := append(append(f.output[server], line...), '\n')
	if len(text) > 2*mostOutput {
		text = append([]byte("… more than can be shown …\n"), text[len(text)-mostOutput:]...)
	}
	f.output[server] = text
}

// addOutput adds the output of servers since the last time. f.mu must be held.
func (f *feed) addOutput() {
	for server, text := range f.output {
		f.append(entry{Kind: "output", Server: server, Text: strings.ToValidUTF8(string(text), "�")})
	}
	clear(f.output)
}

// append adds an entry. f.mu must be held.
func (f *feed) append(e entry) {
	e.N = f.next
	f.next++
	if f.entries = append(f.entries, e); len(f.entries) > mostEntries {
		f.trim()
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// trim drops the oldest entries, a quarter of all, but none that a new page needs to show the current
// state: the last run of the check, the last state of each server, and problems.
func (f *feed) trim() {
	run, state := 0, map[string]int64{}
	for _, e := range f.entries {
		run = max(run, e.Run)
		if e.Kind == "server" {
			state[e.Server] = e.N
		}
	}
	drop := mostEntries / 4
	var kept []entry // readers may still have the old slice
	for _, e := range f.entries {
		needed := e.Kind == "problem" || e.Kind == "check" && e.Run == run ||
			e.Kind == "server" && e.N == state[e.Server]
		if drop > 0 && !needed {
			drop--
			continue
		}
		kept = append(kept, e)
	}
	f.entries = kept
}

// end tells readers that there will be no more entries.
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

// ServeHTTP sends the entries as Server-Sent Events. A page that reconnects names its last one in
// Last-Event-ID, or as ?after=RUN-N, and gets those that it has missed.
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
