package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"websocket-workshop/steps/tools/process"
)

// A server is what a tap leads to: code in a folder that is built and run, or something that
// runs already, of which no more is known than its address.
type server struct {
	name, addr string
	keeper     *process.Keeper // nil for what runs already
}

// address returns where the server listens, or "" while it is not running.
func (s *server) address() string {
	if s.keeper != nil && !s.keeper.Listening() {
		return ""
	}
	return s.addr
}

// findServers makes servers of the arguments; its error is one line.
func findServers(args []string) (servers []*server, err error) {
	if len(args) == 0 {
		args = []string{"raw", "library"}
	} else if len(args) > 2 {
		return nil, fmt.Errorf("one server or two, not %d: flags go before them", len(args))
	}
	for i, arg := range args {
		s, err := findServer(arg)
		if err != nil {
			return nil, err
		}
		if i == 1 && servers[0].name == s.name {
			s.name += " (2)"
		}
		if k := s.keeper; k != nil {
			k.Name, k.File = s.name, filepath.Join(k.Root, ".bin", fmt.Sprintf("wire-%d", i+1))
			out := &prefixer{name: s.name, to: os.Stderr}
			k.Stdout, k.Stderr = out, out
			k.Report = func(e process.Event) { out.flush(); e.Print(os.Stderr) }
		}
		servers = append(servers, s)
	}
	return servers, nil
}

// findServer makes a server of a folder or of a host:port.
func findServer(arg string) (*server, error) {
	k, err := process.NewKeeper(arg)
	if err == nil {
		addr := net.JoinHostPort("localhost", process.FreePort())
		k.Addr, k.Args, k.Waits = addr, []string{"-addr", addr}, true
		return &server{name: k.Name, addr: addr, keeper: k}, nil
	}
	_, noAddr := net.ResolveTCPAddr("tcp", arg)
	switch _, port, _ := net.SplitHostPort(arg); {
	case noAddr == nil && port != "":
		return &server{name: arg, addr: arg}, nil
	case strings.Contains(arg, ":"):
		return nil, fmt.Errorf("%s is neither a folder with a server nor a host:port: %v", arg, noAddr)
	}
	return nil, err
}

// A prefixer prints what a server prints, with its name before each line, except for the line
// with its own address: a browser that went there would bypass the wire.
type prefixer struct {
	name string
	to   io.Writer

	mu   sync.Mutex
	rest []byte // of a line whose end is yet to come
}

// Write never fails.
func (p *prefixer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, b...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole && len(p.rest) < 4096 {
			return len(b), nil
		}
		p.rest = rest
		if !bytes.Contains(line, []byte("listening on http://")) {
			fmt.Fprintf(p.to, "%s | %s\n", p.name, line)
		}
	}
}

// flush ends a line whose end has not come: its server may have exited.
func (p *prefixer) flush() {
	p.mu.Lock()
	begun := len(p.rest) > 0
	p.mu.Unlock()
	if begun {
		p.Write([]byte("\n"))
	}
}
