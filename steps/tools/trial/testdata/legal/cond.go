package main

import "sync"

// cond has a goroutine for each peer, which waits until there is a newer packet than its last.
type cond struct {
	mu      sync.RWMutex
	changed *sync.Cond
	log     journal
	newest  []byte
	version int
	peers   map[*peer]bool
}

func newRoom(first entry) room {
	c := &cond{log: journal{first}, peers: map[*peer]bool{}}
	c.changed, c.newest = sync.NewCond(&c.mu), c.log.packet()
	return c
}

func (c *cond) enter(p *peer) {
	c.mu.Lock()
	c.peers[p] = true
	c.mu.Unlock()
	go func() {
		for seen := -1; ; {
			c.mu.Lock()
			for seen == c.version && c.peers[p] {
				c.changed.Wait()
			}
			b, here := c.newest, c.peers[p]
			seen = c.version
			c.mu.Unlock()
			if !here || p.deliver(b) != nil {
				return
			}
		}
	}()
}

func (c *cond) exit(p *peer) {
	c.mu.Lock()
	delete(c.peers, p)
	c.mu.Unlock()
	c.changed.Broadcast()
}

func (c *cond) say(e entry) {
	c.mu.Lock()
	c.log.add(e)
	c.newest, c.version = c.log.packet(), c.version+1
	c.mu.Unlock()
	c.changed.Broadcast()
}

func (c *cond) everybody(f func(*peer)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for p := range c.peers {
		f(p)
	}
}
