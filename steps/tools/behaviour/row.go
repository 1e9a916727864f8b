// Package behaviour is what a server must do at each step of the workshop: a table of rows, and a
// function for each that tries it from outside, whatever the code looks like.
//
// To add one, write a function that is given a probe, and a line in the table.
package behaviour

import (
	"slices"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
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

	Do       func(*probe.Probe)
	Build    Build          // of the code under check that the row is about
	Waits    bool           // it mostly waits, and so may run beside the others
	UnixOnly bool           // it sends a signal, which Windows cannot
	Raced    bool           // it needs the race detector
	Leeway   []rules.Leeway // for a server on a library, besides that of its cases
}

// A Build is a way to build the code under check.
type Build int

// The ways to build it.
const (
	Plain Build = iota // as go run does
	Noisy              // with pauses between its statements and, where that works, the race detector
	Quick              // with shorter times, and so are its rows
)

// Titles are the names of the steps.
var Titles = []string{
	1: "upgrade log", "handshake", "history push", "frame parse", "broadcast", "close handling",
}

// LastStep is the step that ends the workshop.
const LastStep = 6

// Rows returns what a server must do at a step, in the order in which one builds it.
func Rows(step int) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool {
		return step < r.Step || r.Until > 0 && step > r.Until
	})
}
