package main

import (
	_ "embed"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// knownNames are the names that texts may use though they are not in our code.
//
//go:embed known.txt
var knownNames string

var (
	identifier = regexp.MustCompile(`[A-Za-z_]\w*`)
	dottedName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(\))?$`)
	function   = regexp.MustCompile(`(?m)^func (?:\(\w* ?\*?(\w+)\) )?(\w+)|\w\.(\w+)\(|function (\w+)\(`)
	fileName   = regexp.MustCompile(`(?:^|[\s("'])((?:[\w.-]+/)*[\w.-]*\w\.(?:go|js|html|css|md|yml|mod|sum|json))(?:$|[\s),.;:!?"'])`)
	folderName = regexp.MustCompile(`^(?:steps|raw|library|frontend|work)(?:/[\w.-]+)*/?$`)
	foreign    = regexp.MustCompile(`(?:^|/)(?:node_modules|testdata|[._][^/]+)$|^(?:work|vendor|steps/tools/lessons)$`)
	stepFile   = regexp.MustCompile(`^(?:work|steps/0N)/`)
)

// learn takes in every name in our code, and the functions: "name" for each that is
// declared or called, and for methods "type." and "type.name".
func (w *workshop) learn() {
	fs.WalkDir(os.DirFS(w.root), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case e.IsDir() && name != "." && foreign.MatchString(name):
			return fs.SkipDir
		case !slices.Contains([]string{".go", ".js", ".html", ".css", ".yml", ".mod"}, path.Ext(name)):
			return nil
		}
		text := w.read(name)
		for _, word := range identifier.FindAllString(text, -1) {
			w.words[word] = true
		}
		for _, m := range function.FindAllStringSubmatch(text, -1) {
			w.funcs[m[2]+m[3]+m[4]] = true
			w.funcs[m[1]+"."], w.funcs[m[1]+"."+m[2]] = true, true
		}
		return nil
	})
	for _, line := range strings.Split(knownNames, "\n") {
		line, _, _ = strings.Cut(line, "#")
		for _, name := range strings.Fields(line) {
			name, isFunc := strings.CutSuffix(name, "()")
			w.words[name] = true
			w.funcs[name] = w.funcs[name] || isFunc
		}
	}
}

// checkNames refuses what is named, linked or run, and is not there or cannot work.
func (w *workshop) checkNames(p *page) (problems []problem) {
	refuse := func(line int, why string) {
		if why != "" {
			problems = append(problems, p.problem(line, "%s", why))
		}
	}
	for n := range p.nodes() {
		line, content := p.content(n)
		switch n := n.(type) {
		case *ast.Link:
			refuse(line, w.refuseLink(p, string(n.Destination)))
		case *ast.Image:
			refuse(line, w.refuseLink(p, string(n.Destination)))
		case *ast.CodeSpan:
			refuse(line, w.refuseName(p, content))
			if inlineCmd.MatchString(content) {
				refuse(line, w.refuseCommand(content))
			}
		case *ast.Text:
			for _, m := range fileName.FindAllStringSubmatch(content, -1) {
				if n.Parent().Kind() != ast.KindCodeSpan && !w.hasFile(p, m[1]) {
					refuse(line, "there is no file "+m[1])
				}
			}
		case *ast.CodeBlock: // indented
			for i, command := range strings.Split(string(n.Lines().Value([]byte(p.source))), "\n") {
				if inlineCmd.MatchString(command) {
					refuse(line+i, w.refuseCommand(command))
				}
			}
		}
	}
	for _, f := range p.fences {
		for i, line := range f.body {
			command, isPrompt := strings.CutPrefix(line, "$ ")
			if isPrompt && f.info == "console" || f.info == "sh" && f.comment.kind != "run" {
				refuse(f.line+1+i, w.refuseCommand(command))
			}
		}
	}
	return problems
}

// refuseName says what is wrong with a name, or "". What is no name is right.
func (w *workshop) refuseName(p *page, name string) string {
	switch m := fileName.FindStringSubmatch(name); {
	case m != nil && m[1] == name:
		if !w.hasFile(p, name) {
			return "there is no file " + name
		}
	case folderName.MatchString(name):
		if !w.mayExist(name) {
			return "there is no folder " + name
		}
	case dottedName.MatchString(name) && strings.HasSuffix(name, "()"):
		name = strings.TrimSuffix(name, "()")
		dot := strings.LastIndexByte(name, '.') + 1
		// in front of a method stands its type, or any variable or package
		if !w.funcs[name] && (w.funcs[name[:dot]] || !w.funcs[name[dot:]]) {
			return fmt.Sprintf("`%s()`: there is no such function (others than ours stand in steps/tools/lessons/known.txt)", name)
		}
	case dottedName.MatchString(name) && !w.words[name]:
		for _, part := range strings.Split(name, ".") {
			if !w.words[part] {
				return fmt.Sprintf("`%s`: the code has no %s", name, part)
			}
		}
	}
	return ""
}

// hasFile reports whether a file exists that a text names: from the top, beside the text,
// or in a step, a server or the page.
func (w *workshop) hasFile(p *page, name string) bool {
	if strings.HasPrefix(name, ".") && path.Ext(name) == name || w.words[name] {
		return true // an extension; or known
	}
	name = stepFile.ReplaceAllString(name, "")
	dirs := []string{".", path.Dir(p.name), "raw", "frontend", "steps"}
	for _, l := range lessons {
		dirs = append(dirs, l.to)
	}
	return slices.ContainsFunc(dirs, func(dir string) bool { return w.exists(path.Join(dir, name)) })
}

// mayExist reports whether a folder is there, or is the attendee's own.
func (w *workshop) mayExist(name string) bool {
	name = path.Clean(strings.ReplaceAll(name, "0N", "01"))
	return name == "work" || strings.HasPrefix(name, "work/") || w.exists(name)
}

// refuseLink says what is wrong with a link, or "". Other hosts are not asked.
func (w *workshop) refuseLink(p *page, target string) string {
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() {
		return ""
	}
	name, other := p.name, p
	if u.Path != "" {
		name = path.Join(path.Dir(p.name), u.Path)
		other = parse(name, w.read(name))
	}
	switch {
	case !w.exists(name):
		return fmt.Sprintf("the link leads to %s, which is not there", name)
	case u.Fragment != "" && path.Ext(name) != ".md":
		return fmt.Sprintf("the link leads into %s: a line number does not stay what it is", name)
	case u.Fragment != "" && !other.anchors()[u.Fragment]:
		return fmt.Sprintf("%s has no heading #%s", name, u.Fragment)
	}
	return ""
}
