package rules

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/wstest"
)

// A Row is something that a server must do from a given step onwards. It is written once, and
// held against the folders of the workshop by go test and against an attendee's by the check.
type Row struct {
	Step  int    // from which it holds
	Until int    // the last step it holds in, as the next replaces it; 0 if none does
	Name  string // what the server does, as a full statement
	Why   string // what it protects from, where that is not plain
	Hint  string // for the most frequent mistake
	Turn  string // the function to look at first, as in "frame.go readHeader"

	do       func(*probe)
	waits    bool // it takes seconds of waiting: begun first, so that it costs nothing
	unixOnly bool // it sends a signal, which Windows cannot
	raced    bool // it is about what the race detector sees
	slowed   bool // it is about a moment, and the race detector makes moments longer
}

// A Kind says what came in place of what was expected.
type Kind string

// The kinds of failure.
const (
	Wrong    Kind = "wrong"     // something else came
	TimedOut Kind = "timed out" // nothing came within the time limit
	HungUp   Kind = "hung up"   // the server ended the connection (FIN)
	Reset    Kind = "reset"     // the connection was reset (RST)
	Exited   Kind = "exited"    // the server's process ended
)

// A Failure is what an attendee is told: four things, each in short lines.
type Failure struct {
	Kind                        Kind
	Sent, Expected, Came, Cause string

	Says     string   // why the server refused or ended it, in its words
	Lines    []string // what the server printed since
	Terminal string   // of Lines, what is shown
	Stuck    string   // where its goroutines waited for what did not come

	from int // the line of the server's output that followed what was sent
}

// String returns what an attendee is told, in short lines.
func (f *Failure) String() string {
	var s strings.Builder
	for _, part := range []struct{ label, text, none string }{
		{"sent", f.Sent, "(nothing)"}, {"expected", f.Expected, "(nothing)"}, {"came", f.Came, "(nothing)"},
		{"terminal", f.Terminal, ""}, {"likely", f.Cause, "(not clear from outside)"},
	} {
		if text := cmp.Or(strings.TrimSpace(part.text), part.none); text != "" {
			fmt.Fprintf(&s, "  %-8s  %s\n", part.label, strings.ReplaceAll(text, "\n", "\n            "))
		}
	}
	return s.String()
}

// A probe holds a server to one behaviour. What it starts ends with it. Its methods
// end the behaviour where they cannot go on, by a panic with a *Failure.
type probe struct {
	ctx      context.Context
	target   *Target
	binary   string        // that it starts
	env      []string      // for that, besides the target's
	step     int           // that the server is held to
	patience time.Duration // how long to wait for what should come
	server   *server       // the last one started
	story    string        // what was done that may have been too much for the server

	mu      sync.Mutex // the fields below are shared by a behaviour's goroutines
	random  *rand.Rand
	keys    *rand.Rand // of handshakes: how many there are depends on time, and texts must not
	servers []*server
	conns   []net.Conn
	pushed  bool // a connection got the history
}

// fail ends the behaviour.
func (p *probe) fail(f Failure) { panic(&f) }

// run holds the target to a behaviour; it returns nil if that holds.
func (p *probe) run(b Row) *Failure {
	defer p.close()
	f := p.attempt(func() {
		b.do(p)
		p.expectNoMishap()
	})
	if f == nil || p.server == nil {
		return f
	}
	f.Cause = cmp.Or(p.server.fate(), f.Cause)
	f.Lines, _ = p.server.Output.Since(f.from)
	if waitedInVain.MatchString(f.Came) {
		f.Stuck = waiting(p.server.dump())
	}
	if p.server.Output.Flooded() && !p.server.asked {
		f.Cause += "\nthe server prints without end: thousands of lines came"
	}
	return f
}

// attempt returns the failure in which do ends, if it does.
func (p *probe) attempt(do func()) (f *Failure) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *Failure:
			f = v
		default:
			f = &Failure{Came: fmt.Sprint(v), Cause: "the check itself is broken here: please report it"}
		}
	}()
	do()
	return nil
}

// expectNoMishap holds the server's output to tell of no mistake that its clients have not seen.
func (p *probe) expectNoMishap() {
	if p.server == nil || p.server.asked {
		return
	}
	quoted, cause := p.server.tail(1), p.server.crash()
	lines, _ := p.server.Output.Since(0)
	if i := slices.IndexFunc(lines, misuse.MatchString); i >= 0 {
		quoted, cause = lines[i], "one request was answered twice: is there a return behind http.Error, and behind what else ends the answer?"
	}
	if cause != "" {
		p.fail(Failure{Sent: cmp.Or(p.story, "what this behaviour sends"), Expected: "each request is answered once, and no handler crashes",
			Came: "in the terminal:\n" + Shorten(quoted), Cause: cause})
	}
}

