package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A script is what is done to a server to make it print what a block shows.
type script struct {
	dir     string
	actions [][]string // words; the first one is the action
}

var scriptWord = regexp.MustCompile(`"[^"]*"|[^\s,"]+|,`)

// parseScript returns the script in a comment like: server steps/03: open, send ann "hi"
func parseScript(comment string) (script, error) {
	rest, ok := strings.CutPrefix(comment, "server ")
	if !ok {
		return script{}, errors.New("this console block has no comment that says how to provoke it: <!-- server DIR: … --> or <!-- run -->")
	}
	dir, todo, _ := strings.Cut(rest, ":")
	s := script{dir: strings.TrimSpace(dir)}
	var words []string
	for _, word := range append(scriptWord.FindAllString(todo, -1), ",") {
		if word != "," {
			words = append(words, strings.Trim(word, `"`))
			continue
		}
		if len(words) > 0 {
			s.actions = append(s.actions, words)
		}
		words = nil
	}
	for _, words := range s.actions {
		if n, ok := arguments[actionOf(words)]; !ok || len(words)-1 != n {
			return s, fmt.Errorf("%q is no action of a script", strings.Join(words, " "))
		}
	}
	return s, nil
}

// arguments says which actions there are, and how many words follow each. A number at the
// end of an action, as in send2, says which window does it.
var arguments = map[string]int{
	"open":      0, // the handshake, and the history that follows it
	"send":      2, // USER TEXT: a message
	"ping":      1, // TEXT: browsers never send one, other clients do
	"bytes":     1, // HEX: sent as it is
	"reload":    0, // leave, and open
	"leave":     0, // a close frame with 1001, as when a tab is closed
	"vanish":    0, // the end of TCP, without a close frame
	"interrupt": 0, // Ctrl-C in the server's terminal
}

// actionOf returns the name of an action without its window.
func actionOf(words []string) string { return strings.TrimRight(words[0], "0123456789") }

// A stage is a server and the windows that are open.
type stage struct {
	script  script
	server  *server
	windows map[string]*client
	quiet   time.Duration // after which the server is taken to have said all
	pushes  bool          // the server sends the history
	chats   bool          // it sends it to everyone when it changes
	closes  bool          // it answers a close frame
}

// perform plays a script and returns what the server has printed.
func (w *workshop) perform(s script, quiet time.Duration) ([]string, error) {
	srv, err := w.startServer(s.dir)
	if err != nil {
		return nil, err
	}
	defer srv.stop()
	st := &stage{script: s, server: srv, windows: make(map[string]*client), quiet: quiet}
	step := 6
	fmt.Sscanf(s.dir, "steps/%02d", &step)
	st.pushes, st.chats, st.closes = step >= 3, step >= 5, step >= 6
	defer func() {
		for _, c := range st.windows {
			c.nc.Close()
		}
	}()
	for _, words := range s.actions {
		if err := st.act(words); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(words, " "), err)
		}
		srv.out.settle(quiet)
	}
	return srv.out.lines(), nil
}

const patience = 2 * time.Second // for what a server should do at once

// act does one action.
func (st *stage) act(words []string) error {
	action := actionOf(words)
	window := strings.TrimPrefix(words[0], action)
	c := st.windows[window]
	switch {
	case action == "interrupt":
		return st.server.interrupt()
	case action == "open":
		return st.open(window)
	case c == nil:
		return errors.New("open comes first")
	case action == "send":
		st.send(c, words[1], words[2])
	case action == "ping":
		c.send(opPing, []byte(words[1]))
		if st.closes {
			c.await(opPong, words[1], patience)
		}
	case action == "bytes":
		b, err := hex.DecodeString(strings.ReplaceAll(words[1], " ", ""))
		if err != nil {
			return err
		}
		c.sendBytes(b)
	case action == "vanish":
		st.gone(func() { c.nc.Close() })
	case action == "leave", action == "reload":
		st.leave(c)
		if action == "reload" {
			st.server.out.settle(st.quiet)
			return st.open(window)
		}
	}
	return nil
}

// open does the handshake, and waits for the history if there is one.
func (st *stage) open(window string) error {
	c, err := dial(st.server.addr)
	if err != nil {
		return err
	}
	st.windows[window] = c
	if c.status == 101 && st.pushes && !c.await(opText, `"msg"`, patience) {
		return errors.New("the server sends no history")
	}
	return nil
}

var heard = regexp.MustCompile(` says |received |a member left`)

// send sends a message, and waits until the server has got it.
func (st *stage) send(c *client, user, text string) {
	before := len(st.server.out.lines())
	c.say(user, text)
	if !st.pushes {
		return // this server reads, and says nothing
	}
	st.server.out.await(before, heard, patience)
	if st.chats {
		for _, other := range st.windows {
			other.await(opText, text, patience)
		}
	}
}

var memberLeft = regexp.MustCompile(`a member left`)

// gone does what ends a connection, and waits until the server has noticed.
func (st *stage) gone(end func()) {
	before := len(st.server.out.lines())
	end()
	st.server.out.await(before, memberLeft, patience)
}

