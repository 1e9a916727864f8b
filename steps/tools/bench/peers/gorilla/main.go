// The chat server on gorilla/websocket, with a prepared message a broadcast.
package main

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"websocket-workshop/steps/tools/bench/peers/chat"
)

type conn struct{ *websocket.Conn }

func (c conn) Read() ([]byte, error) {
	_, text, err := c.ReadMessage()
	return text, err
}

func (c conn) Write(frame *websocket.PreparedMessage) error {
	c.SetWriteDeadline(time.Now().Add(chat.WriteTime))
	return c.WritePreparedMessage(frame)
}

func main() {
	upgrader := websocket.Upgrader{Subprotocols: []string{"json"}}
	server := chat.Server[*websocket.PreparedMessage]{
		Accept: func(w http.ResponseWriter, r *http.Request) (chat.Conn[*websocket.PreparedMessage], error) {
			c, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return nil, err
			}
			c.SetReadLimit(chat.MaxMessage)
			return conn{c}, nil
		},
		Encode: func(text []byte) *websocket.PreparedMessage {
			frame, _ := websocket.NewPreparedMessage(websocket.TextMessage, text) // a text: no error
			return frame
		},
	}
	server.Run()
}
