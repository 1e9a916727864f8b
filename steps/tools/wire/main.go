// Command wire stands between the page and one or two servers of the workshop, passes every
// byte on as it came, and shows them all on a page of its own:
//
//	go run ./steps/tools/wire [-addr localhost:8080] [-addr2 localhost:8081] [-view localhost:8090] [SERVER [SERVER]]
//
// A SERVER is a folder with the code of one (raw, library, steps/03, work), which is built and
// started, and anew on every save; or the host:port of something that runs already. Without
// one, it is raw and library. Programs read the events at /events of the view's address: see
// event, and send bytes as the page does: see view.send.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"websocket-workshop/steps/tools/programs"
)

func main() {
	addrs := [3]*string{
		flag.String("addr", "localhost:8080", "`host:port` in front of the first server"),
		flag.String("addr2", "localhost:8081", "`host:port` in front of the second"),
		flag.String("view", "localhost:8090", "`host:port` of the page that shows the bytes"),
	}
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	if err := run(ctx, os.Stdout, flag.Args(), *addrs[0], *addrs[1], *addrs[2]); err != nil {
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
	v := &view{record: newRecord(), ending: make(chan struct{}), run: strconv.FormatInt(time.Now().UnixMilli(), 36)}
	flags := []string{"-addr", "-addr2"}
	for i, s := range servers {
		l, err := listen(flags[i], []string{first, second}[i])
		if err != nil {
			return err
		}
		defer l.Close()
		p := &proxy{name: s.name, log: v.record, addr: reachable([]string{first, second}[i], l), at: s.address}
		v.proxies = append(v.proxies, p)
		go p.serve(l)
	}
	l, err := listen("-view", page)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: v.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	go server.Serve(l)
	defer v.close(server)

	started := func() {
		for i, p := range v.proxies {
			fmt.Fprintf(out, "%-8s http://%s   (the server itself listens on %s)\n", p.name, p.addr, servers[i].address())
		}
		fmt.Fprintf(out, "%-8s http://%s/wire.html\n", "the view", reachable(page, l))
	}
	return watchOver(ctx, servers, started)
}

// watchOver starts the servers, and anew on every save, until ctx ends; then it ends them.
func watchOver(ctx context.Context, servers []*server, started func()) error {
	defer func() {
		var all sync.WaitGroup
		for _, s := range servers {
			all.Go(s.end)
		}
		all.Wait()
	}()
	abandoned, told := programs.Abandoned(), false
	for ctx.Err() == nil && !abandoned() {
		up := true
		var all sync.WaitGroup
		for _, s := range servers {
			all.Go(func() { s.keep(ctx) })
		}
		all.Wait()
		for _, s := range servers {
			up = up && s.address() != ""
		}
		if up && !told && ctx.Err() == nil {
			started()
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond): // between two looks at the files
		}
	}
	return nil
}

// listen listens on an address; its error is one line that says what to do.
func listen(name, addr string) (net.Listener, error) {
	if others := programs.Answering(programs.Loopback(addr)); others != nil {
		return nil, fmt.Errorf("another program answers on %s: stop it, or choose another port: %s localhost:%d", strings.Join(others, " and "), name, free(addr))
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%v: choose another address: %s localhost:%d", err, name, free(addr))
	}
	return l, nil
}

// free returns a port to propose in place of that of addr.
func free(addr string) int {
	_, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	return max(n, 8079)%64000 + 1000
}

// reachable returns the host:port to give a browser for a listener on addr.
func reachable(addr string, l net.Listener) string {
	host, _, _ := net.SplitHostPort(addr)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if host == "" {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// findServers makes servers of the arguments; its error is one line.
func findServers(args []string) (servers []*server, err error) {
	if len(args) == 0 {
		args = []string{"raw", "library"}
	} else if len(args) > 2 {
		return nil, fmt.Errorf("one server or two, and not %d: flags go in front of them", len(args))
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for i, arg := range args {
		s := &server{name: strings.TrimSuffix(filepath.ToSlash(arg), "/"), out: os.Stderr}
		dir := filepath.Join(here, arg)
		if filepath.IsAbs(arg) {
			dir = arg
		}
		info, err := os.Stat(dir)
		if err != nil { // from within a folder of the workshop, too
			dir = filepath.Join(programs.Root(here), arg)
			info, err = os.Stat(dir)
		}
		_, port, noPort := net.SplitHostPort(arg)
		_, badPort := net.LookupPort("tcp", port)
		switch {
		case err == nil && info.IsDir() && programs.Root(dir) == "":
			return nil, fmt.Errorf("%s is outside of the workshop's folder, and Go would not find the page it serves: put it inside", arg)
		case err == nil && info.IsDir():
			s.root, s.dir = programs.Root(dir), dir
			s.file = filepath.Join(s.root, ".bin", fmt.Sprintf("wire-%d.exe", i+1))
		case noPort == nil && port != "" && badPort == nil:
			s.addr.Store(&arg)
		case errors.Is(err, os.ErrNotExist) && arg == "work":
			return nil, errors.New("there is no work/ yet: begin with task play-1, or go run ./steps/tools/play -step 1")
		default:
			return nil, fmt.Errorf("%s is neither a folder with a server nor a host:port", arg)
		}
		if i == 1 && servers[0].name == s.name {
			s.name += " (2)"
		}
		servers = append(servers, s)
		defer func() {
			if s.root != "" {
				os.Chdir(s.root) // where the code and the page are looked at
			}
		}()
	}
	return servers, nil
}
