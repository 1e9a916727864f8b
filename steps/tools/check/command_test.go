package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/trial"
)

// asCommand, in the environment, makes the test program the command.
const asCommand = "CHECK_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	m.Run()
}

// write puts files into a temporary folder, and returns the folder.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := cmp.Or(os.MkdirAll(filepath.Dir(path), 0o777),
			os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// goMod makes a folder a module, so that it can be built from anywhere.
const goMod = "module strange\n\ngo 1.25\n"

// check runs the command.
func check(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	var out strings.Builder
	status = command(t.Context(), &out, args)
	return status, out.String()
}

// TestCommand: the check reports in one line what it cannot check, and shows no stack traces.
func TestCommand(t *testing.T) {
	t.Chdir(write(t, map[string]string{
		"go.mod": goMod, "file.txt": "", "empty/.keep": "", "other/a.go": "package other\n",
		"tests/a_test.go": "package main\n",
		"unused/main.go":  "package main\n\nfunc main() {\n\tvar unused int\n}\n",
		"crashes/main.go": "package main\n\nfunc main() {\n\tpanic(1)\n}\n",
	}))
	for _, test := range []struct{ args, says string }{ // where says is empty, any single line will do
		{"", ""}, {"-step 0", ""}, {"-step 7", ""}, {"-step -1", ""}, {"-step 1 a b", ""}, {"-step 5 -library", ""},
		{"-step 1", ""}, {"-step 1 nowhere", ""}, {"-step 1 file.txt", ""}, {"-step 1 empty", ""},
		{"-step 1 other", ""},
		{"-step 1 tests", ""}, {"-client nowhere", ""},
		{"-step 1 unused", filepath.Join("unused", "main.go") + ":4:6: "},
		{"-step 1 crashes", "crashed at crashes/main.go:4"},
	} {
		status, said := check(t, strings.Fields(test.args)...)
		right := status == 2 && strings.Count(said, "\n") == 1
		if test.says != "" {
			right = status == 1 && strings.Contains(said, test.says) && !strings.Contains(said, "goroutine ")
		}
		if !right {
			t.Errorf("%s: status %d, %s", test.args, status, said)
		}
	}
}

// TestClient: -client checks a client instead of a server.
func TestClient(t *testing.T) {
	status, said := check(t, "-client", "client/testdata/model")
	if status != 0 || !strings.Contains(said, "  ✓ ok     it waits for the server's close frame\n") {
		t.Errorf("status %d, %s", status, said)
	}
	status, said = check(t, "-client", filepath.Join(repo, "steps", "01"))
	if status != 1 || !strings.Contains(said, "came      no connection") {
		t.Errorf("status %d, %s", status, said)
	}
}

// TestGone: the check ends when its terminal or pipe accepts no more output.
func TestGone(t *testing.T) {
	in, out := io.Pipe()
	in.Close()
	ended := false
	if fmt.Fprintln(terminal{out, func() { ended = true }}, "hello"); !ended {
		t.Error("the check keeps running, though nobody can read its output")
	}
}

// TestInterrupted: Ctrl-C and a closed pipe end the check and its servers.
func TestInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot send Ctrl-C to one program")
	}
	t.Parallel()
	notes := filepath.Join(t.TempDir(), "ports")
	dir := write(t, map[string]string{"go.mod": goMod, "main.go": fmt.Sprintf(`package main

import ("flag"; "fmt"; "net"; "os"; "os/signal"; "time")

func main() {
	signal.Ignore(os.Interrupt)
	addr := flag.String("addr", "", "")
	flag.Parse()
	f, _ := os.OpenFile(%q, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	fmt.Fprintln(f, *addr)
	net.Listen("tcp", *addr) // and answer nothing
	fmt.Println("listening on http://" + *addr)
	time.Sleep(time.Hour)
}
`, notes)})
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(*exec.Cmd, io.Closer){
		"interrupt":   func(cmd *exec.Cmd, _ io.Closer) { cmd.Process.Signal(os.Interrupt) },
		"closed pipe": func(_ *exec.Cmd, out io.Closer) { out.Close() },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, exe, "-v", "-step", "1", dir)
		cmd.Env = append(os.Environ(), asCommand+"=yes")
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said = append(said, lines.Text())
			if strings.Contains(lines.Text(), "listening on") { // the first row passes, the next ones hang
				end(cmd, out)
			}
		}
		if cmd.Wait() == nil {
			t.Errorf("%s: exit status 0, though nothing was checked", name)
		}
		ports, err := os.ReadFile(notes)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, strings.Join(said, "\n"))
		}
		for _, addr := range strings.Fields(string(ports)) {
			if nc, err := net.Dial("tcp", addr); err == nil {
				nc.Close()
				t.Errorf("%s: the server on %s still runs", name, addr)
			}
		}
	}
}

