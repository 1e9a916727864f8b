package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// fakeBuild instantly builds a program that does what the text of its main.go says: it is this test
// binary under another name. See runKept.
func fakeBuild(_ context.Context, root, file string, _ ...string) (string, error) {
	code, err := os.ReadFile(filepath.Join(root, "srv", "main.go"))
	if string(code) == "broken" {
		return "srv/main.go:3: broken\n", errors.New("exit status 1")
	}
	self, _ := os.Executable()
	os.Remove(file)
	return "", cmp.Or(err, os.Symlink(self, file))
}

// runKept is a server that fakeBuild has built.
func runKept() {
	code, _ := os.ReadFile("srv/main.go")
	switch string(code) {
	case "exits":
		return
	case "hangs":
		time.Sleep(time.Hour)
	}
	if _, err := net.Listen("tcp", os.Args[1]); err != nil {
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	fmt.Printf("%s begins\n", code)
	<-stop
	fmt.Printf("%s ends\n", code)
}

// save writes the server as a careful editor does: into another file, which it then renames.
func save(t *testing.T, text string) {
	t.Helper()
	err := os.WriteFile("srv/main.go~", []byte(text), 0o666)
	if err = cmp.Or(err, os.Rename("srv/main.go~", "srv/main.go")); err != nil {
		t.Fatal(err)
	}
}

// lab changes to a temporary module, with the code of a server in srv.
func lab(t *testing.T, text string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows can interrupt a process only if there is a console")
	}
	t.Chdir(t.TempDir())
	files := fstest.MapFS{"go.mod": {Data: []byte("module strange\n")}, "srv/main.go": {Data: []byte(text)},
		".bin": {Mode: fs.ModeDir | 0o777}} // created by the go command
	if err := os.CopyFS(".", files); err != nil {
		t.Fatal(err)
	}
	buildServer = fakeBuild
	t.Cleanup(func() { buildServer = Build })
}

// A kept server is a server with its keeper, and the output of both.
type kept struct {
	*Keeper
	Output
	at     int      // how many lines have been examined
	cancel func()   // stops the keeper
	end    chan int // its exit status
}

// keep starts a keeper for the server in srv, which listens on addr.
func keep(t *testing.T, addr string, waits bool) *kept {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	k := &kept{cancel: cancel, end: make(chan int, 1)}
	keeper, err := NewKeeper("srv")
	if err != nil {
		t.Fatal(err)
	}
	keeper.Args, keeper.Addr, keeper.Waits = []string{addr}, addr, waits
	keeper.Line = func(line string) { fmt.Fprintln(&k.Output, line) }
	keeper.Report = func(e Event) { fmt.Fprintf(&k.Output, "%s: %s\n", e.Kind, e) }
	k.Keeper = keeper
	go func() { k.end <- keeper.Keep(ctx) }()
	return k
}

// await waits for lines that contain these texts, in this order.
func (k *kept) await(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !k.Await(k.at, patience, func(lines []string) bool {
			i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, text) })
			if i >= 0 {
				k.at += i + 1
			}
			return i >= 0
		}) {
			t.Fatalf("%q was not printed, but\n%s", text, k.Tail(50))
		}
	}
}

// stopped stops the keeper, and returns the exit status.
func (k *kept) stopped() int {
	k.cancel()
	return <-k.end
}

