package main

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"websocket-workshop/steps/tools/stepcode"
)

const root = "../../.."

// TestTexts holds every text to the code: a failure names its line.
func TestTexts(t *testing.T) {
	w := theWorkshop(t)
	for _, name := range texts() {
		problems, _ := w.check(name)
		for _, p := range problems {
			t.Error(p.says)
		}
	}
	for _, p := range w.checkPages() {
		t.Error(p.says)
	}
}

// TestTyped types the blocks of each lesson, as readers do: by their text alone. Both ways lead to
// the lesson's folder: all blocks on top of what play -bare gives, with ours in each turn; and only
// ours in the turns of the finished step.
func TestTyped(t *testing.T) {
	w := theWorkshop(t)
	for n := 1; n <= stepcode.Library; n++ {
		step, err := stepcode.ReadIn(w.files, n)
		if err != nil {
			t.Fatal(err)
		}
		for way, begin := range map[string]func() (stepcode.Files, error){"all": step.Bare, "turns": step.Open} {
			files, err := begin()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range parse(stepcode.Lesson(n), w.read(stepcode.Lesson(n))).fences {
				if way == "all" && (f.mark.kind == "edit" || f.mark.kind == "turn") {
					if err := f.typeInto(files); err != nil {
						t.Errorf("%s:%d: %v", stepcode.Lesson(n), f.line, err)
					}
				}
				if f.mark.kind == "turn" {
					if err := w.solve(n, f, files); err != nil {
						t.Errorf("%s:%d: %v", stepcode.Lesson(n), f.line, err)
					}
				}
			}
			for name, want := range step.After {
				if files[name] != want {
					t.Errorf("%s: with %s typed, %s is\n%s", stepcode.Lesson(n), way, name, files[name])
				}
			}
		}
	}
}

// solve writes ours, as the file of hints has it, into an open turn whose block is given, after the
// imports that the block shows.
func (w *workshop) solve(step int, turn *fence, files stepcode.Files) error {
	name := turn.mark.args[0]
	t := stepcode.TurnOf(step, name, turn.mark.args[1:])
	var paths []string
	for _, line := range turn.body {
		if m := addedImport.FindStringSubmatch(line); m != nil {
			paths = append(paths, m[1])
		}
	}
	for _, f := range parse(stepcode.HintsFile(step), w.read(stepcode.HintsFile(step))).fences {
		if f.mark.title == strings.Replace(turn.mark.title, "turn", "ours", 1) {
			code := regexp.MustCompile(`(?m)^import .*\n`).ReplaceAllString(strings.Join(f.body, "\n")+"\n", "")
			fresh, err := t.Write(files[name], strings.TrimLeft(code, "\n"), paths)
			files[name] = fresh
			return err
		}
	}
	return fmt.Errorf("%v has no ours", t)
}

var addedImport = regexp.MustCompile(`^\+(?:import |\t)"([^"]+)"$`)

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
	files[name] = stepcode.Join(decls)
	return nil
}

