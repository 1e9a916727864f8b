package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A member that was let in before close said goodbye to the others gets a goodbye, too.
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
	got := ""
	for b := make([]byte, 1000); !strings.Contains(got, "\x03\xe9"); {
		n, err := client.Read(b)
		if got += string(b[:n]); err != nil {
			t.Errorf("close, while a member joins: it gets %q, want a close frame with 1001, too", got)
			break
		}
	}
	client.Close()
	h.leave(c)
	<-closed
}

// After close nobody is let in any more.
func TestHubCloseShut(t *testing.T) {
	room.close() // it is empty
	w := httptest.NewRecorder()
	upgrade(w, handshake())
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("close, and then upgrade(a valid request): the status is %d, want 503", w.Code)
	}
}
