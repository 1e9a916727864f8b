package main

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

// root is the workshop's top folder, as seen from this package.
const root = "../../.."

// servers are built once for all tests.
var servers programs

func TestMain(m *testing.M) {
	status := m.Run()
	servers.remove()
	os.Exit(status)
}

// workshopOf returns the workshop with the given texts and code, and the real servers.
func workshopOf(files fs.FS) *workshop {
	w := newWorkshop(files, root)
	w.programs = &servers
	return w
}

// TestLessons holds every text to the code: a failure names its line.
func TestLessons(t *testing.T) {
	w := workshopOf(os.DirFS(root))
	t.Cleanup(func() {
		for _, p := range w.skips.all {
			t.Log(p)
		}
	})
	for _, name := range lessonsOwed {
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			t.Parallel()
			text, err := fs.ReadFile(w.files, name)
			if err != nil {
				t.Fatalf("%s:1: %v", name, err)
			}
			for _, p := range w.check(parse(name, string(text))) {
				t.Error(p)
			}
		})
	}
}

// small is a workshop of two steps, to break lessons in.
func small() fstest.MapFS {
	files := make(fstest.MapFS)
	for name, text := range map[string]string{
		"steps/01/main.go":       "package main\n\nfunc main() {\n\tserve()\n}\n\n// serve waits.\nfunc serve() {\n}\n",
		"steps/02/main.go":       "package main\n\nfunc main() {\n\tserve()\n\tlisten()\n}\n\n// serve waits.\nfunc serve() {\n}\n",
		"steps/02/conn.go":       "package main\n\n// A conn is open.\ntype conn struct{}\n\nfunc (c *conn) read() {}\n",
		"steps/02.md":            "",
		"steps/01.md":            "# Step 1\n\nTime: 20 minutes\n",
		"steps/tools/check/a.go": "package main\n\nconst likely = `the key is missing`\n",
		"raw/main.go":            "package main\n\nvar addr = flag.String(\"addr\", \"\", \"\")\n",
		"frontend/chat.js":       "let socket;\n\n// It begins.\nfunction connect() {\n  open();\n}\n",
		".ci/run":                "go install github.com/go-task/task/v3/cmd/task@v3.53.1\n",
		"Taskfile.yml": "tasks:\n  raw: {desc: \"Run\", cmds: [{task: serve, vars: {DIR: raw}}]}\n" +
			"  diff-2: {cmds: [{task: diff, vars: {A: steps/01, B: steps/02}}]}\n" +
			"  test: {cmd: \"go test ./... {{.CLI_ARGS}}\"}\n" +
			"  serve:\n    internal: true\n    cmds:\n      - {task: build, vars: {TOOL: serve}}\n      - ./.bin/serve{{exeExt}} -o .bin/x {{.DIR}}\n" +
			"  diff:\n    cmd: git --no-pager diff --no-index {{.A}} {{.B}} || test $? -eq 1\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// lesson is one in which everything holds. ~~~ stands for three backticks, ' for one.
const lesson = `# Step 2: the rest

Time: 40 minutes. See [the goal](#the-goal), [step 1](01.md) and [its code](01/main.go).

## The goal

'conn.read()' in conn.go, called by 'serve()'; 'steps/02' has it.

~~~diff
+++ main.go
@@
 func main() {
 	serve()
+	listen()
~~~

~~~diff
+++ conn.go (new)
+package main
+
+// A conn is open.
+type conn struct{}
+
~~~

~~~diff
+++ conn.go
@@ at the end
+func (c *conn) read() {}
~~~

Run 'task raw' or 'go run ./raw -addr :1':

~~~sh
task diff-2
go test -race ./...
~~~

<!-- gen: chat.js connect -->
~~~js
// It begins.
function connect() {
  open();
}
~~~
<!-- /gen -->

The step adds <!-- gen: added 2 -->7<!-- /gen --> lines.

| with | without |
|---|---|
| 'task raw' | 'go run ./raw' |
| 'task diff-2' | 'git diff --no-index steps/01 steps/02' |

| at | minutes | what |
|---|---|---|
| 9:00 | 40 | [step 2](02.md) |
| 9:40 | 20 | coffee |
| 10:00 | | the end |

| stuck | the checker says |
|---|---|
| no 101 | 'the key is missing' |
`

// broken are ways to break it, each with what is said then.
var broken = []struct{ name, old, new, says string }{
	{"the code has other lines", "+	listen()", "+	listen(80)", `14: steps/02/main.go has "\tlisten()" at line 5 where the edits give "\tlisten(80)"`},
	{"the code before has other lines", " 	serve()\n+", " 	server()\n+", `13: main.go has "\tserve()" here by then, not "\tserver()"`},
	{"a quoted line is nowhere", "@@\n func main() {\n 	serve()\n+	listen()", "@@\n nothing\n+	listen()", `12: main.go has no line "nothing" by then`},
	{"a place is not the only one", "@@\n func main() {\n 	serve()\n+	listen()", "@@\n }\n+	listen()", `11: the old lines of this edit stand 2 times in main.go: add context`},
	{"an edit has no context", " func main() {\n 	serve()\n+	listen()", "+	listen()", `11: this edit has + lines only: give it context, or head it @@ at the end`},
	{"an edit is missing", "~~~diff\n+++ conn.go\n@@ at the end\n+func (c *conn) read() {}\n~~~\n", "", `23: steps/02/conn.go goes on with "func (c *conn) read() {}" at line 6: no edit adds that`},
	{"a file is never made", "conn.go (new)", "conn.go", `18: conn.go is not there yet: +++ conn.go (new) would make it`},
	{"a file is made twice", "+++ main.go", "+++ main.go (new)", `10: main.go is there already, and not new`},
	{"an edit names no file", "+++ main.go\n", "", `10: a diff block begins with a line like +++ conn.go`},
	{"a line has no sign", "+	listen()", "	listen()", `14: a line of an edit begins with a space, + or -`},
	{"an edit is too long", "+type conn struct{}\n", "+type conn struct{}\n" + strings.Repeat("+//\n", 40), `17: this edit has 46 lines: split it, 40 is the most`},
	{"a block says nothing of itself", "~~~sh", "~~~", `34: this block does not say what it is`},
	{"code is quoted by hand", "<!-- gen: chat.js connect -->\n~~~js", "~~~js\nlet a;\n~~~\n\n<!-- gen: chat.js connect -->\n~~~js", `39: code is quoted with <!-- gen`},
	{"a task is none", "Run 'task raw'", "Run 'task rew'", `32: task rew: Taskfile.yml has no such task`},
	{"a task is internal", "task diff-2\n", "task serve\n", `35: task serve: Taskfile.yml has no such task`},
	{"a program has no such flag", "-addr :1", "-port 1", `32: "go run ./raw -port 1": ./raw has no flag -port`},
	{"a program is not there", "go run ./raw -addr", "go run ./row -addr", `32: "go run ./row -addr :1": there is no program in ./row`},
	{"go has no such flag", "-race", "-rice", `36: "go test -rice ./...": go has no flag -rice that a lesson needs`},
	{"a package is not there", "go test -race ./...", "go test ./rew", `36: "go test ./rew": there is no ./rew`},
	{"a command is unknown", "go test -race ./...", "make all", `36: "make all": no test runs this, and it is no task`},
	{"another version is installed", "go test -race ./...", "go install github.com/go-task/task/v3/cmd/task@v2", `36: "go install github.com/go-task/task/v3/cmd/task@v2": the tests install another version`},
	{"a task runs something else", "| 'go run ./raw' |", "| 'go run ./steps/02' |", `52: task raw runs "go run ./raw", not "go run ./steps/02"`},
	{"folders are not there", "'git diff --no-index steps/01 steps/02'", "'git diff --no-index steps/01 steps/07'", `53: "git diff --no-index steps/01 steps/07": there is no steps/07`},
	{"a file is not there", "in conn.go", "in cone.go", `7: there is no file cone.go`},
	{"a folder is not there", "'steps/02' has", "'steps/09' has", `7: there is no folder steps/09`},
	{"a function is not there", "'serve()'", "'server()'", "7: `server()`: there is no such function"},
	{"a method is another type's", "'conn.read()'", "'conn.serve()'", "7: `conn.serve()`: there is no such function"},
	{"a name is not there", "'conn.read()'", "'maxMessage'", "7: `maxMessage`: the code has no maxMessage"},
	{"a link leads nowhere", "(01.md)", "(1.md)", `3: the link leads to steps/1.md, which is not there`},
	{"a heading is not there", "#the-goal", "#the-aim", `3: steps/02.md has no heading #the-aim`},
	{"another text has no such heading", "(01.md)", "(01.md#step-2)", `3: steps/01.md has no heading #step-2`},
	{"a link names a line", "01/main.go)", "01/main.go#L3)", `3: the link leads into steps/01/main.go: a line number does not stay what it is`},
	{"the page's code has changed", "  open();", "  close();", `43: gen: chat.js connect is out of date: go run ./steps/tools/lessons -update`},
	{"the page's function has gone", "chat.js connect", "chat.js closed", `39: gen: chat.js closed: frontend/chat.js has no function closed`},
	{"a count is wrong", "7<!--", "8<!--", `48: gen: added 2 is out of date: go run ./steps/tools/lessons -update`},
	{"there is no such generator", "gen: added 2", "gen: guess 2", `48: gen: guess 2: there is no generator "guess"`},
	{"a marker is missing", "7<!-- /gen -->", "7", `63: a <!-- /gen --> is missing`},
	{"a timetable does not add up", "| 9:40 | 20", "| 9:50 | 20", `58: the rows above end at 9:40, not 9:50`},
	{"the sum of a timetable is wrong", "| 10:00 |", "| 10:30 |", `59: the rows above end at 10:00, not 10:30`},
	{"a row has no minutes", "| 9:40 | 20", "| 9:40 | x", `58: how many minutes? Only the last row, the end, takes none`},
	{"a time is none", "| 9:40 |", "| 9.40 |", `58: "9.40" is no time like 1:05`},
	{"a lesson takes other minutes", "| at |", "<!-- lessons -->\n| at |", `56: the timetable leaves out lesson 01`},
	{"a lesson does not say its minutes", "40 minutes", "some time", `1: a lesson says in its first 12 lines that it takes N minutes`},
	{"the checker says something else", "'the key is missing'", "'the key is wrong'", `63: the checker never says "the key is wrong"`},
	{"output without a comment", "~~~sh\n", "~~~console\n$ task raw\nhello\n~~~\n\n~~~sh\n", `34: this console block has no comment that says how to provoke it`},
	{"a script does what there is not", "~~~sh\n", "<!-- server raw: jump -->\n~~~console\n$ task raw\nhello\n~~~\n\n~~~sh\n", `35: "jump" is no action of a script`},
}

// markdown returns the lesson as it would be in a file.
func markdown(text string) string {
	return strings.NewReplacer("~~~", "```", "'", "`").Replace(text)
}

// TestBroken breaks the lesson in every way, and reads what is said.
func TestBroken(t *testing.T) {
	w := workshopOf(small())
	if problems := w.check(parse("steps/02.md", markdown(lesson))); len(problems) > 0 {
		t.Fatalf("nothing is broken, and yet: %v", problems)
	}
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			if !strings.Contains(lesson, b.old) {
				t.Fatalf("the lesson has no %q", b.old)
			}
			problems := w.check(parse("steps/02.md", markdown(strings.Replace(lesson, b.old, b.new, 1))))
			for _, p := range problems {
				if strings.HasPrefix(p.String(), "steps/02.md:"+b.says) {
					return
				}
			}
			t.Errorf("steps/02.md:%s was to be said, and this was: %v", b.says, problems)
		})
	}
}

