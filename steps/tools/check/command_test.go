package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// strange are servers that behave as no lesson foresees.
var strange = map[string]struct {
	body string // of main
	says string // what the check has to say of it
}{
	"hangs":        {`time.Sleep(time.Hour)`, "hangs before it listens"},
	"crashes":      {`var m map[string]int; m["a"]++`, "crashed at "},
	"ends":         {`fmt.Println("hello")`, "main came to its end"},
	"no-flag":      {`flag.CommandLine = flag.NewFlagSet("", flag.ExitOnError); flag.Parse()`, "the flag -addr is missing"},
	"elsewhere":    {`listen("localhost:0").serve()`, "the wrong address"},
	"everywhere":   {`listen((*addr)[len("localhost"):]).serve()`, "every address"},
	"silent":       {`log.Fatal(http.ListenAndServe(*addr, nil))`, "the line is missing"},
	"deaf":         {`l := listen(*addr); for { l.Accept() }`, "no answer"},
	"floods":       {`go func() { for { fmt.Println("flood") } }(); listen(*addr).serve()`, "the page"},
	"floods-line":  {`go func() { for { fmt.Print("flood") } }(); listen(*addr).serve()`, "the page"},
	"floods-peers": {`l := listen(*addr); for { c, _ := l.Accept(); go func() { for { if _, err := c.Write(make([]byte, 1<<16)); err != nil { return } } }() }`, "200"},
	"hangs-up":     {`l := listen(*addr); for { c, _ := l.Accept(); c.Close() }`, "no answer"},
}

// beginning is the code of a strange server in front of what main does.
const beginning = `package main

import ("flag"; "fmt"; "log"; "net"; "net/http"; "os"; "os/signal"; "path/filepath"; "time")

type listener struct{ net.Listener }

func (l listener) serve() { http.Serve(l, nil) }

func listen(addr string) listener {
	l, err := net.Listen("tcp", addr)
	if err != nil { log.Fatal(err) }
	log.Print("listening on http://", l.Addr())
	return listener{l}
}

var addr = flag.String("addr", "", "")

func main() {
	if false { fmt.Print(http.NoBody, filepath.Base(os.Args[0])); signal.Ignore(); time.Sleep(0) }
`

// folder makes a folder with a main.go, and a go.mod so that it can be built from anywhere.
func folder(t *testing.T, body string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": beginning + body + "\n}\n", "go.mod": "module strange\n\ngo 1.25\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// check runs the command.
func check(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	var out strings.Builder
	status = command(t.Context(), &out, args)
	return status, out.String()
}

// TestStrangeServers: they are one program, which looks at its name to know which one to be.
func TestStrangeServers(t *testing.T) {
	body := "	flag.CommandLine.Init(\"\", flag.ContinueOnError)\n	if filepath.Base(os.Args[0]) != \"no-flag.exe\" { flag.Parse() }\n	switch filepath.Base(os.Args[0]) {\n"
	for name, s := range strange {
		body += fmt.Sprintf("	case %q: %s\n", name+".exe", s.body)
	}
	dir := folder(t, body+"	}")
	src, err := findSource(dir)
	if err != nil {
		t.Fatal(err)
	}
	exes := filepath.Join(temp, "strange") // where Windows has time to let go of them
	exe := filepath.Join(exes, "one.exe")
	if said, err := src.build(t.Context(), exe); err != nil {
		t.Fatal(said)
	}
	type outcome struct {
		status int
		said   string
	}
	outcomes := map[string]chan outcome{}
	for name := range strange { // all at once: they mostly wait
		tg := &target{name: "work", dir: dir, binary: filepath.Join(exes, name+".exe"), patience: time.Second}
		if err := os.Link(exe, tg.binary); err != nil {
			t.Fatal(err)
		}
		ch := make(chan outcome, 1)
		outcomes[name] = ch
		go func() {
			var out strings.Builder
			status := tg.report(t.Context(), &out, options{step: 1})
			ch <- outcome{status, out.String()}
		}()
	}
	for name, s := range strange {
		got := <-outcomes[name]
		if got.status != 1 || !strings.Contains(got.said, "✗ fails") || !strings.Contains(got.said, s.says) {
			t.Errorf("%s: status %d; want something about %q:\n%s", name, got.status, s.says, got.said)
		}
		if strings.Contains(got.said, "goroutine ") {
			t.Errorf("%s: a stack trace:\n%s", name, got.said)
		}
	}
}

