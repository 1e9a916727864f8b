package main

import (
	"regexp"
	"strings"
)

// A task is what Taskfile.yml says under one name: enough of it to know the plain command.
type task struct {
	name     string
	commands []string          // as they are written, with {{.VAR}}
	calls    string            // the task that it calls instead
	vars     map[string]string // what it calls it with
	internal bool
}

var (
	taskName  = regexp.MustCompile(`^  ([a-z][\w-]*):(.*)$`)
	taskCall  = regexp.MustCompile(`\{task: ([\w-]+), vars: \{([^}]*)\}\}`)
	taskVar   = regexp.MustCompile(`(\w+): ([^,]+)`)
	taskCmd   = regexp.MustCompile(`\bcmd: (?:"([^"]*)"|([^"].*))`)
	taskCmds  = regexp.MustCompile(`\bcmds: \[([^{\]]*)\]`)
	taskItem  = regexp.MustCompile(`^\s+- (.*)$`)
	anyVar    = regexp.MustCompile(`\s*\{\{\.CLI_ARGS\}\}`)
	gitPager  = strings.NewReplacer("git --no-pager ", "git ")
	buildCall = "{task: build, " // of a tool of ours, in front of the command that runs it
	toolCall  = regexp.MustCompile(`^\./\.bin/(\w+)\{\{exeExt\}\}(.*)$`)
)

// tasks reads a Taskfile: names stand at two spaces, what belongs to them behind or below.
func tasks(taskfile string) map[string]*task {
	all := make(map[string]*task)
	var t *task
	begun, inCmds := false, false
	for _, line := range strings.Split(taskfile, "\n") {
		if !begun {
			begun = line == "tasks:"
			continue
		}
		if m := taskName.FindStringSubmatch(line); m != nil {
			t = &task{name: m[1]}
			all[t.name] = t
			line = m[2]
		}
		if t != nil && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			inCmds = t.take(line, inCmds)
		}
	}
	return all
}

// take takes in a line of a task, and says whether list items that follow are commands.
func (t *task) take(line string, inCmds bool) bool {
	if strings.Contains(line, "internal: true") {
		t.internal = true
	}
	if inCmds && strings.Contains(line, buildCall) {
		return true
	}
	if m := taskCall.FindStringSubmatch(line); m != nil {
		t.calls, t.vars = m[1], make(map[string]string)
		for _, v := range taskVar.FindAllStringSubmatch(m[2], -1) {
			t.vars[v[1]] = strings.TrimSpace(v[2])
		}
		return false
	}
	if m := taskCmd.FindStringSubmatch(line); m != nil {
		if strings.HasPrefix(strings.TrimSpace(line), "{") {
			m[2] = strings.TrimSuffix(m[2], "}") // of the braces around the whole task
		}
		t.commands = append(t.commands, m[1]+m[2])
	}
	if m := taskCmds.FindStringSubmatch(line); m != nil {
		t.commands = append(t.commands, strings.Split(m[1], ", ")...)
	}
	if m := taskItem.FindStringSubmatch(line); m != nil && inCmds {
		t.commands = append(t.commands, m[1])
		return true
	}
	return strings.TrimSpace(line) == "cmds:"
}

// plain returns the command that does what a task does, without Task.
func plain(all map[string]*task, name string) string {
	t := all[name]
	if t == nil {
		return ""
	}
	commands := t.commands
	if called := all[t.calls]; called != nil {
		commands = called.commands
	}
	if len(commands) == 0 {
		return ""
	}
	line := commands[len(commands)-1] // those before it build what it runs
	for k, v := range t.vars {
		line = strings.ReplaceAll(line, "{{."+k+"}}", v)
	}
	line, _, _ = strings.Cut(anyVar.ReplaceAllString(line, ""), " || ")
	line = gitPager.Replace(line)
	switch m := toolCall.FindStringSubmatch(line); {
	case m == nil:
		return line
	case m[1] == "serve":
		return "go run ./" + t.vars["DIR"] // which serve builds and runs
	default:
		return "go run ./steps/tools/" + m[1] + m[2]
	}
}
