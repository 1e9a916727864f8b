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

	"github.com/yuin/goldmark/ast"

	"websocket-workshop/steps/tools/given"
)

// A generator makes what stands between <!-- gen: NAME ARGS --> and <!-- /gen -->, from its
// arguments and what stood there before.
type generator func(w *workshop, p *page, args []string, old string) (string, error)

var generators = map[string]generator{
	"steps":     genSteps,     // README's table of steps, its last column filled
	"timetable": genTimetable, // a table: at, minutes, what; rows that link a lesson get its minutes
	"minutes":   genMinutes,   // + N: this lesson's; FILE …: those of lessons together; alone: of the six
	"go":        genGo,        // FILE NAME …: declarations, as steps/06/conn.go conn.end
	"lines":     genLines,     // FILE NAME … FILE …: how many lines these have, with their comments; a file alone: all
	"compare":   genCompare,   // what go run ./steps/tools/compare prints
}

// generate returns what belongs where old stands, which mark m is to make.
func (w *workshop) generate(p *page, e edits, m *mark, old string) (string, error) {
	words := append(strings.Fields(m.args), "")
	name, args := words[0], words[1:len(words)-1]
	dir, isServer := strings.CutPrefix(m.kind, "server ")
	switch {
	case isEdit[m.kind]: // if it is wrong, e has said so
		return cmp.Or(e.blocks[m], old), nil
	case isServer:
		return w.console(dir, m.args, old)
	case m.kind == "run":
		commands := codeLines(old)
		return old, w.runCopy(m.args, commands[1:max(len(commands)-1, 1)])
	case strings.HasSuffix(name, ".js"):
		return w.script(path.Join("frontend", name), strings.Join(args, " "))
	case generators[name] == nil:
		return "", errors.New("there is no such generator")
	}
	return generators[name](w, p, args, old)
}

// checkGenerated refuses what is not as it would be generated now, behind gen up to /gen and
// in the blocks under other marks, and returns the text as it should be.
func (w *workshop) checkGenerated(p *page) string {
	source, e := p.source, w.edits(p)
	for i, m := range slices.Backward(p.marks) {
		kind, _, _ := strings.Cut(m.kind, " ")
		from := p.lineEnd(m.to)
		to := from
		switch f := p.fenceAt(from); {
		case kind == "gen" && (i+1 == len(p.marks) || p.marks[i+1].kind != "/gen"):
			p.say(m.line, "a <!-- /gen --> is missing")
			continue
		case kind == "gen":
			from, to = m.to, p.marks[i+1].from
		case !isEdit[kind] && kind != "server" && kind != "run":
			continue
		case f != nil:
			to = f.to
		}
		old := p.source[from:to]
		fresh, err := w.generate(p, e, m, old)
		if err != nil {
			p.say(m.line, "%s: %s: %v", m.kind, m.args, err)
			continue
		}
		source = source[:from] + fresh + source[to:]
		if fresh != old {
			a, b, i := append(codeLines(old), ""), append(codeLines(fresh), ""), 0
			for a[i] == b[i] && i+1 < min(len(a), len(b)) {
				i++
			}
			p.say(p.lineAt(from)+i, "%s: %s gives %q here, not %q: task lessons", m.kind, m.args, b[i], a[i])
		}
	}
	return source
}

// fenced returns code as a block.
func fenced(info, code string) string {
	return "\n```" + info + "\n" + strings.Trim(code, "\n") + "\n```\n"
}

var lessonLink = regexp.MustCompile(`\]\(([\w./]*\.md)\)`)

// eachRow returns a table with its rows changed by f, which learns what lesson a row links to.
func eachRow(p *page, old string, f func(cells []string, l *lesson) error) (string, error) {
	lines := strings.Split(old, "\n")
	for _, r := range rows(old) {
		var linked *lesson
		for _, m := range lessonLink.FindAllStringSubmatch(lines[r.line], -1) {
			i := slices.IndexFunc(lessons, func(l lesson) bool { return l.text == path.Join(path.Dir(p.name), m[1]) })
			if i >= 0 {
				linked = &lessons[i]
			}
		}
		if err := f(r.cells, linked); err != nil {
			return "", err
		}
		lines[r.line] = strings.ReplaceAll("| "+strings.Join(r.cells, " | ")+" |", "|  |", "| |")
	}
	return strings.Join(lines, "\n"), nil
}

// genSteps fills the last cell of each row of the table of steps.
func genSteps(w *workshop, p *page, args []string, old string) (string, error) {
	return eachRow(p, old, func(cells []string, l *lesson) error {
		if l == nil {
			return errors.New("each row links to its lesson")
		}
		plus, minus, err := w.size(*l)
		cells[len(cells)-1] = strings.TrimSuffix(fmt.Sprintf("+%d −%d", plus, minus), " −0")
		return err
	})
}

// genTimetable gives each row the minutes of the lesson that it links to, and the time at
// which the rows above end. The first row says when it begins; the last may have no minutes.
func genTimetable(w *workshop, p *page, args []string, old string) (string, error) {
	at, next := -1, 1
	return eachRow(p, old, func(cells []string, l *lesson) error {
		if at < 0 {
			var h, m int
			if n, _ := fmt.Sscanf(cells[0], "%d:%02d", &h, &m); n != 2 {
				return fmt.Errorf("%q is no time like 1:05", cells[0])
			}
			at = h*60 + m
		}
		cells[0] = fmt.Sprintf("%d:%02d", at/60, at%60)
		if l != nil {
			t, err := w.timeOf(l.text)
			if err != nil {
				return err
			}
			if l.number != next {
				return fmt.Errorf("lesson %d comes where %d is due", l.number, next)
			}
			cells[1], next = fmt.Sprint(t.rounded()), next+1
		}
		minutes, err := strconv.Atoi(cmp.Or(cells[1], "0"))
		at += minutes
		return err
	})
}

