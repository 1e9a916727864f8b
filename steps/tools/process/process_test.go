package process

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience limits the wait for things that must happen soon. It is this long only for slow machines.
const patience = 30 * time.Second

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(shortPause) {
		if time.Now().After(deadline) {
			t.Fatalf("this has not happened: %s", what)
		}
	}
}

// TestMain makes the test binary one of the programs that tests run, depending on its name and ROLE.
func TestMain(m *testing.M) {
	stop := make(chan os.Signal, 1)
	if strings.HasPrefix(filepath.Base(os.Args[0]), "server-") {
		runKept()
		return
	}
	switch os.Getenv("ROLE") {
	case "keeper": // of the server in srv
		buildServer = fakeBuild
		k, err := NewKeeper("srv")
		if err != nil {
			panic(err)
		}
		k.Args, k.Stdout = os.Args[1:], os.Stdout
		k.Keep(Attended())
	case "polite":
		signal.Notify(stop, os.Interrupt)
		listen()
		<-stop
		fmt.Println("goodbye")
	case "deaf":
		signal.Ignore(os.Interrupt)
		listen()
		select {}
	case "parent", "leaver": // it starts a deaf one, which the leaver leaves behind
		child := command("deaf")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			os.Exit(1)
		}
		if os.Getenv("ROLE") == "parent" {
			child.Wait()
		}
	case "full": // opens as many files as it can
		full(os.Args[1])
	case "broken":
		fmt.Fprintln(os.Stderr, "no such thing")
		os.Exit(3)
	case "last words":
		fmt.Print("no end of line")
	case "flood":
		listen()
		for i := range 10 * maxLines {
			fmt.Println("line", i)
		}
	default:
		os.Exit(m.Run())
	}
}

// listen listens and prints that it does, in two pieces.
func listen() {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	fmt.Print("2025/01/01 00:00:00 listening on ht")
	os.Stdout.Sync()
	fmt.Printf("tp://%s\r\n", l.Addr())
}

func command(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ROLE="+role)
	return cmd
}