// close ends all that the probe has started.
func (p *probe) close() {
	p.abandon()
	for _, s := range p.servers {
		<-s.Done
	}
}

// abandon cuts all connections and kills the servers, so that the behaviour ends soon.
func (p *probe) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, nc := range p.conns {
		nc.Close()
	}
	for _, s := range p.servers {
		s.Kill()
	}
}

// goOn ends the behaviour if the check has been given up.
func (p *probe) goOn() {
	if p.ctx.Err() != nil {
		p.fail(Failure{Came: "the check was given up"})
	}
}

// serve starts the server as go run ./work -addr … does, and waits until it listens.
func (p *probe) serve() *server {
	port := process.FreePort()
	s := p.launch(port, nil, "-addr", "localhost:"+port)
	if !s.awaitUp(p) {
		panic(s.notUp())
	}
	return s
}

// current returns the server that the behaviour is about, and starts it if need be.
func (p *probe) current() *server {
	if p.server == nil {
		p.serve()
	}
	return p.server
}

// number returns a random number below n.
func (p *probe) number(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(n)
}

// bytes returns n random bytes.
func (p *probe) bytes(n int) []byte { return p.bytesFrom(p.random, n) }

// bytesFrom returns n random bytes from a source.
func (p *probe) bytesFrom(source *rand.Rand, n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(source.IntN(256))
	}
	return b
}

// word returns a random word of n letters.
func (p *probe) word(n int) string {
	var s strings.Builder
	for i := range n {
		s.WriteByte([]string{"bdfgklmnprstvz", "aeiou"}[i%2][p.number(5)])
	}
	return s.String()
}

// post returns a random message.
func (p *probe) post() post {
	return post{User: p.word(4), Text: "hello " + p.word(8)}
}

// postOf returns a random message that is n bytes long as JSON.
func (p *probe) postOf(n int) post {
	m := post{User: p.word(4), Text: p.word(8) + " "}
	m.Text += p.word(n - len(m.json()))
	return m
}

// text returns a masked text frame with a message in it.
func (p *probe) text(m post) wstest.Frame { return p.masked(wstest.Text, m.json()) }

// masked returns a whole message in a frame, masked with a random key.
func (p *probe) masked(opcode byte, payload []byte) wstest.Frame {
	return wstest.Whole(opcode, payload, p.key())
}

// key returns a random masking key in which no two neighbours are alike, so that a mask
// applied from the wrong place shows.
func (p *probe) key() [4]byte {
	key := [4]byte(p.bytes(4))
	for i := range key {
		key[i] = key[i]&0x8F | byte(0x10*(1+2*i)) // bits 4 to 6 are 1, 3, 5, 7
	}
	return key
}

// fragments returns the payload as a message in frames of the given sizes, the last one open.
func (p *probe) fragments(opcode byte, payload []byte, sizes ...int) []wstest.Frame {
	return p.keyed(fragments(opcode, payload, sizes...))
}

// fragments are frames whose masking keys are yet to be chosen.
func fragments(opcode byte, payload []byte, sizes ...int) (all []wstest.Frame) {
	for _, size := range append(sizes, len(payload)) {
		size = min(size, len(payload))
		all = append(all, wstest.Frame{Opcode: opcode, Masked: true, Payload: payload[:size]})
		payload, opcode = payload[size:], wstest.Continuation
	}
	all[len(all)-1].Fin = true
	return all
}

// keyed gives frames their masking keys.
func (p *probe) keyed(all []wstest.Frame) []wstest.Frame {
	all = slices.Clone(all)
	for i := range all {
		all[i].Key = p.key()
	}
	return all
}

// together runs do n times at once and waits for all; the first failure is the behaviour's.
func (p *probe) together(n int, do func(i int)) {
	failures := make(chan *Failure, n)
	for i := range n {
		go func() { failures <- p.attempt(func() { do(i) }) }()
	}
	var first *Failure
	for range n {
		first = cmp.Or(first, <-failures)
	}
	if first != nil {
		panic(first)
	}
}

// pause waits for something that must not happen.
func (p *probe) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.ctx.Done():
	}
}
