package main

import (
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	opText     = websocket.TextMessage
	maxMessage = 4096
	writeTime  = 5 * time.Second
	pingTime   = 30 * time.Second
	quietTime  = 75 * time.Second
)

type encoded = *websocket.PreparedMessage

type closeError struct {
	Code   int
	Reason string
}

func (e closeError) Error() string { return fmt.Sprintf("closed with %d %q", e.Code, e.Reason) }

type conn struct{ *websocket.Conn }

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
	op, data, err := c.ReadMessage()
	if err == nil && op == opText && !utf8.Valid(data) {
		err = closeError{1007, "the text is not UTF-8"}
	}
	return message{op, data}, err
}

func encode(op int, payload []byte) encoded {
	m, _ := websocket.NewPreparedMessage(op, payload) // a text: no error
	return m
}

// write is called by only one goroutine at a time, the hub's, as the library requires.
func (c *conn) write(frame encoded) {
	c.SetWriteDeadline(time.Now().Add(writeTime))
	if err := c.WritePreparedMessage(frame); err != nil && err != websocket.ErrCloseSent {
		c.Close()
	}
}

func (c *conn) ping() {
	c.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime))
}

func (c *conn) goodbye() { c.say(closeError{1001, "the server stops"}) }

func (c *conn) say(why closeError) {
	goodbye := websocket.FormatCloseMessage(why.Code, why.Reason)
	c.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(writeTime))
}

func (c *conn) end(err error) {
	defer c.Close()
	if why, ours := err.(closeError); ours {
		c.say(why)
		c.SetReadDeadline(time.Now().Add(writeTime))
		for err = nil; err == nil; _, _, err = c.ReadMessage() {
		}
	}
}
