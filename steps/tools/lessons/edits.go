package main

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const maxBlock = 40 // lines of an edit: more is not typed with understanding

// An edit is a diff block: what changes in one file.
type edit struct {
	file  string
	isNew bool
	line  int // of the line that names the file
	hunks []*hunk
}

// A hunk is a change in one place.
type hunk struct {
	line  int  // of its @@, or of the block's file name
	atEnd bool // it is appended to the file
	lines []hunkLine
}

// A hunkLine is a line of a hunk: what it does (' ', '+' or '-'), what it says, where it is.
type hunkLine struct {
	op   byte
	text string
	line int
}

// A codeLine is a line of a file as the edits have made it so far.
type codeLine struct {
	text   string
	from   int   // the lesson's line that added it, or 0 if it was there before
	quoted []int // the lesson's lines that have quoted it as context
}

// A folder is what an attendee has in work/ by then.
type folder map[string][]*codeLine

// parseEdit returns the edit in a diff block.
func parseEdit(d *doc, f *fence) (*edit, []problem) {
	if len(f.body) == 0 || !strings.HasPrefix(f.body[0], "+++ ") {
		return nil, []problem{d.problem(f.line+1, "a diff block begins with a line like +++ conn.go")}
	}
	name, isNew := strings.CutSuffix(strings.TrimSpace(f.body[0][4:]), " (new)")
	e := &edit{file: name, isNew: isNew, line: f.line + 1}
	var problems []problem
	for i, line := range f.body[1:] {
		at := f.line + 2 + i
		switch {
		case strings.HasPrefix(line, "@@"):
			head := strings.Trim(line, "@ ")
			e.hunks = append(e.hunks, &hunk{line: at, atEnd: head == "at the end"})
		case line == "" || strings.ContainsRune(" +-", rune(line[0])):
			if len(e.hunks) == 0 {
				e.hunks = append(e.hunks, &hunk{line: e.line, atEnd: isNew})
			}
			h := e.hunks[len(e.hunks)-1]
			h.lines = append(h.lines, newHunkLine(line, at))
		default:
			problems = append(problems, d.problem(at, "a line of an edit begins with a space, + or -"))
		}
	}
	if isNew && len(e.hunks) > 0 {
		e.hunks[0].atEnd = true
	}
	if len(f.body) > maxBlock {
		problems = append(problems, d.problem(f.line, fmt.Sprintf("this edit has %d lines: split it, %d is the most", len(f.body), maxBlock)))
	}
	return e, problems
}

// newHunkLine returns the line of a hunk. An empty one is context: editors cut off the space.
func newHunkLine(line string, at int) hunkLine {
	if line == "" {
		return hunkLine{' ', "", at}
	}
	return hunkLine{line[0], line[1:], at}
}

// old returns the lines that have to be there for a hunk to apply.
func (h *hunk) old() (lines []hunkLine) {
	for _, l := range h.lines {
		if l.op != '+' {
			lines = append(lines, l)
		}
	}
	return lines
}

// places returns where in a file the old lines of a hunk are.
func (h *hunk) places(file []*codeLine) (at []int) {
	old := h.old()
	if len(old) == 0 {
		return nil
	}
	for i := 0; i+len(old) <= len(file); i++ {
		if agree(old, file[i:]) == len(old) {
			at = append(at, i)
		}
	}
	return at
}

// agree counts the lines that are the same.
func agree(old []hunkLine, file []*codeLine) (n int) {
	for i, l := range old {
		if file[i].text == l.text {
			n++
		}
	}
	return n
}

// apply makes an edit, and says what is in its way.
func (dir folder) apply(d *doc, e *edit) []problem {
	file, there := dir[e.file]
	switch {
	case e.isNew && there:
		return []problem{d.problem(e.line, e.file+" is there already, and not new")}
	case !e.isNew && !there:
		return []problem{d.problem(e.line, e.file+" is not there yet: +++ "+e.file+" (new) would make it")}
	}
	var problems []problem
	for _, h := range e.hunks {
		at, p := h.place(d, e.file, file)
		if p != nil {
			problems = append(problems, *p)
			continue
		}
		file = h.apply(file, at)
	}
	dir[e.file] = file
	return problems
}

// place returns where in a file a hunk applies, or why it does not.
func (h *hunk) place(d *doc, name string, file []*codeLine) (int, *problem) {
	refuse := func(line int, says string) (int, *problem) {
		p := d.problem(line, says)
		return 0, &p
	}
	old := h.old()
	if h.atEnd {
		if len(old) > 0 {
			return refuse(old[0].line, "an edit at the end, and a new file, have + lines only")
		}
		return len(file), nil
	}
	if len(old) == 0 {
		return refuse(h.line, "this edit has + lines only: give it context, or head it @@ at the end")
	}
	switch at := h.places(file); len(at) {
	case 1:
		return at[0], nil
	case 0:
		line, says := h.why(name, file)
		return refuse(line, says)
	default:
		return refuse(h.line, fmt.Sprintf("the old lines of this edit stand %d times in %s: add context", len(at), name))
	}
}

