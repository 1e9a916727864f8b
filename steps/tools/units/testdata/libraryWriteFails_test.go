package main

import (
	"bufio"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// A member that reads nothing of a message for WriteTime loses its connection.
func TestLibraryWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		c, err := accept(hijacked{httptest.NewRecorder(), server, bufio.NewReader(server)}, handshake())
		if err != nil {
			t.Fatalf("accept: %v", err)
		}
		time.AfterFunc(10*WriteTime, func() { client.Close() })
		start := time.Now()
		err = c.write([]byte("hi"))
		waited := time.Since(start)
		if err == nil || waited < WriteTime-time.Second || waited > WriteTime+time.Second {
			t.Errorf("write to a member that reads nothing: it waits %v, error %v, want %v and an error",
				waited, err, WriteTime)
		}
		synctest.Wait()
		server.SetReadDeadline(time.Now())
		if _, err := server.Read(make([]byte, 1)); err != io.ErrClosedPipe {
			t.Error("write: the connection is still open after it failed")
		}
		c.ws.CloseNow()
	})
}
