// Package behaviour defines what a server must do at each step of the workshop: a table of rows, and a
// function for each that tests it from outside, whatever the code looks like.
//
// To add a row, write a function that takes a probe, and add a line to the table.
package behaviour

import (
	"slices"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
)

// A Row is something that a server must do from a given step onwards. It is written once; go test runs it
// against the folders of the workshop, and the check against an attendee's.
type Row struct {
	Step  int    // from which it holds
	Until int    // the last step it holds in, as the next replaces it; 0 if none does
	Name  string // what the server does, as a full statement
	Why   string // what it protects from, where that is not obvious
	Hint  string // for the most frequent mistake
	Turn  string // the function to look at first, as in "frame.go readHeader"

	Do       func(*probe.Probe)
	Build    Build          // the build of the code under check that the row tests
	Waits    bool           // it mostly waits, and so may run in parallel with others
	UnixOnly bool           // it sends a signal, which Windows cannot
	Raced    bool           // it needs the race detector
	Leeway   []rules.Leeway // for a server on a library, in addition to its cases'
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

// Rows returns what a server must do at a step, in the order in which it is built.
func Rows(step int) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool {
		return step < r.Step || r.Until > 0 && step > r.Until
	})
}
