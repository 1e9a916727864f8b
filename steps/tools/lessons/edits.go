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

// A file is one in the making, from the step before to the lesson's.
type file struct {
	name  string
	there bool // by now
	parts []*part
}

// A part is a declaration, or what the step before has in its place.
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
	page   *page
	lesson lesson
	files  map[string]*file
	blocks map[*mark]string // what belongs under each
	typed  int              // characters of code, without comments, imports and indents
}

// edits makes the blocks of a text's marks.
func (w *workshop) edits(p *page) edits {
	marks := slices.DeleteFunc(slices.Clone(p.marks), func(m *mark) bool { return !isEdit[m.kind] })
	i := slices.IndexFunc(lessons, func(l lesson) bool { return l.text == p.name })
	if i < 0 || len(marks) == 0 && lessons[i].to == "library" { // which may be a text to read alone
		return edits{}
	}
	e := edits{page: p, lesson: lessons[i], blocks: make(map[*mark]string)}
	var err error
	if e.files, err = w.filesOf(e.lesson); err != nil {
		p.say(1, "%v", err)
		return e
	}
	last := 1
	for _, m := range marks {
		last = m.line
		if e.blocks[m], err = e.block(m); err != nil {
			p.say(m.line, "%s: %v", m.kind, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.files)) {
		full := path.Join(e.lesson.to, name)
		if !w.exists(full) {
			if !strings.Contains(p.source, name) {
				p.say(last, "%s goes, and nothing says so", name)
			}
			continue
		}
		for _, part := range e.files[name].parts {
			if i := slices.Index(part.shown, 0); i >= 0 && !(part.given && part.isHead()) {
				p.say(last, "no block shows %s of %s", part.selector(i), full)
			}
		}
	}
	return e
}

// filesOf returns the files of both folders of a lesson, as they are when it begins.
func (w *workshop) filesOf(l lesson) (map[string]*file, error) {
	before, after := w.code(l.from), w.code(l.to)
	files := make(map[string]*file)
	for name := range after {
		files[name] = &file{name: name}
	}
	for name := range before {
		files[name] = &file{name: name, there: true}
	}
	for name, f := range files {
		pairs, err := given.Pairs(before[name], after[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		for _, pair := range pairs {
			part := &part{names: pair.Names, given: pair.After != "" && given.Is(l.number, name, pair.Names)}
			part.lines = compare(codeLines(pair.Before), codeLines(pair.After))
			for _, l := range part.lines {
				if l.hunk == len(part.shown) {
					part.shown = append(part.shown, 0)
				}
			}
			f.parts = append(f.parts, part)
			f.there = f.there || part.given
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

// isThere reports whether a part stands in the attendee's file by now.
func (p *part) isThere() bool { return len(p.view(nil)) > 0 }

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

// block makes the block of one mark, and notes what it shows.
func (e *edits) block(m *mark) (string, error) {
	words := strings.Fields(m.args)
	if len(words) < 2 || e.files[words[0]] == nil {
		return "", fmt.Errorf("FILE of %s, and its declarations", e.lesson.to)
	}
	f := e.files[words[0]]
	chosen, err := f.choose(words[1:])
	if err != nil {
		return "", err
	}
	for _, part := range f.parts {
		hunks, ok := chosen[part]
		if ok && part.given != (m.kind == "given") {
			return "", fmt.Errorf("%s: play puts it there, or does not: see steps/tools/given", part.names[0])
		}
		for _, h := range hunks {
			if part.shown[h] > 0 {
				return "", fmt.Errorf("line %d shows %s already", part.shown[h], part.selector(h))
			}
		}
	}
	lines := f.edit(chosen, m.kind)
	before := e.page.source[:m.from]
	answers := func(o *mark) bool { return o.kind == "ours" && o.args == m.args && o.from > m.from }
	switch {
	case m.kind == "turn" && !slices.ContainsFunc(e.page.marks, answers):
		err = errors.New("no ours of the same follows")
	case m.kind == "ours" && strings.Count(before, "<details") == strings.Count(before, "</details"):
		err = errors.New("stands in a <details>")
	case m.kind != "given" && len(lines)-3 > maxBlock:
		err = fmt.Errorf("this block has %d lines: split it, %d is the most", len(lines)-3, maxBlock)
	}
	for part, hunks := range chosen {
		for _, l := range part.lines {
			if m.kind == "turn" || !slices.Contains(hunks, l.hunk) {
				continue
			}
			part.shown[l.hunk] = m.line
			if l.op == '+' && !part.given && !part.isHead() {
				e.typed += len(strings.TrimSpace(codeComment.ReplaceAllString(l.text, "")))
			}
		}
	}
	f.there = f.there || m.kind != "turn"
	return strings.Join(lines, "\n"), err
}

var codeComment = regexp.MustCompile(`(^|\s)//\s.*$`)

// choose returns the hunks that are named: NAME for all of a declaration, NAME/2 for one.
func (f *file) choose(words []string) (map[*part][]int, error) {
	chosen := make(map[*part][]int)
	for _, word := range words {
		name, number, one := strings.Cut(word, "/")
		n, _ := strconv.Atoi(number)
		found := false
		for _, p := range f.parts {
			for h := range p.shown {
				if slices.Contains(p.names, name) && (!one || h == n-1) {
					chosen[p], found = append(chosen[p], h), true
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("%s has no %s that changes", f.name, word)
		}
	}
	return chosen, nil
}

// edit returns the block for chosen hunks: what is given as it is, the rest as a diff.
func (f *file) edit(chosen map[*part][]int, kind string) []string {
	lines := []string{"```diff", "+++ " + f.name}
	switch {
	case kind == "given":
		lines = []string{"```go"}
	case !f.there:
		lines[1] += " (new)"
	}
	goesOn := !f.there // what is new now follows directly
	for i, p := range f.parts {
		hunks, ok := chosen[p]
		view := p.view(hunks)
		if end := slices.IndexFunc(view, func(l line) bool { return strings.HasSuffix(l.text, "{") }); kind == "turn" && end >= 0 {
			view = append(view[:end+1:end+1], line{'+', "\t// your turn", -1}, line{'+', "}", -1})
		}
		switch {
		case !ok:
			goesOn = goesOn && !p.isThere()
		case kind == "given":
			for _, l := range view {
				if l.op != '-' && (len(lines) > 1 || l.text != "") {
					lines = append(lines, l.text)
				}
			}
		case p.isThere():
			lines, goesOn = append(lines, hunksOf(view, "@@ "+p.label())...), false
		default:
			if !goesOn {
				lines = append(lines, f.placeOf(i))
			}
			for _, l := range view {
				lines = append(lines, "+"+l.text)
			}
			goesOn = true
		}
	}
	return append(lines, "```", "")
}

// placeOf says where part i goes, which is not there yet.
func (f *file) placeOf(i int) string {
	for _, p := range f.parts[i+1:] {
		if p.isThere() {
			return "@@ before " + p.label()
		}
	}
	return "@@ at the end"
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
	for _, f := range files {
		for _, p := range f.parts {
			for _, line := range p.lines {
				plus += strings.Count("+", string(line.op))
				minus += strings.Count("-", string(line.op))
			}
		}
	}
	return plus, minus, err
}
