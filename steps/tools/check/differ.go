package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"websocket-workshop/steps/tools/programs"
)

// A difference is a declaration that is not as the step has it; one of the two may be missing.
type difference struct {
	yours, ours *decl
	hunks       []hunk
}

// A hunk is lines that differ, and the last one in front of them that does not.
type hunk struct {
	yours, ours []line
	before      place
	ahead       []line // as many as there is one
}

// compare returns the declarations in which yours differs from ours, in the order of ours, and
// then those that only yours has. It reports whether yours is recognizably made from ours:
// whether half of what ours declares is the same there, or nearly all has its name.
func compare(yours, ours *program) (all []difference, alike bool) {
	same, there := 0, 0
	for _, name := range ours.names() {
		d := difference{ours: ours.decls[name], yours: yours.decls[name]}
		if d.yours != nil {
			there++
			if d.yours.shape == d.ours.shape {
				same++
				continue
			}
			d.hunks = diff(d.yours, d.ours)
		} else {
			d.hunks = []hunk{{ours: d.ours.lines}}
		}
		all = append(all, d)
	}
	for _, name := range yours.names() {
		if d := yours.decls[name]; ours.decls[name] == nil {
			all = append(all, difference{yours: d, hunks: []hunk{{yours: d.lines, before: d.place}}})
		}
	}
	n := len(ours.decls)
	return all, 2*same >= n || 4*there >= 3*n && 4*same >= n
}

// diff returns the hunks in which two declarations of the same name differ.
func diff(yours, ours *decl) (hunks []hunk) {
	a, b := yours.lines, ours.lines
	common := make([][]int, len(a)+1) // lines that both have behind these
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].key() == b[j].key() {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	open := false
	for i, j := 0, 0; i < len(a) || j < len(b); {
		if i < len(a) && j < len(b) && a[i].key() == b[j].key() {
			i, j, open = i+1, j+1, false
			continue
		}
		if !open {
			h := hunk{before: yours.place}
			if i > 0 {
				h.ahead = a[i-1 : i]
				h.before = a[i-1].words[len(a[i-1].words)-1].place
			}
			hunks, open = append(hunks, h), true
		}
		h := &hunks[len(hunks)-1]
		if j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1] {
			h.yours, i = append(h.yours, a[i]), i+1
		} else {
			h.ours, j = append(h.ours, b[j]), j+1
		}
	}
	return hunks
}

// place returns where the hunk is in the code of the user: the first word that differs.
func (h hunk) place() place {
	if len(h.yours) == 0 {
		return h.before
	}
	words := h.yours[0].words
	if len(h.ours) > 0 {
		for i, w := range words {
			if i >= len(h.ours[0].words) || w.text != h.ours[0].words[i].text {
				return w.place
			}
		}
	}
	return words[0].place
}

// show returns the hunk for the eye, at most n lines of each side; a long line is cut to
// where it differs.
func (h hunk) show(n int) (lines []string) {
	side := func(label string, of, other []line) {
		if len(of) == 0 {
			lines = append(lines, fmt.Sprintf("    %-5s  (nothing)", label))
		}
		for i, l := range of[:min(n, len(of))] {
			text := strings.TrimLeft(l.String(), "\t")
			if i < len(other) {
				text = around(text, strings.TrimLeft(other[i].String(), "\t"))
			}
			if i == n-1 && len(of) > n {
				text += fmt.Sprintf("  (and %d more lines)", len(of)-n)
			}
			lines = append(lines, fmt.Sprintf("    %-5s  %s", label, text))
			label = ""
		}
	}
	side("yours", h.yours, h.ours)
	side("ours", h.ours, h.yours)
	return lines
}

// around returns text from a little in front of where it differs from other, if it is long.
func around(text, other string) string {
	const most, lead = 96, 24
	runes, others := []rune(text), []rune(other)
	if len(runes) <= most {
		return text
	}
	at := 0
	for at < len(runes) && at < len(others) && runes[at] == others[at] {
		at++
	}
	from := max(0, min(at-lead, len(runes)-most))
	cut := string(runes[from:min(len(runes), from+most)])
	if from > 0 {
		cut = "…" + cut
	}
	if from+most < len(runes) {
		cut += "…"
	}
	return cut
}

// title says which declaration it is, and where.
func (d difference) title() string {
	switch {
	case d.yours == nil:
		return fmt.Sprintf("yours has no %s: ours is at %s", d.ours.name, d.ours.place)
	case d.ours == nil:
		return fmt.Sprintf("%s, in %s, which ours has not", d.yours.place, d.yours.name)
	}
	return fmt.Sprintf("%s, in %s", d.hunks[0].place(), d.yours.name)
}

// String returns a place as editors take it.
func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// A comparison is a folder beside the step's code.
type comparison struct {
	differences []difference
	alike       bool
	yours       *program
	ours        string          // the folder, as the user would say it
	fresh       map[string]bool // what the failing behaviour's step brought or changed
	later       map[string]bool // and the steps behind it
}

// compareWith holds the target's code to that of a step; failed is the step whose behaviour failed.
func (t *target) compareWith(step, failed int) *comparison {
	root := programs.Workshop(t.dir)
	if root == "" {
		return nil
	}
	read := func(step int) *program {
		p, err := readCode(filepath.Join(root, t.folder(step)), t.ours(step))
		if err != nil {
			return &program{}
		}
		return p
	}
	yours, err := readCode(t.dir, t.name)
	if err != nil {
		return nil
	}
	c := &comparison{yours: yours, ours: t.ours(step), fresh: map[string]bool{}, later: map[string]bool{}}
	c.differences, c.alike = compare(yours, read(step))
	if failed > 0 {
		changed(read(failed-1), read(failed), c.fresh)
		changed(read(failed), read(step), c.later)
	}
	return c
}

