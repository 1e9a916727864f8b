package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

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
			k.Name, k.File = s.name, filepath.Join(filepath.Dir(k.File), fmt.Sprintf("wire-%d", i+1))
			k.Line = func(line string) {
				if !strings.Contains(line, "listening on http://") { // that address would bypass the wire
					fmt.Fprintf(os.Stderr, "%s | %s\n", s.name, line)
				}
			}
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
