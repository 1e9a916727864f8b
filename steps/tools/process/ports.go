package process

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Listen listens on addr (host:port), the value of a flag. Its error is one line that tells what to do,
// and recommends a free port. Accept fails only when the listener is closed: a client that has already
// left, or too many open files, are not a reason to stop.
func Listen(flag, addr string) (net.Listener, error) {
	others := strings.Join(InUse(addr), " and ")
	if others != "" {
		return nil, fmt.Errorf("another program answers on %s: stop it, or %s", others, otherPort(flag))
	}
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return patientListener{l}, nil
	}
	if host, _, _ := net.SplitHostPort(addr); !IsLocal(host) {
		return nil, fmt.Errorf("this machine has no address %s: try %s localhost:%s", host, flag, FreePort())
	}
	return nil, fmt.Errorf("%v: %s", err, otherPort(flag))
}

// otherPort recommends a free port.
func otherPort(flag string) string {
	return "choose another port: " + flag + " localhost:" + FreePort()
}

type patientListener struct{ net.Listener }

func (l patientListener) Accept() (nc net.Conn, err error) {
	for {
		err = Patiently(func() (err error) { nc, err = l.Listener.Accept(); return err })
		if err == nil || errors.Is(err, net.ErrClosed) {
			return nc, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// given holds the ports that were given out, so that two servers never get the same one.
var given sync.Map

// FreePort returns a port of localhost that nothing listens on, for a server that cannot choose one or
// does not report its choice; "0" if there is none. It is below the ports that systems give to outgoing
// connections, so that none of ours takes it in the meantime.
func FreePort() string {
	for range 1000 {
		port := strconv.Itoa(12000 + rand.IntN(18000))
		if _, taken := given.LoadOrStore(port, true); !taken && isFree(port) {
			return port
		}
	}
	return "0"
}

// isFree reports whether nothing listens on a port of localhost. A process that is being forked briefly
// has a copy of every socket, which would keep the port listening after Close, so none may be forked
// meanwhile.
func isFree(port string) bool {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp", "localhost:"+port)
	return err == nil && l.Close() == nil && Answering(Loopback("localhost:"+port)) == nil
}

// IsLocal reports whether this machine can listen on a host, at any port.
func IsLocal(host string) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	return err == nil && l.Close() == nil
}

// Loopback returns the addresses that a browser on this machine may try in order to reach a server
// whose -addr is addr: for localhost there are two. There are none if the system chooses the port.
func Loopback(addr string) []string {
	host, port, _ := net.SplitHostPort(addr)
	switch ip := net.ParseIP(host); {
	case port == "" || port == "0":
		return nil
	case host == "" || host == "localhost" || ip != nil && ip.IsUnspecified():
		return []string{"127.0.0.1:" + port, "[::1]:" + port}
	}
	return []string{addr}
}

// InUse returns the addresses on which another program answers where a server whose -addr is addr
// should. There are none if this machine has no such address.
func InUse(addr string) []string {
	addrs := Loopback(addr)
	if host, _, _ := net.SplitHostPort(addr); len(addrs) == 1 && !IsLocal(host) {
		return nil // a program that answers there is on another machine
	}
	return Answering(addrs)
}

// Answering returns those of the addresses on which a connection is accepted.
func Answering(addrs []string) (taken []string) {
	for _, addr := range addrs {
		if nc, err := net.DialTimeout("tcp", addr, 300*time.Millisecond); err == nil {
			nc.Close()
			taken = append(taken, addr)
		}
	}
	return taken
}
