// Package stepcode is the only place that knows the code of each step: its declarations, which of them
// attendees are given, which they write, and how an attendee's folder compares with it.
//
// The steps are the folders steps/01 to steps/06, and library as the last. A declaration is one of
//
//   - given: it teaches nothing about WebSockets, so play always puts it into work/;
//   - a turn: attendees write its body, or the part of it that counts, before they see ours;
//   - the rest: attendees who write only the turns read it, and those who type everything type it.
//
// # Open turns
//
// A turn is open until somebody writes it. In place of its body it has one line:
//
//	panic("your turn: encode in frame.go, lesson 3") // needs the import "encoding/binary"
//
// So a folder with open turns compiles at once, and still does after each turn is written. A server
// that reaches an open turn stops with a message that names it.
//
// Go rejects a file with an unused import. So an import that only open turns need is left out, and the
// line names it, as does the lesson's block. A line such as var _ = binary.BigEndian would keep the
// import, but it would be puzzling, would have to be deleted, and would give the call away. Most
// editors add a missing import when they save the file.
package stepcode

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// The last step that is written by hand, and the lesson after it, which counts as a step.
const (
	Last    = 6
	Library = 7
)

// Folder returns the folder with the code of a step, relative to the workshop's folder, with slashes.
func Folder(step int) string {
	if step == Library {
		return "library"
	}
	return fmt.Sprintf("steps/%02d", step)
}

// Lesson returns the path of a step's lesson, in the same form as Folder.
func Lesson(step int) string {
	if step == Library {
		return "library/README.md"
	}
	return fmt.Sprintf("steps/%02d.md", step)
}

// HintsFile returns the path of the file with the hints for a step's turns, in the same form as Folder.
func HintsFile(step int) string {
	if step == Library {
		return "library/hints.md"
	}
	return fmt.Sprintf("steps/%02d-hints.md", step)
}

// Files are the Go files of a folder: their text by their name.
type Files map[string]string

// Code returns the files of a folder that the go command builds: not its tests, and not the files that
// the go command ignores, such as ._conn.go, .#main.go, _x.go and files for other systems.
func Code(dir string) (Files, error) { return CodeIn(os.DirFS(dir), ".") }