// TestForeignWords: a system says in its own language that a port is in use. Here it is
// Windows' German.
func TestForeignWords(t *testing.T) {
	src, err := findSource(filepath.Join(repo, "steps", "01"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(src.dir, "main.go")
	code, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(code), `log.Fatalf("%v; `)
	_, after, found := strings.Cut(rest, "\n")
	if !found {
		t.Fatal("steps/01 no longer prints the error of net.Listen in front of a semicolon")
	}
	temp := t.TempDir()
	german, overlay, exe := filepath.Join(temp, "main.go"), filepath.Join(temp, "overlay.json"), filepath.Join(temp, "server.exe")
	text := before + `log.Fatalf("listen tcp %s: bind: Normalerweise darf jede Socketadresse (Protokoll, Netzwerkadresse oder Anschluss) nur jeweils einmal verwendet werden.", *addr)` + "\n" + after
	b, err := json.Marshal(map[string]map[string]string{"Replace": {path: german}})
	if err == nil {
		err = errors.Join(os.WriteFile(german, []byte(text), 0o666), os.WriteFile(overlay, b, 0o666))
	}
	if err != nil {
		t.Fatal(err)
	}
	if said, err := src.build(t.Context(), exe, "-overlay="+overlay); err != nil {
		t.Fatal(said)
	}
	tg := &target{name: "work", dir: src.dir, binary: exe, patience: 4 * time.Second}
	tg.check(t.Context(), 1, func(r result) {
		if r.failure != nil {
			t.Errorf("%s\n%s", r.name, r.failure)
		}
	}, func(behaviour) {})
}

func TestBuildError(t *testing.T) {
	dir := folder(t, "\tvar unused int")
	t.Chdir(filepath.Dir(dir))
	status, said := check(t, "-step", "1", filepath.Base(dir))
	if want := filepath.Join(filepath.Base(dir), "main.go") + ":20:6: "; status != 1 || !strings.Contains(said, want) {
		t.Errorf("status %d; want %s:\n%s", status, want, said)
	}
}

func TestNothingToCheck(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{"go.mod": "module strange\n", "file.txt": "", "other/a.go": "package other\n", "tests/a_test.go": "package main\n"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("empty", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		nil, {"-step", "0"}, {"-step", "7"}, {"-step", "-1"}, {"-step", "1", "a", "b"}, {"-step", "5", "-library"},
		{"-step", "1"}, {"-step", "1", "nowhere"}, {"-step", "1", "file.txt"}, {"-step", "1", "empty"}, {"-step", "1", "other"}, {"-step", "1", "tests"},
	} {
		if status, said := check(t, args...); status != 2 || strings.Count(said, "\n") != 1 {
			t.Errorf("%v: status %d, %s", args, status, said)
		}
	}
}

// TestInterrupted: Ctrl-C ends the check, and with it its servers.
func TestInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot send Ctrl-C to one program")
	}
	exe := filepath.Join(t.TempDir(), "check.exe")
	if said, err := exec.Command("go", "build", "-buildvcs=false", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	notes := filepath.Join(t.TempDir(), "ports")
	dir := folder(t, fmt.Sprintf(`	signal.Ignore(os.Interrupt)
	flag.Parse()
	f, _ := os.OpenFile(%q, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	fmt.Fprintln(f, *addr)
	listen(*addr) // and answer nothing
	time.Sleep(time.Hour)`, notes))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, "-step", "1", dir)
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
	for _, addr := range regexp.MustCompile(`localhost:\d+`).FindAllString(string(ports), -1) {
		if nc, err := net.Dial("tcp", addr); err == nil {
			nc.Close()
			t.Errorf("the server on %s still runs", addr)
		}
	}
}

// TestReport: the steps before the one that is asked for have a line each, unless -v is given.
func TestReport(t *testing.T) {
	one, two := behaviour{step: 1, name: "one"}, behaviour{step: 2, name: "two"}
	results := []result{{behaviour: one}, {behaviour: one}, {behaviour: two}, {behaviour: two, skipped: "not here"},
		{behaviour: two, failure: &failure{}}, {behaviour: two}, {behaviour: two, failure: &failure{}}}
	for verbose, want := range map[bool]string{
		false: "Step 1: upgrade log|✓ ok 2 behaviours hold|Step 2: handshake|✓ ok two|- skipped two (not here)|✗ fails two",
		true:  "Step 1: upgrade log|✓ ok one|✓ ok one|Step 2: handshake|✓ ok two|- skipped two (not here)|✗ fails two",
	} {
		var out strings.Builder
		r := &report{options: options{step: 2, verbose: verbose}, out: &out}
		for _, got := range results {
			r.take(got)
		}
		var lines []string
		for line := range strings.Lines(out.String()) {
			if words := strings.Fields(line); len(words) > 0 {
				lines = append(lines, strings.Join(words, " "))
			}
		}
		if got := strings.Join(lines, "|"); got != want || len(r.failed) != 2 {
			t.Errorf("verbose %v: %d fail:\n%s\nwant\n%s", verbose, len(r.failed), got, want)
		}
	}
}
