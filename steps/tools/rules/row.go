package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Row is something that a server must do from a given step onwards. It is written once, and
// held against the folders of the workshop by go test and against an attendee's by the check.
type Row struct {
	Step  int    // from which it holds
	Until int    // the last step it holds in, as the next replaces it; 0 if none does
	Name  string // what the server does, as a full statement
	Why   string // what it protects from, where that is not plain
	Hint  string // for the most frequent mistake
	Turn  string // the function to look at first, as in "frame.go readHeader"

	do       func(*probe)
	build    build    // of the code under check that the row is about
	waits    bool     // it mostly waits, and so runs beside the others
	unixOnly bool     // it sends a signal, which Windows cannot
	raced    bool     // it needs the race detector
	leeway   []Leeway // for a server on a library, besides that of the cases
}

// Titles are the names of the steps.
var Titles = []string{1: "upgrade log", "handshake", "history push", "frame parse", "broadcast", "close handling"}

// LastStep is the step that ends the workshop.
const LastStep = 6

// Rows returns what a server must do at a step, in the order in which one builds it.
func Rows(step int) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return step < r.Step || r.Until > 0 && step > r.Until })
}

// A Kind says what came in place of what was expected.
type Kind string

// The kinds of failure.
const (
	Wrong    Kind = "wrong"     // something else came
	TimedOut Kind = "timed out" // nothing came within the time limit
	HungUp   Kind = "hung up"   // the server ended the connection (FIN)
	Reset    Kind = "reset"     // the server reset the connection (RST)
	Exited   Kind = "exited"    // the server's process ended
)

// A Failure is what an attendee is told: what was sent and expected, what came, and why that
// probably is, each in short lines.
type Failure struct {
	Kind                        Kind
	Sent, Expected, Came, Cause string

	Says     string   // why the server refused or ended it, in its words
	Lines    []string // what the server printed since
	Terminal string   // of Lines, what is shown: the command fills it in
	Leeway   *Leeway  // why a server on a library may do it differently; nil: it must not

	step int // whose rows fail as well, if it is an earlier step than the row's
	from int // the line of the server's output that followed what was sent
}

// String returns what an attendee is told.
func (f *Failure) String() string {
	var s strings.Builder
	for _, part := range []struct{ label, text, none string }{
		{"sent", f.Sent, "(nothing)"}, {"expected", f.Expected, "(nothing)"}, {"came", f.Came, "(nothing)"},
		{"terminal", f.Terminal, ""}, {"likely", f.Cause, "(not clear from outside)"},
	} {
		if text := cmp.Or(strings.TrimSpace(part.text), part.none); text != "" {
			fmt.Fprintf(&s, "  %-8s  %s\n", part.label, strings.ReplaceAll(text, "\n", "\n            "))
		}
	}
	return s.String()
}

// A Result is what became of one row.
type Result struct {
	Row
	Failure *Failure
	Skipped string // why it was not looked at
}
