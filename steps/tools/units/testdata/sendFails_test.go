package main

import (
	"io"
	"net"
	"testing"
)

// A broken connection fails every write.
type broken struct {
	net.Conn
	writes int
}

func (b *broken) Write(p []byte) (int, error) {
	if b.writes++; b.writes > 100 {
		return len(p), nil
	}
	return 0, io.ErrClosedPipe
}

// If a write fails, write has closed the connection: it makes no sense to try again.
func TestSendFails(t *testing.T) {
	_, server := net.Pipe()
	nc := &broken{Conn: server}
	m := &member{conn: &conn{nc: nc}}
	frame := []byte("frame")
	m.next.Store(&frame)
	m.send()
	if nc.writes > 100 {
		t.Error("send: after a failed write, it tries 100 more times")
	}
}
