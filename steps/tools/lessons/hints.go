package main

import (
	"errors"
	"fmt"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
)

// outOfSight is the minimum number of empty lines between the hints and our solutions: more than an
// editor or a pager shows at once. Markdown ignores empty lines.
const outOfSight = 40

// genOurs makes the block with our code for a turn, or with its first line, in the hints of its step.
func genOurs(w *workshop, p *page, m *mark, old string) (string, error) {
	step := stepOf(p.name)
	t := stepcode.TurnOf(step, m.file, m.args)
	if t == nil || !isHints(p.name) {
		return "", errors.New("it takes a file and a turn, in the hints of their step")
	}
	if before := p.source[:m.at]; strings.Count(before, "<details") == strings.Count(before, "</details") {
		return "", errors.New("it belongs into a <details>")
	}
	s, _ := stepcode.Read(w.files, step) // partsOf has read it
	if m.kind == "first" {
		return fenced("go", s.FirstLine(*t)), nil
	}
	head := ""
	for _, path := range s.Needs(*t) {
		head += fmt.Sprintf("import %q\n", path)
	}
	return fenced("go", head+"\n"+s.Ours(*t)), nil
}

// checkHints reports incomplete hints: each turn must have three, and our code out of sight.
func (w *workshop) checkHints(p *page, step int) {
	for _, t := range stepcode.Turns(step) {
		hints, err := stepcode.Hints(w.files, step, t.Name)
		if err != nil || len(hints) != 3 {
			p.say(1, "%s needs three hints, each in <details><summary>Hint …</summary>: %d, %v",
				t.Name, len(hints), err)
		}
		if ours := fmt.Sprintf("<!-- ours: %s %s -->", t.File, t.Name); !strings.Contains(p.source, ours) {
			p.say(1, "%s is missing", ours)
		}
	}
	hints, ours, _ := strings.Cut(p.source, strings.Repeat("\n", outOfSight+1))
	if strings.Contains(hints, "<!-- ours:") || strings.Contains(ours, "<summary>Hint ") {
		p.say(p.lineAt(len(hints)), "our solutions stand at the end, after at least %d empty lines", outOfSight)
	}
}
