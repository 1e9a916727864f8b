package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// isRunBlock reports whether a block's commands are run: <!-- run -->, <!-- run COMMAND -->
// (this one instead of what is shown) or <!-- run: copy -->.
func isRunBlock(f *fence) bool {
	return f.comment == "run" || strings.HasPrefix(f.comment, "run ") || strings.HasPrefix(f.comment, "run: ")
}

// checkRun runs the commands of a block, and compares what they print with what it shows.
func (w *workshop) checkRun(d *doc, f *fence) (problems []problem) {
	if how, ok := strings.CutPrefix(f.comment, "run: "); ok {
		return w.checkCopy(d, f, how)
	}
	for _, s := range parseBlock(f).commands {
		got, err := w.output(instead(f.comment, s.command))
		if err != nil {
			problems = append(problems, d.problem(s.line, err.Error()))
			continue
		}
		if line, says := compareOutput(s, got); says != "" {
			problems = append(problems, d.problem(line, says))
		}
	}
	return problems
}

// instead returns the command that is run for the one that is shown.
func instead(comment, shown string) string {
	if command, ok := strings.CutPrefix(comment, "run "); ok {
		return command
	}
	return shown
}

// output runs a command in the workshop's top folder, and returns what it prints. A task is
// run as its plain command. That a command fails is for its output to say.
func (w *workshop) output(command string) ([]string, error) {
	if name, ok := strings.CutPrefix(command, "task "); ok {
		command = plain(tasks(w.read("Taskfile.yml")), name)
	}
	words := strings.Fields(command)
	if len(words) < 2 || words[0] != "go" && words[0] != "git" {
		return nil, fmt.Errorf("%q: only go and git commands are run", command)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = w.root
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	return codeLines(strings.ReplaceAll(string(out), "\r\n", "\n")), nil
}

// checkCopy runs the commands of a block in a copy of the workshop, without a network:
// "run: copy", or "run: copy with MODULE@VERSION", which is skipped where that module is
// not in the module cache.
func (w *workshop) checkCopy(d *doc, f *fence, how string) []problem {
	module, withModule := strings.CutPrefix(how, "copy with ")
	if how != "copy" && !withModule {
		return []problem{d.problem(f.line, fmt.Sprintf("%q: a block is run, or run: copy", how))}
	}
	switch {
	case runtime.GOOS == "windows":
		w.skip(d, f, "these commands are for a POSIX shell")
		return nil
	case withModule && !w.cached(module):
		w.skip(d, f, module+" is not in the module cache, and this takes it from there")
		return nil
	}
	dir, err := os.MkdirTemp("", "websocket-lessons-copy-")
	if err != nil {
		return []problem{d.problem(f.line, err.Error())}
	}
	defer os.RemoveAll(dir)
	if err := w.copyTo(dir); err != nil {
		return []problem{d.problem(f.line, err.Error())}
	}
	cmd := exec.Command("sh", "-ec", strings.Join(f.body, "\n"))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return []problem{d.problem(f.line, fmt.Sprintf("these commands fail: %v: %s", err, firstLine(out)))}
	}
	return nil
}

// skip notes that a block is not checked, and why.
func (w *workshop) skip(d *doc, f *fence, why string) {
	w.skips.mu.Lock()
	defer w.skips.mu.Unlock()
	w.skips.all = append(w.skips.all, d.problem(f.line, "not checked: "+why))
}

// cached reports whether a module can be had without a network.
func (w *workshop) cached(module string) bool {
	cmd := exec.Command("go", "mod", "download", module)
	cmd.Dir = os.TempDir() // not in the workshop, whose go.mod is to stay as it is
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
	return cmd.Run() == nil
}

// copyTo copies what a command may need: the module without its tests' tools.
func (w *workshop) copyTo(dir string) error {
	for _, name := range []string{"frontend", "library", "raw", "steps"} {
		err := filepath.WalkDir(filepath.Join(w.root, name), func(file string, e os.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir() && (e.Name() == "browsertest" || e.Name() == "bench"):
				return filepath.SkipDir
			case e.IsDir() || !e.Type().IsRegular():
				return nil
			}
			return copyFile(w.root, dir, file)
		})
		if err != nil {
			return err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := copyFile(w.root, dir, filepath.Join(w.root, name)); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file to where it is in a copy of root.
func copyFile(root, dir, file string) error {
	name, err := filepath.Rel(root, file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	to := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}

const (
	newTime = "2026/03/14 10:00:00 " // of a line in a block that is generated
	newHost = "localhost:8080"
)

// rewriteConsoles returns a text whose blocks of output show what programs print. A block
// with a … is left as it is.
func (w *workshop) rewriteConsoles(d *doc) string {
	changes := make(map[int][]string)
	for _, f := range d.fences {
		b := parseBlock(f)
		if f.info != "console" || len(b.commands) != 1 || f.comment == "" || strings.Contains(strings.Join(f.body, ""), "…") {
			continue
		}
		if len(w.checkConsole(d, f)) == 0 {
			continue
		}
		got, err := w.printed(f, b.commands[0].command)
		if err != nil {
			continue // the check will say so
		}
		s := b.commands[0]
		for i := range s.output {
			changes[s.line+1+i] = nil
		}
		changes[s.line] = append([]string{d.lines[s.line-1]}, presentable(s.output, got)...)
	}
	return d.withLines(changes)
}

// printed returns what the command of a block prints.
func (w *workshop) printed(f *fence, command string) ([]string, error) {
	if isRunBlock(f) {
		return w.output(instead(f.comment, command))
	}
	s, err := parseScript(f.comment)
	if err != nil {
		return nil, err
	}
	return w.perform(s, quiets[1])
}

// presentable returns output as a text shows it: with the lines that it had where they
// still hold, and for the others with a time and a port that do not change.
func presentable(old, got []string) []string {
	var lines []string
	for i, line := range got {
		if i < len(old) && sameLine(old[i], line) {
			lines = append(lines, old[i])
			continue
		}
		time := newTime
		if i < len(old) && logTime.MatchString(old[i]) {
			time = logTime.FindString(old[i])
		}
		line = logTime.ReplaceAllString(line, time)
		lines = append(lines, hostPort.ReplaceAllString(line, newHost))
	}
	return lines
}
