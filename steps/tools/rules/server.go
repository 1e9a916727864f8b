package rules

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/process"
)

// startPatience is how long a server may take to listen. It is long because some
// systems look at a new program for seconds before they let it run.
func (p *probe) startPatience() time.Duration { return 3*p.patience + time.Second }

// A server is one process of the code under check.
type server struct {
	*process.Program
	target *Target
	typed  string // the command as an attendee would type it
	port   string
	begun  time.Time
	asked  bool // it was told to end, so that its end is no crash
}

// addr is where the server should listen.
func (s *server) addr() string { return "localhost:" + s.port }

// launch starts the server and returns at once.
func (p *probe) launch(port string, env []string, args ...string) *server {
	p.goOn()
	folder := filepath.ToSlash(p.target.Name)
	if !filepath.IsAbs(p.target.Name) && !strings.HasPrefix(folder, "..") {
		folder = "./" + folder
	}
	typed := strings.Join(slices.Concat(env, []string{"go run", folder}, args), " ")
	s := &server{target: p.target, typed: typed, port: port, begun: time.Now()}
	cmd := exec.Command(p.binary, args...)
	environ := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(strings.ToUpper(entry), "PORT=") })
	cmd.Env = slices.Concat(environ, p.target.Env, p.env, env, []string{"GORACE=atexit_sleep_ms=0"})
	process.OwnGroup(cmd)
	var err error
	if s.Program, err = process.Start(cmd); err != nil {
		p.fail(Failure{Sent: "the built program was started", Expected: "it runs", Came: err.Error(),
			Cause: "the system does not run it: go run ./steps/tools/check -doctor may tell why; or is a virus scanner in the way?"})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers = append(p.servers, s)
	p.server = s
	return s
}

// awaitUp waits until the server can be connected to.
func (s *server) awaitUp(p *probe) bool {
	for deadline := time.Now().Add(p.startPatience()); time.Now().Before(deadline) && p.ctx.Err() == nil; {
		if process.Answering([]string{s.addr()}) != nil {
			return true
		}
		if s.AwaitExit(10 * time.Millisecond) {
			break
		}
	}
	return false
}

// notUp explains why a server cannot be connected to.
func (s *server) notUp() *Failure {
	f := &Failure{
		Sent:     s.typed,
		Expected: "the server listens on " + s.addr(),
		Came:     "nothing listens there. It printed:\n" + cmp.Or(s.tail(4), "(nothing)"),
	}
	if s.Exited() {
		f.Came = fmt.Sprintf("the program ended (%v). It printed:\n%s", s.Cmd.ProcessState, cmp.Or(s.tail(4), "(nothing)"))
		f.Cause = cmp.Or(s.crash(), endedCause(s))
		s.asked = true // there is no more to say about its end
		return f
	}
	if elsewhere := s.Output.Address(); elsewhere != "" {
		f.Cause = fmt.Sprintf("it listens on %s: the wrong address. Give net.Listen or ListenAndServe the value of -addr", elsewhere)
	} else {
		f.Cause = "it hangs before it listens: does main reach net.Listen or ListenAndServe? Put a log line in front of it"
	}
	return f
}

// endedCause says why a program that did not crash is no server.
func endedCause(s *server) string {
	said := s.tail(20)
	switch {
	case strings.Contains(said, "flag provided but not defined"):
		return "the flag -addr is missing: flag.String(\"addr\", …), then flag.Parse()"
	case strings.Contains(said, "listen tcp ") && !strings.Contains(said, s.port): // not by the system's words: they are in its language
		return "it does not listen where -addr says, and the address it chose is taken: give net.Listen the value of -addr"
	case s.Output.Address() != "" && s.Output.Address() != s.addr():
		return "it takes " + s.Output.Address() + ", and not what -addr says: is flag.Parse() called, and the flag's value used?"
	}
	return "main came to its end: a server stays in http.Serve or ListenAndServe, and logs the error that ends it"
}

// crashed finds what Go says first of a crash, or net/http of one in a handler, and misuse what it
// prints of a handler that goes on where it should have returned.
var (
	crashed = regexp.MustCompile(`(^panic: |^fatal error: |panic serving ).*`)
	misuse  = regexp.MustCompile(`http: (superfluous response\.WriteHeader|response\.Write\S* on hijacked connection)`)
)

// crash says where the code of the server crashed, if it did; no more than a sentence.
func (s *server) crash() string {
	lines, _ := s.Output.Since(0)
	for i, line := range lines {
		if what := crashed.FindString(line); what != "" {
			return "the server crashed" + s.place(lines[i:]) + ": " + Shorten(what)
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
	case <-s.Done:
		ended := fmt.Sprintf("the whole program has ended (%v)", s.Cmd.ProcessState)
		return cmp.Or(s.crash(), ended+": log.Fatal and os.Exit are no answer to what one member does")
	case <-time.After(200 * time.Millisecond):
		return s.crash() // net/http goes on after a crash in a handler
	}
}

// died fails the behaviour if the whole program has ended.
func (s *server) died(p *probe) {
	if why := s.fate(); why != "" {
		p.fail(Failure{Sent: cmp.Or(p.story, "a new connection was made"), Expected: "the server goes on, for everyone else",
			Came: "the whole program ended. In the terminal:\n" + cmp.Or(s.tail(1), "(nothing)"), Cause: why})
	}
}

// place finds the first line of a trace that is in the code under check.
func (s *server) place(trace []string) string {
	for _, line := range trace {
		if _, path, ok := strings.Cut(filepath.ToSlash(line), filepath.ToSlash(s.target.Dir)+"/"); ok {
			path, _, _ = strings.Cut(path, " ")
			return " at " + filepath.ToSlash(filepath.Join(s.target.Name, path))
		}
	}
	return ""
}

// tail returns the last lines, as they are shown to an attendee.
func (s *server) tail(n int) string {
	lines, _ := s.Output.Since(0)
	for i, line := range lines {
		if strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, ":") {
			lines = lines[:i] // where a crash came from is said in a sentence
			break
		}
	}
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	lines = strings.Split(text, "\n")
	return Shorten(lines[max(0, len(lines)-n):]...)
}

// tooLong is what is left out of a line that is shown.
var tooLong = regexp.MustCompile(`(?m)^(.{120}).+$`)

// Shorten returns lines as text, long ones cut.
func Shorten(lines ...string) string {
	return tooLong.ReplaceAllString(strings.Join(lines, "\n"), "$1…")
}
