package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

const (
	opText    = ws.OpText
	writeTime = 5 * time.Second
	pingTime  = 30 * time.Second
	quietTime = 75 * time.Second
)

type closeError struct {
	Code   ws.StatusCode
	Reason string
}

func (e closeError) Error() string { return fmt.Sprintf("closed with %d %q", e.Code, e.Reason) }

// A conn also reads what net/http has read ahead. Pongs are written while it reads, so its writes are
// locked.
type conn struct {
	net.Conn
	br *bufio.Reader
	mu sync.Mutex
}

// Read and Write are for wsutil.
func (c *conn) Read(p []byte) (int, error) { return c.br.Read(p) }

func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.SetWriteDeadline(time.Now().Add(writeTime))
	n, err := c.Conn.Write(p)
	if err != nil {
		c.Close()
	}
	return n, err
}

type message struct {
	op   ws.OpCode
	data []byte
}

var upgrader = ws.HTTPUpgrader{Protocol: func(name string) bool { return name == "json" }}

func accept(w http.ResponseWriter, r *http.Request) (*conn, error) {
	nc, rw, _, err := upgrader.Upgrade(r, w)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: nc, br: rw.Reader}, nil
}

func (c *conn) read() (message, error) {
	c.SetReadDeadline(time.Now().Add(quietTime))
	data, op, err := wsutil.ReadClientData(c)
	return message{op, data}, err
}

func encode(op ws.OpCode, payload []byte) []byte {
	return ws.MustCompileFrame(ws.NewFrame(op, true, payload)) // to memory: no error
}

func (c *conn) write(frame []byte) { c.Write(frame) }
func (c *conn) ping()              { c.Write(ws.CompiledPing) }
func (c *conn) goodbye()           { c.end(closeError{1001, "the server stops"}) }

func (c *conn) end(err error) {
	if why, ours := err.(closeError); ours {
		c.Write(encode(ws.OpClose, ws.NewCloseFrameBody(why.Code, why.Reason)))
	}
	c.Close()
}