// consoles are blocks of output, each with what is said of it: nothing if it holds. @ is
// the time.
var consoles = []struct{ name, comment, output, says string }{
	{"a handshake", "server steps/02: open, leave",
		"@ listening on http://localhost:8080\n@ upgrade requested!\n@ a member left: EOF", ""},
	{"a gap", "server steps/02: open, leave", "…\n@ upgrade requested!\n…", ""},
	{"another text", "server steps/02: open", "@ listening on http://localhost:8080\n@ upgrade!",
		`9: the terminal says "@ upgrade requested!" here, not "@ upgrade!"`},
	{"too little", "server steps/02: open", "@ listening on http://localhost:8080",
		`8: the terminal goes on with "@ upgrade requested!"`},
	{"too much", "server steps/01:", "@ listening on http://localhost:8080\nhello",
		`9: the terminal never says "hello"`},
	{"a masked frame", `server steps/04: open, send ann "hi"`,
		"…\n@ frame http://127.0.0.1:8080/frame.html#819a00000000" + hexOf(`{"user":"ann","text":"hi"}`) + "\n@ \"ann\" says \"hi\"", ""},
	{"a part of a frame", `server steps/04: open, send ann "hi"`,
		"…\n@ frame http://localhost:80/frame.html#819a0123…\n@ \"ann\" says \"hi\"", ""},
	{"another frame", `server steps/04: open, send ann "hi"`,
		"@ listening on http://localhost:8080\n@ upgrade requested!\n@ frame http://127.0.0.1:8080/frame.html#819a00000000" + hexOf(`{"user":"ann","text":"ho"}`) + "\n…",
		`10: the terminal says "@ frame http://`},
	{"no such server", "server steps/00: open", "hello", `6: steps/00 does not build`},
	{"a command", "run go run ./steps/tools/compare", "lines               raw  library\n…", ""},
	{"another command", "run go run ./steps/tools/compare", "lines               raw  cooked\n…",
		`8: the terminal says "lines               raw  library" here, not "lines               raw  cooked"`},
}

