// Package units contains unit tests for the functions that attendees write, and runs them on their code.
package units

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"websocket-workshop/steps/tools/overlay"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/stepcode"
)

// A Unit is a file of tests for one function of the attendee's code: an ordinary Go test file in testdata,
// which an overlay adds to the code's folder. A test whose name ends in a number is for the steps from that
// number on.
type Unit struct {
	Func        string // as stepcode names declarations: "encode", "conn.read"
	File        string // in testdata
	First, Last int    // the steps in which the file applies, stepcode.Library included
}

// All lists all unit tests. A function comes after those that it calls, so the first failure is the cause
// of those that follow.
var All = []Unit{
	{"upgrade", "upgrade_test.go", 1, 1},
	{"response", "response_test.go", 2, 6},
	{"sameOrigin", "sameOrigin_test.go", 2, 6},
	{"refusal", "refusal_test.go", 2, 6},
	{"conn.read", "readbytes_test.go", 2, 3},
	{"conn.write", "write_test.go", 2, 6},
	{"accept", "accept_test.go", 2, 6},
	{"encode", "encode_test.go", 3, 6},
	{"history.add", "history_test.go", 3, 7},
	{"readHeader", "readHeader_test.go", 4, 6},
	{"readHeader", "readHeaderRefuses_test.go", 4, 6},
	{"unmask", "unmask_test.go", 4, 6},
	{"closeError.payload", "payload_test.go", 6, 6},
	{"parseClose", "parseClose_test.go", 6, 6},
	{"conn.goodbye", "goodbye_test.go", 6, 6},
	{"conn.write", "write6_test.go", 6, 6},
	{"conn.control", "control_test.go", 6, 6},
	{"conn.control", "pong_test.go", 6, 6},
	{"conn.read", "read_test.go", 4, 6},
	{"conn.read", "readLater_test.go", 4, 6},
	{"conn.read", "read6_test.go", 6, 6},
	{"conn.read", "readWaits_test.go", 6, 6},
	{"conn.ping", "ping_test.go", 6, 6},
	{"conn.end", "end_test.go", 6, 6},
	{"conn.end", "endTCP_test.go", 6, 6},
	{"parsePost", "parsePost_test.go", 4, 7},
	{"member.send", "send_test.go", 5, 6},
	{"member.send", "sendFails_test.go", 5, 6},
	{"member.push", "push_test.go", 5, 6},
	{"hub.join", "join_test.go", 5, 6},
	{"hub.post", "post_test.go", 5, 6},
	{"hub.each", "each_test.go", 6, 7},
	{"hub.close", "hubClose_test.go", 6, 6},
	{"hub.close", "hubCloseDoor_test.go", 6, 6},
	{"chat", "chat_test.go", 4, 6},
	{"chat", "chat6_test.go", 6, 6},
	{"visit", "visit_test.go", 5, 6},
	{"upgrade", "door_test.go", 6, 7},
	{"accept", "libraryAccept_test.go", 7, 7},
	{"conn.write", "libraryWrite_test.go", 7, 7},
	{"conn.write", "libraryWriteFails_test.go", 7, 7},
	{"conn.read", "libraryRead_test.go", 7, 7},
	{"conn.ping", "libraryPing_test.go", 7, 7},
	{"conn.end", "libraryEnd_test.go", 7, 7},
}

// exact lists the tests that apply only if the code's structs have no other fields than ours: with another
// field, the function may not need what the test asks for.
var exact = map[string]bool{
	"send_test.go":      true, // another field may tell push whether send is running
	"readWaits_test.go": true, // another field may hold the time of the last frame, for a ticker to check
}

// shared is the file in testdata with helpers for the tests of several functions. It needs nothing from the
// attendee's code.
const shared = "shared_test.go"

//go:embed testdata
var testdata embed.FS

// An Outcome is how a unit's tests ended.
type Outcome string