// changed notes the names of what the second program has and the first has not, or not so.
func changed(from, to *program, names map[string]bool) {
	differences, _ := compare(to, from)
	for _, d := range differences {
		if d.yours != nil {
			names[d.yours.name] = true
		}
	}
}

// about is which declarations of the lesson a behaviour is about, by words in its name.
var about = []struct{ words, decls string }{
	{"ctrl-c sigterm", "main hub.close hub.each conn.goodbye conn.end"},
	{"port -addr", "main"},
	{"upgrade", "serve upgrade hasToken accept"},
	{"list lists", "tokens hasToken"},
	{"101 answer's subprotocol sec-websocket-accept", "response accept guid"},
	{"get connection key version", "refusal"},
	{"origin", "sameOrigin refusal"},
	{"length history", "encode history.json"},
	{"length byte bytes masked mask", "readHeader unmask conn.readPayload header.check"},
	{"fragments", "conn.read"},
	{"4,096 2^62", "conn.read maxMessage"},
	{"message messages history newest 50", "parsePost history.add history.json chat"},
	{"everyone member order lost gets slow read nobody gone", "hub.post member.push member.send conn.write hub.join hub.leave visit"},
	{"close goodbye", "conn.control parseClose closeError.payload sendable conn.end conn.write"},
	{"ping pong heartbeat 30 75", "conn.control conn.ping conn.read main hub.each"},
	{"reserved opcode mask control", "header.check readHeader"},
	{"1003 1007 json", "chat conn.read parsePost parseClose"},
}

// first sorts the differences by what a failure is about: first those in a declaration that one of
// the places is in, then those that share words with what is said of the failure, in lower case, or that
// the behaviour is about, or that its step brought; what only yours has comes last.
func (c *comparison) first(places []place, behaviour, said string) []difference {
	behaviour = " " + strings.ToLower(behaviour) + " "
	score := func(d difference) (n int) {
		name := d.either().name
		for _, p := range places {
			if d.yours != nil && p.file == d.yours.place.file && p.line >= d.yours.place.line && p.line <= d.yours.last {
				n += 20
				break
			}
		}
		for _, h := range d.hunks {
			n += h.shares(said)
			if strings.Contains(said, " for a lock") && h.shares("lock unlock") > 0 {
				n += 20
			}
		}
		for _, a := range about {
			if slices.Contains(strings.Fields(a.decls), name) && slices.ContainsFunc(strings.Fields(a.words), func(word string) bool {
				return strings.Contains(behaviour, " "+word+" ") || strings.Contains(behaviour, " "+word+",") || strings.Contains(behaviour, " "+word+":")
			}) {
				n += 8
			}
		}
		switch {
		case d.ours == nil:
			n -= 50
		case c.fresh[name]:
			n += 5
		case c.later[name]:
			n += 6 // the behaviour held before that
		}
		return n
	}
	sorted := slices.Clone(c.differences)
	slices.SortStableFunc(sorted, func(a, b difference) int { return score(b) - score(a) })
	return sorted
}

// shares counts words of the hunk, twice, that are in what is said, in lower case; a handful is enough.
func (h hunk) shares(said string) (n int) {
	var counted []string
	for _, l := range slices.Concat(h.yours, h.ours) {
		for _, w := range l.words {
			text := strings.ToLower(strings.Trim(w.text, `"`))
			if len(text) > 2 && n < 10 && !slices.Contains(counted, text) && strings.Contains(said, text) {
				counted, n = append(counted, text), n+2
			}
		}
	}
	return n
}

// either returns the declaration, be it yours or ours.
func (d difference) either() *decl {
	if d.yours != nil {
		return d.yours
	}
	return d.ours
}

// advice shows the first differences, in at most a dozen lines.
func (c *comparison) advice(places []place, behaviour, said string) string {
	const most = 12
	var lines []string
	said = strings.ToLower(behaviour + " " + said)
	differences := c.first(places, behaviour, said)
	hunks, each, shown := 2, 2, 0
	if len(differences) > 2 {
		hunks, each = 1, 1 // so that more of them are seen
	}
	for _, d := range differences {
		var block []string
		if d.yours != nil {
			slices.SortStableFunc(d.hunks, func(a, b hunk) int { return b.shares(said) - a.shares(said) })
			for i, h := range d.hunks[:min(hunks, len(d.hunks))] {
				if i > 0 {
					block = append(block, fmt.Sprintf("  and at %s", h.place()))
				}
				block = append(block, h.show(each)...)
			}
		}
		block = append([]string{"  " + d.title()}, block...)
		if shown > 0 && len(lines)+len(block) > most {
			break
		}
		lines, shown = append(lines, block...), shown+1
	}
	head := fmt.Sprintf("Where your code differs from %s:", c.ours)
	if more := len(differences) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %s more: -diff shows all", plural(more, "declaration", "declarations")))
	}
	return head + "\n" + strings.Join(lines, "\n") + "\n"
}

// all returns every difference, with - in front of yours and + in front of ours.
func (c *comparison) all() string {
	var s strings.Builder
	for _, d := range c.differences {
		fmt.Fprintf(&s, "\n%s\n", d.title())
		for i, h := range d.hunks {
			if i > 0 {
				fmt.Fprintf(&s, "%s\n", h.place())
			}
			for _, side := range []struct {
				sign  string
				lines []line
			}{{" ", h.ahead}, {"-", h.yours}, {"+", h.ours}} {
				for _, l := range side.lines {
					fmt.Fprintf(&s, "%s %s\n", side.sign, strings.ReplaceAll(l.String(), "\t", "    "))
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
