// Check tells whether a server does what the workshop's steps ask of it.
//
//	go run ./steps/tools/check -step 3 [-v] [-diff] [DIR]
//
// builds the folder DIR (work, unless given), starts it on a free port, and holds it to
// steps 1 to 3 from outside, over TCP and HTTP, whatever its code looks like. It stops at the
// first thing that does not hold, and says what was sent, what was expected, what came, what
// the server printed, and what the likely cause is. If the code is made from the lesson's it
// shows where the two differ. With -v it prints a line for each thing that holds, with -diff
// all that differs.
//
//	go run ./steps/tools/check -step 3 -diff-only [DIR]
//
// shows where the code differs from the step's, comments and layout left aside.
//
//	go run ./steps/tools/check -step 6 -library [DIR]
//
// holds a server on a library to what it owes: it lists all that it does in another way than
// the one written by hand, and says what of that the RFC allows.
//
//	go run ./steps/tools/check -doctor
//
// looks at the machine instead: the Go version, the port, the proxy.
//
// The exit status is 0 if everything holds, 1 if not, and 2 if nothing could be checked.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/trial"
)

func main() {
	// A closed terminal has to end the check as Ctrl-C does: with its servers.
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// So has a closed pipe. But the signal for that comes for a server's connection, too,
	// and that is what a check is about: here a failed write tells.
	signal.Ignore(syscall.SIGPIPE)
	status := command(ctx, terminal{os.Stdout, cancel}, os.Args[1:])
	cancel()
	os.Exit(status)
}

// A terminal is where the check prints. It ends the check when nobody can read it any more.
type terminal struct {
	io.Writer
	gone func()
}

func (t terminal) Write(b []byte) (int, error) {
	n, err := t.Writer.Write(b)
	if err != nil {
		t.gone()
	}
	return n, err
}

// usage is what the command says where it is not told what to do.
const usage = "say which step: go run ./steps/tools/check -step N [-v] [-diff] [-diff-only] [-library] [DIR], with N from 1 to 6; DIR is work unless given"

// Options are what the command was asked for.
type options struct {
	step     int
	diff     bool // show all that differs from the step's code
	diffOnly bool // show that, and run nothing
	library  bool // the server stands on a library
	verbose  bool // a line for each behaviour of the steps before, too
}

// command runs the check with its arguments, and returns the exit status.
func command(ctx context.Context, out io.Writer, args []string) int {
	var o options
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&o.step, "step", 0, "")
	flags.BoolVar(&o.diff, "diff", false, "")
	flags.BoolVar(&o.diffOnly, "diff-only", false, "")
	flags.BoolVar(&o.library, "library", false, "")
	flags.BoolVar(&o.verbose, "v", false, "")
	doctor := flags.Bool("doctor", false, "")
	if err := flags.Parse(args); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(out, err)
		}
		return nothing(out, usage)
	}
	switch {
	case *doctor:
		return examine(ctx, out, thisMachine().everything()...)
	case o.step < 1 || o.step > behaviour.LastStep || flags.NArg() > 1:
		return nothing(out, usage)
	case o.library && o.step < behaviour.LastStep:
		return nothing(out, fmt.Sprintf("-library is about the whole server: it goes with -step %d", behaviour.LastStep))
	}
	src, err := findSource(flags.Arg(0))
	if err != nil {
		return nothing(out, err)
	}
	t := &target{trial.Target{
		Name: src.name, Dir: src.dir, Library: o.library,
		Seed: rand.Uint64(), Patience: 3 * time.Second,
	}}
	if !o.diffOnly {
		return t.checkFolder(ctx, out, src, o)
	}
	c := t.compareWith(o.step)
	if c == nil {
		return nothing(out, t.Name+" cannot be compared: it does not compile")
	}
	fmt.Fprintf(out, "%s differs from %s in %s, comments and layout left aside.\n%s", t.Name, c.ours, plural(len(c.differences), "declaration", "declarations"), c.all())
	return 0
}

// nothing says why nothing is checked, and returns the exit status for that.
func nothing(out io.Writer, why any) int {
	fmt.Fprintln(out, why)
	return 2
}

// A target is a server under check, and the code that it was built from.
type target struct{ trial.Target }

// checkFolder builds a folder and holds it to the steps up to the given one.
func (t *target) checkFolder(ctx context.Context, out io.Writer, src source, o options) int {
	for _, look := range thisMachine().essential() {
		if f := look(ctx); f.remedy != "" {
			return nothing(out, "Nothing can be checked on this machine:\n"+strings.TrimSuffix(f.String(), "\n"))
		}
	}
	temp, err := os.MkdirTemp("", "websocket-check-")
	if err != nil {
		return nothing(out, err)
	}
	defer removeAll(temp)

	fmt.Fprintf(out, "Checking %s, step 1 to %d.\n", src.name, o.step)
	t.Binary = filepath.Join(temp, "server.exe")
	built := notice(out, "building it (the first time that takes a minute)")
	said, err := src.build(ctx, t.Binary)
	built()
	if err != nil {
		if ctx.Err() != nil {
			return stopped(out)
		}
		fmt.Fprintf(out, "  ✗ fails  it builds\n\n%s\n", said)
		return 1
	}
	fmt.Fprintln(out, "  ✓ ok     it builds")
	t.Build = src.build
	if o.library {
		return t.reportLibrary(ctx, out)
	}
	return t.report(ctx, out, o)
}

// notice says what goes on if that takes longer than a second; the function that it returns ends that.
func notice(out io.Writer, what string) func() bool {
	return time.AfterFunc(time.Second, func() { fmt.Fprintf(out, "    …      %s\n", what) }).Stop
}

