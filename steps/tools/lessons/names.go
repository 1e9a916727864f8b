package main

import (
	_ "embed"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// knownNames are the names that texts may use though they are not in our code, one a line.
//
//go:embed known.txt
var knownNames string

var (
	identifier = regexp.MustCompile(`[A-Za-z_]\w*`)
	dottedName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(\))?$`)
	goFunc     = regexp.MustCompile(`(?m)^func (?:\(\w* ?\*?(\w+)\) )?(\w+)`)
	methodCall = regexp.MustCompile(`\w\.(\w+)\(`)
	jsFunc     = regexp.MustCompile(`(?m)function (\w+)\(`)
	fileName   = regexp.MustCompile(`(?:^|[\s("'\x60])((?:[\w.-]+/)*[\w.-]*\w\.(?:go|js|html|css|md|yml|mod|sum|json))(?:$|[\s),.;:!?"'\x60])`)
	folderName = regexp.MustCompile(`^(?:steps|raw|library|frontend|work)(?:/[\w.-]+)*/?$`)
	foreign    = regexp.MustCompile(`(?:^|/)(?:node_modules|testdata|[._][^/]+)$|^(?:work|vendor|steps/tools/lessons)$`)
	stepFile   = regexp.MustCompile(`^(?:work|steps/0N)/`)
)

// vocabulary returns every name in our code, and the functions: "name" for each that is
// declared or called, and "type.name" for methods.
func vocabulary(files fs.FS) (words, funcs map[string]bool) {
	words, funcs = make(map[string]bool), make(map[string]bool)
	fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case e.IsDir() && foreign.MatchString(name):
			return fs.SkipDir
		case strings.Contains(".go .js .html .css .yml .mod", path.Ext(name)) && path.Ext(name) != "":
			b, _ := fs.ReadFile(files, name)
			learn(string(b), words, funcs)
		}
		return nil
	})
	for _, name := range knownList() {
		words[name] = true
		funcs[strings.TrimSuffix(name, "()")] = strings.HasSuffix(name, "()")
	}
	return words, funcs
}

// knownList returns the lines of known.txt without comments.
func knownList() (names []string) {
	for _, line := range strings.Split(knownNames, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			names = append(names, line)
		}
	}
	return names
}

// learn adds the names in a file.
func learn(text string, words, funcs map[string]bool) {
	for _, word := range identifier.FindAllString(text, -1) {
		words[word] = true
	}
	for _, m := range goFunc.FindAllStringSubmatch(text, -1) {
		funcs[m[2]] = true
		if m[1] != "" {
			funcs[m[1]+"."+m[2]] = true
		}
	}
	for _, m := range methodCall.FindAllStringSubmatch(text, -1) {
		funcs[m[1]] = true // of a package or an object that is not ours
	}
	for _, m := range jsFunc.FindAllStringSubmatch(text, -1) {
		funcs[m[1]] = true
	}
}

// checkNames refuses names in `code` that are nowhere in ours, and files that are not there.
func (w *workshop) checkNames(d *doc) (problems []problem) {
	for _, s := range d.spans {
		if why := w.refuseName(d, s.text); why != "" {
			problems = append(problems, d.problem(s.line, why))
		}
	}
	for i := range d.lines {
		for _, m := range fileName.FindAllStringSubmatch(d.prose(i), -1) {
			if !w.hasFile(d, m[1]) && !w.words[m[1]] {
				problems = append(problems, d.problem(i+1, fmt.Sprintf("there is no file %s", m[1])))
			}
		}
	}
	return problems
}

// refuseName says what is wrong with a name, or "". What is no name is right.
func (w *workshop) refuseName(d *doc, name string) string {
	switch m := fileName.FindStringSubmatch(name); {
	case m != nil && m[1] == name:
		if !w.hasFile(d, name) && !w.words[name] {
			return fmt.Sprintf("there is no file %s", name)
		}
	case folderName.MatchString(name):
		if !w.mayExist(path.Clean(name)) {
			return fmt.Sprintf("there is no folder %s", name)
		}
	case dottedName.MatchString(name) && strings.HasSuffix(name, "()"):
		return w.refuseFunc(strings.TrimSuffix(name, "()"))
	case dottedName.MatchString(name) && !w.words[name]:
		for _, part := range strings.Split(name, ".") {
			if !w.words[part] {
				return fmt.Sprintf("`%s`: the code has no %s", name, part)
			}
		}
	}
	return ""
}

// refuseFunc says that there is no such function, or "". The name of a type in front has
// to be that of the method; any other name in front may be a variable or a package.
func (w *workshop) refuseFunc(name string) string {
	owner, method := "", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		owner, method = name[:i], name[i+1:]
	}
	switch {
	case w.funcs[name]:
		return ""
	case w.isType(owner), !w.funcs[method]:
		return fmt.Sprintf("`%s()`: there is no such function (others than ours stand in steps/tools/lessons/known.txt)", name)
	}
	return ""
}

// isType reports whether a type of ours with methods has this name.
func (w *workshop) isType(name string) bool {
	if name == "" {
		return false
	}
	for f := range w.funcs {
		if strings.HasPrefix(f, name+".") {
			return true
		}
	}
	return false
}

// hasFile reports whether a file exists that a text names: from the top, beside the text,
// or in a step, a server or the page.
func (w *workshop) hasFile(d *doc, name string) bool {
	if strings.HasPrefix(name, ".") && path.Ext(name) == name || w.words[name] {
		return true // an extension; or known
	}
	name = stepFile.ReplaceAllString(name, "")
	dirs := []string{".", path.Dir(d.name), "raw", "library", "frontend", "steps"}
	for n := range 6 {
		dirs = append(dirs, stepDir(n+1))
	}
	for _, dir := range dirs {
		if w.exists(path.Join(dir, name)) {
			return true
		}
	}
	return false
}

// checkLinks refuses links to files and headings that are not there, and to line numbers,
// which drift.
func (w *workshop) checkLinks(d *doc) (problems []problem) {
	for _, l := range d.links {
		if why := w.refuseLink(d, l.text); why != "" {
			problems = append(problems, d.problem(l.line, why))
		}
	}
	return problems
}

// refuseLink says what is wrong with a link, or "". Other hosts are not asked.
func (w *workshop) refuseLink(d *doc, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return err.Error()
	}
	if u.IsAbs() {
		return ""
	}
	name, other := d.name, d
	if u.Path != "" {
		name = path.Join(path.Dir(d.name), u.Path)
		if !w.exists(name) {
			return fmt.Sprintf("the link leads to %s, which is not there", name)
		}
	}
	if u.Fragment == "" {
		return ""
	}
	if path.Ext(name) != ".md" {
		return fmt.Sprintf("the link leads into %s: a line number does not stay what it is", name)
	}
	if name != d.name {
		other = parse(name, w.read(name))
	}
	if !other.anchors()[u.Fragment] {
		return fmt.Sprintf("%s has no heading #%s", name, u.Fragment)
	}
	return ""
}
