package rules

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Target is a built server, and how to hold it to the rows.
type Target struct {
	Name     string        // as the user calls it: work, or steps/03
	Dir      string        // its source, in full
	Binary   string        // what was built of it
	Build    BuildFunc     // builds it in other ways; nil: only Binary is looked at
	Raced    string        // built with the race detector, or "": Check sets it
	NotRaced string        // why that is
	Seed     uint64        // of everything random
	Patience time.Duration // how long to wait for what should come
	Env      []string      // for its processes, besides the check's own
	From     int           // the first step that is looked at: tests leave out those that hold
	Only     string        // the one row that is looked at, if not ""
	GoOn     bool          // after a failure
	Library  bool          // it stands on a library
	Also     time.Duration // how long to look for others in the same step after a failure
	late     atomic.Int64  // nanoseconds that the machine has let this program wait for its turn, at most
}

// A Result is what became of one row.
type Result struct {
	Row
	Failure *Failure
	Skipped string // why it was not looked at
}

// A BuildFunc builds the code under check to a file, with flags of go build. With an error comes what
// the compiler says.
type BuildFunc func(ctx context.Context, binary string, flags ...string) (said string, err error)

// An Event is something that happens during a check. One of its fields is set.
type Event struct {
	Building string  // in which way it is being built besides: takes over a second
	Running  *Row    // takes over a second
	Result   *Result // of a row, or of the unit tests of a function: these have only Step, Name and Turn
}

// Check holds the target to all that a server at that step must do, and hands over what happens, one
// event at a time: results of the step itself may come before those of earlier ones. It stops at the first failure and what else of that step
// fails soon, or when the context ends; then, and whenever it ends, none of its processes runs.
func (t *Target) Check(ctx context.Context, step int, event func(Event)) {
	ctx, cancel := context.WithCancel(ctx)
	owed := slices.DeleteFunc(Rows(step), func(b Row) bool {
		return b.Step < t.From || t.Only != "" && t.Only != b.Name
	})
	if step >= 3 && t.Build != nil {
		t.buildRaced(ctx, event)
	}
	results, all := t.begin(ctx, step, owed)
	defer func() {
		cancel()
		all.Wait()
	}()
	go t.watchMachine(ctx)
	until, failed := ctx, 0
	for i, ch := range results {
		if failed > 0 && owed[i].Step > failed {
			return
		}
		r, ok := await(until, ch, func() { event(Event{Running: &owed[i]}) })
		if !ok {
			return
		}
		event(Event{Result: &r})
		if r.Failure != nil && !t.GoOn && failed == 0 {
			failed = r.Step
			var over context.CancelFunc
			until, over = context.WithTimeout(ctx, t.Also)
			defer over()
		}
	}
}

// buildRaced builds the server once more, with Go's race detector, if this machine can: on
// Linux and Windows that takes a C compiler.
func (t *Target) buildRaced(ctx context.Context, event func(Event)) {
	slow := time.AfterFunc(time.Second, func() { event(Event{Building: "with the race detector, too"}) })
	binary := filepath.Join(filepath.Dir(t.Binary), "raced.exe")
	said, err := t.Build(ctx, binary, "-race")
	slow.Stop()
	if err != nil {
		why, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
		t.NotRaced = "go build -race does not work here: " + why
		return
	}
	t.Raced = binary
}

// watchMachine notes how late the system wakes this program: its servers wait as long.
func (t *Target) watchMachine(ctx context.Context) {
	const nap = 20 * time.Millisecond
	for ctx.Err() == nil {
		begun := time.Now()
		time.Sleep(nap)
		t.late.Store(max(t.late.Load(), int64(time.Since(begun)-nap)))
	}
}

// await returns what comes out of a channel, unless the context ends before; it calls
// slow if that takes its time.
func await(ctx context.Context, ch chan Result, slow func()) (Result, bool) {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	for {
		select {
		case r := <-ch:
			return r, ctx.Err() == nil
		case <-timer.C:
			slow()
		case <-ctx.Done():
			return Result{}, false
		}
	}
}

// Rows returns what a server must do at a step.
func Rows(step int) []Row {
	return slices.DeleteFunc(slices.Clone(table), func(b Row) bool { return step < b.Step || b.Until > 0 && step > b.Until })
}

// sideBySide is how many behaviours are looked at at once, besides those that mostly wait.
const sideBySide = 4

// begin looks at the behaviours, some side by side, in order; those that mostly wait, at once. What
// is waited for is that all are done or, with the context, given up.
func (t *Target) begin(ctx context.Context, step int, owed []Row) (results []chan Result, all *sync.WaitGroup) {
	all = new(sync.WaitGroup)
	queue := make(chan func(), len(owed))
	for _, b := range owed {
		ch := make(chan Result, 1)
		results = append(results, ch)
		look := func() { ch <- t.runOne(ctx, step, b) }
		if b.waits {
			all.Go(look)
		} else {
			queue <- look
		}
	}
	close(queue)
	for range sideBySide {
		all.Go(func() {
			for look := range queue {
				look()
			}
		})
	}
	return results, all
}

// runOne looks at one behaviour. When the context ends, so do the servers of the probe,
// and with them whatever it waits for.
func (t *Target) runOne(ctx context.Context, step int, b Row) Result {
	if ctx.Err() != nil {
		return Result{Row: b}
	}
	if b.unixOnly && runtime.GOOS == "windows" {
		return Result{Row: b, Skipped: "Windows cannot send Ctrl-C to one program: try it by hand"}
	}
	if b.raced && t.Raced == "" {
		return Result{Row: b, Skipped: t.NotRaced}
	}
	f := t.try(ctx, step, b, t.Patience)
	known := t.Library && f != nil && LeewayOf(b.Name, f) != nil
	if f != nil && !known && waitedInVain.MatchString(f.Came) && t.late.Load() > int64(200*time.Millisecond) && ctx.Err() == nil {
		f = t.try(ctx, step, b, 3*t.Patience) // the machine has much else to do, and the server may be slow for that
	}
	return Result{Row: b, Failure: f}
}

// try looks at a behaviour.
func (t *Target) try(ctx context.Context, step int, b Row, patience time.Duration) *Failure {
	name := fnv.New64a()
	name.Write([]byte(b.Name))
	p := &probe{
		ctx: ctx, target: t, step: step, patience: patience, binary: t.Binary,
		random: rand.New(rand.NewPCG(t.Seed, name.Sum64())),
		keys:   rand.New(rand.NewPCG(name.Sum64(), t.Seed)),
	}
	if b.raced || b.slowed && t.Raced != "" {
		p.binary = t.Raced
	}
	if b.slowed {
		p.env = []string{"GOMAXPROCS=8"} // more threads than processors: the system interrupts them anywhere
	}
	defer context.AfterFunc(ctx, p.abandon)()
	return p.run(b)
}
