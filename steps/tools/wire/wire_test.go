package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/process"
)

// patience limits the wait for things that must happen soon. It is this long only for slow machines.
const patience = 30 * time.Second

// TestMain makes the test binary the command, if ROLE asks for it.
func TestMain(m *testing.M) {
	if os.Getenv("ROLE") == "wire" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestServers: an argument is a server to build and run, a running one, or refused.
func TestServers(t *testing.T) {
	t.Chdir("../../..")
	for args, want := range map[string]string{
		"":                        "raw library",
		"./raw/ localhost:9000":   "./raw localhost:9000",
		"steps/03 steps/03":       "steps/03 steps/03 (2)",
		"nothing":                 "nothing is not a folder with",
		"localhost:99999":         "localhost:99999 is neither a folder with",
		"README.md":               "README.md is not a folder with",
		"raw library raw":         "one server or two, not 3",
		t.TempDir():               "is outside the workshop's folder",
		"no-such-folder/work raw": "no-such-folder/work is not a folder with",
	} {
		servers, err := findServers(strings.Fields(args))
		got := fmt.Sprint(err)
		for i, s := range servers {
			got = strings.TrimPrefix(got+" "+s.Name, map[bool]string{true: "<nil> "}[i == 0])
		}
		if !strings.Contains(got, want) {
			t.Errorf("wire %s: %s", args, got)
		}
	}
	t.Chdir("steps/tools")
	servers, err := findServers([]string{"raw", "bench"})
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(process.Workshop("."), ".bin")
	for i, want := range []string{"raw", "."} {
		if k := servers[i].Keeper; k.Dir != want || filepath.Dir(k.File) != bin {
			t.Errorf("from within a folder: %s, built in %s", k.Dir, k.File)
		}
	}
}

// TestRun: a server is built and started, and reached through the wire, and nothing is left behind.
func TestRun(t *testing.T) {
	t.Chdir("../../..")
	if err := process.NoteInputs("go.mod", "frontend", "raw"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	o := options{addrs: [2]string{"localhost:0"}, view: "localhost:0"}
	go func() { ended <- run(ctx, out, o, []string{"raw"}) }()
	lines := bufio.NewScanner(in)
	lines.Scan()
	words := strings.Fields(strings.ReplaceAll(lines.Text(), ")", ""))
	wire, server := words[1], words[len(words)-1]
	if lines.Scan(); !strings.Contains(lines.Text(), "/wire.html") {
		t.Errorf("it prints %q", lines.Text())
	}
	if res, err := http.Get(wire); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("through the wire, %v comes, and %v", res, err)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if others := process.Answering([]string{strings.TrimPrefix(wire, "http://"), server}); others != nil {
		t.Errorf("a program still listens on %s", others)
	}
}

// TestItself: a wire in front of itself exits with one line, however its address is written.
func TestItself(t *testing.T) {
	hosts := []string{"localhost", "127.0.0.1", "[::1]", "0.0.0.0", "[::]", "", "LOCALHOST",
		"[::ffff:127.0.0.1]"}
	for _, host := range hosts {
		if !process.IsLocal(strings.Trim(host, "[]")) {
			continue // no IPv6 here
		}
		for i := range 3 {
			own, second, view := process.FreePort(), process.FreePort(), process.FreePort()
			o := options{addrs: [2]string{"localhost:" + own, "localhost:" + second}, view: "localhost:" + view}
			args := [][]string{{host + ":" + own}, {host + ":" + view}, {"localhost:" + second, host + ":" + own}}[i]
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			var said strings.Builder
			err := run(ctx, &said, o, args)
			cancel()
			got := said.String() + fmt.Sprint(err)
			named := func(arg string) bool { return strings.Contains(got, arg) }
			if err == nil || strings.Contains(got, "\n") || !slices.ContainsFunc(args, named) {
				t.Fatalf("%v in front of %v: %v", o, args, got)
			}
		}
	}
}

// echo serves connections, sends back what they send, and returns its address.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for nc, err := l.Accept(); err == nil; nc, err = l.Accept() {
			go func() { io.Copy(nc, nc); nc.Close() }()
		}
	}()
	return l.Addr().String()
}

// TestFull: while no more files can be opened, connections wait, and all are served in the end.
func TestFull(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it limits open files with ulimit")
	}
	const limited = `ulimit -n 64; exec "$0" -addr localhost:0 -view localhost:0 "$1"`
	cmd := exec.Command("sh", "-c", limited, os.Args[0], echo(t))
	cmd.Env = append(os.Environ(), "ROLE=wire")
	process.OwnGroup(cmd)
	p, err := process.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	if !p.Output.Await(0, patience, func(lines []string) bool { return len(lines) > 1 }) {
		t.Fatalf("wire does not start: %q", p.Output.Tail(9))
	}
	lines, _ := p.Output.Since(0)
	addr := strings.TrimPrefix(strings.Fields(lines[0])[1], "http://")
	var clients []net.Conn
	for range 60 {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(patience))
		io.WriteString(nc, "x")
		clients = append(clients, nc)
	}
	isFull := func(line string) bool { return strings.HasPrefix(line, "too many files") }
	if !p.Output.Await(0, patience, func(lines []string) bool { return slices.ContainsFunc(lines, isFull) }) {
		t.Errorf("it does not print why clients wait, but %s", p.Output.Tail(9))
	}
	for i, nc := range clients {
		if _, err := io.ReadFull(nc, make([]byte, 1)); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		nc.Close()
	}
	p.Stop(patience)
	if text := p.Output.Tail(9); strings.Count(text, "too many files") != 1 || !p.Cmd.ProcessState.Success() {
		t.Errorf("%v\n%s", p.Cmd.ProcessState, text)
	}
}