const (
	Passed   Outcome = "passed"
	Failed   Outcome = "failed"    // Rows has the failures
	Panicked Outcome = "panicked"  // Rows has the message, At the place
	Hung     Outcome = "hung"      // At has the place
	Open     Outcome = "open turn" // the test reached a turn that is not written yet; Rows names it
	LeftOut  Outcome = "left out"  // Rows tells why: the code has a different shape, and other checks decide
)

// A Result is the outcome of a unit's tests.
type Result struct {
	Unit
	Outcome Outcome
	Rows    []string // each a sentence: readHeader(88 82 2d bd bc 6e): opcode is 0, want 8
	Place   string   // of the function in the attendee's code, as in frame.go:43; "" if there is none
	At      string   // the line where it panicked or hangs, as in frame.go:51; "" if unknown
}

// unitTime limits each unit's tests. They take a fraction of a second, or longer with the race detector on
// a busy machine.
const unitTime = "10s"

// Run tests the functions in dir, a folder of the module in root, if they have the names and types of the
// workshop's own code of that step. It calls report with each result, in the order of All. With race, the
// tests run under the race detector. The error tells why nothing was tested: the code does not compile, or
// ctx was canceled.
func Run(ctx context.Context, workshop, root, dir string, step int, race bool,
	report func(Result)) error {
	temp, err := os.MkdirTemp("", "units-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	t := &unitTests{step: step, race: race, temp: temp}
	if t.root, err = filepath.Abs(root); err != nil {
		return err
	}
	if t.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := t.choose(workshop); err != nil {
		return err
	}
	if err := t.build(ctx); err != nil {
		return err
	}
	t.start(ctx)
	for i := range t.units {
		u := &t.units[i]
		<-u.done // closed soon if ctx has ended
		u.cancel()
		if ctx.Err() == nil {
			report(u.Result)
		}
		if u.Outcome != Passed && u.Outcome != LeftOut {
			t.leaveOutCallers(t.units[i+1:], u.Func)
		}
	}
	return ctx.Err()
}

// unitTests are the tests for one folder.
type unitTests struct {
	root, dir string
	step      int
	race      bool
	temp      string // for the overlay and the test binary
	code      *shape // of the folder
	units     []unit // that apply in this step
}

// A unit is one that is being tested.
type unit struct {
	Result
	needs  []string // what its tests use from the code
	left   bool     // left out because of a function that it calls
	cancel context.CancelFunc
	done   chan struct{}
}

// choose selects the units that apply, and leaves out those that do not fit the code.
func (t *unitTests) choose(workshop string) error {
	want, err := readShape(filepath.Join(workshop, stepcode.Folder(t.step)))
	if err != nil {
		return err
	}
	if t.code, err = readShape(t.dir); err != nil {
		return err
	}
	for _, u := range All {
		if t.step < u.First || t.step > u.Last {
			continue
		}
		r := Result{Unit: u, Place: t.code.place(u.Func)}
		test, _ := testdata.ReadFile("testdata/" + u.File)
		needed, members := want.needs(test)
		if why := want.misfit(t.code, needed, members, exact[u.File]); why != "" {
			r.Outcome, r.Rows = LeftOut, []string{why}
		}
		t.units = append(t.units, unit{Result: r, needs: append(needed, u.Func)})
	}
	return nil
}

// build compiles the tests. A file that does not compile with the code is left out.
func (t *unitTests) build(ctx context.Context) error {
	for {
		said, err := t.compile(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		left := false
		for i := range t.units {
			r := &t.units[i]
			if _, why, found := strings.Cut(said, r.File+":"); found && r.Outcome != LeftOut {
				why, _, _ = strings.Cut(why, "\n")
				r.Outcome, r.Rows = LeftOut, []string{"its test does not compile with this code: " + r.File + ":" + why}
				left = true
			}
		}
		if !left {
			return fmt.Errorf("the unit tests cannot be built: %s", said)
		}
	}
}

// compile compiles the units that are not left out, and returns the compiler's output.
func (t *unitTests) compile(ctx context.Context) (said string, err error) {
	o := overlay.New(t.temp)
	err = errors.Join(o.Noise(t.dir, overlay.Yield), o.HideTests(t.dir))
	err = errors.Join(err, o.Add(filepath.Join(t.dir, "limits_test.go"), []byte(rules.GoFile())))
	files := []string{shared}
	for _, r := range t.units {
		if r.Outcome != LeftOut {
			files = append(files, r.File)
		}
	}
	for _, file := range files {
		text, _ := testdata.ReadFile("testdata/" + file)
		err = errors.Join(err, o.Add(filepath.Join(t.dir, file), text))
	}
	flag, err2 := o.Flag()
	rel, err3 := filepath.Rel(t.root, t.dir)
	if err := errors.Join(err, err2, err3); err != nil {
		return err.Error(), err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", t.binary(), "-buildvcs=false", "-vet=off",
		"-ldflags=-s -w",
		fmt.Sprintf("-race=%v", t.race), flag, "./"+filepath.ToSlash(rel))
	cmd.Dir = t.root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (t *unitTests) binary() string { return filepath.Join(t.temp, "units.exe") }

// start runs the units that are not left out, in order, as many at a time as there are processors.
func (t *unitTests) start(ctx context.Context) {
	slots := make(chan bool, runtime.NumCPU())
	contexts := make([]context.Context, len(t.units))
	for i := range t.units {
		contexts[i], t.units[i].cancel = context.WithCancel(ctx)
		t.units[i].done = make(chan struct{})
	}
	go func() {
		for i := range t.units {
			slots <- true
			go func() {
				defer func() { <-slots }()
				defer close(t.units[i].done)
				if r := &t.units[i].Result; r.Outcome != LeftOut {
					t.run(contexts[i], r)
				}
			}()
		}
	}()
}

// leaveOutCallers leaves out the units whose tests call a function that failed, directly or not: it may be
// the cause of their failures.
func (t *unitTests) leaveOutCallers(units []unit, failed string) {
	for i := range units {
		u := &units[i]
		if u.Func != failed && !u.left && t.code.calls(u.needs, failed) {
			u.left = true
			u.cancel()
			<-u.done
			u.Outcome, u.At = LeftOut, ""
			u.Rows = []string{"its test calls " + failed + ", which must be correct first"}
		}
	}
}

// run runs the tests of one unit in a process of its own, so that a panic, a deadlock or an endless loop
// affects nothing else.
func (t *unitTests) run(ctx context.Context, r *Result) {
	test, _ := testdata.ReadFile("testdata/" + r.File)
	var names []string
	for _, m := range testFunc.FindAllSubmatch(test, -1) {
		if from := string(m[2]); from <= fmt.Sprint(t.step) { // "" for all steps
			names = append(names, string(m[1])+from)
		}
	}
	// With one processor only one goroutine runs at a time, and only the noise decides when another runs,
	// however busy the machine is.
	cmd := exec.CommandContext(ctx, t.binary(), "-test.cpu=1", "-test.timeout="+unitTime,
		"-test.run=^("+strings.Join(names, "|")+")$")
	cmd.Dir = t.temp
	cmd.Env = append(os.Environ(), overlay.NoiseSeed+"=1", "GOTRACEBACK=all", "GORACE=atexit_sleep_ms=0")
	said := new(tail)
	cmd.Stdout, cmd.Stderr = said, said
	err := cmd.Run()
	if r.Outcome = Passed; err == nil {
		return
	}
	r.Outcome, r.Rows, r.At = t.explain(string(said.b))
	if r.Outcome == Open && !strings.HasPrefix(r.Rows[0], "your turn: "+r.Func+" ") {
		r.Outcome, r.Rows[0], r.At = LeftOut, "its test reaches another open turn: "+r.Rows[0], ""
	}
}

// testFunc matches a test function, with its name and the number at its end as separate groups.
var testFunc = regexp.MustCompile(`(?m)^func (Test\w*?)(\d?)\(`)

// A tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 1 << 20
	t.b = append(t.b, p...)
	if len(t.b) > 2*most {
		t.b = append(t.b[:0], t.b[len(t.b)-most:]...)
	}
	return len(p), nil
}
