package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"websocket-workshop/steps/tools/process"
)

// A server is what stands behind a proxy: code in a folder that is built and run, or
// something that runs already, of which no more is known than its address.
type server struct {
	name, addr string                          // what it is called, its host:port
	keeper     *process.Keeper                 // nil for what runs already
	program    atomic.Pointer[process.Program] // what has listened last
}

// address returns where the server listens, or "" while it does not run.
func (s *server) address() string {
	if p := s.program.Load(); s.keeper != nil && (p == nil || p.Exited()) {
		return ""
	}
	return s.addr
}

// findServers makes servers of the arguments; its error is one line.
func findServers(args []string) (servers []*server, err error) {
	if len(args) == 0 {
		args = []string{"raw", "library"}
	} else if len(args) > 2 {
		return nil, fmt.Errorf("one server or two, and not %d: flags go in front of them", len(args))
	}
	for i, arg := range args {
		name := strings.TrimSuffix(filepath.ToSlash(arg), "/")
		if i == 1 && servers[0].name == name {
			name += " (2)"
		}
		s, err := findServer(name, arg, fmt.Sprintf("wire-%d.exe", i+1))
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	return servers, nil
}

// findServer makes a server of a folder, which file is built of, or of a host:port.
func findServer(name, arg, file string) (*server, error) {
	s := &server{name: name, addr: arg}
	dir, err := filepath.Abs(arg)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil { // from within a folder of the workshop, too
		dir = filepath.Join(process.Root("."), arg)
		info, err = os.Stat(dir)
	}
	root := process.Root(dir)
	_, port, noPort := net.SplitHostPort(arg)
	_, badPort := net.LookupPort("tcp", port)
	switch {
	case err == nil && info.IsDir() && root == "":
		return nil, fmt.Errorf("%s is outside of the workshop's folder, and Go would not find the page it serves: put it inside", arg)
	case err == nil && info.IsDir():
		dir, _ = filepath.Rel(root, dir) // both are in full
		s.addr = net.JoinHostPort("localhost", process.FreePort())
		s.keeper = &process.Keeper{Name: name, Root: root, Dir: dir, Waits: true, Out: os.Stderr, Run: s.run}
		s.keeper.File = filepath.Join(root, ".bin", file)
	case noPort == nil && port != "" && badPort == nil: // what runs already
	case errors.Is(err, os.ErrNotExist) && arg == "work":
		return nil, errors.New("there is no work/ yet: begin with task play-1, or go run ./steps/tools/play -step 1")
	default:
		return nil, fmt.Errorf("%s is neither a folder with a server nor a host:port", arg)
	}
	return s, nil
}

// run starts what was built, and waits until it listens there.
func (s *server) run(ctx context.Context) (*process.Program, error) {
	in, out := io.Pipe()
	cmd := exec.Command(s.keeper.File, "-addr", s.addr)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.keeper.Root, out, out
	process.OwnGroup(cmd)
	p, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	go s.print(in)
	go func() { <-p.Done; out.Close() }()
	for deadline := time.Now().Add(15 * time.Second); process.Answering([]string{s.addr}) == nil; {
		if ctx.Err() != nil || p.AwaitExit(20*time.Millisecond) {
			return p, nil // which is seen, and said
		} else if time.Now().After(deadline) {
			fmt.Fprintf(s.keeper.Out, "%s does not listen on %s: give net.Listen the value of -addr; save to try again, or press Ctrl-C\n", s.name, s.addr)
			return p, nil
		}
	}
	s.program.Store(p)
	return p, nil
}

// print copies what a program prints, with the server's name, but for the line with its own
// address: a browser that went there would go past the wire.
func (s *server) print(r io.Reader) {
	for in := bufio.NewReader(r); ; {
		line, _, err := in.ReadLine() // or a part of it, if it is very long
		if err != nil {
			return
		}
		if !bytes.Contains(line, []byte("listening on http://")) {
			fmt.Fprintf(s.keeper.Out, "%s | %s\n", s.name, line)
		}
	}
}
