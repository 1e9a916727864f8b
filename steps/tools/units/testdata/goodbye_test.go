package main

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// goodbye sends a close frame with 1001, and leaves the connection open for the answer.
func TestGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		var got []byte
		go func() { got, _ = io.ReadAll(client) }()
		c := &conn{nc: server}
		c.goodbye()
		synctest.Wait()
		server.SetReadDeadline(time.Now())
		if _, err := server.Read(make([]byte, 1)); err == io.ErrClosedPipe {
			t.Error("goodbye: the connection is closed before the member can answer")
		}
		server.Close()
		synctest.Wait()
		if len(got) < 4 || got[0] != 0x88 || len(got) != 2+int(got[1]) || string(got[2:4]) != "\x03\xe9" {
			t.Errorf("goodbye: the member gets % x, want 88, a length, the code 03 e9 (1001), and a reason", got)
		}
	})
}
