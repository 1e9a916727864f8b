// Package stage plays scripts on a server of the workshop, as pages in a browser would.
package stage

import (
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

// Time is what Normal puts in place of the times of a new block.
const Time = "2026/01/02 15:04:05 "

var (
	LogTime  = regexp.MustCompile(`(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	hostPort = regexp.MustCompile(`(localhost|127\.0\.0\.1|\[::1\]):\d+`)
)

// Normal returns lines of a terminal with another time, where they have one, and the usual address.
func Normal(lines, time string) string {
	return hostPort.ReplaceAllString(LogTime.ReplaceAllString(lines, time), "localhost:8080")
}

// The masking keys are always the same, because the lessons look at single bytes.
var (
	postKey  = [4]byte{0x53, 0x23, 0xf4, 0xd8}
	closeKey = [4]byte{0x2d, 0xbd, 0xbc, 0x6e}
)

// serve builds and starts a server. Its caller must Kill it.
func serve(root, dir string) (server *process.Program, addr string, err error) {
	temp, err := os.MkdirTemp("", "websocket-lessons-")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(temp) // Windows keeps a program that runs
	file := filepath.Join(temp, "server.exe")
	if said, err := process.Build(context.Background(), root, file, "./"+dir); err != nil {
		return nil, "", fmt.Errorf("%s does not build: %s", dir, strings.ReplaceAll(said, "\n", " "))
	}
	return process.Serve(exec.Command(file, "-addr", "localhost:0"), 2*patience)
}

// Play plays a script (open, send ann "hi") on the server in a folder of the workshop in root, and returns
// what the server has printed once that is as shown, or complete.
func Play(root, dir, script string, shown []string) ([]string, error) {
	server, addr, err := serve(root, dir)
	if err != nil {
		return nil, err
	}
	defer server.Kill()
	windows := make(map[string]*wstest.Client)
	for _, action := range strings.Split(script, ", ") {
		from := server.Output.Next()
		if err := act(server, addr, windows, action); err != nil {
			return nil, fmt.Errorf("%s: %w", action, err)
		}
		// the server takes note in its terminal; if it does not, this shows in the block
		server.Output.Await(from, patience, func(lines []string) bool {
			return slices.ContainsFunc(lines, event.MatchString)
		})
	}
	want := Normal(strings.Join(shown, "\n"), Time)
	same := func(got []string) bool { return Normal(strings.Join(got, "\n"), Time) == want }
	server.Output.Await(0, 2*time.Second, same)
	server.Output.Await(0, quiet, func(got []string) bool { return !same(got) })
	lines, _ := server.Output.Since(0)
	return lines, nil
}

var event = regexp.MustCompile(`upgrade requested| says |received |a member left`)

// act performs an action of a script as the page in a browser does. A number, as in send2, is the window
// that performs it.
func act(server *process.Program, addr string, windows map[string]*wstest.Client, action string) error {
	var word, user, text string
	fmt.Sscanf(action, "%s %s %q", &word, &user, &text)
	verb := strings.TrimRight(word, "0123456789")
	c, err := windows[word[len(verb):]], error(nil)
	switch {
	case verb == "open":
		if c, err = wstest.Dial(addr, 2*time.Minute); err == nil {
			windows[word[len(verb):]] = c
			_, err = c.Ask(wstest.Handshake(addr)) // a refusal is not an error
			go answer(c)
		}
	case verb == "interrupt":
		err = server.Interrupt()
	case c == nil:
		err = errors.New("open comes first")
	case verb == "send":
		post := fmt.Sprintf(`{"user":%q,"text":%q}`, user, text)
		err = c.Send(wstest.Whole(wstest.Text, []byte(post), postKey))
	case verb == "leave":
		goodbye := wstest.Whole(wstest.Close, wstest.ClosePayload(1001, ""), closeKey)
		err = errors.Join(c.Send(goodbye), c.TCP.CloseWrite())
	default:
		err = errors.New("is no action of a script")
	}
	return err
}

// answer reads what arrives in a window, answers like a browser, and hangs up once the server has.
func answer(c *wstest.Client) {
	defer c.TCP.Close()
	for f, err := c.Next(); err == nil; f, err = c.Next() {
		if f.Opcode == wstest.Close {
			c.Send(wstest.Whole(wstest.Close, f.Payload, closeKey))
		}
	}
}

// Histories returns how many bytes three histories have that a server sends: the first one, the one after ann
// has said hi, and one of n posts of 40 letters, which is full.
func Histories(root, dir string, n int) (greeting, hi, full int, err error) {
	server, addr, err := serve(root, dir)
	if err != nil {
		return 0, 0, 0, err
	}
	defer server.Kill()
	c, err := wstest.Open(addr, patience)
	if err != nil {
		return 0, 0, 0, err
	}
	defer c.Close()
	sizes, long := []int{0}, strings.Repeat("x", 40)
	for _, text := range append([]string{"", "hi"}, slices.Repeat([]string{long}, n)...) {
		if text != "" {
			c.SendText(fmt.Sprintf(`{"user":"ann","text":%q}`, text))
		}
		f, err := c.NextValid()
		if err != nil {
			return 0, 0, 0, err
		}
		sizes = append(sizes, len(f.Payload))
	}
	return sizes[1], sizes[2], sizes[len(sizes)-1], nil
}
