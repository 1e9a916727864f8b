package rules

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/wstest"
)

// listens: the server says where it listens, and it is where -addr says.
func listens(p *probe) {
	s := p.serve()
	ok := s.Output.Await(0, p.patience, func([]string) bool { return s.Output.Address() != "" })
	said := s.Output.Address()
	f := Failure{Sent: s.typed, Expected: "the line: listening on http://" + s.addr(), Came: cmp.Or(s.tail(3), "nothing was printed")}
	if !ok {
		f.Cause = `the line is missing: log.Printf("listening on http://%s", …) once net.Listen has returned`
		p.fail(f)
	}
	host, port, _ := strings.Cut(strings.TrimRight(said, "/"), ":"+s.port)
	switch {
	case port != "" || !strings.HasSuffix(strings.TrimRight(said, "/"), ":"+s.port):
		f.Cause = "the line names another port than -addr does"
	case host == "localhost" || host == "127.0.0.1" || host == "[::1]":
		return
	default:
		f.Cause = "it listens on every address of this machine: give net.Listen the value of -addr as it is, host and all"
	}
	p.fail(f)
}

// pageIDs are what the page's script and its tests look for.
var pageIDs = []string{"presence-indicator", "chat", "user", "text", "msgs"}

// ask sends a request over a connection of its own.
func (p *probe) ask(r wstest.Request) (*client, answer) {
	c := p.dial()
	return c, c.ask(r)
}

// get asks for a page or a file.
func (p *probe) get(path string) (*client, answer) {
	return p.ask(wstest.Request{"GET " + path + " HTTP/1.1", "Host: " + p.current().addr()})
}

// servesPage: GET / is the page.
func servesPage(p *probe) {
	c, a := p.get("/")
	expected := "200 and the page, with the ids " + strings.Join(pageIDs, ", ")
	switch {
	case a.err != nil:
		c.fail(expected, "no answer: is the handler given to http.Serve?")
	case a.status != http.StatusOK:
		c.fail(expected, "requests without an Upgrade header are for the page: frontend.Handler()")
	case !strings.HasPrefix(a.get("Content-Type"), "text/html"):
		c.fail(expected, "what came is not HTML: let frontend.Handler() answer")
	}
	for _, id := range pageIDs {
		if !regexp.MustCompile(`\bid=["']?` + id + `\b`).MatchString(a.body) {
			c.fail(expected, fmt.Sprintf("the page that came has no id %q: let frontend.Handler() answer", id))
		}
	}
}

// servesFiles: so are the files that the page loads.
func servesFiles(p *probe) {
	_, page := p.get("/")
	for _, m := range regexp.MustCompile(`(?:src|href)="([\w.-]+)"`).FindAllStringSubmatch(page.body, -1) {
		if c, a := p.get("/" + m[1]); a.status != http.StatusOK {
			c.fail("200 and the file: the page loads it", "the handler answers / only: pass every path to frontend.Handler()")
		}
	}
}

// Requested is what every server prints for an upgrade.
const Requested = "upgrade requested!"

// logs returns a behaviour: an upgrade request at path shows in the terminal.
func logs(path, cause string) func(*probe) {
	return func(p *probe) {
		r := p.upgrade()
		r[0] = "GET " + path + " HTTP/1.1"
		c, _ := p.ask(r)
		if !p.server.Output.Await(c.from, p.patience, func(lines []string) bool {
			return strings.Contains(strings.Join(lines, "\n"), Requested)
		}) {
			c.fail("the line in the terminal: "+Requested, cause)
		}
	}
}

// notYet: in step 1 there is no handshake.
func notYet(p *probe) {
	if c, a := p.ask(p.upgrade()); a.status != http.StatusNotImplemented {
		cause := "answer with http.Error(w, …, http.StatusNotImplemented): the handshake comes in step 2"
		switch {
		case a.err == errQuiet:
			cause = "the handler answers nothing. " + cause
		case a.status == http.StatusOK && a.body == "":
			cause = "an empty 200 means that the handler returned before anything was written: call what answers without go"
		}
		c.fail("501 Not Implemented, for now", cause)
	}
}

// answers returns a behaviour: a handshake with any of these values of a field has an answer with this
// status. A field in several lines has a | between them, HOST stands for the server's address, and ""
// is no such field.
func answers(status int, field, cause string, values ...string) func(*probe) {
	return func(p *probe) {
		for _, value := range values {
			p.expectStatus(p.upgrade().With(field, lines(value, p.current())...), status, cause)
		}
	}
}

// each returns a behaviour that is made of several.
func each(parts ...func(*probe)) func(*probe) {
	return func(p *probe) {
		for _, do := range parts {
			do(p)
		}
	}
}

// listed is what may be wrong where a list is refused.
const listed = "Connection is a list, as Firefox sends it: split it at commas, and compare without upper and lower case (strings.EqualFold)"

// lines returns the lines of a field.
func lines(value string, s *server) []string {
	if value == "" {
		return nil
	}
	return strings.Split(strings.NewReplacer("HOST", s.addr(), "UPPER", strings.ToUpper(s.addr())).Replace(value), "|")
}

