// The chat server on gobwas/ws, with a compiled frame a broadcast.
package main

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"websocket-workshop/steps/tools/bench/peers/chat"
)

// A conn reads what net/http has read ahead, too. It is also where pongs are written, so
// its writes are locked.
type conn struct {
	net.Conn
	br *bufio.Reader
	mu sync.Mutex
}

// A wire is the connection as wsutil sees it.
type wire struct{ *conn }

func (w wire) Read(p []byte) (int, error)  { return w.br.Read(p) }
func (w wire) Write(p []byte) (int, error) { return len(p), w.conn.Write(p) }

func (c *conn) Read() ([]byte, error) {
	return wsutil.ReadClientText(wire{c})
}

func (c *conn) Write(frame []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.SetWriteDeadline(time.Now().Add(chat.WriteTime))
	_, err := c.Conn.Write(frame)
	return err
}

func main() {
	upgrader := ws.HTTPUpgrader{Protocol: func(name string) bool { return name == "json" }}
	server := chat.Server[[]byte]{
		Accept: func(w http.ResponseWriter, r *http.Request) (chat.Conn[[]byte], error) {
			nc, rw, _, err := upgrader.Upgrade(r, w)
			if err != nil {
				return nil, err
			}
			return &conn{Conn: nc, br: rw.Reader}, nil
		},
		Encode: func(text []byte) []byte {
			frame, _ := ws.CompileFrame(ws.NewTextFrame(text)) // to memory: no error
			return frame
		},
	}
	server.Run()
}
