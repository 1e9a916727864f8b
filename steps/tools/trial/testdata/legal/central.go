package main

// central is a goroutine that everything passes through. Each peer has a queue of 256 packets, and is
// dropped when it is full.
type central struct {
	enters, exits chan *peer
	says          chan entry
	asks          chan func(*peer)
}

func newRoom(first entry) room {
	c := &central{make(chan *peer), make(chan *peer), make(chan entry), make(chan func(*peer))}
	go c.run(journal{first})
	return c
}

func (c *central) run(j journal) {
	peers := map[*peer]chan []byte{}
	send := func(p *peer, b []byte) {
		select {
		case peers[p] <- b:
		default:
			p.sock.Close()
		}
	}
	for {
		select {
		case p := <-c.enters:
			queue := make(chan []byte, 256)
			peers[p] = queue
			go func() {
				for b := range queue {
					p.deliver(b)
				}
			}()
			send(p, j.packet())
		case p := <-c.exits:
			close(peers[p])
			delete(peers, p)
		case e := <-c.says:
			j.add(e)
			b := j.packet()
			for p := range peers {
				send(p, b)
			}
		case f := <-c.asks:
			for p := range peers {
				f(p)
			}
		}
	}
}

func (c *central) enter(p *peer)           { c.enters <- p }
func (c *central) exit(p *peer)            { c.exits <- p }
func (c *central) say(e entry)             { c.says <- e }
func (c *central) everybody(f func(*peer)) { c.asks <- f }
