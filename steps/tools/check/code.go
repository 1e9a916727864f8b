package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/stepcode"
)

// A place is a line in a file, with its path as the user sees it.
type place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// String returns a place in the form that editors accept.
func (p place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// A program is the code in a folder: its declarations, and its string literals with their places.
type program struct {
	decls []decl // in the order of the files
	texts []text
}

// A decl is a declaration, and the place where it begins, including its comment.
type decl struct {
	stepcode.Decl
	place place
}

// A text is a string literal in the code, without its quotes.
type text struct {
	words string
	place place
}

// readCode reads the files of a folder that belong to the build; name is the folder as the user gives it.
func readCode(dir, name string) (*program, error) {
	files, err := stepcode.Code(dir)
	if err != nil {
		return nil, err
	}
	p := new(program)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		src := strings.ReplaceAll(files[file], "\r\n", "\n")
		if err := p.add(path.Join(filepath.ToSlash(name), file), src); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add adds one file.
func (p *program) add(file, src string) error {
	decls, err := stepcode.Split(src)
	if err != nil {
		return err
	}
	line := 1
	for _, d := range decls {
		if name := d.Names[0]; name != "package" && name != "import" {
			p.decls = append(p.decls, decl{d, place{file, line}})
		}
		line += strings.Count(d.Text, "\n")
	}
	f := token.NewFileSet().AddFile(file, -1, len(src))
	var s scanner.Scanner
	for s.Init(f, []byte(src), nil, 0); ; {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return nil
		}
		if tok == token.STRING && strings.ContainsAny(lit, " %") { // not the path of an import
			words, _ := strconv.Unquote(lit) // it was parsed: no error
			p.texts = append(p.texts, text{words, place{file, f.Line(pos)}})
		}
	}
}

// find returns the declaration of a name, or nil; methods are type.name.
func (p *program) find(name string) *decl {
	i := slices.IndexFunc(p.decls, func(d decl) bool { return slices.Contains(d.Names, name) })
	if i < 0 {
		return nil
	}
	return &p.decls[i]
}

// lines returns the lines of a declaration without comments, in which no line is empty.
func (d *decl) lines() (lines []line) {
	if d == nil {
		return nil
	}
	code := []byte(d.Text)
	f := token.NewFileSet().AddFile("", -1, len(code))
	var s scanner.Scanner
	s.Init(f, []byte(d.Text), nil, scanner.ScanComments)
	for pos, tok, lit := s.Scan(); tok != token.EOF; pos, tok, lit = s.Scan() {
		for i := f.Offset(pos); tok == token.COMMENT && i < f.Offset(pos)+len(lit); i++ {
			if code[i] != '\n' {
				code[i] = ' '
			}
		}
	}
	for i, text := range strings.Split(string(code), "\n") {
		if text = strings.TrimRight(text, " \t\r"); text != "" {
			lines = append(lines, line{text, place{d.place.File, d.place.Line + i}})
		}
	}
	return lines
}

// verb matches a verb of a format.
var verb = regexp.MustCompile(`%[-+# 0]*[\d*]*(\.[\d*]+)?[a-zA-Z%]`)

// where returns the place of the longest text that matches a printed line, with any values in place of its
// verbs.
func (p *program) where(printed string) (at place, ok bool) {
	printed = strings.ReplaceAll(printed, `\"`, `"`) // as %q prints a text in a text
	most := 3                                        // letters: fewer prove nothing
	for _, t := range p.texts {
		pieces, size := verb.Split(strings.TrimSpace(t.words), -1), 0
		for i, piece := range pieces {
			pieces[i], size = regexp.QuoteMeta(piece), size+len(strings.TrimSpace(piece))
		}
		if size > most && regexp.MustCompile(strings.Join(pieces, ".*?")).MatchString(printed) {
			most, at, ok = size, t.place, true
		}
	}
	return at, ok
}

// stamp matches what log puts before a line, and varying the parts in which two lines of the same kind
// differ.
var (
	stamp   = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(\.\d+)? `)
	varying = regexp.MustCompile(`".*"|[0-9a-f]*\d[0-9a-f]*`)
)

// terminal returns what a program printed: the last line of each kind, and the place that it comes from, at
// most four. The places of crashes and races are reported elsewhere.
func (p *program) terminal(lines []string) []string {
	kinds, shown := []string{}, []string{}
	for _, line := range lines {
		line = strings.TrimSpace(stamp.ReplaceAllString(line, ""))
		if strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "=====") {
			break
		}
		if line == "" || strings.Contains(line, behaviour.Requested) ||
			strings.Contains(line, "listening on http") {
			continue // nothing new
		}
		said, kind := probe.Shorten(line), varying.ReplaceAllString(line, "")
		if at, ok := p.where(line); ok {
			said += fmt.Sprintf("   (%v)", at)
		}
		if i := slices.Index(kinds, kind); i >= 0 {
			kinds, shown = slices.Delete(kinds, i, i+1), slices.Delete(shown, i, i+1)
		}
		kinds, shown = append(kinds, kind), append(shown, said)
	}
	return shown[max(0, len(shown)-4):]
}
