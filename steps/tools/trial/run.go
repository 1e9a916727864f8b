// Package trial tests the code in a folder: it builds it in several ways, runs the unit tests of its
// functions, and runs its servers through the rows of package behaviour. The most telling tests come first.
package trial

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/overlay"
	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
	"websocket-workshop/steps/tools/units"
)

// A Target is the built code of a server, and how to test it.
type Target struct {
	Name     string        // as the user calls it: work, or steps/03
	Dir      string        // the full path of its source
	Binary   string        // the program built from it; other builds go into the same folder
	Build    BuildFunc     // builds it in other ways; if nil, all rows test Binary
	Seed     uint64        // of everything random
	Patience time.Duration // how long to wait for what should arrive
	Env      []string      // for its processes, in addition to the check's own
	From     int           // the first step to try: tests skip those that pass
	Only     string        // the only row to try, if not ""
	GoOn     bool          // continue after a failure
	Library  bool          // it is written on a library

	builds map[behaviour.Build]*built
}

// A BuildFunc builds the code under check to a file, with flags of go build. With an error it returns the
// compiler's output.
type BuildFunc func(ctx context.Context, binary string, flags ...string) (said string, err error)

// An Event is something that happens during a check. One of its fields is set.
type Event struct {
	Building string         // the other build in progress, if it takes over a second
	Running  *behaviour.Row // the row in progress, if it takes over a second
	Result   *Result        // of a row, or of the unit tests of a function: these have only Step, Name and Turn
}

// also is how long to look for other failures after the first.
const also = time.Second

// A build is complete once done is closed.
type built struct {
	done   chan struct{}
	binary string // "" if it could not be built
	raced  bool   // with the race detector
	why    string // why it has no race detector, or could not be built
}

// ready reports whether rows that test it can begin.
func (b *built) ready() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

// Check tests whether the target does what a server at that step must do, and reports what happens, one
// event at a time. The unit tests and the step's own rows come first, then those of earlier steps; each
// result is reported as soon as it is known. After a failure Check looks for others a little longer, and
// reports them together, the most telling first; the failure of a unit test is reported at once. Check
// returns early if the context ends. When it returns, none of the target's processes is running.
func (t *Target) Check(ctx context.Context, step int, event func(Event)) {
	owed := t.inOrder(step)
	ctx, cancel := context.WithCancel(ctx)
	c := &run{t: t, step: step, queue: slices.Clone(owed),
		results: make(chan Result), slow: make(chan string), tested: make(chan bool)}
	c.more = sync.NewCond(&c.mu)
	defer context.AfterFunc(ctx, c.wake)()
	c.begin(ctx)
	defer func() {
		cancel()
		for range c.results { // until everything has ended
		}
	}()
	var failed []Result
	var settled <-chan bool
	var running string // the last row that was reported as slow
	told := false      // a failure of a unit test was reported
	still := time.NewTimer(time.Second)
	for open := true; open; still.Reset(time.Second) {
		select {
		case r, ok := <-c.results:
			open = ok
			if ok {
				owed = slices.DeleteFunc(owed, func(o behaviour.Row) bool { return o.Name == r.Name && o.Step == r.Step })
			}
			switch {
			case !ok, ctx.Err() != nil:
			case r.Failure != nil && !t.GoOn:
				if settled == nil {
					settled = c.settle(ctx)
					c.hurry()
				}
				if r.isUnit() && !told { // nothing is more telling
					told = true
					event(Event{Result: &r})
				} else {
					failed = append(failed, r)
				}
			case settled == nil:
				event(Event{Result: &r})
			}
		case what := <-c.slow:
			event(Event{Building: what})
		case <-still.C:
			if len(owed) > 0 && settled == nil && owed[0].Name != running {
				running = owed[0].Name
				event(Event{Running: &owed[0]})
			}
		case <-settled:
			open = false
		case <-ctx.Done():
			return
		}
	}
	slices.SortStableFunc(failed, func(a, b Result) int { return a.rank() - b.rank() })
	for _, r := range failed {
		event(Event{Result: &r})
	}
}

// inOrder returns the rows of a step in the order in which to try them.
func (t *Target) inOrder(step int) []behaviour.Row {
	owed := slices.DeleteFunc(behaviour.Rows(step), func(r behaviour.Row) bool {
		return r.Step < t.From || t.Only != "" && t.Only != r.Name
	})
	own := func(r behaviour.Row) int { return map[bool]int{true: 0, false: r.Step}[r.Step == step] }
	slices.SortStableFunc(owed, func(a, b behaviour.Row) int { return own(a) - own(b) })
	return owed
}

// isUnit reports whether the result is from unit tests.
func (r Result) isUnit() bool { return r.Do == nil }

