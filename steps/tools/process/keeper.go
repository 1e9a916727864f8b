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
	pause      = 150 * time.Millisecond // between two looks at the files: they take under 1 % of a core
	shortPause = 20 * time.Millisecond  // while the server has yet to listen
	stopTime   = 3 * time.Second        // for the server to exit when interrupted
)

// What tests change.
var (
	listenTime  = 15 * time.Second // for the server to listen: some systems inspect a new program for seconds
	buildServer = Build
)

// A Keeper builds the server in a folder and runs it, and does both again whenever a file is
// saved that it is built from. While the code does not build, the server from before goes on.
type Keeper struct {
	Name   string       // of the server, as the user typed it
	Root   string       // its module's folder
	Dir    string       // the folder with its code, as seen from Root
	File   string       // what is built is named after it, and removed in the end: FILE-PID-N.exe
	Args   []string     // of the server
	Addr   string       // host:port where it is expected to listen; "" or port 0 if unknown
	Waits  bool         // for a save, when nothing runs; otherwise Keep returns
	Again  chan bool    // what is sent has the effect of a save
	Stdout io.Writer    // of the server; if nil, an Output
	Stderr io.Writer    // the same
	Line   func(string) // is called for each line in that Output, if not nil
	Report func(Event)  // is called for each event, one at a time, in order; nil prints them

	mu      sync.Mutex // held during Report, and where program is set
	watch   watch
	file    string   // File-PID-N
	others  []string // where others answered before the server was started
	program *Program // nil if it never ran
	started time.Time
	looked  time.Time               // for the others
	silent  bool                    // NotListening was reported
	up      atomic.Pointer[Program] // what listens, or did last
}

// NewKeeper returns a Keeper for the server in a folder: one seen from here or, if there is
// none, from the top of the module.
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
		return nil, fmt.Errorf("%s is outside the workshop's folder, and Go would not find the page it serves: "+
			"put it inside", dir)
	}
	rel, err := filepath.Rel(root, full)
	name := strings.TrimSuffix(filepath.ToSlash(dir), "/")
	file := filepath.Join(cmp.Or(Workshop(full), root), ".bin", "server")
	return &Keeper{Name: name, Root: root, Dir: filepath.ToSlash(rel), File: file}, err
}

// Keep keeps the server until ctx is done, or until the server exits and Waits is not set. It
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

// start builds the server beside the one that runs, stops that one and starts the new one.
func (k *Keeper) start(ctx context.Context) {
	slow := time.AfterFunc(2*time.Second, func() { k.report(Event{Kind: SlowBuild}) })
	if k.program != nil {
		slow.Stop()
	}
	var out string
	err := Patiently(func() (err error) { // without what only a debugger reads, it takes a third less time
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
	if err = os.Rename(k.file+".new", k.file+".exe"); err == nil { // no system would replace it while it runs
		err = Patiently(k.run)
	}
	if err != nil {
		k.report(Event{Kind: StartFailed, Err: err})
	}
}

// run starts what was built.
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

// awaitUp looks whether the server listens, if it is not known yet.
func (k *Keeper) awaitUp() {
	if k.up.Load() == k.program {
		return
	}
	addrs := Loopback(k.Addr)
	free := slices.DeleteFunc(slices.Clone(addrs), func(a string) bool { return slices.Contains(k.others, a) })
	age := time.Since(k.started)
	beside := k.others != nil && age > 3*pause // it has found a place beside the others
	switch {
	case len(addrs) == 0, beside, Answering(free) != nil:
		k.up.Store(k.program)
		k.report(Event{Kind: Running, Others: k.others})
	case age > listenTime && !k.silent:
		k.silent = true
		k.report(Event{Kind: NotListening})
	}
}

// portFree reports whether one of the others has gone.
func (k *Keeper) portFree() bool {
	k.looked = time.Now()
	return len(Answering(k.others)) < len(k.others)
}

// stop stops the server, if it runs, and waits until it has exited: the next one needs its
// port. It returns the exit status, which is 1 if it never ran.
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

var files atomic.Int64 // names that were given out

// ownFile returns a name for what a Keeper builds, which no other has: base-PID-N. What
// processes that were killed have left under such names is removed.
func ownFile(base string) string {
	base = strings.TrimSuffix(base, ".exe")
	left, _ := filepath.Glob(base + "-*.*") // where that is not a pattern, nothing is removed
	for _, file := range left {
		var pid, n int
		_, err := fmt.Sscanf(strings.TrimPrefix(file, base), "-%d-%d.", &pid, &n)
		p, gone := os.FindProcess(pid) // only Windows looks for it; elsewhere signal 0 does
		if err == nil && (gone != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)) {
			os.Remove(file)
		}
	}
	return fmt.Sprintf("%s-%d-%d", base, os.Getpid(), files.Add(1))
}
