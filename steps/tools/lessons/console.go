package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/frames"
	"websocket-workshop/steps/tools/programs"
)

const (
	patience = 5 * time.Second        // for what a server should do at once
	quiet    = 100 * time.Millisecond // after which it is taken to have said all
)

// errSkip is why a block cannot be checked on some machines.
var errSkip = errors.New("not checked")

// checkConsoles runs the commands of blocks, and compares what is printed with what is shown.
func (w *workshop) checkConsoles(p *page) (problems []problem) {
	for _, f := range p.fences {
		got, err := w.printed(f)
		want := f.output()
		i := mismatch(want, got)
		switch {
		case errors.Is(err, errSkip):
			fmt.Fprintf(os.Stderr, "%s:%d: %v\n", p.name, f.line, err)
		case err != nil:
			problems = append(problems, p.problem(f.line, "%v", err))
		case got == nil || i < 0:
		case i == len(want):
			problems = append(problems, p.problem(f.line+1+i, "the terminal goes on with %q", got[i]))
		case i == len(got):
			problems = append(problems, p.problem(f.line+2+i, "the terminal never says %q", want[i]))
		default:
			problems = append(problems, p.problem(f.line+2+i, "the terminal says %q here, not %q", got[i], want[i]))
		}
	}
	return problems
}

// updateConsoles returns a text whose blocks show what is printed.
func (w *workshop) updateConsoles(p *page) string {
	lines := strings.Split(p.source, "\n")
	for _, f := range slices.Backward(p.fences) {
		old := f.output()
		got, err := w.printed(f)
		if err != nil || got == nil || mismatch(old, got) < 0 {
			continue
		}
		for i, line := range got {
			if i < len(old) && normal(old[i]) == normal(line) {
				got[i] = old[i]
				continue
			}
			line = logTime.ReplaceAllString(line, "${1}2026/03/14 10:00:00 ")
			got[i] = hostPort.ReplaceAllString(line, "localhost:8080")
		}
		lines = slices.Replace(lines, f.line+1, f.line+1+len(old), got...)
	}
	return strings.Join(lines, "\n")
}

// output returns the lines of a block below its command.
func (f *fence) output() []string { return f.body[min(1, len(f.body)):] }

// printed returns what the command of a block prints, or nil if nothing is known of it.
func (w *workshop) printed(f *fence) ([]string, error) {
	dir, isServer := strings.CutPrefix(f.comment.kind, "server ")
	switch {
	case f.info == "sh" && f.comment.kind == "run":
		return nil, w.runCopy(f)
	case f.info == "console" && isServer:
		return w.perform(dir, f.comment.args, f.output())
	case f.info == "console":
		return nil, errors.New("over output stands how to provoke it: <!-- server DIR: … -->")
	}
	return nil, nil
}

// build returns the file of the server in a folder of the workshop.
func (w *workshop) build(dir string) (string, error) {
	file := filepath.Join(w.temp, strings.ReplaceAll(dir, "/", "-")+".exe")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if said, err := programs.Build(context.Background(), w.root, file, "./"+dir); err != nil {
		return "", fmt.Errorf("%s does not build: %s", dir, firstLine(said))
	}
	return file, nil
}

// firstLine returns what a command complains about; the go command names the package first.
func firstLine(out string) string {
	line, rest, _ := strings.Cut(strings.TrimSpace(out), "\n")
	if strings.HasPrefix(line, "#") {
		return firstLine(rest)
	}
	return line
}

// A stage is a server, and the windows that are open.
type stage struct {
	server  *programs.Program
	addr    string
	windows map[string]*frames.Client // each does what the page does in a browser
	keys    uint32                    // makes masking keys
}

// closeKey masks every close frame, so that the lessons can work one out by hand.
var closeKey = [4]byte{0x2d, 0xbd, 0xbc, 0x6e}

var scriptWord = regexp.MustCompile(`"[^"]*"|[^\s,"]+|,`)

// perform does to a server what a script says (open, send ann "hi"), and returns what the
// server has printed once that is as shown, or for good.
func (w *workshop) perform(dir, script string, shown []string) ([]string, error) {
	file, err := w.build(dir)
	if err != nil {
		return nil, err
	}
	server, addr, err := programs.Serve(exec.Command(file, "-addr", "localhost:0"), 2*patience)
	if err != nil {
		return nil, err
	}
	st := &stage{server, addr, make(map[string]*frames.Client), 0x5323f4d8}
	defer func() {
		server.Kill()
		<-server.Ended
		for _, c := range st.windows {
			c.TCP.Close()
		}
	}()
	var words []string
	for _, word := range append(scriptWord.FindAllString(script, -1), ",") {
		if word != "," {
			words = append(words, strings.Trim(word, `"`))
			continue
		}
		if err := st.act(words); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(words, " "), err)
		}
		words = nil
	}
	server.Output.Await(0, 2*time.Second, func(got []string) bool { return mismatch(shown, got) < 0 })
	server.Output.Await(0, quiet, func(got []string) bool { return mismatch(shown, got) >= 0 })
	lines, _ := server.Output.Since(0)
	return lines, nil
}

