package main

import "sync"

var room = hub{members: make(map[*conn]chan []byte)} // the one room of this server

// A hub knows who is here, and for each the frame that it gets next. Every history is whole,
// so whoever cannot keep up does not need each: a newer one replaces the one that waits.
type hub struct {
	mu      sync.Mutex // held while a history is made and handed out: the newest must come last
	members map[*conn]chan []byte

	closed bool
	visits sync.WaitGroup // from before the handshake to the end
}

// enter counts a visit before its handshake, or refuses it: the room is closed.
func (h *hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.visits.Add(1)
	}
	return !h.closed
}

// join lets c in and sends it the history.
func (h *hub) join(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := make(chan []byte, 1) // room for one frame that waits
	next <- encode(opText, past.json())
	h.members[c] = next
	go send(c, next)
	if h.closed {
		go c.goodbye() // close has not seen this member
	}
}

// leave lets c go.
func (h *hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.members[c])
	delete(h.members, c)
	h.visits.Done()
}

// post adds p to the history and sends that to everyone. It waits for no network.
func (h *hub) post(p post) {
	h.mu.Lock()
	defer h.mu.Unlock()
	past.add(p)
	frame := encode(opText, past.json()) // one for all
	for _, next := range h.members {
		select {
		case <-next: // an older one waited
		default:
		}
		next <- frame // there is room: nobody else sends while the lock is held
	}
}

// send writes to c what comes next, until c has left.
func send(c *conn, next <-chan []byte) {
	for frame := range next {
		c.write(frame) // if it fails, it has closed the connection: the visit ends
	}
}

// close says goodbye to everyone, and waits until all have answered and left.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.each((*conn).goodbye)
	h.visits.Wait()
}

// each calls f for every member, each alone: one that does not read delays nobody's.
func (h *hub) each(f func(*conn)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.members {
		go f(c)
	}
}
