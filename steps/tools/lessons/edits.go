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

// stepOf returns the step whose lesson or whose hints a text is, or 0.
func stepOf(text string) int {
	for n := 1; n <= stepcode.Library; n++ {
		if text == stepcode.Lesson(n) || text == stepcode.HintsFile(n) {
			return n
		}
	}
	return 0
}

// isHints reports whether a text has hints.
func isHints(text string) bool { n := stepOf(text); return n > 0 && text == stepcode.HintsFile(n) }

const maxBlock = 40 // lines of an edit: more is not typed with understanding

// A part of a file is a declaration, in the step before and in the lesson's. That of a turn has the
// turn open.
type part struct {
	stepcode.Pair
	file  string
	given bool           // play puts it there
	turn  *stepcode.Turn // that attendees write
	ours  string         // what we have written for it
	head  *head          // if the part is the imports
	hunks []*hunk
	rest  []string // after the last hunk
}

// A hunk is a change of a part.
type hunk struct {
	stepcode.Hunk[string]
	shown int // the line of the mark that shows it; 0: none does yet
}

// A head has the imports of a file, which come with the blocks that need them.
type head struct {
	decl string   // with all of them
	have []string // those that are there by now
}

// partsOf returns the parts of the files of a step and of the one before.
func (w *workshop) partsOf(step int) (parts []*part, err error) {
	if step == 0 {
		return nil, nil
	}
	s, err := stepcode.ReadIn(w.files, step)
	if err != nil {
		return nil, err
	}
	bare := s.Bare()
	for _, file := range s.Files() {
		for _, pair := range s.Pairs(file) {
			p := &part{Pair: pair, file: file, turn: stepcode.TurnOf(step, file, pair.Names)}
			given := stepcode.Given(step, file, pair.Names) || pair.Names[0] == "package" && step != stepcode.Library
			p.given = given && pair.After != ""
			switch {
			case pair.Names[0] == "import" && pair.After != "":
				p.head = &head{pair.After, stepcode.Imports(bare[file])}
			case p.turn != nil:
				p.ours, p.After = s.Ours(*p.turn), s.OpenDecl(*p.turn)
			}
			hunks, rest := stepcode.Diff(codeLines(p.Before), codeLines(p.After), strings.Clone)
			for _, h := range hunks {
				p.hunks = append(p.hunks, &hunk{Hunk: h})
			}
			p.rest = rest
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
		case part.head != nil:
			if all := stepcode.Imports("package p\n" + part.After); len(all) > len(part.head.have) {
				p.say(p.edited, "no block needs all imports of %s: %q, not only %q", part.file, all, part.head.have)
			}
		case i >= 0 && !(part.given && part.Names[0] == "package"):
			p.say(p.edited, "no block shows %s of %s/%s", part.selector(i), stepcode.Folder(step), part.file)
		}
	}
}

// isThere reports whether a part is in the attendee's file by now.
func (p *part) isThere() bool { return len(p.view(nil)) > 0 }

// isIn reports whether one of the part's hunks is chosen.
func (p *part) isIn(chosen map[*hunk]bool) bool {
	return slices.ContainsFunc(p.hunks, func(h *hunk) bool { return chosen[h] })
}

