// Command wire stands between the page and one or two servers of the workshop, passes every byte on
// unchanged, and shows them all on its own page:
//
//	go run ./steps/tools/wire [-addr A] [-addr2 A] [-view A] [-host NAME] [SERVER [SERVER]]
//
// A SERVER is either a folder with a server's code (raw, library, steps/03, work), which is built and
// started again on every save, or the host:port of a running server. The default is raw and library.
// Behind a forwarded port, the view may need to know the name that it has in the browser: -host NAME.
// Programs can read the events at /events of the view's address, as the page does, and send bytes to
// /send: see package wiretap.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/wiretap"
)

// Options are the command's options.
type options struct {
	addrs [2]string
	view  string
	hosts []string // names of the view behind a forwarded port
}

func main() {
	var o options
	flag.StringVar(&o.addrs[0], "addr", "localhost:8080", "`host:port` in front of the first server")
	flag.StringVar(&o.addrs[1], "addr2", "localhost:8081", "`host:port` in front of the second")
	flag.StringVar(&o.view, "view", "localhost:8090", "`host:port` of the page that shows the bytes")
	const host = "`name` of that page's host in your browser, behind a forwarded port"
	flag.Func("host", host, func(name string) error { o.hosts = append(o.hosts, name); return nil })
	flag.Parse()
	if err := run(process.Attended(), os.Stdout, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run listens, starts the servers, prints their addresses on out, and runs until ctx is done. It fails,
// perhaps later, if the wire stands in front of itself.
func run(ctx context.Context, out io.Writer, o options, args []string) error {
	servers, err := findServers(args)
	if err != nil {
		return err
	}
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	listeners, err := wiretap.Listen(inner, o.addrs[:len(servers)], o.view)
	if err != nil {
		return err
	}
	record, front := wiretap.NewRecord(), listeners[len(servers)]
	var taps []*wiretap.Tap
	for i, s := range servers {
		tap := wiretap.NewTap(record, s.Name, wiretap.Reachable(o.addrs[i], listeners[i]), s.Address)
		if s.Keeper == nil {
			tap.Loop = stop
		}
		go tap.Serve(listeners[i])
		taps = append(taps, tap)
	}
	v := wiretap.NewView(record, taps...)
	site := &http.Server{Handler: v.Handler(o.hosts...), ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	go site.Serve(front)
	defer v.Close(site)

	var all sync.WaitGroup
	defer all.Wait() // until the servers have exited
	for i, s := range servers {
		if s.Keeper != nil {
			all.Go(func() { s.Keeper.Keep(inner) })
		} else if !taps[i].Check() && isOwn(s.Addr, listeners) {
			stop(fmt.Errorf("nothing is running on %s, and the port is this wire's: name the server's address",
				s.Addr))
		}
	}
	announce(inner, out, servers, taps, wiretap.Reachable(o.view, front))
	if <-inner.Done(); ctx.Err() == nil {
		err = context.Cause(inner)
	}
	return err
}

// findServers makes servers from the arguments. Its error is one line.
func findServers(args []string) ([]*wiretap.Server, error) {
	if len(args) == 0 {
		args = []string{"raw", "library"}
	}
	return wiretap.FindServers(args, "wire", func(server, line string) {
		if !strings.Contains(line, "listening on http://") { // that address would bypass the wire
			fmt.Fprintf(os.Stderr, "%s | %s\n", server, line)
		}
	})
}

// announce waits until all servers listen, and prints their addresses and the view's.
func announce(ctx context.Context, out io.Writer, servers []*wiretap.Server, taps []*wiretap.Tap,
	view string) {
	isDown := func(s *wiretap.Server) bool { return s.Address() == "" }
	for ctx.Err() == nil && slices.ContainsFunc(servers, isDown) {
		time.Sleep(20 * time.Millisecond)
	}
	if ctx.Err() != nil {
		return
	}
	for i, t := range taps {
		fmt.Fprintf(out, "%-8s http://%s   (the server itself listens on %s)\n", t.Name, t.Addr, servers[i].Addr)
	}
	fmt.Fprintf(out, "%-8s http://%s/wire.html\n", "the view", view)
}

// isOwn reports whether the address of a server has the port of a listener on this machine.
func isOwn(server string, own []net.Listener) bool {
	addr, err := net.ResolveTCPAddr("tcp", server)
	hasPort := func(l net.Listener) bool { return l.Addr().(*net.TCPAddr).Port == addr.Port }
	return err == nil && process.IsLocal(addr.IP.String()) && slices.ContainsFunc(own, hasPort)
}
