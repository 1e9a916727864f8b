package stepcode

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// StepOf returns the step that an attendee's code has reached, which may be unfinished, or 0 if the
// code is not recognizable.
//
// It looks at what the code declares, and not at a note that play could leave in the folder: such a
// note would be wrong as soon as somebody copies their code, types the next step into it, or goes back.
func StepOf(workshop fs.FS, theirs Files) (int, error) {
	names, err := indexOf(theirs)
	if err != nil {
		return 0, err
	}
	reached, before := 0, index{"package": nil, "import": nil}
	for n := 1; n <= Library; n++ {
		code, err := CodeIn(workshop, Folder(n))
		if err != nil {
			return 0, err
		}
		ours, err := indexOf(code)
		if err != nil {
			return 0, err
		}
		maps.DeleteFunc(ours, func(name string, _ *Decl) bool { _, old := before[name]; return old })
		maps.Copy(before, ours)
		there := 0
		for name := range ours {
			if names[name] != nil {
				there++
			}
		}
		if n == Library && !usesLibrary(theirs) {
			break // it has the same names as the files that it replaces
		}
		if 4*there >= len(ours) && there > 0 {
			reached = n
		}
	}
	return reached, nil
}

// usesLibrary reports whether code imports a package named websocket.
func usesLibrary(files Files) bool {
	for _, text := range files {
		for _, path := range Imports(text) {
			if packageName(path) == "websocket" {
				return true
			}
		}
	}
	return false
}

// A Change is a declaration in an attendee's code.
type Change struct {
	Name string
	File string // theirs
	Ours string // the file in which we have it
	Turn bool
}

// A Next is an attendee's code at the beginning of the next step.
type Next struct {
	Files   Files
	Removed []string // files of theirs
	Added   []Change // new declarations; turns are open
	Applied []Change // declarations that were ours, now as in the step
	ToDo    []Change // declarations of their own that the step changes: they do that
	Kept    []Change // declarations that the step adds, but that they already have
}

// GoOn brings an attendee's code from the previous step to this one. It does not change functions that
// they have written, whatever the step does with them.
func (s *Step) GoOn(theirs Files) (*Next, error) {
	m := &merge{step: s, next: &Next{}, files: make(map[string][]Decl)}
	for name, text := range theirs {
		decls, err := Split(text)
		if err != nil {
			return nil, &FileError{name, err}
		}
		m.files[name] = decls
	}
	for _, file := range s.Files() {
		m.remove(s.Pairs(file))
	}
	for _, file := range slices.Sorted(maps.Keys(s.After)) {
		if m.files[file] == nil { // with the same head as ours
			m.files[file] = slices.DeleteFunc(slices.Clone(s.decls[file]), func(d Decl) bool { return !d.isHead() })
		}
		m.bring(file, s.Pairs(file))
	}
	m.finish(theirs)
	return m.next, nil
}

// A merge is a Next under construction.
type merge struct {
	step  *Step
	next  *Next
	files map[string][]Decl
}

// find returns the first place where an attendee declares one of the names, and how many there are.
func (m *merge) find(names []string) (file string, at, n int) {
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		for i, d := range m.files[name] {
			if shareName(d.Names, names) {
				if n++; n == 1 {
					file, at = name, i
				}
			}
		}
	}
	return file, at, n
}

// remove removes the declarations that the step removes, and files that have no others.
func (m *merge) remove(pairs []Pair) {
	for _, p := range pairs {
		if p.After != "" || isHead(p.Names) {
			continue
		}
		if file, at, n := m.find(p.Names); n > 0 {
			m.files[file] = slices.Delete(m.files[file], at, at+1)
			if !slices.ContainsFunc(m.files[file], func(d Decl) bool { return !d.isHead() }) {
				delete(m.files, file)
				m.next.Removed = append(m.next.Removed, file)
			}
		}
	}
}

// bring brings the declarations of one of our files.
func (m *merge) bring(file string, pairs []Pair) {
	last := 0 // index of the last of our declarations in their file of this name
	for _, p := range pairs {
		if p.After == "" || isHead(p.Names) {
			continue
		}
		text, turn := p.After, turnIn(m.step.Turns, file, p.Names)
		if turn != nil {
			text = m.step.OpenDecl(*turn)
		}
		change := Change{p.Names[0], file, file, turn != nil}
		where, at, n := m.find(p.Names)
		if n == 0 {
			last = m.insert(file, last+1, Decl{p.Names, text})
			m.next.Added = append(m.next.Added, change)
			continue
		}
		if change.File = where; where == file {
			last = max(last, at)
		}
		d := &m.files[where][at]
		switch {
		case SameCode(p.Before, p.After) || SameCode(d.Text, p.After):
		case p.Before == "":
			m.next.Kept = append(m.next.Kept, change)
		case SameCode(d.Text, p.Before) && n == 1:
			d.Names, d.Text = p.Names, text
			m.next.Applied = append(m.next.Applied, change)
		default:
			m.next.ToDo = append(m.next.ToDo, change)
		}
	}
}

// insert puts a declaration into a file, after the first n and after the imports, and returns its
// index.
func (m *merge) insert(file string, n int, d Decl) int {
	decls := m.files[file]
	for n < len(decls) && decls[n].isHead() {
		n++
	}
	if above := &decls[n-1]; !strings.HasSuffix(above.Text, "\n") {
		above.Text += "\n"
	}
	m.files[file] = slices.Insert(decls, n, d)
	return n
}

// finish joins the files, with the imports that they now need.
func (m *merge) finish(theirs Files) {
	var ours []string
	for _, text := range m.step.After {
		ours = append(ours, Imports(text)...)
	}
	m.next.Files = make(Files)
	for name, decls := range m.files {
		text := Join(decls)
		if text != theirs[name] {
			body := Join(slices.DeleteFunc(slices.Clone(decls), func(d Decl) bool { return d.isHead() }))
			text = dropUnused(AddImports(text, Used(body, ours)), body)
		}
		m.next.Files[name] = text
	}
}