// hexOf returns a text's bytes in hex.
func hexOf(s string) string { return hex.EncodeToString([]byte(s)) }

// TestConsoles compares blocks with real servers.
func TestConsoles(t *testing.T) {
	const now = "2026/01/02 15:04:05 "
	times := regexp.MustCompile(`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	w := workshopOf(small())
	for _, c := range consoles {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := "# Step\n\n7 minutes\n\n<!-- " + c.comment + " -->\n```console\n$ task raw\n" +
				strings.ReplaceAll(c.output, "@ ", now) + "\n```\n"
			got := ""
			for _, p := range w.checkConsoles(parse("steps/02.md", text)) {
				got += times.ReplaceAllString(p.String(), "@ ") + "\n"
			}
			want := c.says
			if want != "" {
				want = "steps/02.md:" + want
			}
			if !strings.HasPrefix(got, want) || want == "" && got != "" {
				t.Errorf("said %q, not %q", got, want)
			}
		})
	}
}

// TestCopy runs blocks in a copy of the workshop.
func TestCopy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("such blocks are for a POSIX shell")
	}
	w := workshopOf(small())
	for commands, want := range map[string]string{
		"test -f raw/main.go\ntest -f go.mod": "[]",
		"cat nowhere\ntest -f go.mod":         "[README.md:2: these commands fail: exit status 1: cat: nowhere: No such file or directory]",
		"rm -r raw steps\n! test -e raw":      "[]",
	} {
		got := w.checkConsoles(parse("README.md", "<!-- run: copy -->\n```sh\n"+commands+"\n```\n"))
		if fmt.Sprint(got) != want {
			t.Errorf("%q: %v, not %v", commands, got, want)
		}
	}
}