// selector returns how a mark names a hunk.
func (p *part) selector(hunk int) string {
	if len(p.hunks) == 1 || p.turn != nil {
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
	if p.head != nil {
		add(" ", codeLines(stepcode.OnlyImports(p.head.decl, p.head.have)))
		return lines
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

// grow adds imports to those that are there, and returns that as view does.
func (h *head) grow(imports []string) (lines []string) {
	before := codeLines(stepcode.OnlyImports(h.decl, h.have))
	h.have = append(h.have, imports...)
	p := new(part)
	hunks, rest := stepcode.Diff(before, codeLines(stepcode.OnlyImports(h.decl, h.have)), strings.Clone)
	chosen := make(map[*hunk]bool)
	for _, one := range hunks {
		p.hunks = append(p.hunks, &hunk{Hunk: one})
		chosen[p.hunks[len(p.hunks)-1]] = true
	}
	p.rest = rest
	return p.view(chosen)
}

var declWords = regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|const |var |type )(?:\w+|\()|^import`)

// label returns the first words of a part, for people who look for it in their file.
func (p *part) label() string {
	return cmp.Or(declWords.FindString(cmp.Or(p.Before, p.After)), p.Names[0])
}

// genEdit makes the block of an edit, and notes what it shows.
func genEdit(w *workshop, p *page, m *mark, old string) (string, error) {
	p.edited = m.line
	parts := slices.DeleteFunc(slices.Clone(p.parts), func(part *part) bool {
		return len(m.args) > 0 && part.file != m.args[0]
	})
	if len(m.args) < 2 || len(parts) == 0 || isHints(p.name) {
		return "", errors.New("it takes a file of this lesson's step, and declarations")
	}
	chosen, err := choose(parts, m.args[1:])
	if err != nil {
		return "", err
	}
	block := block(parts, chosen, m.kind == "given")
	if n := strings.Count(block, "\n") - 2; m.kind != "given" && n > maxBlock {
		err = fmt.Errorf("this block has %d lines: split it, %d is the most", n, maxBlock)
	}
	for _, part := range parts {
		for i, h := range part.hunks {
			switch {
			case !chosen[h]:
				continue
			case part.given != (m.kind == "given") || (part.turn != nil) != (m.kind == "turn"):
				err = fmt.Errorf("steps/tools/stepcode says otherwise of %s", part.Names[0])
			case h.shown > 0:
				err = fmt.Errorf("line %d shows %s already", h.shown, part.selector(i))
			}
			h.shown = m.line
		}
		if m.kind == "turn" && err == nil && part.isIn(chosen) {
			err = linksHints(p, m, part.turn)
		}
	}
	return block, err
}

// linksHints refuses a turn without a link to its hints below it.
func linksHints(p *page, m *mark, t *stepcode.Turn) error {
	file := path.Base(stepcode.HintsFile(t.Step))
	link := fmt.Sprintf("](%s#%s)", file, stepcode.Anchor(t.Name))
	if !strings.Contains(p.source[m.to:], link) {
		return fmt.Errorf("no link to its hints follows: [Hints]%s", strings.TrimPrefix(link, "]"))
	}
	return nil
}

// choose returns the hunks that are named: NAME for all of a declaration, NAME/2 for one.
func choose(parts []*part, words []string) (map[*hunk]bool, error) {
	chosen := make(map[*hunk]bool)
	for _, word := range words {
		name, number, isOne := strings.Cut(word, "/")
		before := len(chosen)
		for _, p := range parts {
			for i, h := range p.hunks {
				if p.head == nil && slices.Contains(p.Names, name) && (!isOne || number == fmt.Sprint(i+1)) {
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

// block returns the block for chosen hunks of a file: what is given as it is, the rest as a diff, with
// the imports that it needs.
func block(parts []*part, chosen map[*hunk]bool, given bool) string {
	if given {
		text := ""
		for _, p := range parts {
			if p.isIn(chosen) {
				text += p.After
			}
		}
		return fenced("go", text)
	}
	lines := []string{"+++ " + parts[0].file}
	goesOn := !slices.ContainsFunc(parts, (*part).isThere) // what is new now follows directly
	if goesOn {
		lines[0] += " (new)"
	}
	for i, p := range parts {
		isThere, view := p.isThere(), p.view(chosen)
		if p.head != nil {
			view = p.head.grow(needs(parts, chosen, p.head))
		}
		switch {
		case isThere:
			lines, goesOn = append(lines, changes(view, "@@ "+p.label())...), false
		case len(view) > 0: // it is new
			if next := slices.IndexFunc(parts[i+1:], (*part).isThere); next >= 0 && !goesOn {
				lines = append(lines, "@@ before "+parts[i+1+next].label())
			} else if !goesOn {
				lines = append(lines, "@@ at the end")
			}
			lines, goesOn = append(lines, view...), true
		}
	}
	return fenced("diff", strings.Join(lines, "\n"))
}

// needs returns the imports that chosen hunks need and that are not there yet.
func needs(parts []*part, chosen map[*hunk]bool, h *head) (paths []string) {
	all := stepcode.Imports("package p\n" + h.decl)
	for _, p := range parts {
		for _, hunk := range p.hunks {
			if chosen[hunk] {
				paths = append(paths, stepcode.Used(strings.Join(hunk.New, "\n")+"\n", all)...)
				paths = append(paths, stepcode.Used(p.ours, all)...)
			}
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool { return slices.Contains(h.have, path) })
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
