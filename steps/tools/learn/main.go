// Learn shows the whole workshop on one page: the lesson, the chat and the bytes of the attendee's own
// server, what the check finds, and what the server prints.
//
//	go run ./steps/tools/learn [-addr localhost:8080] [-view localhost:8090] [-host NAME]
//
// prints the page's address. It builds, runs and checks the code in work/, and does so again on every
// save. Without a work/ the page offers to begin step 1.
//
//	go run ./steps/tools/learn raw library
//
// shows these servers (a folder, or the host:port of one that is running) in place of work/, for the
// projector. The second one's address is -addr2.
//
//	go run ./steps/tools/learn -site FOLDER
//
// writes the lessons as static pages, which any web server can serve.
//
// The page is only for this machine: it refuses other hosts and other pages, since it starts programs.
// -host names one more host, for a forwarded port.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/wiretap"
)

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "localhost:8080", "`host:port` of the chat")
	flag.StringVar(&o.addr2, "addr2", "localhost:8081", "`host:port` of the second server's chat")
	flag.StringVar(&o.view, "view", "localhost:8090", "`host:port` of the page")
	const host = "`name` of the page's host, if your browser reaches it through a forwarded port"
	flag.Func("host", host, func(name string) error {
		o.hosts = append(o.hosts, name)
		return nil
	})
	site := flag.String("site", "",
		"`folder` to write the lessons into as static pages, in place of serving them")
	flag.Parse()
	if *site != "" {
		if err := writeSite(*site); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Printf("the lessons are in %s: open %s\n", *site, filepath.Join(*site, "index.html"))
		return
	}
	o.servers = flag.Args()
	if err := run(process.Attended(), os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Options are the command's options.
type options struct {
	addr, addr2, view string
	hosts             []string // names of the page behind a forwarded port
	servers           []string // none: work
}

// run serves the page until ctx is done.
func run(ctx context.Context, out io.Writer, o options) error {
	root := process.Workshop(".")
	if root == "" {
		return fmt.Errorf("the current folder is not in the workshop: go there first")
	}
	s, err := newSession(root, o.servers)
	if err != nil {
		return err
	}
	defer s.close()
	addrs := []string{o.addr, o.addr2}[:len(s.servers)]
	listeners, err := wiretap.Listen(ctx, addrs, o.view)
	if err != nil {
		return err
	}
	for i, server := range s.servers {
		tap := wiretap.NewTap(s.record, server.Name, wiretap.Reachable(addrs[i], listeners[i]), server.Address)
		s.taps = append(s.taps, tap)
		go tap.Serve(listeners[i])
	}
	l := listeners[len(s.servers)]
	view := wiretap.NewView(s.record, s.taps...)
	site := &http.Server{Handler: wiretap.Guard(s.handler(view), o.hosts...), ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	go site.Serve(l)
	defer view.Close(site)

	var all sync.WaitGroup
	defer all.Wait()
	for _, server := range s.servers {
		if server.Keeper != nil {
			all.Go(func() { server.Keeper.Keep(ctx) })
		}
	}
	all.Go(func() { s.checkSaves(ctx) })
	fmt.Fprintf(out, "open  http://%s\n", wiretap.Reachable(o.view, l))
	<-ctx.Done()
	s.feed.end()
	return nil
}

// A session is one run of learn.
type session struct {
	root    string // the workshop's folder
	files   *os.Root
	own     bool // the server is the attendee's, in work/
	servers []*wiretap.Server
	record  *wiretap.Record
	taps    []*wiretap.Tap
	feed    *feed
	saved   chan struct{} // receives after each save that builds

	mu    sync.Mutex   // one step is begun at a time
	at    atomic.Int64 // the step of the code in work/, when it last parsed
	holds atomic.Int64 // the last step whose check passed
}

type step = int

// newSession finds the servers, but does not start them.
func newSession(root string, names []string) (*session, error) {
	files, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	s := &session{root: root, files: files, own: len(names) == 0, record: wiretap.NewRecord(), feed: newFeed(),
		saved: make(chan struct{}, 1)}
	if s.own {
		addr := net.JoinHostPort("localhost", process.FreePort())
		k := &process.Keeper{Name: "work", Root: root, Dir: "work", File: filepath.Join(root, ".bin", "learn-1"),
			Addr: addr, Args: []string{"-addr", addr}, Waits: true}
		k.Line = func(line string) { s.feed.print("work", line) }
		s.servers = []*wiretap.Server{{Name: "work", Addr: addr, Keeper: k}}
	} else if s.servers, err = wiretap.FindServers(names, "learn", s.feed.print); err != nil {
		return nil, err
	}
	for _, server := range s.servers {
		if server.Keeper != nil {
			server.Keeper.Again = make(chan bool)
			server.Keeper.Report = func(e process.Event) { s.report(server.Name, e) }
		}
	}
	return s, nil
}

func (s *session) close() { s.files.Close() }

// report tells the page what has happened to a server, without mentioning the terminal's Ctrl-C.
func (s *session) report(name string, e process.Event) {
	state := string(e.Kind)
	_, err := os.Stat(filepath.Join(s.root, "work"))
	if s.own && err != nil && (e.Kind == process.BuildFailed || e.Kind == process.Stopped) {
		state = "no code"
	}
	text, _, _ := strings.Cut(e.String(), " or press Ctrl-C")
	s.feed.add(entry{Kind: "server", Server: name, State: state, Text: strings.TrimRight(text, ";,"),
		Errors: compileErrors(s.root, e.Output)})
	switch e.Kind {
	case process.Saved, process.BuildFailed:
		s.feed.add(entry{Kind: "code"})
	case process.Running:
		if s.own {
			select {
			case s.saved <- struct{}{}:
			default:
			}
		}
	}
}
