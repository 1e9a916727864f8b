package main

import (
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
)

// generators make what a mark of each kind makes, from what stands there. For <!-- gen: -->
// the kind has its first word, or that word's extension.
var generators = map[string]func(w *workshop, p *page, m *mark, old string) (string, error){
	"edit": genEdit, "given": genEdit, "turn": genEdit, "ours": genEdit,
	"server":        genConsole,
	"run":           genRun,
	"gen steps":     genSteps,     // README's table of steps, its last column filled
	"gen timetable": genTimetable, // a table: at, minutes, what; rows that link a lesson get its minutes
	"gen minutes":   genMinutes,   // + N: this lesson's; alone: those of the six
	"gen go":        genGo,        // FILE NAME …: declarations, as steps/06/conn.go conn.end
	"gen lines":     genLines,     // FILE …: how many lines they have together
	"gen .js":       genScript,    // FILE FUNCTION, or how a statement of the page begins
	"gen compare":   genCompare,   // what go run ./steps/tools/compare prints
}

// checkGenerated refuses what is not as it would be generated now, and returns the text as
// it should be.
func (w *workshop) checkGenerated(p *page) string {
	l := lessonOf(p.name)
	var err error
	if p.parts, err = w.partsOf(l); err != nil {
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
			a, b, i := append(codeLines(old), ""), append(codeLines(made), ""), 0
			for a[i] == b[i] && i+1 < min(len(a), len(b)) {
				i++
			}
			p.say(p.lineAt(m.from)+i, "%s gives %q here, not %q: task lessons", m.title, b[i], a[i])
		}
	}
	w.checkShown(p, l)
	return fresh + p.source[at:]
}

// fenced returns code as a block.
func fenced(info, code string) string {
	return "```" + info + "\n" + strings.Trim(code, "\n") + "\n```\n"
}

var lessonLink = regexp.MustCompile(`\]\(([\w./]*\.md)\)`)

// eachRow returns a table with its rows changed by f, which learns what lesson a row links to.
func eachRow(p *page, old string, f func(cells []string, l lesson) error) (string, error) {
	lines := strings.Split(old, "\n")
	for _, r := range rows(old) {
		var linked lesson
		for _, m := range lessonLink.FindAllStringSubmatch(lines[r.line], -1) {
			linked = cmp.Or(linked, lessonOf(path.Join(path.Dir(p.name), m[1])))
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
	return eachRow(p, old, func(cells []string, l lesson) error {
		parts, err := w.partsOf(l)
		if len(parts) == 0 {
			return cmp.Or(err, errors.New("each row links to its lesson"))
		}
		plus, minus := 0, 0
		for _, p := range parts {
			for _, h := range p.hunks {
				plus, minus = plus+len(h.New), minus+len(h.Old)
			}
		}
		cells[len(cells)-1] = strings.TrimSuffix(fmt.Sprintf("+%d −%d", plus, minus), " −0")
		return nil
	})
}

// genTimetable gives each row the minutes of the lesson that it links to, and the time at
// which the rows above end. The first row says when it begins; the last may have no minutes.
func genTimetable(w *workshop, p *page, m *mark, old string) (string, error) {
	at, next := -1, 1
	return eachRow(p, old, func(cells []string, l lesson) error {
		if at < 0 {
			var h, m int
			fmt.Sscanf(cells[0], "%d:%02d", &h, &m) // what is no time is midnight
			at = h*60 + m
		}
		cells[0] = fmt.Sprintf("%d:%02d", at/60, at%60)
		if l.number > 0 {
			n, err := w.minutes(l)
			if err != nil {
				return err
			}
			if l.number != next {
				return fmt.Errorf("lesson %d comes where %d is due", l.number, next)
			}
			cells[1], next = fmt.Sprint(n), next+1
		}
		minutes, err := strconv.Atoi(cmp.Or(cells[1], "0"))
		at += minutes
		return err
	})
}

// How fast people are: words that they read in a minute, and characters that they type, in
// commands (40 words of five) and in code (half of that).
const (
	wordsRead    = 180
	commandTyped = 200
	codeTyped    = 100
)

// genMinutes says how long this lesson takes: to read its words, to type its code and its
// commands, and what it allows for the rest. Its exercises and what follows are left out.
// Elsewhere it says what the six lessons take.
func genMinutes(w *workshop, p *page, m *mark, old string) (string, error) {
	if lessonOf(p.name).number == 0 {
		total := 0
		for _, l := range lessons[:6] {
			n, err := w.minutes(l)
			if err != nil {
				return "", err
			}
			total += n
		}
		return fmt.Sprint(total), nil
	}
	code := 0
	for _, part := range p.parts {
		code += part.typed()
	}
	source, _, _ := strings.Cut(p.source, "\n## Exercises\n")
	p = parse(p.name, source)
	words, commands := len(p.words(p.root)), 0
	for _, f := range p.fences {
		if text := strings.Join(f.body, "\n"); f.info == "sh" {
			commands += len(text)
		} else if !isEdit[f.mark.kind] {
			words += len(strings.Fields(text))
		}
	}
	allowed, _ := strconv.Atoi(m.args[len(m.args)-1])
	read := (words + wordsRead/2) / wordsRead
	typed := int(float64(code)/codeTyped + float64(commands)/commandTyped + 0.5)
	return fmt.Sprintf("%d minutes: %d to read, %d to type, %d to run it and to think", read+typed+allowed, read, typed, allowed), nil
}

var minutes = regexp.MustCompile(`<!-- gen: minutes \+ \d+ -->(\d+) minutes`)

// minutes returns how long a lesson says that it takes, up to the next five minutes.
func (w *workshop) minutes(l lesson) (int, error) {
	m := minutes.FindStringSubmatch(w.read(l.text))
	if m == nil {
		return 0, fmt.Errorf("%s does not say how long it takes: <!-- gen: minutes + N -->", l.text)
	}
	n, err := strconv.Atoi(m[1])
	return (n + 4) / 5 * 5, err
}

// genScript quotes a function from the page, with the comment above it, or else the statement
// at the left margin that begins with the given words.
func genScript(w *workshop, p *page, m *mark, old string) (string, error) {
	name, wanted := path.Join("frontend", m.args[0]), regexp.QuoteMeta(strings.Join(m.args[1:], " "))
	code := regexp.MustCompile(`(?m)^(?://.*\n)*(?:(?:async )?function ` + wanted + `\(|` + wanted + `).*(?:;|(?:\n(?:[ \t].*)?)*\n\}.*)$`).FindString(w.read(name))
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
	var all []string
	decls, _ := stepcode.Split(w.read(m.args[1])) // what does not parse has none
	for _, name := range m.args[2:] {
		i := slices.IndexFunc(decls, func(d stepcode.Decl) bool { return slices.Contains(d.Names, name) })
		if i < 0 {
			return "", fmt.Errorf("there is no such %s", name)
		}
		all = append(all, strings.Trim(decls[i].Text, "\n"))
	}
	return fenced("go", strings.Join(all, "\n\n")), nil
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
