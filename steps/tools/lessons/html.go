package main

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"log"
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
	gmhtml "github.com/yuin/goldmark/renderer/html"
	gmtext "github.com/yuin/goldmark/text"

	"websocket-workshop/steps/tools/stepcode"
)

// htmlDir holds the texts as HTML: the learn page embeds them, so that it needs no library and no
// network.
const htmlDir = "steps/tools/learn/lessons"

// htmlName returns the name that a text has as HTML: steps/03.md is 03.html, library/README.md
// is library.html.
func htmlName(name string) string {
	short := strings.NewReplacer("steps/", "", "library/README", "library", "library/", "library-",
		"README", "index", ".md", ".html")
	return strings.ToLower(short.Replace(name))
}

// htmlFiles returns the files of htmlDir by their names: the texts, and what each step adds.
func (w *workshop) htmlFiles() map[string]string {
	files := make(map[string]string)
	for _, name := range w.texts() {
		files[htmlDir+"/"+htmlName(name)] = w.toHTML(parse(name, w.read(name)))
	}
	for n := 1; n <= stepcode.Library; n++ {
		name := strings.TrimSuffix(htmlName(stepcode.Lesson(n)), ".html") + "-diff.html"
		files[htmlDir+"/"+name] = w.diffHTML(n)
	}
	return files
}

// checkHTML reports files in htmlDir that are out of date, or writes them.
func (w *workshop) checkHTML(update bool) (problems []problem) {
	fresh := w.htmlFiles()
	for _, name := range w.glob(htmlDir + "/*") {
		if fresh[name] == "" {
			problems = append(problems, problem{says: "nothing makes " + name + " any more: remove it"})
		}
	}
	for name, text := range fresh {
		if text != w.read(name) && update {
			w.write(name, text)
		} else if text != w.read(name) {
			problems = append(problems, problem{says: name + " is stale: task lessons"})
		}
	}
	return problems
}

var htmlMaker = goldmark.New(goldmark.WithExtensions(extension.Table),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()), goldmark.WithRendererOptions(gmhtml.WithUnsafe()))

// toHTML returns a text as the body of a page: its links lead to the other pages, its pictures to
// pictures/, and links to any other file of the workshop to code/. Marks are left out. A block of code
// is a figure, whose data attributes contain its mark.
func (w *workshop) toHTML(p *page) string {
	source := []byte(withoutMarks(p.source))
	root := htmlMaker.Parser().Parse(gmtext.NewReader(source))
	fences := p.fences
	for _, n := range slices.Collect(nodes(root)) {
		switch n := n.(type) {
		case *ast.Link:
			n.Destination = w.address(p, n.Destination)
		case *ast.Image:
			n.Destination = w.address(p, n.Destination)
		case *ast.FencedCodeBlock:
			f := fences[0]
			fences = fences[1:]
			kind, of, _ := strings.Cut(f.mark.title, ": ")
			data := fmt.Sprintf("data-kind=\"%s\" data-of=\"%s\" data-lang=\"%s\"",
				html.EscapeString(kind), html.EscapeString(of), f.info)
			code := ast.NewString([]byte(figure(data, "", f.info, slices.Clone(f.body))))
			code.SetCode(true) // it is rendered unchanged
			n.Parent().ReplaceChild(n.Parent(), n, code)
		}
	}
	var b bytes.Buffer
	if err := htmlMaker.Renderer().Render(&b, source, root); err != nil {
		log.Fatalf("%s: %v", p.name, err)
	}
	return b.String()
}