// TestScripts plays every action there is against the finished server.
func TestScripts(t *testing.T) {
	t.Parallel()
	w := workshopOf(small())
	todo := `open, open2, send ann "hi, bob", send2 bob "hi", ping "there?", bytes "c1 80 01 02 03 04", reload2, vanish2`
	if runtime.GOOS != "windows" {
		todo += ", open2, interrupt"
	}
	s, err := parseScript("server raw: " + todo)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := w.perform(s, quiets[1])
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{
		`"ann" says "hi, bob"`, `"bob" says "hi"`, "frame.html#8986", "left: closed with 1002",
		`left: closed with 1001 ""`, "left: EOF", "frame.html#8882",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the server never says %q, but\n%s", want, all)
		}
	}
}

// TestOutdated changes the code under the lesson, and brings the lesson up to it.
func TestOutdated(t *testing.T) {
	for _, c := range []struct {
		name, file, old, new string
		wants                []string // in the lesson then
	}{
		{"a line that the lesson adds", "steps/02/main.go", "\tlisten()", "\tlisten(80) // here", []string{"+\tlisten(80) // here"}},
		{"a line beside it", "steps/02/main.go", "\tlisten()\n", "\tlisten()\n\twait()\n", []string{"+\tlisten()\n+\twait()\n"}},
		{"a line that goes", "steps/02/conn.go", "// A conn is open.\n", "", []string{"+package main\n+\n+type conn"}},
		{"a line that stays", "both main.go", "\tserve()", "\tserveAll()", []string{" func main() {\n \tserveAll()\n+\tlisten()"}},
		{"the page's code", "frontend/chat.js", "open();", "reopen();", []string{"  reopen();\n}\n```\n<!-- /gen -->"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := small()
			for name, file := range files {
				if name == c.file || c.file == "both main.go" && strings.HasSuffix(name, "main.go") {
					file.Data = []byte(strings.Replace(string(file.Data), c.old, c.new, 1))
				}
			}
			w := workshopOf(files)
			old := markdown(lesson)
			if len(w.check(parse("steps/02.md", old))) == 0 {
				t.Error("nothing was said of the old lesson")
			}
			fresh := w.update("steps/02.md", old)
			for _, want := range c.wants {
				if !strings.Contains(fresh, want) {
					t.Errorf("%q is not in the lesson now:\n%s", want, fresh)
				}
			}
			for _, p := range w.check(parse("steps/02.md", fresh)) {
				if !strings.Contains(p.says, "gen: added") {
					t.Error(p)
				}
			}
			if again := w.update("steps/02.md", fresh); again != fresh {
				t.Error("a second update changes it once more")
			}
		})
	}
}

