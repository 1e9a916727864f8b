package behaviour

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/rules"
)

// Requested is the line that every server prints for an upgrade.
const Requested = "upgrade requested!"

// listens: the server prints where it listens, which is the address in -addr and no other.
func listens(p *probe.Probe) {
	s := p.Serve()
	f := probe.Failure{Kind: probe.Wrong, Sent: s.Typed, Expected: "the line: listening on http://" + s.Addr()}
	printed := s.Output.Await(0, p.Patience, func([]string) bool { return s.Output.Address() != "" })
	f.Came = cmp.Or(s.Tail(3), "nothing was printed")
	host, port, _ := strings.Cut(s.Output.Address(), ":"+s.Port)
	switch open := openTo(s.Port); {
	case open != "":
		f.Expected, f.Came = "it listens only on this machine's own address", "it also accepts connections to "+open
		f.Cause = "it listens on every address of this machine: " +
			"give net.Listen the value of -addr unchanged, host and all"
	case !printed:
		f.Cause = `the line is missing: log.Printf("listening on http://%s", …) once net.Listen has returned`
	case port != "" || !strings.HasSuffix(s.Output.Address(), ":"+s.Port):
		f.Cause = "the line names a different port than -addr"
	case !slices.Contains([]string{"localhost", "127.0.0.1", "[::1]"}, host):
		f.Cause = "the line names a different host than -addr"
	default:
		return
	}
	p.Fail(f)
}

// openTo returns the addresses other than localhost's on which a server accepts connections.
func openTo(port string) string {
	others := []string{net.JoinHostPort("127.0.0.2", port)} // this machine, too, on Linux and Windows
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			others = append(others, net.JoinHostPort(ip.IP.String(), port))
		}
	}
	return strings.Join(process.Answering(others), " and ")
}

// servesPage: GET / is the page.
func servesPage(p *probe.Probe) {
	c, a := p.Get("/")
	const expected = "200, and the page with the ids presence-indicator, chat, user, text, msgs"
	switch {
	case c.Kind != "":
		c.Fail(expected, "no answer: is the handler given to http.Serve?")
	case a.Status != http.StatusOK:
		c.Fail(expected, "requests without an Upgrade header are for the page: frontend.Handler()")
	case !strings.HasPrefix(a.Get("Content-Type"), "text/html"):
		c.Fail(expected, "what came is not HTML: let frontend.Handler() answer")
	}
	for _, id := range []string{"presence-indicator", "chat", "user", "text", "msgs"} {
		if !regexp.MustCompile(`\bid=["']?` + id + `\b`).MatchString(a.Body) {
			c.Fail(expected, fmt.Sprintf("the page that came has no id %q: let frontend.Handler() answer", id))
		}
	}
	if p.Server.Prints(c.From, Requested, 200*time.Millisecond) {
		c.Fail("no line in the terminal that an upgrade was requested",
			"log that line only for requests with an Upgrade header")
	}
}

// servesFiles: the files that the page loads are served.
func servesFiles(p *probe.Probe) {
	_, page := p.Get("/")
	for _, m := range regexp.MustCompile(`(?:src|href)="([\w.-]+)"`).FindAllStringSubmatch(page.Body, -1) {
		if c, a := p.Get("/" + m[1]); a.Status != http.StatusOK {
			c.Fail("200 and the file: the page loads it")
		}
	}
}

// logs returns a row: the server logs an upgrade request with each of these changes.
func logs(changes ...string) func(*probe.Probe) {
	return func(p *probe.Probe) {
		for _, change := range changes {
			c, _ := p.Ask(p.Upgrade().Changed(change))
			if !p.Server.Prints(c.From, Requested, p.Patience) {
				c.Fail("the line in the terminal: "+Requested, p.Hint)
			}
		}
	}
}

