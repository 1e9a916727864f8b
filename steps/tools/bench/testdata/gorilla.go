package main

import (
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	maxMessage = 4096
	writeTime  = 5 * time.Second
	pingTime   = 30 * time.Second
	quietTime  = 75 * time.Second
)

const opText = websocket.TextMessage

type encoded = *websocket.PreparedMessage

type closeError struct {
	Code   int
	Reason string
}

func (e closeError) Error() string { return fmt.Sprintf("closed with %d %q", e.Code, e.Reason) }

type conn struct{ ws *websocket.Conn }

type message struct {
	op   int
	data []byte
}

var upgrader = websocket.Upgrader{Subprotocols: []string{"json"}}

func accept(w http.ResponseWriter, r *http.Request) (*conn, error) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(maxMessage)
	alive := func(string) error { return ws.SetReadDeadline(time.Now().Add(quietTime)) }
	ws.SetPongHandler(alive)
	return &conn{ws}, alive("")
}

func (c *conn) read() (message, error) {
	op, data, err := c.ws.ReadMessage()
	if err == nil && op == opText && !utf8.Valid(data) {
		err = closeError{1007, "the text is not UTF-8"}
	}
	return message{op, data}, err
}

func encode(op int, payload []byte) encoded {
	m, _ := websocket.NewPreparedMessage(op, payload) // a text: no error
	return m
}

// write is called by one goroutine at a time, as the library wants it: the hub's.
func (c *conn) write(frame encoded) {
	c.ws.SetWriteDeadline(time.Now().Add(writeTime))
	if err := c.ws.WritePreparedMessage(frame); err != nil && err != websocket.ErrCloseSent {
		c.ws.Close()
	}
}

func (c *conn) ping() {
	c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime))
}

func (c *conn) goodbye() { c.close(closeError{1001, "the server stops"}) }

func (c *conn) close(why closeError) {
	c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(why.Code, why.Reason), time.Now().Add(writeTime))
}

func (c *conn) end(err error) {
	defer c.ws.Close()
	why, ours := err.(closeError)
	if !ours {
		return
	}
	c.close(why)
	c.ws.SetReadDeadline(time.Now().Add(writeTime))
	for err = nil; err == nil; _, _, err = c.ws.ReadMessage() {
	}
}
