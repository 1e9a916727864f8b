package main

import (
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"go.yaml.in/yaml/v3"
)

// known lists the names that texts may use though they are not in our code.
var known = strings.Fields("Node.js bufferedAmount fg fetch() len() uint64()")

var (
	identifier = regexp.MustCompile(`[A-Za-z_]\w*`)
	dottedName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(\))?$`)
	function   = regexp.MustCompile(`(?m)^func (?:\(\w* ?\*?(\w+)\) )?(\w+)|\w\.(\w+)\(|function (\w+)\(`)
	fileName   = regexp.MustCompile(`(?:^|[\s("'])` +
		`((?:[\w.-]+/)*[\w.-]*\w\.(?:go|js|html|css|md|yml|mod|sum|json))(?:$|[\s),.;:!?"'])`)
	tag        = regexp.MustCompile(`<[^>]*>`)
	call       = regexp.MustCompile(`^([A-Za-z_][\w.]*)\([^()]*\)$`)
	folderName = regexp.MustCompile(`^(?:steps|raw|library|frontend|work)(?:/[\w.-]+)*/?$`)
	flagDecl   = regexp.MustCompile(`\bflags?\.\w+\((?:&[\w.]+, )?"([\w-]+)"`)
	toolCode   = regexp.MustCompile(`^steps/tools/\w+/[\w/]*\.go$`)
	foreign    = regexp.MustCompile(`(?:^|/)(?:node_modules|[._][^/]+)$|` +
		`^(?:work|vendor|steps/tools/lessons)$`)
)

// learn collects the names of our files and folders (with any number of their parent folders), and
// those in the code: "name()" for functions that are declared or called, "type.name()" for methods, and
// "type.()" for their types; and "folder -name" for the flags of the program in a folder.
func (w *workshop) learn() {
	w.names, w.tools = make(map[string]bool), ""
	fs.WalkDir(w.files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name != "." && e.IsDir() && foreign.MatchString(name) {
			return fs.SkipDir
		}
		for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
			if !toolCode.MatchString(name) || strings.Contains(rest, "/") { // frame.go is an attendee's
				w.names[rest] = true
			}
		}
		if !slices.Contains([]string{".go", ".js", ".html", ".css", ".yml", ".mod"}, path.Ext(name)) {
			return nil
		}
		text := w.read(name)
		isTest, isData := strings.HasSuffix(name, "_test.go"), strings.Contains(name, "/testdata/")
		if toolCode.MatchString(name) && isTest == isData { // with the unit tests for attendees
			w.tools += text
		}
		for _, m := range flagDecl.FindAllStringSubmatch(text, -1) {
			w.names[path.Dir(name)+" -"+m[1]] = true
		}
		for _, word := range identifier.FindAllString(text, -1) {
			w.names[word] = true
		}
		for _, m := range function.FindAllStringSubmatch(text, -1) {
			w.names[m[2]+m[3]+m[4]+"()"], w.names[m[1]+"."+m[2]+"()"], w.names[m[1]+".()"] = true, true, true
		}
		return nil
	})
	for _, name := range known {
		w.names[name] = true
	}
}

// has reports whether there is a file or folder of this name; for an attendee, all are in work/.
func (w *workshop) has(name string) bool {
	name = strings.TrimPrefix(path.Clean(name), "work/")
	return name == "work" || w.names[name] || w.exists(name)
}

// checkNames reports names, links and commands that do not exist or cannot work.
func (w *workshop) checkNames(p *page) {
	for n := range nodes(p.root) {
		line := p.lineAt(max(n.Pos(), 0))
		switch n := n.(type) {
		case *ast.Link:
			w.checkLink(p, line, string(n.Destination))
		case *ast.Image:
			w.checkLink(p, line, string(n.Destination))
		case *ast.CodeSpan:
			var words []string
			for n := range nodes(n) {
				if t, ok := n.(*ast.Text); ok {
					words = append(words, strings.Fields(string(t.Value([]byte(p.source))))...)
				}
			}
			code := strings.Join(words, " ")
			w.checkName(p, line, code)
			if inlineCmd.MatchString(code) {
				w.checkCommand(p, line, code)
			}
		case *ast.Text:
			for _, m := range fileName.FindAllStringSubmatch(string(n.Value([]byte(p.source))), -1) {
				if n.Parent().Kind() != ast.KindCodeSpan && !w.has(m[1]) {
					p.say(line, "there is no file %s", m[1])
				}
			}
		case *ast.CodeBlock: // indented
			for i, command := range codeLines(string(n.Lines().Value([]byte(p.source)))) {
				w.checkCommand(p, line+i, command)
			}
		}
	}
	for _, f := range p.fences {
		// only commands, and text from elsewhere, need no mark
		if f.mark.kind == "" && !slices.Contains([]string{"sh", "text", "json"}, f.info) {
			p.say(f.line, "over this block no mark says where it comes from, and it is not marked sh or text")
		}
		for i, line := range f.body {
			command, isPrompt := strings.CutPrefix(line, "$ ")
			if isPrompt && f.info == "console" || f.info == "sh" && f.mark.kind == "" {
				w.checkCommand(p, f.line+1+i, command)
			}
		}
	}
}

// checkWords reports files that a picture or a page names and that do not exist.
func (w *workshop) checkWords(p *page) {
	for i, line := range strings.Split(p.source, "\n") {
		for _, m := range fileName.FindAllStringSubmatch(tag.ReplaceAllString(line, " "), -1) {
			if !w.has(m[1]) {
				p.say(i+1, "there is no file %s", m[1])
			}
		}
	}
}

// checkName reports a name that is nowhere in our code, or a file that does not exist.
func (w *workshop) checkName(p *page, line int, name string) {
	m := fileName.FindStringSubmatch(name)
	name = call.ReplaceAllString(name, "$1()")
	dot := strings.LastIndexByte(name, '.') + 1
	switch {
	case m != nil && m[1] == name || folderName.MatchString(name):
		if !w.has(name) {
			p.say(line, "there is no %s", name)
		}
	case w.names[name] || !dottedName.MatchString(name):
	case strings.HasSuffix(name, "()"):
		// before a method comes its type, or any variable or package
		if w.names[name[:dot]+"()"] || !w.names[name[dot:]] {
			p.say(line, "there is no function %s (others than ours stand in steps/tools/lessons/names.go)", name)
		}
	default:
		for _, part := range strings.Split(name, ".") {
			if !w.names[part] {
				p.say(line, "%s: the code has no %s", name, part)
			}
		}
	}
}

// checkLink reports a link to a file or heading that does not exist, or to a line number, which drifts.
// It does not check links to other hosts.
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
	case u.Fragment != "" && path.Ext(name) != ".md":
		p.say(line, "the link leads into %s: a line number does not stay what it is", name)
	case u.Fragment != "" && !slices.ContainsFunc(slices.Collect(nodes(other.root)), isHeading):
		p.say(line, "%s has no heading #%s", name, u.Fragment)
	}
}

