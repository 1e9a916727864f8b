package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Opcodes, and the first bit of a frame.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
	fin     = 0x80
)

// closeKey masks every close frame, so that the lessons can work one out by hand.
var closeKey = [4]byte{0x2d, 0xbd, 0xbc, 0x6e}

// A client does with a server what the page does in a browser.
type client struct {
	nc     net.Conn
	status int           // of the answer to the handshake
	frames chan frame    // what the server sends
	ended  chan struct{} // closed when the server sends no more

	mu     sync.Mutex // to write
	closed bool       // a close frame was sent
	keys   uint32     // makes masking keys
}

// A frame is a whole message, or a control frame.
type frame struct {
	op      byte
	payload []byte
}

// dial asks for a WebSocket as the page does. It is no error if the server refuses.
func dial(addr string) (*client, error) {
	nc, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	c := &client{nc: nc, frames: make(chan frame, 1000), ended: make(chan struct{}), keys: 0x37fa213d}
	nc.SetDeadline(time.Now().Add(30 * time.Second)) // no script is as long
	fmt.Fprintf(nc, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Origin: http://%s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHdvcmtzaG9wIGtleQ==\r\n"+
		"Sec-WebSocket-Protocol: json\r\n\r\n", addr, addr)
	in := bufio.NewReader(nc)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		nc.Close()
		return nil, err
	}
	c.status = resp.StatusCode
	if c.status != http.StatusSwitchingProtocols {
		nc.Close()
		close(c.ended)
		return c, nil
	}
	go c.receive(in)
	return c, nil
}

// receive reads what the server sends until it ends, and answers as a browser does.
func (c *client) receive(in *bufio.Reader) {
	defer close(c.ended)
	defer c.nc.Close() // a browser hangs up once the server has
	for {
		f, err := readFrame(in)
		if err != nil {
			return
		}
		switch f.op {
		case opPing:
			c.send(opPong, f.payload)
		case opClose:
			c.send(opClose, f.payload)
		}
		select {
		case c.frames <- f:
		default: // nobody is waiting for so many
		}
	}
}

// readFrame reads a frame of a server: unmasked, and never fragmented here.
func readFrame(in *bufio.Reader) (f frame, err error) {
	head := make([]byte, 2)
	if _, err = io.ReadFull(in, head); err != nil {
		return f, err
	}
	length := uint64(head[1] & 0x7F)
	if size := map[uint64]int{126: 2, 127: 8}[length]; size > 0 {
		long := make([]byte, 8)
		if _, err = io.ReadFull(in, long[8-size:]); err != nil {
			return f, err
		}
		length = binary.BigEndian.Uint64(long)
	}
	if length > 1<<20 {
		return f, fmt.Errorf("a frame of %d bytes", length)
	}
	f = frame{op: head[0] & 0x0F, payload: make([]byte, length)}
	_, err = io.ReadFull(in, f.payload)
	return f, err
}

// send sends a masked frame. After a close frame it sends nothing more.
func (c *client) send(op byte, payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = op == opClose
	key := closeKey
	if op != opClose {
		binary.BigEndian.PutUint32(key[:], c.keys)
		c.keys = c.keys*1664525 + 1013904223 // the next one looks different: that is all it is for
	}
	c.nc.Write(maskedFrame(op, key, payload))
}

// maskedFrame returns a frame as a browser sends it.
func maskedFrame(op byte, key [4]byte, payload []byte) []byte {
	b := []byte{fin | op}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, fin|byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, fin|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, fin|127), uint64(n))
	}
	b = append(b, key[:]...)
	for i := range payload {
		b = append(b, payload[i]^key[i%4])
	}
	return b
}

// say sends a message of the chat.
func (c *client) say(user, text string) {
	payload, _ := json.Marshal(struct {
		User string `json:"user"`
		Text string `json:"text"`
	}{user, text}) // strings: no error
	c.send(opText, payload)
}

// sendBytes sends bytes as they are.
func (c *client) sendBytes(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nc.Write(b)
}

// await waits for a frame with an opcode whose payload contains a text.
func (c *client) await(op byte, text string, patience time.Duration) bool {
	timeout := time.After(patience)
	for {
		select {
		case f := <-c.frames:
			if f.op == op && strings.Contains(string(f.payload), text) {
				return true
			}
		case <-timeout:
			return false
		case <-c.ended:
			return false
		}
	}
}

// leave closes the connection as a browser does whose tab is closed.
func (c *client) leave(patience time.Duration) {
	c.send(opClose, []byte{0x03, 0xe9})
	select {
	case <-c.ended: // the server has answered, and hung up first
	case <-time.After(patience): // or it does neither
	}
	c.nc.Close()
}
