package main

import (
	_ "embed"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"go.yaml.in/yaml/v3"
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
	case u.Fragment != "" && path.Ext(name) != ".md":
		p.say(line, "the link leads into %s: a line number does not stay what it is", name)
	case u.Fragment != "" && !slices.ContainsFunc(slices.Collect(nodes(other.root)), isHeading):
		p.say(line, "%s has no heading #%s", name, u.Fragment)
	}
}

var (
	// goFlags are the flags of the go command, and of tests in raw, that a text may use.
	goFlags = strings.Fields("race run count v bench benchtime benchmem fuzz fuzztime timeout short o mod m json u buildvcs echo load")

	// others are commands of which no more is known than how they begin.
	others = regexp.MustCompile(`^(cd|git (clone|switch)|go (version|env|mod|clean -modcache|list -m)|hostname -I|task --(list|version)|` +
		`curl|npx playwright install|npm install -g @go-task/cli|rm|del)( |$)`)
	inlineCmd  = regexp.MustCompile(`^(task|go (run|test|build|vet|mod|get|install)|git diff)( |$)`)
	assignment = regexp.MustCompile(`^(?:[A-Z][A-Z0-9_]*=.*|env)$`)
	stepN      = regexp.MustCompile(`-N\b`)
	flagDecl   = regexp.MustCompile(`\.(?:Bool|String|Int|Uint|Duration|Float64|Func|BoolFunc|TextVar|\w+Var)\((?:&[\w.]+, )?"([\w-]+)"`)
)

// checkCommand refuses a command that cannot work.
func (w *workshop) checkCommand(p *page, at int, line string) {
	line, _, _ = strings.Cut(line, " #")
	words := strings.Fields(line)
	for len(words) > 0 && assignment.MatchString(words[0]) {
		words = words[1:]
	}
	if len(words) == 0 || strings.HasPrefix(words[0], "#") || others.MatchString(strings.Join(words, " ")) {
		return
	}
	switch verb := strings.Join(words[:min(2, len(words))], " "); {
	case words[0] == "task":
		name, args, _ := strings.Cut(strings.TrimSuffix(strings.Join(words[1:], " "), " --watch"), " -- ")
		t, ok := w.tasks()[stepN.ReplaceAllString(name, "-2")]
		if plain := w.tasks().plain(name); name != "" && (!ok || t.Internal) {
			p.say(at, "task %s: Taskfile.yml has no such task", name)
		} else if args != "" && strings.HasPrefix(plain, "go run ") {
			w.checkCommand(p, at, plain+" "+args)
		}
	case slices.Contains([]string{"go run", "go test", "go build", "go vet"}, verb):
		w.checkGo(p, at, words[1:])
	case verb == "git diff":
		for _, word := range words[2:] {
			if word[0] != '-' && !w.has(word) {
				p.say(at, "%s: there is no %s", line, word)
			}
		}
	case verb != "go install" || !strings.Contains(w.read(".ci/run"), words[len(words)-1]):
		p.say(at, "%s: no test runs this (.ci/run may install another version), and it is no task", line)
	}
}

// checkGo refuses a flag or a folder of go run, test, build or vet. What follows the folder
// of go run are flags of the program there; the attendee's has those of raw.
func (w *workshop) checkGo(p *page, at int, words []string) {
	base, of, flags := ".", "go "+words[0], goFlags
	if len(words) > 2 && words[1] == "-C" {
		base, words = words[2], append([]string{words[0]}, words[3:]...)
	}
	for _, word := range words[1:] {
		dir, isDir := strings.CutPrefix(word, "./")
		switch {
		case word[0] == '-':
			name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if !slices.Contains(flags, name) {
				p.say(at, "%s has no flag -%s", of, name)
			}
		case of == word || !isDir && word != ".":
		case !w.has(path.Join(base, strings.TrimSuffix(dir, "..."))):
			p.say(at, "%s: there is no %s", of, word)
		case words[0] == "run":
			of, flags = word, nil
			dir = strings.NewReplacer("0N", "01", "work", "raw").Replace(path.Join(base, dir))
			for _, text := range w.code(dir) {
				for _, m := range flagDecl.FindAllStringSubmatch(text, -1) {
					flags = append(flags, m[1])
				}
			}
		}
	}
}

// taskfile is what Taskfile.yml says, as far as the plain commands depend on it. A command
// is a string, or a map: the task that is called, and with which vars.
type taskfile map[string]struct {
	Internal bool
	Cmd      any
	Cmds     []any
}

// tasks reads Taskfile.yml. One that is no YAML has no tasks.
func (w *workshop) tasks() taskfile {
	var file struct{ Tasks taskfile }
	yaml.Unmarshal([]byte(w.read("Taskfile.yml")), &file)
	return file.Tasks
}

var (
	taskVar  = regexp.MustCompile(`\{\{(?:\.(\w+)|exeExt)\}\}`)
	builtRun = regexp.MustCompile(`^\./\.bin/(\w+)`)
)

// plain returns the command that does what a task does, without Task, or "". What a task
// builds and then runs is run from its source.
func (all taskfile) plain(name string) string {
	t := all[stepN.ReplaceAllString(name, "-2")]
	vars := map[string]any{}
	if len(t.Cmds) == 1 {
		if call, ok := t.Cmds[0].(map[string]any); ok {
			name, _ := call["task"].(string)
			t = all[name]
			vars, _ = call["vars"].(map[string]any)
		}
	}
	for _, c := range append(t.Cmds, t.Cmd) {
		line, _ := c.(string)
		if line == "" || strings.Contains(line, "go build ") {
			continue
		}
		line = taskVar.ReplaceAllStringFunc(line, func(v string) string {
			s, _ := vars[strings.Trim(v, "{.}")].(string)
			return s
		})
		if strings.HasPrefix(line, "./.bin/serve") {
			dir, _ := vars["DIR"].(string)
			return "go run ./" + dir
		}
		line, _, _ = strings.Cut(builtRun.ReplaceAllString(line, "go run ./steps/tools/$1"), " || ")
		return strings.TrimSpace(strings.Replace(line, "git --no-pager ", "git ", 1))
	}
	return ""
}

var (
	taskCell = regexp.MustCompile("^`task ([\\w-]+)`$")
	codeSpan = regexp.MustCompile("`+(.+?)`+")
	digit    = regexp.MustCompile(`\d`)
)

// checkTables holds tables to what they say: the plain command beside a task, and what the
// checker says.
func (w *workshop) checkTables(p *page) {
	checker := ""
	for _, text := range w.code("steps/tools/check") {
		checker += text
	}
	for _, r := range rows(p.source) {
		command := strings.Trim(r.cells[min(1, len(r.cells)-1)], "`")
		if m := taskCell.FindStringSubmatch(r.cells[0]); m != nil && inlineCmd.MatchString(command) {
			if want := w.tasks().plain(m[1]); digit.ReplaceAllString(want, "N") != digit.ReplaceAllString(command, "N") {
				p.say(r.line+1, "task %s runs %q, not %q", m[1], want, command)
			}
		}
		if i := slices.Index(r.head, "the checker says"); i >= 0 && i < len(r.cells) {
			for _, m := range codeSpan.FindAllStringSubmatch(r.cells[i], -1) {
				if !strings.Contains(checker, m[1]) && !strings.Contains(checker, strings.ReplaceAll(m[1], `\`, `\\`)) {
					p.say(r.line+1, "the checker never says %q", m[1])
				}
			}
		}
	}
}