// leave sends the close frame of a browser, and ends TCP when the server has answered, or
// at once where servers do not answer yet.
func (st *stage) leave(c *client) {
	if c.status != 101 {
		return
	}
	st.gone(func() {
		if st.closes {
			c.leave(patience)
			return
		}
		before := len(st.server.out.lines())
		c.send(opClose, []byte{0x03, 0xe9})
		if st.pushes {
			st.server.out.await(before, regexp.MustCompile(`received |frame `), patience)
		}
		st.server.out.settle(st.quiet)
		c.nc.Close()
	})
}

// A block is what a console block shows: one command, or several, with their output.
type block struct {
	commands []shown
}

// shown is a command and what is shown of its output.
type shown struct {
	command string
	line    int // of the command
	output  []string
}

// parseBlock returns what a console block shows.
func parseBlock(f *fence) (b block) {
	for i, line := range f.body {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			b.commands = append(b.commands, shown{command: command, line: f.line + 1 + i})
			continue
		}
		if len(b.commands) == 0 {
			b.commands = append(b.commands, shown{line: f.line})
		}
		last := &b.commands[len(b.commands)-1]
		last.output = append(last.output, line)
	}
	return b
}

// outputs reports whether a block shows any output.
func (b block) outputs() bool {
	for _, s := range b.commands {
		if len(s.output) > 0 {
			return true
		}
	}
	return false
}

// quiets are how long a server is given to print, in one try after the other: a loaded
// machine must not make a lesson wrong.
var quiets = []time.Duration{30 * time.Millisecond, 150 * time.Millisecond, 600 * time.Millisecond}

// checkConsoles compares the blocks of output with what the programs print.
func (w *workshop) checkConsoles(d *doc) []problem {
	found := make([][]problem, len(d.fences))
	var running sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, f := range d.fences {
		if f.info != "console" && !(f.info == "sh" && isRunBlock(f)) {
			continue
		}
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i] = w.checkConsole(d, f)
		})
	}
	running.Wait()
	var problems []problem
	for _, ps := range found {
		problems = append(problems, ps...)
	}
	return problems
}

// checkConsole compares one block.
func (w *workshop) checkConsole(d *doc, f *fence) []problem {
	if isRunBlock(f) {
		return w.checkRun(d, f)
	}
	b := parseBlock(f)
	if !b.outputs() && f.comment == "" {
		return nil // commands alone
	}
	s, err := parseScript(f.comment)
	if err != nil {
		return []problem{d.problem(f.line, err.Error())}
	}
	if len(b.commands) != 1 {
		return []problem{d.problem(f.line, "a server's terminal shows one command")}
	}
	var line int
	var says string
	for _, quiet := range quiets {
		got, err := w.perform(s, quiet)
		if errors.Is(err, errNoSignals) {
			w.skip(d, f, err.Error())
			return nil
		}
		if err != nil {
			line, says = f.line, err.Error()
			continue
		}
		if line, says = compareOutput(b.commands[0], got); says == "" {
			return nil
		}
	}
	return []problem{d.problem(line, says)}
}

// compareOutput says where a terminal shows something else than a block: the text's line
// and what is wrong, or "".
func compareOutput(s shown, got []string) (int, string) {
	want := s.output
	for len(want) > 0 && strings.TrimSpace(want[len(want)-1]) == "" {
		want = want[:len(want)-1]
	}
	i, j := mismatch(want, got)
	switch {
	case i < 0:
		return 0, ""
	case i == len(want):
		return s.line + i, fmt.Sprintf("the terminal goes on with %q", got[j])
	case j == len(got):
		return s.line + 1 + i, fmt.Sprintf("the terminal never says %q", want[i])
	}
	return s.line + 1 + i, fmt.Sprintf("the terminal says %q here, not %q", got[j], want[i])
}

// mismatch returns the first places where what is wanted and what came part, or -1. A
// line … stands for any lines.
func mismatch(want, got []string) (int, int) {
	i, j := 0, 0
	for i < len(want) {
		if !isGap(want[i]) {
			if j == len(got) || !sameLine(want[i], got[j]) {
				return i, j
			}
			i, j = i+1, j+1
			continue
		}
		i++
		end := i
		for end < len(want) && !isGap(want[end]) {
			end++
		}
		if end == len(want) {
			return afterGap(want, got, i, j)
		}
		start := j
		for ; j <= len(got)-(end-i); j++ {
			if bad, _ := mismatch(want[i:end], got[j:j+end-i]); bad < 0 {
				break
			}
		}
		if j > len(got)-(end-i) {
			return i, max(start, len(got))
		}
		i, j = end, j+end-i
	}
	if j < len(got) {
		return i, j
	}
	return -1, -1
}

// afterGap compares what follows the last gap with the end of what came.
func afterGap(want, got []string, i, j int) (int, int) {
	rest := len(want) - i
	if len(got)-j < rest {
		return i, len(got)
	}
	for k := range rest {
		if at := len(got) - rest + k; !sameLine(want[i+k], got[at]) {
			return i + k, at
		}
	}
	return -1, -1
}

// isGap reports whether a line stands for any number of lines.
func isGap(line string) bool { return strings.TrimSpace(line) == "…" }

// sameLine reports whether two lines are the same but for what differs each time. In the
// wanted one … stands for anything.
func sameLine(want, got string) bool {
	want, got = normal(want), normal(got)
	if !strings.Contains(want, "…") {
		return want == got
	}
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}
