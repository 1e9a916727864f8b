package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/stepcode"
)

// generators has, for each kind of mark, the function that makes its text from the old one. For <!--
// gen: --> the kind includes its first word, or that word's extension.
var generators = map[string]func(w *workshop, p *page, m *mark, old string) (string, error){
	"edit": genEdit, "given": genEdit, "turn": genEdit,
	"ours": genOurs, "first": genOurs, // in a file of hints
	"server":           genConsole,
	"gen added":        genAdded,       // STEP: how many lines a step adds and removes
	"gen go":           genGo,          // FILE NAME …: declarations, as steps/06/conn.go conn.end
	"gen value":        genValue,       // EXPRESSION: a limit, or a number that follows from limits and sizes
	"gen lines":        genLines,       // FILE …: how many lines they have together
	"gen .js":          genScript,      // FILE FUNCTION, or how a statement of the page begins
	"gen side-by-side": genDifferences, // the table of package rules
	"gen compare":      genCompare,     // what go run ./steps/tools/compare prints

	"delete": genDelete,
	"holds":  genHolds, // EXPRESSION == EXPRESSION

	"not": nil, "limit": nil, "bytes": nil, "/gen": nil, // these make nothing
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
		generate, isKind := generators[m.kind]
		if !isKind {
			p.say(m.line, "there is no mark %s", m.title)
		}
		begun := p.source[strings.LastIndexByte(p.source[:m.at], '\n')+1 : m.at]
		if (m.kind == "gen value" || m.kind == "gen lines") && strings.TrimSpace(begun) == "" {
			p.say(m.line, "%s begins a line: GitHub takes the whole line for HTML", m.title)
		}
		if m.isOpen {
			p.say(m.line, "a <!-- /gen --> is missing")
		}
		if m.isOpen || generate == nil {
			continue
		}
		old := p.source[m.from:m.to]
		made, err := generate(w, p, m, old)
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

// genAdded counts the lines that a step adds and removes.
func genAdded(w *workshop, p *page, m *mark, old string) (string, error) {
	number, _ := strconv.Atoi(m.file)
	s, err := stepcode.Read(w.files, number)
	if err != nil {
		return "", err
	}
	signs := make(map[byte]int)
	for _, name := range s.Files() {
		for _, line := range diff(s.Before[name], s.After[name]) {
			signs[line[0]]++
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("+%d −%d", signs['+'], signs['-']), " −0"), nil
}

// genScript quotes a function from the page, with the comment above it, or else the statement
// at the left margin that begins with the given words.
func genScript(w *workshop, p *page, m *mark, old string) (string, error) {
	name, wanted := path.Join("frontend", m.file), regexp.QuoteMeta(strings.Join(m.args, " "))
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
	if len(m.args) == 0 {
		return "", errors.New("it takes a file, and declarations")
	}
	text := ""
	decls, _ := stepcode.Split(w.read(m.file)) // what does not parse has none
	for _, name := range m.args {
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
	for _, name := range append([]string{m.file}, m.args...) {
		if !w.exists(name) {
			return "", fmt.Errorf("there is no %s", name)
		}
		n += strings.Count(w.read(name), "\n")
	}
	return fmt.Sprint(n), nil
}

// genDifferences makes the table of what raw and library do differently.
func genDifferences(w *workshop, p *page, m *mark, old string) (string, error) {
	return rules.Table(), nil
}

// genCompare shows what the comparison of raw and library prints.
func genCompare(w *workshop, p *page, m *mark, old string) (string, error) {
	cmd := exec.Command("go", "run", "-buildvcs=false", "./steps/tools/compare")
	cmd.Dir = w.root
	out, err := cmd.CombinedOutput()
	return fenced("text", strings.ReplaceAll(string(out), "\r\n", "\n")), err
}
