package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// patience limits the wait for things that must happen soon. It is this long only for slow machines.
const patience = 30 * time.Second

var echoAddr = flag.String("echo", "", "with -run TestEcho: the `host:port` to serve a WebSocket echo on")

// TestMain makes the test binary the chat server itself, including main, if a test asks for that.
func TestMain(m *testing.M) {
	if process.Play(map[string]func(){
		"chat":           main,
		"impatient chat": func() { pingTime, quietTime = 200*time.Millisecond, 3*time.Second; main() },
	}) {
		return
	}
	log.SetOutput(io.Discard) // there would be a line for each of thousands of members
	if !strings.Contains(strings.Join(os.Args, " "), "-test.fuzz=") {
		flag.Set("test.parallel", "50") // most tests only wait, which takes no CPU time; fuzzing does
	}
	maxMessage = rules.EchoLimit // for the echo: the chat runs in another process
	code := m.Run()
	os.RemoveAll(libraryDir)
	os.Exit(code)
}

// TestEcho serves an echo until it is interrupted, for a conformance suite from outside:
//
//	go test ./raw -v -timeout 0 -run TestEcho -echo=127.0.0.1:9001
func TestEcho(t *testing.T) {
	if *echoAddr == "" {
		t.Skip("serves an echo when it is given an address: -echo=127.0.0.1:9001")
	}
	if err := process.ServeUntilInterrupted(*echoAddr, serveEcho); err != nil {
		t.Error(err)
	}
}

var chatLimit = maxMessage // before TestMain changes it

var visits sync.WaitGroup // of all connections in this process

// visiting answers every request with an upgrade.
func visiting(visit func(*conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c, err := accept(w, r); err == nil {
			visits.Go(func() { visit(c) })
		}
	}
}

var serveEcho = visiting(func(c *conn) { c.end(echo(c)) })

// echo sends every message back until the connection ends, and returns why it did.
func echo(c *conn) error {
	for {
		m, err := c.read()
		if err != nil {
			return err
		}
		if err := c.write(encode(m.op, m.data)); err != nil {
			return err
		}
	}
}

// serveOne serves raw's connections to the test's own visitor.
func serveOne(t *testing.T, visit func(c *conn)) (addr string) {
	t.Helper()
	server := httptest.NewServer(visiting(visit))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// A served is a server that a test has started as a separate process.
type served struct {
	*process.Program
	addr  string
	stdin io.WriteCloser
}

// start runs a test binary as a server: "chat", "impatient chat" or "echo", on a free port. The server
// stops when the test ends, or at the latest when this process does.
func start(t *testing.T, binary, role string) *served {
	t.Helper()
	cmd := exec.Command(binary, "-addr=127.0.0.1:0")
	if role == "echo" {
		cmd = exec.Command(binary, "-test.run=^TestEcho$", "-echo=127.0.0.1:0")
	}
	cmd.Env = append(os.Environ(), process.RoleEnv+"="+role)
	s := new(served)
	s.stdin, _ = cmd.StdinPipe() // the first one: no error
	var err error
	if s.Program, s.addr, err = process.Serve(cmd, patience); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stdin.Close() // it exits
		if !s.AwaitExit(patience) {
			s.Kill()
			t.Errorf("the %s server did not exit", role)
			return
		}
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the %s server exited with status %d:\n%s", role, code, s.Output.Tail(40))
		}
	})
	return s
}

// usage asks the server what it uses.
func (s *served) usage(t *testing.T) (u process.Usage) {
	t.Helper()
	from := s.Output.Next()
	fmt.Fprintln(s.stdin)
	if !s.Output.Await(from, patience, func(lines []string) bool {
		return slices.ContainsFunc(lines, func(line string) bool {
			return json.Unmarshal([]byte(line),
				&u) == nil
		})
	}) {
		t.Fatalf("the server does not report what it uses: %s", s.Output.Tail(1))
	}
	return u
}

// libraryBinary builds the test binary of ../library, once.
func libraryBinary(t *testing.T) string {
	t.Helper()
	if err := process.NoteInputs("../library", "../frontend", "../go.mod"); err != nil {
		t.Fatal(err)
	}
	binary, err := buildLibrary()
	if err != nil {
		t.Fatalf("building ../library: %v", err)
	}
	return binary
}

var libraryDir string // of the binary, removed when all tests have run

var buildLibrary = sync.OnceValues(func() (binary string, err error) {
	if libraryDir, err = os.MkdirTemp("", "websocket-workshop"); err != nil {
		return "", err
	}
	binary = filepath.Join(libraryDir, "library.test.exe")
	out, err := exec.Command("go", "test", "-c", "-o", binary, "../library").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%v\n%s", err, out)
	}
	return binary, nil
})

// self is this test binary.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// What a client sends and receives.

// join connects a member, until the test ends.
func join(t *testing.T, addr string, frames ...wstest.Frame) *wstest.Client {
	t.Helper()
	c, err := wstest.Open(addr, patience, frames...)
	if errors.Is(err, syscall.EMFILE) {
		t.Skip("this system does not let one process have 1,000 connections: raise ulimit -n over 1,100")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// closing returns a close frame.
func closing(code int, reason string) wstest.Frame {
	return wstest.Masked(wstest.Close, wstest.ClosePayload(code, reason))
}

// rest reads to the end, and returns what came, except histories, and how the connection ended.
func rest(c *wstest.Client) string {
	var came []string
	for {
		f, err := c.NextValid()
		if err != nil {
			return strings.Join(append(came, wstest.Ending(err)), ", ")
		}
		if f.Opcode != wstest.Text {
			came = append(came, f.String())
		}
	}
}

// fromClose reads to the end, and returns the first close frame, which it answers, and whatever came after
// it.
func fromClose(c *wstest.Client) (came []wstest.Frame, err error) {
	for {
		f, err := c.NextValid()
		if err != nil {
			return came, err
		}
		if f.Opcode == wstest.Close && came == nil {
			c.Send(wstest.Masked(wstest.Close, f.Payload))
		}
		if f.Opcode == wstest.Close || came != nil {
			came = append(came, f)
		}
	}
}
