package main

// The library lives on at github.com/coder/websocket; the README says why this path is still here.
//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"nhooyr.io/websocket"
)

// Limits. They are variables only for the tests, which change them.
var (
	maxMessage int64 = 4096             // bytes in a message: no member makes the server hold more
	writeTime        = 5 * time.Second  // for a member to take what is written to it
	pingTime         = 30 * time.Second // from one ping to the next
	quietTime        = 75 * time.Second // without an answer to a ping: then a member is gone
)

const opText = websocket.MessageText

// A closeError is why a connection ends: what a close frame says.
type closeError = websocket.CloseError

// A conn is one WebSocket connection.
type conn struct {
	ws *websocket.Conn

	mu     sync.Mutex
	closed bool // a close frame is on its way: the library would send messages after it
}

// A message is what one member sent.
type message struct {
	op   websocket.MessageType
	data []byte
}

// accept turns a request into a WebSocket connection. A refused client has already been answered.
func accept(w http.ResponseWriter, r *http.Request) (*conn, error) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:   []string{"json"},
		OriginPatterns: r.Header.Values("X-Forwarded-Host"), // besides Host, for proxies
	})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(maxMessage)
	return &conn{ws: ws}, nil
}

// read returns the next message.
func (c *conn) read() (message, error) {
	op, data, err := c.ws.Read(context.Background())
	if err == nil && op == opText && !utf8.Valid(data) { // the library leaves this to us
		err = closeError{Code: 1007, Reason: "the text is not UTF-8"}
	}
	return message{op, data}, err
}

// encode leaves the framing to the library, which does it once for every member.
func encode(_ websocket.MessageType, payload []byte) []byte {
	return payload
}

// write sends a message. A member that does not take it in time loses its connection.
func (c *conn) write(payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	return c.ws.Write(ctx, opText, payload)
}

// ping asks the member for a sign of life. A member that gives none in time is gone.
func (c *conn) ping() {
	ctx, cancel := context.WithTimeout(context.Background(), quietTime-pingTime)
	defer cancel()
	if c.ws.Ping(ctx) != nil {
		c.ws.CloseNow()
	}
}

// goodbye tells the member that the server stops.
func (c *conn) goodbye() {
	c.close(closeError{Code: 1001, Reason: "the server stops"})
}

// end closes the connection for the reason err: with a close frame, unless one was sent
// already or the member is simply gone.
func (c *conn) end(err error) {
	if why, ok := err.(closeError); ok {
		c.close(why)
	}
	c.ws.CloseNow()
}

// close sends a close frame, and waits for the answer to it.
func (c *conn) close(why closeError) {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.ws.Close(why.Code, why.Reason)
}
