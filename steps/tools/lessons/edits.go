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
	blocks   map[*comment]string // what belongs under each
	problems []problem
	typed    int // characters of code, without comments, imports and indents
}

// edits makes the blocks of a text's marks.
func (w *workshop) edits(p *page) edits {
	e := edits{blocks: make(map[*comment]string)}
	marks := slices.DeleteFunc(slices.Clone(p.comments), func(c *comment) bool { return !isEdit[c.kind] && c.kind != "delete" })
	i := slices.IndexFunc(lessons, func(l lesson) bool { return l.text == p.name })
	if i < 0 || len(marks) == 0 && lessons[i].to == "library" { // which may be a text to read alone
		for _, c := range marks {
			e.problems = append(e.problems, p.problem(c.line, "an edit belongs in a lesson"))
		}
		return e
	}
	l := lessons[i]
	files, err := w.filesOf(l)
	if err != nil {
		e.problems = append(e.problems, p.problem(1, "%v", err))
		return e
	}
	last := 1
	for _, c := range marks {
		last = c.line
		if e.blocks[c], err = e.block(p, l, files, c); err != nil {
			e.problems = append(e.problems, p.problem(c.line, "%s: %v", c.kind, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, part := range files[name].parts {
			if i := slices.Index(part.shown, 0); i >= 0 && !(part.given && part.isHead()) {
				e.problems = append(e.problems, p.problem(last, "no block shows %s of %s", part.selector(i), path.Join(l.to, name)))
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

// label returns how a part begins in its file, for people who look for it.
func (p *part) label() string {
	short := p.names[0][strings.LastIndexByte(p.names[0], '.')+1:]
	for _, l := range p.lines {
		switch kind, _, _ := strings.Cut(l.text, " "); kind {
		case "func":
			return l.text[:strings.Index(l.text, short)+len(short)]
		case "const", "var", "type":
			return kind + " " + short
		}
	}
	return short
}

// block makes the block of one mark, and notes what it shows.
func (e *edits) block(p *page, l lesson, files map[string]*file, c *comment) (string, error) {
	words := strings.Fields(c.args)
	if c.kind == "delete" {
		return "", remove(files, words, c.line)
	}
	if len(words) < 2 || files[words[0]] == nil {
		return "", fmt.Errorf("FILE of %s, and its declarations", l.to)
	}
	f := files[words[0]]
	chosen, err := f.choose(words[1:])
	if err != nil {
		return "", err
	}
	for part, hunks := range chosen {
		if part.given != (c.kind == "given") {
			return "", fmt.Errorf("%s: play gives it, or does not: see steps/tools/given", part.names[0])
		}
		for _, h := range hunks {
			if part.shown[h] > 0 {
				return "", fmt.Errorf("line %d shows %s already", part.shown[h], part.selector(h))
			}
		}
	}
	lines := f.edit(chosen, c.kind)
	if c.kind == "turn" {
		if !slices.ContainsFunc(p.comments, func(o *comment) bool { return o.kind == "ours" && o.args == c.args && o.from > c.from }) {
			err = errors.New("no ours of the same follows")
		}
		return strings.Join(lines, "\n"), err
	}
	for part, hunks := range chosen {
		for _, h := range hunks {
			part.shown[h] = c.line
		}
		e.typed += typed(part, hunks)
	}
	f.there = true
	before := p.source[:c.from]
	switch {
	case c.kind == "ours" && strings.Count(before, "<details") == strings.Count(before, "</details"):
		err = errors.New("stands in a <details>")
	case c.kind != "given" && len(lines)-3 > maxBlock:
		err = fmt.Errorf("this block has %d lines: split it, %d is the most", len(lines)-3, maxBlock)
	}
	return strings.Join(lines, "\n"), err
}

// remove notes that files are deleted.
func remove(files map[string]*file, names []string, at int) error {
	for _, name := range names {
		f := files[name]
		if f == nil || slices.ContainsFunc(f.parts, func(p *part) bool { return p.lines[0].op != '-' }) {
			return fmt.Errorf("%s is not a file that goes", name)
		}
		for _, part := range f.parts {
			part.shown = []int{at}
		}
	}
	return nil
}

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
		if kind == "turn" {
			view = p.head(view)
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

// head returns a function for the attendee to fill.
func (p *part) head(view []line) (lines []line) {
	op := byte('+')
	if p.isThere() {
		op = ' '
	}
	for _, l := range view {
		if l.op != '-' {
			lines = append(lines, line{op, l.text, -1})
		}
		if strings.HasSuffix(l.text, "{") && l.op != '-' {
			break
		}
	}
	return append(lines, line{'+', "\t// your turn", -1}, line{op, "}", -1})
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

// around returns the lines around the change that begins at i, such that the first and the
// last of them tell the place, and what is old in them occurs once.
func around(view []line, i int) (from, to int) {
	tells := func(i int) bool { return view[i].op == ' ' && !vague.MatchString(view[i].text) }
	old := func(lines []line) (s string) {
		for _, l := range lines {
			if l.op != '+' {
				s += "\n" + l.text
			}
		}
		return s + "\n"
	}
	for to = i + 1; to < len(view) && !(tells(to-1) && view[to].op == ' '); to++ {
	}
	for from = i; from > 0 && !(tells(from) && strings.Count(old(view), old(view[from:to])) == 1); from-- {
	}
	if from == 0 && view[0] == (line{' ', "", -1}) {
		from++ // the empty line in front of the declaration
	}
	return from, to
}

var codeComment = regexp.MustCompile(`(^|\s)//\s.*$`)

// typed counts the characters of hunks that have to be typed.
func typed(p *part, hunks []int) (n int) {
	for _, l := range p.lines {
		if l.op == '+' && slices.Contains(hunks, l.hunk) && !p.given && !p.isHead() {
			n += len(strings.TrimSpace(codeComment.ReplaceAllString(l.text, "")))
		}
	}
	return n
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
