package main

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// goFlags are the flags of the go command that a text may use.
var goFlags = []string{
	"race", "run", "count", "v", "bench", "benchtime", "benchmem", "fuzz", "fuzztime", "timeout",
	"short", "C", "o", "mod", "m", "json", "u", "droprequire", "require",
	"echo", "load", // of the tests in raw
}

// known are commands that need no more than to be written as here: what they do is not the
// workshop's. The key is how a command begins.
var known = map[string]string{
	"cd ":                    "a folder",
	"git clone ":             "the network",
	"go version":             "Go",
	"go env":                 "Go",
	"go mod download":        "Go",
	"go mod vendor":          "Go",
	"go mod tidy":            "Go",
	"go mod verify":          "Go",
	"hostname -I":            "WSL",
	"task --list":            "Task",
	"task --version":         "Task",
	"go clean -modcache":     "Go",
	"curl ":                  "curl",
	"go list -m ":            "Go",
	"npx playwright install": "Node.js",
	"go install ":            ".ci/run",
}

var (
	stepN      = regexp.MustCompile(`-N\b`)
	assignment = regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`)
	flagDecl   = regexp.MustCompile(`\.(?:Bool|String|Int|Uint|Duration|Float64|Func|BoolFunc|TextVar|\w+Var)\((?:&[\w.]+, )?"([\w-]+)"`)
	inlineCmd  = regexp.MustCompile(`^(task|go (run|test|build|vet|mod|get|install)|git diff)( |$)`)
)

// checkCommands refuses commands that cannot work: in blocks, after a $, and in the text.
func (w *workshop) checkCommands(d *doc) (problems []problem) {
	seen := func(line int, command string) {
		if why := w.refuseCommand(command); why != "" {
			problems = append(problems, d.problem(line, why))
		}
	}
	for _, f := range d.fences {
		for i, line := range f.body {
			at := f.line + 1 + i
			switch command, isPrompt := strings.CutPrefix(line, "$ "); {
			case isPrompt && f.info != "diff":
				seen(at, command)
			case f.info == "sh" && !isRunBlock(f):
				seen(at, line)
			}
		}
	}
	for _, s := range d.spans {
		if inlineCmd.MatchString(s.text) {
			seen(s.line, s.text)
		}
	}
	for i, line := range d.lines {
		if command, ok := strings.CutPrefix(line, "    "); ok && !d.inside[i] && inlineCmd.MatchString(command) {
			seen(i+1, command)
		}
	}
	return problems
}

// refuseCommand says why a command cannot work, or "".
func (w *workshop) refuseCommand(line string) string {
	line, _, _ = strings.Cut(line, " #")
	words := strings.Fields(line)
	for len(words) > 0 && (assignment.MatchString(words[0]) || words[0] == "env") {
		words = words[1:]
	}
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return ""
	}
	line = strings.Join(words, " ")
	verb := strings.Join(words[:min(2, len(words))], " ")
	switch {
	case words[0] == "task" && !strings.HasPrefix(line, "task --"):
		return w.refuseTask(words[1:])
	case verb == "go run":
		return w.refuseGoRun(line, words[2:])
	case verb == "go test", verb == "go build", verb == "go vet":
		return w.refuseGo(line, words[2:])
	case verb == "git diff":
		return w.refuseDiff(line, words[2:])
	case verb == "go install" && !strings.Contains(w.read(".ci/run"), words[len(words)-1]):
		return fmt.Sprintf("%q: the tests install another version, see .ci/run", line)
	}
	for start := range known {
		if strings.HasPrefix(line+" ", start) {
			return ""
		}
	}
	return fmt.Sprintf("%q: no test runs this, and it is no task", line)
}

// refuseTask says what is wrong with the arguments of task, or "".
func (w *workshop) refuseTask(words []string) string {
	all := tasks(w.read("Taskfile.yml"))
	for i, word := range words {
		switch {
		case word == "--":
			if p := plain(all, strings.ReplaceAll(words[0], "-N", "-1")); strings.HasPrefix(p, "go run ") {
				return w.refuseGoRun(p, append(strings.Fields(p)[2:], words[i+1:]...))
			}
			return ""
		case strings.HasPrefix(word, "-"):
			if !slices.Contains([]string{"--watch", "-w", "--list", "--version"}, word) {
				return fmt.Sprintf("task %s: is that a flag of task?", word)
			}
		default:
			name := stepN.ReplaceAllString(word, "-2")
			if t := all[name]; t == nil || t.internal {
				return fmt.Sprintf("task %s: Taskfile.yml has no such task", word)
			}
		}
	}
	return ""
}

// refuseGoRun says what is wrong with go run: its folder, or a flag of the program there.
func (w *workshop) refuseGoRun(line string, words []string) string {
	if len(words) == 0 {
		return fmt.Sprintf("%q: run what?", line)
	}
	dir := strings.ReplaceAll(strings.TrimPrefix(words[0], "./"), "0N", "01")
	if dir == "work" {
		dir = "raw"
	}
	sources, _ := fs.Glob(w.files, path.Join(dir, "*.go"))
	if !strings.HasPrefix(words[0], "./") || len(sources) == 0 {
		return fmt.Sprintf("%q: there is no program in %s", line, words[0])
	}
	var declared []string
	for _, name := range sources {
		for _, m := range flagDecl.FindAllStringSubmatch(w.read(name), -1) {
			declared = append(declared, m[1])
		}
	}
	for _, word := range words[1:] {
		if f := flagName(word); f != "" && !slices.Contains(declared, f) {
			return fmt.Sprintf("%q: %s has no flag -%s", line, words[0], f)
		}
	}
	return ""
}

// flagName returns the name in a word like -addr=x, or "".
func flagName(word string) string {
	if !strings.HasPrefix(word, "-") {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	return name
}

// refuseGo says what is wrong with go test, go build or go vet: a flag, or a folder.
func (w *workshop) refuseGo(line string, words []string) string {
	base := "."
	for i, word := range words {
		if f := flagName(word); f != "" {
			if !slices.Contains(goFlags, f) {
				return fmt.Sprintf("%q: go has no flag -%s that a lesson needs", line, f)
			}
			if f == "C" && i+1 < len(words) {
				base = words[i+1]
			}
			continue
		}
		if dir, ok := strings.CutPrefix(word, "./"); ok && !w.mayExist(path.Join(base, strings.TrimSuffix(dir, "..."))) {
			return fmt.Sprintf("%q: there is no %s", line, word)
		}
	}
	return ""
}

// refuseDiff says what is wrong with git diff: a folder.
func (w *workshop) refuseDiff(line string, words []string) string {
	for _, word := range words {
		if !strings.HasPrefix(word, "-") && !w.mayExist(word) {
			return fmt.Sprintf("%q: there is no %s", line, word)
		}
	}
	return ""
}

// mayExist reports whether a folder is there, or is the attendee's own.
func (w *workshop) mayExist(name string) bool {
	name = strings.ReplaceAll(name, "0N", "01")
	return name == "work" || strings.HasPrefix(name, "work/") || w.exists(name)
}
