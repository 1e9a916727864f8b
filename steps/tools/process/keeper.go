package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	pause      = 150 * time.Millisecond // between two looks at the files, which take under 1 % of a core
	shortPause = 20 * time.Millisecond  // while the server has yet to listen
	stopTime   = 3 * time.Second        // for the server to exit when interrupted: longer than rules.StopTime
)

// Variables only for the tests, which change them.
var (
	listenTime  = 15 * time.Second // for the server to listen: some systems inspect a new program for seconds
	buildServer = Build
)

// A Keeper builds the server in a folder and runs it, and does both again whenever one of its source
// files is saved. While the code does not build, the previous server keeps running.
type Keeper struct {
	Name   string       // of the server, as the user typed it
	Root   string       // its module's folder
	Dir    string       // the folder with its code, relative to Root
	File   string       // the base name of the program, which is removed in the end: FILE-PID-N.exe
	Args   []string     // of the server
	Addr   string       // host:port where it is expected to listen; "" or port 0 if unknown
	Waits  bool         // for a save, when nothing is running; otherwise Keep returns
	Again  chan bool    // sending to it has the effect of a save
	Stdout io.Writer    // of the server; if nil, an Output
	Stderr io.Writer    // the same
	Line   func(string) // is called for each line in that Output, if not nil
	Report func(Event)  // is called for each event, one at a time, in order; nil prints them

	mu      sync.Mutex // held during Report, and while program is set
	watch   watch
	file    string   // File-PID-N
	others  []string // where others answered before the server was started
	program *Program // nil if it never ran
	started time.Time
	looked  time.Time               // when it last looked for the others
	silent  bool                    // NotListening was reported
	up      atomic.Pointer[Program] // the program that listens, or listened last
}

// NewKeeper returns a Keeper for the server in a folder, which is relative to the current folder or, if
// that does not exist, to the top of the module.
func NewKeeper(dir string) (*Keeper, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(full)
	if err != nil {
		full = filepath.Join(Root("."), dir)
		info, err = os.Stat(full)
	}
	root := Root(full)
	switch {
	case errors.Is(err, os.ErrNotExist) && filepath.Clean(dir) == "work":
		return nil, errors.New("there is no work/ yet: begin with task play-1, " +
			"or go run ./steps/tools/play -step 1")
	case err != nil || !info.IsDir():
		return nil, fmt.Errorf("%s is not a folder with a server", dir)
	case root == "":
		return nil, fmt.Errorf("%s is outside the workshop's folder, where Go would not find the page it serves: "+
			"move it inside", dir)
	}
	rel, err := filepath.Rel(root, full)
	name := strings.TrimSuffix(filepath.ToSlash(dir), "/")
	file := filepath.Join(cmp.Or(Workshop(full), root), ".bin", "server")
	return &Keeper{Name: name, Root: root, Dir: filepath.ToSlash(rel), File: file}, err
}

// Keep keeps the server running until ctx is done, or until the server exits and Waits is not set. It
// returns the exit status.
func (k *Keeper) Keep(ctx context.Context) int {
	k.file = ownFile(k.File)
	defer os.Remove(k.file + ".exe")
	defer os.Remove(k.file + ".new")
	k.watch = watch{root: k.Root, dir: k.Dir}
	k.watch.changed()
	k.start(ctx)
	for told, saved := false, false; ; saved = false {
		next := pause
		if k.program != nil && k.up.Load() != k.program && !k.silent {
			next = shortPause
		}
		select {
		case <-ctx.Done():
			return k.stop()
		case saved = <-k.Again:
		case <-time.After(next):
		}
		switch {
		case saved, k.watch.changed():
			told = false
			k.report(Event{Kind: Saved})
			k.start(ctx)
		case k.program != nil && !k.program.Exited():
			k.awaitUp()
		case !k.Waits:
			return k.stop()
		case !told:
			told = true
			k.report(Event{Kind: Stopped, Others: k.others})
		case time.Since(k.looked) > time.Second && k.portFree():
			told = false
			k.report(Event{Kind: PortFree})
			k.start(ctx)
		}
	}
}

