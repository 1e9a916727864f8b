package main

import (
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

// send writes the next frame. A newer frame that is pushed meanwhile, at any moment, is either written by
// the same send or finds next empty, so that push starts another send.
func TestSend(t *testing.T) {
	for round := range 200 {
		synctest.Test(t, func(t *testing.T) { // waits for the goroutines that are started in it
			client, server := net.Pipe()
			m := &member{conn: &conn{nc: server}}
			var got []byte
			go func() { got, _ = io.ReadAll(client) }()
			a, b := []byte("\x81\x01A"), []byte("\x81\x01B")
			m.next.Store(&a)
			go m.send()
			for range round {
				runtime.Gosched() // B comes a little later in each round
			}
			if m.next.Swap(&b) == nil { // like push
				go m.send()
			}
			synctest.Wait()
			server.Close()
			synctest.Wait()
			if s := strings.ReplaceAll(string(got), "\x81\x01", ""); s != "AB" && s != "B" {
				t.Fatalf("send, and B replaces A: the member gets %q, want A and B, or only B", s)
			}
			if next := m.next.Load(); next != nil {
				t.Fatalf("send: everything is written, but next is %q, want nil", *next)
			}
		})
	}
}
