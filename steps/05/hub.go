package main

import (
	"runtime"
	"sync"
)

var room = hub{members: make(map[*conn]*member)} // the one room of this server

// A hub knows who is here.
type hub struct {
	mu      sync.Mutex // held while a history is made and handed out: the newest must come last
	members map[*conn]*member
	posts   int // so far
}

const maxWaiting = 8 // frames: a member that is about 300 posts behind may miss some

// A member is an open connection, and the frames that it gets next. Every history is
// whole, so whoever cannot keep up does not need each: a newer one replaces the one before.
type member struct {
	conn    *conn
	mu      sync.Mutex
	waiting [][]byte // the first is being written; nil: nobody writes
	kept    bool     // the last of them must not be replaced
}

// join lets c in and sends it the history.
func (h *hub) join(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.members[c] = &member{conn: c}
	h.members[c].push(encode(opText, past.json()), false)
}

// leave lets c go.
func (h *hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.members, c)
}

// post adds p to the history and sends that to everyone. It waits for no network.
func (h *hub) post(p post) {
	h.mu.Lock()
	defer h.mu.Unlock()
	past.add(p)
	h.posts++
	frame := encode(opText, past.json()) // one for all
	for _, m := range h.members {
		m.push(frame, h.posts%historySize == 0) // every 50th is kept: these have every post
		runtime.Gosched()                       // lets it be written now: a crowd that waits costs more
	}
}

// push lets frame wait, in place of the last that waits, unless that must be kept. Where
// nothing waits it starts a goroutine that writes: an idle member needs none.
func (m *member) push(frame []byte, keep bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch n := len(m.waiting); {
	case n == 0:
		go m.send(frame)
	case n == maxWaiting, n > 1 && !m.kept:
		m.waiting = m.waiting[:n-1]
	}
	m.waiting, m.kept = append(m.waiting, frame), keep
}

// send writes frame, and then what has come meanwhile, until there is nothing more.
func (m *member) send(frame []byte) {
	for ; frame != nil; frame = m.next() {
		m.conn.write(frame) // if it fails, it has closed the connection: the visit ends
	}
}

// next returns the frame behind the one that has been written, or nil.
func (m *member) next() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting = m.waiting[1:]; len(m.waiting) > 0 {
		return m.waiting[0]
	}
	m.waiting = nil // an idle member holds no memory
	return nil
}
