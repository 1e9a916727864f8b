package main

import (
	"bytes"
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
	name     string // from the workshop's top folder, with slashes
	source   string
	root     ast.Node
	fences   []*fence
	comments []*comment // those in fences left out
}

// A fence is a block of code.
type fence struct {
	info     string
	line     int // of its first fence
	body     []string
	from, to int      // offsets of the whole
	comment  *comment // directly before it, or an empty one
}

// A comment is <!-- kind: args -->, or <!-- kind --> alone.
type comment struct {
	kind, args string
	line       int
	from, to   int
}

var (
	markdown   = goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	anyComment = regexp.MustCompile(`<!--\s*(.*?)(?::\s+(.*?))?\s*-->`)
)

// parse takes a text apart.
func parse(name, source string) *page {
	p := &page{name: name, source: source, root: markdown.Parser().Parse(text.NewReader([]byte(source)))}
	for n := range p.nodes() {
		if f, ok := n.(*ast.FencedCodeBlock); ok {
			p.fences = append(p.fences, p.fence(f))
		}
	}
	for _, m := range anyComment.FindAllStringSubmatchIndex(source, -1) {
		c := &comment{kind: source[m[2]:m[3]], line: p.lineAt(m[0]), from: m[0], to: m[1]}
		if m[4] >= 0 {
			c.args = source[m[4]:m[5]]
		}
		if p.fenceAt(c.from) == nil {
			p.comments = append(p.comments, c)
		}
		if f := p.fenceAt(p.lineEnd(c.to)); f != nil && p.fenceAt(c.to) == nil {
			f.comment = c
		}
	}
	return p
}

// fence returns what stands in a block of code.
func (p *page) fence(n *ast.FencedCodeBlock) *fence {
	f := &fence{from: strings.LastIndexByte(p.source[:n.Pos()], '\n') + 1, comment: new(comment)}
	if n.Info != nil {
		f.info = string(n.Info.Segment.Value([]byte(p.source)))
	}
	f.line, f.to = p.lineAt(f.from), p.lineEnd(f.from)
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		f.body = append(f.body, strings.TrimSuffix(string(line.Value([]byte(p.source))), "\n"))
		f.to = p.lineEnd(line.Start)
	}
	f.to = p.lineEnd(f.to) // with the fence that ends it
	return f
}

// nodes yields what a text consists of, parents first.
func (p *page) nodes() func(func(ast.Node) bool) {
	return func(yield func(ast.Node) bool) {
		ast.Walk(p.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if entering && !yield(n) {
				return ast.WalkStop, nil
			}
			return ast.WalkContinue, nil
		})
	}
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
	i := slices.IndexFunc(p.fences, func(f *fence) bool { return f.from <= offset && offset < f.to })
	if i < 0 {
		return nil
	}
	return p.fences[i]
}

// content returns the text in a node and below it, and the line where it begins.
func (p *page) content(n ast.Node) (line int, content string) {
	var b bytes.Buffer
	line = p.lineAt(max(n.Pos(), 0))
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			if b.Len() == 0 {
				line = p.lineAt(t.Segment.Start)
			}
			b.Write(t.Segment.Value([]byte(p.source)))
			b.WriteString(map[bool]string{true: " "}[t.SoftLineBreak()])
		}
		return ast.WalkContinue, nil
	})
	return line, strings.TrimSpace(b.String())
}

// anchors returns the names by which a text's headings can be linked to.
func (p *page) anchors() map[string]bool {
	names := make(map[string]bool)
	for n := range p.nodes() {
		if id, ok := n.AttributeString("id"); ok {
			names[string(id.([]byte))] = true
		}
	}
	return names
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

// checkFences refuses a block whose kind no check would look at, and a mark that means nothing.
func (w *workshop) checkFences(p *page) (problems []problem) {
	for _, f := range p.fences {
		kind := f.comment.kind
		switch f.info {
		case "":
			problems = append(problems, p.problem(f.line, "this block does not say what it is (console, sh, text …)"))
		case "bash", "shell", "shellsession", "terminal":
			problems = append(problems, p.problem(f.line, "commands stand in blocks marked sh, or console with their output"))
		case "diff", "go", "js":
			if kind != "gen" && kind != "not ours" && !isEdit[kind] {
				problems = append(problems, p.problem(f.line, "code stands under a mark (edit, given, turn, ours, gen), or under <!-- not ours: why -->"))
			}
		}
	}
	for _, c := range p.comments {
		kind, _, _ := strings.Cut(c.kind, " ")
		if c.args != "" && !isEdit[kind] && !slices.Contains([]string{"gen", "delete", "run", "server", "not"}, kind) {
			problems = append(problems, p.problem(c.line, "there is no mark %s", c.kind))
		}
	}
	return problems
}
