package main

import (
	"cmp"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/given"
)

// A program is what the code in a folder says: its declarations by name, comments and layout
// left aside, and its texts.
type program struct {
	decls map[string]*decl
	texts []word // unquoted
}

// A decl is one declaration: a function, a type, or the names of a var or const.
type decl struct {
	name  string // func read of conn: conn.read
	place place
	last  int // line in the file
	lines []line
	shape string // what it says, its local names numbered
}

// A line is one of those that gofmt makes of a declaration that stands in a single one.
type line struct {
	text  string // as it is shown, indented
	words []word
}

// A word is a token, and where it stands.
type word struct {
	text   string
	token  token.Token
	offset int
	place  place
}

// A place is a line in a file, whose path is as the user sees it.
type place struct {
	file string
	line int
}

// key returns what is compared of the line.
func (l line) key() string {
	var words []string
	for _, w := range l.words {
		words = append(words, w.text)
	}
	return strings.Join(words, " ")
}

// readCode reads the files in a folder that the build takes; name is the folder as the user says it.
func readCode(dir, name string) (*program, error) {
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	c := &program{decls: map[string]*decl{}}
	for _, file := range pkg.GoFiles {
		src, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		if err := c.add(filepath.ToSlash(filepath.Join(name, file)), src); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// add takes in one file.
func (c *program) add(file string, src []byte) error {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, src, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	words := scan(file, src)
	for _, w := range words {
		if w.token == token.STRING && strings.ContainsAny(w.text, " %") { // not the path of an import
			w.text, _ = strconv.Unquote(w.text) // it was parsed: no error
			c.texts = append(c.texts, w)
		}
	}
	for _, d := range parsed.Decls {
		for name, node := range named(d) {
			from, to := set.Position(node.Pos()), set.Position(node.End())
			one := &decl{name: name, place: place{file, from.Line}, last: to.Line}
			inside := slices.DeleteFunc(slices.Clone(words), func(w word) bool { return w.offset < from.Offset || w.offset >= to.Offset })
			if one.lines, err = layout(node, inside); err != nil {
				return err
			}
			one.shape = shape(one.lines, locals(node))
			c.decls[name] = one
		}
	}
	return nil
}

// named returns the declarations in d by name. A list of constants that goes on by itself is one.
func named(d ast.Decl) map[string]ast.Node {
	all := map[string]ast.Node{}
	switch d := d.(type) {
	case *ast.FuncDecl:
		all[given.NamesOf(d)[0]] = d
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				all[spec.Name.Name] = spec
			case *ast.ValueSpec:
				if d.Tok == token.CONST && spec.Values == nil {
					return map[string]ast.Node{d.Specs[0].(*ast.ValueSpec).Names[0].Name: d}
				}
				all[spec.Names[0].Name] = spec
			}
		}
	}
	return all
}

// scan takes code apart into words. Go's own semicolons have the text "\n".
func scan(file string, src []byte) (all []word) {
	f := token.NewFileSet().AddFile(file, -1, len(src))
	var s scanner.Scanner
	s.Init(f, src, nil, 0)
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return all
		}
		all = append(all, word{cmp.Or(text, tok.String()), tok, f.Offset(pos), place{file, f.Line(pos)}})
	}
}

// layout returns the lines of a declaration as gofmt has them if it gets all in a single one: those in the
// file do not count.
func layout(node ast.Node, words []word) (lines []line, err error) {
	keyword := ""
	switch node.(type) {
	case *ast.TypeSpec:
		keyword = "type "
	case *ast.ValueSpec:
		keyword = "var "
	}
	var src strings.Builder
	src.WriteString("package p;" + keyword)
	front := len(scan("", []byte(src.String())))
	for i, w := range words {
		if _, ok := node.(*ast.FuncDecl); ok && i == len(words)-1 {
			src.WriteString("\n") // else gofmt leaves a short function in its line
		}
		src.WriteString(strings.Replace(w.text, "\n", ";", 1) + " ")
	}
	formatted, err := format.Source([]byte(src.String()))
	if err != nil {
		return nil, err
	}
	texts := strings.Split(string(formatted), "\n")
	last := 0
	for _, w := range scan("", formatted)[front:] {
		if w.text == "\n" {
			continue
		}
		if at := w.place.line; at != last {
			last = at
			lines = append(lines, line{text: strings.TrimPrefix(texts[at-1], keyword)})
		}
		// gofmt changes no word but may leave some out, such as ( ) around a condition
		if i := slices.IndexFunc(words, func(of word) bool { return of.text == w.text }); i >= 0 {
			words = words[i:]
		}
		w.place = words[0].place
		l := &lines[len(lines)-1]
		l.words = append(l.words, w)
	}
	return lines, nil
}

// locals returns the names that a function gives to parameters and variables.
func locals(node ast.Node) map[string]bool {
	names := map[string]bool{}
	if _, ok := node.(*ast.FuncDecl); !ok {
		return names
	}
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			note(names, n.Names...)
		case *ast.ValueSpec:
			note(names, n.Names...)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				note(names, n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				note(names, n.Key, n.Value)
			}
		}
		return true
	})
	return names
}

// note adds those of the expressions that are names, but for _.
func note[E ast.Expr](names map[string]bool, exprs ...E) {
	for _, e := range exprs {
		if id, ok := ast.Expr(e).(*ast.Ident); ok && id.Name != "_" {
			names[id.Name] = true
		}
	}
}

// shape returns what lines say, the local names numbered in the order in which they come:
// what somebody calls a variable is no difference.
func shape(lines []line, locals map[string]bool) string {
	numbers := map[string]string{}
	var s []string
	for _, l := range lines {
		for i, w := range l.words {
			if locals[w.text] && (i == 0 || l.words[i-1].text != ".") {
				if numbers[w.text] == "" {
					numbers[w.text] = strconv.Itoa(len(numbers))
				}
				w.text = numbers[w.text]
			}
			s = append(s, w.text)
		}
		s = append(s, ";")
	}
	return strings.Join(s, " ")
}

// sorted returns the declarations in the order of the files.
func (c *program) sorted() []*decl {
	return slices.SortedFunc(maps.Values(c.decls), func(a, b *decl) int {
		return cmp.Or(cmp.Compare(a.place.file, b.place.file), cmp.Compare(a.place.line, b.place.line), cmp.Compare(a.name, b.name))
	})
}
