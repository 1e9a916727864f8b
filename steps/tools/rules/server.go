package rules

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"websocket-workshop/steps/tools/process"
)

// A server is one process of the code under check.
type server struct {
	*process.Program
	target *Target
	typed  string // the command as an attendee would type it
	port   string
	begun  time.Time
	asked  bool // it was told to end, so that its end is not a crash
}

// addr is where the server should listen.
func (s *server) addr() string { return "localhost:" + s.port }

// startPatience is how long a server may take to listen. It is long because some systems look at a new
// program for seconds before they let it run.
func (p *probe) startPatience() time.Duration { return 3*p.patience + time.Second }

// launch starts the server and returns at once.
func (p *probe) launch(port string, env []string, args ...string) *server {
	p.goOn()
	folder := filepath.ToSlash(p.target.Name)
	if !filepath.IsAbs(p.target.Name) && !strings.HasPrefix(folder, "..") {
		folder = "./" + folder
	}
	s := &server{target: p.target, port: port, begun: time.Now()}
	s.typed = strings.Join(slices.Concat(env, []string{"go run", folder}, args), " ")
	cmd := exec.Command(p.binary, args...)
	environ := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(strings.ToUpper(entry), "PORT=")
	})
	cmd.Env = slices.Concat(environ, p.target.Env, env, []string{"GORACE=atexit_sleep_ms=0"})
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

// serve starts the server as go run ./work -addr … does, and waits until it listens.
func (p *probe) serve() *server {
	port := process.FreePort()
	s := p.launch(port, nil, "-addr", "localhost:"+port)
	if !s.awaitUp(p) {
		panic(s.notUp())
	}
	return s
}

// awaitUp waits until the server can be connected to.
func (s *server) awaitUp(p *probe) bool {
	for deadline := time.Now().Add(p.startPatience()); time.Now().Before(deadline) && p.ctx.Err() == nil; {
		if process.Answering([]string{s.addr()}) != nil {
			return true
		}
		if s.AwaitExit(5 * time.Millisecond) {
			break
		}
	}
	return false
}

// notUp explains why a server cannot be connected to.
func (s *server) notUp() *Failure {
	f := &Failure{Kind: TimedOut, step: 1, Sent: s.typed, Expected: "the server listens on " + s.addr()}
	elsewhere := s.Output.Address()
	switch {
	case s.Exited():
		f.Kind, f.Came = Exited, fmt.Sprintf("the program ended (%v). It printed:\n", s.Cmd.ProcessState)
		f.Cause = cmp.Or(s.crash(), s.whyEnded())
		s.asked = true // there is no more to say about its end
	case elsewhere != "" && elsewhere != s.addr():
		f.Cause = "it says that it listens on " + elsewhere + ": give net.Listen or ListenAndServe the value of -addr"
	default:
		f.Cause = "it hangs before it listens: does main reach net.Listen or ListenAndServe? Put a log line before it"
	}
	f.Came = cmp.Or(f.Came, "nothing listens there. It printed:\n") + cmp.Or(s.tail(4), "(nothing)")
	return f
}

// whyEnded says why a program that did not crash is not a server.
func (s *server) whyEnded() string {
	said := s.tail(20)
	switch {
	case strings.Contains(said, "flag provided but not defined"):
		return "the flag -addr is missing: flag.String(\"addr\", …), then flag.Parse()"
	case strings.Contains(said, "listen tcp ") && !strings.Contains(said, s.port): // the system's words may be in its language
		return "it does not listen where -addr says, and the address it chose is taken: give net.Listen the value of -addr"
	case s.Output.Address() != "" && s.Output.Address() != s.addr():
		return "it takes " + s.Output.Address() + ", and not what -addr says: is flag.Parse() called, and the flag's value used?"
	}
	return "main returned: a server stays in http.Serve or ListenAndServe, and logs the error that ends it"
}

// crashed matches what Go prints first of a crash, or net/http of one in a handler, and misuse what it prints of a
// handler that goes on where it should have returned.
var (
	crashed = regexp.MustCompile(`(^panic: |^fatal error: |panic serving ).*`)
	misuse  = regexp.MustCompile(`http: (superfluous response\.WriteHeader|response\.Write\S* on hijacked connection)`)
)

// crash says where the code of the server crashed, if it did; in a sentence.
func (s *server) crash() string {
	lines, _ := s.Output.Since(0)
	for i, line := range lines {
		if what := crashed.FindString(line); what != "" {
			return "the server crashed" + s.place(lines[i:]) + ": " + Shorten(what)
		}
	}
	return ""
}

