package main

import (
	"bufio"
	"io"
	"net"
	"sync"
	"time"
	"unicode/utf8"
)

// Limits. They are variables only for the tests, which change them.
var writeTime = 5 * time.Second // for a member to take what is written to it

var maxMessage = 4096 // bytes in a message: no member makes the server hold more

var closeTime = 5 * time.Second  // for a member to hang up, once we have
var pingTime = 30 * time.Second  // from one ping to the next
var quietTime = 75 * time.Second // without a frame from a member: then it is gone

// A conn is one WebSocket connection (RFC 6455). Only one goroutine may read from it.
type conn struct {
	nc net.Conn
	br *bufio.Reader // read from this, never from nc: bytes that came early are in it

	// Write state, for any goroutine.
	mu sync.Mutex // one writer at a time: frames must not mix

	closed bool // a close frame has been sent: nothing may follow it
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
		c.nc.SetReadDeadline(time.Now().Add(quietTime)) // whoever lives answers our pings
		h, err := readHeader(c.br)
		if err != nil {
			return m, err
		}
		switch {
		case h.op >= opClose:
			if err := c.control(h); err != nil {
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
		if h.fin && m.op == opText && !utf8.Valid(m.data) {
			return m, closeError{1007, "the text is not UTF-8"} // 8.1
		}
		if h.fin {
			return m, nil
		}
	}
}

// control handles a control frame (section 5.5).
func (c *conn) control(h header) error {
	payload, err := c.readPayload(h, nil)
	if err != nil {
		return err
	}
	switch h.op {
	case opPing:
		c.write(encode(opPong, payload)) // after our close frame it fails, and the visit must go on
	case opClose:
		return parseClose(payload)
	}
	return nil
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.closed = b[0] == finBit|opClose
	c.nc.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := c.nc.Write(b)
	if err != nil {
		c.nc.Close() // half a frame may be out: nothing can follow it
	}
	return err
}

// ping asks the member for a sign of life (section 5.5.2), which also keeps proxies awake.
func (c *conn) ping() {
	c.write(encode(opPing, nil))
}

// goodbye tells the member that the server stops. Its answer ends its visit.
func (c *conn) goodbye() {
	c.write(encode(opClose, closeError{1001, "the server stops"}.payload()))
}

// end closes the connection for the reason err: with a close frame, unless one was sent
// already or the member is simply gone. The server hangs up first (section 7.1.1). But TCP
// that is closed with bytes unread is reset, and the close frame may be lost with it. So this
// ends only its own direction, and reads on until the member has ended the other.
func (c *conn) end(err error) {
	defer c.nc.Close()
	why, ok := err.(closeError)
	if !ok {
		return
	}
	c.write(encode(opClose, why.payload()))
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		tcp.CloseWrite()
	}
	c.nc.SetReadDeadline(time.Now().Add(closeTime))
	io.Copy(io.Discard, c.br)
}