// serve starts the test binary in a role.
func serve(t *testing.T, role string) *Program {
	t.Helper()
	p, addr, err := Serve(command(role), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "0" {
		t.Fatalf("%s listens on %s", role, addr)
	}
	return p
}

// TestStop: Stop interrupts a process, and kills it if it does not exit.
func TestStop(t *testing.T) {
	polite, deaf := serve(t, "polite"), serve(t, "deaf")
	if Answering([]string{polite.Output.Address()}) == nil {
		t.Error("it does not listen on the address that it prints")
	}
	from := polite.Output.Next()
	if err := polite.Interrupt(); err != nil {
		t.Skipf("no process can be interrupted here: %v", err) // on Windows, without a console
	}
	polite.Stop(patience)
	lines, _ := polite.Output.Since(from)
	if polite.Cmd.ProcessState.ExitCode() != 0 || !slices.Equal(lines, []string{"goodbye"}) {
		t.Errorf("stopped with %v, %q", polite.Cmd.ProcessState, lines)
	}
	if deaf.Exited() || deaf.AwaitExit(0) {
		t.Error("a running process has exited")
	}
	deaf.Stop(10 * time.Millisecond)
	if !deaf.Exited() || deaf.Cmd.ProcessState.Success() {
		t.Errorf("killed with %v", deaf.Cmd.ProcessState)
	}
	deaf.Kill() // does no harm
}

// TestGroup: a server's children end with it, whether it is killed or exits by itself.
func TestGroup(t *testing.T) {
	for _, role := range []string{"parent", "leaver"} {
		p := serve(t, role)
		if role == "parent" {
			p.Kill()
		}
		if !p.AwaitExit(patience) {
			t.Fatalf("the %s keeps running", role)
		}
		addr := []string{p.Output.Address()}
		eventually(t, "the child of the "+role+" ends", func() bool { return Answering(addr) == nil })
	}
}

// full prints what it detects while no more files can be opened, and afterwards.
func full(root string) {
	w := &watch{root: root, dir: "srv"}
	w.changed()
	var open []*os.File
	for f, err := os.Open(os.DevNull); err == nil; f, err = os.Open(os.DevNull) {
		open = append(open, f)
	}
	_, err := w.stamps()
	fmt.Println("terminal gone:", terminalGone(), "saved:", w.changed(), "known:", !outOfFiles(err))
	os.Chtimes(filepath.Join(root, "srv/main.go"), time.Time{}, time.Unix(1, 0))
	fmt.Println("saved:", w.changed())
	open[0].Close()
	fmt.Println("saved:", w.changed())
}

// TestFull: if no file can be opened, this is not mistaken for a closed terminal or for removed files;
// and a file that is saved meanwhile is noticed later.
func TestFull(t *testing.T) {
	lab(t, "version 1")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `ulimit -n 64; exec "$0" "$1"`, self, here)
	cmd.Env = append(os.Environ(), "ROLE=full")
	out, err := cmd.CombinedOutput()
	want := "terminal gone: false saved: false known: false\nsaved: false\nsaved: true\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestBuild: code that does not compile is an error, with the compiler's output.
func TestBuild(t *testing.T) {
	lab(t, "package main\n\nbroken\n")
	file := filepath.Join(t.TempDir(), "server.exe")
	if out, err := Build(t.Context(), ".", file, "./srv"); err == nil || !strings.Contains(out, "main.go:3") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestBroken: for a server that exits at once, the error tells how and why.
func TestBroken(t *testing.T) {
	_, _, err := Serve(command("broken"), patience)
	for _, want := range []string{"exit status 3", "no such thing"} {
		if got := fmt.Sprint(err); !strings.Contains(got, want) {
			t.Errorf("the error is %s, without %s", got, want)
		}
	}
	if _, err := Start(exec.Command(filepath.Join(t.TempDir(), "nowhere.exe"))); err == nil {
		t.Error("a program that does not exist was started")
	}
}

// TestFlood: of a flood of lines, the first and the last are kept, with their numbers.
func TestFlood(t *testing.T) {
	p := serve(t, "flood")
	last := fmt.Sprint("line ", 10*maxLines-1)
	isLast := func(lines []string) bool { return len(lines) > 0 && lines[len(lines)-1] == last }
	if !p.Output.Await(0, patience, isLast) {
		t.Fatalf("the last lines are %s", p.Output.Tail(3))
	}
	lines, _ := p.Output.Since(0)
	isRight := len(lines) <= maxLines && lines[1] == "line 0" && p.Output.Next() == 10*maxLines+1
	if !p.Output.Flooded() || !isRight || p.Output.Address() == "" {
		t.Errorf("%d lines, %q second, the next is number %d", len(lines), lines[1], p.Output.Next())
	}
	if lines, _ := p.Output.Since(p.Output.Next() - 1); !slices.Equal(lines, []string{last}) {
		t.Errorf("the last line by its number is %q", lines)
	}
	if p.Output.Await(0, time.Hour, func([]string) bool { return false }) {
		t.Error("a line that never comes has come")
	}
}

// TestLine: each line is passed on once, even the last one without a line end.
func TestLine(t *testing.T) {
	var lines []string
	o := &Output{Line: func(line string) { lines = append(lines, line) }}
	cmd := command("last words")
	cmd.Stdout = o
	p, err := Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.AwaitExit(patience)
	if p.Output != o || len(lines) != 1 || lines[0] != "no end of line" || o.Tail(2) != lines[0] {
		t.Errorf("%q, %q", lines, o.Tail(2))
	}
}

// TestRoot: the module and the workshop that contain a folder are found, even if the folder does not
// exist yet, or another module is in between.
func TestRoot(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	workshop, bench := filepath.Join(here, "../../.."), filepath.Join(here, "../bench")
	for dir, want := range map[string][2]string{
		here: {workshop, workshop}, filepath.Join(here, "not", "yet"): {workshop, workshop},
		filepath.Join(bench, "peers"): {bench, workshop},
	} {
		if got := [2]string{Root(dir), Workshop(dir)}; got != want {
			t.Errorf("%s is in %q, not in %q", dir, got, want)
		}
	}
	if got := Workshop(t.TempDir()); got != "" {
		t.Errorf("the workshop is in %q", got)
	}
}

// TestListen: an error names the problem in one line, and recommends a free port.
func TestListen(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, port, _ := net.SplitHostPort(other.Addr().String())
	const another = "choose another port: -view localhost:"
	taken := "another program answers on 127.0.0.1:" + port + ": stop it, or " + another
	for addr, want := range map[string]string{
		"localhost:" + port:    taken,
		"0.0.0.0:" + port:      taken,
		":" + port:             taken,
		"203.0.113.77:" + port: "this machine has no address 203.0.113.77: try -view localhost:",
		"203.0.113.77:0":       "this machine has no address 203.0.113.77: try -view localhost:",
		"localhost:99999":      "listen tcp: address 99999: invalid port: " + another,
		"localhost":            "listen tcp: address localhost: missing port in address: " + another,
	} {
		_, err := Listen("-view", addr)
		got := fmt.Sprint(err)
		advice, isAdvice := strings.CutPrefix(got, want)
		if !isAdvice {
			t.Errorf("%s: %s", addr, got)
		} else if l, err := Listen("-view", "localhost:"+advice); err != nil {
			t.Errorf("the recommended port: %v", err)
		} else {
			l.Close()
		}
	}
	if InUse("203.0.113.77:80") != nil || InUse("localhost:0") != nil {
		t.Error("a program answers where none can")
	}
}

// A trying listener's Accept fails with errs first.
type trying struct {
	net.Listener
	errs []error
}

func (l *trying) Accept() (net.Conn, error) {
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, err
}

// TestAccept: only closing the listener ends a server.
func TestAccept(t *testing.T) {
	l := &trying{errs: []error{syscall.EMFILE, syscall.ECONNABORTED, syscall.ENFILE, net.ErrClosed}}
	if _, err := (patientListener{l}).Accept(); err != net.ErrClosed || len(l.errs) > 0 {
		t.Errorf("%v, and then %v", err, l.errs)
	}
}

// TestFreePort: no port is given out twice, nor one on which a browser might find another program.
func TestFreePort(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			continue // this machine does not have the address
		}
		defer l.Close()
		if _, port, _ := net.SplitHostPort(l.Addr().String()); isFree(port) {
			t.Errorf("a port in use on %s is reported as free", host)
		}
	}
	seen := map[string]bool{"0": true}
	for range 50 {
		port := FreePort()
		if seen[port] {
			t.Fatalf("port %s was given out before", port)
		}
		seen[port] = true
	}
}
