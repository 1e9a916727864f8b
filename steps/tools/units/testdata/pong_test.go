package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// If a pong cannot be written, the member's other frames must still be read: a close frame may be among
// them. If the payload does not come, the member is gone.
func TestControlFails(t *testing.T) {
	client, server := net.Pipe()
	client.Close()
	c := &conn{nc: server, br: bufio.NewReader(strings.NewReader("hi"))}
	ping := header{fin: true, op: 0x9, length: 2}
	if err := c.control(ping); err != nil {
		t.Errorf("control(a ping, and the pong cannot be written): error %v, want none", err)
	}
	if err := c.control(ping); err == nil {
		t.Error("control(a ping whose payload does not come): no error, want one")
	}
}

// The pongs come in the order of the pings, each with its ping's payload.
func TestControlOrder(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) { // waits for the goroutines that are started in it
			client, server := net.Pipe()
			var answers []byte
			go func() { answers, _ = io.ReadAll(client) }()
			c := &conn{nc: server, br: bufio.NewReader(strings.NewReader("123"))}
			for range 3 {
				c.control(header{fin: true, op: 0x9, length: 1})
			}
			synctest.Wait()
			server.Close()
			synctest.Wait()
			if want := "\x8a\x011\x8a\x012\x8a\x013"; string(answers) != want {
				t.Fatalf("control(three pings): the member gets %q, want %q", answers, want)
			}
		})
	}
}