var (
	inlineCmd = regexp.MustCompile(`^(task|go (run|test|build|vet|mod|get|install)|git diff)( |$)`)
	aside     = regexp.MustCompile(`^(\w+=\S* )+|(^| )#.*`) // variables before a command, and comments
	goRun     = regexp.MustCompile(`^go run (?:-C (\S+) )?(\.\S*)(.*)`)
	aFlag     = regexp.MustCompile(` --?([\w-]+)`)

	// others lists commands of which only the beginning is known.
	others = regexp.MustCompile(`^(cd|git (clone|switch|diff)|go (run|test|build|vet|version|env|mod|get)|` +
		`task --list|curl|npm|npx|rm)( |$)`)
)

// checkCommand reports a command that cannot work.
func (w *workshop) checkCommand(p *page, at int, line string) {
	line = aside.ReplaceAllString(line, "")
	words, base := strings.Fields(line), "."
	for i, word := range words {
		isPath := strings.HasPrefix(word, "./") || folderName.MatchString(word)
		if isPath && !w.has(path.Join(base, strings.TrimSuffix(word, "..."))) {
			p.say(at, "there is no %s", word)
		} else if i > 0 && words[i-1] == "-C" {
			base = word
		}
	}
	if m := goRun.FindStringSubmatch(line); m != nil { // what follows the folder is for that program
		dir := strings.Replace(path.Join(m[1], m[2]), "work", "raw", 1)
		for _, flag := range aFlag.FindAllStringSubmatch(m[3], -1) {
			if !w.names[dir+" -"+flag[1]] {
				p.say(at, "%s has no flag -%s", m[2], flag[1])
			}
		}
	}
	switch {
	case len(words) == 0 || others.MatchString(line):
	case words[0] == "task":
		name, args, _ := strings.Cut(strings.TrimPrefix(line, "task "), " -- ")
		plain, ok := w.plain(name)
		if line != "task" && !ok {
			p.say(at, "task %s: Taskfile.yml has no such task", name)
		} else if args != "" && strings.HasPrefix(plain, "go run ") {
			w.checkCommand(p, at, plain+" "+args)
		}
	case !strings.HasPrefix(line, "go install ") || !strings.Contains(w.read(".ci/run"), words[len(words)-1]):
		p.say(at, "%s: no test runs this (.ci/run may install another version), and it is no task", line)
	}
}