// act does one action. A number at its end, as in send2, says which window does it.
func (st *stage) act(words []string) error {
	if len(words) == 0 {
		return nil
	}
	action := strings.TrimRight(words[0], "0123456789")
	name := strings.TrimPrefix(words[0], action)
	c := st.windows[name]
	switch {
	case map[string]int{"open": 1, "send": 3, "leave": 1, "reload": 1, "vanish": 1, "interrupt": 1}[action] != len(words):
		return errors.New("is no action of a script")
	case action == "open":
		return st.open(name)
	case action == "interrupt":
		return st.interrupt()
	case c == nil:
		return errors.New("open comes first")
	case action == "vanish":
		return st.heard(c.TCP.Close)
	case action == "send":
		post, _ := json.Marshal(struct { // strings: no error
			User string `json:"user"`
			Text string `json:"text"`
		}{words[1], words[2]})
		var key [4]byte
		binary.BigEndian.PutUint32(key[:], st.keys)
		st.keys = st.keys*1664525 + 1013904223 // the next one looks different: that is all it is for
		return st.heard(func() error { return c.Send(frames.Whole(frames.Text, post, key)) })
	}
	err := st.heard(func() error {
		goodbye := frames.Whole(frames.Close, frames.ClosePayload(1001, ""), closeKey)
		return errors.Join(c.Send(goodbye), c.TCP.CloseWrite())
	})
	if action == "reload" && err == nil {
		return st.open(name)
	}
	return err
}

// interrupt does what Ctrl-C does, and waits for the end.
func (st *stage) interrupt() error {
	if st.server.Interrupt() != nil {
		return fmt.Errorf("%w: Ctrl-C cannot be sent to another process here", errSkip)
	}
	if !st.server.AwaitEnd(2 * patience) {
		return errors.New("the server goes on after Ctrl-C")
	}
	return nil
}

var event = regexp.MustCompile(` says |received |a member left`)

// heard does something of which the server takes note in its terminal, and waits for that.
// If the note is missing, this shows in the output.
func (st *stage) heard(do func() error) error {
	from := st.server.Output.Next()
	err := do()
	st.server.Output.Await(from, patience, func(lines []string) bool { return slices.ContainsFunc(lines, event.MatchString) })
	return err
}

// open asks for a WebSocket as the page does. It is no error if the server refuses. What
// comes then is read, and answered as by a browser.
func (st *stage) open(name string) error {
	c, err := frames.Dial(st.addr, 2*time.Minute)
	if err != nil {
		return err
	}
	st.windows[name] = c
	_, err = c.Ask(frames.Handshake(st.addr))
	go func() {
		defer c.TCP.Close() // a browser hangs up once the server has
		for {
			f, err := c.Next()
			switch {
			case err != nil:
				return
			case f.Opcode == frames.Ping:
				c.Send(frames.Whole(frames.Pong, f.Payload, closeKey))
			case f.Opcode == frames.Close:
				c.Send(frames.Whole(frames.Close, f.Payload, closeKey))
			}
		}
	}()
	return err
}

// runCopy runs the commands of a block in a copy of the workshop, without a network.
func (w *workshop) runCopy(f *fence) error {
	module, withModule := strings.CutPrefix(f.comment.args, "copy with ")
	switch {
	case f.comment.args != "copy" && !withModule:
		return errors.New("run: copy, or run: copy with MODULE@VERSION")
	case runtime.GOOS == "windows":
		return fmt.Errorf("%w: these commands are for a POSIX shell", errSkip)
	}
	dir, err := os.MkdirTemp(w.temp, "copy-")
	if err != nil {
		return err
	}
	offline := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-buildvcs=false", "GOWORK=off")
		return cmd
	}
	if withModule && offline("go", "mod", "download", module).Run() != nil {
		return fmt.Errorf("%w: %s is not in the module cache, and this takes it from there", errSkip, module)
	}
	for _, name := range []string{"library", "raw", "steps"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(w.root, name))); err != nil {
			return err
		}
	}
	os.Mkdir(filepath.Join(dir, "frontend"), 0o755)
	files, _ := filepath.Glob(filepath.Join(w.root, "frontend", "*.*"))
	for _, name := range append(files, "go.mod", "go.sum") {
		name = strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(w.root)+"/")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(w.read(name)), 0o644); err != nil {
			return err
		}
	}
	if out, err := offline("sh", "-ec", strings.Join(f.body, "\n")).CombinedOutput(); err != nil {
		return fmt.Errorf("these commands fail: %v: %s", err, firstLine(string(out)))
	}
	return nil
}

// mismatch returns the first line in which what is wanted and what came part, or -1.
func mismatch(want, got []string) int {
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || normal(want[i]) != normal(got[i]) {
			return i
		}
	}
	return -1
}

var (
	logTime   = regexp.MustCompile(`^(\^C)?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	hostPort  = regexp.MustCompile(`(localhost|127\.0\.0\.1|\[::1\]):\d+`)
	unixMilli = regexp.MustCompile(`"time":\s*\d+`)
	seconds   = regexp.MustCompile(`\d+(\.\d+)?m?s\b`)
)

// normal returns a line of a terminal without what differs each time.
func normal(line string) string {
	line = logTime.ReplaceAllString(strings.TrimRight(line, " \t\r"), "TIME ")
	line = hostPort.ReplaceAllString(line, "HOST")
	line = unixMilli.ReplaceAllString(line, `"time":TIME`)
	return seconds.ReplaceAllString(line, "SECONDS")
}
