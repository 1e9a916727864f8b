// Check tells whether a server does what the workshop's steps ask of it.
//
//	go run ./steps/tools/check -step 3 [DIR]
//
// builds the folder DIR (work, unless given), starts it on a free port, and holds it to
// steps 1 to 3 from outside, over TCP and HTTP. It knows nothing of the code's names,
// files or structure. It stops at the first thing that does not hold, and says what was
// sent, what was expected, what came, and what the likely cause is.
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

	"websocket-workshop/steps/tools/programs"
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
const usage = "say which step: go run ./steps/tools/check -step N [DIR], with N from 1 to 6; DIR is work unless given"

// command runs the check with its arguments, and returns the exit status.
func command(ctx context.Context, out io.Writer, args []string) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	step := flags.Int("step", 0, "the step to check, 1 to 6")
	diff := flags.Bool("diff", false, "show all that differs from the step's code, comments and layout left aside")
	only := flags.Bool("diff-only", false, "show that, and run nothing")
	doctor := flags.Bool("doctor", false, "look at this machine")
	if err := flags.Parse(args); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(out, err)
		}
		fmt.Fprintln(out, usage)
		return 2
	}
	switch {
	case *doctor:
		return examine(ctx, out, thisMachine())
	case *step < 1 || *step > lastStep || flags.NArg() > 1:
		fmt.Fprintln(out, usage)
		return 2
	}
	src, err := findSource(flags.Arg(0))
	if err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	if *only {
		t := &target{name: src.name, dir: src.dir}
		return t.showDifferences(out, *step)
	}
	return checkFolder(ctx, out, *step, src, *diff)
}

// showDifferences prints all that differs from the step's code.
func (t *target) showDifferences(out io.Writer, step int) int {
	c := t.compareWith(step, 0)
	if c == nil {
		fmt.Fprintf(out, "%s cannot be compared: it does not compile\n", t.name)
		return 2
	}
	fmt.Fprintf(out, "%s differs from %s in %s, comments and layout left aside.\n%s", t.name, c.ours, plural(len(c.differences), "declaration"), c.all())
	return 0
}

// checkFolder builds a folder and holds it to the steps up to the given one.
func checkFolder(ctx context.Context, out io.Writer, step int, src source, diff bool) int {
	temp, err := os.MkdirTemp("", "websocket-check-")
	if err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	defer removeAll(temp)

	fmt.Fprintf(out, "Checking %s, step 1 to %d.\n", src.name, step)
	binary := filepath.Join(temp, "server.exe")
	if said, err := src.build(ctx, binary); err != nil {
		if ctx.Err() != nil {
			return stopped(out)
		}
		fmt.Fprintf(out, "  ✗ fails  it builds\n\n%s\n", said)
		return 1
	}
	fmt.Fprintln(out, "  ✓ ok     it builds")
	t := &target{
		name: src.name, dir: src.dir, binary: binary,
		seed: rand.Uint64(), patience: 3 * time.Second,
	}
	return t.report(ctx, out, step)
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

// report holds the target to the table, and prints a line for each result.
func (t *target) report(ctx context.Context, out io.Writer, step int) int {
	var failed *result
	held, reached := 0, 0
	heading := func(b behaviour) {
		for ; reached < b.step; reached++ {
			fmt.Fprintf(out, "\nStep %d: %s\n", reached+1, titles[reached+1])
		}
	}
	t.check(ctx, step, func(r result) {
		heading(r.behaviour)
		switch {
		case r.failure != nil:
			failed = &r
			fmt.Fprintf(out, "  ✗ fails  %s\n", r.name)
		case r.skipped != "":
			fmt.Fprintf(out, "  - skipped  %s (%s)\n", r.name, r.skipped)
		default:
			held++
			fmt.Fprintf(out, "  ✓ ok     %s\n", r.name)
		}
	}, func(b behaviour) {
		heading(b)
		fmt.Fprintf(out, "    …      in a few seconds: %s\n", b.name)
	})
	switch {
	case failed != nil:
		fmt.Fprintf(out, "\n%s\n%s", failed.failure, t.advice(failed.step, step))
		return 1
	case ctx.Err() != nil:
		return stopped(out)
	}
	fmt.Fprintf(out, "\nAll %d hold. %s\n", held, t.next(step))
	return 0
}

// String returns the four things that an attendee is told.
func (f *failure) String() string {
	var s strings.Builder
	for _, part := range [][2]string{{"sent", f.sent}, {"expected", f.expected}, {"came", f.came}, {"likely", f.cause}} {
		text := strings.TrimSpace(part[1])
		if text == "" {
			text = "(nothing)"
		}
		for i, line := range strings.Split(text, "\n") {
			label := ""
			if i == 0 {
				label = part[0]
			}
			fmt.Fprintf(&s, "  %-8s  %s\n", label, line)
		}
	}
	return s.String()
}

// advice says where to look after a failure of a step, when another one was asked for.
func (t *target) advice(failed, step int) string {
	said := ""
	if failed < step {
		said = fmt.Sprintf("Did step %d hold before? Then look first at what you changed for step %d.\n", failed, step)
	}
	return said + fmt.Sprintf("The lesson is steps/%02d.md. What ours has that yours has not:\n"+
		"  git diff --no-index %s %s\n"+
		"Is it the machine? go run ./steps/tools/check -doctor\n", step, filepath.ToSlash(t.name), t.ours(step))
}

// ours returns the workshop's own code of a step, as seen from where the user stands.
func (t *target) ours(step int) string {
	name := fmt.Sprintf("steps/%02d", step)
	if here, err := os.Getwd(); err == nil {
		return filepath.ToSlash(relative(here, filepath.Join(programs.Root(t.dir), name)))
	}
	return name
}

// next says what comes after a step that holds.
func (t *target) next(step int) string {
	if step == lastStep {
		return "That is the whole server: compare it with raw and library."
	}
	return fmt.Sprintf("Next: steps/%02d.md.", step+1)
}
