package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"websocket-workshop/steps/tools/given"
)

const root = "../../.."

// workshopOf returns the workshop in a folder, until the test ends.
func workshopOf(t *testing.T, root string) *workshop {
	w := newWorkshop(root)
	t.Cleanup(func() { os.RemoveAll(w.temp) })
	return w
}

// TestTexts holds every text to the code: a failure names its line.
func TestTexts(t *testing.T) {
	w := workshopOf(t, root)
	for _, name := range texts {
		problems, _ := w.check(name)
		for _, p := range problems {
			t.Error(p)
		}
	}
}

// TestTyped types the blocks of each lesson into what play gives, as a reader would: by
// their text alone. That has to give the lesson's folder.
func TestTyped(t *testing.T) {
	w := workshopOf(t, root)
	for _, l := range lessons {
		files, err := given.Files(l.number, w.code(l.from), w.code(l.to))
		if err != nil {
			t.Fatal(err)
		}
		if l.to == "library" {
			files = w.code(l.from)
		}
		for _, f := range parse(l.text, w.read(l.text)).fences {
			if f.mark.kind == "edit" || f.mark.kind == "ours" {
				if err := f.typeInto(files); err != nil {
					t.Errorf("%s:%d: %v", l.text, f.line, err)
				}
			}
		}
		for name, want := range w.code(l.to) {
			if files[name] != want {
				t.Errorf("%s: typed as it says, %s is\n%s", l.text, name, files[name])
			}
		}
	}
}

// typeInto types a block into a file.
func (f *fence) typeInto(files map[string]string) error {
	name, _ := strings.CutSuffix(strings.TrimPrefix(f.body[0], "+++ "), " (new)")
	for _, hunk := range strings.Split("\n"+strings.Join(f.body[1:], "\n"), "\n@@ ") {
		head, body, _ := strings.Cut(hunk, "\n")
		label, isBefore := strings.CutPrefix(head, "before ")
		var old, fresh string
		for _, line := range codeLines(body) {
			if line[0] != '+' {
				old += line[1:] + "\n"
			}
			if line[0] != '-' {
				fresh += line[1:] + "\n"
			}
		}
		decls, err := given.Split(files[name])
		if err != nil {
			return err
		}
		at := 0
		i := slices.IndexFunc(decls, func(d given.Decl) bool {
			at += len(d.Text)
			return label != "" && strings.Contains("\n"+d.Text, "\n"+label)
		})
		if i >= 0 { // else it goes to the end
			at -= len(decls[i].Text)
			if !isBefore {
				at += strings.Index(decls[i].Text, old)
			}
		}
		if !strings.HasPrefix(files[name][at:], old) || i < 0 && old != "" {
			return fmt.Errorf("%s has no such place under %q", name, head)
		}
		files[name] = files[name][:at] + fresh + files[name][at+len(old):]
	}
	return nil
}

