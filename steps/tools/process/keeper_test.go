package process

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const code = `package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
)

func main() {
	if _, err := net.Listen("tcp", os.Args[1]); err != nil {
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	fmt.Println("version 1 begins")
	<-stop
	fmt.Println("version 1 ends")
}
`

// save writes the server as an editor does that is careful: beside the file, then over it.
func save(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile("srv/main.go~", []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("srv/main.go~", "srv/main.go"); err != nil {
		t.Fatal(err)
	}
}

// lab goes to a module of its own, with the code of a server in srv.
func lab(t *testing.T, text string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows can interrupt a process only where there is a console")
	}
	t.Chdir(t.TempDir())
	files := fstest.MapFS{"go.mod": {Data: []byte("module strange\n\ngo 1.25\n")}, "srv/main.go": {Data: []byte(text)}}
	if err := os.CopyFS(".", files); err != nil {
		t.Fatal(err)
	}
}

// A kept server is one with its keeper, and what both print.
type kept struct {
	Keeper
	Output
	at   int      // so many lines were looked at
	stop func()   // ends the keeper
	end  chan int // its exit status
}

// keep begins to keep the server in srv, that it listens at addr.
func keep(t *testing.T, addr string, waits bool) *kept {
	ctx, stop := context.WithCancel(t.Context())
	k := &kept{stop: stop, end: make(chan int, 1)}
	k.Keeper = Keeper{Name: "srv", Root: ".", Dir: "srv", File: "srv.exe", Waits: waits, Addrs: Loopback(addr), Out: &k.Output}
	k.Run = func(context.Context) (*Program, error) {
		cmd := exec.Command("./srv.exe", addr)
		cmd.Stdout = &k.Output
		OwnGroup(cmd)
		return Start(cmd)
	}
	go func() { k.end <- k.Keep(ctx) }()
	return k
}

// await waits for lines that hold these texts, in this order.
func (k *kept) await(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !k.Await(k.at, 2*patience, func(lines []string) bool {
			i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, text) })
			if i >= 0 {
				k.at += i + 1
			}
			return i >= 0
		}) {
			t.Fatalf("%q was not said, but\n%s", text, k.Tail(50))
		}
	}
}

// TestSaves: each save that builds is run in place of what ran before, and what does not
// build stops nothing.
func TestSaves(t *testing.T) {
	lab(t, "package main\n\nthis does not build\n")
	k := keep(t, "localhost:0", true)
	k.await(t, "main.go:3", "srv is not running")
	save(t, code)
	k.await(t, "saved", "version 1 begins")
	if err := os.WriteFile("srv/.main.go.swp", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * pause) // it goes on, whatever else an editor writes
	save(t, "package main\n\nnor does this\n")
	k.await(t, "does not build")
	save(t, strings.ReplaceAll(code, "version 1", "version 22"))
	k.await(t, "version 1 ends", "version 22 begins")
	save(t, "package main\n\nfunc main() {}\n")
	k.await(t, "version 22 ends", "srv ended by itself (exit status 0)")
	save(t, code)
	k.await(t, "version 1 begins")
	k.stop()
	if status := <-k.end; status != 0 {
		t.Errorf("exit status %d", status)
	}
	k.await(t, "version 1 ends")
	if said := k.Tail(1000); strings.Count(said, "saved") != 5 || strings.Count(said, "begins") != 3 {
		t.Errorf("there were five saves and three servers, and not\n%s", said)
	}

	// Where nobody could save, what does not build is the end of it.
	save(t, "package main\n\nthis does not build\n")
	if status := <-keep(t, "localhost:0", false).end; status != 1 {
		t.Errorf("exit status %d", status)
	}
}

// TestPort: a port that was taken is taken back without a save, and who answers on the
// other address of localhost is not passed over in silence.
func TestPort(t *testing.T) {
	lab(t, code)
	t.Setenv("PORT", "8o8o")
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := other.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	k := keep(t, "localhost:"+port, true)
	k.await(t, `PORT is "8o8o", which is no port`, "another program answers on "+addr)
	other.Close()
	k.await(t, "the port is free now", "version 1 begins")
	k.stop()
	<-k.end

	other, err = net.Listen("tcp", "[::1]:"+port)
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	defer other.Close()
	k = keep(t, "localhost:"+port, true)
	k.await(t, "careful: another program answers on [::1]:"+port)
	k.stop()
	<-k.end
}

// TestTerminalGone: where the terminal is closed, nothing goes on, although the process in
// between, Task, does not end for that.
func TestTerminalGone(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil || runtime.GOOS != "linux" {
		t.Skip("opens its terminal with Linux's script")
	}
	serve := filepath.Join(t.TempDir(), "serve.exe")
	if said, err := Build(t.Context(), ".", serve, "../serve"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	lab(t, code)
	addr := "127.0.0.1:" + FreePort()
	task := "trap : HUP TERM; timeout --foreground 100 " + serve + " -o srv.exe srv " + addr + "; :"
	p, err := Start(exec.Command("script", "-qec", task, "/dev/null"))
	if err != nil {
		t.Fatal(err)
	}
	p.Output.Await(0, 2*patience, func(lines []string) bool { return slices.Contains(lines, "version 1 begins") })
	if Answering([]string{addr}) == nil {
		t.Errorf("no server was started: %s", p.Output.Tail(9))
	}
	p.Kill()
	for deadline := time.Now().Add(2 * patience); Answering([]string{addr}) != nil; time.Sleep(pause) {
		if time.Now().After(deadline) {
			t.Fatal("serve goes on without its terminal")
		}
	}
}
