// Package overlay builds code with changes that are not on disk: with pauses between its statements, with
// shorter times, or with more files.
package overlay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An Overlay is a set of files that a build sees in place of, or in addition to, those on disk:
// go build and go test take it with their flag -overlay. The files on disk are not touched.
type Overlay struct {
	dir   string            // where its files are kept
	count int               // of the files kept there, for their names
	files map[string]string // by the file they stand for: where the text is, or "" for no such file
}

// New returns an empty overlay that keeps its files in dir, which must exist, and which the caller
// removes when the overlay is no longer needed.
func New(dir string) *Overlay {
	return &Overlay{dir: dir, files: make(map[string]string)}
}

// Add gives a file a new text, or adds the file if there is none.
func (o *Overlay) Add(file string, text []byte) error {
	// The path is not resolved: the go command looks up a file under the name by which it reached the
	// folder, even through a symbolic link.
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if o.files[file] == "" {
		o.count++
		o.files[file] = filepath.Join(o.dir, fmt.Sprintf("%d_%s", o.count, filepath.Base(file)))
	}
	return os.WriteFile(o.files[file], text, 0o600)
}

// HideTests makes a build see none of the test files in a folder.
func (o *Overlay) HideTests(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "_test.go") {
			o.files[filepath.Join(dir, e.Name())] = ""
		}
	}
	return err
}

// Flag writes the list of files, and returns the flag for go build, go test and go vet.
func (o *Overlay) Flag() (string, error) {
	list, err := json.Marshal(map[string]any{"Replace": o.files})
	if err != nil {
		return "", err
	}
	file := filepath.Join(o.dir, "overlay.json")
	return "-overlay=" + file, os.WriteFile(file, list, 0o600)
}

// A goFile is a file of the code that is built, parsed.
type goFile struct {
	*ast.File
	set  *token.FileSet
	path string
	text []byte // as the overlay has it
}

// offset returns where in the text a position is.
func (f *goFile) offset(p token.Pos) int { return f.set.PositionFor(p, false).Offset }

// at returns the text of a part of the file.
func (f *goFile) at(n ast.Node) string { return string(f.text[f.offset(n.Pos()):f.offset(n.End())]) }

// An edit replaces the text between two offsets.
type edit struct {
	from, to int
	text     string
}

// packages calls visit for the package in dir and for each one below it, with the files that a build on
// this machine compiles, except cgo's. A file that cannot be parsed is left out: the build will report
// what is wrong with it.
func (o *Overlay) packages(dir string, visit func(dir string, files []*goFile) error) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	var files []*goFile
	if pkg, err := build.ImportDir(dir, 0); err == nil {
		for _, name := range pkg.GoFiles {
			if f := o.parse(filepath.Join(dir, name)); f != nil {
				files = append(files, f)
			}
		}
	}
	if len(files) > 0 {
		if err := visit(dir, files); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(dir) // unlike filepath.WalkDir, it follows a link
	for _, e := range entries {
		name := e.Name()
		below := filepath.Join(dir, name)
		if _, err := os.Stat(filepath.Join(below, "go.mod")); !e.IsDir() || err == nil || // another module
			name[0] == '.' || name[0] == '_' || name == "testdata" || name == "vendor" {
			continue
		}
		if err := o.packages(below, visit); err != nil {
			return err
		}
	}
	return err
}

// parse returns a file, or nil if it cannot be parsed.
func (o *Overlay) parse(path string) *goFile {
	text, err := os.ReadFile(cmp.Or(o.files[path], path))
	if err != nil {
		return nil
	}
	f := &goFile{set: token.NewFileSet(), path: path, text: text}
	f.File, err = parser.ParseFile(f.set, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	return f
}

// rewrite adds the file with edits made to it. None of them may contain a line break, so that every
// line keeps its number; a line directive keeps its name. So what the compiler, a panic or the race
// detector reports about a line is true of the file on disk.
func (o *Overlay) rewrite(f *goFile, edits []edit) error {
	start := f.set.PositionFor(f.Package, false)
	directive := fmt.Sprintf("/*line %s:%d:%d*/", f.path, start.Line, start.Column)
	edits = append(edits, edit{start.Offset, start.Offset, directive})
	slices.SortStableFunc(edits, func(a, b edit) int { return a.from - b.from })
	var out bytes.Buffer
	last := 0
	for _, e := range edits {
		out.Write(f.text[last:e.from])
		out.WriteString(e.text)
		last = e.to
	}
	out.Write(f.text[last:])
	return o.Add(f.path, out.Bytes())
}

// unused returns a name that begins with prefix, does not occur in the files of a package, and is not
// the name of another file there.
func unused(dir string, files []*goFile, prefix string) string {
	taken := func(f *goFile) bool { return bytes.Contains(f.text, []byte(prefix)) }
	for {
		if _, err := os.Stat(filepath.Join(dir, prefix+".go")); err != nil && !slices.ContainsFunc(files, taken) {
			return prefix
		}
		prefix += "_"
	}
}
