package rules

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What follows asks the system, or Go itself, about a server from outside. Where neither tells, it
// returns zero, and what depends on it is not looked at.

// memory returns the most bytes of memory that a server has taken so far.
func memory(s *server) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Cmd.Process.Pid))
	var kb int
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb << 10
}

// processorTime returns how long a server's threads have run so far, and how long they would have liked to:
// on a machine that has much to do they have to wait.
func processorTime(s *server) (ran, wanted time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.Cmd.Process.Pid))
	for _, thread := range threads {
		data, _ := os.ReadFile(thread)
		var on, waiting time.Duration
		fmt.Sscan(string(data), &on, &waiting)
		ran, wanted = ran+on, wanted+on+waiting
	}
	return ran, wanted
}

// A goroutine is one of a server's, as Go shows it when it is told to quit.
type goroutine struct {
	state string // what it waits for
	trace string // the innermost call first
	place string // where in the code under check, as place has it
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

// firstTrace returns the lines in front of the first empty one.
func firstTrace(lines []string) []string {
	if end := slices.Index(lines, ""); end >= 0 {
		return lines[:end]
	}
	return lines
}

// goroutines ends a server, and returns how many of its goroutines wait at which place of its code, but for
// those that wait for a time to come.
func (s *server) goroutines() map[string]int {
	found := map[string]int{}
	for _, g := range s.dump() {
		if g.place != "" && !strings.HasPrefix(g.state, "sleep") && !s.target.waitsForTime(g.place) {
			found[g.place]++
		}
	}
	return found
}

// timer is what code looks like that receives from one.
var timer = regexp.MustCompile(`\.C(:| \{)|time\.(After|Tick)`)

// waitsForTime reports whether the code at a place receives from a timer, among others: it will
// notice in time that its member is gone.
func (t *Target) waitsForTime(at string) bool {
	path, number, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(at, " at "), filepath.ToSlash(t.Name)+"/"), ":")
	code, _ := os.ReadFile(filepath.Join(t.Dir, filepath.FromSlash(path)))
	lines := strings.Split(string(code), "\n")
	n, _ := strconv.Atoi(number)
	return n > 0 && n <= len(lines) && timer.MatchString(strings.Join(lines[n-1:min(n+12, len(lines))], "\n"))
}

// A wait is what a goroutine may wait for that has more to do, by the state that Go prints.
type wait struct{ state, inside, says string }

// waitsFor are those waits, the first that fits first.
var waitsFor = []wait{
	{"sync.Mutex.Lock", "", "for a lock"},
	{"sync.RWMutex", "", "for a lock"},
	{"sync.WaitGroup.Wait", "", "for a WaitGroup"},
	{"semacquire", "", "for a lock or a WaitGroup"},
	{"chan send", "", "for somebody to receive from its channel"},
	{"IO wait", ").Write(", "in Write, for a member to read"},
	{"runn", "", "for nothing, but works without end"},
}

// waitedInVain finds in what came that something did not.
var waitedInVain = regexp.MustCompile(`^$|nothing for|still |did not|no connection`)

// waiting says where in the code goroutines wait that have more to do.
func waiting(all []goroutine) string {
	counts := map[string]int{}
	for _, g := range all {
		i := slices.IndexFunc(waitsFor, func(w wait) bool { return strings.HasPrefix(g.state, w.state) && strings.Contains(g.trace, w.inside) })
		if i >= 0 && g.place != "" {
			counts[waitsFor[i].says+g.place]++
		}
	}
	found := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	for i, what := range found {
		found[i] = "a goroutine waits " + what
		if n := counts[what]; n > 1 {
			found[i] = fmt.Sprint(n, " goroutines wait ", what)
		}
	}
	return strings.Join(found[:min(3, len(found))], "\n")
}