// TestReport: the rows of earlier steps share one line unless -v is given, and rows that pass after a
// failure have none.
func TestReport(t *testing.T) {
	f := &failure{Expected: "a pong", Likely: "the payload", Places: []place{{"work/conn.go", 7}},
		Lesson: "02.md"}
	events := []event{
		{Event: "building", Folder: "work", Step: 2}, {Event: "building"}, {Event: "built", Result: ok},
		{Event: "row", Step: 2, Name: "two", Result: ok},
		{Event: "row", Step: 2, Name: "two", Result: skipped, Reason: "not here"},
		{Event: "row", Step: 1, Name: "one", Result: ok}, {Event: "running", Step: 2, Name: "slow"},
		{Event: "row", Step: 2, Name: "three", Result: fails, Failure: f},
		{Event: "row", Step: 2, Name: "four", Result: ok},
		{Event: "row", Step: 2, Name: "five", Result: fails, Failure: f},
		{Event: "row", Step: 2, Name: "six", Result: fails, Failure: f},
		{Event: "row", Step: 2, Name: "seven", Result: fails, Failure: f},
		{Event: "row", Step: 2, Name: "eight", Result: fails, Failure: f}, {Event: "done", Text: "advice"},
	}
	const words = "Checking work, step 1 to 2. … building it (the first time, that takes a minute) " +
		"✓ ok it builds Step 2: handshake ✓ ok two - skipped two (not here)ONE … in a few seconds: slow " +
		"✗ fails three sent (nothing) expected a pong came (nothing) place work/conn.go:7 " +
		"likely the payload lesson 02.md also ✗ five also ✗ six also ✗ seven and 1 more advice"
	for verbose, one := range map[bool]string{false: "", true: " Step 1: upgrade log ✓ ok one"} {
		var out strings.Builder
		r := &report{options: options{step: 2, verbose: verbose}, out: &out}
		for _, e := range events {
			r.take(e)
		}
		got := strings.ReplaceAll(out.String(), "\nStep 2: handshake\n  ✗", "\n ✗") // the second time
		got = strings.Join(strings.Fields(got), " ")
		if want := strings.Replace(words, "ONE", one, 1); got != want {
			t.Errorf("verbose %v:\n%s\nwant\n%s", verbose, got, want)
		}
	}
}

// TestEvents: -json prints what the package comment explains.
func TestEvents(t *testing.T) {
	main, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	comment, _, _ := strings.Cut(string(main), "\npackage main")
	for _, of := range []any{event{}, failure{}, buildError{}, place{}} {
		for i := range reflect.TypeOf(of).NumField() {
			name, _, _ := strings.Cut(reflect.TypeOf(of).Field(i).Tag.Get("json"), ",")
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(comment) {
				t.Errorf("the package comment does not explain the field %s of %T", name, of)
			}
		}
	}
	const code = "package main\n\nfunc main() {\n\tx := 1\n}\n"
	t.Chdir(write(t, map[string]string{"go.mod": goMod, "a/main.go": code}))
	status, said := check(t, "-json", "-step", "1", "a")
	const want = `{"event":"building","folder":"a","step":1}
{"event":"built","output":"a/main.go:4:2: declared and not used: x",` +
		`"errors":[{"file":"a/main.go","line":4,"column":2,"message":"declared and not used: x"}],"result":"fails"}
{"event":"done","status":1}
`
	// if it took over a second
	said = regexp.MustCompile(`(?m)^{"event":"building"}\n`).ReplaceAllString(said, "")
	if said = strings.ReplaceAll(said, `\\`, "/"); status != 1 || said != want {
		t.Errorf("status %d,\n%s\nwant\n%s", status, said, want)
	}
}

