package main

import (
	"bufio"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A member that sends frames stays. One that is silent for QuietTime counts as gone.
func TestReadWaits6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in here, a minute takes no time
		client, server := net.Pipe()
		c := &conn{nc: server, br: bufio.NewReader(server)}
		const late = QuietTime - 5*time.Second
		start := time.Now()
		go func() {
			for range 3 {
				time.Sleep(late)
				io.WriteString(client, "\x8a\x80\x00\x00\x00\x00") // a pong
			}
		}()
		time.AfterFunc(10*QuietTime, func() { client.Close() })
		_, err := c.read()
		silent := time.Since(start) - 3*late
		if silent < 0 {
			t.Errorf("read returns while the member sends a pong every %v: %v", late, err)
		} else if silent < QuietTime-time.Second || silent > QuietTime+time.Second {
			t.Errorf("read waits %v for a member that is silent, want %v", silent, QuietTime)
		}
		server.Close()
	})
}