// broken are ways in which the small workshop breaks: a file, what is replaced in it and by
// what, and what is said of it.
var broken = []struct{ name, file, old, new, says string }{
	{"nothing", "", "", "", "steps/02.md"}, {"nothing", "", "", "", "steps/00.md"}, {"nothing", "", "", "", "steps/INSTRUCTOR.md"},
	{"a line of code changes", "steps/02/chat.go", `print("no")`, `print("yes")`, "steps/02.md:15: edit: chat.go serve/2 conn.read gives "},
	{"a block is edited", "steps/02.md", "+type conn struct{}", "+type conn struct{ }", "steps/02.md:28: edit: chat.go conn serve/1 gives "},
	{"a block has no mark", "steps/02.md", "<!-- ours: hub.go close -->\n", "", "steps/02.md:52: over this block no mark says where it comes from"},
	{"a function is renamed", "steps/02/chat.go", "func (c *conn) read", "func (c *conn) write", "steps/02.md:10: edit: no conn.read changes there"},
	{"a declaration is in no block", "steps/02/chat.go", "type conn struct{}", "type conn struct{}\n\nvar past int", "steps/02.md:52: no block shows past of steps/02/chat.go"},
	{"a change is in no block", "steps/02.md", "conn serve/1", "conn", "steps/02.md:52: no block shows serve/1 of steps/02/chat.go"},
	{"a declaration is in two", "steps/02.md", "conn serve/1", "conn serve", "steps/02.md:22: edit: line 10 shows serve/2 already"},
	{"an edit is in no lesson", "steps/00.md", "run: copy", "edit: main.go main", "steps/00.md:9: edit: this is the text of no step"},
	{"a file is not of the step", "steps/02.md", "edit: chat.go conn", "edit: cone.go conn", "steps/02.md:22: edit: FILE of steps/02, and its declarations"},
	{"what is given is typed", "steps/02.md", "given: hub.go", "edit: hub.go", "steps/02.md:35: edit: package: steps/tools/given says otherwise"},
	{"what is typed is given", "steps/02.md", "edit: chat.go conn", "given: chat.go conn", "steps/02.md:22: given: serve: steps/tools/given says otherwise"},
	{"a turn without an answer", "steps/02.md", "ours: hub.go close", "edit: hub.go close", "steps/02.md:40: turn: no ours of the same follows"},
	{"an answer that is not folded", "steps/02.md", "<details><summary>Ours</summary>", "Ours:", "steps/02.md:52: ours: stands in a <details>"},
	{"a block is too long", "steps/02/chat.go", "type conn struct{}", "type conn struct {\n" + strings.Repeat("\ta int\n", 40) + "}", "steps/02.md:22: edit: this block has"},
	{"a step's code does not parse", "steps/02/chat.go", "type conn", "tpye conn", "steps/02.md:1: chat.go: "},
	{"a mark is none", "steps/02.md", "edit: chat.go conn", "edti: chat.go conn", "steps/02.md:22: there is no mark edti"},
	{"a block says nothing of itself", "steps/02.md", "```sh", "```", "steps/02.md:65: over this block no mark"},
	{"a task is none", "steps/02.md", "Run `task raw`", "Run `task rew`", "steps/02.md:63: task rew: Taskfile.yml has no such task"},
	{"a task is internal", "steps/02.md", "task wire\n", "task serve\n", "steps/02.md:66: task serve: Taskfile.yml has no such task"},
	{"a task runs something else", "steps/02.md", "| `go run ./raw` |", "| `go run ./steps/02` |", `steps/02.md:83: task raw runs "go run ./raw", not`},
	{"the Taskfile changes", "Taskfile.yml", "check{{exeExt}} -w", "check{{exeExt}} -x", "steps/02.md:84: task wire runs"},
	{"a program has no such flag", "steps/02.md", "-addr :1", "-port 1", "steps/02.md:63: ./raw has no flag -port"},
	{"go has no such flag", "steps/02.md", "-race", "-rice", "steps/02.md:67: go test has no flag -rice"},
	{"a package is not there", "steps/02.md", "go test -race ./...", "go test ./rew", "steps/02.md:67: go test: there is no ./rew"},
	{"a command is unknown", "steps/02.md", "go test -race ./...", "make all", "steps/02.md:67: make all: no test runs this"},
	{"another version is installed", ".ci/run", "v3.53.1", "v3.53.2", "steps/02.md:63: go install "},
	{"a folder to compare is not there", "steps/02.md", "steps/01 steps/02`", "steps/01 steps/07`", "steps/02.md:63: git diff steps/01 steps/07: there is no steps/07"},
	{"a file is not there", "steps/02.md", "in chat.go", "in chot.go", "steps/02.md:8: there is no file chot.go"},
	{"a folder is not there", "steps/02.md", "`steps/02` has", "`steps/09` has", "steps/02.md:8: there is no steps/09"},
	{"a function is not there", "steps/02.md", "`serve()`", "`server()`", "steps/02.md:8: there is no function server()"},
	{"a method is another type's", "steps/02.md", "`conn.read()`", "`conn.serve()`", "steps/02.md:8: there is no function conn.serve()"},
	{"a name is not there", "steps/02.md", "`conn.read()`", "`conn.maxMessage`", "steps/02.md:8: conn.maxMessage: the code has no maxMessage"},
	{"a link leads nowhere", "steps/02.md", "(01.md)", "(1.md)", "steps/02.md:4: the link leads to steps/1.md, which is not there"},
	{"a heading is not there", "steps/02.md", "## The goal", "## The aim", "steps/02.md:4: steps/02.md has no heading #the-goal"},
	{"a link names a line", "steps/02.md", "01/chat.go)", "01/chat.go#L3)", "steps/02.md:4: the link leads into steps/01/chat.go"},
	{"the page's code changes", "frontend/chat.js", "open();", "close();", "steps/02.md:74: gen: chat.js connect gives "},
	{"the page's function goes", "frontend/chat.js", "function connect", "function begin", "steps/02.md:70: gen: chat.js connect: frontend/chat.js has no function"},
	{"a count is wrong", "steps/02.md", "14<!--", "25<!--", "steps/02.md:79: gen: lines steps/02/chat.go gives "},
	{"a region does not end", "steps/02.md", "14<!-- /gen -->", "14", "steps/02.md:79: a <!-- /gen --> is missing"},
	{"the time is wrong", "steps/02.md", "4 minutes", "3 minutes", "steps/02.md:3: gen: minutes + 2 gives "},
	{"a lesson does not say its time", "steps/02.md", "<!-- gen: minutes + 2 -->", "<!-- gen: minutes steps/01.md -->", "steps/INSTRUCTOR.md:1: gen: timetable: steps/02.md does not say what time it allows"},
	{"a timetable does not add up", "steps/INSTRUCTOR.md", "| 9:20 |", "| 9:30 |", "steps/INSTRUCTOR.md:5: gen: timetable gives "},
	{"a timetable leaves a lesson out", "steps/INSTRUCTOR.md", "| 9:00 | 20 | [Step 1](01.md) |\n", "", "steps/INSTRUCTOR.md:1: gen: timetable: lesson 2 comes where 1 is due"},
	{"a lesson takes longer", "steps/01.md", "minutes + 17 ", "minutes + 27 ", "steps/INSTRUCTOR.md:4: gen: timetable gives "},
	{"the checker says something else", "steps/tools/check/a.go", "key is missing", "key is wrong", `steps/02.md:83: the checker never says "the key is missing"`},
	{"a server prints something else", "steps/00.md", "06 upgrade requested!", "06 upgrade!", `steps/00.md:5: server library: open, open2 gives "2026`},
	{"a server prints more", "steps/00.md", "open, open2 -->", "open, open2, open3 -->", "steps/00.md:7: server library: open, open2, open3 gives "},
	{"a server prints less", "steps/00.md", "open, open2 -->", "open -->", "steps/00.md:6: server library: open gives "},
	{"a script does what there is not", "steps/00.md", "open, open2 -->", "open, jump -->", "steps/00.md:1: server library: open, jump: jump: is no action"},
	{"a server does not build", "library/main.go", "l.Addr()", "l.Adr()", "steps/00.md:1: server library: open, open2: library does not build"},
	{"a command fails", "steps/00.md", "test -f go.mod", "test -f go.none", "steps/00.md:9: run: copy: these commands fail: exit status 1"},
}

// TestBroken breaks the small workshop in every way, and reads what is said. Then it brings
// the text up to the code, if that is how to mend it.
func TestBroken(t *testing.T) {
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			small, err := txtar.ParseFile("testdata/small.txtar")
			dir := t.TempDir()
			if err := errors.Join(err, txtar.Write(small, dir)); err != nil {
				t.Fatal(err)
			}
			w := workshopOf(t, dir)
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if b.file != "" {
				changed := strings.Replace(w.read(b.file), b.old, b.new, 1)
				if changed == w.read(b.file) {
					t.Fatalf("%s has no %q", b.file, b.old)
				}
				write(b.file, changed)
				w = workshopOf(t, dir)
			}
			text, says, _ := strings.Cut(b.says, ":")
			problems, fresh := w.check(text)
			said := func(p problem) bool { return strings.HasPrefix(p.String(), b.says) }
			if says == "" && len(problems) > 0 || says != "" && !slices.ContainsFunc(problems, said) {
				t.Errorf("%s was to be said, and this was: %v", b.says, problems)
			}
			write(text, fresh)
			if problems, _ = w.check(text); strings.Contains(says, " gives ") && len(problems) > 0 {
				t.Errorf("after an update: %v", problems)
			}
		})
	}
}