// CodeIn is Code for a folder of a file system. A folder that does not exist is an error.
func CodeIn(files fs.FS, dir string) (Files, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	ctx := build.Default // it knows what is ignored
	ctx.OpenFile = func(name string) (io.ReadCloser, error) { return files.Open(filepath.ToSlash(name)) }
	all := make(Files)
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		built, err := ctx.MatchFile(dir, name)
		if err == nil && built {
			var text []byte
			text, err = fs.ReadFile(files, path.Join(dir, name))
			all[name] = string(text)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// A Step is the code of a step, and of the previous step, which step 1 does not have.
type Step struct {
	Number        int
	Before, After Files
	Turns         []Turn // the turns that Open leaves open: at first, all of them

	decls map[string][]Decl // of After, by file
	pairs map[string][]Pair // by file
	cuts  map[string]cut    // by the name of the turn
}

// Read reads a step.
func Read(workshop fs.FS, number int) (*Step, error) {
	if number < 1 || number > Library {
		return nil, fmt.Errorf("there is no step %d", number)
	}
	s := &Step{Number: number, Turns: Turns(number)}
	var err error
	if number > 1 {
		if s.Before, err = CodeIn(workshop, Folder(number-1)); err != nil {
			return nil, err
		}
	}
	if s.After, err = CodeIn(workshop, Folder(number)); err != nil {
		return nil, err
	}
	return s, s.parse()
}

// parse splits the code of the step into declarations.
func (s *Step) parse() (err error) {
	s.decls, s.pairs, s.cuts = map[string][]Decl{}, map[string][]Pair{}, map[string]cut{}
	for _, file := range s.Files() {
		old, err := Split(s.Before[file])
		if err != nil {
			return fmt.Errorf("%s/%w", Folder(s.Number-1), &FileError{file, err})
		}
		fresh, err := Split(s.After[file])
		if err != nil {
			return fmt.Errorf("%s/%w", Folder(s.Number), &FileError{file, err})
		}
		if s.pairs[file] = pairsOf(old, fresh); fresh != nil {
			s.decls[file] = fresh
		}
	}
	for _, t := range s.Turns {
		d := Find(s.decls[t.File], t.Name)
		if d == nil {
			return fmt.Errorf("%s has no %v, which is in steps/tools/stepcode/turns.go", Folder(s.Number), t)
		}
		if s.cuts[t.Name], err = t.cut(d.Text); err != nil {
			return err
		}
	}
	return nil
}

// Files returns the names of the files of the step and of the one before, sorted.
func (s *Step) Files() []string {
	all := maps.Clone(s.After)
	maps.Copy(all, s.Before)
	return slices.Sorted(maps.Keys(all))
}

// A Decl is the text of a declaration in its file, beginning on the line after the previous one: a file
// is its declarations in order. The first is "package", with everything above it.
type Decl struct {
	Names []string // methods as type.name; "import" for all imports together
	Text  string
}

// Find returns the declaration of a name in a file, or nil.
func Find(decls []Decl, name string) *Decl {
	i := slices.IndexFunc(decls, func(d Decl) bool { return slices.Contains(d.Names, name) })
	if i < 0 {
		return nil
	}
	return &decls[i]
}

func (d Decl) isHead() bool { return isHead(d.Names) }

// A Pair is a declaration in two versions of a file. The text is "" where it does not exist.
type Pair struct {
	Names         []string
	Before, After string
}

// Pairs returns the declarations of a file before the step and after it, in an order that preserves
// both orders. A declaration that has moved appears twice: removed, and new.
func (s *Step) Pairs(file string) []Pair { return s.pairs[file] }

func pairsOf(old, fresh []Decl) (pairs []Pair) {
	remove := func(all []Decl) {
		for _, d := range all {
			pairs = append(pairs, Pair{d.Names, d.Text, ""})
		}
	}
	for _, d := range fresh {
		at := slices.IndexFunc(old, func(o Decl) bool { return shareName(o.Names, d.Names) })
		if at < 0 {
			pairs = append(pairs, Pair{d.Names, "", d.Text})
			continue
		}
		remove(old[:at])
		pairs = append(pairs, Pair{d.Names, old[at].Text, d.Text})
		old = old[at+1:]
	}
	remove(old)
	return pairs
}

// isHead reports whether names are those of the package clause or the imports.
func isHead(names []string) bool { return names[0] == "package" || names[0] == "import" }

// shareName reports whether one of the names is in both lists.
func shareName(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

// Split splits a Go file into declarations. An empty text has none.
func Split(src string) (decls []Decl, err error) {
	if src == "" {
		return nil, nil
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	start := 0
	take := func(names []string, end token.Pos) {
		offset := set.PositionFor(end, false).Offset
		if i := strings.IndexByte(src[offset:], '\n'); i >= 0 { // with the comment after it
			offset += i + 1
		} else {
			offset = len(src)
		}
		offset = max(offset, start) // two declarations in one line stay together
		isImport := func(names []string) bool { return names[0] == "import" }
		switch n := len(decls) - 1; {
		case n >= 0 && isImport(names) && isImport(decls[n].Names):
			decls[n].Text += src[start:offset]
		case n >= 0 && offset == start:
			decls[n].Names = append(decls[n].Names, names...)
		default:
			decls = append(decls, Decl{names, src[start:offset]})
		}
		start = offset
	}
	take([]string{"package"}, file.Name.End())
	for _, d := range file.Decls {
		take(NamesOf(d), d.End())
	}
	decls[len(decls)-1].Text += src[start:]
	return decls, nil
}

// NamesOf returns the names that a declaration declares.
func NamesOf(d ast.Decl) (names []string) {
	if f, ok := d.(*ast.FuncDecl); ok {
		if f.Recv == nil || len(f.Recv.List) == 0 {
			return []string{f.Name.Name}
		}
		owner := f.Recv.List[0].Type
		if star, ok := owner.(*ast.StarExpr); ok {
			owner = star.X
		}
		return []string{fmt.Sprint(owner) + "." + f.Name.Name}
	}
	for _, s := range d.(*ast.GenDecl).Specs {
		switch s := s.(type) {
		case *ast.ImportSpec:
			return []string{"import"}
		case *ast.TypeSpec:
			names = append(names, s.Name.Name)
		case *ast.ValueSpec:
			for _, n := range s.Names {
				names = append(names, n.Name)
			}
		}
	}
	if names == nil { // const ()
		names = []string{""}
	}
	return names
}
