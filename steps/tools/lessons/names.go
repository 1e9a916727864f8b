package main

import (
	_ "embed"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// known are the names that texts may use though they are not in our code.
//
//go:embed known.txt
var known string

var (
	identifier = regexp.MustCompile(`[A-Za-z_]\w*`)
	dottedName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(\))?$`)
	function   = regexp.MustCompile(`(?m)^func (?:\(\w* ?\*?(\w+)\) )?(\w+)|\w\.(\w+)\(|function (\w+)\(`)
	fileName   = regexp.MustCompile(`(?:^|[\s("'])((?:[\w.-]+/)*[\w.-]*\w\.(?:go|js|html|css|md|yml|mod|sum|json))(?:$|[\s),.;:!?"'])`)
	folderName = regexp.MustCompile(`^(?:steps|raw|library|frontend|work)(?:/[\w.-]+)*/?$`)
	foreign    = regexp.MustCompile(`(?:^|/)(?:node_modules|testdata|[._][^/]+)$|^(?:work|vendor|steps/tools/lessons)$`)
)

// learn takes in the names of our files and folders (with any folders in front), those in
// the code, "name()" for what is declared or called as a function, "type.name()" for
// methods, and "type.()" for their types.
func (w *workshop) learn() {
	fs.WalkDir(os.DirFS(w.root), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name != "." && e.IsDir() && foreign.MatchString(name) {
			return fs.SkipDir
		}
		for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
			w.names[rest] = true
		}
		if !slices.Contains([]string{".go", ".js", ".html", ".css", ".yml", ".mod"}, path.Ext(name)) {
			return nil
		}
		text := w.read(name)
		for _, word := range identifier.FindAllString(text, -1) {
			w.names[word] = true
		}
		for _, m := range function.FindAllStringSubmatch(text, -1) {
			w.names[m[2]+m[3]+m[4]+"()"], w.names[m[1]+"."+m[2]+"()"], w.names[m[1]+".()"] = true, true, true
		}
		return nil
	})
	for _, name := range strings.Fields(known) {
		w.names[name] = true
	}
}

// has reports whether there is a file or folder of a name; an attendee has all in work/.
func (w *workshop) has(name string) bool {
	name = path.Clean(name)
	for _, own := range []string{"work/", "steps/0N/"} {
		name = strings.TrimPrefix(name, own)
	}
	return name == "work" || name == "steps/0N" || name == path.Ext(name) || w.names[name] || w.exists(name)
}

// checkNames refuses what is named, linked or run, and is not there or cannot work.
func (w *workshop) checkNames(p *page) {
	for n := range nodes(p.root) {
		line, content := p.content(n)
		switch n := n.(type) {
		case *ast.Link:
			w.checkLink(p, line, string(n.Destination))
		case *ast.Image:
			w.checkLink(p, line, string(n.Destination))
		case *ast.CodeSpan:
			w.checkName(p, line, content)
			if inlineCmd.MatchString(content) {
				w.checkCommand(p, line, content)
			}
		case *ast.Text:
			for _, m := range fileName.FindAllStringSubmatch(content, -1) {
				if n.Parent().Kind() != ast.KindCodeSpan && !w.has(m[1]) {
					p.say(line, "there is no file %s", m[1])
				}
			}
		case *ast.CodeBlock: // indented
			for i, command := range strings.Split(string(n.Lines().Value([]byte(p.source))), "\n") {
				if inlineCmd.MatchString(command) {
					w.checkCommand(p, line+i, command)
				}
			}
		}
	}
	for _, f := range p.fences {
		for i, line := range f.body {
			command, isPrompt := strings.CutPrefix(line, "$ ")
			if isPrompt && f.info == "console" || f.info == "sh" && f.mark.kind != "run" {
				w.checkCommand(p, f.line+1+i, command)
			}
		}
	}
}

// checkName refuses a name that is nowhere in our code, or a file that is not there.
func (w *workshop) checkName(p *page, line int, name string) {
	m := fileName.FindStringSubmatch(name)
	switch {
	case m != nil && m[1] == name || folderName.MatchString(name):
		if !w.has(name) {
			p.say(line, "there is no %s", name)
		}
	case strings.HasSuffix(name, "()") && dottedName.MatchString(name):
		// in front of a method stands its type, or any variable or package
		dot := strings.LastIndexByte(name, '.') + 1
		if !w.names[name] && (w.names[name[:dot]+"()"] || !w.names[name[dot:]]) {
			p.say(line, "there is no function %s (others than ours stand in known.txt)", name)
		}
	case dottedName.MatchString(name) && !w.names[name]:
		for _, part := range strings.Split(name, ".") {
			if !w.names[part] {
				p.say(line, "%s: the code has no %s", name, part)
			}
		}
	}
}

// checkLink refuses a link to a file or heading that is not there, and to a line number,
// which drifts. Other hosts are not asked.
func (w *workshop) checkLink(p *page, line int, target string) {
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() {
		return
	}
	name, other := p.name, p
	if u.Path != "" {
		name = path.Join(path.Dir(p.name), u.Path)
		other = parse(name, w.read(name))
	}
	isHeading := func(n ast.Node) bool {
		id, ok := n.AttributeString("id")
		return ok && string(id.([]byte)) == u.Fragment
	}
	switch {
	case !w.exists(name):
		p.say(line, "the link leads to %s, which is not there", name)
	case u.Fragment != "" && filepath.Ext(name) != ".md":
		p.say(line, "the link leads into %s: a line number does not stay what it is", name)
	case u.Fragment != "" && !slices.ContainsFunc(slices.Collect(nodes(other.root)), isHeading):
		p.say(line, "%s has no heading #%s", name, u.Fragment)
	}
}
