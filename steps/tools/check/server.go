package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startPatience is how long a server may take to listen. It is long because some
// systems look at a new program for seconds before they let it run.
const startPatience = 10 * time.Second

// listeningLine is what every server says once it listens.
var listeningLine = regexp.MustCompile(`listening on http://(\S+)\s?`)

// A server is one process of the code under check.
type server struct {
	target *target
	cmd    *exec.Cmd
	typed  string // the command as an attendee would type it
	port   string
	out    *output
	ended  chan struct{} // closed when the process has ended
	asked  bool          // it was told to end, so that its end is no crash
}

// addr is where the server should listen.
func (s *server) addr() string { return "localhost:" + s.port }

// start runs the target. It does not wait for anything.
func (t *target) start(port string, env []string, args ...string) (*server, error) {
	s := &server{target: t, port: port, out: newOutput()}
	s.ended = s.out.ended
	s.typed = strings.Join(append([]string{"go run " + t.path()}, args...), " ")
	if len(env) > 0 {
		s.typed = strings.Join(env, " ") + " " + s.typed
	}
	s.cmd = exec.Command(t.binary, args...)
	s.cmd.Env = slices.Concat(withoutPort(os.Environ()), t.env, env)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	s.cmd.WaitDelay = time.Second
	ownGroup(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.cmd.Wait() // how it ended is in ProcessState
		close(s.ended)
	}()
	return s, nil
}

// path returns the target's folder as go run wants it.
func (t *target) path() string {
	if filepath.IsAbs(t.name) || strings.HasPrefix(t.name, "..") {
		return t.name
	}
	return "./" + filepath.ToSlash(t.name)
}