// expectStatus sends a request that has to be answered with this status.
func (p *probe) expectStatus(r wstest.Request, status int, cause string) {
	c, a := p.ask(r)
	expected := fmt.Sprintf("%d %s", status, http.StatusText(status))
	switch {
	case a.err != nil:
		c.fail(expected, cmp.Or(whyNoAnswer(a), "the server hung up without an answer: "+cause))
	case a.status != status && (status < 400 || a.status < 400): // else it is refused, and not for want of this rule
		c.fail(expected, cause)
	case a.status != status:
		c.fail(expected, fmt.Sprintf("it is refused, but with %d: either the status is the wrong one, or another check comes first", a.status))
	case status == http.StatusUpgradeRequired && a.get("Sec-WebSocket-Version") != "13":
		c.fail(expected+", with the field Sec-WebSocket-Version: 13", "the field is missing that tells the client which version would do")
	case status >= 400:
		p.pause(10 * time.Millisecond) // what net/http has to say of the handler is printed by then
	}
}

// readsPORT: the environment chooses the port, unless -addr does.
func readsPORT(p *probe) {
	port, other := process.FreePort(), process.FreePort()
	expectUp := func(s *server, cause string) {
		if !s.awaitUp(p) {
			f := s.notUp()
			f.Cause = cause
			p.fail(*f)
		}
	}
	env := []string{"PORT=" + port}
	expectUp(p.launch(port, env), "the environment variable PORT is not read: os.Getenv(\"PORT\") is the port of -addr's default")
	expectUp(p.launch(other, env, "-addr", "localhost:"+other), "-addr was given and PORT was used: PORT only changes the default of -addr")
}

// portInUse: a port that is taken is one clear line.
func portInUse(p *probe) {
	first := p.serve()
	s := p.launch(first.port, nil, "-addr", first.addr())
	f := Failure{Sent: s.typed + "\nwhile another server has that port", Expected: "one line that names the address in use, and exit status 1"}
	if !s.AwaitExit(p.startPatience()) {
		s.asked = true // there is no more to say about its end
		f.Came = "the program goes on. It printed:\n" + cmp.Or(s.tail(3), "(nothing)")
		f.Cause = "the error of net.Listen or ListenAndServe is dropped: log.Fatal it"
		p.fail(f)
	}
	lines, _ := s.Output.Since(0)
	usual, _ := first.Output.Since(0)
	banner := max(0, slices.IndexFunc(usual, func(line string) bool { return strings.Contains(line, first.port) })) // lines in front of "listening on"
	s.asked = true                                                                                                  // to end, if not in this way
	f.Came = fmt.Sprintf("%v, and %d lines:\n%s", s.Cmd.ProcessState, len(lines), s.tail(4))
	said := strings.Join(lines, "\n")
	switch code := s.Cmd.ProcessState.ExitCode(); {
	case code == 2 && strings.Contains(said, "goroutine "):
		f.Cause = "it panics: log.Fatal says the same in one line"
	case code != 1:
		f.Cause = "the exit status tells scripts that it failed: log.Fatal has status 1"
	case len(lines) == 0:
		f.Cause = "nothing says why it ends: log.Fatal the error of net.Listen"
	case s.Output.Address() != "":
		f.Cause = "it says that it listens before it does: call net.Listen first, then log the line"
	case len(lines) > 1+banner:
		f.Cause = "one line is enough, and easier to find"
	case !strings.Contains(said, first.port):
		f.Cause = "the line does not say what is wrong: put the error of net.Listen into it"
	default:
		return
	}
	p.fail(f)
}

// endsAt returns a behaviour: the server ends at a signal after a browser was there, and with members
// connected. signal.Notify may stand behind net.Listen: if the signal was not caught, the server may
// need a moment more to come to it.
func endsAt(sig os.Signal, sent string, members int) func(*probe) {
	return func(p *probe) {
		for _, moment := range []time.Duration{0, time.Second} {
			s := p.serve()
			p.get("/") // the browser keeps the connection
			for range members {
				p.join()
			}
			p.pause(moment)
			s.signal(sig)
			if moment == 0 && s.AwaitExit(2*time.Second) && s.Cmd.ProcessState.ExitCode() < 0 {
				continue
			}
			p.awaitExit(s, sent)
			return
		}
	}
}

// signal sends a signal to the server; that it ends is then no crash. A server may call
// signal.Notify behind net.Listen: it gets the time for that.
func (s *server) signal(sig os.Signal) {
	s.asked = true
	time.Sleep(time.Until(s.begun.Add(300 * time.Millisecond)))
	s.Cmd.Process.Signal(sig)
}

// awaitExit waits for exit status 0 after a signal.
func (p *probe) awaitExit(s *server, sent string) {
	begun, within := time.Now(), 2*time.Second+p.patience/3
	f := Failure{Sent: sent, Expected: "the server ends within 2 s, with exit status 0"}
	if !s.AwaitExit(within) {
		f.Came = fmt.Sprintf("it still runs after %v", within.Round(100*time.Millisecond))
		f.Cause = "after signal.Notify, Ctrl-C does nothing by itself: receive from the channel, then close the server (Close does not wait, Shutdown does)"
		if p.step >= 6 {
			f.Cause = "a goodbye waits for somebody who does not listen: give every wait at the end a time limit"
		}
		p.fail(f)
	}
	if state := s.Cmd.ProcessState; !state.Success() {
		f.Came = fmt.Sprintf("%v after %v. It printed:\n%s", state, time.Since(begun).Round(100*time.Millisecond), s.tail(2))
		switch {
		case s.crash() != "":
			f.Cause = s.crash()
		case state.ExitCode() < 0:
			f.Cause = "the signal is not caught: signal.Notify(…, os.Interrupt, syscall.SIGTERM)"
		case strings.Contains(s.tail(3), "Server closed"):
			f.Cause = "http.ErrServerClosed is no failure: log.Fatal any other error, and let main return on this one"
		default:
			f.Cause = "something calls log.Fatal or os.Exit on the way out: the last line printed may say what"
		}
		p.fail(f)
	}
}
