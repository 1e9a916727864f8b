package main

import (
	"bytes"
	"fmt"
	"html"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	"websocket-workshop/steps/tools/stepcode"
)

// htmlDir is where the texts stand as HTML: the learn page embeds them, so that it needs no
// library and no network.
const htmlDir = "steps/tools/learn/lessons"

// htmlName returns the name that a text has as HTML: steps/03.md is 03.html, library/README.md
// is library.html.
func htmlName(name string) string {
	dir, file := path.Split(name)
	base := strings.ToLower(strings.TrimSuffix(file, ".md"))
	switch {
	case base == "readme" && dir == "library/":
		return "library.html"
	case base == "readme" && dir == "":
		return "index.html"
	case base == "readme":
		return path.Base(dir) + ".html"
	case dir == "library/":
		return "library-" + base + ".html"
	}
	return base + ".html"
}

// toHTML returns a text as the inside of a page: its links lead to the other pages, its pictures
// to pictures/ and all other files of the workshop to code/. A block of code is a figure, whose data
// attributes say what its mark says.
func (w *workshop) toHTML(p *page) string {
	r := &htmlRenderer{w: w, p: p}
	md := goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(gmhtml.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(r, 1))))
	var b bytes.Buffer
	if err := md.Convert([]byte(p.source), &b); err != nil {
		p.say(1, "it cannot be made HTML: %v", err)
	}
	return b.String()
}

// htmlFiles returns the files of htmlDir by their names: the texts, and what each step adds.
func (w *workshop) htmlFiles() map[string]string {
	files := make(map[string]string)
	for _, name := range w.texts() {
		files[htmlName(name)] = w.toHTML(parse(name, w.read(name)))
	}
	for n := 1; n <= stepcode.Library; n++ {
		files[strings.TrimSuffix(htmlName(stepcode.Lesson(n)), ".html")+"-diff.html"] = w.diffHTML(n)
	}
	return files
}

// diffHTML returns what a step adds to the one before, file by file, with three lines around each change.
func (w *workshop) diffHTML(n int) string {
	step, err := stepcode.ReadIn(w.files, n)
	if err != nil {
		return html.EscapeString(err.Error())
	}
	var b strings.Builder
	names := slices.Collect(maps.Keys(step.After))
	for name := range step.Before {
		if _, stays := step.After[name]; !stays {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if step.Before[name] == step.After[name] {
			continue
		}
		fmt.Fprintf(&b, "<figure class=\"code\" data-kind=\"diff\"><figcaption><code>%s</code></figcaption><pre tabindex=\"0\"><code>", name)
		fmt.Fprintf(&b, "%s</code></pre></figure>\n", strings.Join(highlight("diff", unified(step.Before[name], step.After[name])), "\n"))
	}
	return b.String()
}

// unified returns the lines that change from one version of a file to another, as a diff.
func unified(before, after string) string {
	const around = 3
	same := func(line string) string { return line }
	hunks, rest := stepcode.Diff(codeLines(before), codeLines(after), same)
	var b strings.Builder
	write := func(prefix string, lines []string) {
		for _, line := range lines {
			b.WriteString(prefix + line + "\n")
		}
	}
	for i, h := range hunks {
		if over := len(h.Same) - 2*around; i > 0 && over > 0 {
			write(" ", h.Same[:around])
			h.Same = h.Same[around:]
		}
		if len(h.Same) > around {
			b.WriteString("@@ …\n")
			h.Same = h.Same[len(h.Same)-around:]
		}
		write(" ", h.Same)
		write("-", h.Old)
		write("+", h.New)
	}
	write(" ", rest[:min(around, len(rest))])
	return b.String()
}

// An htmlRenderer renders what a text of the workshop has in another way than Markdown in general.
type htmlRenderer struct {
	w *workshop
	p *page
}

func (r *htmlRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindFencedCodeBlock, r.fence)
	reg.Register(ast.KindHTMLBlock, r.htmlBlock)
	reg.Register(ast.KindRawHTML, r.rawHTML)
	reg.Register(ast.KindLink, r.link)
	reg.Register(ast.KindImage, r.image)
}

// fence renders a block of code with what its mark says of it.
func (r *htmlRenderer) fence(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	code := n.(*ast.FencedCodeBlock)
	lang := string(code.Language(source))
	var text strings.Builder
	for i := range code.Lines().Len() {
		line := code.Lines().At(i)
		text.Write(line.Value(source))
	}
	kind, args := "", ""
	if code.Lines().Len() > 0 {
		if f := r.p.fenceAt(code.Lines().At(0).Start); f != nil && f.mark.kind != "" {
			kind, args, _ = strings.Cut(f.mark.title, ": ")
		}
	}
	fmt.Fprintf(w, "<figure class=\"code\" data-kind=\"%s\" data-of=\"%s\" data-lang=\"%s\">", html.EscapeString(kind), html.EscapeString(args), lang)
	fmt.Fprintf(w, "<pre tabindex=\"0\"><code>%s</code></pre></figure>\n", strings.Join(highlight(lang, text.String()), "\n"))
	return ast.WalkSkipChildren, nil
}