// rank orders failures by step, and within a step puts those of unit tests, which are not among the rows,
// first.
func (r Result) rank() int {
	return r.Step*1000 + slices.IndexFunc(behaviour.Rows(r.Step), func(o behaviour.Row) bool {
		return o.Name == r.Name && o.Step == r.Step
	})
}

// A run is one check of a target.
type run struct {
	t       *Target
	step    int
	results chan Result // closed when everything is done
	slow    chan string // the builds that take over a second
	tested  chan bool   // closed when the unit tests have ended

	mu    sync.Mutex
	more  *sync.Cond      // a build is ready, or the check is cancelled
	queue []behaviour.Row // yet to be tried
}

// settle returns a channel that is closed when enough time has passed since a failure: for others that may
// be more telling, and for the unit tests to end, which name the cause.
func (c *run) settle(ctx context.Context) <-chan bool {
	settled := make(chan bool)
	go func() {
		defer close(settled)
		time.Sleep(also)
		select {
		case <-c.tested:
		case <-time.After(10 * also):
		case <-ctx.Done():
		}
	}()
	return settled
}

// wake makes everybody who waits for a row look again.
func (c *run) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.more.Broadcast()
}

// next waits for a row whose build is ready, and takes the first. There is none once all are taken, or the
// context is done.
func (c *run) next(ctx context.Context) (r behaviour.Row, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 && ctx.Err() == nil {
		if i := slices.IndexFunc(c.queue,
			func(r behaviour.Row) bool { return c.t.builds[r.Build].ready() }); i >= 0 {
			r = c.queue[i]
			c.queue = slices.Delete(c.queue, i, i+1)
			return r, true
		}
		c.more.Wait()
	}
	return r, false
}

// hurry moves the rows of the first steps to the front: one of them may explain better what has failed.
func (c *run) hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortStableFunc(c.queue, func(a, b behaviour.Row) int { return a.Step - b.Step })
}

// sideBySide is how many rows are tried at once, not counting those that mostly wait.
const sideBySide = 4

// begin tries all rows, and sends the results. Everything that it starts ends with the context.
func (c *run) begin(ctx context.Context) {
	var all sync.WaitGroup
	if c.t.builds != nil {
		close(c.tested)
	} else {
		c.t.builds = map[behaviour.Build]*built{}
		for how := behaviour.Plain; how <= behaviour.Quick; how++ {
			c.t.builds[how] = &built{done: make(chan struct{}), binary: c.t.Binary}
		}
		close(c.t.builds[behaviour.Plain].done)
		all.Go(func() { c.buildMore(ctx) })
	}
	for _, r := range c.queue {
		if r.Waits {
			all.Go(func() {
				select {
				case <-c.t.builds[r.Build].done:
					c.results <- c.t.runOne(ctx, c.step, r)
				case <-ctx.Done():
				}
			})
		}
	}
	c.queue = slices.DeleteFunc(c.queue, func(r behaviour.Row) bool { return r.Waits })
	for range sideBySide {
		all.Go(func() {
			for r, ok := c.next(ctx); ok; r, ok = c.next(ctx) {
				c.results <- c.t.runOne(ctx, c.step, r)
			}
		})
	}
	go func() {
		all.Wait()
		close(c.results)
	}()
}

// buildMore runs the unit tests and then builds the server in other ways, one after another: each uses all
// processors.
func (c *run) buildMore(ctx context.Context) {
	c.testUnits(ctx)
	close(c.tested)
	for how := behaviour.Quick; how >= behaviour.Noisy; how-- {
		isAbout := func(r behaviour.Row) bool { return r.Build == how }
		if c.t.Build != nil && slices.ContainsFunc(c.t.inOrder(c.step), isAbout) {
			c.t.builds[how].make(ctx, c.t, how)
		}
		close(c.t.builds[how].done)
		c.wake()
	}
}

// testUnits runs the unit tests of the functions that the code under check shares with the workshop's.
func (c *run) testUnits(ctx context.Context) {
	step := c.step
	if c.t.Library {
		step = stepcode.Library
	}
	if c.t.Build == nil || c.t.Only != "" {
		return
	}
	told := map[string]units.Outcome{} // by function: its tests may be in several files
	dir := c.t.Dir
	units.Run(ctx, process.Workshop(dir), process.Root(dir), dir, step, false, func(u units.Result) {
		before := told[u.Func]
		if u.Outcome == units.LeftOut || before != "" && (before != units.Passed || u.Outcome == units.Passed) {
			return // the first failure is enough
		}
		told[u.Func] = u.Outcome
		c.results <- unitResult(u, c.t.Name)
	})
}

