// Package probe tests whether a server does what it must: it starts the program, talks to it as one or many
// clients, and reports what came instead of what was expected, and the likely cause. It knows the chat's
// messages, but no step.
//
// A row is a function that takes a Probe. The Probe's methods end the row when something is wrong.
package probe

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

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// A Config tells which server a row tests, and how.
type Config struct {
	Name   string   // of the folder with its source, as the user calls it: work, or steps/03
	Dir    string   // that folder's full path
	Binary string   // the program built from it
	Env    []string // for its processes, in addition to the check's own

	Step     int           // that the server must pass
	Library  bool          // it is written on a library
	Quick    bool          // its times are those that Shorter returns
	Patience time.Duration // how long to wait for what should arrive
	Seed     [2]uint64     // of everything random

	Row  string // the row's name
	Hint string // for the most frequent mistake
}

// A Probe tests one server, or several of the same code, against one row.
type Probe struct {
	Config
	Server *Server // the last one started; nil before the first
	Story  string  // what was done that may have been too much for the server

	ctx      context.Context
	starting sync.Mutex // held while the first server is started
	crowd    bool       // several members were there at the same time

	mu      sync.Mutex // for the fields below
	random  *rand.Rand
	keys    *rand.Rand // for handshakes: their number depends on time, and texts must not
	servers []*Server
	conns   []net.Conn
	greeted bool // a connection got the history
}

// Run tests the server against a row, and returns nil if it passes. When the context ends, so do all
// servers that were started, and with them whatever the row waits for.
func Run(ctx context.Context, config Config, row func(*Probe)) *Failure {
	p := &Probe{Config: config, ctx: ctx}
	p.random = rand.New(rand.NewPCG(config.Seed[0], config.Seed[1]))
	p.keys = rand.New(rand.NewPCG(config.Seed[1], config.Seed[0]))
	defer context.AfterFunc(ctx, p.abandon)()
	defer p.close()
	f := p.Attempt(func() {
		row(p)
		p.expectNoMishap()
	})
	if f != nil && p.Server != nil {
		p.explain(f)
	}
	return f
}

// Fail ends the row.
func (p *Probe) Fail(f Failure) { panic(&f) }

// Attempt calls do, and returns the failure that ended it, or nil.
func (p *Probe) Attempt(do func()) (f *Failure) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *Failure:
			f = v
		default:
			f = &Failure{Kind: Wrong, Came: fmt.Sprint(v),
				Cause: "this is a bug in the check itself: please report it"}
		}
	}()
	do()
	return nil
}

// explain adds to a failure what the server itself reveals about the cause.
func (p *Probe) explain(f *Failure) {
	s := p.Server
	ended, mishap := s.fate(), s.mishap()
	if p.Quick {
		var times []string
		for _, d := range []time.Duration{rules.WriteTime, rules.PingTime} {
			times = append(times, rules.Seconds(d)+" become "+rules.Seconds(Shorter(d)))
		}
		f.Sent += "\n(to a build with shorter times: " + strings.Join(times, ", and ") + ")"
	}
	if f.Lines == nil && !p.crowd { // otherwise they are also about other members
		f.Lines, _ = s.Output.Since(f.from)
	}
	switch {
	case ended != "":
		f.Kind, f.Cause = Exited, ended
	case mishap != "":
		f.Cause = mishap
	case f.Kind == TimedOut:
		if waiting := stuck(s.Dump()); strings.Contains(waiting, "for a lock") {
			f.Cause = waiting // next to this, any other cause is a guess
		} else {
			f.Cause = strings.TrimSpace(waiting + "\n" + f.Cause)
		}
	}
}

// expectNoMishap fails the row if the server's output shows a bug that its clients have not noticed.
func (p *Probe) expectNoMishap() {
	if p.Server == nil {
		return
	}
	if why := cmp.Or(p.Server.mishap(), p.Server.Crash()); why != "" {
		p.Fail(Failure{Kind: Wrong, Sent: cmp.Or(p.Story, p.Row), Cause: why, Came: "what the terminal shows",
			Expected: "each request is answered once, no handler crashes, and there is no data race"})
	}
}

// Alive fails the row if the whole program has exited.
func (p *Probe) Alive() {
	if why := p.Server.fate(); why != "" {
		p.Fail(Failure{Kind: Exited, Sent: cmp.Or(p.Story, "a new connection was made"),
			Expected: "the server keeps running for everyone else", Cause: why,
			Came: "the whole program exited. In the terminal:\n" + cmp.Or(p.Server.Tail(1), "(nothing)")})
	}
}

