package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"websocket-workshop/steps/tools/programs"
)

// A server is what stands behind a proxy: code in a folder that is built and run, or
// something that runs already, of which no more is known than its address.
type server struct {
	name string
	root string // the module's folder, in full
	dir  string // the folder with the code, in full; "" for what runs already
	file string // what is built and run
	out  io.Writer

	addr    atomic.Pointer[string] // host:port; nil while it does not run
	seen    map[string]programs.Stamp
	program *programs.Program // nil if it never ran
	told    bool              // that it has ended by itself
}

// address returns where the server listens, or "" while it does not run.
func (s *server) address() string {
	if addr := s.addr.Load(); addr != nil {
		return *addr
	}
	return ""
}

// keep builds and starts the server if its code is new, and says so if it has ended.
func (s *server) keep(ctx context.Context) {
	if s.dir == "" {
		return
	}
	dir, _ := filepath.Rel(s.root, s.dir) // both are in full
	switch now := programs.Stamps(dir); {
	case !maps.Equal(now, s.seen):
		s.seen = now
		fmt.Fprintln(s.out, "building", s.name)
		said, err := programs.Build(ctx, s.root, s.file+".new", "./"+filepath.ToSlash(dir))
		if err == nil {
			s.end()
			err = s.start(ctx)
		}
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(s.out, "%s%s: %v; save to try again, or press Ctrl-C\n", said, s.name, err)
		}
	case s.program != nil && s.program.HasEnded() && !s.told:
		s.told = true
		s.addr.Store(nil)
		fmt.Fprintf(s.out, "%s has ended by itself (%v): save to run it again, or press Ctrl-C\n", s.name, s.program.Cmd.ProcessState)
	}
}

// start runs what was built on a free port, and waits until it listens there.
func (s *server) start(ctx context.Context) error {
	if err := os.Rename(s.file+".new", s.file); err != nil { // which no system would do while it runs
		return err
	}
	addr := net.JoinHostPort("localhost", programs.FreePort())
	cmd := exec.Command(s.file, "-addr", addr)
	programs.OwnGroup(cmd)
	program, err := programs.Start(cmd)
	if err != nil {
		return err
	}
	s.program, s.told = program, true
	go s.print(program.Output)
	for deadline := time.Now().Add(15 * time.Second); programs.Answering([]string{addr}) == nil; {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case program.AwaitEnd(20 * time.Millisecond):
			return fmt.Errorf("it ended at once (%v)", cmd.ProcessState)
		case time.Now().After(deadline):
			return fmt.Errorf("it does not listen on %s: give net.Listen the value of -addr", addr)
		}
	}
	s.told = false
	s.addr.Store(&addr)
	return nil
}

// print copies what a program prints, with the server's name, but for the line with its own
// address: a browser that went there would go past the wire.
func (s *server) print(o *programs.Output) {
	for at := 0; ; {
		next := o.Next() // whole lines
		lines, changed := o.Since(at)
		for _, line := range lines[:min(len(lines), next-at)] {
			if !strings.Contains(line, "listening on http://") {
				fmt.Fprintf(s.out, "%s | %s\n", s.name, line)
			}
		}
		at = next
		<-changed
	}
}

// end tells the server to end, and waits until it has.
func (s *server) end() {
	if s.program != nil {
		s.addr.Store(nil)
		s.program.Stop(3 * time.Second)
	}
}
