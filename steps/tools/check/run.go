package main

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A target is a built server, and how to hold it to the table.
type target struct {
	name     string        // as the user says it: work, or steps/03
	dir      string        // its source, in full
	binary   string        // what was built of it
	raced    string        // the same with the race detector, or ""
	notRaced string        // why that is
	seed     uint64        // of everything random
	patience time.Duration // how long to wait for what should come
	env      []string      // for its processes, besides the check's own
	from     int           // the first step that is looked at: tests leave out those that hold
	only     string        // the one behaviour that is looked at, if not ""
	goOn     bool          // after a failure
	library  bool          // it stands on a library
	also     time.Duration // how long to look for others in the same step after a failure
	late     atomic.Int64  // nanoseconds that the machine has let this program wait for its turn, at most
}

// A result is what became of one behaviour.
type result struct {
	behaviour
	failure *failure
	skipped string // why it was not looked at
}

// check holds the target to all that a server at that step owes, and hands over the
// results in the order of the table. It stops at the first failure and what else of that step
// fails soon, or when the context ends; then, and whenever it ends, none of its processes runs.
func (t *target) check(ctx context.Context, step int, report func(result), slow func(behaviour)) {
	ctx, cancel := context.WithCancel(ctx)
	owed := slices.DeleteFunc(owedAt(step), func(b behaviour) bool {
		return b.step < t.from || t.only != "" && t.only != b.name
	})
	results, all := t.begin(ctx, step, owed)
	defer func() {
		cancel()
		all.Wait()
	}()
	go t.watchMachine(ctx)
	until, failed := ctx, 0
	for i, ch := range results {
		if failed > 0 && owed[i].step > failed {
			return
		}
		r, ok := await(until, ch, func() { slow(owed[i]) })
		if !ok {
			return
		}
		report(r)
		if r.failure != nil && !t.goOn && failed == 0 {
			failed = r.step
			var over context.CancelFunc
			until, over = context.WithTimeout(ctx, t.also)
			defer over()
		}
	}
}

// watchMachine notes how late the system wakes this program: its servers wait as long.
func (t *target) watchMachine(ctx context.Context) {
	const nap = 20 * time.Millisecond
	for ctx.Err() == nil {
		begun := time.Now()
		time.Sleep(nap)
		t.late.Store(max(t.late.Load(), int64(time.Since(begun)-nap)))
	}
}

// await returns what comes out of a channel, unless the context ends before; it calls
// slow if that takes its time.
func await(ctx context.Context, ch chan result, slow func()) (result, bool) {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	for {
		select {
		case r := <-ch:
			return r, ctx.Err() == nil
		case <-timer.C:
			slow()
		case <-ctx.Done():
			return result{}, false
		}
	}
}

// owedAt returns what a server owes at a step.
func owedAt(step int) []behaviour {
	return slices.DeleteFunc(slices.Clone(table), func(b behaviour) bool { return step < b.step || b.until > 0 && step > b.until })
}

// sideBySide is how many behaviours are looked at at once, besides those that mostly wait.
const sideBySide = 4

// begin looks at the behaviours, some side by side, in order; those that mostly wait, at once. What
// is waited for is that all are done or, with the context, given up.
func (t *target) begin(ctx context.Context, step int, owed []behaviour) (results []chan result, all *sync.WaitGroup) {
	all = new(sync.WaitGroup)
	queue := make(chan func(), len(owed))
	for _, b := range owed {
		ch := make(chan result, 1)
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
func (t *target) runOne(ctx context.Context, step int, b behaviour) result {
	if ctx.Err() != nil {
		return result{behaviour: b}
	}
	if b.unixOnly && runtime.GOOS == "windows" {
		return result{behaviour: b, skipped: "Windows cannot send Ctrl-C to one program: try it by hand"}
	}
	if b.raced && t.raced == "" {
		return result{behaviour: b, skipped: t.notRaced}
	}
	f := t.try(ctx, step, b, t.patience)
	known := t.library && f != nil && leewayOf(b.name, f) != nil
	if f != nil && !known && waitedInVain.MatchString(f.came) && t.late.Load() > int64(200*time.Millisecond) && ctx.Err() == nil {
		f = t.try(ctx, step, b, 3*t.patience) // the machine has much else to do, and the server may be slow for that
	}
	return result{behaviour: b, failure: f}
}

// try looks at a behaviour.
func (t *target) try(ctx context.Context, step int, b behaviour, patience time.Duration) *failure {
	name := fnv.New64a()
	name.Write([]byte(b.name))
	p := &probe{
		ctx: ctx, target: t, step: step, patience: patience, binary: t.binary,
		random: rand.New(rand.NewPCG(t.seed, name.Sum64())),
		keys:   rand.New(rand.NewPCG(name.Sum64(), t.seed)),
	}
	if b.raced || b.slowed && t.raced != "" {
		p.binary = t.raced
	}
	if b.slowed {
		p.env = []string{"GOMAXPROCS=8"} // more threads than processors: the system interrupts them anywhere
	}
	defer context.AfterFunc(ctx, p.abandon)()
	return p.run(b)
}
