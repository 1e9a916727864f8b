// Package wiretap stands between browsers and servers of the workshop: it passes bytes on unchanged,
// splits them into heads and frames, and keeps and serves a record of them.
package wiretap

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"websocket-workshop/steps/tools/process"
)

// bufferSize is how many bytes are read at once, in each direction of each connection.
const bufferSize = 64 << 10

// A Tap stands between clients and one server, and passes every byte on unchanged.
type Tap struct {
	Name   string        // of the server, in the record
	Addr   string        // its own host:port
	Target func() string // returns the server's host:port, or "" while it is not running
	Loop   func(error)   // is called if the target leads back to this tap; nil if it cannot

	record *Record
	mark   string       // the value of a header field that no other tap sends
	conns  atomic.Int64 // accepted so far
	open   sync.Map     // their watchers, as keys
}

const markName = "Wire-Loop"

// NewTap returns a tap that adds what passes to a record.
func NewTap(r *Record, name, addr string, target func() string) *Tap {
	return &Tap{Name: name, Addr: addr, Target: target, record: r, mark: rand.Text()}
}

// Serve accepts connections until the listener is closed. Each needs another connection to the server:
// while the system grants no more, clients wait to be accepted.
func (t *Tap) Serve(l net.Listener) {
	for limit := 16; ; {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		var server net.Conn
		err = process.Patiently(func() (err error) {
			server, err = net.DialTimeout("tcp", t.Target(), 5*time.Second)
			return err
		})
		go t.join(newWatcher(t.record, t.Name, t.conns.Add(1)), nc.(*net.TCPConn), server, err)
		if t.Loop != nil && len(t.watchers()) >= limit { // many connections, or one that has come back many times
			limit *= 2
			go t.Check()
		}
	}
}

// Check reports whether the server answers. It sends a request with the tap's mark: if the server leads
// back to this tap, directly or through other programs, the mark comes back, and Check calls Loop.
func (t *Tap) Check() bool {
	target := t.Target()
	nc, err := net.DialTimeout("tcp", target, time.Second)
	if err != nil {
		return false
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(time.Second))
	const request = "HEAD / HTTP/1.1\r\nHost: %s\r\n%s: %s\r\nConnection: close\r\n\r\n"
	fmt.Fprintf(nc, request, target, markName, t.mark)
	nc.Read(make([]byte, 1)) // an answer, or the end of a loop
	return true
}

// loops reports that the mark has come back.
func (t *Tap) loops() {
	t.Loop(fmt.Errorf("%s leads back to this wire, endlessly: name the server's own address", t.Target()))
}

// join passes bytes both ways until both directions have ended. If the server accepts no connection,
// the client gets a reset: it is too late to refuse the client.
func (t *Tap) join(w *watcher, client *net.TCPConn, nc net.Conn, err error) {
	t.open.Store(w, nil)
	defer t.open.Delete(w)
	defer client.Close()
	if err != nil {
		w.end(FromServer, "reset")
		client.SetLinger(0)
		return
	}
	defer nc.Close()
	l := &link{watcher: w, tap: t, sides: [2]*side{newSide(client), newSide(nc.(*net.TCPConn))}}
	var both sync.WaitGroup
	both.Go(func() { l.pass(FromClient, FromServer) })
	both.Go(func() { l.pass(FromServer, FromClient) })
	both.Wait()
}

// watchers returns the watchers of the open connections.
func (t *Tap) watchers() (all []*watcher) {
	t.open.Range(func(w, _ any) bool {
		all = append(all, w.(*watcher))
		return true
	})
	return all
}

// A link is a client's connection and its connection to the server.
type link struct {
	watcher *watcher
	tap     *Tap
	sides   [2]*side

	mu    sync.Mutex // guards what follows, and the two bools of each side
	reset bool       // both connections have been reset
}

// A side is one end's connection.
type side struct {
	*net.TCPConn
	writing chan struct{} // holds a token while something is written to it
	ended   bool          // it has sent FIN
	gone    bool          // writing to it has failed
}

func newSide(nc *net.TCPConn) *side { return &side{TCPConn: nc, writing: make(chan struct{}, 1)} }

// pass passes on what one side sends, including its end. The watcher sees bytes before they are passed
// on, so it never sees a response before its request.
func (l *link) pass(from, to Origin) {
	in, out := l.sides[from], l.sides[to]
	buf := make([]byte, bufferSize)
	for first := true; ; first = false {
		n, err := in.Read(buf)
		if first && from == FromClient && l.tap.Loop != nil && bytes.Contains(buf[:n], []byte(l.tap.mark)) {
			l.tap.loops()
			l.end(from, false)
			return
		}
		if n > 0 {
			l.watcher.watch(from, buf[:n])
			out.writing <- struct{}{}
			_, failed := out.Write(buf[:n])
			if failed != nil {
				l.lost(to)
			}
			<-out.writing
			if failed != nil {
				return
			}
		}
		if err != nil {
			l.end(from, err == io.EOF)
			return
		}
	}
}

// lost records that writing to a side has failed. What it sent before must still be read and passed on,
// which then finds its end. If that was found already, this is a reset.
func (l *link) lost(to Origin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sides[to].gone = true
	if l.sides[to].ended {
		l.pull(to)
	}
}

// end passes on the end of what a side sends: FIN as FIN, anything else as a reset.
func (l *link) end(from Origin, fin bool) {
	in, out := l.sides[from], l.sides[1-from]
	if fin { // The system reports a reset once, perhaps to a write that has yet to record it.
		select {
		case in.writing <- struct{}{}:
			<-in.writing
		case <-time.After(20 * time.Millisecond):
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	in.ended = true
	if !fin || in.gone {
		l.pull(from)
	} else if !l.reset {
		l.watcher.end(from, "fin")
		out.CloseWrite()
	}
}

// pull resets both connections, because one side has reset its own. l.mu must be held.
func (l *link) pull(from Origin) {
	if l.reset {
		return
	}
	l.reset = true
	l.watcher.end(from, "reset")
	for _, s := range l.sides {
		s.SetLinger(0)
		s.Close()
	}
}
