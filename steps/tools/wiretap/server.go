package wiretap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/process"
)

// A Server is what a tap leads to: code in a folder that is built and run, or a running server, of
// which only the address is known.
type Server struct {
	Name   string
	Addr   string          // host:port
	Keeper *process.Keeper // nil for a server that was already running
}

// Address returns where the server listens, or "" while it is not running.
func (s *Server) Address() string {
	if s.Keeper != nil && !s.Keeper.Listening() {
		return ""
	}
	return s.Addr
}

// FindServers makes servers from one or two folders or host:ports. Their programs are named after file,
// as in wire-1, and their output is passed to line. The error is one line.
func FindServers(args []string, file string, line func(server, line string)) (servers []*Server, err error) {
	if len(args) > 2 {
		return nil, fmt.Errorf("one server or two, not %d: flags go before them", len(args))
	}
	for i, arg := range args {
		s, err := findServer(arg)
		if err != nil {
			return nil, err
		}
		if i == 1 && servers[0].Name == s.Name {
			s.Name += " (2)"
		}
		if k := s.Keeper; k != nil {
			k.Name, k.File = s.Name, filepath.Join(filepath.Dir(k.File), fmt.Sprintf("%s-%d", file, i+1))
			k.Line = func(text string) { line(s.Name, text) }
		}
		servers = append(servers, s)
	}
	return servers, nil
}

// findServer makes a server from a folder or a host:port.
func findServer(arg string) (*Server, error) {
	k, err := process.NewKeeper(arg)
	if err == nil {
		addr := net.JoinHostPort("localhost", process.FreePort())
		k.Addr, k.Args, k.Waits = addr, []string{"-addr", addr}, true
		return &Server{Name: k.Name, Addr: addr, Keeper: k}, nil
	}
	_, noAddr := net.ResolveTCPAddr("tcp", arg)
	switch _, port, _ := net.SplitHostPort(arg); {
	case noAddr == nil && port != "":
		return &Server{Name: arg, Addr: arg}, nil
	case strings.Contains(arg, ":"):
		return nil, fmt.Errorf("%s is neither a folder with a server nor a host:port: %v", arg, noAddr)
	}
	return nil, err
}

// Listen listens on the values of -addr and, for a second server, -addr2, and of -view, until ctx is
// done. The error names every flag that needs another port.
func Listen(ctx context.Context, addrs []string, view string) (all []net.Listener, err error) {
	flags := append([]string{"-addr", "-addr2"}[:len(addrs)], "-view")
	for i, addr := range append(slices.Clone(addrs), view) {
		l, failed := process.Listen(flags[i], addr)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		context.AfterFunc(ctx, func() { l.Close() })
		all = append(all, l)
	}
	return all, err
}

// Reachable returns the host:port to give a browser for a listener on addr.
func Reachable(addr string, l net.Listener) string {
	host, _, _ := net.SplitHostPort(addr)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return net.JoinHostPort(cmp.Or(host, "localhost"), port)
}