// broken are ways in which the workshop breaks: what is replaced in a file and by what, and
// what is said of it: LINE is where, in the text that says it, this stood or is quoted.
var broken = []struct{ name, file, old, new, says string }{
	{"a line of code changes", "steps/05/hub.go", `delete\(h.members, c\)`, "delete(h.members, nil)", `steps/05.md:LINE: edit: hub.go hub.leave gives`},
	{"a block has no mark", "steps/05.md", `<!-- edit: hub.go hub.leave -->\n`, "", `steps/05.md:LINE: over this block no mark says where it comes from`},
	{"a function is renamed", "steps/05/hub.go", `\) leave\(`, ") quit(", `steps/05.md:\d+: edit: hub.go hub.leave: no hub.leave changes there`},
	{"a turn is renamed", "steps/05/hub.go", `\) post\(`, ") publish(", `steps/05.md:\d+: turn: hub.go hub.post: no hub.post changes there`},
	{"a change is in no block", "steps/05.md", `edit: main.go upgrade visit chat`, "edit: main.go upgrade visit", `steps/05.md:LINE: no block shows chat of steps/05/main.go`},
	{"a change is in two", "steps/05.md", `edit: main.go upgrade visit chat`, "$0 -->\n\n<!-- $0", `steps/05.md:\d+: edit: main.go upgrade visit chat: line \d+ shows \w+ already`},
	{"a file goes", "library/README.md", `(?s)frame\.go.*`, "", `library/README.md:\d+: frame.go goes, and nothing says so`},
	{"a file is not of the step", "steps/05.md", `edit: hub.go hub.leave`, "edit: hab.go hub.leave", `steps/05.md:LINE: edit: hab.go hub.leave: it takes a file of this lesson's step`},
	{"what is given is typed", "steps/03.md", `given: history.go`, "edit: history.go", `steps/03.md:LINE: edit: history.go .*: steps/tools/stepcode says otherwise`},
	{"a turn is typed", "steps/05.md", `turn: hub.go hub.post`, "edit: hub.go hub.post", `steps/05.md:LINE: edit: hub.go hub.post: steps/tools/stepcode says otherwise`},
	{"what is typed is a turn", "steps/05.md", `edit: hub.go hub.leave`, "turn: hub.go hub.leave", `steps/05.md:LINE: turn: hub.go hub.leave: steps/tools/stepcode says otherwise`},
	{"a turn does not link its hints", "steps/04.md", `04-hints.md#unmask`, "04-hints.md", `steps/04.md:\d+: turn: frame.go unmask: no link to its hints follows: \[Hints\]\(04-hints.md#unmask\)`},
	{"an answer is in the lesson", "steps/04.md", `turn: frame.go unmask`, "ours: frame.go unmask", `steps/04.md:LINE: ours: frame.go unmask: it takes a file and a turn, in the hints`},
	{"an answer is none", "steps/04-hints.md", `ours: frame.go unmask`, "ours: frame.go encode", `steps/04-hints.md:LINE: ours: frame.go encode: this is no turn of the step`},
	{"an answer is missing", "steps/04-hints.md", `ours: frame.go unmask`, "first: frame.go unmask", `steps/04-hints.md:1: <!-- ours: frame.go unmask --> is missing`},
	{"an answer is not folded", "steps/04-hints.md", `<details>(<summary>unmask</summary>)`, "$1", `steps/04-hints.md:\d+: ours: frame.go unmask: it belongs into a <details>`},
	{"an answer is in sight", "steps/04-hints.md", `\n{40}`, "\n", `steps/04-hints.md:\d+: our solutions stand at the end, after at least 40 empty lines`},
	{"an answer changes", "steps/04/frame.go", `key\[i%4\]`, "key[i&3]", `steps/04-hints.md:\d+: ours: frame.go unmask gives`},
	{"a hint is missing", "steps/04-hints.md", `Hint 3: the first line(</summary>\s*<!-- first: frame.go unmask)`, "the first line$1", `steps/04-hints.md:1: unmask needs three hints, .*: 2,`},
	{"a turn has no hints", "steps/04-hints.md", `## unmask\n`, "## mask\n", `steps/04-hints.md:1: unmask needs three hints, .* has no hints for unmask`},
	{"an import has no block", "steps/05.md", `edit: hub.go room hub member`, "given: hub.go room", `steps/05.md:\d+: no block needs all imports of hub.go`},
	{"a block is too long", "steps/05/hub.go", `\tdelete.*\n`, strings.Repeat("$0", 41), `steps/05.md:\d+: edit: hub.go hub.leave: this block has \d\d lines`},
	{"a step's code does not parse", "steps/05/hub.go", `\bfunc `, "fnuc ", `steps/05.md:1: hub.go: `},
	{"a time is not that of rules", "steps/06.md", `75 seconds<`, "70 seconds<", `steps/06.md:LINE: the text states "70 seconds", and rules.QuietTime is 75 s`},
	{"a time in words is not that of rules", "steps/06.md", `one and a half seconds<`, "two seconds<", `steps/06.md:LINE: the text states "two seconds", and rules.GoodbyeTime is 1.5 s`},
	{"a time has no mark", "steps/06.md", `(30 seconds)<!-- limit: PingTime -->`, "$1", `steps/06.md:LINE: "30 seconds": which limit is this`},
	{"a length has no mark", "steps/03.md", `(50 messages)<!-- limit: HistorySize -->`, "$1", `steps/03.md:LINE: "50 messages": which limit is this`},
	{"a limit is none of rules", "steps/06.md", `limit: PingTime`, "limit: PongTime", `steps/06.md:LINE: limit: PongTime: package rules has no such limit`},
	{"a mark is after no number", "steps/06.md", `half a minute(<!-- limit: PingTime)`, "long$1", `steps/06.md:LINE: limit: PingTime: .* or no number stands before the mark`},
	{"a number is no limit", "steps/04.md", `more than 4,096`, "more than 4,906", `steps/04.md:LINE: the text states 4,906`},
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
	{"a function is not there", "steps/INSTRUCTOR.md", "`upgrade\\(\\)`", "`upgrad()`", `steps/INSTRUCTOR.md:LINE: there is no function upgrad\(\)`},
	{"a method is another type's", "steps/INSTRUCTOR.md", "`upgrade\\(\\)`", "`conn.upgrade()`", `steps/INSTRUCTOR.md:LINE: there is no function conn.upgrade\(\)`},
	{"a name is not there", "steps/INSTRUCTOR.md", "`upgrade\\(\\)`", "`conn.upgrad`", `steps/INSTRUCTOR.md:LINE: conn.upgrad: the code has no upgrad`},
	{"a link leads nowhere", "README.md", `\(steps/01.md\)`, "(steps/1.md)", `README.md:LINE: the link leads to steps/1.md, which is not there`},
	{"an image is not there", "README.md", `chat.png`, "chut.png", `README.md:LINE: the link leads to .*/chut.png, which is not there`},
	{"a heading is not there", "README.md", `## The steps`, "## Steps", `steps/INSTRUCTOR.md:\d+: README.md has no heading #the-steps`},
	{"a link names a line", "README.md", `\(library/README.md\)`, "(raw/main.go#L3)", `README.md:LINE: the link leads into raw/main.go`},
	{"the page's code changes", "frontend/chat.js", `unseen.push\(message\)`, "unseen.push()", `steps/04.md:LINE: gen: chat.js form.addEventListener gives`},
	{"the page's function goes", "frontend/chat.js", `function show\(`, "function list(", `steps/05.md:\d+: gen: chat.js show: frontend/chat.js has no function show`},
	{"quoted code goes", "raw/conn.go", `\) ping\(`, ") pings(", `library/README.md:\d+: gen: go raw/conn.go conn.ping: there is no such conn.ping`},
	{"a quotation names nothing", "library/README.md", `gen: go raw/conn.go conn.ping`, "gen: go raw/conn.go", `library/README.md:LINE: gen: go raw/conn.go: it takes a file, and declarations`},
	{"a count is wrong", "library/README.md", `(lines raw/handshake.go -->)\d+<`, "${1}1<", `library/README.md:LINE: gen: lines raw/handshake.go gives`},
	{"a file grows", "README.md", `\+\d+ −1 `, "+1 −1 ", `README.md:LINE: gen: steps gives`},
	{"a region does not end", "steps/05.md", `type it all<!-- /gen -->`, "type it all", `steps/05.md:LINE: a <!-- /gen --> is missing`},
	{"the time is wrong", "steps/05.md", `\d+ to read`, "1 to read", `steps/05.md:LINE: gen: minutes .* gives`},
	{"a lesson does not say its time", "steps/05.md", `minutes \+ \d+`, "minutes", `steps/INSTRUCTOR.md:\d+: gen: timetable: steps/05.md does not say how long it takes`},
	{"a lesson takes longer", "steps/05.md", `-->35 minutes`, "-->45 minutes", `steps/INSTRUCTOR.md:\d+: gen: timetable gives`},
	{"the lessons take longer", "steps/INSTRUCTOR.md", `-->270<`, "-->280<", `steps/INSTRUCTOR.md:LINE: gen: minutes gives`},
	{"a timetable leaves a lesson out", "steps/INSTRUCTOR.md", `\n.*\[Step 2\]\(02.*`, "", `steps/INSTRUCTOR.md:\d+: gen: timetable: lesson 3 comes where 2 is due`},
	{"the checker says something else", "steps/tools/check/causes.go", `is the blank line`, "is the empty line", `steps/INSTRUCTOR.md:LINE: the checker never says "is the blank line`},
	{"a server prints something else", "steps/01.md", `07 upgrade requested!`, "07 upgrade!", `steps/01.md:LINE: server steps/01: open gives "2026/03/14 10:00:00 upgrade requested!" here, not`},
	{"a script does what there is not", "steps/01.md", `open -->`, "open, jump -->", `steps/01.md:LINE: server steps/01: open, jump: jump: is no action`},
	{"a script sends before it opens", "steps/01.md", `open -->`, "leave -->", `steps/01.md:LINE: server steps/01: leave: leave: open comes first`},
	{"a server does not build", "steps/01.md", `server steps/01`, "server steps/00", `steps/01.md:LINE: server steps/00: open: steps/00 does not build`},
	{"commands are not there", "steps/00.md", `## The standard`, "<!-- run: copy -->\n\n$0", `steps/00.md:LINE: run: copy: stands over a block`},
	{"a command fails", "steps/00.md", `## The standard`, "<!-- run: copy -->\n```sh\ntest -f go.mod && test ! -f go.mod\n```", `steps/00.md:LINE: run: copy: these commands fail: exit status 1`},
}

