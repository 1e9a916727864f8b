package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What a test speaks WebSocket with. Nothing here uses the code under test.

// patience is for what has to happen soon. It is so long only for the sake of slow machines.
const patience = 30 * time.Second

// A peer is the client side of one connection.
type peer struct {
	nc   *net.TCPConn
	br   *bufio.Reader
	sent chan struct{} // if not nil: closed when all has been sent that will be
}

// dial connects to a server, and no more.
func dial(addr string) (*peer, error) {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	nc.SetDeadline(time.Now().Add(patience))
	return &peer{nc: nc.(*net.TCPConn), br: bufio.NewReader(nc)}, nil
}

// open connects to a server and sends the opening handshake, with frames glued to it. It
// returns behind the server's answer.
func open(addr string, frames ...byte) (*peer, error) {
	p, err := dial(addr)
	if err != nil {
		return nil, err
	}
	p.nc.Write(append([]byte(request(addr)), frames...))
	res, err := http.ReadResponse(p.br, nil)
	if err != nil {
		p.nc.Close()
		return nil, err
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		p.nc.Close()
		return nil, fmt.Errorf("handshake: %s", res.Status)
	}
	return p, nil
}

// request returns an opening handshake. A change is "Name: value" to have that field
// instead, "Name" to have none, "+Name: value" to have one more, or a first line.
func request(addr string, changes ...string) string {
	lines := []string{"GET / HTTP/1.1", "Host: " + addr, "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}
	for _, change := range changes {
		change = strings.ReplaceAll(change, "HOST", addr)
		name, _, isField := strings.Cut(change, ":")
		switch {
		case strings.Contains(change, " HTTP/"):
			lines[0] = change
		case change[0] == '+':
			lines = append(lines, change[1:])
		default:
			rest := lines[:1:1]
			for _, line := range lines[1:] {
				if !strings.HasPrefix(line, name+":") {
					rest = append(rest, line)
				}
			}
			if lines = rest; isField {
				lines = append(lines, change)
			}
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// Frames as a client sends them.

// frame returns a frame, given its first byte, in the shortest form and masked with the
// key of the examples in section 5.7.
func frame(first byte, payload string) []byte {
	return frameWithKey(first, payload, [4]byte{0x37, 0xfa, 0x21, 0x3d})
}

func frameWithKey(first byte, payload string, key [4]byte) []byte {
	b := append(frameHeader(first, uint64(len(payload))), key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return b
}

// frameHeader returns a masked frame's header up to the masking key.
func frameHeader(first byte, length uint64) []byte {
	switch {
	case length <= 125:
		return []byte{first, 0x80 | byte(length)}
	case length <= 0xFFFF:
		return binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(length))
	}
	return binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, length)
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
	return frame(0x88, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

func cat(frames ...[]byte) []byte        { return bytes.Join(frames, nil) }
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

// Frames as a server sends them.

// A reply is a frame that came from the server.
type reply struct {
	first   byte
	payload string
}

// next reads a frame and sees that it is as a server's must be.
func (p *peer) next() (reply, error) {
	var f reply
	head := make([]byte, 2)
	if _, err := io.ReadFull(p.br, head); err != nil {
		return f, err
	}
	f.first = head[0]
	length := uint64(head[1])
	if more := map[byte]int{126: 2, 127: 8}[head[1]]; more > 0 {
		b := make([]byte, 8)
		if _, err := io.ReadFull(p.br, b[8-more:]); err != nil {
			return f, notExpected(err)
		}
		length = binary.BigEndian.Uint64(b)
	}
	op := f.first & 0x0F
	switch {
	case head[1] >= 0x80:
		return f, errors.New("the server masked a frame (5.1)")
	case head[1] == 126 && length < 126, head[1] == 127 && length <= 0xFFFF:
		return f, errors.New("the server's length is not in its shortest form (5.2)")
	case f.first&0x70 != 0 || op > 0x2 && op < 0x8 || op > 0xA:
		return f, fmt.Errorf("the server sent a frame that begins with %#02x (5.2)", f.first)
	case op >= 0x8 && (f.first < 0x80 || length > 125):
		return f, errors.New("the server fragmented a control frame, or made it too long (5.5)")
	case length > 1<<30:
		return f, fmt.Errorf("the server announced %d bytes", length)
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(p.br, b); err != nil {
		return f, notExpected(err)
	}
	f.payload = string(b)
	if op == 0x8 && length == 1 {
		return f, errors.New("the server's close frame holds half a status code (5.5.1)")
	}
	return f, nil
}

// notExpected is an error within a frame, where the end of all is one too.
func notExpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// String says what came, as the rows of the tables have it.
func (f reply) String() string {
	switch f.first {
	case 0x81:
		return "text " + short(f.payload)
	case 0x82:
		return "binary " + short(f.payload)
	case 0x88:
		if len(f.payload) < 2 {
			return "close"
		}
		code := binary.BigEndian.Uint16([]byte(f.payload))
		return fmt.Sprintf("close %d %q", code, f.payload[2:])
	case 0x8A:
		return "pong " + short(f.payload)
	}
	return fmt.Sprintf("frame %#02x %s", f.first, short(f.payload))
}

// short quotes a payload, or gives the length and a checksum if it is long.
func short(payload string) string {
	if len(payload) <= 130 {
		return fmt.Sprintf("%q", payload)
	}
	return fmt.Sprintf("%d bytes %08x", len(payload), crc32.ChecksumIEEE([]byte(payload)))
}

// ending says how the connection ended, given what reading from it said.
func ending(err error) string {
	var timeout net.Error
	switch {
	case err == io.EOF:
		return "hangs up" // FIN: all that was sent has come
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.Errno(10054)): // so named by Windows
		return "resets"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "waits"
	}
	return err.Error()
}

// Servers that are processes of their own.

// A process is a server that a test has started.
type process struct {
	addr  string
	stdin io.WriteCloser
	out   *bufio.Scanner // its standard output
	log   lastLines
	cmd   *exec.Cmd
	done  chan struct{} // closed when it has ended
}

var announced = regexp.MustCompile(`(?:listening on http|echo on ws)://([^/ ]*:[0-9]+)`)

// start runs a test binary as a chat server or an echo, on a free port. It is stopped when the
// test ends, and at the latest when this process does.
func start(t *testing.T, binary, role string) *process {
	t.Helper()
	args := map[string][]string{
		"chat": {"-addr=127.0.0.1:0"}, "impatient chat": {"-addr=127.0.0.1:0"},
		"echo": {"-test.run=^TestEcho$", "-echo=127.0.0.1:0"},
	}
	s := &process{cmd: exec.Command(binary, args[role]...), done: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), childEnv+"="+role)
	s.stdin, _ = s.cmd.StdinPipe()
	stdout, _ := s.cmd.StdoutPipe()
	stderr, _ := s.cmd.StderrPipe()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewScanner(stdout)
	found := make(chan string, 1)
	go func() {
		defer close(s.done)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if m := announced.FindStringSubmatch(lines.Text()); m != nil && role != "echo" {
				found <- m[1]
			}
			s.log.add(lines.Text())
		}
		s.cmd.Wait()
	}()
	if role == "echo" {
		go func() {
			for s.out.Scan() {
				if m := announced.FindStringSubmatch(s.out.Text()); m != nil {
					found <- m[1]
					return
				}
			}
		}()
	}
	t.Cleanup(func() {
		s.stdin.Close() // it obeys, and ends
		select {
		case <-s.done:
		case <-time.After(patience):
			s.cmd.Process.Kill()
			t.Errorf("the %s server did not end", role)
		}
		if code := s.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the %s server ended with exit status %d:\n%s", role, code, &s.log)
		}
	})
	select {
	case s.addr = <-found:
	case <-s.done:
		t.Fatalf("the %s server ended at once:\n%s", role, &s.log)
	case <-time.After(patience):
		t.Fatalf("the %s server did not say where it listens", role)
	}
	return s
}

// usage asks the server what it has in use.
func (s *process) usage(t *testing.T) (u usage) {
	t.Helper()
	fmt.Fprintln(s.stdin)
	if !s.out.Scan() || json.Unmarshal(s.out.Bytes(), &u) != nil {
		t.Fatalf("the server does not say what it uses: %q", s.out.Text())
	}
	return u
}

// lastLines keeps the last lines of a server's log, for when it fails.
type lastLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *lastLines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line[:min(len(line), 300)])
	l.lines = l.lines[max(0, len(l.lines)-40):]
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// libraryBinary builds the test binary of ../library, once.
func libraryBinary(t *testing.T) string {
	t.Helper()
	binary, err := buildLibrary()
	if err != nil {
		t.Fatalf("building ../library: %v", err)
	}
	return binary
}

var buildLibrary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "websocket-workshop")
	if err != nil {
		return "", err
	}
	atEnd = append(atEnd, func() { os.RemoveAll(dir) })
	binary := filepath.Join(dir, "library.test.exe")
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
