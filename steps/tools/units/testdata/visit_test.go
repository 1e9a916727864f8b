package main

import (
	"bufio"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// However a visit ends, the member is removed from the room, and the connection is closed.
func TestVisit(t *testing.T) {
	for _, last := range []string{"", "\x80", "\x81\x82\x00\x00\x00\x00{}", "\x88\x80\x00\x00\x00\x00"} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go func() {
				io.WriteString(client, last)
				client.Close()
			}()
			c := &conn{nc: server, br: bufio.NewReader(server)}
			room.join(c)
			visit(c)
			if len(room.members) > 0 {
				t.Errorf("visit ends after % x: the member is still in the room", last)
			}
			server.SetReadDeadline(time.Now())
			if _, err := server.Read(make([]byte, 1)); err != io.ErrClosedPipe {
				t.Errorf("visit ends after % x: the connection is still open", last)
			}
		})
	}
}