// TestLimits: whoever changes a limit of package rules is told about every sentence that states the old one.
func TestLimits(t *testing.T) {
	w := theWorkshop(t)
	w.limits = maps.Clone(w.limits)
	w.limits["MaxMessage"], w.limits["HistorySize"], w.limits["WriteTime"], w.limits["QuietTime"] = 8192, 40, 7*time.Second, time.Minute
	told := make(map[string]int)
	for _, name := range texts() {
		p := parse(name, w.read(name))
		w.checkLimits(p)
		for _, problem := range p.problems {
			told[problem.says]++
		}
	}
	for _, p := range w.checkPages() {
		told[p.says]++
	}
	for name, n := range map[string]int{"states 4,096, ": 5, "HistorySize is 40": 4, "WriteTime is 7 s": 5, "QuietTime is 60 s": 4, "frontend/index.html:": 1} {
		for says := range told {
			if strings.Contains(says, name) {
				n--
			}
		}
		if n > 0 {
			t.Errorf("%d sentences with %q are missing from %v", n, name, slices.Sorted(maps.Keys(told)))
		}
	}
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
	whole := theWorkshop(t)
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
			for range 2 { // the time counts words that were generated
				files[name] = &fstest.MapFile{Data: []byte(fresh)}
				problems, fresh = w.check(name)
			}
			if strings.Contains(says, " gives") && len(problems) > 0 {
				t.Errorf("after an update: %v", problems)
			}
		})
	}
}
