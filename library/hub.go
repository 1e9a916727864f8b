package main

import (
	"runtime"
	"sync"
	"sync/atomic"
)

var room = hub{members: make(map[*conn]*member)} // the one room of this server

// A hub knows who is here.
type hub struct {
	mu      sync.Mutex // held while a history is made and handed out: the newest must come last
	members map[*conn]*member

	closed bool
	visits sync.WaitGroup
}

// A member is an open connection, and a slot for the frame it gets next. Every history
// is whole, so whoever cannot keep up needs only the newest: it replaces the one before.
type member struct {
	conn *conn
	slot atomic.Pointer[[]byte] // nil: there is nothing to send, and nobody sending
}

// join lets c in and sends it the history.
func (h *hub) join(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		go c.goodbye()
		return
	}
	h.visits.Add(1)
	h.members[c] = &member{conn: c}
	frame := encode(opText, past.json())
	h.members[c].push(&frame)
}

// leave lets c go.
func (h *hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.members[c]; ok {
		delete(h.members, c)
		h.visits.Done()
	}
}

// post adds p to the history and sends that to everyone. It waits for no network.
func (h *hub) post(p post) {
	h.mu.Lock()
	defer h.mu.Unlock()
	past.add(p)
	frame := encode(opText, past.json()) // one for all
	for _, m := range h.members {
		m.push(&frame)
		runtime.Gosched() // lets it be written now: only a slow member may miss a frame
	}
}

// close says goodbye to everyone, and waits until all have answered and left.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	for c := range h.members {
		go c.goodbye() // each alone: one that does not read delays nobody's
	}
	h.mu.Unlock()
	h.visits.Wait()
}

// push puts frame into the slot. If the slot was empty it starts a goroutine that sends:
// an idle member needs none.
func (m *member) push(frame *[]byte) {
	if m.slot.Swap(frame) == nil {
		go m.send()
	}
}

// send writes what is in the slot, until nothing newer has come meanwhile.
func (m *member) send() {
	for {
		frame := m.slot.Load()
		m.conn.write(*frame) // if it fails, it has closed the connection: the visit ends
		if m.slot.CompareAndSwap(frame, nil) {
			return
		}
	}
}
