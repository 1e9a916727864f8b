package main

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/given"
)

// A lesson is a text whose edits turn one folder into another.
type lesson struct {
	number         int
	text, from, to string
}

var lessons = []lesson{
	{1, "steps/01.md", "", "steps/01"}, {2, "steps/02.md", "steps/01", "steps/02"},
	{3, "steps/03.md", "steps/02", "steps/03"}, {4, "steps/04.md", "steps/03", "steps/04"},
	{5, "steps/05.md", "steps/04", "steps/05"}, {6, "steps/06.md", "steps/05", "steps/06"},
	{7, "library/README.md", "steps/06", "library"},
}

// isEdit names the marks whose block is made of declarations.
var isEdit = map[string]bool{"edit": true, "given": true, "turn": true, "ours": true}

const maxBlock = 40 // lines of an edit: more is not typed with understanding

// A part of a file is a declaration, in the step before and in the lesson's.
type part struct {
	names []string
	given bool
	lines []line
	shown []int // for each hunk, the line of the mark that shows it; 0: none does yet
}

// A line is one of a declaration: ' ' is in both versions, '-' and '+' in one. Lines that
// follow each other without a ' ' between them are a hunk.
type line struct {
	op   byte
	text string
	hunk int
}

// edits is what the marks of a lesson come to.
type edits struct {
	blocks map[*mark]string // what belongs under each
	typed  int              // characters of code, without comments, imports and indents
}

