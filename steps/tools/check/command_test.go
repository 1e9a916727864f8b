package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/rules"
)

// asCommand, in the environment, makes the test program the command.
const asCommand = "CHECK_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	m.Run()
}

// write puts files into a folder that is gone when the test ends, and returns that.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := cmp.Or(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
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

// TestCommand: what cannot be checked is said in a line, and what is wrong without a trace.
func TestCommand(t *testing.T) {
	t.Chdir(write(t, map[string]string{"go.mod": goMod, "file.txt": "", "empty/.keep": "", "other/a.go": "package other\n", "tests/a_test.go": "package main\n",
		"unused/main.go": "package main\n\nfunc main() {\n\tvar unused int\n}\n", "crashes/main.go": "package main\n\nfunc main() {\n\tpanic(1)\n}\n"}))
	for _, test := range []struct{ args, says string }{ // of those that have nothing to say, one line is enough
		{"", ""}, {"-step 0", ""}, {"-step 7", ""}, {"-step -1", ""}, {"-step 1 a b", ""}, {"-step 5 -library", ""}, {"-step 1", ""},
		{"-step 1 nowhere", ""}, {"-step 1 file.txt", ""}, {"-step 1 empty", ""}, {"-step 1 other", ""}, {"-step 1 tests", ""},
		{"-step 1 unused", filepath.Join("unused", "main.go") + ":4:6: "}, {"-step 1 crashes", "crashed at crashes/main.go:4"},
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

// TestInterrupted: Ctrl-C ends the check, and with it its servers.
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, "-step", "1", dir)
	cmd.Env = append(os.Environ(), asCommand+"=yes")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said = append(said, lines.Text())
		if strings.Contains(lines.Text(), "listening on") { // the first behaviour holds, the next ones hang
			cmd.Process.Signal(os.Interrupt)
		}
	}
	if cmd.Wait() == nil {
		t.Error("exit status 0, though nothing was found to hold")
	}
	ports, err := os.ReadFile(notes)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(said, "\n"))
	}
	for _, addr := range strings.Fields(string(ports)) {
		if nc, err := net.Dial("tcp", addr); err == nil {
			nc.Close()
			t.Errorf("the server on %s still runs", addr)
		}
	}
}

// TestReport: the steps before the one that is asked for have a line each, unless -v is given.
func TestReport(t *testing.T) {
	one, two := rules.Row{Step: 1, Name: "one"}, rules.Row{Step: 2, Name: "two"}
	results := []rules.Result{{Row: one}, {Row: one}, {Row: two}, {Row: two, Skipped: "not here"},
		{Row: two, Failure: &rules.Failure{}}, {Row: two}, {Row: two, Failure: &rules.Failure{}}}
	for verbose, want := range map[bool]string{
		false: "Step 1: upgrade log ✓ ok 2 behaviours hold Step 2: handshake ✓ ok two - skipped two (not here) ✗ fails two",
		true:  "Step 1: upgrade log ✓ ok one ✓ ok one Step 2: handshake ✓ ok two - skipped two (not here) ✗ fails two",
	} {
		var out strings.Builder
		r := &report{options: options{step: 2, verbose: verbose}, out: &out}
		for _, got := range results {
			r.take(got)
		}
		if got := strings.Join(strings.Fields(out.String()), " "); got != want || len(r.failed) != 2 {
			t.Errorf("verbose %v: %d fail:\n%s\nwant\n%s", verbose, len(r.failed), got, want)
		}
	}
}
