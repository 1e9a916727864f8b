package main

import (
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
)

// generators has, for each kind of mark, the function that makes its text from the old one. For <!--
// gen: --> the kind includes its first word, or that word's extension.
var generators = map[string]func(w *workshop, p *page, m *mark, old string) (string, error){
	"edit": genEdit, "given": genEdit, "turn": genEdit,
	"ours": genOurs, "first": genOurs, // in a file of hints
	"server":        genConsole,
	"gen steps":     genSteps,     // README's table of steps, its last column filled
	"gen timetable": genTimetable, // a table: at, minutes, what; rows that link a lesson get its minutes
	"gen minutes":   genMinutes,   // + N: this lesson's; without it: those of the six by hand
	"gen go":        genGo,        // FILE NAME …: declarations, as steps/06/conn.go conn.end
	"gen lines":     genLines,     // FILE …: how many lines they have together
	"gen .js":       genScript,    // FILE FUNCTION, or how a statement of the page begins
	"gen compare":   genCompare,   // what go run ./steps/tools/compare prints

	"not": nil, "delete": nil, "limit": nil, "bytes": nil, "/gen": nil, // these make nothing
	"side-by-side": nil, "/side-by-side": nil,
}

// checkGenerated reports text that differs from what would now be generated, and returns the text as it
// should be.
func (w *workshop) checkGenerated(p *page) string {
	step := stepOf(p.name)
	var err error
	if p.parts, err = w.partsOf(step); err != nil {
		p.say(1, "%v", err)
		return p.source
	}
	fresh, at := "", 0
	for _, m := range p.marks {
		if m.to < 0 {
			p.say(m.line, "a <!-- /gen --> is missing")
		}
		if m.to < 0 || generators[m.kind] == nil {
			continue
		}
		old := p.source[m.from:m.to]
		made, err := generators[m.kind](w, p, m, old)
		if err != nil {
			p.say(m.line, "%s: %v", m.title, err)
			continue
		}
		fresh, at = fresh+p.source[at:m.from]+made, m.to
		if made != old {
			is, want, i := codeLines(old+"\n"), codeLines(made+"\n"), 0
			for is[i] == want[i] && i+1 < min(len(is), len(want)) {
				i++
			}
			p.say(p.lineAt(m.from)+i, "%s gives %q here, not %q: task lessons", m.title, want[i], is[i])
		}
	}
	if isHints(p.name) {
		w.checkHints(p, step)
	} else {
		w.checkShown(p, step)
	}
	return fresh + p.source[at:]
}

// fenced returns code as a block.
func fenced(info, code string) string {
	return "```" + info + "\n" + strings.Trim(code, "\n") + "\n```\n"
}

var lessonLink = regexp.MustCompile(`\]\(([\w./]*\.md)\)`)

// eachRow returns a table with its rows changed by f, which also gets the step whose lesson a row links
// to, or 0.
func eachRow(p *page, old string, f func(cells []string, step int) error) (string, error) {
	lines := strings.Split(old, "\n")
	for _, r := range rows(old) {
		linked := 0
		for _, m := range lessonLink.FindAllStringSubmatch(lines[r.line], -1) {
			linked = cmp.Or(linked, stepOf(path.Join(path.Dir(p.name), m[1])))
		}
		if err := f(r.cells, linked); err != nil {
			return "", err
		}
		lines[r.line] = strings.ReplaceAll("| "+strings.Join(r.cells, " | ")+" |", "|  |", "| |")
	}
	return strings.Join(lines, "\n"), nil
}

// genSteps fills the last cell of each row of the table of steps.
func genSteps(w *workshop, p *page, m *mark, old string) (string, error) {
	return eachRow(p, old, func(cells []string, step int) error {
		s, err := stepcode.Read(w.files, step)
		if err != nil {
			return fmt.Errorf("each row links to its lesson: %v", err)
		}
		signs := make(map[byte]int)
		for _, name := range s.Files() {
			for _, line := range diff(s.Before[name], s.After[name]) {
				signs[line[0]]++
			}
		}
		cells[len(cells)-1] = strings.TrimSuffix(fmt.Sprintf("+%d −%d", signs['+'], signs['-']), " −0")
		return nil
	})
}

// genTimetable gives each row the minutes of the lesson that it links to, and the time at which the
// rows above end. The first row states when it begins; the last may have no minutes.
func genTimetable(w *workshop, p *page, m *mark, old string) (string, error) {
	at, next := -1, 1
	return eachRow(p, old, func(cells []string, step int) error {
		if at < 0 {
			var h, m int
			fmt.Sscanf(cells[0], "%d:%02d", &h, &m) // anything but a time counts as midnight
			at = h*60 + m
		}
		cells[0] = fmt.Sprintf("%d:%02d", at/60, at%60)
		if step > 0 {
			n, err := w.minutes(step)
			if err != nil {
				return err
			}
			if step != next {
				return fmt.Errorf("lesson %d comes where %d is due", step, next)
			}
			cells[1], next = fmt.Sprint(n), next+1
		}
		minutes, err := strconv.Atoi(cmp.Or(cells[1], "0"))
		at += minutes
		return err
	})
}

// genScript quotes a function from the page, with the comment above it, or else the statement
// at the left margin that begins with the given words.
func genScript(w *workshop, p *page, m *mark, old string) (string, error) {
	name, wanted := path.Join("frontend", m.args[0]), regexp.QuoteMeta(strings.Join(m.args[1:], " "))
	begin := `(?:(?:async )?function ` + wanted + `\(|` + wanted + `)`
	statement := regexp.MustCompile(`(?m)^(?://.*\n)*` + begin + `.*(?:;|(?:\n(?:[ \t].*)?)*\n\}.*)$`)
	code := statement.FindString(w.read(name))
	if code == "" || wanted == "" {
		return "", fmt.Errorf("%s has no function %s", name, wanted)
	}
	return fenced("js", code), nil
}

// genGo quotes declarations with their comments.
func genGo(w *workshop, p *page, m *mark, old string) (string, error) {
	if len(m.args) < 3 {
		return "", errors.New("it takes a file, and declarations")
	}
	text := ""
	decls, _ := stepcode.Split(w.read(m.args[1])) // what does not parse has none
	for _, name := range m.args[2:] {
		d := stepcode.Find(decls, name)
		if d == nil {
			return "", fmt.Errorf("there is no such %s", name)
		}
		text += "\n" + strings.Trim(d.Text, "\n") + "\n"
	}
	return fenced("go", text), nil
}

// genLines counts the lines of files, with their comments.
func genLines(w *workshop, p *page, m *mark, old string) (string, error) {
	n := 0
	for _, name := range m.args[1:] {
		n += strings.Count(w.read(name), "\n")
	}
	return fmt.Sprint(n), nil
}

// genCompare shows what the comparison of raw and library prints.
func genCompare(w *workshop, p *page, m *mark, old string) (string, error) {
	cmd := exec.Command("go", "run", "-buildvcs=false", "./steps/tools/compare")
	cmd.Dir = w.root
	out, err := cmd.CombinedOutput()
	return fenced("text", strings.ReplaceAll(string(out), "\r\n", "\n")), err
}