// fate says how the server has ended, if it has and was not told to; it may take the system a moment to notice.
func (s *server) fate() string {
	if s.asked {
		return ""
	}
	if !s.AwaitExit(100 * time.Millisecond) {
		return s.crash() // net/http goes on after a crash in a handler
	}
	return cmp.Or(s.crash(), fmt.Sprintf("the whole program has ended (%v): "+
		"log.Fatal and os.Exit are not an answer to what one member does", s.Cmd.ProcessState))
}

// access matches how the race detector begins what it prints of each of the two goroutines.
var access = regexp.MustCompile(`(?i)^(?:previous )?(?:atomic )?(read|write) at 0x`)

// race explains the first data race that the race detector has found, or returns "".
func (s *server) race() string {
	lines, _ := s.Output.Since(0)
	var both []string
	for i, line := range lines {
		if m := access.FindStringSubmatch(line); m != nil && len(both) < 2 {
			both = append(both, "one "+strings.ToLower(m[1])+"s"+s.place(firstTrace(lines[i+1:])))
		}
	}
	if both == nil {
		return ""
	}
	return "data race: two goroutines use the same variable at the same time, " + strings.Join(both, ", ") +
		". Both have to hold the same mutex meanwhile"
}

// firstTrace returns the lines before the first empty one.
func firstTrace(lines []string) []string {
	if end := slices.Index(lines, ""); end >= 0 {
		return lines[:end]
	}
	return lines
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

// tail returns the last lines, as they are shown to an attendee: where a crash came from is said in a sentence.
func (s *server) tail(n int) string {
	lines, _ := s.Output.Since(0)
	if i := slices.IndexFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, ":") || strings.HasPrefix(line, "=====")
	}); i >= 0 {
		lines = lines[:i]
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

// A goroutine is one of a server's, as Go prints it when it is told to quit.
type goroutine struct {
	state string // what it waits for
	trace string // the innermost call first
	place string // in the code under check, as place returns it
}

// dump ends a server, and returns its goroutines: none where the system cannot ask for them.
func (s *server) dump() []goroutine {
	from := s.Output.Next()
	s.asked = true
	if s.Exited() || s.Cmd.Process.Signal(syscall.SIGQUIT) != nil || !s.AwaitExit(5*time.Second) {
		return nil
	}
	lines, _ := s.Output.Since(from)
	return s.goroutinesIn(lines)
}

// goroutinesIn reads what Go prints of goroutines.
func (s *server) goroutinesIn(lines []string) (all []goroutine) {
	for i, line := range lines {
		if _, state, ok := strings.Cut(line, " ["); ok && strings.HasPrefix(line, "goroutine ") {
			trace := firstTrace(lines[i+1:])
			all = append(all, goroutine{state, strings.Join(trace, "\n"), s.place(trace)})
		}
	}
	return all
}

// waits are what goroutines may wait for that have more to do, by the state that Go prints and by what
// is in their trace.
var waits = []struct{ state, inside, says string }{
	{"sync.Mutex.Lock", "", "waiting for a lock"},
	{"sync.RWMutex", "", "waiting for a lock"},
	{"sync.WaitGroup.Wait", "", "waiting for a WaitGroup"},
	{"semacquire", "", "waiting for a lock or a WaitGroup"},
	{"chan send", "", "waiting for somebody to receive from its channel"},
	{"IO wait", ").Write(", "waiting in Write, for a member to read"},
	{"runn", "", "working without end"},
}

// stuck says where in the code goroutines wait that have more to do, and what that means.
func stuck(all []goroutine) string {
	counts := map[string]int{}
	for _, g := range all {
		for _, w := range waits {
			if g.place != "" && strings.HasPrefix(g.state, w.state) && strings.Contains(g.trace, w.inside) {
				counts[w.says+g.place]++
				break
			}
		}
	}
	found := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	})
	for i, what := range found {
		found[i] = "a goroutine is " + what
		if n := counts[what]; n > 1 {
			found[i] = fmt.Sprintf("%d goroutines are %s", n, what)
		}
	}
	said := strings.Join(found[:min(3, len(found))], "\n")
	switch lock := strings.Contains(said, "for a lock"); {
	case lock && strings.Contains(said, "in Write"):
		said += "\nwhoever holds a lock while it writes lets everybody wait for one member"
	case lock:
		said += "\nwhoever holds that lock has not let it go: is an Unlock missing on some way, or does it wait itself?"
	}
	return said
}
