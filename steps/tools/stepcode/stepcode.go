// Package stepcode says which code an attendee of a step is given, and need not type: the head
// of each file (package and imports), and what teaches nothing about WebSockets. play puts it
// into work/, and the lessons' blocks are made of the rest.
package stepcode

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// given names the declarations that play gives beside the heads of files: step, file, names.
// A method is named type.name. The lessons mark the same ones (<!-- given: FILE NAME … -->).
var given = map[int]map[string][]string{
	1: {"main.go": {"main", "hasToken", "tokens"}},         // flags, the listener, the http.Server; lists in header fields
	2: {"handshake.go": {"guid", "refusal", "sameOrigin"}}, // what a handshake must look like: read, not typed
	3: {"history.go": {"historySize", "post", "past", "history", "history.json", "history.add"}},
	4: {"history.go": {"parsePost"}, "frame.go": {"closeError", "closeError.Error", "header.check"}, "conn.go": {"maxMessage", "message"}},
	6: {"frame.go": {"closeError.payload", "parseClose", "sendable", "opContinuation", "header.check"}, "conn.go": {"closeTime", "pingTime", "quietTime"}, "hub.go": {"hub.each"}}, // codes and opcodes
}

// library is the lesson behind step 6. Of its one new file nothing is given: what attendees
// begin with is to run.
const library = 7

// Is reports whether an attendee who begins a step finds the declaration of a file there.
func Is(step int, file string, names []string) bool {
	return step != library && slices.ContainsFunc(names, func(name string) bool {
		return name == "package" || name == "import" || slices.Contains(given[step][file], name)
	})
}

// Code returns the Go files of a folder, by their names and without its tests.
func Code(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for _, e := range entries {
		if name := e.Name(); filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			files[name] = string(text)
		}
	}
	return files, nil
}

// Files returns what play puts into work/ for a step: the files before it (none before the
// first) with what is given of the files after it.
func Files(step int, before, after map[string]string) (map[string]string, error) {
	files := make(map[string]string)
	maps.Copy(files, before)
	for name, text := range after {
		pairs, err := Pairs(before[name], text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var s strings.Builder
		for _, p := range pairs {
			if p.After != "" && Is(step, name, p.Names) {
				s.WriteString(p.After)
			} else {
				s.WriteString(p.Before)
			}
		}
		files[name] = s.String()
	}
	return files, nil
}

// A Decl is a declaration as it stands in its file, from the line behind the one before: a
// file is its declarations, one behind the other. The first is "package", with all above it.
type Decl struct {
	Names []string // methods as type.name; "import" for all imports together
	Text  string
}

// A Pair is a declaration in two versions of a file. The text is "" where it is not there.
type Pair struct {
	Names         []string
	Before, After string
}

// Pairs returns the declarations of both versions of a file, in an order that keeps that of
// each. A declaration that has moved stands there twice: removed, and new.
func Pairs(before, after string) (pairs []Pair, err error) {
	old, err := Split(before)
	if err != nil {
		return nil, err
	}
	fresh, err := Split(after)
	if err != nil {
		return nil, err
	}
	for _, d := range fresh {
		at := slices.IndexFunc(old, func(o Decl) bool {
			return slices.ContainsFunc(o.Names, func(name string) bool { return slices.Contains(d.Names, name) })
		})
		if at < 0 {
			pairs = append(pairs, Pair{d.Names, "", d.Text})
			continue
		}
		for _, o := range old[:at] {
			pairs = append(pairs, Pair{o.Names, o.Text, ""})
		}
		pairs = append(pairs, Pair{d.Names, old[at].Text, d.Text})
		old = old[at+1:]
	}
	for _, o := range old {
		pairs = append(pairs, Pair{o.Names, o.Text, ""})
	}
	return pairs, nil
}

// Split takes a Go file apart. An empty text has no declarations.
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
		offset := set.Position(end).Offset
		if i := strings.IndexByte(src[offset:], '\n'); i >= 0 { // with the comment behind it
			offset += i + 1
		} else {
			offset = len(src)
		}
		if n := len(decls) - 1; names[0] == "import" && n >= 0 && decls[n].Names[0] == "import" {
			decls[n].Text += src[start:offset]
		} else {
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
		if f.Recv == nil {
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
	return names
}
