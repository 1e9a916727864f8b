package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/testserver"
	"websocket-workshop/steps/tools/wstest"
)

// What a test speaks WebSocket with. Nothing here uses the code under test.

// patience is for what has to happen soon. It is so long only for the sake of slow machines.
const patience = 30 * time.Second

// A peer is the client side of one connection.
type peer struct {
	*wstest.Client
	sent chan struct{} // if not nil: closed when all has been sent that will be
}

// dial connects to a server, and no more.
func dial(addr string) (*peer, error) {
	c, err := wstest.Dial(addr, patience)
	return &peer{Client: c}, err
}

// open connects to a server and sends the opening handshake, with frames glued to it. It
// returns behind the server's answer.
func open(addr string, glued ...byte) (*peer, error) {
	var frames []wstest.Frame
	if glued != nil {
		frames = append(frames, wstest.Frame{Raw: glued})
	}
	c, err := wstest.Open(addr, patience, frames...)
	return &peer{Client: c}, err
}

// request returns an opening handshake of a program, with changes: see wstest.Request.Changed.
func request(addr string, changes ...string) string {
	return wstest.Handshake(addr).With("Origin").With("Sec-WebSocket-Protocol").Changed(changes...).String()
}

// Frames as a client sends them.

// frame returns a frame, given its first byte, in the shortest form and masked with the
// key of the examples in section 5.7.
func frame(first byte, payload string) []byte {
	return frameWithKey(first, payload, [4]byte{0x37, 0xfa, 0x21, 0x3d})
}

func frameWithKey(first byte, payload string, key [4]byte) []byte {
	return wstest.Frame{Fin: first&0x80 != 0, RSV: first >> 4 & 7, Opcode: first & 0x0F, Masked: true, Key: key, Payload: []byte(payload)}.Bytes()
}

// announced returns the header of a masked frame without its payload.
func announced(first byte, length uint64, key [4]byte) []byte {
	return wstest.Frame{Fin: first&0x80 != 0, Opcode: first & 0x0F, Masked: true, Key: key, Length: length}.Bytes()
}

func text(s string) []byte { return frame(0x81, s) }
func bin(s string) []byte  { return frame(0x82, s) }
func ping(s string) []byte { return frame(0x89, s) }
func pong(s string) []byte { return frame(0x8A, s) }

// Fragments: the first of a text, one in the middle, the last.
func first(s string) []byte  { return frame(0x01, s) }
func middle(s string) []byte { return frame(0x00, s) }
func last(s string) []byte   { return frame(0x80, s) }

// closing returns a close frame.
func closing(code uint16, reason string) []byte {
	return frame(0x88, string(wstest.ClosePayload(int(code), reason)))
}

func cat(parts ...[]byte) []byte         { return bytes.Join(parts, nil) }
func times(n int, frame []byte) []byte   { return bytes.Repeat(frame, n) }
func in(size int, message string) []byte { return fragments(0x81, size, message) }

// fragments cuts a message into frames of so many bytes.
func fragments(first byte, size int, message string) (b []byte) {
	opcode := first & 0x0F
	for ; len(message) > size; message = message[size:] {
		b = append(b, frame(opcode, message[:size])...)
		opcode = 0
	}
	return append(b, frame(0x80|opcode, message)...)
}

// x returns the bytes that are written in hex.
func x(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// next reads a frame and sees that it is as a server's must be.
func (p *peer) next() (wstest.Frame, error) {
	f, err := p.Next()
	if err == nil {
		err = f.ServerFault()
	}
	return f, err
}

// Servers that are processes of their own.

// A served is a server that a test has started.
type served struct {
	*process.Program
	addr  string
	stdin io.WriteCloser
}

// start runs a test binary as a server: "chat", "impatient chat" or "echo", on a free port.
// It is stopped when the test ends, and at the latest when this process does.
func start(t *testing.T, binary, role string) *served {
	t.Helper()
	cmd := exec.Command(binary, "-addr=127.0.0.1:0")
	if role == "echo" {
		cmd = exec.Command(binary, "-test.run=^TestEcho$", "-echo=127.0.0.1:0")
	}
	cmd.Env = append(os.Environ(), testserver.RoleEnv+"="+role)
	s := new(served)
	s.stdin, _ = cmd.StdinPipe() // the first one: no error
	var err error
	if s.Program, s.addr, err = process.Serve(cmd, patience); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stdin.Close() // it obeys, and ends
		if !s.AwaitExit(patience) {
			s.Kill()
			t.Errorf("the %s server did not end", role)
			return
		}
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the %s server ended with exit status %d:\n%s", role, code, s.Output.Tail(40))
		}
	})
	return s
}

// usage asks the server what it has in use.
func (s *served) usage(t *testing.T) (u testserver.Usage) {
	t.Helper()
	from := s.Output.Next()
	fmt.Fprintln(s.stdin)
	if !s.Output.Await(from, patience, func(lines []string) bool {
		return slices.ContainsFunc(lines, func(line string) bool { return json.Unmarshal([]byte(line), &u) == nil })
	}) {
		t.Fatalf("the server does not say what it uses: %s", s.Output.Tail(1))
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
