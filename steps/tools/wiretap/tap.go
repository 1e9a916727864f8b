// Package wiretap stands between browsers and servers of the workshop: it passes bytes on
// unchanged, cuts them into heads and frames, and keeps and hands out the record of them.
package wiretap

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// bufferSize is how many bytes are read at once, in each direction of each connection.
const bufferSize = 64 << 10

// A Tap stands between clients and one server, and passes every byte on unchanged.
type Tap struct {
	Name   string        // of the server, in the record
	Record *Record       // of what passes
	Addr   string        // its own host:port
	Target func() string // returns the server's host:port, or "" while it is not running

	conns atomic.Int64 // so many were taken
	open  sync.Map     // the watchers of those that are open, as keys
}

// Serve takes connections until the listener is closed.
func (p *Tap) Serve(l net.Listener) {
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			time.Sleep(50 * time.Millisecond) // no file descriptor is free, perhaps: some will be
			continue
		}
		go p.join(nc.(*net.TCPConn), newWatcher(p.Record, p.Name, p.conns.Add(1)))
	}
}

// join connects to the server and passes bytes both ways until both have ended. A server
// that takes no connection is a reset to the client: it cannot be refused any more.
func (p *Tap) join(client *net.TCPConn, w *watcher) {
	p.open.Store(w, nil)
	defer p.open.Delete(w)
	defer client.Close()
	nc, err := net.DialTimeout("tcp", p.Target(), 5*time.Second)
	if err != nil {
		w.end(fromServer, "reset")
		client.SetLinger(0)
		return
	}
	defer nc.Close()
	l := &link{watcher: w, sides: [2]*side{newSide(client), newSide(nc.(*net.TCPConn))}}
	var both sync.WaitGroup
	both.Go(func() { l.pass(fromClient, fromServer) })
	both.Go(func() { l.pass(fromServer, fromClient) })
	both.Wait()
}

// watchers returns those of the connections that are open.
func (p *Tap) watchers() (all []*watcher) {
	p.open.Range(func(w, _ any) bool {
		all = append(all, w.(*watcher))
		return true
	})
	return all
}

// A link is a client's connection and the one to the server that belongs to it.
type link struct {
	watcher *watcher
	sides   [2]*side

	mu    sync.Mutex // guards what follows, and the two bools of each side
	reset bool       // both connections were
}

// A side is one end's connection.
type side struct {
	*net.TCPConn
	writing chan struct{} // holds a token while something is written to it
	ended   bool          // it has sent FIN
	gone    bool          // it no longer takes what is written
}

func newSide(nc *net.TCPConn) *side { return &side{TCPConn: nc, writing: make(chan struct{}, 1)} }

// pass passes on what one side sends, up to and with its end. The watcher sees bytes before
// they are passed on: an answer is never seen before what it answers. It waits for nobody.
func (l *link) pass(from, to origin) {
	in, out := l.sides[from], l.sides[to]
	buf := make([]byte, bufferSize)
	for {
		n, err := in.Read(buf)
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

// lost notes that a side no longer takes bytes. What it has sent before is still to be read
// and passed on; whoever reads it then finds its end. If that has been found, this is a reset.
func (l *link) lost(to origin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sides[to].gone = true
	if l.sides[to].ended {
		l.pull(to)
	}
}

// end passes on the end of what a side sends: FIN as FIN, anything else as a reset.
func (l *link) end(from origin, fin bool) {
	in, out := l.sides[from], l.sides[1-from]
	if fin { // A system tells of a reset once: the write that learned of it may be about to say so.
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

// pull resets both connections, as one side has done with its own. l.mu is held.
func (l *link) pull(from origin) {
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
