package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
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

// lessonOf returns the lesson of a text. Others are number 0, which changes nothing.
func lessonOf(text string) lesson {
	if i := slices.IndexFunc(lessons, func(l lesson) bool { return l.text == text }); i >= 0 {
		return lessons[i]
	}
	return lesson{}
}

const maxBlock = 40 // lines of an edit: more is not typed with understanding

// A part of a file is a declaration, in the step before and in the lesson's.
type part struct {
	stepcode.Pair
	file  string
	given bool // play puts it there
	hunks []*hunk
	rest  []string // behind the last hunk
}

// A hunk is a change of a part.
type hunk struct {
	stepcode.Hunk[string]
	shown int // the line of the mark that shows it; 0: none does yet
}

// partsOf returns the parts of the files in both folders of a lesson.
func (w *workshop) partsOf(l lesson) (parts []*part, err error) {
	before, after := w.code(l.from), w.code(l.to)
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		pairs, err := stepcode.Pairs(before[file], after[file])
		if err != nil {
			return nil, fmt.Errorf("%s: %v", file, err)
		}
		for _, pair := range pairs {
			p := &part{Pair: pair, file: file, given: pair.After != "" && isGiven(l.number, file, pair.Names)}
			hunks, rest := stepcode.Diff(codeLines(pair.Before), codeLines(pair.After), strings.Clone)
			for _, h := range hunks {
				p.hunks = append(p.hunks, &hunk{Hunk: h})
			}
			p.rest = rest
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// isGiven reports whether attendees need not type a declaration.
func isGiven(step int, file string, names []string) bool {
	isHead := names[0] == "package" || names[0] == "import"
	return step != stepcode.Library && (isHead || stepcode.Given(step, file, names))
}

// checkShown refuses a change of a lesson that no block shows.
func (w *workshop) checkShown(p *page, l lesson) {
	for _, part := range p.parts {
		i := slices.IndexFunc(part.hunks, func(h *hunk) bool { return h.shown == 0 })
		if !w.exists(path.Join(l.to, part.file)) {
			if !strings.Contains(p.source, part.file) {
				p.say(p.edited, "%s goes, and nothing says so", part.file)
			}
		} else if i >= 0 && !(part.given && part.isHead()) {
			p.say(p.edited, "no block shows %s of %s/%s", part.selector(i), l.to, part.file)
		}
	}
}

// isHead reports whether a part is package or imports.
func (p *part) isHead() bool { return p.Names[0] == "package" || p.Names[0] == "import" }

// isThere reports whether a part stands in the attendee's file by now.
func (p *part) isThere() bool { return len(p.view(nil)) > 0 }

var codeComment = regexp.MustCompile(`(^|\s)//\s.*$`)

// typed counts the characters that are to be typed, without comments and indents.
func (p *part) typed() (n int) {
	if p.given || p.isHead() {
		return 0
	}
	for _, h := range p.hunks {
		for _, line := range h.New {
			n += len(strings.TrimSpace(codeComment.ReplaceAllString(line, "")))
		}
	}
	return n
}

// selector returns how a mark names a hunk.
func (p *part) selector(hunk int) string {
	if len(p.hunks) == 1 {
		return p.Names[0]
	}
	return fmt.Sprintf("%s/%d", p.Names[0], hunk+1)
}

// view returns a part as an edit of chosen hunks sees it, in lines of a diff: the other
// hunks are done, or not yet there.
func (p *part) view(chosen map[*hunk]bool) (lines []string) {
	add := func(sign string, all []string) {
		for _, line := range all {
			lines = append(lines, sign+line)
		}
	}
	for _, h := range p.hunks {
		add(" ", h.Same)
		switch {
		case chosen[h]:
			add("-", h.Old)
			add("+", h.New)
		case p.given || h.shown > 0:
			add(" ", h.New)
		default:
			add(" ", h.Old)
		}
	}
	add(" ", p.rest)
	return lines
}

var declWords = regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|const |var |type |import )(?:\w+|\()`)

// label returns the first words of a part, for people who look for it in their file.
func (p *part) label() string {
	return cmp.Or(declWords.FindString(cmp.Or(p.Before, p.After)), p.Names[0])
}

// isEdit names the marks whose block is made of declarations.
var isEdit = map[string]bool{"edit": true, "given": true, "turn": true, "ours": true}

// genEdit makes the block of an edit, and notes what it shows.
func genEdit(w *workshop, p *page, m *mark, old string) (string, error) {
	p.edited = m.line
	parts := slices.DeleteFunc(slices.Clone(p.parts), func(part *part) bool { return len(m.args) > 0 && part.file != m.args[0] })
	if len(m.args) < 2 || len(parts) == 0 {
		return "", errors.New("it takes a file of this text's step, and declarations")
	}
	chosen, err := choose(parts, m.args[1:])
	if err != nil {
		return "", err
	}
	block := block(parts, chosen, m.kind)
	before, n := p.source[:m.at], strings.Count(block, "\n")-2
	answers := func(o *mark) bool { return o.title == "ours"+strings.TrimPrefix(m.title, "turn") && o.at > m.at }
	switch {
	case m.kind == "turn" && !slices.ContainsFunc(p.marks, answers):
		err = errors.New("no ours of the same follows")
	case m.kind == "ours" && strings.Count(before, "<details") == strings.Count(before, "</details"):
		err = errors.New("stands in a <details>")
	case m.kind != "given" && n > maxBlock:
		err = fmt.Errorf("this block has %d lines: split it, %d is the most", n, maxBlock)
	}
	for _, part := range parts {
		for i, h := range part.hunks {
			switch {
			case !chosen[h]:
				continue
			case part.given != (m.kind == "given"):
				err = fmt.Errorf("steps/tools/stepcode says otherwise of %s", part.Names[0])
			case h.shown > 0:
				err = fmt.Errorf("line %d shows %s already", h.shown, part.selector(i))
			}
			if m.kind != "turn" {
				h.shown = m.line
			}
		}
	}
	return block, err
}

// choose returns the hunks that are named: NAME for all of a declaration, NAME/2 for one.
func choose(parts []*part, words []string) (map[*hunk]bool, error) {
	chosen := make(map[*hunk]bool)
	for _, word := range words {
		name, number, isOne := strings.Cut(word, "/")
		before := len(chosen)
		for _, p := range parts {
			for i, h := range p.hunks {
				if slices.Contains(p.Names, name) && (!isOne || number == fmt.Sprint(i+1)) {
					chosen[h] = true
				}
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("no %s changes there", word)
		}
	}
	return chosen, nil
}

// block returns the block for chosen hunks of a file: what is given as it is, the rest as a diff.
func block(parts []*part, chosen map[*hunk]bool, kind string) string {
	text, lines := "", []string{"+++ " + parts[0].file}
	goesOn := !slices.ContainsFunc(parts, (*part).isThere) // what is new now follows directly
	if goesOn {
		lines[0] += " (new)"
	}
	for i, p := range parts {
		view := p.view(chosen)
		if slices.ContainsFunc(p.hunks, func(h *hunk) bool { return chosen[h] }) {
			text += p.After
		}
		switch {
		case p.isThere():
			lines, goesOn = append(lines, changes(view, "@@ "+p.label())...), false
		case len(view) > 0: // it is new
			if kind == "turn" {
				head := slices.IndexFunc(view, func(line string) bool { return strings.HasSuffix(line, "{") })
				view = append(view[:head+1], "+\t// your turn", "+}")
			}
			if next := slices.IndexFunc(parts[i:], (*part).isThere); next >= 0 && !goesOn {
				lines = append(lines, "@@ before "+parts[i+next].label())
			} else if !goesOn {
				lines = append(lines, "@@ at the end")
			}
			lines, goesOn = append(lines, view...), true
		}
	}
	if kind == "given" {
		return fenced("go", text)
	}
	return fenced("diff", strings.Join(lines, "\n"))
}

// changes returns the changes in a view: each with lines around it that tell the place,
// under a line that names the declaration.
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

// vague are lines that leave open where they are.
var vague = regexp.MustCompile(`^ \s*([{}()\s]*|return\b.*|continue|default:|defer .*|// .*)$`)

// around returns the lines around the change that begins at i: the first and the last of
// them tell the place, as they stand there once.
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
		from++ // the empty line in front of the declaration
	}
	return from, to
}
