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

// A part of a file is a declaration, in the previous step and in the lesson's. In a turn's declaration,
// the turn is open.
type part struct {
	stepcode.Pair
	file    string
	given   bool           // play puts it there
	turn    *stepcode.Turn // that attendees write
	ours    string         // our code for it
	isHead  bool           // it is the imports, which come with the blocks that need them
	imports []string       // of the head: those that are already there
	hunks   []*hunk
	rest    []string // after the last hunk
}

// A hunk is a change of a part.
type hunk struct {
	stepcode.Hunk[string]
	shown int // the line of the mark that shows it; 0 if none does yet
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
			p := &part{Pair: pair, file: file, turn: stepcode.TurnOf(step, file, pair.Names)}
			given := stepcode.Given(step, file, pair.Names) || pair.Names[0] == "package" && step != stepcode.Library
			p.given = given && pair.After != ""
			p.isHead = pair.Names[0] == "import" && pair.After != ""
			if p.isHead {
				p.imports = stepcode.Imports(bare[file])
			} else if p.turn != nil {
				p.ours, p.After = s.Ours(*p.turn), s.OpenDecl(*p.turn)
			}
			var hunks []stepcode.Hunk[string]
			hunks, p.rest = stepcode.Diff(codeLines(p.Before), codeLines(p.After), strings.Clone)
			for _, h := range hunks {
				p.hunks = append(p.hunks, &hunk{Hunk: h})
			}
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// checkShown refuses a change of a lesson that no block shows.
func (w *workshop) checkShown(p *page, step int) {
	for _, part := range p.parts {
		i := slices.IndexFunc(part.hunks, func(h *hunk) bool { return h.shown == 0 })
		switch {
		case !w.exists(path.Join(stepcode.Folder(step), part.file)):
			if !strings.Contains(p.source, part.file) {
				p.say(p.edited, "%s goes, and nothing says so", part.file)
			}
		case part.isHead:
			if all := part.allImports(); len(all) > len(part.imports) {
				p.say(p.edited, "no block needs all imports of %s: %q, not only %q", part.file, all, part.imports)
			}
		case i >= 0 && !(part.given && part.Names[0] == "package"):
			p.say(p.edited, "no block shows %s of %s/%s", part.selector(i), stepcode.Folder(step), part.file)
		}
	}
}

// selector returns the name of a hunk in a mark.
func (p *part) selector(hunk int) string {
	if len(p.hunks) == 1 || p.turn != nil {
		return p.Names[0]
	}
	return fmt.Sprintf("%s/%d", p.Names[0], hunk+1)
}

// allImports returns the imports of the finished step, of a head.
func (p *part) allImports() []string { return stepcode.Imports("package p\n" + p.After) }

// signed returns lines as they are in a diff.
func signed(sign string, lines []string) (all []string) {
	for _, line := range lines {
		all = append(all, sign+line)
	}
	return all
}

// diff returns all lines of two versions of a text as a diff.
func diff(before, after string) (lines []string) {
	hunks, rest := stepcode.Diff(codeLines(before), codeLines(after), strings.Clone)
	for _, h := range hunks {
		lines = slices.Concat(lines, signed(" ", h.Same), signed("-", h.Old), signed("+", h.New))
	}
	return append(lines, signed(" ", rest)...)
}

// view returns a part as a diff of the hunks that the mark on a line shows: the others are done, or not
// there yet.
func (p *part) view(line int) (lines []string) {
	for _, h := range p.hunks {
		lines = append(lines, signed(" ", h.Same)...)
		switch {
		case h.shown == line:
			lines = slices.Concat(lines, signed("-", h.Old), signed("+", h.New))
		case p.given || h.shown > 0:
			lines = append(lines, signed(" ", h.New)...)
		default:
			lines = append(lines, signed(" ", h.Old)...)
		}
	}
	return append(lines, signed(" ", p.rest)...)
}

// isThere reports whether a part with this view is in the attendee's file before the edit.
func isThere(view []string) bool {
	return slices.ContainsFunc(view, func(line string) bool { return line[0] != '+' })
}

// growHead adds imports to a head, and returns the change in the form of view.
func (p *part) growHead(imports []string) []string {
	before := stepcode.OnlyImports(p.After, p.imports)
	p.imports = append(p.imports, imports...)
	return diff(before, stepcode.OnlyImports(p.After, p.imports))
}

var declWords = regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|const |var |type )(?:\w+|\()|^import`)

// label returns the first words of a part, for readers who look for it in their file.
func (p *part) label() string {
	return cmp.Or(declWords.FindString(cmp.Or(p.Before, p.After)), p.Names[0])
}

// genEdit makes the block of an edit, and records what it shows.
func genEdit(w *workshop, p *page, m *mark, old string) (string, error) {
	p.edited = m.line
	parts := slices.DeleteFunc(slices.Clone(p.parts), func(part *part) bool {
		return len(m.args) > 0 && part.file != m.args[0]
	})
	if len(m.args) < 2 || len(parts) == 0 || isHints(p.name) {
		return "", errors.New("it takes a file of this lesson's step, and declarations")
	}
	var err error
	for _, word := range m.args[1:] {
		err = cmp.Or(err, choose(p, m, parts, word))
	}
	if err != nil {
		return "", err
	}
	if m.kind == "given" {
		text := ""
		for _, part := range parts {
			if part.isShown(m.line) {
				text += part.After
			}
		}
		return fenced("go", text), nil
	}
	lines := block(parts, m.line)
	if len(lines) > maxBlock {
		return "", fmt.Errorf("this block has %d lines: split it, %d is the most", len(lines), maxBlock)
	}
	return fenced("diff", strings.Join(lines, "\n")), nil
}

// choose notes that a mark shows what one of its words names: NAME for all of a declaration, NAME/2
// for one change of it. A turn needs a link to its hints below the mark.
func choose(p *page, m *mark, parts []*part, word string) error {
	name, number, isOne := strings.Cut(word, "/")
	err := fmt.Errorf("no %s changes there", word)
	for _, part := range parts {
		if part.isHead || !slices.Contains(part.Names, name) {
			continue
		}
		for i, h := range part.hunks {
			if isOne && number != fmt.Sprint(i+1) {
				continue
			}
			err = nil
			if h.shown > 0 && h.shown != m.line {
				err = fmt.Errorf("line %d shows %s already", h.shown, part.selector(i))
			}
			h.shown = m.line
		}
		if part.given != (m.kind == "given") || (part.turn != nil) != (m.kind == "turn") {
			return fmt.Errorf("steps/tools/stepcode says otherwise of %s", name)
		}
		if part.turn != nil {
			link := fmt.Sprintf("(%s#%s)", path.Base(stepcode.HintsFile(part.turn.Step)), stepcode.Anchor(name))
			if !strings.Contains(p.source[m.to:], "]"+link) {
				return fmt.Errorf("no link to its hints follows: [Hints]%s", link)
			}
		}
	}
	return err
}

// isShown reports whether the mark in a line shows one of the part's hunks.
func (p *part) isShown(line int) bool {
	return slices.ContainsFunc(p.hunks, func(h *hunk) bool { return h.shown == line })
}

// block returns the lines of the block for the part of a file that the mark on a line shows, with the
// imports that it needs.
func block(parts []*part, line int) []string {
	views := make([][]string, len(parts))
	for i, p := range parts {
		if p.isHead {
			views[i] = p.growHead(p.needed(parts, line))
		} else {
			views[i] = p.view(line)
		}
	}
	lines := []string{"+++ " + parts[0].file}
	goesOn := !slices.ContainsFunc(views, isThere) // what is new now follows directly
	if goesOn {
		lines[0] += " (new)"
	}
	for i, view := range views {
		next := slices.IndexFunc(views[i:], isThere)
		switch {
		case next == 0:
			lines = append(lines, changes(view, "@@ "+parts[i].label())...)
		case len(view) > 0 && goesOn:
			lines = append(lines, view...)
		case len(view) > 0 && next > 0:
			lines = append(append(lines, "@@ before "+parts[i+next].label()), view...)
		case len(view) > 0:
			lines = append(append(lines, "@@ at the end"), view...)
		}
		goesOn = next != 0 && (goesOn || len(view) > 0)
	}
	return lines
}

// needed returns the imports that the code under the mark on a line needs, but a head lacks.
func (p *part) needed(parts []*part, line int) (paths []string) {
	all := p.allImports()
	for _, part := range parts {
		for _, h := range part.hunks {
			if h.shown == line {
				paths = append(paths, stepcode.Used(strings.Join(h.New, "\n")+"\n", all)...)
				paths = append(paths, stepcode.Used(part.ours, all)...)
			}
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool { return slices.Contains(p.imports, path) })
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
