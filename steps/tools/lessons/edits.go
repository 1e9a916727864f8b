package main

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
)

// stepOf returns the step whose lesson or hints a text contains, or 0.
func stepOf(text string) int {
	for n := 1; n <= stepcode.Library; n++ {
		if text == stepcode.Lesson(n) || text == stepcode.HintsFile(n) {
			return n
		}
	}
	return 0
}

// isHints reports whether a text has hints.
func isHints(text string) bool { return text == stepcode.HintsFile(stepOf(text)) }

const maxBlock = 40 // lines of an edit: nobody understands more while typing

// A part of a file is a declaration that the lesson may change. Each block brings it further.
type part struct {
	file  string
	names []string
	now   string // the attendee's, as play and the blocks above leave it
	next  string // after the block that is being made
	goal  string // after the lesson, with its turn open
	given bool   // play puts it there
	due   bool   // a block must still quote what is given
	turn  *stepcode.Turn
	ours  string // our code for the turn
}

// partsOf returns the parts of the files of a step and of the previous one.
func (w *workshop) partsOf(step int) (parts []*part, err error) {
	if step == 0 {
		return nil, nil
	}
	s, err := stepcode.Read(w.files, step)
	if err != nil {
		return nil, err
	}
	bare := s.Bare()
	for _, file := range s.Files() {
		for _, pair := range s.Pairs(file) {
			p := &part{file: file, names: pair.Names, now: pair.Before, goal: pair.After}
			p.turn = stepcode.TurnOf(step, file, pair.Names)
			isPackage := p.names[0] == "package" && step != stepcode.Library
			switch {
			case p.goal == "":
			case isPackage || stepcode.Given(step, file, pair.Names):
				p.given, p.due, p.now = true, !isPackage && p.now != p.goal, p.goal
			case p.isHead():
				p.now = stepcode.OnlyImports(p.goal, stepcode.Imports(bare[file]))
			case p.turn != nil:
				p.ours, p.goal = s.Ours(*p.turn), s.OpenDecl(*p.turn)
			}
			p.next = p.now
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// isHead reports whether the part is the imports, which come with the blocks that need them.
func (p *part) isHead() bool { return p.names[0] == "import" }

// checkShown refuses a change of a lesson that no block shows.
func (w *workshop) checkShown(p *page, step int) {
	for _, part := range p.parts {
		if part.due || part.now != part.goal {
			p.say(p.edited, "no block shows %s of %s/%s", part.names[0], stepcode.Folder(step), part.file)
		}
	}
}

// diff returns all lines of two versions of a text as a diff.
func diff(before, after string) (lines []string) {
	add := func(sign string, all []string) {
		for _, line := range all {
			lines = append(lines, sign+line)
		}
	}
	hunks, rest := stepcode.Diff(codeLines(before), codeLines(after), strings.Clone)
	for _, h := range hunks {
		add(" ", h.Same)
		add("-", h.Old)
		add("+", h.New)
	}
	add(" ", rest)
	return lines
}

var declWords = regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|const |var |type )(?:\w+|\()|^import`)

// label returns the first words of a part, for readers who look for it in their file.
func (p *part) label() string {
	return cmp.Or(declWords.FindString(cmp.Or(p.now, p.goal)), p.names[0])
}

// genEdit makes the block of an edit, and brings its parts further.
func genEdit(w *workshop, p *page, m *mark, old string) (string, error) {
	p.edited = m.line
	parts := slices.DeleteFunc(slices.Clone(p.parts), func(part *part) bool { return part.file != m.file })
	if len(m.args) == 0 || len(parts) == 0 {
		return "", errors.New("it takes a file of this lesson's step, and declarations")
	}
	left, text := slices.Clone(m.args), ""
	for _, part := range parts {
		isIt := func(word string) bool {
			name, _, _ := strings.Cut(word, "/")
			return slices.Contains(part.names, name)
		}
		words := slices.DeleteFunc(slices.Clone(m.args), func(word string) bool { return !isIt(word) })
		if len(words) == 0 || !part.due && part.now == part.goal {
			continue
		}
		if part.given != (m.kind == "given") || (part.turn != nil) != (m.kind == "turn") {
			return "", fmt.Errorf("steps/tools/stepcode says otherwise of %s", words[0])
		}
		if part.turn != nil {
			hints := path.Base(stepcode.HintsFile(part.turn.Step))
			link := fmt.Sprintf("(%s#%s)", hints, stepcode.Anchor(words[0]))
			if !strings.Contains(p.source[m.to:], "]"+link) {
				return "", fmt.Errorf("no link to its hints follows: [Hints]%s", link)
			}
		}
		left = slices.DeleteFunc(left, isIt)
		part.due, part.next = false, part.with(words)
		text += part.goal
	}
	if len(left) > 0 {
		return "", fmt.Errorf("no %s changes there, or a block above shows it", left[0])
	}
	if m.kind == "given" {
		return fenced("go", text), nil
	}
	lines := block(parts)
	if len(lines) > maxBlock {
		return "", fmt.Errorf("this block has %d lines: split it, %d is the most", len(lines), maxBlock)
	}
	return fenced("diff", strings.Join(lines, "\n")), nil
}

// with returns the part with some of the changes that are left: conn.read names all of them, conn.read/2
// the second.
func (p *part) with(words []string) (text string) {
	change, last := 0, byte(' ')
	for _, line := range diff(p.now, p.goal) {
		if last == ' ' && line[0] != ' ' {
			change++
		}
		last = line[0]
		isNamed := slices.ContainsFunc(words, func(word string) bool {
			_, number, isOne := strings.Cut(word, "/")
			return !isOne || number == fmt.Sprint(change)
		})
		if last == ' ' || (last == '+') == isNamed {
			text += line[1:] + "\n"
		}
	}
	return text
}

// genDelete notes that files are removed.
func genDelete(w *workshop, p *page, m *mark, old string) (string, error) {
	for _, part := range p.parts {
		if part.file == m.file || slices.Contains(m.args, part.file) {
			part.now = ""
		}
	}
	return old, nil
}

// block returns the lines of a block, with the imports that its code needs, and brings the parts of its
// file further.
func block(parts []*part) []string {
	isThere := func(p *part) bool { return p.now != "" }
	lines := []string{"+++ " + parts[0].file}
	goesOn := !slices.ContainsFunc(parts, isThere) // what is new now follows directly
	if goesOn {
		lines[0] += " (new)"
	}
	for i, p := range parts {
		if p.isHead() && p.goal != "" {
			p.next = p.grown(parts)
		}
		view := diff(p.now, p.next)
		next := slices.IndexFunc(parts[i:], isThere)
		switch {
		case next == 0:
			lines = append(lines, changes(view, "@@ "+p.label())...)
		case len(view) > 0 && goesOn:
			lines = append(lines, view...)
		case len(view) > 0 && next > 0:
			lines = append(append(lines, "@@ before "+parts[i+next].label()), view...)
		case len(view) > 0:
			lines = append(append(lines, "@@ at the end"), view...)
		}
		goesOn = next != 0 && (goesOn || len(view) > 0)
	}
	for _, p := range parts {
		p.now = p.next
	}
	return lines
}

// grown returns imports with those that the code of a block also needs.
func (p *part) grown(parts []*part) string {
	all := stepcode.Imports("package p\n" + p.goal)
	paths := stepcode.Imports("package p\n" + p.now)
	for _, part := range parts {
		if part.next != part.now {
			paths = append(paths, stepcode.Used(part.next+part.ours, all)...)
		}
	}
	return stepcode.OnlyImports(p.goal, paths)
}

// changes returns the changes in a view, each with surrounding lines that show the place, under a line
// that names the declaration.
func changes(view []string, label string) (lines []string) {
	end := -1 // of what is in lines
	for i := 0; i < len(view); i++ {
		if view[i][0] == ' ' {
			continue
		}
		from, to := around(view, i)
		if from > end {
			lines = append(lines, label)
		}
		lines = append(lines, view[max(from, end):to]...)
		end, i = to, to-1
	}
	return lines
}

// vague matches lines that do not show where they are.
var vague = regexp.MustCompile(`^ \s*([{}()\s]*|return\b.*|continue|default:|defer .*|// .*)$`)

// around returns the lines around the change that begins at i: the first and the last of them show the
// place, because they are unique there.
func around(view []string, i int) (from, to int) {
	tells := func(i int) bool {
		n := 0
		for _, line := range view {
			if line[0] != '+' && line[1:] == view[i][1:] {
				n++
			}
		}
		return n == 1 && view[i][0] == ' ' && !vague.MatchString(view[i])
	}
	for to = i + 1; to < len(view) && !(tells(to-1) && view[to][0] == ' '); to++ {
	}
	for from = i; from > 0 && !tells(from); from-- {
	}
	if from == 0 && view[0] == " " {
		from++ // the empty line before the declaration
	}
	return from, to
}
