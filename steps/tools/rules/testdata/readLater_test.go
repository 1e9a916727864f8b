package main

import (
	"bufio"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A member may be silent for a minute, before its first message and after it.
func TestReadLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in here, a minute takes no time
		client, server := net.Pipe()
		c := &conn{nc: server, br: bufio.NewReader(server)}
		go func() {
			for range 2 {
				time.Sleep(time.Minute)
				io.WriteString(client, "\x81\x82\x00\x00\x00\x00hi")
			}
			client.Close()
		}()
		for range 2 {
			if m, err := c.read(); err != nil || string(m.data) != "hi" {
				t.Errorf("read, a message after a minute of silence: it returns %q, %v", m.data, err)
			}
		}
	})
}