// comment finds HTML that is nothing but a comment: a mark.
var comment = regexp.MustCompile(`(?s)^\s*(<!--.*?-->\s*)+$`)

// htmlBlock leaves out marks.
func (r *htmlRenderer) htmlBlock(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	block := n.(*ast.HTMLBlock)
	var text strings.Builder
	for i := range block.Lines().Len() {
		line := block.Lines().At(i)
		text.Write(line.Value(source))
	}
	if block.HasClosure() {
		text.Write(block.ClosureLine.Value(source))
	}
	if entering && !comment.MatchString(text.String()) {
		w.WriteString(text.String())
	}
	return ast.WalkSkipChildren, nil
}

func (r *htmlRenderer) rawHTML(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if text := n.(*ast.RawHTML).Segments.Value(source); entering && !comment.Match(text) {
		w.Write(text)
	}
	return ast.WalkSkipChildren, nil
}

func (r *htmlRenderer) link(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	to := r.address(string(n.(*ast.Link).Destination))
	switch {
	case to == "": // a folder: there is no page to show
	case entering:
		fmt.Fprintf(w, "<a href=\"%s\">", html.EscapeString(to))
	default:
		w.WriteString("</a>")
	}
	return ast.WalkContinue, nil
}

func (r *htmlRenderer) image(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		alt := strings.Join(r.p.words(n), " ")
		fmt.Fprintf(w, "<img src=\"%s\" alt=\"%s\">", html.EscapeString(r.address(string(n.(*ast.Image).Destination))), html.EscapeString(alt))
	}
	return ast.WalkSkipChildren, nil
}

// address returns where a link leads from a page, or "" for a folder.
func (r *htmlRenderer) address(to string) string {
	if rest, ok := strings.CutPrefix(to, "http://localhost:8080/frame.html"); ok {
		return "frame.html" + rest // which the learn page and the site have as well
	}
	if strings.Contains(to, "://") || strings.HasPrefix(to, "#") {
		return to
	}
	file, anchor, hasAnchor := strings.Cut(to, "#")
	if hasAnchor {
		anchor = "#" + anchor
	}
	file = path.Join(path.Dir(r.p.name), file)
	switch {
	case slices.Contains(r.w.texts(), file):
		return htmlName(file) + anchor
	case strings.HasPrefix(file, "steps/pictures/"):
		return strings.TrimPrefix(file, "steps/")
	case path.Ext(file) == "":
		return ""
	}
	return "code/" + file + anchor
}

// highlight returns the lines of a block of code as HTML. In a diff the code on its lines is what is
// highlighted, and what goes and comes is marked besides.
func highlight(lang, text string) []string {
	lines := codeLines(text)
	prefixes := make([]string, len(lines))
	if lang == "diff" {
		lang = "go"
		for i, line := range lines {
			switch {
			case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "@@"):
				prefixes[i], lines[i] = line, ""
			case line != "":
				prefixes[i], lines[i] = line[:1], line[1:]
			}
		}
	}
	shown := tokens(lang, strings.Join(lines, "\n")+"\n")
	for i := range shown {
		escaped := html.EscapeString(prefixes[i])
		switch {
		case prefixes[i] == "+":
			shown[i] = "<ins>+" + shown[i] + "</ins>"
		case prefixes[i] == "-":
			shown[i] = "<del>-" + shown[i] + "</del>"
		case len(prefixes[i]) > 1:
			shown[i] = "<b>" + escaped + "</b>"
		default:
			shown[i] = escaped + shown[i]
		}
	}
	return shown
}

// tokens returns the lines of code as HTML, with a span for keywords, texts, numbers and comments.
func tokens(lang, code string) []string {
	lexer := lexers.Get(lang)
	if lexer == nil || lang == "text" || lang == "console" {
		return codeLines(html.EscapeString(code))
	}
	all, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root", EnsureLF: true}, code)
	if err != nil {
		return codeLines(html.EscapeString(code))
	}
	var shown []string
	for _, line := range chroma.SplitTokensIntoLines(all.Tokens()) {
		var b strings.Builder
		for _, t := range line {
			text := html.EscapeString(strings.TrimSuffix(t.Value, "\n"))
			if class := tokenClass(t.Type); class != "" && text != "" {
				text = fmt.Sprintf("<span class=\"%s\">%s</span>", class, text)
			}
			b.WriteString(text)
		}
		shown = append(shown, b.String())
	}
	return shown[:min(len(shown), len(codeLines(code)))]
}

func tokenClass(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Comment):
		return "comment"
	case t.InCategory(chroma.Keyword):
		return "keyword"
	case t.InSubCategory(chroma.LiteralString):
		return "string"
	case t.InSubCategory(chroma.LiteralNumber):
		return "number"
	}
	return ""
}
