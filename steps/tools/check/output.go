package main

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// What is kept of a server's output: a server may print without end.
const (
	maxLines = 4000
	headKept = 1000 // of the lines: the first ones stay, then the last ones
	maxLine  = 16 << 10
)

// output is what a server has printed so far. Its zero value is not ready: use newOutput.
type output struct {
	mu      sync.Mutex
	lines   []string
	dropped int           // lines forgotten behind the head, so that line numbers stay
	rest    []byte        // of a line without its end
	address string        // that the server says it listens on: a flood may wash the line away
	window  []byte        // the last bytes of the write before, where the line may begin
	changed chan struct{} // closed at the next change
	ended   chan struct{} // closed when nothing more can come
}

// newOutput returns an empty output.
func newOutput() *output {
	return &output{changed: make(chan struct{}), ended: make(chan struct{})}
}

// Write takes what the server prints.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notice(b)
	o.rest = append(o.rest, b...)
	for {
		end := bytes.IndexByte(o.rest, '\n')
		if end < 0 && len(o.rest) < maxLine {
			break
		}
		line := o.rest
		if end >= 0 {
			line = o.rest[:end]
		}
		text := strings.TrimRight(string(line[:min(len(line), maxLine)]), "\r")
		o.lines = append(o.lines, text)
		o.rest = o.rest[min(len(o.rest), len(line)+1):]
	}
	if len(o.lines) > maxLines {
		over := len(o.lines) - maxLines/2
		o.lines = append(o.lines[:headKept], o.lines[headKept+over:]...)
		o.dropped += over
	}
	close(o.changed)
	o.changed = make(chan struct{})
	return len(b), nil
}

// notice looks for the line that says where the server listens.
func (o *output) notice(b []byte) {
	if o.address != "" {
		return
	}
	o.window = append(o.window, b...)
	if m := listeningLine.FindSubmatch(o.window); m != nil && bytes.HasSuffix(m[0], []byte("\n")) {
		o.address = strings.TrimSpace(string(m[1]))
	}
	o.window = append([]byte(nil), o.window[max(0, len(o.window)-200):]...)
}

// since returns the lines from number n on, and a channel that says when there are more.
func (o *output) since(n int) ([]string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n > headKept {
		n = max(headKept, n-o.dropped)
	}
	lines := append([]string(nil), o.lines[min(n, len(o.lines)):]...)
	if len(o.rest) > 0 {
		lines = append(lines, string(o.rest))
	}
	return lines, o.changed
}

// says returns the address that the server says it listens on.
func (o *output) says() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.address
}

// flooded reports whether there was more than anybody can read.
func (o *output) flooded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped > 0
}

// end returns the number that the next line will have.
func (o *output) end() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped + len(o.lines)
}

// await waits until the lines from number n on satisfy ok, and reports whether they did.
func (o *output) await(n int, patience time.Duration, ok func([]string) bool) bool {
	timeout := time.After(patience)
	for {
		lines, changed := o.since(n)
		if ok(lines) {
			return true
		}
		select {
		case <-changed:
		case <-timeout:
			return false
		case <-o.ended:
			lines, _ = o.since(n)
			return ok(lines)
		}
	}
}

// tail returns the last lines, as they are shown to an attendee.
func (o *output) tail(n int) string {
	lines, _ := o.since(0)
	for i, line := range lines {
		if strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, ":") {
			lines = lines[:i] // where a crash came from is said in a sentence
			break
		}
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return shorten(lines[max(0, len(lines)-n):])
}

// first returns the first lines from number from on, as they are shown to an attendee. Those
// about listening and upgrades are left out: they are not about what was sent.
func (o *output) first(from, n int) string {
	var kept []string
	lines, _ := o.since(from)
	for _, line := range lines {
		if !strings.Contains(line, requested) && !listeningLine.MatchString(line) && len(kept) < n {
			kept = append(kept, line)
		}
	}
	return shorten(kept)
}

// shorten returns lines as text, long ones cut.
func shorten(lines []string) string {
	var s []string
	for _, line := range lines {
		if runes := []rune(line); len(runes) > 120 {
			line = string(runes[:120]) + "…"
		}
		s = append(s, line)
	}
	return strings.Join(s, "\n")
}