// edits makes the blocks of a text's marks.
func (w *workshop) edits(p *page) edits {
	e := edits{blocks: make(map[*mark]string)}
	marks := slices.DeleteFunc(slices.Clone(p.marks), func(m *mark) bool { return !isEdit[m.kind] })
	i := slices.IndexFunc(lessons, func(l lesson) bool { return l.text == p.name })
	if i < 0 {
		for _, m := range marks {
			p.say(m.line, "%s: this is the text of no step", m.kind)
		}
		return e
	}
	l := lessons[i]
	files, err := w.filesOf(l)
	if err != nil {
		p.say(1, "%v", err)
		return e
	}
	last := 1
	for _, m := range marks {
		last = m.line
		if err := e.block(p, l, files, m); err != nil {
			p.say(m.line, "%s: %v", m.kind, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !w.exists(path.Join(l.to, name)) {
			if !strings.Contains(p.source, name) {
				p.say(last, "%s goes, and nothing says so", name)
			}
			continue
		}
		for _, part := range files[name] {
			if i := slices.Index(part.shown, 0); i >= 0 && !(part.given && part.isHead()) {
				p.say(last, "no block shows %s of %s/%s", part.selector(i), l.to, name)
			}
		}
	}
	return e
}

// filesOf returns the parts of the files in both folders of a lesson.
func (w *workshop) filesOf(l lesson) (map[string][]*part, error) {
	before, after := w.code(l.from), w.code(l.to)
	files := make(map[string][]*part)
	for _, name := range slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after))) {
		pairs, err := given.Pairs(before[name], after[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		files[name] = nil
		for _, pair := range pairs {
			p := &part{names: pair.Names, given: pair.After != "" && given.Is(l.number, name, pair.Names)}
			p.lines = compare(codeLines(pair.Before), codeLines(pair.After))
			for _, l := range p.lines {
				if l.hunk == len(p.shown) {
					p.shown = append(p.shown, 0)
				}
			}
			files[name] = append(files[name], p)
		}
	}
	return files, nil
}

// compare returns the lines of two versions, with as few changes as can be.
func compare(a, b []string) (all []line) {
	common := make([][]int, len(a)+1) // how many lines the rests have in common
	for i := len(a); i >= 0; i-- {
		common[i] = make([]int, len(b)+1)
		for j := len(b) - 1; j >= 0 && i < len(a); j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	hunk := -1
	for i, j := 0, 0; i < len(a) || j < len(b); {
		if i < len(a) && j < len(b) && a[i] == b[j] {
			all = append(all, line{' ', a[i], -1})
			i, j = i+1, j+1
			continue
		}
		if len(all) == 0 || all[len(all)-1].op == ' ' {
			hunk++
		}
		if j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1] {
			all, i = append(all, line{'-', a[i], hunk}), i+1
		} else {
			all, j = append(all, line{'+', b[j], hunk}), j+1
		}
	}
	return all
}

// codeLines returns the lines of a text; "" has none.
func codeLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// isHead reports whether a part is package or imports.
func (p *part) isHead() bool { return p.names[0] == "package" || p.names[0] == "import" }

// isThere reports whether a part stands in the attendee's file by now.
func (p *part) isThere() bool { return len(p.view(nil)) > 0 }

// selector returns how a mark names a hunk.
func (p *part) selector(hunk int) string {
	if len(p.shown) == 1 {
		return p.names[0]
	}
	return fmt.Sprintf("%s/%d", p.names[0], hunk+1)
}

// view returns a part as an edit of some hunks sees it: the others are done, or not yet there.
func (p *part) view(hunks []int) (lines []line) {
	for _, l := range p.lines {
		switch {
		case l.op == ' ' || slices.Contains(hunks, l.hunk):
			lines = append(lines, l)
		case (p.given || p.shown[l.hunk] > 0) == (l.op == '+'):
			lines = append(lines, line{' ', l.text, -1})
		}
	}
	return lines
}

var declWords = regexp.MustCompile(`^(?:func (?:\([^)]*\) )?|const |var |type |import )(?:\w+|\()`)

// label returns the first words of a part, for people who look for it in their file.
func (p *part) label() string {
	for _, l := range p.lines {
		if words := declWords.FindString(l.text); words != "" {
			return words
		}
	}
	return p.names[0]
}

var codeComment = regexp.MustCompile(`(^|\s)//\s.*$`)

// block makes the block of one mark, and notes what it shows.
func (e *edits) block(p *page, l lesson, files map[string][]*part, m *mark) error {
	words := strings.Fields(m.args)
	if len(words) < 2 || files[words[0]] == nil {
		return fmt.Errorf("FILE of %s, and its declarations", l.to)
	}
	name, parts := words[0], files[words[0]]
	chosen, err := choose(parts, words[1:])
	if err != nil {
		return err
	}
	lines := block(name, parts, chosen, m.kind)
	e.blocks[m] = strings.Join(lines, "\n")
	before := p.source[:m.from]
	answers := func(o *mark) bool { return o.kind == "ours" && o.args == m.args && o.from > m.from }
	switch {
	case m.kind == "turn" && !slices.ContainsFunc(p.marks, answers):
		err = errors.New("no ours of the same follows")
	case m.kind == "ours" && strings.Count(before, "<details") == strings.Count(before, "</details"):
		err = errors.New("stands in a <details>")
	case m.kind != "given" && len(lines)-3 > maxBlock:
		err = fmt.Errorf("this block has %d lines: split it, %d is the most", len(lines)-3, maxBlock)
	}
	for _, part := range parts {
		if _, ok := chosen[part]; ok && part.given != (m.kind == "given") {
			err = fmt.Errorf("%s: steps/tools/given says otherwise of it", part.names[0])
		}
		for _, l := range part.lines {
			if !slices.Contains(chosen[part], l.hunk) || m.kind == "turn" {
				continue
			}
			if at := part.shown[l.hunk]; at > 0 && at != m.line {
				err = fmt.Errorf("line %d shows %s already", at, part.selector(l.hunk))
			}
			part.shown[l.hunk] = m.line
			if l.op == '+' && !part.given && !part.isHead() {
				e.typed += len(strings.TrimSpace(codeComment.ReplaceAllString(l.text, "")))
			}
		}
	}
	return err
}

// choose returns the hunks that are named: NAME for all of a declaration, NAME/2 for one.
func choose(parts []*part, words []string) (map[*part][]int, error) {
	chosen := make(map[*part][]int)
	for _, word := range words {
		name, number, one := strings.Cut(word, "/")
		n, _ := strconv.Atoi(number)
		found := false
		for _, p := range parts {
			for h := range p.shown {
				if slices.Contains(p.names, name) && (!one || h == n-1) {
					chosen[p], found = append(chosen[p], h), true
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("no %s changes there", word)
		}
	}
	return chosen, nil
}

// block returns the block for chosen hunks: what is given as it is, the rest as a diff.
func block(name string, parts []*part, chosen map[*part][]int, kind string) []string {
	lines, sign := []string{"```diff", "+++ " + name}, "+"
	goesOn := !slices.ContainsFunc(parts, (*part).isThere) // what is new now follows directly
	switch {
	case kind == "given":
		lines, sign = []string{"```go"}, ""
	case goesOn:
		lines[1] += " (new)"
	}
	for i, p := range parts {
		hunks, ok := chosen[p]
		view := p.view(hunks)
		if end := slices.IndexFunc(view, func(l line) bool { return strings.HasSuffix(l.text, "{") }); kind == "turn" && end >= 0 {
			view = append(view[:end+1:end+1], line{'+', "\t// your turn", -1}, line{' ', "}", -1})
		}
		switch {
		case !ok:
			goesOn = goesOn && !p.isThere()
			continue
		case kind == "given":
			view = slices.DeleteFunc(view, func(l line) bool { return l.op == '-' })
			if len(lines) == 1 && view[0].text == "" {
				view = view[1:]
			}
		case p.isThere():
			lines, goesOn = append(lines, hunksOf(view, "@@ "+p.label())...), false
			continue
		case !goesOn:
			place := "@@ at the end"
			if i := i + 1 + slices.IndexFunc(parts[i+1:], (*part).isThere); parts[i].isThere() {
				place = "@@ before " + parts[i].label()
			}
			lines, goesOn = append(lines, place), true
		}
		for _, l := range view {
			lines = append(lines, sign+l.text)
		}
	}
	return append(lines, "```", "")
}

// hunksOf returns the changes in a view: each with lines around it that tell the place,
// under a line that names the declaration.
func hunksOf(view []line, label string) (lines []string) {
	end := -1 // of what is in lines
	for i := 0; i < len(view); i++ {
		if view[i].op == ' ' {
			continue
		}
		from, to := around(view, i)
		if from > end {
			lines = append(lines, label)
		}
		for _, l := range view[max(from, end):to] {
			lines = append(lines, string(l.op)+l.text)
		}
		end, i = to, to-1
	}
	return lines
}

// vague are lines that leave open where they are.
var vague = regexp.MustCompile(`^\s*([{}()\s]*|return\b.*|continue|default:|defer .*|// .*)$`)

// around returns the lines around the change that begins at i: the first and the last of
// them tell the place, as they stand there once.
func around(view []line, i int) (from, to int) {
	tells := func(i int) bool {
		n := 0
		for _, l := range view {
			if l.op != '+' && l.text == view[i].text {
				n++
			}
		}
		return n == 1 && view[i].op == ' ' && !vague.MatchString(view[i].text)
	}
	for to = i + 1; to < len(view) && !(tells(to-1) && view[to].op == ' '); to++ {
	}
	for from = i; from > 0 && !tells(from); from-- {
	}
	if from == 0 && view[0] == (line{' ', "", -1}) {
		from++ // the empty line in front of the declaration
	}
	return from, to
}

// size counts the lines that a lesson adds and removes.
func (w *workshop) size(l lesson) (plus, minus int, err error) {
	files, err := w.filesOf(l)
	for _, parts := range files {
		for _, p := range parts {
			for _, line := range p.lines {
				plus += strings.Count("+", string(line.op))
				minus += strings.Count("-", string(line.op))
			}
		}
	}
	return plus, minus, err
}