// plain returns the command that does the same as a task, without Task, or "", and whether Taskfile.yml
// has such a task for people. A program that a task builds and then runs is run from its source. A file
// that isn't YAML has no tasks.
func (w *workshop) plain(name string) (command string, ok bool) {
	var file struct {
		Tasks map[string]struct {
			Internal bool
			Cmd      string
			Cmds     []yaml.Node // lines for the shell, or calls of other tasks
		}
	}
	yaml.Unmarshal([]byte(w.read("Taskfile.yml")), &file)
	t, ok := file.Tasks[strings.ReplaceAll(name, "-N", "-2")]
	ok = ok && !t.Internal
	var call struct {
		Task string
		Vars map[string]string
	}
	if len(t.Cmds) == 1 && t.Cmds[0].Decode(&call) == nil {
		t = file.Tasks[call.Task]
	}
	command = t.Cmd
	if len(t.Cmds) > 0 {
		command = t.Cmds[len(t.Cmds)-1].Value // those before it build
	}
	instead := []string{
		`./.bin/serve{{exeExt}} -o .bin/{{.DIR | replace "/" "-"}}{{exeExt}} `, "go run ./",
		"./.bin/", "go run ./steps/tools/", "{{exeExt}}", "", " {{.CLI_ARGS}}", "",
		"git --no-pager ", "git ", " || test $? -eq 1", "",
	}
	for name, value := range call.Vars {
		instead = append(instead, "{{."+name+"}}", value)
	}
	return strings.NewReplacer(instead...).Replace(command), ok
}

var (
	taskRow  = regexp.MustCompile("(?m)^\\| `task ([\\w-]+)` \\| `([^`]+)` \\|")
	prints   = regexp.MustCompile(`(?m)^\|.*\| the check prints \|.*\n(\|.*\n)+`)
	codeSpan = regexp.MustCompile("`+(.+?)`+")
)

// checkTables compares tables with the code: the plain command beside a task, and what the check prints.
func (w *workshop) checkTables(p *page) {
	for _, at := range taskRow.FindAllStringSubmatchIndex(p.source, -1) {
		task, command := p.source[at[2]:at[3]], p.source[at[4]:at[5]]
		if want, _ := w.plain(task); want != command {
			p.say(p.lineAt(at[0]), "task %s runs %q, not %q", task, want, command)
		}
	}
	for _, table := range prints.FindAllStringIndex(p.source, -1) {
		for _, at := range codeSpan.FindAllStringSubmatchIndex(p.source[:table[1]], -1) {
			for _, part := range strings.Split(p.source[at[2]:at[3]], "…") { // it stands for the part that varies
				quoted := strings.ReplaceAll(part, `\`, `\\`)
				if at[0] > table[0] && !strings.Contains(w.tools, part) && !strings.Contains(w.tools, quoted) {
					p.say(p.lineAt(at[0]), "the check never prints %q", part)
				}
			}
		}
	}
}
