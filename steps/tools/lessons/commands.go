package main

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// goFlags are the flags of the go command, and of tests in raw, that a text may use.
var goFlags = strings.Fields("race run count v bench benchtime benchmem fuzz fuzztime timeout short C o mod m json u buildvcs echo load")

// known are beginnings of commands that need no more than to be written as here: what they
// do is not the workshop's.
var known = []string{
	"cd ", "git clone ", "git switch ", "go version", "go env", "go mod ", "go clean -modcache", "go list -m ", "hostname -I",
	"task --list", "task --version", "curl ", "npx playwright install", "npm install -g @go-task/cli", "rm ", "del ",
}

var (
	stepN      = regexp.MustCompile(`-N\b`)
	assignment = regexp.MustCompile(`^(?:[A-Z][A-Z0-9_]*=.*|env)$`)
	flagDecl   = regexp.MustCompile(`\.(?:Bool|String|Int|Uint|Duration|Float64|Func|BoolFunc|TextVar|\w+Var)\((?:&[\w.]+, )?"([\w-]+)"`)
	inlineCmd  = regexp.MustCompile(`^(task|go (run|test|build|vet|mod|get|install)|git diff)( |$)`)
)

// refuseCommand says why a command cannot work, or "".
func (w *workshop) refuseCommand(line string) string {
	line, _, _ = strings.Cut(line, " #")
	words := strings.Fields(line)
	for len(words) > 0 && assignment.MatchString(words[0]) {
		words = words[1:]
	}
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return ""
	}
	line = strings.Join(words, " ")
	switch verb := strings.Join(words[:min(2, len(words))], " "); {
	case slices.ContainsFunc(known, func(start string) bool { return strings.HasPrefix(line+" ", start) }):
		return ""
	case words[0] == "task":
		return w.refuseTask(words[1:])
	case slices.Contains([]string{"go run", "go test", "go build", "go vet"}, verb):
		return w.refuseGo(line, words[1:])
	case verb == "git diff":
		gone := slices.IndexFunc(words[2:], func(word string) bool { return word[0] != '-' && !w.mayExist(word) })
		if gone < 0 {
			return ""
		}
		return fmt.Sprintf("%q: there is no %s", line, words[2:][gone])
	case verb == "go install" && strings.Contains(w.read(".ci/run"), words[len(words)-1]):
		return ""
	}
	return fmt.Sprintf("%q: no test runs this (or .ci/run installs another version), and it is no task", line)
}

// refuseTask says what is wrong with the arguments of task, or "".
func (w *workshop) refuseTask(words []string) string {
	all := w.tasks()
	for i, word := range words {
		t, ok := all[stepN.ReplaceAllString(word, "-2")]
		switch {
		case word == "--" && i > 0:
			plain := strings.Fields(all.plain(words[0]))
			if len(plain) < 2 || plain[1] != "run" {
				return ""
			}
			plain = append(plain, words[i+1:]...)
			return w.refuseGo(strings.Join(plain, " "), plain[1:])
		case word == "--watch" || word == "-w":
		case !ok || t.Internal:
			return fmt.Sprintf("task %s: Taskfile.yml has no such task", word)
		}
	}
	return ""
}

// refuseGo says what is wrong with go run, test, build or vet: a flag, or a folder. What
// follows the folder of go run are flags of the program there.
func (w *workshop) refuseGo(line string, words []string) string {
	base, of, flags := ".", "go", goFlags
	for i, word := range words[1:] {
		dir, isDir := strings.CutPrefix(word, "./")
		switch {
		case word[0] == '-':
			name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if !slices.Contains(flags, name) {
				return fmt.Sprintf("%q: %s has no flag -%s", line, of, name)
			}
			if name == "C" && i+2 < len(words) {
				base = words[i+2]
			}
		case of != "go" || !isDir && word != ".":
		case !w.mayExist(path.Join(base, strings.TrimSuffix(dir, "..."))):
			return fmt.Sprintf("%q: there is no %s", line, word)
		case words[0] == "run":
			of, flags = word, w.flagsOf(path.Join(base, dir))
		}
	}
	return ""
}

// flagsOf returns the flags that a program of ours has; the attendee's are those of raw.
func (w *workshop) flagsOf(dir string) (flags []string) {
	dir = strings.ReplaceAll(dir, "0N", "01")
	if dir == "work" {
		dir = "raw"
	}
	for _, text := range w.code(dir) {
		for _, m := range flagDecl.FindAllStringSubmatch(text, -1) {
			flags = append(flags, m[1])
		}
	}
	return flags
}

// A task is what Taskfile.yml says under one name: enough of it to know the plain command.
type task struct {
	Internal bool
	Cmd      command
	Cmds     []command
}

// A command is one of a task, or the task that it calls.
type command struct {
	text string
	Task string
	Vars map[string]string
}

// UnmarshalYAML takes a command in either form.
func (c *command) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&c.text)
	}
	type fields command
	return n.Decode((*fields)(c))
}

type taskfile map[string]task

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
	vars := map[string]string{}
	if len(t.Cmds) == 1 && t.Cmds[0].Task != "" {
		t, vars = all[t.Cmds[0].Task], t.Cmds[0].Vars
	}
	for _, c := range append(t.Cmds, t.Cmd) {
		if c.Task != "" || strings.Contains(c.text, "go build ") {
			continue
		}
		line := taskVar.ReplaceAllStringFunc(c.text, func(v string) string { return vars[strings.Trim(v, "{.}")] })
		if strings.HasPrefix(line, "./.bin/serve") {
			return "go run ./" + vars["DIR"]
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
func (w *workshop) checkTables(p *page) (problems []problem) {
	checker := ""
	for _, text := range w.code("steps/tools/check") {
		checker += text
	}
	for _, r := range rows(p.source) {
		command := strings.Trim(r.cells[min(1, len(r.cells)-1)], "`")
		if m := taskCell.FindStringSubmatch(r.cells[0]); m != nil && inlineCmd.MatchString(command) {
			if want := w.tasks().plain(m[1]); digit.ReplaceAllString(want, "N") != digit.ReplaceAllString(command, "N") {
				problems = append(problems, p.problem(r.line+1, "task %s runs %q, not %q", m[1], want, command))
			}
		}
		if i := slices.Index(r.head, "the checker says"); i >= 0 && i < len(r.cells) {
			for _, m := range codeSpan.FindAllStringSubmatch(r.cells[i], -1) {
				if !strings.Contains(checker, m[1]) && !strings.Contains(checker, strings.ReplaceAll(m[1], `\`, `\\`)) {
					problems = append(problems, p.problem(r.line+1, "the checker never says %q", m[1]))
				}
			}
		}
	}
	return problems
}
