package main

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"websocket-workshop/steps/tools/stepcode"
)

const root = "../../.."

// TestTexts holds every text to the code: a failure names its line.
func TestTexts(t *testing.T) {
	w := newWorkshop(root)
	for _, name := range texts {
		problems, _ := w.check(name)
		for _, p := range problems {
			t.Error(p.says)
		}
	}
}

// TestTyped types the blocks of each lesson into what play gives, as a reader would: by
// their text alone. That has to give the lesson's folder.
func TestTyped(t *testing.T) {
	w := newWorkshop(root)
	for _, l := range lessons {
		step, err := stepcode.ReadIn(w.files, l.number)
		if err != nil {
			t.Fatal(err)
		}
		files, err := step.Bare()
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range step.After {
			if name != "websocket.go" {
				files[name] = withImportsOf(t, files[name], text)
			}
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

// withImportsOf returns a file with the imports of another.
func withImportsOf(t *testing.T, file, other string) string {
	pairs, err := stepcode.Pairs(file, other)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, p := range pairs {
		if p.Names[0] == "import" {
			p.Before = p.After
		}
		text += p.Before
	}
	return text
}

// typeInto types a block into a file.
func (f *fence) typeInto(files map[string]string) error {
	name, _ := strings.CutSuffix(strings.TrimPrefix(f.body[0], "+++ "), " (new)")
	decls, err := stepcode.Split(files[name])
	if err != nil {
		return err
	}
	for _, hunk := range strings.Split("\n"+strings.Join(f.body[1:], "\n"), "\n@@ ") {
		label, body, _ := strings.Cut(hunk, "\n")
		label, isBefore := strings.CutPrefix(label, "before ")
		var old, fresh string
		for _, line := range codeLines(body) {
			if line[0] != '+' {
				old += line[1:] + "\n"
			}
			if line[0] != '-' {
				fresh += line[1:] + "\n"
			}
		}
		i := slices.IndexFunc(decls, func(d stepcode.Decl) bool { return label != "" && strings.Contains("\n"+d.Text, "\n"+label) })
		switch {
		case i < 0 && old == "":
			decls = append(decls, stepcode.Decl{Text: fresh})
		case i >= 0 && isBefore:
			decls = slices.Insert(decls, i, stepcode.Decl{Text: fresh})
		case i < 0 || strings.Count(decls[i].Text, old) != 1:
			return fmt.Errorf("%s has no such place, or more than one, under %q", name, label)
		default:
			decls[i].Text = strings.Replace(decls[i].Text, old, fresh, 1)
		}
	}
	files[name] = ""
	for _, d := range decls {
		files[name] += d.Text
	}
	return nil
}

// broken are ways in which the workshop breaks: what is replaced in a file and by what, and
// what is said of it: LINE is where, in the text that says it, this stood or is quoted.
var broken = []struct{ name, file, old, new, says string }{
	{"a line of code changes", "steps/05/hub.go", `delete\(h.members, c\)`, "delete(h.members, nil)", `steps/05.md:LINE: edit: hub.go hub.join hub.leave gives`},
	{"a block has no mark", "steps/05.md", `<!-- edit: hub.go hub.post -->\n`, "", `steps/05.md:LINE: over this block no mark says where it comes from`},
	{"a function is renamed", "steps/05/hub.go", `\) post\(`, ") publish(", `steps/05.md:\d+: edit: hub.go hub.post: no hub.post changes there`},
	{"a change is in no block", "steps/05.md", `edit: main.go upgrade visit chat`, "edit: main.go upgrade visit", `steps/05.md:LINE: no block shows chat of steps/05/main.go`},
	{"a change is in two", "steps/05.md", `edit: hub.go hub.post`, "$0 hub.join", `steps/05.md:LINE: edit: hub.go hub.post hub.join: line \d+ shows hub.join already`},
	{"a file goes", "library/README.md", `(?s)frame\.go.*`, "", `library/README.md:\d+: frame.go goes, and nothing says so`},
	{"a file is not of the step", "steps/05.md", `edit: hub.go hub.post`, "edit: hab.go hub.post", `steps/05.md:LINE: edit: hab.go hub.post: it takes a file of this text's step`},
	{"what is given is typed", "steps/03.md", `given: history.go`, "edit: history.go", `steps/03.md:LINE: edit: history.go .*: steps/tools/stepcode says otherwise`},
	{"a turn without an answer", "steps/04.md", `ours: frame.go unmask`, "edit: frame.go unmask", `steps/04.md:\d+: turn: frame.go unmask: no ours of the same follows`},
	{"an answer that is not folded", "steps/04.md", `<details>(<summary>Ours</summary>\s+<!-- ours: frame.go unmask)`, "$1", `steps/04.md:\d+: ours: frame.go unmask: stands in a <details>`},
	{"a block is too long", "steps/05/hub.go", `\tdelete.*\n`, strings.Repeat("$0", 41), `steps/05.md:\d+: edit: hub.go hub.join hub.leave: this block has \d\d lines`},
	{"a step's code does not parse", "steps/05/hub.go", `\bfunc `, "fnuc ", `steps/05.md:1: hub.go: `},
	{"a mark is none", "steps/05.md", `<!-- edit:`, "<!-- edti:", `steps/05.md:LINE: there is no mark edti`},
	{"a mark is owed", "README.md", `<!-- gen: steps -->`, "<!-- not ours: steps -->", `README.md:1: <!-- gen: steps --> is missing`},
	{"a task is none", "README.md", "`task raw`", "`task rew`", `README.md:LINE: task rew: Taskfile.yml has no such task`},
	{"a task is internal", "README.md", "`task raw`", "`task serve`", `README.md:LINE: task serve: Taskfile.yml has no such task`},
	{"a task's command changes", "Taskfile.yml", `-run TestLoad -load`, "-run TestLoad", `README.md:LINE: task load runs `},
	{"the command of a called task changes", "Taskfile.yml", `git --no-pager diff --no-index`, "git diff", `README.md:\d+: task diff-3 runs `},
	{"a program has no such flag", "steps/tools/check/main.go", `"doctor"`, `"doktor"`, `README.md:\d+: ./steps/tools/check has no flag -doctor`},
	{"a task's program has no such flag", "README.md", `task step-3 -- -addr`, "task step-3 -- -port", `README.md:LINE: ./steps/03 has no flag -port`},
	{"go has no such flag", "README.md", `-v -run`, "-w -run", `README.md:LINE: go test has no flag -w`},
	{"a package is not there", "README.md", `    go run ./raw`, "    go run ./rew", `README.md:LINE: there is no ./rew`},
	{"a module is not there", "README.md", `-C steps/tools/lessons`, "-C steps/tools/lesson", `README.md:LINE: there is no steps/tools/lesson`},
	{"a command is unknown", "steps/05.md", `(?m)^task check-5$`, "make check", `steps/05.md:LINE: make check: no test runs this`},
	{"another version is installed", ".ci/run", `v3.44.1`, "v3.43.1", `README.md:\d+: go install `},
	{"a file is not there", "steps/05.md", `file hub.go`, "file hab.go", `steps/05.md:LINE: there is no file hab.go`},
	{"a folder is not there", "README.md", "`library/`", "`library/x`", `README.md:LINE: there is no library/x`},
	{"a function is not there", "steps/INSTRUCTOR.md", "`unmask\\(\\)`", "`umask()`", `steps/INSTRUCTOR.md:LINE: there is no function umask\(\)`},
	{"a method is another type's", "steps/INSTRUCTOR.md", "`unmask\\(\\)`", "`conn.unmask()`", `steps/INSTRUCTOR.md:LINE: there is no function conn.unmask\(\)`},
	{"a name is not there", "steps/INSTRUCTOR.md", "`unmask\\(\\)`", "`conn.unmaskd`", `steps/INSTRUCTOR.md:LINE: conn.unmaskd: the code has no unmaskd`},
	{"a link leads nowhere", "README.md", `\(steps/01.md\)`, "(steps/1.md)", `README.md:LINE: the link leads to steps/1.md, which is not there`},
	{"an image is not there", "README.md", `chat.png`, "chut.png", `README.md:LINE: the link leads to .*/chut.png, which is not there`},
	{"a heading is not there", "README.md", `## The steps`, "## Steps", `steps/INSTRUCTOR.md:\d+: README.md has no heading #the-steps`},
	{"a link names a line", "README.md", `\(library/README.md\)`, "(raw/main.go#L3)", `README.md:LINE: the link leads into raw/main.go`},
	{"the page's code changes", "frontend/chat.js", `unseen.push\(message\)`, "unseen.push()", `steps/04.md:LINE: gen: chat.js form.addEventListener gives`},
	{"the page's function goes", "frontend/chat.js", `function show\(`, "function list(", `steps/05.md:\d+: gen: chat.js show: frontend/chat.js has no function show`},
	{"quoted code goes", "raw/conn.go", `\) ping\(`, ") pings(", `library/README.md:\d+: gen: go raw/conn.go conn.ping: there is no such conn.ping`},
	{"a quotation names nothing", "library/README.md", `gen: go raw/conn.go conn.ping`, "gen: go raw/conn.go", `library/README.md:LINE: gen: go raw/conn.go: it takes a file, and declarations`},
	{"a count is wrong", "library/README.md", `-->91<`, "-->92<", `library/README.md:LINE: gen: lines raw/handshake.go gives`},
	{"a file grows", "README.md", `\+147 −1`, "+148 −1", `README.md:LINE: gen: steps gives`},
	{"a region does not end", "steps/05.md", `to think<!-- /gen -->`, "to think", `steps/05.md:LINE: a <!-- /gen --> is missing`},
	{"the time is wrong", "steps/05.md", `\d+ to read`, "1 to read", `steps/05.md:LINE: gen: minutes .* gives`},
	{"a lesson does not say its time", "steps/05.md", `minutes \+ \d+`, "minutes", `steps/INSTRUCTOR.md:\d+: gen: timetable: steps/05.md does not say how long it takes`},
	{"a lesson takes longer", "steps/05.md", `-->25 minutes`, "-->35 minutes", `steps/INSTRUCTOR.md:\d+: gen: timetable gives`},
	{"the lessons take longer", "steps/INSTRUCTOR.md", `-->180<`, "-->200<", `steps/INSTRUCTOR.md:LINE: gen: minutes gives`},
	{"a timetable leaves a lesson out", "steps/INSTRUCTOR.md", `\n.*\[Step 2\]\(02.*`, "", `steps/INSTRUCTOR.md:\d+: gen: timetable: lesson 3 comes where 2 is due`},
	{"the checker says something else", "steps/tools/check/causes.go", `is the blank line`, "is the empty line", `steps/INSTRUCTOR.md:LINE: the checker never says "is the blank line`},
	{"a server prints something else", "steps/01.md", `07 upgrade requested!`, "07 upgrade!", `steps/01.md:LINE: server steps/01: open gives "2026/03/14 10:00:00 upgrade requested!" here, not`},
	{"a script does what there is not", "steps/01.md", `open -->`, "open, jump -->", `steps/01.md:LINE: server steps/01: open, jump: jump: is no action`},
	{"a script sends before it opens", "steps/01.md", `open -->`, "leave -->", `steps/01.md:LINE: server steps/01: leave: leave: open comes first`},
	{"a server does not build", "steps/01.md", `server steps/01`, "server steps/00", `steps/01.md:LINE: server steps/00: open: steps/00 does not build`},
	{"commands are not there", "steps/00.md", `## The standard`, "<!-- run: copy -->\n\n$0", `steps/00.md:LINE: run: copy: stands over a block`},
	{"a command fails", "steps/00.md", `## The standard`, "<!-- run: copy -->\n```sh\ntest -f go.mod && test ! -f go.mod\n```", `steps/00.md:LINE: run: copy: these commands fail: exit status 1`},
}

// A changed workshop has files of its own in front of those on the disk.
type changed struct {
	fs.FS
	files fstest.MapFS
}

func (c changed) Open(name string) (fs.File, error) {
	if c.files[name] != nil {
		return c.files.Open(name)
	}
	return c.FS.Open(name)
}

// TestBroken breaks the workshop in every way, and reads what is said. Then it brings the text
// up to the code, if that is how to mend it. Only what steps/01.md shows of a server is played.
func TestBroken(t *testing.T) {
	whole := newWorkshop(root)
	unplayed := strings.NewReplacer("<!-- server ", "<!-- not ", "<!-- run: ", "<!-- not: ", "<!-- gen: compare ", "<!-- gen: lines ")
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			w := *whole
			name, _, _ := strings.Cut(b.says, ":")
			text := w.read(name)
			if name != "steps/01.md" {
				text = unplayed.Replace(text)
			}
			files := fstest.MapFS{name: {Data: []byte(text)}}
			w.files = changed{w.files, files}

			old, source := regexp.MustCompile(b.old), w.read(b.file)
			says := b.says
			if at := old.FindStringIndex(text); at != nil {
				says = strings.Replace(says, "LINE", fmt.Sprint(strings.Count(text[:at[0]], "\n")+1), 1)
			}
			at := old.FindStringSubmatchIndex(source)
			if at == nil {
				t.Fatalf("%s has no %s", b.file, b.old)
			}
			files[b.file] = &fstest.MapFile{Data: []byte(source[:at[0]] + string(old.ExpandString(nil, b.new, source, at)) + source[at[1]:])}
			w.learn()
			problems, fresh := w.check(name)
			said := func(p problem) bool { return regexp.MustCompile("^" + says).MatchString(p.says) }
			if !slices.ContainsFunc(problems, said) {
				t.Errorf("%s was to be said, and this was: %v", says, problems)
			}
			files[name] = &fstest.MapFile{Data: []byte(fresh)}
			if problems, _ = w.check(name); strings.Contains(says, " gives") && len(problems) > 0 {
				t.Errorf("after an update: %v", problems)
			}
		})
	}
}
