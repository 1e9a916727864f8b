package main

import "sync"

// sixteen is the largest number of packets that wait for a peer; a peer with a longer queue is dropped,
// even the one that posts.
type sixteen struct {
	mu    sync.Mutex
	log   journal
	peers map[*peer]*queue
}

type queue struct {
	packets [][]byte
	busy    bool
}

func newRoom(first entry) room { return &sixteen{log: journal{first}, peers: map[*peer]*queue{}} }

func (s *sixteen) enter(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers[p] = &queue{}
	s.push(p, s.log.packet())
}

// push needs the lock.
func (s *sixteen) push(p *peer, b []byte) {
	q := s.peers[p]
	if len(q.packets) == 16 {
		p.sock.Close()
		return
	}
	q.packets = append(q.packets, b)
	if !q.busy {
		q.busy = true
		go s.drain(p, q)
	}
}

func (s *sixteen) drain(p *peer, q *queue) {
	for {
		s.mu.Lock()
		if len(q.packets) == 0 {
			q.busy = false
			s.mu.Unlock()
			return
		}
		b := q.packets[0]
		q.packets = q.packets[1:]
		s.mu.Unlock()
		p.deliver(b)
	}
}

func (s *sixteen) exit(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
}

func (s *sixteen) say(e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.add(e)
	for p := range s.peers {
		s.push(p, s.log.packet())
	}
}

func (s *sixteen) everybody(f func(*peer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.peers {
		f(p)
	}
}
