package main

import (
	"sync"
	"sync/atomic"
)

var room = hub{members: make(map[*conn]*member)} // the one room of this server

// A hub knows who is here.
type hub struct {
	mu      sync.Mutex // held while a history is made and handed out: the newest must come last
	members map[*conn]*member
}

// A member is an open connection, and the frame that it gets next. Every history is whole,
// so whoever cannot keep up does not need each: a newer one replaces the one that waits.
type member struct {
	conn *conn
	next atomic.Pointer[[]byte] // it stays here until it has been written; nil: nothing to write
}

// join lets c in and sends it the history.
func (h *hub) join(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := &member{conn: c}
	h.members[c] = m
	m.push(encode(opText, past.json()))
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
	frame := encode(opText, past.json()) // one for all
	for _, m := range h.members {
		m.push(frame)
	}
}

// push makes frame the next one. If there was none before, nobody writes to this member yet.
func (m *member) push(frame []byte) {
	if m.next.Swap(&frame) == nil {
		go m.send()
	}
}

// send writes what is next, and repeats that until nothing newer has come.
func (m *member) send() {
	for {
		frame := m.next.Load()
		m.conn.write(*frame) // if it fails, it has closed the connection: the visit ends
		if m.next.CompareAndSwap(frame, nil) {
			return // an idle member needs no goroutine
		}
	}
}
