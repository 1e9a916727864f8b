package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// console makes the block that shows what a server prints while a script is played. Lines of
// the old block that still hold stay as they are.
func (w *workshop) console(dir, script, old string) (string, error) {
	block := codeLines(old)
	if len(block) < 3 {
		block = []string{"```console", "$ go run ./work", "```"}
	}
	shown := block[2 : len(block)-1]
	got, err := w.perform(dir, script, shown)
	if err != nil {
		return "", err
	}
	for i, line := range got {
		if i < len(shown) && normal(shown[i]) == normal(line) {
			got[i] = shown[i]
			continue
		}
		got[i] = hostPort.ReplaceAllString(logTime.ReplaceAllString(line, "2026/03/14 10:00:00 "), "localhost:8080")
	}
	return strings.Join(slices.Concat(block[:2], got, []string{"```", ""}), "\n"), nil
}

var (
	logTime  = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	hostPort = regexp.MustCompile(`(localhost|127\.0\.0\.1|\[::1\]):\d+`)
)

// normal returns a line of a terminal without what differs each time.
func normal(line string) string {
	return hostPort.ReplaceAllString(logTime.ReplaceAllString(line, "TIME "), "HOST")
}

// build returns the file of the server in a folder of the workshop.
func (w *workshop) build(dir string) (string, error) {
	file := filepath.Join(w.temp, strings.ReplaceAll(dir, "/", "-")+".exe")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if said, err := programs.Build(context.Background(), w.root, file, "./"+dir); err != nil {
		return "", fmt.Errorf("%s does not build: %s", dir, strings.ReplaceAll(said, "\n", " "))
	}
	return file, nil
}

// A stage is a server, and the windows that are open.
type stage struct {
	server  *programs.Program
	addr    string
	windows map[string]*frames.Client // each does what the page does in a browser
	keys    uint32                    // makes masking keys: each looks different, that is all
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
	st := &stage{server, addr, make(map[string]*frames.Client), 0x09abba1d} // the first key is 53 23 f4 d8, as in the lessons
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
		} else if err := st.act(words); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(words, " "), err)
		} else {
			words = nil
		}
	}
	same := func(got []string) bool {
		return slices.EqualFunc(shown, got, func(a, b string) bool { return normal(a) == normal(b) })
	}
	server.Output.Await(0, 2*time.Second, same)
	server.Output.Await(0, quiet, func(got []string) bool { return !same(got) })
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
		err := st.server.Interrupt()
		if err == nil && !st.server.AwaitEnd(2*patience) {
			err = errors.New("the server goes on")
		}
		return err
	case c == nil:
		return errors.New("open comes first")
	}
	from := st.server.Output.Next()
	var err error
	switch action {
	case "vanish":
		err = c.TCP.Close()
	case "send":
		st.keys = st.keys*1664525 + 1013904223
		post := fmt.Sprintf(`{"user":%q,"text":%q}`, words[1], words[2])
		err = c.Send(frames.Whole(frames.Text, []byte(post), [4]byte(binary.BigEndian.AppendUint32(nil, st.keys))))
	default:
		goodbye := frames.Whole(frames.Close, frames.ClosePayload(1001, ""), closeKey)
		err = errors.Join(c.Send(goodbye), c.TCP.CloseWrite())
	}
	// the server takes note in its terminal; if it does not, this shows in the block
	st.server.Output.Await(from, patience, func(lines []string) bool { return slices.ContainsFunc(lines, event.MatchString) })
	if action == "reload" && err == nil {
		err = st.open(name)
	}
	return err
}

var event = regexp.MustCompile(` says |received |a member left`)

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
		for f, err := c.Next(); err == nil; f, err = c.Next() {
			if f.Opcode == frames.Close {
				c.Send(frames.Whole(frames.Close, f.Payload, closeKey))
			}
		}
	}()
	return err
}

// runCopy runs commands in a copy of the workshop: without a network, unless they are to
// fetch a module ("copy with MODULE").
func (w *workshop) runCopy(how string, commands []string) error {
	dir, err := os.MkdirTemp(w.temp, "copy-")
	for _, name := range []string{"frontend", "library", "raw", "steps"} {
		err = errors.Join(err, os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(w.root, name))))
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(w.read(name)), 0o644))
	}
	if err != nil {
		return err
	}
	cmd := exec.Command("sh", "-ec", strings.Join(commands, "\n"))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off")
	if how == "copy" {
		cmd.Env = append(cmd.Env, "GOPROXY=off", "GOSUMDB=off")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("these commands fail: %v: %s", err, strings.ReplaceAll(string(out), "\n", " "))
	}
	return nil
}
