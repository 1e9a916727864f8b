package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"websocket-workshop/steps/tools/behaviour"
)

// A report prints events for people.
type report struct {
	options
	out     io.Writer
	step    int  // whose heading is printed
	earlier int  // how many rows of earlier steps pass, if these are not shown
	began   bool // something was printed
	failed  bool
	also    int // how many have failed after the first one
}

// take prints an event.
func (r *report) take(e event) {
	switch e.Event {
	case "building":
		if e.Folder != "" {
			steps := map[bool]string{true: fmt.Sprintf(", step 1 to %d", e.Step)}[e.Step > 0]
			fmt.Fprintf(r.out, "Checking %s%s.\n", e.Folder, steps)
			return
		}
		what := strings.TrimSpace("building it " + e.What)
		fmt.Fprintf(r.out, "    …      %s (the first time, that takes a minute)\n", what)
	case "built":
		r.began = true
		r.line(e.Result, "it builds")
		if e.Result == fails {
			fmt.Fprintf(r.out, "\n%s\n", e.Output)
		}
	case "running":
		if !r.failed {
			fmt.Fprintf(r.out, "    …      in a few seconds: %s\n", e.Name)
		}
	case "row":
		r.row(e)
	case "done":
		if r.also > 3 {
			fmt.Fprintf(r.out, "            and %d more\n", r.also-3)
		}
		if r.earlier > 0 && !r.failed {
			fmt.Fprintf(r.out, "\nBefore step %d\n", r.options.step)
			r.line(ok, plural(r.earlier, "row holds", "rows hold"))
		}
		if e.Text != "" {
			fmt.Fprintln(r.out, map[bool]string{true: "\n"}[r.began]+e.Text)
		}
	}
}

// line prints a result on one line.
func (r *report) line(how result, what string) {
	sign := map[result]string{
		ok: "✓ ok    ", fails: "✗ fails ", skipped: "- skipped ", allowed: "~ RFC allows ", asked: "! RFC asks   ",
	}[how]
	fmt.Fprintf(r.out, "  %s %s\n", sign, what)
}

// row prints the result of a row. After a failure, rows that pass are not printed.
func (r *report) row(e event) {
	switch {
	case r.failed && e.Result == fails:
		if r.also++; r.also <= 3 {
			fmt.Fprintf(r.out, "  also      ✗ %s\n", e.Name)
		}
		return
	case r.failed && !r.library:
		return
	case e.Result == ok && (r.library || e.Step < r.options.step && !r.verbose):
		r.earlier++
		return
	}
	if r.step != e.Step && e.Step > 0 && !r.library {
		fmt.Fprintf(r.out, "\nStep %d: %s\n", e.Step, behaviour.Titles[e.Step])
	}
	r.step = e.Step
	switch e.Result {
	case skipped:
		r.line(e.Result, e.Name+" ("+e.Reason+")")
	case fails:
		r.failed = true
		r.line(e.Result, e.Name)
		fmt.Fprintf(r.out, "\n%s%s", e.Failure, map[bool]string{true: "\n"}[r.library])
	case allowed, asked:
		r.line(e.Result, e.Name)
		last := e.Failure.Came[max(0, len(e.Failure.Came)-1):]
		fmt.Fprintf(r.out, "        came: %s\n        RFC 6455, section %s\n", last[0].Words, e.Reason)
	default:
		r.line(e.Result, e.Name)
	}
}

// String returns the failure as an attendee reads it, in short lines.
func (f *failure) String() string {
	lines := func(items []item) string {
		var s []string
		for _, i := range items {
			if i.Words != f.Likely || f.Likely == "" { // a unit test's message is printed only once
				s = append(s, i.String())
			}
		}
		return strings.Join(s, "\n")
	}
	came := lines(f.Came)
	if len(f.Came) == 0 {
		came = "(nothing)"
	}
	where := ""
	if len(f.Places) > 0 && !strings.Contains(f.Likely+strings.Join(f.Terminal, "\n"), f.Places[0].String()) {
		where = f.Places[0].String()
	}
	lesson := f.Lesson
	if f.Section != "" {
		lesson += ", at: " + f.Section
	}
	var s strings.Builder
	for _, part := range []struct{ label, text string }{
		{"sent", cmp.Or(lines(f.Sent), "(nothing)")}, {"expected", cmp.Or(f.Expected, "(nothing)")}, {"came", came},
		{"terminal", strings.Join(f.Terminal, "\n")}, {"place", where}, {"likely", f.Likely}, {"lesson", lesson},
	} {
		if part.text != "" {
			fmt.Fprintf(&s, "  %-8s  %s\n", part.label, strings.ReplaceAll(part.text, "\n", "\n            "))
		}
	}
	return s.String()
}
