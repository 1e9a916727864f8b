package probe

import (
	"cmp"
	"fmt"
	"strings"

	"websocket-workshop/steps/tools/rules"
)

// A Kind tells what happened in place of what was expected.
type Kind string

// The kinds of failure.
const (
	Wrong    Kind = "wrong"     // something else came
	TimedOut Kind = "timed out" // nothing came within the time limit
	HungUp   Kind = "hung up"   // the server ended the connection (FIN)
	Reset    Kind = "reset"     // the server reset the connection (RST)
	Exited   Kind = "exited"    // the server's process exited
)

// A Failure is what an attendee is told: what was sent, what was expected, what came instead, and the
// likely cause, each in short lines.
type Failure struct {
	Kind                        Kind
	Sent, Expected, Came, Cause string

	Says   string        // why the server refused the client or ended the connection, in its words
	Lines  []string      // what the server printed since the client began
	Leeway *rules.Leeway // why a server on a library may do it differently; nil if it must not

	from int // the first line of the server's output after what was sent
}

// String returns all of it, for tests.
func (f *Failure) String() string {
	var s strings.Builder
	for _, part := range [][2]string{
		{"sent", f.Sent}, {"expected", f.Expected}, {"came", f.Came}, {"likely", f.Cause}} {
		text := cmp.Or(strings.TrimSpace(part[1]), "(nothing)")
		fmt.Fprintf(&s, "  %-8s  %s\n", part[0], strings.ReplaceAll(text, "\n", "\n            "))
	}
	return s.String()
}
