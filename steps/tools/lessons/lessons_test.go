package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"websocket-workshop/steps/tools/given"
)

const root = "../../.."

// workshopOf returns the workshop in a folder.
func workshopOf(t *testing.T, root string) *workshop {
	t.Helper()
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorkshop(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

// TestTexts holds every text to the code: a failure names its line.
func TestTexts(t *testing.T) {
	w := workshopOf(t, root)
	for _, name := range texts {
		for _, p := range w.check(name) {
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
		p := parse(l.text, w.read(l.text))
		typed := false
		for _, c := range p.comments {
			typed = typed || c.kind == "edit" || c.kind == "ours"
			for _, name := range strings.Fields(map[string]string{"delete": c.args}[c.kind]) {
				delete(files, name)
			}
		}
		for _, f := range p.fences {
			if f.info == "diff" && f.comment.kind != "turn" {
				typeBlock(t, p, f, files)
			}
		}
		for name, want := range w.code(l.to) {
			if typed && files[name] != want {
				t.Errorf("%s: typed as it says, %s is\n%s", l.text, name, files[name])
			}
		}
	}
}

// typeBlock types one block.
func typeBlock(t *testing.T, p *page, f *fence, files map[string]string) {
	name, isNew := strings.CutSuffix(strings.TrimPrefix(f.body[0], "+++ "), " (new)")
	if _, there := files[name]; there == isNew {
		t.Errorf("%s:%d: is %s new, or is it not?", p.name, f.line, name)
	}
	for _, hunk := range strings.Split("\n"+strings.Join(f.body[1:], "\n"), "\n@@ ") {
		var old, fresh string
		head, body, _ := strings.Cut(hunk, "\n")
		for _, line := range codeLines(body) {
			if line[0] != '+' {
				old += line[1:] + "\n"
			}
			if line[0] != '-' {
				fresh += line[1:] + "\n"
			}
		}
		label, before := strings.CutPrefix(head, "before ")
		text := files[name]
		from := strings.Index(text, "\n"+label)
		switch {
		case body == "":
			continue
		case old == "" && !before:
			from = len(text)
		case before: // above its comment
			blank := strings.LastIndex(text[:from+1], "\n\n")
			above := text[:from+1]
			for strings.HasSuffix(above, "\n") && strings.HasPrefix(above[strings.LastIndexByte(above[:len(above)-1], '\n')+1:], "//") {
				above = above[:strings.LastIndexByte(above[:len(above)-1], '\n')+1]
			}
			from = len(strings.TrimSuffix(above, "\n"))
			if blank < 0 || from != blank+1 {
				from = len(above) // what is in front follows without an empty line
			}
		default:
			above := strings.LastIndex(text[:from+1], "\n\n") + 1
			from = above + max(strings.Index(text[above:], old), 0)
		}
		if !strings.HasPrefix(text[from:], old) {
			t.Errorf("%s:%d: %s has no such place under %s", p.name, f.line, name, head)
			continue
		}
		files[name] = text[:from] + fresh + text[from+len(old):]
	}
}

// broken are ways in which the small workshop breaks: a file, what is replaced in it and by
// what, and what is said of it.
var broken = []struct{ name, file, old, new, says string }{
	{"nothing", "README.md", "nothing", "nothing more", "steps/02.md"},
	{"nothing", "README.md", "nothing", "nothing more", "steps/01.md"},
	{"nothing", "README.md", "nothing", "nothing more", "steps/INSTRUCTOR.md"},
	{"a line of code changes", "steps/02/main.go", `log.Print("no")`, `log.Print("yes")`, `steps/02.md:36: edit: main.go conn serve/2 is out of date`},
	{"a block is edited", "steps/02.md", "+type conn struct{}", "+type conn struct{ }", `steps/02.md:33: edit: main.go conn serve/2 is out of date`},
	{"a block is missing", "steps/01.md", "<!-- ours: main.go serve -->\n", "", `steps/01.md:41: code stands under a mark`},
	{"a function is renamed", "steps/02/main.go", "func (c *conn) read", "func (c *conn) write", `steps/02.md:11: edit: main.go has no conn.read that changes`},
	{"a declaration is in no block", "steps/02/hub.go", "var room int\n", "var room int\n\nvar past int\n", `steps/02.md:40: no block shows past of steps/02/hub.go`},
	{"a declaration is in two", "steps/02.md", "hub.go room", "main.go conn.read", `steps/02.md:40: edit: line 11 shows conn.read already`},
	{"a file is not of the step", "steps/02.md", "edit: hub.go", "edit: cub.go", `steps/02.md:40: edit: FILE of steps/02, and its declarations`},
	{"what is given is typed", "steps/01.md", "given: listen.go package", "edit: listen.go package", `steps/01.md:5: edit: package: play gives it`},
	{"what is typed is given", "steps/02.md", "edit: hub.go", "given: hub.go", `steps/02.md:40: given: room: play gives it, or does not`},
	{"a turn without an answer", "steps/01.md", "ours: main.go serve", "edit: main.go serve", `steps/01.md:28: turn: no ours of the same follows`},
	{"an answer that is not folded", "steps/01.md", "<details><summary>Ours</summary>", "Ours:", `steps/01.md:41: ours: stands in a <details>`},
	{"a file goes that stays", "steps/02.md", "`go install", "<!-- delete: hub.go -->\n`go install", `steps/02.md:48: delete: hub.go is not a file that goes`},
	{"a block is too long", "steps/02/hub.go", "var room int", "var room int" + strings.Repeat(" //\n\t//", 40), `steps/02.md:40: edit: this block has`},
	{"a step's code does not parse", "steps/02/hub.go", "var room", "vra room", `steps/02.md:1: hub.go: `},
	{"a mark is none", "steps/02.md", "edit: hub.go", "edti: hub.go", `steps/02.md:40: there is no mark edti`},
	{"a block says nothing of itself", "steps/02.md", "```sh", "```", `steps/02.md:50: this block does not say what it is`},
	{"a task is none", "steps/02.md", "Run `task raw`", "Run `task rew`", `steps/02.md:48: task rew: Taskfile.yml has no such task`},
	{"a task is internal", "steps/02.md", "task diff-2\n", "task serve\n", `steps/02.md:51: task serve: Taskfile.yml has no such task`},
	{"a task runs something else", "steps/02.md", "| `go run ./raw` |", "| `go run ./steps/02` |", `steps/02.md:68: task raw runs "go run ./raw", not`},
	{"the Taskfile changes", "Taskfile.yml", "check{{exeExt}} -w", "check{{exeExt}} -x", `steps/02.md:69: task wire runs`},
	{"a program has no such flag", "steps/02.md", "-addr :1", "-port 1", `steps/02.md:48: "go run ./raw -port 1": ./raw has no flag -port`},
	{"a package is not there", "steps/02.md", "go test -race ./...", "go test ./rew", `steps/02.md:52: "go test ./rew": there is no ./rew`},
	{"go has no such flag", "steps/02.md", "-race", "-rice", `steps/02.md:52: "go test -rice ./...": go has no flag -rice`},
	{"a command is unknown", "steps/02.md", "go test -race ./...", "make all", `steps/02.md:52: "make all": no test runs this`},
	{"another version is installed", ".ci/run", "v3.53.1", "v3.53.2", `steps/02.md:48: "go install`},
	{"folders are not there", "steps/02.md", "steps/01 steps/02` |", "steps/01 steps/07` |", `steps/02.md:70: "git diff --no-index steps/01 steps/07": there is no steps/07`},
	{"a file is not there", "steps/02.md", "in main.go", "in mane.go", `steps/02.md:9: there is no file mane.go`},
	{"a folder is not there", "steps/02.md", "`steps/02` has", "`steps/09` has", `steps/02.md:9: there is no folder steps/09`},
	{"a function is not there", "steps/02.md", "`serve()`", "`server()`", "steps/02.md:9: `server()`: there is no such function"},
	{"a method is another type's", "steps/02.md", "`conn.read()`", "`conn.serve()`", "steps/02.md:9: `conn.serve()`: there is no such function"},
	{"a name is not there", "steps/02.md", "`conn.read()`", "`maxMessage`", "steps/02.md:9: `maxMessage`: the code has no maxMessage"},
	{"a link leads nowhere", "steps/02.md", "(01.md)", "(1.md)", `steps/02.md:5: the link leads to steps/1.md, which is not there`},
	{"a heading is not there", "steps/02.md", "## The goal", "## The aim", `steps/02.md:5: steps/02.md has no heading #the-goal`},
	{"a link names a line", "steps/02.md", "01/main.go)", "01/main.go#L3)", `steps/02.md:5: the link leads into steps/01/main.go`},
	{"the page's code changes", "frontend/chat.js", "open();", "close();", `steps/02.md:59: gen: chat.js connect is out of date`},
	{"the page's function goes", "frontend/chat.js", "function connect", "function begin", `steps/02.md:55: gen: chat.js connect: frontend/chat.js has no function`},
	{"a count is wrong", "steps/02.md", "24<!--", "25<!--", `steps/02.md:64: gen: lines steps/02/main.go is out of date`},
	{"a region does not end", "steps/02.md", "24<!-- /gen -->", "24", `steps/02.md:64: a <!-- /gen --> is missing`},
	{"the time is wrong", "steps/02.md", "4 minutes", "3 minutes", `steps/02.md:3: gen: minutes + 2 is out of date`},
	{"a lesson does not say its time", "steps/02.md", "<!-- gen: minutes + 2 -->", "<!-- gen: minutes steps/01.md -->", `steps/02.md:1: <!-- gen: minutes +  is missing`},
	{"a timetable does not add up", "steps/INSTRUCTOR.md", "| 9:25 |", "| 9:30 |", `steps/INSTRUCTOR.md:6: gen: timetable is out of date`},
	{"a lesson takes longer", "steps/01.md", "minutes + 17 ", "minutes + 27 ", `steps/INSTRUCTOR.md:4: gen: timetable is out of date`},
	{"the checker says something else", "steps/tools/check/a.go", "key is missing", "key is wrong", `steps/02.md:74: the checker never says "the key is missing"`},
	{"a server prints something else", "steps/01/main.go", "upgrade requested!", "upgrade!", `steps/01.md:61: the terminal says`},
	{"a server prints more", "steps/01.md", "open, open2 -->", "open, open2, open3 -->", `steps/01.md:62: the terminal goes on with`},
	{"a server prints less", "steps/01.md", "open, open2 -->", "open -->", `steps/01.md:62: the terminal never says`},
	{"a script does what there is not", "steps/01.md", "open, open2 -->", "open, jump -->", `steps/01.md:58: jump: is no action of a script`},
	{"output of which nothing is known", "steps/01.md", "<!-- server steps/01: open, open2 -->\n", "", `steps/01.md:57: over output stands how to provoke it`},
	{"a command fails", "steps/01.md", "test -f go.mod", "test -f go.none", `steps/01.md:66: these commands fail: exit status 1`},
}

// TestBroken breaks the small workshop in every way, and reads what is said. Then it brings
// the texts up to the code, where the tool can.
func TestBroken(t *testing.T) {
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			small, err := txtar.ParseFile("testdata/small.txtar")
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(small.Files, func(f txtar.File) bool { return f.Name == b.file })
			changed := strings.Replace(string(small.Files[i].Data), b.old, b.new, 1)
			if changed == string(small.Files[i].Data) {
				t.Fatalf("%s has no %q", b.file, b.old)
			}
			small.Files[i].Data = []byte(changed)
			dir := t.TempDir()
			if err := txtar.Write(small, dir); err != nil {
				t.Fatal(err)
			}
			w := workshopOf(t, dir)
			text, _, _ := strings.Cut(b.says, ":")
			problems := w.check(text)
			said := func(p problem) bool { return strings.HasPrefix(p.String(), b.says) }
			if b.name == "nothing" && len(problems) > 0 || b.name != "nothing" && !slices.ContainsFunc(problems, said) {
				t.Errorf("%s was to be said, and this was: %v", b.says, problems)
			}
			w.rewrite(text, w.update)
			if strings.Contains(b.says, "out of date") && len(w.check(text)) > 0 {
				t.Errorf("after an update: %v", w.check(text))
			}
		})
	}
}
