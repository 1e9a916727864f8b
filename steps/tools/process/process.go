// Package process builds servers and runs them as processes of their own: on a free port,
// with their output kept, until they are told to end; or anew on every save, by a Keeper. On
// Linux, macOS and Windows.
package process

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Root returns the folder with the go.mod that dir belongs to, or "".
func Root(dir string) string { return above(dir, "go.mod") }

// Workshop returns the workshop's folder that dir lies in, whatever other modules are on the
// way, or "".
func Workshop(dir string) string { return above(dir, "steps/01/main.go") }

// above returns the folder that has a file: dir, or the next one above.
func above(dir, file string) string {
	dir, err := filepath.Abs(dir)
	for last := ""; err == nil && dir != last; last, dir = dir, filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			return dir
		}
	}
	return ""
}

// Build compiles a main package to a file, as seen from root, a module's folder. The last of
// args is the package ("./raw"), what stands in front of it flags of go build ("-race"). The
// file's name should end in .exe: Windows runs no other, and elsewhere it does no harm. With
// an error comes what the compiler says, its paths as seen from root.
func Build(ctx context.Context, root, file string, args ...string) (string, error) {
	// git has no say in this: it may refuse to look into a folder that is somebody else's
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-buildvcs=false", "-o", file}, args...)...)
	cmd.Dir = root
	said, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return "the command go is not found: it has to be in the PATH", err
	}
	return string(said), err
}

// A Program is a process that Start has started.
type Program struct {
	Cmd    *exec.Cmd     // its ProcessState is set once Done is closed
	Output *Output       // what it has printed so far
	Done   chan struct{} // closed when the process has exited and all its output has been read
}

// Start runs a command, and does not wait for anything. What it prints is kept in Output,
// but for what cmd has a Stdout or Stderr of its own for. Whoever starts it stops it.
func Start(cmd *exec.Cmd) (*Program, error) {
	p := &Program{Cmd: cmd, Output: new(Output), Done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.Output
	}
	if cmd.Stderr == nil {
		cmd.Stderr = p.Output
	}
	cmd.WaitDelay = time.Second // for what it has started, and may go on printing
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		cmd.Wait() // how it ended is in ProcessState
		p.Output.end()
		close(p.Done)
	}()
	return p, nil
}

// Serve runs a server in a process group of its own, and returns once it listens, with
// the address (host:port) that it says. Give it -addr localhost:0 for a free port.
func Serve(cmd *exec.Cmd, patience time.Duration) (p *Program, addr string, err error) {
	OwnGroup(cmd)
	if p, err = Start(cmd); err != nil {
		return nil, "", err
	}
	p.Output.Await(0, patience, func([]string) bool { return p.Output.Address() != "" })
	if addr = p.Output.Address(); addr != "" {
		return p, addr, nil
	}
	why := "does not say where it listens"
	if p.Output.hasEnded() {
		<-p.Done // in a moment
		why = fmt.Sprintf("ended at once: %v", cmd.ProcessState)
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
		return true
	case <-time.After(patience):
		return p.Exited()
	}
}

// Kill ends the process and, on Unix, what it has started in its own group. It does not
// wait for the end.
func (p *Program) Kill() {
	if !p.Exited() {
		kill(p.Cmd)
	}
}

// Stop does what Ctrl-C does, and kills the process if it has not ended within patience (or
// at once, if it cannot be interrupted). It returns when the process has ended.
func (p *Program) Stop(patience time.Duration) {
	if p.Interrupt() != nil || !p.AwaitExit(patience) {
		p.Kill()
	}
	<-p.Done
}

// freed holds the ports that were given out, so that two servers never get the same one.
var freed sync.Map

// FreePort returns a port of localhost that nothing listens on, for a server that cannot
// choose one or does not say which it took; "0" if there is none. It is below those that
// systems give to outgoing connections, so that none of ours takes it in the meantime.
func FreePort() string {
	for range 1000 {
		port := strconv.Itoa(12000 + rand.IntN(18000))
		if _, given := freed.LoadOrStore(port, true); !given && isFree(port) {
			return port
		}
	}
	return "0"
}

// isFree reports whether nothing listens on a port, on either address of localhost. A process that is just being forked has
// a copy of every socket for a moment, and so the port would go on listening after Close:
// none may be forked meanwhile.
func isFree(port string) bool {
	if Answering(Loopback("localhost:"+port)) != nil {
		return false
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp", "localhost:"+port)
	return err == nil && l.Close() == nil
}

// Loopback returns the addresses that a server can be reached at whose -addr is addr: with
// localhost, a browser may try either of two. There are none if the system chooses the port.
func Loopback(addr string) []string {
	host, port, _ := net.SplitHostPort(addr)
	switch {
	case port == "" || port == "0":
		return nil
	case host == "" || host == "localhost":
		return []string{"127.0.0.1:" + port, "[::1]:" + port}
	}
	return []string{addr}
}

// Answering returns those of the addresses on which somebody takes connections.
func Answering(addrs []string) (taken []string) {
	for _, addr := range addrs {
		if nc, err := net.DialTimeout("tcp", addr, 300*time.Millisecond); err == nil {
			nc.Close()
			taken = append(taken, addr)
		}
	}
	return taken
}
