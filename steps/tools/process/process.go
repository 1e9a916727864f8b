// Package process builds servers and runs them as separate processes: on a free port, with their output
// recorded, until they are stopped. A Keeper does so again on every save. It works on Linux, macOS and
// Windows.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Root returns the folder with the go.mod that dir belongs to, or "".
func Root(dir string) string { return above(dir, "go.mod") }

// Workshop returns the workshop's folder that contains dir, whatever other modules are in between, or
// "".
func Workshop(dir string) string { return above(dir, "steps/01/main.go") }

// above returns the folder that has a file: dir, or the nearest one above it.
func above(dir, file string) string {
	dir, err := filepath.Abs(dir)
	for last := ""; err == nil && dir != last; last, dir = dir, filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			return dir
		}
	}
	return ""
}

// Build compiles a main package to a file; paths are relative to root, a module's folder. The last of
// args is the package ("./raw"), those before it are flags of go build ("-race"). The file's name
// should end in .exe: Windows runs no other files, and elsewhere it does no harm. The text is the
// compiler's output.
func Build(ctx context.Context, root, file string, args ...string) (string, error) {
	// -buildvcs=false: git may refuse to look into a folder that belongs to somebody else.
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-buildvcs=false", "-o", file}, args...)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return "the command go is not found: it must be in the PATH", err
	}
	return string(out), err
}

// outOfFiles reports whether an operation failed because this process, or the whole machine, has as
// many files and connections open as the system allows. It may succeed later.
func outOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

var sayFull = sync.OnceFunc(func() {
	fmt.Fprintln(os.Stderr, "too many files and connections are open: waiting until some are closed "+
		"(ulimit -n shows how many may be)")
})

// Patiently calls f again while it fails because of outOfFiles, and prints once that it waits.
func Patiently(f func() error) error {
	err := f()
	for outOfFiles(err) {
		sayFull()
		time.Sleep(50 * time.Millisecond)
		err = f()
	}
	return err
}

// A Program is a process that Start has started.
type Program struct {
	Cmd    *exec.Cmd     // its ProcessState is set once Done is closed
	Output *Output       // what it has printed so far
	Done   chan struct{} // closed when the process has exited and all its output has been read

	killGroup func()
}

// Start runs a command, and does not wait for anything. Output records what it prints, unless cmd has
// its own Stdout or Stderr; an Output in cmd.Stdout becomes that one. The caller must stop the process.
// Its children are killed when it exits, if OwnGroup was called for cmd.
func Start(cmd *exec.Cmd) (*Program, error) {
	p := &Program{Cmd: cmd, Output: new(Output), Done: make(chan struct{})}
	if out, ok := cmd.Stdout.(*Output); ok {
		p.Output = out
	} else if cmd.Stdout == nil {
		cmd.Stdout = p.Output
	}
	if cmd.Stderr == nil {
		cmd.Stderr = p.Output
	}
	cmd.WaitDelay = time.Second // its children may hold its output open
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.killGroup = groupKiller(cmd)
	go func() {
		cmd.Wait() // ProcessState tells how it exited
		p.killGroup()
		p.Output.end()
		close(p.Done)
	}()
	return p, nil
}

// Serve runs a server in its own process group, and returns once it listens, with the address
// (host:port) that it prints. Give it -addr localhost:0 for a free port.
func Serve(cmd *exec.Cmd, patience time.Duration) (p *Program, addr string, err error) {
	OwnGroup(cmd)
	if p, err = Start(cmd); err != nil {
		return nil, "", err
	}
	p.Output.Await(0, patience, func([]string) bool { return p.Output.Address() != "" })
	if addr = p.Output.Address(); addr != "" {
		return p, addr, nil
	}
	why := "does not print where it listens"
	if p.AwaitExit(100 * time.Millisecond) {
		why = fmt.Sprintf("exited at once: %v", cmd.ProcessState)
	}
	p.Kill()
	<-p.Done
	return nil, "", fmt.Errorf("%s %s. It printed:\n%s", filepath.Base(cmd.Path), why, p.Output.Tail(20))
}

// Exited reports whether the process has exited.
func (p *Program) Exited() bool {
	select {
	case <-p.Done:
		return true
	default:
		return false
	}
}

// AwaitExit waits until the process has exited, and reports whether it did so within patience.
func (p *Program) AwaitExit(patience time.Duration) bool {
	select {
	case <-p.Done:
	case <-time.After(patience):
	}
	return p.Exited()
}

// Kill kills the process and, if OwnGroup was called, its children. It does not wait for the exit.
func (p *Program) Kill() {
	if !p.Exited() {
		p.killGroup()
		p.Cmd.Process.Kill()
	}
}

// Stop does what Ctrl-C does, and kills the process if it has not exited within patience (or
// at once, if it cannot be interrupted). It returns when the process has exited.
func (p *Program) Stop(patience time.Duration) {
	if p.Interrupt() != nil || !p.AwaitExit(patience) {
		p.Kill()
	}
	<-p.Done
}
