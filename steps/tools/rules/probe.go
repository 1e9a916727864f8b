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

	"websocket-workshop/steps/tools/wstest"
)

// A probe holds a server to one row. What it starts ends with it. Its methods end the row where they
// cannot go on, by a panic with a *Failure.
type probe struct {
	ctx      context.Context
	target   *Target
	row      Row
	binary   string        // that it starts
	speed    time.Duration // by which its times are divided
	step     int           // that the server is held to
	patience time.Duration // how long to wait for what should come
	server   *server       // the last one started
	story    string        // what was done that may have been too much for the server
	crowd    bool          // several members were there at the same time

	starting sync.Mutex // the first server is started once

	mu      sync.Mutex // the fields below are shared by a row's goroutines
	random  *rand.Rand
	keys    *rand.Rand // of handshakes: how many there are depends on time, and texts must not
	servers []*server
	conns   []net.Conn
	pushed  bool // a connection got the history
}

// fail ends the row.
func (p *probe) fail(f Failure) { panic(&f) }

// run holds the target to the row; it returns nil if that holds.
func (p *probe) run() *Failure {
	defer p.close()
	f := p.attempt(func() {
		p.row.do(p)
		p.expectNoMishap()
	})
	if f != nil && p.server != nil {
		p.explain(f)
	}
	if f != nil && f.Kind != Exited && f.Leeway == nil && len(p.row.leeway) > 0 {
		f.Leeway = &p.row.leeway[0]
	}
	return f
}

// explain puts what the server itself shows of a failure's cause in place of what is guessed from outside.
func (p *probe) explain(f *Failure) {
	s := p.server
	ended := s.fate()
	if !p.crowd { // else they are of other members, too
		f.Lines, _ = s.Output.Since(f.from)
	}
	switch {
	case ended != "":
		f.Kind, f.Cause = Exited, ended
	case s.race() != "":
		f.Cause = s.race()
	case s.Output.Flooded() && !s.asked:
		f.Cause = "the server prints without end: thousands of lines came"
	case f.Kind == TimedOut:
		f.Cause = cmp.Or(stuck(s.dump()), f.Cause)
	}
}

// attempt returns the failure in which do ends, if it does.
func (p *probe) attempt(do func()) (f *Failure) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *Failure:
			f = v
		default:
			f = &Failure{Kind: Wrong, Came: fmt.Sprint(v), Cause: "the check itself is broken here: please report it"}
		}
	}()
	do()
	return nil
}

// expectNoMishap holds the server's output to show no mistake that its clients have not noticed.
func (p *probe) expectNoMishap() {
	s := p.server
	if s == nil {
		return
	}
	f := Failure{Kind: Wrong, Sent: cmp.Or(p.story, "(see the lines above)"), Expected: "each request is answered once, no handler crashes, and no data race"}
	lines, _ := s.Output.Since(0)
	switch i := slices.IndexFunc(lines, misuse.MatchString); {
	case s.race() != "":
		f.Came, f.Cause = "WARNING: DATA RACE", s.race()
	case s.asked:
		return
	case i >= 0:
		f.Came, f.Cause = lines[i], "one request was answered twice: is there a return after http.Error, and after whatever else ends the answer?"
	case s.crash() != "":
		f.Came, f.Cause = s.tail(1), s.crash()
	default:
		return
	}
	f.Came = "in the terminal:\n" + Shorten(f.Came)
	p.fail(f)
}

// died fails the row if the whole program has ended.
func (p *probe) died() {
	if why := p.server.fate(); why != "" {
		p.fail(Failure{Kind: Exited, Sent: cmp.Or(p.story, "a new connection was made"), Expected: "the server goes on, for everyone else",
			Came: "the whole program ended. In the terminal:\n" + cmp.Or(p.server.tail(1), "(nothing)"), Cause: why})
	}
}

// close ends all that the probe has started.
func (p *probe) close() {
	p.abandon()
	for _, s := range p.servers {
		<-s.Done
	}
}

// abandon cuts all connections and kills the servers, so that the row ends soon.
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

// goOn ends the row if the check has been given up.
func (p *probe) goOn() {
	if p.ctx.Err() != nil {
		p.fail(Failure{Came: "the check was given up"})
	}
}

// current returns the server that the row is about, and starts it if need be.
func (p *probe) current() *server {
	p.starting.Lock()
	defer p.starting.Unlock()
	if p.server == nil {
		p.serve()
	}
	return p.server
}

// scaled returns what a time of a server takes here.
func (p *probe) scaled(d time.Duration) time.Duration { return d / p.speed }

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

// post returns a random post.
func (p *probe) post() post { return post{User: p.word(4), Text: "hello " + p.word(8)} }

// postOf returns a random post that is n bytes long as JSON.
func (p *probe) postOf(n int) post {
	m := post{User: p.word(4), Text: p.word(8) + " "}
	m.Text += p.word(n - len(m.json()))
	return m
}

// posts returns n random posts that are so many bytes long as JSON.
func (p *probe) posts(n, size int) (all []post) {
	for range n {
		all = append(all, p.postOf(size))
	}
	return all
}

// text returns a masked text frame with a post in it.
func (p *probe) text(m post) wstest.Frame { return p.masked(wstest.Text, m.json()) }

// masked returns a whole message in a frame, masked with a random key.
func (p *probe) masked(opcode byte, payload []byte) wstest.Frame {
	return wstest.Whole(opcode, payload, p.key())
}

// closeFrame returns a masked close frame.
func (p *probe) closeFrame(code int, reason string) wstest.Frame {
	return p.masked(wstest.Close, wstest.ClosePayload(code, reason))
}

// key returns a random masking key in which no two neighbours are alike, so that a mask applied from
// the wrong place shows.
func (p *probe) key() [4]byte {
	key := [4]byte(p.bytes(4))
	for i := range key {
		key[i] = key[i]&0x8F | byte(0x10*(1+2*i)) // bits 4 to 6 are 1, 3, 5, 7
	}
	return key
}

// fragments returns a text as a message in frames of the given sizes, the last one open.
func (p *probe) fragments(text []byte, sizes ...int) (all []wstest.Frame) {
	opcode := byte(wstest.Text)
	for _, size := range append(sizes, len(text)) {
		size = min(size, len(text))
		all = append(all, wstest.Frame{Opcode: opcode, Masked: true, Key: p.key(), Payload: text[:size]})
		text, opcode = text[size:], wstest.Continuation
	}
	all[len(all)-1].Fin = true
	return all
}

// together runs do n times at once and waits for all; the first failure is the row's.
func (p *probe) together(n int, do func(i int)) {
	p.crowd = true
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