// removeAll removes a folder. Windows holds on to a program that ended just now, so it may take some tries.
func removeAll(dir string) {
	for range 20 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// stopped says that the check was interrupted, and returns the exit status for that.
func stopped(out io.Writer) int {
	fmt.Fprintln(out, "\nThe check was stopped; so was the server.")
	return 1
}

// A report is what the command prints of the results as they come.
type report struct {
	options
	out     io.Writer
	reached int // the step whose heading is printed
	held    int
	ofStep  int // how many of them are of the step reached
	failed  []trial.Result
}

// heading prints the heading of a behaviour's step, and how many of the one before held.
func (r *report) heading(b behaviour.Row) {
	for ; r.reached < b.Step; r.reached++ {
		r.endStep()
		fmt.Fprintf(r.out, "\nStep %d: %s\n", r.reached+1, behaviour.Titles[r.reached+1])
	}
}

// endStep says how many behaviours held of a step that is shown in a line.
func (r *report) endStep() {
	if r.brief(r.reached) && r.ofStep > 0 {
		fmt.Fprintf(r.out, "  ✓ ok     %s\n", plural(r.ofStep, "behaviour holds", "behaviours hold"))
	}
	r.ofStep = 0
}

// brief reports whether a step is shown in a line: it comes before the one that is asked for.
func (r *report) brief(step int) bool { return step < r.step && !r.verbose }

// take prints a line for a result.
func (r *report) take(got trial.Result) {
	r.heading(got.Row)
	switch {
	case got.Failure != nil:
		if r.failed = append(r.failed, got); len(r.failed) == 1 {
			r.endStep()
			fmt.Fprintf(r.out, "  ✗ fails  %s\n", got.Name)
		}
	case len(r.failed) > 0: // what holds behind a failure is no news
	case got.Skipped != "":
		fmt.Fprintf(r.out, "  - skipped  %s (%s)\n", got.Name, got.Skipped)
	default:
		r.held++
		r.ofStep++
		if !r.brief(got.Step) {
			fmt.Fprintf(r.out, "  ✓ ok     %s\n", got.Name)
		}
	}
}

// report holds the target to the table, prints what comes of it, and returns the exit status.
func (t *target) report(ctx context.Context, out io.Writer, o options) int {
	r := &report{options: o, out: out}
	t.Check(ctx, o.step, func(e trial.Event) {
		switch {
		case e.Result != nil:
			r.take(*e.Result)
		case e.Building != "":
			fmt.Fprintf(out, "    …      building it %s (the first time that takes a minute)\n", e.Building)
		case len(r.failed) == 0:
			r.heading(*e.Running)
			fmt.Fprintf(out, "    …      in a few seconds: %s\n", e.Running.Name)
		}
	})
	switch {
	case len(r.failed) > 0:
		fmt.Fprintf(out, "\n%s", t.explain(r.failed, o.step, o.diff))
		return 1
	case ctx.Err() != nil:
		return stopped(out)
	}
	fmt.Fprintf(out, "\nAll %d hold. %s\n", r.held, t.next(o.step))
	if c := t.compareWith(o.step); c != nil && c.alike && len(c.differences) > 0 {
		fmt.Fprintf(out, "%s from %s, comments and layout left aside", plural(len(c.differences), "declaration differs", "declarations differ"), c.ours)
		if o.diff {
			fmt.Fprintf(out, ":\n%s", c.all())
		} else {
			fmt.Fprintln(out, ": -diff shows them.")
		}
	}
	return 0
}

// explain says all that there is to say of a failure: what went over the connection, what
// the server printed, what else of the step fails, and where the code differs from the step's:
// at most a dozen lines of that, unless all is asked for.
func (t *target) explain(failed []trial.Result, step int, all bool) string {
	r, c := failed[0], t.compareWith(step)
	places := addPlaces(r.Failure, c)
	said := r.Failure.String()
	for _, other := range failed[1:min(4, len(failed))] {
		said += fmt.Sprintf("  also      ✗ %s\n", other.Name)
	}
	said += "\n"
	if r.Step < step && !t.Library {
		said += fmt.Sprintf("Did step %d hold before? Then look first at what you changed for step %d.\n", r.Step, step)
	}
	switch {
	case c == nil || !c.alike:
	case len(c.differences) == 0:
		said += fmt.Sprintf("Your code is that of %s, comments and layout left aside.\n", c.ours)
	case all:
		said += fmt.Sprintf("Where your code differs from %s:\n%s", c.ours, c.all())
	default:
		said += c.advice(places, r.Name+" "+r.Failure.Cause)
	}
	lesson, flags := fmt.Sprintf("steps/%02d.md", step), "-diff-only"
	if t.Library {
		lesson, flags = "library/README.md", "-library -diff-only"
	}
	return said + fmt.Sprintf("\nThe lesson is %s. All differences: go run ./steps/tools/check -step %d %s %s\n"+
		"Is it the machine? go run ./steps/tools/check -doctor\n", lesson, step, flags, filepath.ToSlash(t.Name))
}

// folder returns where in the workshop the code is that this one is compared with.
func (t *target) folder(step int) string {
	if t.Library {
		return "library"
	}
	return fmt.Sprintf("steps/%02d", step)
}

// ours returns the workshop's own code of a step, as seen from where the user stands.
func (t *target) ours(step int) string {
	return filepath.ToSlash(relative(".", filepath.Join(process.Workshop(t.Dir), t.folder(step))))
}

// next says what comes after a step that holds.
func (t *target) next(step int) string {
	if step == behaviour.LastStep {
		return "That is the whole server: compare it with raw and library."
	}
	return fmt.Sprintf("Next: steps/%02d.md.", step+1)
}
