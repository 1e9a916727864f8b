package main

import (
	"bufio"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A member that sends frames stays. One that is silent for 75 s counts as gone.
func TestReadWaits6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in here, a minute takes no time
		client, server := net.Pipe()
		c := &conn{nc: server, br: bufio.NewReader(server)}
		start := time.Now()
		go func() {
			for range 3 {
				time.Sleep(70 * time.Second)
				io.WriteString(client, "\x8a\x80\x00\x00\x00\x00") // a pong
			}
		}()
		time.AfterFunc(10*time.Minute, func() { client.Close() })
		_, err := c.read()
		silent := time.Since(start) - 3*70*time.Second
		if silent < 0 {
			t.Errorf("read returns while the member sends a pong every 70 s: %v", err)
		} else if silent < 74*time.Second || silent > 76*time.Second {
			t.Errorf("read waits %v for a member that is silent, want 75 s", silent)
		}
		server.Close()
	})
}
