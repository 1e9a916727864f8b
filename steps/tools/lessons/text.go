package main

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// A page is a parsed Markdown text.
type page struct {
	name, source string // from the workshop's top folder, with slashes
	root         ast.Node
	fences       []*fence
	marks        []*mark // except those in fences
	parts        []*part // what a lesson changes
	edited       int     // the line of the last mark that shows some of it
	problems     []problem
}

// A fence is a block of code.
type fence struct {
	info     string
	line     int // of its first fence
	body     []string
	from, to int   // offsets of the whole
	mark     *mark // directly over it, or an empty one
}

// A mark is a comment: <!-- kind of: file args -->. The text that it makes is under it, up to /gen if its
// kind is gen.
type mark struct {
	title, kind, of, file string // title is all of it
	args                  []string
	line, at              int  // where it begins
	from, to              int  // offsets of what it makes
	isOpen                bool // a /gen is missing
}

// A problem is one thing that is wrong.
type problem struct {
	line int
	says string // with file and line
}

// say records what is wrong at a line.
func (p *page) say(line int, format string, args ...any) {
	says := fmt.Sprintf("%s:%d: %s", p.name, line, fmt.Sprintf(format, args...))
	p.problems = append(p.problems, problem{line, says})
}

var (
	markdown = goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID()))

	// fenceOrMark matches a block of code, with its indentation, info and body; or else a mark, with what
	// is in it.
	fenceOrMark = regexp.MustCompile("(?m)^( *)```([^`\n]*)\n((?s:.*?))^ *```\n|<!--\\s*(.*?)\\s*-->\n?")
)

// parse parses a text.
func parse(name, source string) *page {
	p := &page{name: name, source: source, edited: 1}
	p.root = markdown.Parser().Parse(text.NewReader([]byte(source)))
	above := new(mark)
	for _, at := range fenceOrMark.FindAllStringSubmatchIndex(source, -1) {
		if at[2] >= 0 {
			f := &fence{info: source[at[4]:at[5]], line: p.lineAt(at[0]), from: at[0], to: at[1], mark: new(mark)}
			for _, line := range codeLines(source[at[6]:at[7]]) {
				f.body = append(f.body, strings.TrimPrefix(line, source[at[2]:at[3]]))
			}
			if above.from == f.from {
				f.mark, above.to = above, max(above.to, f.to)
			}
			p.fences = append(p.fences, f)
			continue
		}
		m := &mark{title: source[at[8]:at[9]], line: p.lineAt(at[0]), at: at[0], from: at[1], to: at[1]}
		kind, args, _ := strings.Cut(m.title, ": ")
		m.kind, m.of, _ = strings.Cut(kind, " ")
		m.file, args, _ = strings.Cut(args, " ")
		if kind == "gen" {
			m.kind, m.isOpen = "gen "+cmp.Or(path.Ext(m.file), m.file), true
		}
		if kind == "gen" && path.Ext(m.file) == "" {
			m.file, args, _ = strings.Cut(args, " ")
		}
		m.args = strings.Fields(args)
		if kind == "/gen" && above.isOpen {
			above.to, above.isOpen = m.at, false
		}
		p.marks, above = append(p.marks, m), m
	}
	return p
}

var fenceOrLine = regexp.MustCompile("(?m)(^ *```(?s:.*?)^ *```\n)|^ *<!--[^>]*-->\n|<!--[^>]*-->")

// withoutMarks returns a text without its marks, and without the lines that are only a mark.
func withoutMarks(source string) string { return fenceOrLine.ReplaceAllString(source, "$1") }

// nodes yields a node and what is in it, parents first.
func nodes(n ast.Node) func(func(ast.Node) bool) {
	return func(yield func(ast.Node) bool) {
		ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if entering && !yield(n) {
				return ast.WalkStop, nil
			}
			return ast.WalkContinue, nil
		})
	}
}

// lineAt returns the line of an offset, from 1.
func (p *page) lineAt(offset int) int { return strings.Count(p.source[:offset], "\n") + 1 }

// codeLines returns the lines of a text; "" has none.
func codeLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
