// Command wire stands between the page and one or two servers of the workshop, passes every
// byte on unchanged, and shows them all on a page of its own:
//
//	go run ./steps/tools/wire [-addr localhost:8080] [-addr2 localhost:8081] [-view localhost:8090] [SERVER [SERVER]]
//
// A SERVER is a folder with the code of one (raw, library, steps/03, work), which is built and
// started, and anew on every save; or the host:port of something that runs already. Without
// one, it is raw and library. Programs read the events at /events of the view's address: see
// wiretap.Record, and send bytes as the page does: see wiretap.View.
package main

import (
	"cmp"
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

func main() {
	first := flag.String("addr", "localhost:8080", "`host:port` in front of the first server")
	second := flag.String("addr2", "localhost:8081", "`host:port` in front of the second")
	page := flag.String("view", "localhost:8090", "`host:port` of the page that shows the bytes")
	flag.Parse()
	if err := run(process.Attended(), os.Stdout, flag.Args(), *first, *second, *page); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run listens, starts the servers, says on out where all can be reached, and stays until it
// is told to end.
func run(ctx context.Context, out io.Writer, args []string, first, second, page string) error {
	servers, err := findServers(args)
	if err != nil {
		return err
	}
	record := wiretap.NewRecord()
	var taps []*wiretap.Tap
	flags, addrs := []string{"-addr", "-addr2"}, []string{first, second}
	for i, s := range servers {
		l, err := listen(flags[i], addrs[i])
		if err != nil {
			return err
		}
		defer l.Close()
		tap := &wiretap.Tap{Name: s.name, Record: record, Addr: reachable(addrs[i], l), Target: s.address}
		taps = append(taps, tap)
		go tap.Serve(l)
	}
	l, err := listen("-view", page)
	if err != nil {
		return err
	}
	v := wiretap.NewView(record, taps)
	site := &http.Server{Handler: v.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	go site.Serve(l)
	defer v.Close(site)

	var all sync.WaitGroup
	defer all.Wait() // until the servers have ended
	for _, s := range servers {
		if s.keeper != nil {
			all.Go(func() { s.keeper.Keep(ctx) })
		}
	}
	for slices.ContainsFunc(servers, func(s *server) bool { return s.address() == "" }) {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil
		}
	}
	for i, p := range taps {
		fmt.Fprintf(out, "%-8s http://%s   (the server itself listens on %s)\n", p.Name, p.Addr, servers[i].address())
	}
	fmt.Fprintf(out, "%-8s http://%s/wire.html\n", "the view", reachable(page, l))
	<-ctx.Done()
	return nil
}

// listen listens on an address; its error is one line that says what to do.
func listen(name, addr string) (net.Listener, error) {
	if others := process.Answering(process.Loopback(addr)); others != nil {
		return nil, fmt.Errorf("another program answers on %s: stop it, or choose another port: %s localhost:%s", strings.Join(others, " and "), name, process.FreePort())
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%v: choose another address: %s localhost:%s", err, name, process.FreePort())
	}
	return l, nil
}

// reachable returns the host:port to give a browser for a listener on addr.
func reachable(addr string, l net.Listener) string {
	host, _, _ := net.SplitHostPort(addr)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return net.JoinHostPort(cmp.Or(host, "localhost"), port)
}
