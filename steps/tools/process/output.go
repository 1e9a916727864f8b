package process

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits on what is kept of a program's output: it may print endlessly.
const (
	maxLines = 4000
	headKept = 1000     // the first lines, which are kept; the other lines kept are the last ones
	maxLine  = 16 << 10 // bytes; longer ones are cut
)

// listeningLine matches what every server of the workshop prints once it listens, with any logger: in
// colours, in JSON, followed by other words.
var listeningLine = regexp.MustCompile(`(?i)listening on(?:\s|\x1b\[[\d;]*m)*http://((?:\[[^]\s]*]|[\w.-]*):\d+)`)

// Output is what a program has printed so far, in lines. It is safe for concurrent use, and
// its zero value is empty and ready to use.
type Output struct {
	Line func(string) // if not nil, it is called for each line, in order

	mu      sync.Mutex
	lines   []string
	dropped int           // lines that were dropped after the head, so that line numbers stay valid
	rest    []byte        // of a line whose end has not been printed yet
	address string        // that the server listens on: its line may have been dropped
	changed chan struct{} // if not nil, it is closed at the next change
	ended   bool          // there will be no more output
}

// Write adds what the program prints. It never fails.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, b...)
	for {
		line, rest, whole := bytes.Cut(o.rest, []byte("\n"))
		if !whole && len(line) < maxLine {
			break
		}
		o.rest = rest
		o.add(strings.TrimRight(string(line[:min(len(line), maxLine)]), "\r"))
	}
	o.change()
	return len(b), nil
}

// add adds a line. The lock must be held.
func (o *Output) add(line string) {
	if m := listeningLine.FindStringSubmatch(line); m != nil && o.address == "" {
		o.address = m[1]
	}
	if o.Line != nil {
		o.Line(line)
	}
	if o.lines = append(o.lines, line); len(o.lines) > maxLines {
		over := len(o.lines) - maxLines/2
		o.lines = append(o.lines[:headKept], o.lines[headKept+over:]...)
		o.dropped += over
	}
}

// change wakes the waiting goroutines. The lock must be held.
func (o *Output) change() {
	if o.changed != nil {
		close(o.changed)
	}
	o.changed = nil
}

// end records that there will be no more output.
func (o *Output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.rest) > 0 {
		o.add(string(o.rest))
		o.rest = nil
	}
	o.ended = true
	o.change()
}

// Since returns the lines from number n on, the last one possibly incomplete, and a channel that is
// closed when there is more; it is nil if there will be no more.
func (o *Output) Since(n int) ([]string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n > headKept {
		n = max(headKept, n-o.dropped)
	}
	lines := slices.Clone(o.lines[min(n, len(o.lines)):])
	if len(o.rest) > 0 {
		lines = append(lines, string(o.rest))
	}
	if o.changed == nil && !o.ended {
		o.changed = make(chan struct{})
	}
	return lines, o.changed
}

// Next returns the number that the next line will have: Since(Next()) returns what follows from now on.
func (o *Output) Next() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped + len(o.lines)
}

// Address returns the host:port in the server's listening line, or "".
func (o *Output) Address() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.address
}

// Flooded reports whether there was so much output that lines were dropped.
func (o *Output) Flooded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped > 0
}

// Await waits until the lines from number n on satisfy ok, and reports whether they did
// before patience or the output ended.
func (o *Output) Await(n int, patience time.Duration, ok func([]string) bool) bool {
	timeout := time.After(patience)
	for {
		lines, changed := o.Since(n)
		if ok(lines) {
			return true
		}
		if changed == nil {
			return false
		}
		select {
		case <-changed:
		case <-timeout:
			return false
		}
	}
}

// Tail returns the last n lines.
func (o *Output) Tail(n int) string {
	lines, _ := o.Since(0)
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
