package main

import (
	"bufio"
	"net"
	"time"
)

// Limits. They are variables only for the tests, which change them.
var writeTime = 5 * time.Second // for a member to take what is written to it

// A conn is one WebSocket connection (RFC 6455). Only one goroutine may read from it.
type conn struct {
	nc net.Conn
	br *bufio.Reader // read from this, never from nc: bytes that came early are in it
}

// read returns bytes as they come.
func (c *conn) read() ([]byte, error) {
	b := make([]byte, 512)
	n, err := c.br.Read(b)
	return b[:n], err
}

// write sends bytes that belong together: a frame, or the answer to the handshake.
func (c *conn) write(b []byte) error {
	c.nc.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := c.nc.Write(b)
	if err != nil {
		c.nc.Close() // half a frame may be out: nothing can follow it
	}
	return err
}