// Listening reports whether the server listens. It may be called at any time.
func (k *Keeper) Listening() bool {
	p := k.up.Load()
	return p != nil && !p.Exited()
}

// start builds the server while the old one is running, stops the old one and starts the new one.
func (k *Keeper) start(ctx context.Context) {
	slow := time.AfterFunc(2*time.Second, func() { k.report(Event{Kind: SlowBuild}) })
	if k.program != nil {
		slow.Stop()
	}
	var out string
	err := Patiently(func() (err error) { // without debug information, it takes a third less time
		out, err = buildServer(ctx, k.Root, k.file+".new", "-ldflags=-w", "./"+k.Dir)
		return err
	})
	slow.Stop()
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		k.report(Event{Kind: BuildFailed, Output: out, Err: err})
		return
	}
	k.report(Event{Kind: Built, Output: out})
	k.stop()
	k.others = InUse(k.Addr)
	// no system would replace it while it is running
	if err = os.Rename(k.file+".new", k.file+".exe"); err == nil {
		err = Patiently(k.run)
	}
	if err != nil {
		k.report(Event{Kind: StartFailed, Err: err})
	}
}

// run starts the built program.
func (k *Keeper) run() error {
	cmd := exec.Command(k.file+".exe", k.Args...)
	cmd.Stdout, cmd.Stderr = k.Stdout, k.Stderr
	if k.Stdout == nil {
		cmd.Stdout = &Output{Line: k.Line}
	}
	OwnGroup(cmd) // Ctrl-C is for the tool
	p, err := Start(cmd)
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.program, k.started, k.silent = p, time.Now(), false
	}
	return err
}

// awaitUp checks whether the server listens, if it is not known yet.
func (k *Keeper) awaitUp() {
	if k.up.Load() == k.program {
		return
	}
	addrs := Loopback(k.Addr)
	free := slices.DeleteFunc(slices.Clone(addrs), func(a string) bool { return slices.Contains(k.others, a) })
	age := time.Since(k.started)
	beside := k.others != nil && age > 3*pause // it has found an address next to the others
	switch {
	case len(addrs) == 0, beside, Answering(free) != nil:
		k.up.Store(k.program)
		k.report(Event{Kind: Running, Others: k.others})
	case age > listenTime && !k.silent:
		k.silent = true
		k.report(Event{Kind: NotListening})
	}
}

// portFree reports whether one of the others has stopped answering.
func (k *Keeper) portFree() bool {
	k.looked = time.Now()
	return len(Answering(k.others)) < len(k.others)
}

// stop stops the server, if it is running, and waits until it has exited: the next one needs its port.
// It returns the exit status, which is 1 if it never ran.
func (k *Keeper) stop() int {
	if k.program == nil {
		return 1
	}
	k.program.Stop(stopTime)
	return k.program.Cmd.ProcessState.ExitCode()
}

// report reports an event.
func (k *Keeper) report(e Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e.Name, e.Addr, e.Program = k.Name, k.Addr, k.program
	if k.Report != nil {
		k.Report(e)
	} else if text := e.String(); text != "" {
		fmt.Fprintln(os.Stderr, text)
	}
}

var files atomic.Int64 // names given out so far

// ownFile returns a unique name for a Keeper's program: base-PID-N. It removes files with such names
// that killed processes have left.
func ownFile(base string) string {
	base = strings.TrimSuffix(base, ".exe")
	left, _ := filepath.Glob(base + "-*.*") // if that is not a valid pattern, nothing is removed
	for _, file := range left {
		var pid, n int
		_, err := fmt.Sscanf(strings.TrimPrefix(file, base), "-%d-%d.", &pid, &n)
		p, gone := os.FindProcess(pid) // only Windows looks for the process; elsewhere signal 0 does
		if err == nil && (gone != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)) {
			os.Remove(file)
		}
	}
	return fmt.Sprintf("%s-%d-%d", base, os.Getpid(), files.Add(1))
}
