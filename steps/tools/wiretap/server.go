package wiretap

import (
	"fmt"
	"net"
	"strings"

	"websocket-workshop/steps/tools/process"
)

// A Server is what a tap leads to: code in a folder that is built and run, or something that
// runs already, of which no more is known than its address.
type Server struct {
	Name   string
	Addr   string          // host:port
	Keeper *process.Keeper // nil for what runs already
}

// Address returns where the server listens, or "" while it is not running.
func (s *Server) Address() string {
	if s.Keeper != nil && !s.Keeper.Listening() {
		return ""
	}
	return s.Addr
}

// FindServer makes a server of a folder or of a host:port. Its error is one line.
func FindServer(arg string) (*Server, error) {
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