// genMinutes says how long this lesson takes, or those in args together, or all six.
func genMinutes(w *workshop, p *page, args []string, old string) (string, error) {
	if len(args) == 2 && args[0] == "+" {
		t, err := w.timeOf(p.name)
		return fmt.Sprintf("%d minutes: %d to read, %d to type, %d to run it and to think", t.read+t.typed+t.allowed, t.read, t.typed, t.allowed), err
	}
	total := 0
	for _, l := range lessons {
		if slices.Contains(args, l.text) || len(args) == 0 && l.to != "library" {
			t, err := w.timeOf(l.text)
			if err != nil {
				return "", err
			}
			total += t.rounded()
		}
	}
	return fmt.Sprint(total), nil
}

// How fast people are: words that they read in a minute, and characters that they type, in
// commands (40 words of five) and in code (half of that).
const (
	wordsRead    = 180
	commandTyped = 200
	codeTyped    = 100
)

// A duration is what a lesson takes, in minutes: its exercises and what follows left out.
type duration struct{ read, typed, allowed int }

// rounded returns the sum as timetables have it: up to the next five minutes.
func (t duration) rounded() int { return (t.read + t.typed + t.allowed + 4) / 5 * 5 }

var allowance = regexp.MustCompile(`<!-- gen: minutes \+ (\d+) -->`)

// timeOf returns how long a lesson takes: to read its words, to type its code and its
// commands, and what it allows for the rest (<!-- gen: minutes + N -->).
func (w *workshop) timeOf(name string) (t duration, err error) {
	p := parse(name, w.read(name))
	m := allowance.FindStringSubmatch(p.source)
	if m == nil {
		return t, fmt.Errorf("%s does not say what time it allows: <!-- gen: minutes + N -->", name)
	}
	words, commands := 0, 0
	for n := range nodes(p.root) {
		_, content := p.content(n)
		if n.Kind() == ast.KindHeading && (content == "Exercises" || content == "Questions to ask") {
			break
		}
		switch n := n.(type) {
		case *ast.Text:
			words += len(strings.Fields(content))
		case *ast.FencedCodeBlock:
			f := p.fenceAt(n.Pos())
			if text := strings.Join(f.body, "\n"); f.info == "sh" {
				commands += len(text)
			} else if !isEdit[f.mark.kind] {
				words += len(strings.Fields(text))
			}
		}
	}
	t.allowed, _ = strconv.Atoi(m[1])
	t.read = (words + wordsRead/2) / wordsRead
	minutes := float64(w.edits(p).typed)/codeTyped + float64(commands)/commandTyped
	t.typed = int(minutes + 0.5)
	return t, nil
}

// script quotes a function from the page, with the comment above it, or else the statement
// at the left margin that begins with the given words.
func (w *workshop) script(name, wanted string) (string, error) {
	wanted = regexp.QuoteMeta(wanted)
	code := regexp.MustCompile(`(?m)^(?://.*\n)*(?:(?:async )?function ` + wanted + `\(|` + wanted + `).*(?:;|(?:\n(?:[ \t].*)?)*\n\}.*)$`).FindString(w.read(name))
	if code == "" || wanted == "" {
		return "", fmt.Errorf("%s has no function %s", name, wanted)
	}
	return fenced("js", code), nil
}

// declarations returns the code that args name: FILE NAME … for declarations with their
// comments, FILE alone for all of it.
func (w *workshop) declarations(args []string) (all []string, err error) {
	var file string
	for i, arg := range args {
		if strings.HasSuffix(arg, ".go") {
			if file = arg; i+1 == len(args) || strings.HasSuffix(args[i+1], ".go") {
				all = append(all, strings.TrimSuffix(w.read(file), "\n"))
			}
			continue
		}
		decls, _ := given.Split(w.read(file)) // what does not parse has none
		d := slices.IndexFunc(decls, func(d given.Decl) bool { return slices.Contains(d.Names, arg) })
		if d < 0 {
			return nil, fmt.Errorf("%q has no %s", file, arg)
		}
		all = append(all, strings.Trim(decls[d].Text, "\n"))
	}
	return all, nil
}

// genGo quotes code.
func genGo(w *workshop, p *page, args []string, old string) (string, error) {
	all, err := w.declarations(args)
	return fenced("go", strings.Join(all, "\n\n")), err
}

// genLines counts lines of code.
func genLines(w *workshop, p *page, args []string, old string) (string, error) {
	all, err := w.declarations(args)
	return fmt.Sprint(len(codeLines(strings.Join(all, "\n")))), err
}

// genCompare shows what the comparison of raw and library prints.
func genCompare(w *workshop, p *page, args []string, old string) (string, error) {
	cmd := exec.Command("go", "run", "-buildvcs=false", "./steps/tools/compare")
	cmd.Dir = w.root
	out, err := cmd.CombinedOutput()
	return fenced("text", strings.ReplaceAll(string(out), "\r\n", "\n")), err
}
