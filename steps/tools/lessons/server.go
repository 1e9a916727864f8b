package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

// programs are the servers that were built, by folder. Its zero value is ready to use.
type programs struct {
	mu    sync.Mutex
	temp  string
	built map[string]*program
}

// A program is built once.
type program struct {
	once sync.Once
	file string
	err  error
}

// build returns the file of the program in a folder of the workshop.
func (p *programs) build(root, dir string) (string, error) {
	p.mu.Lock()
	if p.temp == "" {
		temp, err := os.MkdirTemp("", "websocket-lessons-")
		if err != nil {
			p.mu.Unlock()
			return "", err
		}
		p.temp, p.built = temp, make(map[string]*program)
	}
	b := p.built[dir]
	if b == nil {
		b = &program{file: filepath.Join(p.temp, strings.ReplaceAll(dir, "/", "-")+".exe")}
		p.built[dir] = b
	}
	p.mu.Unlock()
	b.once.Do(func() {
		cmd := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", b.file, "./"+dir)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			b.err = fmt.Errorf("%s does not build: %s", dir, firstLine(out))
		}
	})
	return b.file, b.err
}

// firstLine returns what the go command complains about, without the package's name.
func firstLine(out []byte) string {
	for _, line := range strings.Split(string(out), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return "no reason given"
}

// remove removes what was built. Windows may hold on to a program for a moment.
func (p *programs) remove() {
	for range 20 {
		if p.temp == "" || os.RemoveAll(p.temp) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// A terminal is what a server has printed. Its zero value is empty.
type terminal struct {
	mu   sync.Mutex
	text []byte
	last time.Time // of the last change
}

// Write takes what the server prints.
func (t *terminal) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.last = time.Now()
	return len(b), nil
}

// lines returns the whole lines that were printed so far.
func (t *terminal) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.ReplaceAll(string(t.text), "\r\n", "\n"), "\n")
	return lines[:len(lines)-1]
}

// await waits until a line from number n on matches, and reports whether one did.
func (t *terminal) await(n int, pattern *regexp.Regexp, patience time.Duration) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(3 * time.Millisecond) {
		for _, line := range t.lines()[n:] {
			if pattern.MatchString(line) {
				return true
			}
		}
	}
	return false
}

// settle waits until nothing was printed for a while.
func (t *terminal) settle(quiet time.Duration) {
	for start := time.Now(); ; time.Sleep(3 * time.Millisecond) {
		t.mu.Lock()
		last := t.last
		t.mu.Unlock()
		if time.Since(start) > quiet && time.Since(last) > quiet || time.Since(start) > 10*quiet {
			return
		}
	}
}

// A server is one of the workshop's, running.
type server struct {
	cmd   *exec.Cmd
	out   *terminal
	addr  string
	ended chan struct{}
}

var listening = regexp.MustCompile(`listening on http://(\S+)`)

// startServer starts the server in a folder on a free port. Whoever starts it stops it.
func (w *workshop) startServer(dir string) (*server, error) {
	file, err := w.programs.build(w.root, path.Clean(dir))
	if err != nil {
		return nil, err
	}
	s := &server{out: new(terminal), ended: make(chan struct{})}
	s.cmd = exec.Command(file, "-addr", "localhost:0")
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.cmd.Wait(); close(s.ended) }()
	if !s.out.await(0, listening, 10*time.Second) {
		s.stop()
		return nil, fmt.Errorf("%s does not say where it is listening", dir)
	}
	for _, line := range s.out.lines() {
		if m := listening.FindStringSubmatch(line); m != nil {
			s.addr = m[1]
		}
	}
	return s, nil
}

// stop ends the server, whatever it is doing.
func (s *server) stop() {
	s.cmd.Process.Kill()
	<-s.ended
}

// errNoSignals is why some scripts cannot run on Windows.
var errNoSignals = errors.New("no signal stands for Ctrl-C in another process on Windows")

// interrupt does what Ctrl-C does, and waits for the end.
func (s *server) interrupt() error {
	if runtime.GOOS == "windows" {
		return errNoSignals
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("the server goes on after Ctrl-C")
	}
}
