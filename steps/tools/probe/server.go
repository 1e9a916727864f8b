package probe

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

// A Server is one process of the code under check.
type Server struct {
	*process.Program
	Typed string // the command as an attendee would type it
	Port  string
	Begun time.Time
	Asked bool // it was told to exit, so its exit is not a crash

	name, dir string // of the folder
}

// Addr returns where the server should listen.
func (s *Server) Addr() string { return "localhost:" + s.Port }

// StartPatience returns how long a server may take to listen. It is long because some systems scan a new
// program for seconds before they let it run.
func (p *Probe) StartPatience() time.Duration { return 3*p.Patience + time.Second }

// Launch starts the server and returns at once.
func (p *Probe) Launch(port string, env []string, args ...string) *Server {
	p.goOn()
	folder := filepath.ToSlash(p.Name)
	if !filepath.IsAbs(p.Name) && !strings.HasPrefix(folder, "..") {
		folder = "./" + folder
	}
	s := &Server{name: p.Name, dir: p.Dir, Port: port, Begun: time.Now()}
	s.Typed = strings.Join(slices.Concat(env, []string{"go run", folder}, args), " ")
	cmd := exec.Command(p.Binary, args...)
	environ := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(strings.ToUpper(entry), "PORT=")
	})
	cmd.Env = slices.Concat(environ, p.Env, env, []string{"GORACE=atexit_sleep_ms=0"})
	process.OwnGroup(cmd)
	var err error
	if s.Program, err = process.Start(cmd); err != nil {
		p.Fail(Failure{Kind: Wrong, Sent: "the built program was started", Expected: "it runs", Came: err.Error(),
			Cause: "the system does not run it: go run ./steps/tools/check -doctor may say why; " +
				"or is a virus scanner in the way?"})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers = append(p.servers, s)
	p.Server = s
	return s
}

// Serve starts the server as go run ./work -addr … does, and waits until it listens.
func (p *Probe) Serve() *Server {
	port := process.FreePort()
	s := p.Launch(port, nil, "-addr", "localhost:"+port)
	if !p.AwaitUp(s) {
		panic(s.NotUp())
	}
	return s
}

// Current returns the server that the row tests, and starts it if necessary.
func (p *Probe) Current() *Server {
	p.starting.Lock()
	defer p.starting.Unlock()
	if p.Server == nil {
		p.Serve()
	}
	return p.Server
}

// AwaitUp waits until the server accepts connections.
func (p *Probe) AwaitUp(s *Server) bool {
	for deadline := time.Now().Add(p.StartPatience()); time.Now().Before(deadline) && p.ctx.Err() == nil; {
		if process.Answering([]string{s.Addr()}) != nil {
			return true
		}
		if s.AwaitExit(5 * time.Millisecond) {
			break
		}
	}
	return false
}

// NotUp explains why a server does not accept connections.
func (s *Server) NotUp() *Failure {
	f := &Failure{Kind: TimedOut, Sent: s.Typed, Expected: "the server listens on " + s.Addr()}
	elsewhere := s.Output.Address()
	switch {
	case s.Exited():
		f.Kind, f.Came = Exited, fmt.Sprintf("the program exited (%v). It printed:\n", s.Cmd.ProcessState)
		f.Cause = cmp.Or(s.Crash(), s.whyExited())
		s.Asked = true // its exit needs no further explanation
	case elsewhere != "" && elsewhere != s.Addr():
		f.Cause = "it prints that it listens on " + elsewhere +
			": give net.Listen or ListenAndServe the value of -addr"
	default:
		f.Cause = "it hangs before it listens: does main reach net.Listen or ListenAndServe? Put a log line " +
			"before it"
	}
	f.Came = cmp.Or(f.Came, "nothing listens there. It printed:\n") + cmp.Or(s.Tail(4), "(nothing)")
	return f
}

// whyExited explains why a program exited that did not crash.
func (s *Server) whyExited() string {
	said := s.Tail(20)
	switch {
	case strings.Contains(said, "flag provided but not defined"):
		return "the flag -addr is missing: flag.String(\"addr\", …), then flag.Parse()"
	case strings.Contains(said, "listen tcp ") && !strings.Contains(said, s.Port): // in whatever language
		return "it does not listen on the address in -addr, and the one it chose is in use: " +
			"give net.Listen the value of -addr"
	case s.Output.Address() != "" && s.Output.Address() != s.Addr():
		return "it listens on " + s.Output.Address() + ", not on the address in -addr: is flag.Parse() called, " +
			"and the flag's value used?"
	}
	return "main returned: a server stays in http.Serve or ListenAndServe, and logs the error that ends it"
}

// Prints reports whether the server prints a text, from a given line on and within a given time.
func (s *Server) Prints(from int, text string, within time.Duration) bool {
	return s.Output.Await(from, within, func(lines []string) bool {
		return strings.Contains(strings.Join(lines, "\n"), text)
	})
}

// Signal sends a signal to the server. A server may call signal.Notify after net.Listen, so it gets some
// time first.
func (s *Server) Signal(sig os.Signal) {
	s.Asked = true
	time.Sleep(time.Until(s.Begun.Add(200 * time.Millisecond)))
	s.Cmd.Process.Signal(sig)
}

// Tail returns the last lines, as they are shown to an attendee, without stack traces: a sentence tells
// where a crash came from.
func (s *Server) Tail(n int) string {
	lines, _ := s.Output.Since(0)
	if i := slices.IndexFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, ":") ||
			strings.HasPrefix(line, "=====")
	}); i >= 0 {
		lines = lines[:i]
	}
	lines = strings.Split(strings.TrimRight(strings.Join(lines, "\n"), "\n"), "\n")
	return Shorten(lines[max(0, len(lines)-n):]...)
}