// withoutPort returns an environment that does not choose the server's port.
func withoutPort(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		if !strings.HasPrefix(strings.ToUpper(entry), "PORT=") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// stop ends the process, however it feels about that, and waits until it has.
func (s *server) stop() {
	s.asked = true
	s.kill()
	<-s.ended
}

// kill ends the process; it does not wait for that.
func (s *server) kill() {
	if !s.hasEnded() {
		killGroup(s.cmd.Process)
	}
}

// hasEnded reports whether the process is no more.
func (s *server) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// awaitUp waits until the server can be connected to.
func (s *server) awaitUp(p *probe) bool {
	deadline := time.Now().Add(max(startPatience, p.patience))
	for time.Now().Before(deadline) {
		nc, err := net.DialTimeout("tcp", s.addr(), time.Second)
		if err == nil {
			nc.Close()
			return true
		}
		_, changed := s.out.since(0)
		select {
		case <-changed: // perhaps the line that says it listens
		case <-time.After(50 * time.Millisecond):
		case <-s.ended:
			return false
		case <-p.ctx.Done():
			return false
		}
	}
	return false
}

// notUp explains why a server cannot be connected to.
func (s *server) notUp() *failure {
	f := &failure{
		sent:     s.typed,
		expected: "the server listens on " + s.addr(),
		came:     "nothing listens there. It printed:\n" + cmp.Or(s.out.tail(4), "(nothing)"),
	}
	if s.hasEnded() {
		f.came = fmt.Sprintf("the program ended (%v). It printed:\n%s", s.cmd.ProcessState, cmp.Or(s.out.tail(4), "(nothing)"))
		f.cause = cmp.Or(s.crash(), endedCause(s))
		s.asked = true // there is no more to say about its end
		return f
	}
	if elsewhere := cmp.Or(listensAt(s.cmd.Process.Pid), s.out.says()); elsewhere != "" {
		f.cause = fmt.Sprintf("it listens on %s: the wrong address. Give net.Listen or ListenAndServe the value of -addr", elsewhere)
	} else {
		f.cause = "it hangs before it listens: does main reach net.Listen or ListenAndServe? Put a log line in front of it"
	}
	return f
}

// endedCause says why a program that did not crash is no server.
func endedCause(s *server) string {
	said := s.out.tail(20)
	switch {
	case strings.Contains(said, "flag provided but not defined"):
		return "the flag -addr is missing: flag.String(\"addr\", …), then flag.Parse()"
	case strings.Contains(said, "listen tcp ") && !strings.Contains(said, s.port): // not by the system's words: they are in its language
		return "it does not listen where -addr says, and the address it chose is taken: give net.Listen the value of -addr"
	case s.out.says() != "" && s.out.says() != s.addr():
		return "it takes " + s.out.says() + ", and not what -addr says: is flag.Parse() called, and the flag's value used?"
	}
	return "main came to its end: a server stays in http.Serve or ListenAndServe, and logs the error that ends it"
}

// crashLine finds what Go says first of a crash, and httpPanic what net/http says of one in a handler.
var (
	crashLine = regexp.MustCompile(`^(panic: .*|fatal error: .*)`)
	httpPanic = regexp.MustCompile(`http: (panic serving .*)`)
)

// crash says where the code of the server crashed, if it did; no more than a sentence.
func (s *server) crash() string {
	lines, _ := s.out.since(0)
	for i, line := range lines {
		m := httpPanic.FindStringSubmatch(line)
		if m == nil && s.hasEnded() && !s.asked {
			m = crashLine.FindStringSubmatch(line)
		}
		if m != nil {
			return "the server crashed" + s.place(lines[i:]) + ": " + shorten([]string{m[1]})
		}
	}
	return ""
}

// fate says how the server has ended, if it has and was not told to; it may take the
// system a moment to notice.
func (s *server) fate() string {
	if s.asked {
		return ""
	}
	select {
	case <-s.ended:
		return cmp.Or(s.crash(), s.whyGone())
	case <-time.After(200 * time.Millisecond):
		return s.crash() // net/http goes on after a crash in a handler
	}
}

// died fails the behaviour if the whole program has ended.
func (s *server) died(p *probe) {
	if why := s.fate(); why != "" {
		p.fail(failure{sent: cmp.Or(p.story, "a new connection was made"), expected: "the server goes on, for everyone else",
			came: "the whole program ended. In the terminal:\n" + cmp.Or(s.out.tail(1), "(nothing)"), cause: why})
	}
}

// whyGone says why a server that listened before takes no connection now.
func (s *server) whyGone() string {
	if s.hasEnded() {
		return fmt.Sprintf("the whole program has ended (%v): log.Fatal and os.Exit are no answer to what one member does", s.cmd.ProcessState)
	}
	return "the server no longer takes connections: is something waiting where it calls Accept?"
}

// place finds the first line of a trace that is in the code under check.
func (s *server) place(trace []string) string {
	for _, line := range trace {
		at := strings.Index(line, s.target.dir+string(filepath.Separator))
		if at < 0 {
			at = strings.Index(line, filepath.ToSlash(s.target.dir)+"/")
		}
		if at >= 0 {
			path, _, _ := strings.Cut(line[at+len(s.target.dir)+1:], " ")
			return " at " + filepath.ToSlash(filepath.Join(s.target.name, path))
		}
	}
	return ""
}

// ports are those given out, so that two servers never get the same one.
var ports struct {
	sync.Mutex
	given map[int]bool
}

// freePort returns a port that nothing listens on. It is below those that systems give
// to outgoing connections, so that none of ours takes it in the meantime.
func freePort() string {
	ports.Lock()
	defer ports.Unlock()
	// A process that is just being forked has a copy of every socket for a moment, and so
	// the port would go on listening after Close: none may be forked meanwhile.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if ports.given == nil {
		ports.given = map[int]bool{}
	}
	for range 1000 {
		port := 12000 + rand.IntN(18000)
		if ports.given[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("localhost:%d", port))
		if err != nil {
			continue
		}
		l.Close()
		ports.given[port] = true
		return fmt.Sprint(port)
	}
	return "0" // no server can be reached there, and the check will say so
}
