package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/check/client"
	"websocket-workshop/steps/tools/doctor"
	"websocket-workshop/steps/tools/stepcode"
	"websocket-workshop/steps/tools/trial"
)

// A checker checks the code in a folder against a step, and shows what happens.
type checker struct {
	options
	src   source
	show  func(event)
	mu    sync.Mutex // held while showing
	count map[result]int
	first trial.Result // the first failure
	hints int          // for that failure
}

// emit shows one event.
func (c *checker) emit(e event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.show(e)
}

// done ends the check with closing words, and returns the exit status.
func (c *checker) done(status int, text string) int {
	c.emit(event{Event: "done", Status: &status, Text: text})
	return status
}

// check builds the folder and checks it against the steps up to the one asked for, or against what a client
// must do.
func (c *checker) check(ctx context.Context) int {
	machine := doctor.This()
	if trouble := machine.Trouble(ctx); trouble != "" {
		return c.done(2, "Nothing can be checked on this machine:\n"+strings.TrimSuffix(trouble, "\n"))
	}
	temp, err := os.MkdirTemp("", "websocket-check-")
	if err != nil {
		return c.done(2, err.Error())
	}
	defer removeAll(temp)
	binary := filepath.Join(temp, "server.exe")
	c.count = map[result]int{}
	if !c.build(ctx, binary) {
		if ctx.Err() != nil {
			return c.stopped()
		}
		return c.done(1, "")
	}
	if c.client != "" {
		return c.checkClient(ctx, binary)
	}
	t := &trial.Target{
		Name: c.src.name, Dir: c.src.dir, Binary: binary, Library: c.library, GoOn: c.library,
		Seed: rand.Uint64(), Patience: 3 * time.Second,
		Build: c.buildAs(machine),
	}
	t.Check(ctx, c.step, func(e trial.Event) {
		switch {
		case e.Building != "":
			c.emit(event{Event: "building", What: e.Building})
		case e.Running != nil:
			c.emit(event{Event: "running", Step: e.Running.Step, Name: e.Running.Name})
		default:
			c.take(*e.Result)
		}
	})
	switch {
	case ctx.Err() != nil:
		return c.stopped()
	case c.count[fails] > 0:
		return c.done(1, c.advice()+c.differing())
	}
	c.src.save(lastFailure{})
	return c.done(0, c.praise()+c.differing())
}

// build builds the folder, and reports whether it succeeded.
func (c *checker) build(ctx context.Context, binary string) bool {
	c.emit(event{Event: "building", Folder: filepath.ToSlash(c.src.name), Step: c.step})
	slow := time.AfterFunc(time.Second, func() { c.emit(event{Event: "building"}) })
	said, err := c.src.build(ctx, binary, "-ldflags=-s -w") // linking takes most of the time
	slow.Stop()
	switch {
	case err == nil:
		c.emit(event{Event: "built", Result: ok})
	case ctx.Err() == nil:
		c.emit(event{Event: "built", Result: fails, Output: said, Errors: buildErrors(said)})
	}
	return err == nil
}

// buildAs returns a function that builds the folder with flags. A program that -race builds cannot run on
// every machine that can build it (golang.org/issue/46099).
func (c *checker) buildAs(m doctor.Machine) trial.BuildFunc {
	return func(ctx context.Context, binary string, flags ...string) (string, error) {
		if slices.Contains(flags, "-race") {
			if err := m.Builds(ctx, "-race"); err != nil {
				return err.Error(), err
			}
		}
		return c.src.build(ctx, binary, flags...)
	}
}

// take shows the result of a row.
func (c *checker) take(r trial.Result) {
	e := event{Event: "row", Step: r.Step, Name: r.Name, Why: r.Why, Turn: r.Turn, Result: ok}
	switch {
	case r.Skipped != "":
		e.Result, e.Reason = skipped, r.Skipped
	case r.Failure != nil:
		e.Result, e.Failure = fails, c.src.explain(r, c.lesson())
		if l := r.Failure.Leeway; c.library && l != nil {
			e.Result, e.Reason = map[bool]result{true: asked, false: allowed}[l.Asked], l.RFC
		}
	}
	if c.count[e.Result]++; e.Result == fails && c.count[fails] == 1 {
		c.first, c.hints = r, e.Failure.Hints
		c.src.keep(c.lesson(), r.Name, r.Turn)
	}
	c.emit(e)
}

// stopped ends an interrupted check, and returns the exit status.
func (c *checker) stopped() int { return c.done(1, "The check was stopped, and so were its servers.") }

// advice tells what to do about a failure.
func (c *checker) advice() string {
	said := ""
	if c.first.Step < c.step && !c.library {
		said = fmt.Sprintf("Did step %d pass before? Then first look at what you changed for step %d.\n",
			c.first.Step, c.step)
	}
	folder := filepath.ToSlash(c.src.name)
	if c.hints > 0 {
		said += "The next hint: " + c.again("-hint", folder) + "\n"
	}
	said += "All differences from our code: " + c.again("-diff-only", folder) + "\n" +
		"Is it the machine? go run ./steps/tools/check -doctor"
	if c.library {
		said = c.counted() + "\n\n" + said
	}
	return said
}

// praise tells that everything passes, and what comes next.
func (c *checker) praise() string {
	switch {
	case c.library:
		return c.counted()
	case c.step == behaviour.LastStep:
		return fmt.Sprintf("All %d hold. That is the whole server: compare it with raw and library.", c.count[ok])
	}
	return fmt.Sprintf("All %d hold. Next: %s.", c.count[ok], stepcode.Lesson(c.step+1))
}

// counted tells how a server on a library differs.
func (c *checker) counted() string {
	same := plural(c.count[ok], "row is", "rows are")
	other := plural(c.count[allowed]+c.count[asked]+c.count[fails], "differs", "differ")
	return fmt.Sprintf("%s as in the hand-written server. %s: %d the RFC allows, in %d it asks for more, "+
		"and in %d every server must do what the row says.", same, other, c.count[allowed], c.count[asked],
		c.count[fails])
}

// differing returns where the code differs from the step's, if that was asked for.
func (c *checker) differing() string {
	if !c.diff {
		return ""
	}
	said, err := c.src.differences(stepcode.Folder(c.lesson()))
	if err != nil {
		said = err.Error()
	}
	return "\n\n" + strings.TrimSuffix(said, "\n")
}

// checkClient checks a client against what it must do.
func (c *checker) checkClient(ctx context.Context, binary string) int {
	held := client.NewCheck(binary, 5*time.Second)
	for _, row := range client.Rows {
		r := trial.Result{Row: behaviour.Row{Name: row.Name, Hint: row.Hint}, Failure: held.Try(ctx, row)}
		if ctx.Err() != nil {
			return c.stopped()
		}
		if c.take(r); r.Failure != nil {
			return c.done(1, "")
		}
	}
	return c.done(0, fmt.Sprintf("All %d hold. Now let it talk to your server.", c.count[ok]))
}

// removeAll removes a folder. Windows locks a program for a moment after its exit, so it may take a few
// tries.
func removeAll(dir string) {
	for range 20 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
