package stepcode

import (
	"go/scanner"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// A State is the state of one of our declarations in an attendee's code.
type State int

const (
	Missing   State = iota // no declaration of this name
	Open                   // a turn that is not written yet, or the previous step's code
	Different              // different from ours, which need not be wrong
	Same                   // our code, ignoring comments and layout
)

// String returns the state in one word.
func (s State) String() string { return [...]string{"missing", "open", "different", "there"}[s] }

// A Found is one of our declarations, and its state in an attendee's code.
type Found struct {
	File  string // where ours is
	Names []string
	State State
	Turn  bool // the attendee writes it, or a part of it
	Given bool // play gives it
}

// Look compares an attendee's code with the declarations that the step adds or changes, in the order of
// our files. It looks for each in all of their files. An error names the file that does not parse.
func (s *Step) Look(theirs Files) (all []Found, err error) {
	index, err := indexOf(theirs)
	if err != nil {
		return nil, err
	}
	for _, file := range s.Files() {
		for _, p := range s.Pairs(file) {
			if p.After == "" || p.Before == p.After || isHead(p.Names) {
				continue
			}
			f := Found{File: file, Names: p.Names, State: index.state(p.Names, p.After)}
			f.Turn, f.Given = TurnOf(s.Number, file, p.Names) != nil, Given(s.Number, file, p.Names)
			if f.State == Different && p.Before != "" && index.state(p.Names, p.Before) == Same {
				f.State = Open
			}
			all = append(all, f)
		}
	}
	return all, nil
}

// An index knows where each name is declared.
type index map[string]*Decl

// indexOf returns the index of files.
func indexOf(files Files) (index, error) {
	all := make(index)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		decls, err := Split(files[name])
		if err != nil {
			return nil, &FileError{name, err}
		}
		for i := range decls {
			for _, n := range decls[i].Names {
				all[n] = &decls[i]
			}
		}
	}
	return all, nil
}

// A FileError tells which file does not parse, and where.
type FileError struct {
	File string
	Err  error // of package go/scanner or go/parser
}

func (e *FileError) Error() string { return e.File + ":" + e.Err.Error() }
func (e *FileError) Unwrap() error { return e.Err }

// state returns the state of our declaration in somebody's code.
func (theirs index) state(names []string, ours string) State {
	text, missing := "", false
	for _, name := range names {
		if d := theirs[name]; d == nil {
			missing = true
		} else if !strings.Contains(text, d.Text) {
			text += d.Text
		}
	}
	switch {
	case text == "":
		return Missing
	case IsOpen(text):
		return Open
	case missing || !SameCode(text, ours):
		return Different
	}
	return Same
}

// SameCode reports whether two texts are the same Go code, ignoring comments and layout.
func SameCode(a, b string) bool { return slices.Equal(tokens(a), tokens(b)) }

// tokens returns the tokens of Go code, without comments and without tokens that depend only on the
// layout.
func tokens(src string) (all []string) {
	f := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(f, []byte(src), nil, 0)
	for {
		_, tok, text := s.Scan()
		switch {
		case tok == token.EOF:
			return all
		case text == "\n":
			text = ";"
		case text == "":
			text = tok.String()
		}
		if n := len(all) - 1; n >= 0 && (text == ")" || text == "}") && (all[n] == "," || all[n] == ";") {
			all = all[:n] // it is there only if the next token is on another line
		}
		all = append(all, text)
	}
}