// close ends everything that the probe has started.
func (p *Probe) close() {
	p.abandon()
	for _, s := range p.servers {
		<-s.Done
	}
}

// abandon cuts all connections and kills the servers, so that the row ends soon.
func (p *Probe) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, nc := range p.conns {
		nc.Close()
	}
	for _, s := range p.servers {
		s.Kill()
	}
}

// goOn ends the row if the check has been cancelled.
func (p *Probe) goOn() {
	if p.ctx.Err() != nil {
		p.Fail(Failure{Came: "the check was cancelled"})
	}
}

// Shorter returns what one of a server's times becomes in a quick build: from one ping to the next it is a
// second, and the limits for one write or one request leave some room for a busy machine.
func Shorter(d time.Duration) time.Duration {
	if d >= rules.PingTime {
		return d / (rules.PingTime / time.Second)
	}
	return d / 10
}

// Scaled returns how long one of the server's times is in this build.
func (p *Probe) Scaled(d time.Duration) time.Duration {
	if p.Quick {
		return Shorter(d)
	}
	return d
}

// Number returns a random number below n.
func (p *Probe) Number(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(n)
}

// Bytes returns n random bytes.
func (p *Probe) Bytes(n int) []byte { return p.bytesFrom(p.random, n) }

func (p *Probe) bytesFrom(source *rand.Rand, n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(source.IntN(256))
	}
	return b
}

// Word returns a random word of n letters.
func (p *Probe) Word(n int) string {
	var s strings.Builder
	for i := range n {
		s.WriteByte([]string{"bdfgklmnprstvz", "aeiou"}[i%2][p.Number(5)])
	}
	return s.String()
}

// Post returns a random post.
func (p *Probe) Post() Post { return Post{User: p.Word(4), Text: "hello " + p.Word(8)} }

// PostOf returns a random post that is n bytes long as JSON.
func (p *Probe) PostOf(n int) Post {
	m := Post{User: p.Word(4), Text: p.Word(8) + " "}
	m.Text += p.Word(n - len(m.JSON()))
	return m
}

// Posts returns n random posts of this many bytes as JSON.
func (p *Probe) Posts(n, size int) (all []Post) {
	for range n {
		all = append(all, p.PostOf(size))
	}
	return all
}

// Text returns a masked text frame with a post in it.
func (p *Probe) Text(m Post) wstest.Frame { return p.Masked(wstest.Text, m.JSON()) }

// Masked returns a whole message in a frame, masked with a random key.
func (p *Probe) Masked(opcode byte, payload []byte) wstest.Frame {
	return wstest.Whole(opcode, payload, p.Key())
}

// CloseFrame returns a masked close frame.
func (p *Probe) CloseFrame(code int, reason string) wstest.Frame {
	return p.Masked(wstest.Close, wstest.ClosePayload(code, reason))
}

// Key returns a random masking key in which no two neighbours are alike, so that a mask applied from
// the wrong place shows.
func (p *Probe) Key() [4]byte {
	key := [4]byte(p.Bytes(4))
	for i := range key {
		key[i] = key[i]&0x8F | byte(0x10*(1+2*i)) // bits 4 to 6 are 1, 3, 5, 7
	}
	return key
}

// Keyed returns the frames with new masking keys.
func (p *Probe) Keyed(all []wstest.Frame) []wstest.Frame {
	all = slices.Clone(all)
	for i := range all {
		all[i].Key = p.Key()
	}
	return all
}

// Fragments returns a text as a message in frames of the given sizes, and one more for the rest.
func (p *Probe) Fragments(text []byte, sizes ...int) (all []wstest.Frame) {
	opcode := byte(wstest.Text)
	for _, size := range append(sizes, len(text)) {
		size = min(size, len(text))
		all = append(all, wstest.Frame{Opcode: opcode, Masked: true, Key: p.Key(), Payload: text[:size]})
		text, opcode = text[size:], wstest.Continuation
	}
	all[len(all)-1].Fin = true
	return all
}

// Together runs do n times at once and waits for all; the first failure is the row's.
func (p *Probe) Together(n int, do func(i int)) {
	p.crowd = true
	failures := make(chan *Failure, n)
	for i := range n {
		go func() { failures <- p.Attempt(func() { do(i) }) }()
	}
	var first *Failure
	for range n {
		first = cmp.Or(first, <-failures)
	}
	if first != nil {
		panic(first)
	}
}

// Pause waits, to see whether something happens that must not.
func (p *Probe) Pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.ctx.Done():
	}
}
