package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
	"websocket-workshop/steps/tools/units"
)

// A lastFailure is what -hint needs to know about the last check that failed. It is kept in the workshop's
// folder .bin.
type lastFailure struct {
	Folder string `json:"folder"` // its full path
	Step   int    `json:"step"`
	Row    string `json:"row"`
	Turn   string `json:"turn"`
	Shown  int    `json:"shown"` // hints
}

// stateFile returns where the last failure is kept.
func (src source) stateFile() string {
	return filepath.Join(process.Workshop(src.dir), ".bin", "check-hint.json")
}

// last returns the last failure, which is empty if there is none.
func (src source) last() (l lastFailure) {
	data, _ := os.ReadFile(src.stateFile())
	json.Unmarshal(data, &l) // what isn't JSON isn't a failure
	return l
}

// keep records a failure for -hint. If it is the same as before, the hints already shown stay counted. If
// the file cannot be written, -hint asks for a check.
func (src source) keep(step int, row, turn string) {
	if l := src.last(); l.Folder == src.dir && l.Step == step && l.Turn == turn && turn != "" {
		return
	}
	src.save(lastFailure{src.dir, step, row, turn, 0})
}

// save writes a failure, or none.
func (src source) save(l lastFailure) {
	if process.Workshop(src.dir) != "" {
		data, _ := json.Marshal(l) // strings and numbers have a JSON form
		os.Mkdir(filepath.Dir(src.stateFile()), 0o777)
		os.WriteFile(src.stateFile(), data, 0o666)
	}
}

// hints returns the hints for a function, and the step that they are from: the last one, up to step, in
// which attendees write the function.
func (src source) hints(turn string, step int) ([]string, int) {
	for s := step; s > 0 && turn != ""; s-- {
		if hints, err := stepcode.Hints(os.DirFS(process.Workshop(src.dir)), s, turn); err == nil &&
			len(hints) > 0 {
			return hints, s
		}
	}
	return nil, 0
}

// section returns the first heading in a step's lesson where a function is explained, or "".
func (src source) section(step int, name string) string {
	for _, t := range stepcode.Turns(step) {
		if t.Name == name {
			titles := stepcode.Where(os.DirFS(process.Workshop(src.dir)), step, t.File, name)
			return strings.Join(titles[:min(1, len(titles))], "")
		}
	}
	return ""
}

// nextHint returns the next hint for what failed in the last check, or, after the last hint, where the
// lesson explains it.
func (src source) nextHint(o options) string {
	l, step := src.last(), o.lesson()
	if l.Folder != src.dir || l.Step != step {
		return "Hints are for what has failed. First check it: " + o.again("-v", src.name)
	}
	said := fmt.Sprintf("✗ %s\n\n", l.Row)
	name := l.Turn[strings.LastIndex(l.Turn, " ")+1:]
	hints, from := src.hints(l.Turn, step)
	if l.Shown++; l.Shown <= len(hints) {
		src.save(l)
		said += fmt.Sprintf("Hint %d of %d for %s:\n\n", l.Shown, len(hints), name)
		return said + hints[l.Shown-1]
	}
	if hints == nil {
		from = step
	} else {
		said += fmt.Sprintf("Those were all %d hints for %s.\n", len(hints), name)
	}
	said += "The lesson is " + stepcode.Lesson(from)
	if section := src.section(from, name); section != "" {
		said += ", at: " + section
	}
	return said + "\nOur code: " + o.again("-diff-only", src.name)
}

// unitTests tells where the unit tests for the functions of a step are.
func unitTests(step int) string {
	said := "The check runs these before anything else. They are ordinary Go tests:"
	for _, u := range units.All {
		if u.First <= step && step <= u.Last {
			file := filepath.Join(process.Workshop("."), "steps", "tools", "units", "testdata", u.File)
			said += fmt.Sprintf("\n  %-20s %s", u.Func, relative(".", file))
		}
	}
	return said
}
