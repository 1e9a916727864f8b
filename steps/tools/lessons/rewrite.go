package main

// rewriteEdits returns a lesson with its edits brought up to the code, as far as that is
// safe: a line that is quoted follows its original, and where the edits' result is not the
// step's code the lines of one edit change. What is left over, checkEdits complains about.
func (w *workshop) rewriteEdits(d *doc) string {
	step := stepOf(d.name)
	all, _ := edits(d)
	if step == 0 || len(all) == 0 {
		return d.text
	}
	text := w.requote(d, step, all)
	d = parse(d.name, text)
	all, _ = edits(d)
	dir := w.folderOf(step - 1)
	for _, e := range all {
		if len(dir.apply(d, e)) > 0 {
			return text
		}
	}
	changes := make(map[int][]string)
	for name, want := range w.code(stepDir(step)) {
		rewriteFile(d, dir[name], codeLines(want), changes)
	}
	return d.withLines(changes)
}

// requote returns a lesson whose context and - lines say what the file says by then, if
// there is just one place that they can mean.
func (w *workshop) requote(d *doc, step int, all []*edit) string {
	changes := make(map[int][]string)
	dir := w.folderOf(step - 1)
	for _, e := range all {
		for _, h := range e.hunks {
			file := dir[e.file]
			if h.atEnd || len(h.places(file)) != 0 {
				continue
			}
			if at := h.nearest(file); at >= 0 {
				h.follow(file[at:], changes)
			}
		}
		dir.apply(d, e)
	}
	return d.withLines(changes)
}

// follow makes the old lines of a hunk say what the file says.
func (h *hunk) follow(file []*codeLine, changes map[int][]string) {
	next := 0
	for i := range h.lines {
		l := &h.lines[i]
		if l.op == '+' {
			continue
		}
		if l.text != file[next].text {
			l.text = file[next].text
			changes[l.line] = []string{string(l.op) + l.text}
		}
		next++
	}
}

// rewriteFile notes which lines of a lesson have to change for a file to become what is
// wanted. A difference that lies outside of the edits, or across two, is left alone.
func rewriteFile(d *doc, got []*codeLine, want []string, changes map[int][]string) {
	for _, c := range compareLines(got, want) {
		old, fresh := got[c.from:c.to], want[c.start:c.end]
		switch {
		case len(old) == 0 && c.from > 0 && got[c.from-1].from > 0:
			at := got[c.from-1].from
			changes[at] = append([]string{d.lines[at-1]}, added(fresh)...)
		case len(old) == 0 && c.from < len(got) && got[c.from].from > 0:
			at := got[c.from].from
			changes[at] = append(added(fresh), d.lines[at-1])
		case len(old) == len(fresh):
			replaceEach(d, old, fresh, changes)
		case len(old) > 0 && inOneEdit(old):
			for _, l := range old {
				changes[l.from] = nil
			}
			changes[old[0].from] = added(fresh)
		}
	}
}

// replaceEach replaces lines one by one, and every quote of them.
func replaceEach(d *doc, old []*codeLine, fresh []string, changes map[int][]string) {
	for i, l := range old {
		if l.from == 0 {
			continue // the lesson does not touch this line
		}
		changes[l.from] = []string{"+" + fresh[i]}
		for _, at := range l.quoted {
			changes[at] = []string{d.lines[at-1][:1] + fresh[i]}
		}
	}
}

// added returns code as lines that an edit adds.
func added(code []string) (lines []string) {
	for _, line := range code {
		lines = append(lines, "+"+line)
	}
	return lines
}

// inOneEdit reports whether lines were added one after the other, and quoted nowhere.
func inOneEdit(lines []*codeLine) bool {
	for i, l := range lines {
		if l.from == 0 || l.from != lines[0].from+i || len(l.quoted) > 0 {
			return false
		}
	}
	return true
}

// A change is a run of lines that others replace.
type change struct{ from, to, start, end int }

// compareLines returns the changes that make got into want.
func compareLines(got []*codeLine, want []string) (all []change) {
	common := commonLines(got, want)
	i, j := 0, 0
	for i < len(got) || j < len(want) {
		if i < len(got) && j < len(want) && got[i].text == want[j] {
			i, j = i+1, j+1
			continue
		}
		c := change{from: i, start: j}
		for (i < len(got) || j < len(want)) && !(i < len(got) && j < len(want) && got[i].text == want[j]) {
			if j == len(want) || i < len(got) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		c.to, c.end = i, j
		all = append(all, c)
	}
	return all
}

// commonLines returns, for every pair of places, how many lines the rests have in common.
func commonLines(got []*codeLine, want []string) [][]int {
	n := make([][]int, len(got)+1)
	for i := range n {
		n[i] = make([]int, len(want)+1)
	}
	for i := len(got) - 1; i >= 0; i-- {
		for j := len(want) - 1; j >= 0; j-- {
			n[i][j] = max(n[i+1][j], n[i][j+1])
			if got[i].text == want[j] {
				n[i][j] = n[i+1][j+1] + 1
			}
		}
	}
	return n
}
