package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
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

// lab goes to a module of its own, with the code of a server in srv.
func lab(t *testing.T, text string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows can interrupt a process only where there is a console")
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("go.mod", []byte("module strange\n\ngo 1.25\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("srv", 0o777); err != nil {
		t.Fatal(err)
	}
	save(t, text)
}

// newServer returns the server in srv, and what serve will print.
func newServer(args ...string) (*server, printed) {
	out := make(printed, 100)
	s := &server{dir: "srv", args: args, file: filepath.Join("out", "srv.exe"), out: out}
	s.waits, s.abandoned = true, func() bool { return false }
	return s, out
}

// TestSaves: each save that builds is run in place of what ran before, and what does not
// build stops nothing.
func TestSaves(t *testing.T) {
	lab(t, "package main\n\nthis does not build\n")
	version := func(n int) string { return strings.ReplaceAll(code, "VERSION", fmt.Sprint("version ", n)) }

	s, out := newServer("-x")
	ctx, stop := context.WithCancel(t.Context())
	status := make(chan int, 1)
	go func() { status <- s.serve(ctx) }()
	out.await(t, "nothing runs now")
	save(t, version(1))
	said(t, "version 1 begins [-x]\n")
	save(t, "package main\n\nnor does this\n")
	out.await(t, "does not build")
	save(t, version(22))
	said(t, "version 1 begins [-x]\n", "version 1 ends [-x]\n", "version 22 begins [-x]\n")
	save(t, "package main\n\nfunc main() {}\n")
	out.await(t, "srv ended by itself, with exit status 0")
	save(t, version(333))
	said(t, "version 1 begins [-x]\n", "version 1 ends [-x]\n", "version 22 begins [-x]\n", "version 22 ends [-x]\n", "version 333 begins [-x]\n")
	stop()
	if got := <-status; got != 0 {
		t.Errorf("exit status %d", got)
	}
	said(t, "version 1 begins [-x]\n", "version 1 ends [-x]\n", "version 22 begins [-x]\n", "version 22 ends [-x]\n", "version 333 begins [-x]\n", "version 333 ends [-x]\n")

	// Where nobody could save, what does not build is the end of it.
	save(t, "package main\n\nthis does not build\n")
	s, _ = newServer()
	s.waits = false
	if got := s.serve(t.Context()); got != 1 {
		t.Errorf("exit status %d", got)
	}

	// Where the parent is gone, so is whoever could stop it.
	save(t, version(4444))
	s, _ = newServer()
	s.abandoned = func() bool { return true }
	if got := s.serve(t.Context()); got != 1 {
		t.Errorf("exit status %d", got)
	}
}

const listener = `package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
)

func main() {
	if _, err := net.Listen("tcp", os.Args[2]); err != nil {
		os.Exit(1)
	}
	f, _ := os.Create("said")
	fmt.Fprintln(f, "listening")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	<-stop
}
`

// TestPort: a port that was taken is taken back without a save, and who answers on the
// other address of localhost is not passed over in silence.
func TestPort(t *testing.T) {
	lab(t, listener)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(other.Addr().(*net.TCPAddr).Port)
	s, out := newServer("-addr", "localhost:"+port)
	ctx, stop := context.WithCancel(t.Context())
	status := make(chan int, 1)
	go func() { status <- s.serve(ctx) }()
	out.await(t, "another program answers on 127.0.0.1:"+port)
	other.Close()
	out.await(t, "the port is free now")
	said(t, "listening\n")
	stop()
	<-status

	other, err = net.Listen("tcp", "[::1]:"+port)
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	defer other.Close()
	s, out = newServer("-addr", "localhost:"+port)
	ctx, stop = context.WithCancel(t.Context())
	go func() { status <- s.serve(ctx) }()
	out.await(t, "careful: another program answers on [::1]:"+port)
	stop()
	<-status
}

func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		args, port, want string
	}{
		{"", "", "[127.0.0.1:8080 [::1]:8080]"},
		{"", "81", "[127.0.0.1:81 [::1]:81]"},
		{"-addr=:82", "81", "[127.0.0.1:82 [::1]:82]"},
		{"-addr [::1]:83", "", "[[::1]:83]"},
		{"-addr localhost:0", "", "[]"},
		{"-addr 8080", "", "[]"},
	} {
		if got := fmt.Sprint(addresses(strings.Fields(test.args), test.port)); got != test.want {
			t.Errorf("%q with PORT=%s: %s, want %s", test.args, test.port, got, test.want)
		}
	}
}
