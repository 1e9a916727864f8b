package main

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// write gives the member WriteTime to accept each frame.
func TestWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in here, waiting takes no time
		client, server := net.Pipe()
		c := &conn{nc: server}
		for _, frame := range []string{"\x81\x02hi", "\x81\x05later"} {
			got := make([]byte, len(frame))
			go io.ReadFull(client, got)
			if err := c.write([]byte(frame)); err != nil {
				t.Errorf("write(% x): %v", frame, err)
			}
			synctest.Wait()
			if string(got) != frame {
				t.Errorf("write(% x): the member gets % x", frame, got)
			}
			time.Sleep(10 * WriteTime) // the next frame has its own time limit
		}
		go client.Write([]byte("hi"))
		if _, err := server.Read(make([]byte, 2)); err != nil {
			t.Errorf("write: %v later, reading fails: %v: the time limit is for writing only", 10*WriteTime, err)
		}
		client.Close()
	})
}

// A member that stops reading in the middle of a frame gets no more: it would mistake the next frame for
// the rest of that one.
func TestWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		c := &conn{nc: server}
		stop := time.AfterFunc(10*WriteTime, func() { client.Close() })
		go client.Read(make([]byte, 1))
		start := time.Now()
		err := c.write([]byte("\x81\x02hi"))
		if waited := time.Since(start); waited < WriteTime-time.Second || waited > WriteTime+time.Second {
			t.Fatalf("write waits %v for a member that reads nothing, want %v", waited, WriteTime)
		}
		stop.Stop()
		if err == nil {
			t.Error("write: no error, but only 1 of 4 bytes was read")
		}
		go c.write([]byte("\x81\x04more"))
		client.SetReadDeadline(time.Now().Add(time.Second))
		switch more, err := io.ReadAll(client); {
		case len(more) > 0:
			t.Errorf("write: after the first byte of a frame the member gets % x, which is not the rest of it", more)
		case err != nil:
			t.Error("write: the connection is still open after half a frame: close it, nothing can follow")
		}
	})
}
