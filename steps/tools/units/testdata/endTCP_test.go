package main

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"
)

// After its close frame the server hangs up first, and only its own direction (section 7.1.1).
func TestEndTCP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Skip(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Skip(err)
	}
	client.Write(make([]byte, 10000)) // still unread when end begins
	c := &conn{nc: server, br: bufio.NewReader(server)}
	ended := make(chan bool)
	go func() { c.end(closeError{Code: 1002}); close(ended) }()
	client.SetReadDeadline(time.Now().Add(3 * time.Second))
	got, err := io.ReadAll(client)
	if err != nil {
		t.Errorf("end: after the close frame the member gets %v, want EOF: is CloseWrite missing?", err)
	}
	if string(got) != "\x88\x02\x03\xea" {
		t.Errorf("end: the member gets % x, want 88 02 03 ea", got)
	}
	select {
	case <-ended:
		t.Error("end returns before the member hangs up: anything that the member still sends would reset the " +
			"connection")
	case <-time.After(100 * time.Millisecond):
	}
	client.Close()
	<-ended
}
