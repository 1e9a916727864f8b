package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/stepcode"
	"websocket-workshop/steps/tools/trial"
)

// An event is something that happens during a check. The package comment explains how it is printed.
type event struct {
	Event string `json:"event"` // building, built, running, row or done

	Folder string       `json:"folder,omitempty"` // building
	What   string       `json:"what,omitempty"`   // building
	Output string       `json:"output,omitempty"` // built, if that fails: what the compiler printed
	Errors []buildError `json:"errors,omitempty"` // built: the lines of Output that name a place

	Step    int      `json:"step,omitempty"` // running, row
	Name    string   `json:"name,omitempty"`
	Why     string   `json:"why,omitempty"`
	Turn    string   `json:"turn,omitempty"`
	Result  result   `json:"result,omitempty"` // built, row
	Reason  string   `json:"reason,omitempty"` // of skipped, allowed and asked
	Failure *failure `json:"failure,omitempty"`

	Status *int   `json:"status,omitempty"` // done
	Text   string `json:"text,omitempty"`
}

// A result is the result of a row, or of building.
type result string

const (
	ok      result = "ok"
	fails   result = "fails"
	skipped result = "skipped" // it cannot be tried on this machine
	allowed result = "allowed" // with -library: it differs, and the RFC allows that
	asked   result = "asked"   // with -library: it differs, and the RFC asks for more
)

// A buildError is what the compiler reports about a place.
type buildError struct {
	place
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// A failure is everything that is reported about a row that fails.
type failure struct {
	Kind     probe.Kind `json:"kind"`
	Sent     []item     `json:"sent"`
	Expected string     `json:"expected"`
	Came     []item     `json:"came"`
	Terminal []string   `json:"terminal"` // what the program printed, with places
	Likely   string     `json:"likely"`   // what is wrong, or the first hint
	Places   []place    `json:"places"`   // in the code under check, the one to look at first at the front
	Lesson   string     `json:"lesson"`   // the file
	Section  string     `json:"section"`  // its heading, or ""
	Hints    int        `json:"hints"`    // how many more there are
}

// An item is something that went over the connection, or another event there.
type item struct {
	Hex   string `json:"hex,omitempty"` // if it is a frame
	Words string `json:"words"`
}

// items splits a record into items: a frame is a line in hex, and one with its description.
func items(record string) []item {
	all := []item{}
	for l := range strings.Lines(strings.TrimSpace(record)) {
		l = strings.TrimRight(l, "\r\n")
		if words, frame := strings.CutPrefix(l, "= "); frame && len(all) > 0 {
			all[len(all)-1] = item{all[len(all)-1].Words, words}
		} else {
			all = append(all, item{"", l})
		}
	}
	return all
}

// String returns the item as lines: at most 20 bytes of a frame, and the beginning of other long lines.
func (i item) String() string {
	const most = 20
	if words := []rune(i.Words); i.Hex == "" {
		return string(words[:min(len(words), 200)])
	}
	first := strings.Fields(i.Hex)
	if len(first) <= most {
		return i.Hex + "\n= " + i.Words
	}
	_, rest, cut := strings.Cut(i.Hex, "… ")
	if !cut {
		rest = fmt.Sprintf("(%d bytes)", len(first))
	}
	return strings.Join(first[:most], " ") + " … " + rest + "\n= " + i.Words
}

// placeInText matches a file and line, and the message after them.
var placeInText = regexp.MustCompile(`([^\s(]+\.go):(\d+)(?::(\d+))?(?:: (.*))?`)

// placesIn returns the places that a text names.
func placesIn(text string) (all []place) {
	for _, m := range placeInText.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[2])
		all = append(all, place{m[1], n})
	}
	return all
}

// buildErrors returns the errors among the lines that the compiler printed.
func buildErrors(output string) (all []buildError) {
	for l := range strings.Lines(output) {
		if m := placeInText.FindStringSubmatch(strings.TrimSpace(l)); m != nil && m[4] != "" {
			column, _ := strconv.Atoi(m[3])
			all = append(all, buildError{placesIn(l)[0], column, m[4]})
		}
	}
	return all
}

// explain adds to a row's findings where that is in the code, and which lesson explains it: the one asked
// for, or an earlier one.
func (src source) explain(r trial.Result, lesson int) *failure {
	code, err := readCode(src.dir, src.name)
	if err != nil {
		code = new(program) // without any places
	}
	f := &failure{
		Kind: r.Failure.Kind, Sent: items(r.Failure.Sent), Expected: r.Failure.Expected,
		Came: items(r.Failure.Came), Terminal: code.terminal(r.Failure.Lines),
		Likely: strings.TrimSpace(r.Failure.Cause),
	}
	f.Places = append([]place{}, placesIn(f.Likely)...)
	if from, ok := code.where(r.Failure.Says); ok {
		f.Came = append(f.Came, item{"", strconv.Quote(r.Failure.Says) + " is from " + from.String()})
		f.Places = append(f.Places, from)
	}
	name := r.Turn[strings.LastIndex(r.Turn, " ")+1:] // its file may come before it
	if d := code.find(name); d != nil {
		f.Places = append(f.Places, d.lines()[0].place)
	}
	f.Places = slices.Compact(append(f.Places, placesIn(strings.Join(f.Terminal, "\n"))...))
	if lesson == stepcode.Library || r.Step == 0 {
		r.Step = lesson
	}
	if hints, from := src.hints(name, lesson); hints != nil {
		f.Lesson, f.Section, f.Hints = stepcode.Lesson(from), src.section(from, name), len(hints)
	} else if r.Step > 0 { // not a client's
		f.Lesson = stepcode.Lesson(r.Step)
	}
	return f
}

// jsonLines prints events as JSON, one line per event.
func jsonLines(out io.Writer) func(event) {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return func(e event) { enc.Encode(e) } // a failed write has ended the check
}
