package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// upgrade unlocks the door as soon as the member is in the room, or refused: Ctrl-C waits for every upgrade
// that holds it.
func TestUpgrade6(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(upgrade))
	defer server.Close()
	for _, row := range []struct{ name, key, status string }{
		{"a request without a key", "", "400"},
		{"a valid request", "dGhlIHNhbXBsZSBub25jZQ==", "101"},
	} {
		nc, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Skip(err)
		}
		defer nc.Close()
		io.WriteString(nc, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+row.key+"\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(nc), nil)
		if err != nil || answer.Status[:3] != row.status {
			t.Fatalf("upgrade(%s): the answer is %v, %v, want %s", row.name, answer, err, row.status)
		}
		start := time.Now()
		for !room.door.TryLock() {
			if time.Since(start) > 3*time.Second {
				t.Fatalf("upgrade(%s): long after the answer it still holds the door", row.name)
			}
			time.Sleep(time.Millisecond)
		}
		room.door.Unlock()
		nc.Close()
	}
}