// address returns where a link leads from a page. A link to a folder leads to its main.go.
func (w *workshop) address(p *page, destination []byte) []byte {
	to := string(destination)
	if rest, ok := strings.CutPrefix(to, "http://localhost:8080/frame.html"); ok {
		return []byte("frame.html" + rest) // the learn page and the site also have it
	}
	if strings.Contains(to, "://") || strings.HasPrefix(to, "#") {
		return destination
	}
	file, _, _ := strings.Cut(to, "#")
	anchor := strings.TrimPrefix(to, file) // with its #
	file = path.Join(path.Dir(p.name), file)
	switch picture, isPicture := strings.CutPrefix(file, "steps/pictures/"); {
	case slices.Contains(w.texts(), file):
		return []byte(htmlName(file) + anchor)
	case isPicture:
		return []byte("pictures/" + picture)
	case path.Ext(file) == "":
		file += "/main.go"
	}
	return []byte("code/" + file + anchor)
}

var (
	diffEnd = regexp.MustCompile(`((?m:^ .*\n){3})(?m:^ .*\n)+\z`)
	diffGap = regexp.MustCompile(`(\A|(?m:^ .*\n){3})(?m:^ .*\n)+((?m:^ .*\n){3})`)
)

// diffHTML returns what a step adds to the previous one, file by file, with three lines around each
// change.
func (w *workshop) diffHTML(n int) (all string) {
	step, err := stepcode.Read(w.files, n)
	if err != nil {
		return html.EscapeString(err.Error())
	}
	for _, name := range step.Files() {
		if step.Before[name] != step.After[name] {
			whole := strings.Join(diff(step.Before[name], step.After[name]), "\n") + "\n"
			near := diffGap.ReplaceAllString(diffEnd.ReplaceAllString(whole, "$1"), "$1@@ …\n$2")
			caption := "<figcaption><code>" + name + "</code></figcaption>"
			all += figure(`data-kind="diff"`, caption, "diff", codeLines(near))
		}
	}
	return all
}

// inDiff matches what is not code in a line of a diff: its sign, or the whole line.
var inDiff = regexp.MustCompile(`^(?:\+\+\+.*|@@.*|.?)`)

// figure returns lines of code as HTML. In a diff, the code is highlighted, and removed and added lines
// are also marked.
func figure(data, caption, lang string, lines []string) string {
	signs := make([]string, len(lines))
	if lang == "diff" {
		lang = "go"
		for i, line := range lines {
			signs[i] = inDiff.FindString(line)
			lines[i] = line[len(signs[i]):]
		}
	}
	shown := tokens(lang, strings.Join(lines, "\n")+"\n")
	for i, sign := range signs {
		switch shown[i] = html.EscapeString(sign) + shown[i]; {
		case sign == "+":
			shown[i] = "<ins>" + shown[i] + "</ins>"
		case sign == "-":
			shown[i] = "<del>" + shown[i] + "</del>"
		case len(sign) > 1:
			shown[i] = "<b>" + shown[i] + "</b>"
		}
	}
	return fmt.Sprintf("<figure class=\"code\" %s>%s<pre tabindex=\"0\"><code>%s</code></pre></figure>\n",
		data, caption, strings.Join(shown, "\n"))
}

// classes has the CSS classes of the tokens that stand out.
var classes = map[chroma.TokenType]string{
	chroma.Comment: "comment", chroma.Keyword: "keyword", chroma.LiteralString: "string",
	chroma.LiteralNumber: "number",
}

// tokens returns the lines of code as HTML, with a span for keywords, texts, numbers and comments.
func tokens(lang, code string) (shown []string) {
	lexer := lexers.Get(lang)
	if lexer == nil || lang == "console" {
		lexer = lexers.Fallback
	}
	all, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root", EnsureLF: true}, code)
	if err != nil {
		return codeLines(html.EscapeString(code))
	}
	for _, line := range chroma.SplitTokensIntoLines(all.Tokens()) {
		text := ""
		for _, t := range line {
			word := html.EscapeString(strings.TrimSuffix(t.Value, "\n"))
			class := cmp.Or(classes[t.Type.SubCategory()], classes[t.Type.Category()])
			if class != "" && word != "" {
				word = fmt.Sprintf("<span class=\"%s\">%s</span>", class, word)
			}
			text += word
		}
		shown = append(shown, text)
	}
	return shown[:min(len(shown), len(codeLines(code)))]
}
