// Check tells whether a server does what the workshop's steps require.
//
//	go run ./steps/tools/check -step 3 [-v] [-diff] [-json] [DIR]
//
// builds the folder DIR (work by default) and checks it against steps 1 to 3. It runs unit tests of the
// functions that have the names and types from the lessons, and tests the server from outside, over TCP and
// HTTP, whatever its code looks like. It prints results as they come: the functions first, then step 3,
// then earlier steps. It stops at the first failure, and prints what was sent, what was expected, what
// came, what the server printed, the likely place in the code, and a hint. With -v it prints one line for
// each thing that passes, and with -diff also where the code differs from the step's.
//
//	go run ./steps/tools/check -step 3 -hint [DIR]
//
// prints the next hint for the last failure or, after the last hint, where the lesson explains it.
//
//	go run ./steps/tools/check -step 3 -diff-only [DIR]
//
// prints where the code differs from the step's, ignoring comments and layout.
//
//	go run ./steps/tools/check -step 3 -tests
//
// prints where the unit tests are.
//
//	go run ./steps/tools/check -step 6 -library [DIR]
//
// checks a server on a library in the same way: it lists everything that the server does differently from
// the one written by hand, and which of these differences the RFC allows.
//
//	go run ./steps/tools/check -client DIR
//
// checks a client: see below.
//
//	go run ./steps/tools/check -doctor
//
// examines the machine instead: Go and its settings, the port, a proxy.
//
// The exit status is 0 if everything passes, 1 if not, and 2 if nothing could be checked.
//
// # Events
//
// With -json the check prints one JSON object per line. Fields that are empty are left out, unless a
// failure has them. The field event is one of these:
//
//	building  folder is being built. The event comes again, without a folder, if that takes over a second,
//	          and for other ways to build it, which what names.
//	built     result is ok or fails; then output has what the compiler printed, and errors its parts:
//	          file, line, column and message.
//	running   the row with this step and name is being tried. Comes after a second without another event.
//	row       a row has this result: ok, fails, skipped, or with -library allowed or asked (it differs from
//	          the server written by hand; the RFC allows that, or asks for more); reason says why. A row has
//	          a step, a name, perhaps a sentence why it matters, and a turn: the file and function to look at.
//	done      it has ended: status is the exit status, text the closing words.
//
// Paths are relative to the current folder. A row that fails has a failure:
//
//	kind      wrong, timed out, hung up, reset, or exited
//	sent      what went over the connection: each frame with its bytes in hex (256 and … if there are more)
//	          and in words, and other events, such as a request or "nothing for 3s", in words alone
//	expected  what should have come, in words
//	came      what came instead, as in sent
//	terminal  what the server printed meanwhile: lines, each with its place in the code
//	likely    what is wrong, or the first hint
//	places    where in the code that probably is: file and line
//	lesson    the file of the lesson; section is a heading or the bold words in it, hints how many there are
//
// # Clients
//
// A client is a program that is run as
//
//	go run DIR localhost:8080 ann hi
//
// It opens a WebSocket at this address, and sends one message: {"user":"ann","text":"hi"}. It reads
// messages (and may print them) until one contains the text. Then it sends a close frame with the status
// code 1000, reads until the server's close frame comes, and exits with status 0.
//
// It answers pings, even between the fragments of a message. If the server closes first, it answers with
// the server's status code, and exits. If the handshake is refused, if the accept value is wrong, or if a
// frame is masked, it exits at once, with a status other than 0.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/doctor"
	"websocket-workshop/steps/tools/stepcode"
)

func main() {
	// A closed terminal must end the check and its servers, as Ctrl-C does.
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// So must a closed pipe. But a server's closed connection causes the same signal, which the check must
	// survive, so here a failed write tells.
	signal.Ignore(syscall.SIGPIPE)
	status := command(ctx, terminal{os.Stdout, cancel}, os.Args[1:])
	cancel()
	os.Exit(status)
}

// A terminal is where the check prints. It ends the check when nobody can read it any longer.
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

// usage is printed if the arguments are wrong.
const usage = "which step? go run ./steps/tools/check -step N [-v] [-diff] [-diff-only] [-hint] [-tests] " +
	"[-json] [-library] [DIR], with N from 1 to 6; DIR is work unless given. Or: -client DIR, -doctor"

// Options are the command's options.
type options struct {
	step     int
	client   string // the folder of a client
	diff     bool   // show all differences from the step's code as well
	diffOnly bool   // show only these
	hint     bool   // show the next hint, and check nothing
	tests    bool   // show where the unit tests are
	json     bool   // events, not words
	library  bool   // the server is written on a library
	verbose  bool   // one line for each row of earlier steps, too
	doctor   bool
}

// lesson returns the number of the requested lesson.
func (o options) lesson() int {
	if o.library {
		return stepcode.Library
	}
	return o.step
}

// again returns the command for the same step and folder, with one more flag.
func (o options) again(flag, folder string) string {
	library := map[bool]string{true: " -library"}[o.library]
	return fmt.Sprintf("go run ./steps/tools/check -step %d%s %s %s", o.step, library, flag, folder)
}

// command runs the check with its arguments, and returns the exit status.
func command(ctx context.Context, out io.Writer, args []string) int {
	var o options
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&o.step, "step", 0, "")
	flags.StringVar(&o.client, "client", "", "")
	flags.BoolVar(&o.diff, "diff", false, "")
	flags.BoolVar(&o.diffOnly, "diff-only", false, "")
	flags.BoolVar(&o.doctor, "doctor", false, "")
	flags.BoolVar(&o.hint, "hint", false, "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.library, "library", false, "")
	flags.BoolVar(&o.tests, "tests", false, "")
	flags.BoolVar(&o.verbose, "v", false, "")
	err := flags.Parse(args)
	c := &checker{options: o, show: (&report{out: out, options: o}).take}
	if o.json {
		c.show = jsonLines(out)
	}
	switch {
	case err != nil && !errors.Is(err, flag.ErrHelp):
		return c.done(2, err.Error()+"\n"+usage)
	case o.doctor:
		return map[bool]int{false: 1}[doctor.This().Examine(ctx, out)]
	case o.client == "" && (o.step < 1 || o.step > behaviour.LastStep) || flags.NArg() > 1:
		return c.done(2, usage)
	case o.library && o.step < behaviour.LastStep:
		return c.done(2, fmt.Sprintf("-library is about the whole server: it goes with -step %d",
			behaviour.LastStep))
	case o.tests:
		return c.done(0, unitTests(o.lesson()))
	}
	if c.src, err = findSource(flags.Arg(0) + o.client); err != nil {
		return c.done(2, err.Error())
	}
	switch {
	case o.hint:
		return c.done(0, c.src.nextHint(o))
	case o.diffOnly:
		said, err := c.src.differences(stepcode.Folder(o.lesson()))
		if err != nil {
			return c.done(2, err.Error())
		}
		return c.done(0, strings.TrimSuffix(said, "\n"))
	}
	return c.check(ctx)
}
