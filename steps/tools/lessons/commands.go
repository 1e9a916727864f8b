package main

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

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