// notYet: in step 1 there is no handshake.
func notYet(p *probe.Probe) {
	cause := "answer with http.Error(w, …, http.StatusNotImplemented): the handshake follows in step 2"
	c, a := p.Ask(p.Upgrade())
	if a.Status == http.StatusOK && a.Body == "" {
		cause = "an empty 200 means that the handler returned before anything was written. " + cause
	}
	if a.Status != http.StatusNotImplemented {
		c.Fail("501 Not Implemented, for now", cause)
	}
}

// readsPORT: the environment chooses the port, unless -addr does.
func readsPORT(p *probe.Probe) {
	port, other := process.FreePort(), process.FreePort()
	for _, try := range []struct {
		port, cause string
		args        []string
	}{
		{port, `PORT is not read: os.Getenv("PORT") is the port of -addr's default`, nil},
		{other, "-addr was given and PORT was used: PORT only changes the default of -addr",
			[]string{"-addr", "localhost:" + other}},
	} {
		if s := p.Launch(try.port, []string{"PORT=" + port}, try.args...); !p.AwaitUp(s) {
			f := s.NotUp()
			f.Cause = cmp.Or(s.Crash(), try.cause)
			p.Fail(*f)
		}
	}
}

// portInUse: the server reports a port in use in one clear line.
func portInUse(p *probe.Probe) {
	first := p.Serve()
	s := p.Launch(first.Port, nil, "-addr", first.Addr())
	ended := s.AwaitExit(p.StartPatience())
	s.Asked = true // to exit, if not in this way
	lines, _ := s.Output.Since(0)
	usual, _ := first.Output.Since(0)
	banner := max(0, slices.IndexFunc(usual,
		func(line string) bool { return strings.Contains(line, first.Port) }))
	f := probe.Failure{Kind: probe.Wrong, Sent: s.Typed + "\nwhile another server has that port",
		Expected: "one line that names the address in use, and exit status 1"}
	f.Came = fmt.Sprintf("%v, and %d lines:\n%s", s.Cmd.ProcessState, len(lines), s.Tail(4))
	switch said := strings.Join(lines, "\n"); {
	case !ended:
		f.Came = "the program keeps running. It printed:\n" + cmp.Or(s.Tail(3), "(nothing)")
		f.Cause = "the error of net.Listen or ListenAndServe is dropped: log.Fatal it"
	case s.Cmd.ProcessState.ExitCode() == 2 && strings.Contains(said, "goroutine "):
		f.Cause = "it panics: log.Fatal prints the same in one line"
	case s.Cmd.ProcessState.ExitCode() != 1:
		f.Cause = "the exit status must tell scripts that it failed: log.Fatal exits with status 1"
	case len(lines) == 0:
		f.Cause = "it does not print why it exits: log.Fatal the error of net.Listen"
	case s.Output.Address() != "":
		f.Cause = "it prints that it listens before it does: call net.Listen first, then log the line"
	case len(lines) > 1+banner:
		f.Cause = "one line is enough, and easier to find"
	case !strings.Contains(said, first.Port):
		f.Cause = "the line does not name the problem: put the error of net.Listen into it"
	default:
		return
	}
	p.Fail(f)
}

// endsAt returns a row: a signal ends the server after a browser has visited, and with members connected. A
// server may call signal.Notify after net.Listen, so if the signal is not caught, it gets a moment more.
func endsAt(sig os.Signal, sent string, members int) func(*probe.Probe) {
	return func(p *probe.Probe) {
		for _, moment := range []time.Duration{0, time.Second} {
			s := p.Serve()
			p.Get("/") // the browser keeps the connection
			for range members {
				p.Join()
			}
			p.Pause(moment)
			s.Signal(sig)
			if moment == 0 && s.AwaitExit(rules.StopTime) && s.Cmd.ProcessState.ExitCode() < 0 {
				continue
			}
			p.ExpectExit(s, sent, "the signal is caught, and nothing ends the server: "+
				"receive from the channel, then Shutdown it")
			return
		}
	}
}
