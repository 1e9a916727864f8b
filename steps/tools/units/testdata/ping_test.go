package main

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
)

// ping sends one ping, with a payload of at most 125 bytes, as for any control frame (section 5.5).
func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		var got []byte
		go func() { got, _ = io.ReadAll(client) }()
		c := &conn{nc: server}
		c.ping()
		synctest.Wait()
		server.Close()
		synctest.Wait()
		if len(got) < 2 || got[0] != 0x89 || len(got) != 2+int(got[1]) || got[1] > 125 {
			t.Errorf("ping: the member gets % x, want a ping, as in 89 00", got)
		}
	})
}
