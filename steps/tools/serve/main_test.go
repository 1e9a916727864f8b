package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const code = `package main

import (
	"fmt"
	"os"
	"os/signal"
)

func say(what string) {
	f, _ := os.OpenFile("said", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	fmt.Fprintln(f, what, os.Args[1:])
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	say("VERSION begins")
	<-stop
	say("VERSION ends")
}
`

// save writes the server as an editor does that is careful: beside the file, then over it.
func save(t *testing.T, text string) {
	t.Helper()
	for _, helper := range []string{"4913", ".main.go.swp", "main.go~"} {
		if err := os.WriteFile(filepath.Join("srv", helper), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join("srv", "main.go~"), filepath.Join("srv", "main.go")); err != nil {
		t.Fatal(err)
	}
}

// said waits until the servers have said all that, and nothing else.
func said(t *testing.T, want ...string) {
	t.Helper()
	var text string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		b, _ := os.ReadFile("said")
		if text = string(b); text == strings.Join(want, "") {
			return
		}
	}
	t.Fatalf("said %q, want %q", text, want)
}

// printed is what serve has printed, a line at a time.
type printed chan string

func (p printed) Write(b []byte) (int, error) {
	p <- string(b)
	return len(b), nil
}

// await reads on until a line holds text.
func (p printed) await(t *testing.T, text string) {
	t.Helper()
	for timeout := time.After(time.Minute); ; {
		select {
		case line := <-p:
			if strings.Contains(line, text) {
				return
			}
		case <-timeout:
			t.Fatalf("serve did not say %q", text)
		}
	}
}

// TestSaves: each save that builds is run in place of what ran before, and what does not
// build stops nothing.
func TestSaves(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot interrupt one process")
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("go.mod", []byte("module strange\n\ngo 1.25\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("srv", 0o777); err != nil {
		t.Fatal(err)
	}
	version := func(n int) string { return strings.ReplaceAll(code, "VERSION", fmt.Sprint("version ", n)) }

	save(t, "package main\n\nthis does not build\n")
	out := make(printed, 100)
	s := &server{dir: "srv", args: []string{"-x"}, file: filepath.Join("out", "srv.exe"), waits: true, out: out, parent: os.Getppid()}
	stop, status := make(chan os.Signal, 1), make(chan int, 1)
	go func() { status <- s.serve(stop) }()
	out.await(t, "nothing runs now")
	save(t, version(1))
	said(t, "version 1 begins [-x]\n")
	save(t, "package main\n\nnor does this\n")
	out.await(t, "does not build")
	save(t, version(22))
	said(t, "version 1 begins [-x]\n", "version 1 ends [-x]\n", "version 22 begins [-x]\n")
	stop <- os.Interrupt
	if got := <-status; got != 0 {
		t.Errorf("exit status %d", got)
	}
	said(t, "version 1 begins [-x]\n", "version 1 ends [-x]\n", "version 22 begins [-x]\n", "version 22 ends [-x]\n")

	// Where nobody could save, what does not build is the end of it.
	save(t, "package main\n\nthis does not build\n")
	s = &server{dir: "srv", file: filepath.Join("out", "srv.exe"), out: out, parent: os.Getppid()}
	if got := s.serve(stop); got != 1 {
		t.Errorf("exit status %d", got)
	}

	// Where the parent is gone, so is whoever could stop it.
	save(t, version(333))
	s = &server{dir: "srv", file: filepath.Join("out", "srv.exe"), out: out, parent: -1}
	if got := s.serve(stop); got != 1 {
		t.Errorf("exit status %d", got)
	}
}
