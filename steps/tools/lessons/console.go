package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/wstest"
)

const (
	patience = 5 * time.Second        // for what a server should do at once
	quiet    = 100 * time.Millisecond // after which its output counts as complete
)

// genConsole makes the block that shows what a server prints while a script is played. Its lines have the
// times of the old block's.
func genConsole(w *workshop, p *page, m *mark, old string) (string, error) {
	block := codeLines(old)
	if len(block) < 3 {
		block = []string{"```console", "$ go run ./work", "```"}
	}
	shown, now := block[2:len(block)-1], firstTime
	lines, err := w.perform(m.of, strings.Join(m.args, " "), shown)
	for i, line := range lines {
		if i < len(shown) {
			now = cmp.Or(logTime.FindString(shown[i]), now)
		}
		lines[i] = normal(line, now)
	}
	return strings.Join(slices.Concat(block[:2], lines, []string{"```", ""}), "\n"), err
}

const firstTime = "2026/01/02 15:04:05 " // of a new block

var (
	logTime  = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	hostPort = regexp.MustCompile(`(localhost|127\.0\.0\.1|\[::1\]):\d+`)
)

// normal returns a line of a terminal with another time, if it has one, and the usual address.
func normal(line, time string) string {
	return hostPort.ReplaceAllString(logTime.ReplaceAllString(line, time), "localhost:8080")
}

// A stage is a server, and the windows that are open.
type stage struct {
	server  *process.Program
	addr    string
	windows map[string]*wstest.Client // each does what the page does in a browser
}

// The masking keys are always the same, because the lessons look at single bytes.
var (
	postKey  = [4]byte{0x53, 0x23, 0xf4, 0xd8}
	closeKey = [4]byte{0x2d, 0xbd, 0xbc, 0x6e}
)

// perform plays a script (open, send ann "hi") on a server, and returns what the server has printed
// once that is as shown, or complete.
func (w *workshop) perform(dir, script string, shown []string) ([]string, error) {
	temp, err := os.MkdirTemp("", "websocket-lessons-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "server.exe")
	if said, err := process.Build(context.Background(), w.root, file, "./"+dir); err != nil {
		return nil, fmt.Errorf("%s does not build: %s", dir, strings.ReplaceAll(said, "\n", " "))
	}
	server, addr, err := process.Serve(exec.Command(file, "-addr", "localhost:0"), 2*patience)
	if err != nil {
		return nil, err
	}
	st := &stage{server, addr, make(map[string]*wstest.Client)}
	defer func() {
		server.Kill()
		<-server.Done
		for _, c := range st.windows {
			c.TCP.Close()
		}
	}()
	for _, action := range strings.Split(script, ", ") {
		if err := st.act(action); err != nil {
			return nil, fmt.Errorf("%s: %w", action, err)
		}
	}
	same := func(got []string) bool {
		return slices.EqualFunc(shown, got, func(a, b string) bool {
			return normal(a, firstTime) == normal(b, firstTime)
		})
	}
	server.Output.Await(0, 2*time.Second, same)
	server.Output.Await(0, quiet, func(got []string) bool { return !same(got) })
	lines, _ := server.Output.Since(0)
	return lines, nil
}

// act performs one action. A number at its end, as in send2, is the window that performs it.
func (st *stage) act(action string) error {
	var word, user, text string
	n, _ := fmt.Sscanf(action, "%s %s %q", &word, &user, &text)
	verb := strings.TrimRight(word, "0123456789")
	window := strings.TrimPrefix(word, verb)
	c := st.windows[window]
	from := st.server.Output.Next()
	var err error
	switch {
	case n != map[string]int{"open": 1, "send": 3, "leave": 1, "reload": 1, "interrupt": 1}[verb]:
		return errors.New("is no action of a script")
	case verb == "open":
		return st.open(window)
	case verb == "interrupt":
		if err = st.server.Interrupt(); err == nil && !st.server.AwaitExit(2*patience) {
			err = errors.New("the server goes on")
		}
		return err
	case c == nil:
		return errors.New("open comes first")
	case verb == "send":
		post := fmt.Sprintf(`{"user":%q,"text":%q}`, user, text)
		err = c.Send(wstest.Whole(wstest.Text, []byte(post), postKey))
	default:
		goodbye := wstest.Whole(wstest.Close, wstest.ClosePayload(1001, ""), closeKey)
		err = errors.Join(c.Send(goodbye), c.TCP.CloseWrite())
	}
	// the server takes note in its terminal; if it does not, this shows in the block
	st.server.Output.Await(from, patience, func(lines []string) bool {
		return slices.ContainsFunc(lines, event.MatchString)
	})
	if verb == "reload" && err == nil {
		err = st.open(window)
	}
	return err
}

var event = regexp.MustCompile(` says |received |a member left`)

// open asks for a WebSocket as the page does. It is not an error if the server refuses. Then it reads
// what arrives, and answers like a browser.
func (st *stage) open(window string) error {
	c, err := wstest.Dial(st.addr, 2*time.Minute)
	if err != nil {
		return err
	}
	st.windows[window] = c
	_, err = c.Ask(wstest.Handshake(st.addr))
	go func() {
		defer c.TCP.Close() // a browser hangs up once the server has
		for f, err := c.Next(); err == nil; f, err = c.Next() {
			if f.Opcode == wstest.Close {
				c.Send(wstest.Whole(wstest.Close, f.Payload, closeKey))
			}
		}
	}()
	return err
}