// unitResult returns what became of a unit, as that of a row.
func unitResult(u units.Result, folder string) Result {
	r := Result{Row: behaviour.Row{Step: max(u.First, 1), Name: u.Func + " does what its unit tests ask",
		Turn: u.Func}}
	if u.Outcome == units.Passed {
		return r
	}
	at := cmp.Or(u.At, u.Place)
	r.Failure = &probe.Failure{Kind: probe.Wrong, Sent: "the unit tests of " + u.Func, Expected: "they pass",
		Came: strings.Join(u.Rows, "\n")}
	r.Failure.Cause = fmt.Sprintf("%s, at %s/%s", u.Outcome, folder, at)
	if u.Outcome == units.Failed {
		r.Failure.Cause = u.Rows[0]
	}
	return r
}

// make builds the server in one way. If that fails, the rows test the plain build.
func (b *built) make(ctx context.Context, t *Target, how behaviour.Build) {
	dir, err := os.MkdirTemp(filepath.Dir(t.Binary), "overlay-")
	o := overlay.New(dir)
	// linking takes most of the time
	binary, flags := filepath.Join(dir, "server.exe"), []string{"-ldflags=-s -w"}
	switch how {
	case behaviour.Quick:
		err = cmp.Or(err, o.Times(t.Dir, probe.Shorter))
	case behaviour.Noisy:
		// long enough that no time limit interferes with a row
		longer := func(d time.Duration) time.Duration { return 20 * d }
		err = cmp.Or(err, o.Noise(t.Dir, overlay.Sleep), o.Times(t.Dir, longer))
		flags = append(flags, "-race")
	}
	flag, wrong := o.Flag()
	if cmp.Or(err, wrong) != nil {
		return
	}
	said, err := t.Build(ctx, binary, append(flags, flag)...)
	if how == behaviour.Noisy {
		if b.raced = err == nil && canRun(binary); !b.raced {
			b.why, _, _ = strings.Cut(cmp.Or(strings.TrimSpace(said), "programs built with -race cannot run here"),
				"\n")
			_, err = t.Build(ctx, binary, flags[0], flag)
		}
	}
	if err == nil {
		b.binary = binary
	}
}

// canRun reports whether the system can run a program with the race detector.
func canRun(binary string) bool {
	s, _, err := process.Serve(exec.Command(binary, "-addr", "localhost:"+process.FreePort()), 10*time.Second)
	if err == nil {
		s.Kill()
	}
	return err == nil || !strings.Contains(err.Error(), "ThreadSanitizer")
}

// runOne tries a row. When the context ends, so do the probe's servers, and with them whatever it waits
// for.
func (t *Target) runOne(ctx context.Context, step int, r behaviour.Row) Result {
	b := t.builds[r.Build]
	switch {
	case ctx.Err() != nil:
		return Result{Row: r}
	case r.UnixOnly && runtime.GOOS == "windows":
		return Result{Row: r, Skipped: "Windows cannot send Ctrl-C to one program: try it by hand"}
	case r.Raced && !b.raced:
		return Result{Row: r, Skipped: "the race detector is not available: " + b.why}
	}
	late := lateness(ctx)
	f := t.try(ctx, step, r, t.Patience)
	d := late()
	tooLate := f != nil && f.Kind == probe.TimedOut && d > 200*time.Millisecond ||
		r.Build == behaviour.Quick && d > 50*time.Millisecond
	if f != nil && tooLate && ctx.Err() == nil {
		f = t.try(ctx, step, r, 3*t.Patience) // the machine is busy, and the server may only be slow
	}
	return Result{Row: r, Failure: f}
}

// lateness measures how late, at most, the system wakes this program, until the returned function is
// called: its servers wait as long.
func lateness(ctx context.Context) (most func() time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	worst := make(chan time.Duration, 1)
	go func() {
		const nap = 10 * time.Millisecond
		var late time.Duration
		for ctx.Err() == nil {
			begun := time.Now()
			time.Sleep(nap)
			late = max(late, time.Since(begun)-nap)
		}
		worst <- late
	}()
	return func() time.Duration {
		cancel()
		return <-worst
	}
}

// try tries a row once.
func (t *Target) try(ctx context.Context, step int, r behaviour.Row, patience time.Duration) *probe.Failure {
	name := fnv.New64a()
	name.Write([]byte(r.Name))
	config := probe.Config{
		Name: t.Name, Dir: t.Dir, Binary: t.builds[r.Build].binary, Env: t.Env, Step: step, Library: t.Library,
		Patience: patience, Seed: [2]uint64{t.Seed, name.Sum64()}, Row: r.Name, Hint: r.Hint,
	}
	config.Quick = r.Build == behaviour.Quick && config.Binary != t.Binary
	f := probe.Run(ctx, config, r.Do)
	if f != nil && f.Kind != probe.Exited && f.Leeway == nil && len(r.Leeway) > 0 {
		f.Leeway = &r.Leeway[0]
	}
	return f
}

// A Result is the result of one row.
type Result struct {
	behaviour.Row
	Failure *probe.Failure
	Skipped string // why it was not tried
}
