package main

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
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

// A line is one of a declaration's, comments left aside.
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
	parsed, err := parser.ParseFile(set, file, src, 0)
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
			one.lines, one.shape = linesOf(src, inside), shape(inside, locals(node))
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
		all[stepcode.NamesOf(d)[0]] = d
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

// linesOf returns the lines that words of the code stand in, each up to its last word.
func linesOf(src []byte, words []word) (lines []line) {
	for i, w := range words {
		if i == 0 || w.place != words[i-1].place {
			lines = append(lines, line{})
		}
		if w.text == "\n" {
			continue
		}
		l := &lines[len(lines)-1]
		l.text = string(src[bytes.LastIndexByte(src[:w.offset], '\n')+1 : w.offset+len(w.text)])
		l.words = append(l.words, w)
	}
	return lines
}

// locals returns the names that a function gives to parameters and variables.
func locals(node ast.Node) map[string]bool {
	names := map[string]bool{}
	if _, ok := node.(*ast.FuncDecl); !ok {
		return names
	}
	ast.Inspect(node, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if ok && id.Obj != nil && id.Obj.Kind == ast.Var && node.Pos() <= id.Obj.Pos() && id.Obj.Pos() < node.End() {
			names[id.Name] = true
		}
		return true
	})
	return names
}

// shape returns what words say, whatever the layout, the local names numbered in the order in which
// they come: what somebody calls a variable is no difference.
func shape(words []word, locals map[string]bool) string {
	numbers := map[string]string{}
	var s []string
	for i, w := range words {
		last := i == len(words)-1 || strings.Contains(")}", words[i+1].text)
		switch {
		case last && (w.token == token.COMMA || w.token == token.SEMICOLON):
			continue // that is there if the next is in another line
		case w.token == token.SEMICOLON:
			w.text = ";"
		case locals[w.text] && (i == 0 || words[i-1].token != token.PERIOD):
			if numbers[w.text] == "" {
				numbers[w.text] = strconv.Itoa(len(numbers))
			}
			w.text = numbers[w.text]
		}
		s = append(s, w.text)
	}
	return strings.Join(s, " ")
}

// sorted returns the declarations in the order of the files.
func (c *program) sorted() []*decl {
	return slices.SortedFunc(maps.Values(c.decls), func(a, b *decl) int {
		return cmp.Or(cmp.Compare(a.place.file, b.place.file), cmp.Compare(a.place.line, b.place.line), cmp.Compare(a.name, b.name))
	})
}
