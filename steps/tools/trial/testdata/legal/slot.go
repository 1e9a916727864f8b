package main

import (
	"maps"
	"sync"
)

// slot has a channel of one packet for each peer, in which a newer packet replaces an older one.
type slot struct {
	sync.Mutex
	log   journal
	peers map[*peer]chan []byte
}

func newRoom(first entry) room { return &slot{log: journal{first}, peers: map[*peer]chan []byte{}} }

func (s *slot) enter(p *peer) {
	s.Lock()
	defer s.Unlock()
	next := make(chan []byte, 1)
	next <- s.log.packet()
	s.peers[p] = next
	go func() {
		for b := range next {
			p.deliver(b)
		}
	}()
}

func (s *slot) exit(p *peer) {
	s.Lock()
	defer s.Unlock()
	close(s.peers[p])
	delete(s.peers, p)
}

func (s *slot) say(e entry) {
	s.Lock()
	defer s.Unlock()
	s.log.add(e)
	for _, next := range s.peers {
		select {
		case <-next:
		default:
		}
		next <- s.log.packet()
	}
}

func (s *slot) everybody(f func(*peer)) {
	s.Lock()
	all := maps.Clone(s.peers)
	s.Unlock()
	for p := range all {
		f(p)
	}
}