// why says which line of a hunk is not where it should be.
func (h *hunk) why(name string, file []*codeLine) (int, string) {
	old := h.old()
	at := h.nearest(file)
	if at < 0 {
		return old[0].line, fmt.Sprintf("%s has no line %q by then", name, old[0].text)
	}
	for i, l := range old {
		if file[at+i].text != l.text {
			return l.line, fmt.Sprintf("%s has %q here by then, not %q", name, file[at+i].text, l.text)
		}
	}
	return h.line, "this edit applies"
}

// nearest returns the one place where most of a hunk's old lines are, at least half of
// them, or -1.
func (h *hunk) nearest(file []*codeLine) int {
	old := h.old()
	best, at, ties := 0, -1, 0
	for i := 0; i+len(old) <= len(file); i++ {
		switch n := agree(old, file[i:]); {
		case n > best:
			best, at, ties = n, i, 0
		case n == best:
			ties++
		}
	}
	if best*2 < len(old) || best == 0 || ties > 0 {
		return -1
	}
	return at
}

// apply returns the file with a hunk's change made at a place.
func (h *hunk) apply(file []*codeLine, at int) []*codeLine {
	var fresh []*codeLine
	next := at
	for _, l := range h.lines {
		if l.op == '+' {
			fresh = append(fresh, &codeLine{text: l.text, from: l.line})
			continue
		}
		file[next].quoted = append(file[next].quoted, l.line)
		if l.op == ' ' {
			fresh = append(fresh, file[next])
		}
		next++
	}
	return slices.Replace(slices.Clone(file), at, next, fresh...)
}

// edits returns the edits of a lesson.
func edits(d *doc) (all []*edit, problems []problem) {
	for _, f := range d.fences {
		if f.info != "diff" {
			continue
		}
		e, ps := parseEdit(d, f)
		problems = append(problems, ps...)
		if e != nil {
			all = append(all, e)
		}
	}
	return all, problems
}

// checkEdits makes the edits of a lesson to the step before, and compares with the step.
func (w *workshop) checkEdits(d *doc) []problem {
	step := stepOf(d.name)
	all, problems := edits(d)
	if step == 0 {
		if len(all) > 0 {
			problems = append(problems, d.problem(all[0].line, "an edit belongs in a lesson, steps/0N.md"))
		}
		return problems
	}
	dir := w.folderOf(step - 1)
	failed := make(map[string]bool)
	for _, e := range all {
		ps := dir.apply(d, e)
		failed[e.file] = failed[e.file] || len(ps) > 0
		problems = append(problems, ps...)
	}
	return append(problems, w.compareFolders(d, step, dir, failed)...)
}

// folderOf returns the code of a step; before the first there is none.
func (w *workshop) folderOf(step int) folder {
	dir := make(folder)
	if step == 0 {
		return dir
	}
	for name, text := range w.code(stepDir(step)) {
		for _, line := range codeLines(text) {
			dir[name] = append(dir[name], &codeLine{text: line})
		}
	}
	return dir
}

// code returns the Go files in a folder, its tests left out.
func (w *workshop) code(dir string) map[string]string {
	files := make(map[string]string)
	names, _ := fs.Glob(w.files, path.Join(dir, "*.go"))
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			files[path.Base(name)] = w.read(name)
		}
	}
	return files
}

// codeLines returns the lines of a file.
func codeLines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// compareFolders says where what the edits give is not the step's code. What an edit
// failed in was complained about already.
func (w *workshop) compareFolders(d *doc, step int, got folder, failed map[string]bool) (problems []problem) {
	want := w.code(stepDir(step))
	for _, name := range slices.Sorted(keys(want, got)) {
		full := path.Join(stepDir(step), name)
		switch {
		case failed[name]:
		case got[name] == nil:
			problems = append(problems, d.problem(len(d.lines), "no edit makes "+full))
		case want[name] == "":
			problems = append(problems, d.problem(lineOf(got[name]), "there is no "+full))
		default:
			if line, says := difference(full, got[name], want[name]); line != 0 {
				problems = append(problems, d.problem(min(line, len(d.lines)), says))
			}
		}
	}
	return problems
}

// difference returns where a file of a step is not what the edits give: the lesson's line,
// and what is wrong.
func difference(full string, got []*codeLine, wanted string) (int, string) {
	if !strings.HasSuffix(wanted, "\n") {
		return lineOf(got), full + " does not end with a newline"
	}
	want := codeLines(wanted)
	last := 0
	for i := range max(len(got), len(want)) {
		if i < len(got) && got[i].from > 0 {
			last = got[i].from
		}
		switch {
		case i >= len(got):
			return max(last, 1), fmt.Sprintf("%s goes on with %q at line %d: no edit adds that", full, want[i], i+1)
		case i >= len(want):
			return max(last, 1), fmt.Sprintf("the edits give %q at the end of %s, which is not there", got[i].text, full)
		case got[i].text != want[i]:
			return max(last, 1), fmt.Sprintf("%s has %q at line %d where the edits give %q", full, want[i], i+1, got[i].text)
		}
	}
	return 0, ""
}

// lineOf returns the first of the lesson's lines that made a file.
func lineOf(file []*codeLine) int {
	for _, l := range file {
		if l.from > 0 {
			return l.from
		}
	}
	return 1
}

// keys yields the keys of both maps.
func keys(a map[string]string, b folder) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range a {
			if !yield(k) {
				return
			}
		}
		for k := range b {
			if _, ok := a[k]; !ok && !yield(k) {
				return
			}
		}
	}
}
