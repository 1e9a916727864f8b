package main

import (
	"bufio"
	"io"
	"net"
	"time"
)

// Limits. They are variables only for the tests, which change them.
var writeTime = 5 * time.Second // for a member to take what is written to it

var maxMessage = 4096 // bytes in a message: no member makes the server hold more

// A conn is one WebSocket connection (RFC 6455). Only one goroutine may read from it.
type conn struct {
	nc net.Conn
	br *bufio.Reader // read from this, never from nc: bytes that came early are in it
}

// A message is put together from the payloads of its fragments (section 5.4).
type message struct {
	op   byte   // opText or opBinary; 0 before its first frame
	data []byte // what has come so far, unmasked
}

// read returns the next message. Control frames may come between the fragments of one.
func (c *conn) read() (message, error) {
	var m message
	for {
		h, err := readHeader(c.br)
		if err != nil {
			return m, err
		}
		switch {
		case h.op >= opClose:
			if _, err := c.readPayload(h, nil); err != nil {
				return m, err
			}
			continue
		case h.op == opContinuation && m.op == 0:
			return m, closeError{1002, "a fragment continues no message"} // 5.4
		case h.op != opContinuation && m.op != 0:
			return m, closeError{1002, "a message begins within another"} // 5.4
		case h.length > uint64(maxMessage-len(m.data)): // before a byte of it is stored
			return m, closeError{1009, "the message is too long"}
		case h.op != opContinuation:
			m.op = h.op
		}
		if m.data, err = c.readPayload(h, m.data); err != nil {
			return m, err
		}
		if h.fin {
			return m, nil
		}
	}
}

// readPayload appends the payload of h, unmasked, to data.
func (c *conn) readPayload(h header, data []byte) ([]byte, error) {
	start := len(data)
	data = append(data, make([]byte, h.length)...)
	if _, err := io.ReadFull(c.br, data[start:]); err != nil { // one Read may return less
		return nil, err
	}
	unmask(data[start:], h.key)
	return data, nil
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