// tooLong matches what is cut from a long line.
var tooLong = regexp.MustCompile(`(?m)^(.{120}).+$`)

// Shorten returns lines as text, with long ones cut.
func Shorten(lines ...string) string {
	return tooLong.ReplaceAllString(strings.Join(lines, "\n"), "$1…")
}

// The first line that Go prints about a crash, or net/http about one in a handler; what net/http prints
// about a handler that continues where it should have returned; and how the race detector begins each half
// of a race.
var (
	crashed = regexp.MustCompile(`(^panic: |^fatal error: |panic serving ).*`)
	misuse  = regexp.MustCompile(`http: (superfluous response\.WriteHeader|response\.Write\S* on hijacked connection)`)
	access  = regexp.MustCompile(`(?i)^(?:previous )?(?:atomic )?(read|write) at 0x`)
)

// Crash tells where the code of the server crashed, if it did.
func (s *Server) Crash() string {
	lines, _ := s.Output.Since(0)
	for i, line := range lines {
		if what := crashed.FindString(line); what != "" && !s.Asked {
			return "the server crashed" + s.place(lines[i:]) + ": " + Shorten(what)
		}
	}
	return ""
}

// fate tells how the server exited, if it did so unasked; it may take the system a moment to notice.
func (s *Server) fate() string {
	switch {
	case s.Asked:
		return ""
	case s.AwaitExit(100 * time.Millisecond):
		return cmp.Or(s.Crash(), fmt.Sprintf("the whole program has exited (%v): "+
			"nothing that one member does may lead to log.Fatal or os.Exit", s.Cmd.ProcessState))
	}
	return s.Crash() // net/http keeps serving after a crash in a handler
}

// mishap describes other problems that the server's output shows: it never stops printing, it answers a
// request twice, or two goroutines use the same variable at the same time.
func (s *Server) mishap() string {
	lines, _ := s.Output.Since(0)
	var race []string
	twice := false
	for i, line := range lines {
		twice = twice || misuse.MatchString(line)
		if m := access.FindStringSubmatch(line); m != nil && len(race) < 2 {
			race = append(race, "one "+strings.ToLower(m[1])+"s"+s.place(firstTrace(lines[i+1:])))
		}
	}
	switch {
	case race != nil:
		return "data race: two goroutines use the same variable at the same time, " + strings.Join(race, ", ") +
			". Both must hold the same mutex meanwhile"
	case twice:
		return "one request was answered twice: is there a return after http.Error, " +
			"and after anything else that finishes the answer?"
	case s.Output.Flooded() && !s.Asked:
		return "the server prints endlessly: thousands of lines so far"
	}
	return ""
}

// firstTrace returns the lines before the first empty one.
func firstTrace(lines []string) []string {
	if end := slices.Index(lines, ""); end >= 0 {
		return lines[:end]
	}
	return lines
}

// place finds the first line of a trace that is in the code under check.
func (s *Server) place(trace []string) string {
	for _, line := range trace {
		if _, path, ok := strings.Cut(filepath.ToSlash(line), filepath.ToSlash(s.dir)+"/"); ok {
			path, _, _ = strings.Cut(path, " ")
			return " at " + filepath.ToSlash(filepath.Join(s.name, path))
		}
	}
	return ""
}

// A Goroutine is one of a server's, as Go prints it on SIGQUIT.
type Goroutine struct {
	State string // what it waits for
	Trace string // the innermost call first
	Place string // " at " and the first line in the code under check, or ""
}

// Dump ends a server, and returns its goroutines, or none on systems that cannot ask for them.
func (s *Server) Dump() []Goroutine {
	from := s.Output.Next()
	s.Asked = true
	if s.Exited() || s.Cmd.Process.Signal(syscall.SIGQUIT) != nil || !s.AwaitExit(20*time.Second) {
		return nil
	}
	lines, _ := s.Output.Since(from)
	return s.goroutines(lines)
}

// goroutines parses what Go prints about goroutines.
func (s *Server) goroutines(lines []string) (all []Goroutine) {
	for i, line := range lines {
		if _, state, ok := strings.Cut(line, " ["); ok && strings.HasPrefix(line, "goroutine ") &&
			!strings.HasPrefix(line, "goroutine 0 ") {
			trace := firstTrace(lines[i+1:])
			all = append(all, Goroutine{state, strings.Join(trace, "\n"), s.place(trace)})
		}
	}
	return all
}

// waits lists what a goroutine that still has work to do may wait for, by the state that Go prints and a
// text in its trace.
var waits = []struct{ state, inside, says string }{
	{"sync.Mutex.Lock", "", "waiting for a lock"},
	{"sync.RWMutex", "", "waiting for a lock"},
	{"sync.WaitGroup.Wait", "", "waiting for a WaitGroup"},
	{"semacquire", "", "waiting for a lock or a WaitGroup"},
	{"chan send", "", "waiting for a receiver on its channel"},
	{"IO wait", ").Write(", "waiting in Write, for a member to read"},
	{"runn", "", "working endlessly"},
}

// stuck tells where in the code goroutines wait that still have work to do, and what that means.
func stuck(all []Goroutine) string {
	counts := map[string]int{}
	for _, g := range all {
		for _, w := range waits {
			if g.Place != "" && strings.HasPrefix(g.State, w.state) && strings.Contains(g.Trace, w.inside) {
				counts[w.says+g.Place]++
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
		said += "\nholding a lock during a write makes everybody wait for one member"
	case lock:
		said += "\nthe goroutine that holds the lock has not released it: is an Unlock missing on some path, or " +
			"does it wait itself?"
	}
	return said
}