// TestHint: each -hint shows the next hint for the last failure, and finally where the lesson explains it;
// if the same failure is found again, it continues with the next hint.
func TestHint(t *testing.T) {
	hint := func(text string) string { return "<details><summary>Hint 1</summary>\n" + text + "\n</details>\n" }
	t.Chdir(write(t, map[string]string{
		"go.mod": goMod, "steps/01/main.go": "package main\n", "work/main.go": "package main\n",
		"steps/03-hints.md": "## encode\n" + hint("one") + hint("two"),
		"steps/03.md":       "## A frame\n<!-- turn: frame.go encode -->\n",
	}))
	src, err := findSource("work")
	if err != nil {
		t.Fatal(err)
	}
	const lesson = "The lesson is steps/03.md, at: A frame"
	for i, test := range []struct{ turn, want string }{
		{"", "First check it: go run ./steps/tools/check -step 4 "},
		{"frame.go encode", "Hint 1 of 2 for encode:\n\none"},
		{"frame.go encode", "Hint 2 of 2 for encode:\n\ntwo"}, {"", lesson}, {"encode", "Hint 1 of 2"},
		{"conn.go x", "steps/04.md"},
	} {
		if test.turn != "" {
			src.keep(4, "a row", test.turn)
		}
		if status, said := check(t, "-step", "4", "-hint"); status != 0 || !strings.Contains(said, test.want) {
			t.Errorf("%d: status %d, %s\nwant %s", i, status, said, test.want)
		}
	}
}

// TestItem: people see the first 20 bytes of a frame, and how many there are.
func TestItem(t *testing.T) {
	for hex, want := range map[string]string{
		"81 00":                   "81 00",
		strings.Repeat("00 ", 20): strings.Repeat("00 ", 20),
		strings.Repeat("00 ", 21): strings.Repeat("00 ", 20) + "… (21 bytes)",
		strings.Repeat("00 ", 256) + "… (300 bytes)": strings.Repeat("00 ", 20) + "… (300 bytes)",
	} {
		if got := items(hex + "\n= a frame")[0].String(); strings.TrimSpace(strings.TrimSuffix(got,
			"\n= a frame")) != strings.TrimSpace(want) {
			t.Errorf("%s\ngot  %s\nwant %s", hex, got, want)
		}
	}
}

// TestExplain: a failure reports what a row has found, and where in the code.
func TestExplain(t *testing.T) {
	dir := write(t, map[string]string{"conn.go": `package main

import "log"

// read reads.
func (c *conn) read() {
	log.Printf("a member left: %v", err)
}

var tooLong = closeError{1009, "the message is too long"}
`})
	r := trial.Result{
		Row: behaviour.Row{Step: 3, Name: "a row", Turn: "conn.go conn.read"},
		Failure: &probe.Failure{
			Kind: probe.TimedOut, Sent: "GET / HTTP/1.1\n\n81 00\n= text, FIN, not masked, length 0",
			Expected: "a frame", Came: "nothing for 3s", Cause: "a lock is held at work/hub.go:12",
			Says: "the message is too long", Lines: []string{"2026/11/25 13:15:03 a member left: EOF"},
		},
	}
	got, err := json.Marshal(source{name: "work", dir: dir}.explain(r, 4))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"kind":"timed out","sent":[{"words":"GET / HTTP/1.1"},{"words":""},` +
		`{"hex":"81 00","words":"text, FIN, not masked, length 0"}],"expected":"a frame",` +
		`"came":[{"words":"nothing for 3s"},{"words":"\"the message is too long\" is from work/conn.go:10"}],` +
		`"terminal":["a member left: EOF   (work/conn.go:7)"],"likely":"a lock is held at work/hub.go:12",` +
		`"places":[{"file":"work/hub.go","line":12},{"file":"work/conn.go","line":10},{"file":"work/conn.go","line":6},` +
		`{"file":"work/conn.go","line":7}],"lesson":"steps/03.md","section":"","hints":0}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
