package main

import (
	"cmp"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A program is what the code in a folder says: its declarations by name, comments and layout
// left aside, and its texts.
type program struct {
	decls map[string]*decl
	texts []literal
}

// A decl is one declaration: a function, a type, or the names of a var or const.
type decl struct {
	name  string // func read of conn: conn.read
	place place
	last  int // line in the file
	lines []line
	shape string // what it says, its local names numbered
}

// A line is a statement, or the part of one that stands in front of a block.
type line struct {
	depth int // of blocks around it
	words []word
}

// A word is a token, where it stands, and what parts it from the one before: a space or nothing.
type word struct {
	text, gap string
	place     place
}

// A literal is a text in the code.
type literal struct {
	text  string
	place place
}

// A place is a line in a file, whose path is as the user sees it.
type place struct {
	file string
	line int
}

// String returns the line without its comments, indented as in Go.
func (l line) String() string {
	depth := l.depth
	if first := l.words[0].text; first == "case" || first == "default" {
		depth--
	}
	s := strings.Repeat("\t", depth)
	for i, w := range l.words {
		if i > 0 {
			s += w.gap
		}
		s += w.text
	}
	return s
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
	words := c.scan(file, src)
	for _, d := range parsed.Decls {
		for name, node := range named(d) {
			from, to := set.Position(node.Pos()), set.Position(node.End())
			one := &decl{name: name, place: place{file, from.Line}, last: to.Line}
			var inside []scanned
			for _, w := range words {
				if w.offset >= from.Offset && w.offset < to.Offset {
					inside = append(inside, w)
				}
			}
			one.lines = split(inside, breaksOf(set, node))
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
		name := d.Name.Name
		if d.Recv != nil && len(d.Recv.List) == 1 {
			of := d.Recv.List[0].Type
			if star, ok := of.(*ast.StarExpr); ok {
				of = star.X
			}
			if id, ok := of.(*ast.Ident); ok {
				name = id.Name + "." + name
			}
		}
		all[name] = d
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

// A scanned is a word, and where it stands in the source, in bytes.
type scanned struct {
	word
	offset int
	tok    token.Token
}

// scan takes a file apart into words, and keeps its texts.
func (c *program) scan(file string, src []byte) (all []scanned) {
	set := token.NewFileSet()
	f := set.AddFile(file, -1, len(src))
	var s scanner.Scanner
	s.Init(f, src, nil, 0)
	end := 0
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return all
		}
		w := scanned{word{text: cmp.Or(text, tok.String()), place: place{file, f.Line(pos)}}, f.Offset(pos), tok}
		if tok == token.SEMICOLON {
			w.text = ";"
		}
		if between := string(src[min(end, w.offset):w.offset]); between != "" {
			w.gap = " "
			if strings.Contains(between, "\n") && len(all) > 0 && strings.Contains("([{.", all[len(all)-1].text) {
				w.gap = ""
			}
		}
		if n := len(all); n > 0 && all[n-1].tok == token.COMMA && (tok == token.RPAREN || tok == token.RBRACE || tok == token.RBRACK) {
			all, w.gap = all[:n-1], "" // it stands there for the layout alone
		}
		if tok == token.STRING && strings.ContainsAny(text, " %") { // not the path of an import
			c.texts = append(c.texts, literal{text, w.place})
		}
		switch end = w.offset + len(text); {
		case tok == token.SEMICOLON:
			end = w.offset
		case text == "":
			end += len(tok.String())
		}
		all = append(all, w)
	}
}

// breaks are where lines end, by offset: behind the { of a block and the : of a case, and in
// front of the } of a block; a ; ends none between an if, for or switch and its block.
type breaks struct{ behind, before, inside map[int]bool }

// breaksOf returns those of a declaration.
func breaksOf(set *token.FileSet, node ast.Node) breaks {
	b := breaks{map[int]bool{}, map[int]bool{}, map[int]bool{}}
	at := func(p token.Pos) int { return set.Position(p).Offset }
	header := func(from token.Pos, body *ast.BlockStmt) {
		for offset := at(from); offset < at(body.Lbrace); offset++ {
			b.inside[offset] = true
		}
	}
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			b.behind[at(n.Lbrace)], b.before[at(n.Rbrace)] = true, true
		case *ast.FieldList:
			if _, ok := node.(*ast.TypeSpec); ok && n.Opening.IsValid() && len(n.List) > 0 {
				b.behind[at(n.Opening)], b.before[at(n.Closing)] = true, true
			}
		case *ast.CaseClause:
			b.behind[at(n.Colon)] = true
		case *ast.CommClause:
			b.behind[at(n.Colon)] = true
		case *ast.IfStmt:
			header(n.Pos(), n.Body)
		case *ast.ForStmt:
			header(n.Pos(), n.Body)
		case *ast.SwitchStmt:
			header(n.Pos(), n.Body)
		}
		return true
	})
	return b
}

// split makes lines of words.
func split(words []scanned, b breaks) (lines []line) {
	var l line
	depth := 0
	end := func() {
		if len(l.words) > 0 {
			lines = append(lines, l)
		}
		l = line{depth: depth}
	}
	for _, w := range words {
		if b.before[w.offset] {
			depth--
			end()
		}
		if w.tok == token.SEMICOLON && !b.inside[w.offset] {
			end()
			continue
		}
		l.words = append(l.words, w.word)
		if b.behind[w.offset] {
			if w.tok == token.LBRACE || w.tok == token.LPAREN {
				depth++
			}
			end()
		}
	}
	end()
	return lines
}

// locals returns the names that a function gives to parameters and variables.
func locals(node ast.Node) map[string]bool {
	names := map[string]bool{}
	add := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if id, ok := e.(*ast.Ident); ok {
				names[id.Name] = true
			}
		}
	}
	if _, ok := node.(*ast.FuncDecl); !ok {
		return names
	}
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				add(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				add(n.Key, n.Value)
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				add(name)
			}
		}
		return true
	})
	return names
}

// shape returns what lines say, the local names numbered in the order in which they come:
// what somebody calls a variable is no difference.
func shape(lines []line, locals map[string]bool) string {
	numbers := map[string]int{}
	var s []string
	for _, l := range lines {
		for i, w := range l.words {
			text := w.text
			if locals[text] && text != "_" && (i == 0 || l.words[i-1].text != ".") {
				if numbers[text] == 0 {
					numbers[text] = len(numbers) + 1
				}
				text = string(rune('0' + numbers[text]))
			}
			s = append(s, text)
		}
		s = append(s, ";")
	}
	return strings.Join(s, " ")
}

// names returns the names of the declarations, in the order of the files.
func (c *program) names() []string {
	var names []string
	for name := range c.decls {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := c.decls[a].place, c.decls[b].place
		return cmp.Or(cmp.Compare(x.file, y.file), cmp.Compare(x.line, y.line), cmp.Compare(a, b))
	})
	return names
}