// TestOutdatedOutput brings a block of output up to what the server prints.
func TestOutdatedOutput(t *testing.T) {
	t.Parallel()
	w := workshopOf(small())
	text := "# Step\n\n<!-- server steps/01: open -->\n```console\n$ task raw\n" +
		"1999/01/02 15:04:05 listening on http://localhost:1\n1999/01/02 15:04:06 hello\n```\n"
	want := strings.Replace(text, "hello", "upgrade requested!", 1)
	if got := w.rewriteConsoles(parse("README.md", text)); got != want {
		t.Errorf("got\n%s\nnot\n%s", got, want)
	}
}

// TestTasks holds the reading of Taskfile.yml to some of its tasks, of every form.
func TestTasks(t *testing.T) {
	b, err := os.ReadFile(root + "/Taskfile.yml")
	if err != nil {
		t.Fatal(err)
	}
	all := tasks(string(b))
	for name, want := range map[string]string{
		"step-3":      "go run ./steps/03",
		"library":     "go run ./library",
		"diff-2":      "git diff --no-index steps/01 steps/02",
		"diff-work-6": "go run ./steps/tools/check -step 6 -diff-only",
		"play-1":      "go run ./steps/tools/play -step 1",
		"check-4":     "go run ./steps/tools/check -step 4",
		"compare":     "go run ./steps/tools/compare",
		"test":        "go test ./...",
		"step-7":      "",
	} {
		if got := plain(all, name); got != want {
			t.Errorf("task %s is %q, not %q", name, got, want)
		}
	}
	if !all["serve"].internal || all["raw"].internal {
		t.Error("serve is internal, and raw is not")
	}
}

// TestNormal holds what is left of lines that differ each time.
func TestNormal(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"2026/01/02 15:04:05 a", "2027/11/12 05:04:05 a", true},
		{"2026/01/02 15:04:05 a", "2027/11/12 05:04:05 b", false},
		{"on http://localhost:8080", "on http://127.0.0.1:5", true},
		{"frame.html#88810101010160", "frame.html#88810000000061", true},
		{"frame.html#88810101010160", "frame.html#88810000000060", false},
		{"received 81 81 01 01 01 01 60 88 80 00 00 00 00", "received 81 81 00 00 00 00 61 88 80 01 02 03 04", true},
		{"received 81 81 01 01 01 01 60", "received 81 82 01 01 01 01 60 00", false},
		{"received 81 …", "received 81 81 01 01 01 01 60", true},
		{"frame.html#8981…", "frame.html#898101010101600a", true},
		{"Sec-WebSocket-Accept: abc=", "Sec-WebSocket-Accept: def=", true},
		{"a … d", "a b c d", true},
		{"a … d", "a b c", false},
	} {
		if got := sameLine(c.a, c.b); got != c.same {
			t.Errorf("%q and %q: %v (%q and %q)", c.a, c.b, got, normal(c.a), normal(c.b))
		}
	}
}

// TestGaps holds how … stands for lines.
func TestGaps(t *testing.T) {
	for _, c := range []struct {
		want, got string
		same      bool
	}{
		{"a b", "a b", true}, {"a b", "a", false}, {"a", "a b", false}, {"…", "", true},
		{"… b", "a b", true}, {"a …", "a b c", true}, {"a … c", "a b b c", true},
		{"a … c", "a c", true}, {"a … c", "a b", false}, {"… b … d", "a b c d", true},
		{"… c … b", "a b c", false}, {"… b c … e", "a b b c d e", true},
	} {
		if i, _ := mismatch(strings.Fields(c.want), strings.Fields(c.got)); (i < 0) != c.same {
			t.Errorf("%q and %q part at %d", c.want, c.got, i)
		}
	}
}

// TestSlug holds the names of headings.
func TestSlug(t *testing.T) {
	for heading, want := range map[string]string{
		" What looks broken but is not yet": "what-looks-broken-but-is-not-yet",
		" Step 1: `conn.read`, twice":       "step-1-connread-twice",
		" [Task](https://taskfile.dev) – x": "task--x",
	} {
		if got := slug(heading); got != want {
			t.Errorf("%q is #%s, not #%s", heading, got, want)
		}
	}
}
