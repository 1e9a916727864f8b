package main

import (
	"bufio"
	"io"
	"net"
	"strings"
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

// A message that breaks off is not returned, wherever it breaks off.
func TestReadBreaksOff(t *testing.T) {
	whole := "\x01\x82\x00\x00\x00\x00hi\x80\xfe\x00\x7e\x00\x00\x00\x00" + strings.Repeat("x", 126)
	for n := range whole {
		_, server := net.Pipe()
		c := &conn{nc: server, br: bufio.NewReader(strings.NewReader(whole[:n]))}
		if m, err := c.read(); err == nil {
			t.Fatalf("read returns %d %q without an error after %d of %d bytes", m.op, m.data, n, len(whole))
		}
	}
}
