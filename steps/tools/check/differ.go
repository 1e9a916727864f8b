package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
)

// A difference is a declaration that is not as the step has it; one of the two may be missing.
type difference struct {
	yours, ours *decl
	hunks       []hunk
}

// A hunk is lines that differ, and those in front of them that do not.
type hunk struct {
	stepcode.Hunk[line]
	place place // of the first word that differs, in the code of the user
}

// compare returns the declarations in which yours differs from ours, in the order of ours, and
// then those that only yours has. It reports whether yours is recognizably made from ours:
// whether half of what ours declares is the same there, or nearly all has its name.
func compare(yours, ours *program) (all []difference, alike bool) {
	same, there := 0, 0
	for _, d := range ours.sorted() {
		y := yours.decls[d.name]
		if y != nil {
			there++
		}
		if y != nil && y.shape == d.shape {
			same++
			continue
		}
		all = append(all, difference{y, d, diff(y, d)})
	}
	for _, d := range yours.sorted() {
		if ours.decls[d.name] == nil {
			all = append(all, difference{d, nil, diff(d, nil)})
		}
	}
	n := len(ours.decls)
	return all, 2*same >= n || 4*there >= 3*n && 4*same >= n
}

// diff returns the hunks in which two declarations of the same name differ; one of them may be missing.
func diff(yours, ours *decl) (hunks []hunk) {
	yours, ours = cmp.Or(yours, &decl{}), cmp.Or(ours, &decl{})
	found, _ := stepcode.Diff(yours.lines, ours.lines, line.key)
	at := yours.place
	for _, h := range found {
		if n := len(h.Same); n > 0 {
			at = h.Same[n-1].words[len(h.Same[n-1].words)-1].place
		}
		if len(h.Old) > 0 {
			at = h.Old[0].differs(h.New)
		}
		hunks = append(hunks, hunk{h, at})
	}
	return hunks
}

// differs returns where the line's first word is that the first of other lines, if any, has not.
func (l line) differs(others []line) place {
	for i, w := range l.words {
		if len(others) == 0 || i >= len(others[0].words) || w.text != others[0].words[i].text {
			return w.place
		}
	}
	return l.words[0].place
}

// show returns the hunk for the eye, at most n lines of each side.
func (h hunk) show(n int) (lines []string) {
	side := func(label string, of []line) {
		if len(of) == 0 {
			lines = append(lines, fmt.Sprintf("    %-5s  (nothing)", label))
		}
		for i, l := range of[:min(n, len(of))] {
			text := strings.TrimLeft(l.text, "\t")
			if i == n-1 && len(of) > n {
				text += fmt.Sprintf("  (and %d more lines)", len(of)-n)
			}
			lines = append(lines, fmt.Sprintf("    %-5s  %s", label, text))
			label = ""
		}
	}
	side("yours", h.Old)
	side("ours", h.New)
	return lines
}

// title says which declaration it is, and where.
func (d difference) title() string {
	switch {
	case d.yours == nil:
		return fmt.Sprintf("yours has no %s: ours is at %s", d.ours.name, d.ours.place)
	case d.ours == nil:
		return fmt.Sprintf("%s, in %s, which ours has not", d.yours.place, d.yours.name)
	}
	return fmt.Sprintf("%s, in %s", d.hunks[0].place, d.yours.name)
}

// String returns a place as editors take it.
func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// A comparison is a folder beside the step's code.
type comparison struct {
	differences []difference
	alike       bool
	yours       *program
	ours        string // the folder, as the user would say it
}

// compareWith holds the target's code to that of a step.
func (t *target) compareWith(step int) *comparison {
	root := process.Workshop(t.Dir)
	if root == "" {
		return nil
	}
	yours, err := readCode(t.Dir, t.Name)
	ours, wrong := readCode(filepath.Join(root, t.folder(step)), t.ours(step))
	if cmp.Or(err, wrong) != nil {
		return nil
	}
	c := &comparison{yours: yours, ours: t.ours(step)}
	c.differences, c.alike = compare(yours, ours)
	return c
}

// first sorts the differences by what a failure is about: first those in a declaration that one of
// the places is in, then those that share words with what is said of the failure; what only yours
// has comes last.
func (c *comparison) first(places []place, said string) []difference {
	score := func(d difference) int {
		if d.ours == nil {
			return -1
		}
		n := 0
		for _, h := range d.hunks {
			n += h.shares(said)
			if strings.Contains(said, " for a lock") && h.shares("lock unlock") > 0 {
				n += 20
			}
		}
		if slices.ContainsFunc(places, d.holds) {
			n += 20
		}
		return n
	}
	return slices.SortedStableFunc(slices.Values(c.differences), func(a, b difference) int { return score(b) - score(a) })
}

// holds reports whether a place is in the user's declaration.
func (d difference) holds(p place) bool {
	return d.yours != nil && p.file == d.yours.place.file && p.line >= d.yours.place.line && p.line <= d.yours.last
}

// shares counts words of the hunk, twice, that are in what is said; a handful is enough.
func (h hunk) shares(said string) (n int) {
	said = strings.ToLower(said)
	counted := map[string]bool{}
	for _, l := range slices.Concat(h.Old, h.New) {
		for _, w := range l.words {
			text := strings.ToLower(strings.Trim(w.text, `"`))
			if len(text) > 2 && n < 10 && !counted[text] && strings.Contains(said, text) {
				counted[text] = true
				n += 2
			}
		}
	}
	return n
}

// advice shows the first differences, in at most a dozen lines.
func (c *comparison) advice(places []place, said string) string {
	const most = 1 + 12
	differences := c.first(places, said)
	lines := []string{fmt.Sprintf("Where your code differs from %s:", c.ours)}
	n, shown := 2, 0 // hunks of a declaration, and lines of a hunk's side
	if len(differences) > 2 {
		n = 1 // so that more of them are seen
	}
	for _, d := range differences {
		slices.SortStableFunc(d.hunks, func(a, b hunk) int { return b.shares(said) - a.shares(said) })
		block := []string{"  " + d.title()}
		for i, h := range d.hunks[:min(n, len(d.hunks))] {
			if d.yours == nil {
				break // all of it is missing
			}
			if i > 0 {
				block = append(block, fmt.Sprintf("  and at %s", h.place))
			}
			block = append(block, h.show(n)...)
		}
		if shown > 0 && len(lines)+len(block) > most {
			break
		}
		lines, shown = append(lines, block...), shown+1
	}
	if more := len(differences) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %s more: -diff shows all", plural(more, "declaration", "declarations")))
	}
	return strings.Join(lines, "\n") + "\n"
}

// all returns every difference, with - in front of yours and + in front of ours.
func (c *comparison) all() string {
	var s strings.Builder
	for _, d := range c.differences {
		fmt.Fprintf(&s, "\n%s\n", d.title())
		for i, h := range d.hunks {
			if i > 0 {
				fmt.Fprintf(&s, "%s\n", h.place)
			}
			for _, side := range []struct {
				sign  string
				lines []line
			}{{" ", h.Same[max(0, len(h.Same)-1):]}, {"-", h.Old}, {"+", h.New}} {
				for _, l := range side.lines {
					fmt.Fprintf(&s, "%s %s\n", side.sign, strings.ReplaceAll(l.text, "\t", "    "))
				}
			}
		}
	}
	return s.String()
}

// plural counts things.
func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
