package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// A page is a text in Markdown, taken apart.
type page struct {
	name, source string // from the workshop's top folder, with slashes
	root         ast.Node
	fences       []*fence
	marks        []*mark // those in fences left out
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

// A mark is a comment: <!-- kind: args -->, or <!-- kind --> alone.
type mark struct {
	kind, args     string
	line, from, to int
}

// A problem is one thing that does not hold.
type problem struct {
	file string
	line int
	says string
}

func (p problem) String() string { return fmt.Sprintf("%s:%d: %s", p.file, p.line, p.says) }

// say notes what is wrong at a line.
func (p *page) say(line int, format string, args ...any) {
	p.problems = append(p.problems, problem{p.name, line, fmt.Sprintf(format, args...)})
}

var (
	markdown   = goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	anyComment = regexp.MustCompile(`<!--\s*(.*?)(?::\s+(.*?))?\s*-->`)
)

// parse takes a text apart.
func parse(name, source string) *page {
	p := &page{name: name, source: source, root: markdown.Parser().Parse(text.NewReader([]byte(source)))}
	for n := range nodes(p.root) {
		if n, ok := n.(*ast.FencedCodeBlock); ok {
			f := &fence{info: string(n.Language([]byte(source))), line: p.lineAt(n.Pos()), mark: new(mark)}
			f.from = strings.LastIndexByte(source[:n.Pos()], '\n') + 1
			f.to = p.lineEnd(f.from)
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				f.body = append(f.body, strings.TrimSuffix(string(line.Value([]byte(source))), "\n"))
				f.to = p.lineEnd(line.Start)
			}
			f.to = p.lineEnd(f.to) // with the fence that ends it
			p.fences = append(p.fences, f)
		}
	}
	for _, m := range anyComment.FindAllStringSubmatchIndex(source, -1) {
		c := &mark{kind: source[m[2]:m[3]], args: source[max(m[4], 0):max(m[5], 0)], line: p.lineAt(m[0]), from: m[0], to: m[1]}
		if p.fenceAt(c.from) != nil {
			continue
		}
		p.marks = append(p.marks, c)
		if f := p.fenceAt(p.lineEnd(c.to)); f != nil {
			f.mark = c
		}
	}
	return p
}

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

// content returns the text in a node, and the line where it begins.
func (p *page) content(n ast.Node) (line int, content string) {
	at := max(n.Pos(), 0)
	for n := range nodes(n) {
		if t, ok := n.(*ast.Text); ok {
			if content == "" {
				at = t.Segment.Start
			}
			content += string(t.Segment.Value([]byte(p.source))) + " "
		}
	}
	return p.lineAt(at), strings.Join(strings.Fields(content), " ")
}

// lineAt returns the line of an offset, from 1.
func (p *page) lineAt(offset int) int { return strings.Count(p.source[:offset], "\n") + 1 }

// lineEnd returns where the line behind that of an offset begins.
func (p *page) lineEnd(offset int) int {
	if i := strings.IndexByte(p.source[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(p.source)
}

// fenceAt returns the block of code at an offset, or nil.
func (p *page) fenceAt(offset int) *fence {
	for _, f := range p.fences {
		if f.from <= offset && offset < f.to {
			return f
		}
	}
	return nil
}

// A row is one of a table.
type row struct {
	line        int // from 0
	head, cells []string
}

// rows returns the rows of the tables in a text, their heads left out.
func rows(source string) (all []row) {
	var head []string
	for i, line := range strings.Split(source, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), "|")
		for c := range cells {
			cells[c] = strings.TrimSpace(cells[c])
		}
		switch {
		case !strings.HasPrefix(line, "|"):
			head = nil
		case head == nil:
			head = cells
		case strings.Trim(line, "|-: ") != "":
			all = append(all, row{i, head, cells})
		}
	}
	return all
}

// owed are marks without which something would not be checked.
var owed = map[string]string{"README.md": "<!-- gen: steps -->", "steps/INSTRUCTOR.md": "<!-- gen: timetable -->"}

// checkMarks refuses marks that mean nothing, and blocks that no mark speaks for. Without
// one there are commands (sh), and what is not from here (text, json).
func (w *workshop) checkMarks(p *page) {
	for _, c := range p.marks {
		kind, _, _ := strings.Cut(c.kind, " ")
		if c.args != "" && !isEdit[kind] && !slices.Contains([]string{"gen", "run", "server", "not", "delete"}, kind) {
			p.say(c.line, "there is no mark %s", c.kind)
		}
	}
	for _, f := range p.fences {
		if f.mark.kind == "" && !slices.Contains([]string{"sh", "text", "json"}, f.info) {
			p.say(f.line, "over this block no mark says where it comes from, and it is not marked sh or text")
		}
	}
	if !strings.Contains(p.source, owed[p.name]) {
		p.say(1, "%s is missing", owed[p.name])
	}
}
