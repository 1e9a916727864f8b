package units

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	failedRow = regexp.MustCompile(`(?m)^    \w+_test\.go:\d+: (.*(?:\n {8}.*)*)`)
	lastWords = regexp.MustCompile(`(?m)^(?:panic|fatal error): (.*)`)
	stackLine = regexp.MustCompile(`(?m)^\s+(.+\.go:\d+)`)
)

// explain returns the outcome of tests that did not pass, from their output.
func (t *unitTests) explain(said string) (o Outcome, rows []string, at string) {
	for _, m := range failedRow.FindAllStringSubmatch(said, -1) {
		rows = append(rows, m[1])
	}
	words := ""
	if m := lastWords.FindStringSubmatchIndex(said); m != nil {
		words, _, _ = strings.Cut(said[m[2]:m[3]], " [recovered")
		at = t.line(said[m[1]:])
	}
	_, race, raced := strings.Cut(said, "WARNING: DATA RACE\n")
	switch {
	case strings.HasPrefix(words, "your turn"):
		return Open, []string{words}, at
	case rows != nil: // a panic after a failure comes from the goroutines that it leaves behind
		return Failed, rows, ""
	case raced:
		one, other, _ := strings.Cut(race, "\n\n")
		places := fmt.Sprintf("one goroutine is at %s, another at %s", t.line(one), t.line(other))
		return Failed, []string{"data race: " + places}, ""
	case strings.HasPrefix(words, "test timed out"), strings.HasPrefix(words, "deadlock"):
		return Hung, nil, at
	case words != "":
		return Panicked, []string{words}, at
	}
	return Failed, []string{"the tests ended early: " + said[max(0, len(said)-200):]}, ""
}

// line returns the first line of the attendee's code in a stack trace, or "".
func (t *unitTests) line(trace string) string {
	for _, m := range stackLine.FindAllStringSubmatch(trace, -1) {
		dir, file := filepath.Split(m[1])
		ours := strings.Contains(file, "_test.go:") || strings.HasPrefix(file, "noise")
		if filepath.Clean(dir) == t.dir && !ours {
			return file
		}
	}
	return ""
}
