package main

import (
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Who is let in before the door is locked is told goodbye like the others.
func TestHubCloseDoor(t *testing.T) {
	h := hub{members: make(map[*conn]*member)}
	client, server := net.Pipe()
	c := &conn{nc: server}
	h.door.RLock() // as upgrade does before it answers 101
	closed := make(chan bool)
	go func() { h.close(); close(closed) }()
	for range 10000 {
		runtime.Gosched() // now close waits at the door
	}
	h.join(c)
	h.door.RUnlock()
	client.SetReadDeadline(time.Now().Add(3 * time.Second))
	got := make([]byte, 1000)
	n, _ := client.Read(got) // the history
	io.ReadFull(client, got[n:n+4])
	if !strings.Contains(string(got[n:n+4]), "\x03\xe9") {
		t.Errorf("close, while a member comes in: it gets % x, want 88, a length, and the code 03 e9", got[n:n+4])
	}
	client.Close()
	h.leave(c)
	<-closed
}
