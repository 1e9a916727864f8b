package process

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const pause = 300 * time.Millisecond // between two looks at the files

// A Keeper builds the server in a folder and runs it; on every save of its code or of the page
// it builds and runs it anew. Where it does not build, the old one goes on.
type Keeper struct {
	Name  string    // of the server, as the user says it
	Root  string    // its module's folder
	Dir   string    // the folder with its code, as seen from Root
	File  string    // what is built
	Waits bool      // for a save, where nothing runs; otherwise that is the end
	Addrs []string  // where it is to listen, if others may listen there
	Out   io.Writer // for what there is to say

	// Run starts the file, in a process group of its own: Ctrl-C is for the tool, which then ends it.
	Run func(context.Context) (*Program, error)

	seen    map[string]string // the stamps of what was built
	program *Program          // nil if it never ran
	inWay   []string          // those of Addrs where others answered before it started
}

// Keep keeps the server until ctx ends, or until the server ends and nobody could save. It
// returns the exit status.
func (k *Keeper) Keep(ctx context.Context) int {
	k.seen = k.stamps()
	k.start(ctx)
	for told := false; ; {
		select {
		case <-ctx.Done():
			return k.end()
		case <-time.After(pause):
		}
		switch now := k.stamps(); {
		case !maps.Equal(now, k.seen):
			k.seen, told = now, false
			fmt.Fprintf(k.Out, "saved: building %s anew\n", k.Name)
			k.start(ctx)
		case k.program != nil && !k.program.Exited():
		case !k.Waits:
			return k.end()
		case !told:
			told = true
			k.sayEnded()
		case len(Answering(k.inWay)) < len(k.inWay):
			told = false
			fmt.Fprintln(k.Out, "the port is free now")
			k.start(ctx)
		}
	}
}

// sayEnded says what can be done now that the server does not run.
func (k *Keeper) sayEnded() {
	status := k.end()
	if port := os.Getenv("PORT"); status != 0 && strings.Trim(port, "0123456789") != "" {
		fmt.Fprintf(k.Out, "the environment variable PORT is %q, which is no port: change or remove it\n", port)
	}
	switch {
	case k.program == nil: // the compiler has said it all
		fmt.Fprintf(k.Out, "%s is not running: save to try again, or press Ctrl-C\n", k.Name)
	case status != 0 && k.inWay != nil:
		fmt.Fprintf(k.Out, "%s is not running, and another program answers on %s: when that has ended or you save, it is tried again; or press Ctrl-C\n", k.Name, strings.Join(k.inWay, " and "))
	default:
		fmt.Fprintf(k.Out, "%s ended by itself (%v): save to run it again, or press Ctrl-C\n", k.Name, k.program.Cmd.ProcessState)
	}
}

// start builds the server beside the one that runs, ends that one and starts the new one.
func (k *Keeper) start(ctx context.Context) {
	soon := time.AfterFunc(2*time.Second, func() {
		fmt.Fprintf(k.Out, "building %s: the first time, this may take a minute\n", k.Name)
	})
	said, err := Build(ctx, k.Root, k.File+".new", "./"+filepath.ToSlash(k.Dir))
	soon.Stop()
	if ctx.Err() != nil {
		return
	}
	if fmt.Fprint(k.Out, said); err != nil {
		fmt.Fprintln(k.Out, k.Name, "does not build:", err)
		return
	}
	k.end()
	k.inWay = Answering(k.Addrs)
	if err = os.Rename(k.File+".new", k.File); err == nil { // no system would replace it while it runs
		k.program, err = k.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(k.Out, k.Name, "does not run:", err)
	} else if k.inWay != nil && !k.program.AwaitExit(pause) { // it has found a place beside the other
		fmt.Fprintf(k.Out, "careful: another program answers on %s, and a browser may show you that one. task doctor says which it is: stop it, or choose another port, behind -addr\n",
			strings.Join(k.inWay, " and "))
	}
}

// end tells the server to end, if it runs, and waits until it has: the next one needs
// its port. It returns the exit status, which is 1 if it never ran.
func (k *Keeper) end() int {
	if k.program == nil {
		return 1
	}
	k.program.Stop(3 * time.Second)
	return k.program.Cmd.ProcessState.ExitCode()
}

// stamps returns what tells the code and the page, as they are saved, from what they were before.
func (k *Keeper) stamps() map[string]string {
	stamps, root := map[string]string{}, os.DirFS(k.Root)
	for _, pattern := range []string{path.Join(filepath.ToSlash(k.Dir), "*.go"), "frontend/*.go", "frontend/*.html", "frontend/*.css", "frontend/*.js"} {
		files, _ := fs.Glob(root, pattern) // the patterns are well formed: no error
		for _, file := range files {
			if info, err := fs.Stat(root, file); err == nil {
				stamps[file] = fmt.Sprint(info.ModTime(), info.Size())
			}
		}
	}
	return stamps
}

// Attended returns a context that ends when this process is told to end, and when its terminal
// is gone, or the process that started it. Task, which may stand in between, stays when its
// terminal is closed, and then nobody else is told.
func Attended() context.Context {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	parent, hadTerminal := os.Getppid(), hasTerminal()
	go func() {
		for os.Getppid() == parent && hasTerminal() == hadTerminal {
			time.Sleep(pause)
		}
		cancel()
	}()
	return ctx
}

// hasTerminal reports whether this process has a controlling terminal. Windows, which has no
// such file, ends the programs of a console that is closed.
func hasTerminal() bool {
	f, err := os.Open("/dev/tty")
	if err == nil {
		f.Close()
	}
	return err == nil
}