// TestSaves: each save that builds replaces the running server, and one that does not build stops
// nothing.
func TestSaves(t *testing.T) {
	lab(t, "broken")
	k := keep(t, "localhost:0", true)
	k.await(t, "main.go:3", "srv is not running")
	save(t, "version 1")
	k.await(t, "saved", "version 1 begins")
	if err := os.WriteFile("srv/.main.go.swp", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * pause) // it keeps running, whatever else an editor writes
	save(t, "broken")
	k.await(t, "does not build")
	save(t, "version 22")
	k.await(t, "version 1 ends", "version 22 begins")
	save(t, "exits")
	k.await(t, "version 22 ends", "srv has exited (exit status 0)")
	save(t, "version 1")
	k.await(t, "version 1 begins")
	if status := k.stopped(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	k.await(t, "version 1 ends")
	text := k.Tail(1000)
	for kind, want := range map[Kind]int{Saved: 5, BuildFailed: 2, Built: 4, Stopped: 2, "version": 6} {
		if got := strings.Count("\n"+text, "\n"+string(kind)); got != want {
			t.Errorf("%s: %d times, not %d, in\n%s", kind, got, want, text)
		}
	}
	if left, _ := filepath.Glob(".bin/*"); left != nil {
		t.Errorf("left behind: %v", left)
	}

	// If nobody could save, code that does not build ends it.
	save(t, "broken")
	if status := <-keep(t, "localhost:0", false).end; status != 1 {
		t.Errorf("exit status %d", status)
	}
}

// TestPort: once a port in use is free, the server starts without a save, and a program that answers on
// the other address of localhost is reported.
func TestPort(t *testing.T) {
	lab(t, "version 1")
	t.Setenv("PORT", "8o8o")
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := other.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	k := keep(t, "localhost:"+port, true)
	k.await(t, `PORT is "8o8o", which is not a port`, "another program answers on "+addr)
	other.Close()
	k.await(t, "the port is free now", "version 1 begins")
	k.stopped()

	other, err = net.Listen("tcp", "[::1]:"+port)
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	defer other.Close()
	k = keep(t, "localhost:"+port, true)
	k.await(t, "careful: another program answers on [::1]:"+port)
	k.stopped()
}

// TestWatch: a watch covers exactly the files that a build uses, in whatever folder they are.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(file), 0o777)
		if err = cmp.Or(err, os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	const main = "package main\n\nimport (\n_ \"strange/page\"\n_ \"strange/srv/a/b\"\n)\n"
	write("go.mod", "// of a test\nmodule strange\n")
	write("elsewhere/main.go", main)
	write("elsewhere/a/b/b.go", "package b\n")
	write("page/page.go", "package page\n\nimport _ \"embed\"\n\n//go:embed *.html all:static\nvar s string\n")
	write("page/index.html", "")
	write("page/static/x/y.css", "")
	link := os.Symlink("elsewhere", filepath.Join(dir, "srv"))
	srv := map[bool]string{true: "srv", false: "elsewhere"}[link == nil] // Windows may not let us
	w := watch{root: dir, dir: srv}
	if !w.changed() || w.changed() {
		t.Error("the first look reports a change")
	}
	for _, test := range []struct {
		name, text string
		want       bool
	}{
		{"elsewhere/main.go", main + "// saved\n", true},
		{"elsewhere/new.go", "package main\n", true},
		{"elsewhere/a/b/b.go", "package b // saved\n", true},
		{"elsewhere/a/b/c.go", "package b\n", true},
		{"elsewhere/a/a.go", "package a\n", false}, // nobody imports it
		{"page/index.html", "saved", true},
		{"page/new.html", "", true},
		{"page/static/x/z", "", true},
		{"page/notes.txt", "", false},
		{"elsewhere/.main.go.swp", "", false},
		{"elsewhere/.#main.go", "", false},
		{"elsewhere/main.go~", "", false},
		{"elsewhere/4913", "", false},
		{"elsewhere/main_test.go", "package main\n", false},
		{"elsewhere/testdata/x.go", "package x\n", false},
		{"elsewhere/.hidden/x.go", "package x\n", false},
		{"elsewhere/vendor/x/x.go", "package x\n", false},
		{"elsewhere/history.json", "{}", false},
		{"elsewhere/new.go", "package main\n\nimport _ \"strange/srv/later\"\n", true},
		{"elsewhere/later/later.go", "package later\n", true},
		{"elsewhere/main.go", "not Go\n", true},
		{"elsewhere/main.go", main, true},
		{"elsewhere/a/b/b.go", "package b\n", true},
		{"go.mod", "module strange\n\ngo 1.25\n", true},
	} {
		write(test.name, test.text)
		if got := w.changed(); got != test.want && (link == nil || !strings.Contains(test.name, "/a/b")) {
			t.Errorf("%s is saved; noticed: %t", test.name, got)
		}
	}
	for _, name := range []string{"elsewhere/a/b/c.go", "elsewhere"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil || !w.changed() {
			t.Errorf("%s is removed, but not noticed: %v", name, err)
		}
	}
}

// TestTwoKeepers: two keepers of one folder with one file name do not interfere with each other.
func TestTwoKeepers(t *testing.T) {
	lab(t, "version 1")
	both := []*kept{keep(t, "localhost:0", true), keep(t, "localhost:0", true)}
	for _, version := range []string{"version 1", "version 2", "version 3"} {
		save(t, version)
		for _, k := range both {
			k.await(t, version+" begins")
		}
	}
	for _, k := range both {
		k.stopped()
		k.await(t, "version 3 ends")
	}

	gone, err := Start(command("broken"))
	if err != nil {
		t.Fatal(err)
	}
	<-gone.Done
	for _, pid := range []int{gone.Cmd.Process.Pid, os.Getppid()} {
		for _, end := range []string{"exe", "new"} {
			if err := os.WriteFile(fmt.Sprintf(".bin/server-%d-1.%s", pid, end), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	ownFile(filepath.Join(".bin", "server.exe"))
	left, _ := filepath.Glob(".bin/*")
	if len(left) != 2 || !strings.Contains(left[0], fmt.Sprint(os.Getppid())) {
		t.Errorf("left by killed processes, and by a running one: %v", left)
	}
}

// TestRunning: the keeper knows whether the server listens.
func TestRunning(t *testing.T) {
	lab(t, "version 1")
	listenTime = 100 * time.Millisecond
	t.Cleanup(func() { listenTime = 15 * time.Second })
	k := keep(t, "localhost:"+FreePort(), true)
	k.await(t, string(Running))
	if !k.Listening() {
		t.Error("it does not listen")
	}
	save(t, "hangs")
	k.await(t, string(NotListening)+": srv does not listen on localhost:")
	if k.Listening() {
		t.Error("it listens")
	}
	save(t, "exits") // noticed although the previous one hangs
	k.await(t, string(Stopped))
	k.stopped()
}

// TestPatiently: an operation that fails because too many files are open is tried again.
func TestPatiently(t *testing.T) {
	times := 0
	err := Patiently(func() error {
		if times++; times < 3 {
			return &os.PathError{Op: "open", Err: syscall.EMFILE}
		}
		return io.EOF
	})
	if err != io.EOF || times != 3 {
		t.Errorf("%v after %d times", err, times)
	}
}

// TestTerminalGone: when the terminal is closed, nothing keeps running, although the process in
// between, Task, does not exit.
func TestTerminalGone(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil || runtime.GOOS != "linux" {
		t.Skip("opens its terminal with Linux's script")
	}
	lab(t, "version 1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + FreePort()
	task := "trap : HUP TERM; ROLE=keeper timeout --foreground 100 " + self + " " + addr + "; :"
	p, err := Start(exec.Command("script", "-qec", task, "/dev/null"))
	if err != nil {
		t.Fatal(err)
	}
	begins := func(lines []string) bool { return slices.Contains(lines, "version 1 begins") }
	if !p.Output.Await(0, patience, begins) {
		t.Errorf("no server was started: %s", p.Output.Tail(9))
	}
	p.Kill()
	eventually(t, "the keeper ends with its terminal", func() bool { return Answering([]string{addr}) == nil })
}
