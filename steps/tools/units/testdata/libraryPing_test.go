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

// ping asks for a pong. A member that sends none within pongTime, which is QuietTime after the previous
// ping, counts as gone.
func TestLibraryPing(t *testing.T) {
	const pongTime = QuietTime - PingTime
	for _, row := range []struct {
		late  time.Duration // from the ping to the pong
		stays bool
	}{{0, true}, {pongTime * 7 / 8, true}, {pongTime * 4 / 3, false}} {
		synctest.Test(t, func(t *testing.T) { // in here, a minute takes no time
			client, server := net.Pipe()
			c, err := accept(hijacked{httptest.NewRecorder(), server, bufio.NewReader(server)}, handshake())
			if err != nil {
				t.Fatalf("accept: %v", err)
			}
			go func() {
				frame := make([]byte, 2)
				io.ReadFull(client, frame)
				payload := make([]byte, frame[1])
				io.ReadFull(client, payload)
				if frame[0] != 0x89 {
					t.Errorf("ping: the member gets % x, want a ping, 89", frame)
				}
				time.Sleep(row.late)
				client.Write(append([]byte{0x8a, 0x80 | frame[1], 0, 0, 0, 0}, payload...))
			}()
			ended := false
			go func() { c.read(); ended = true }() // without it, nothing would read the pong
			c.ping()
			time.Sleep(2 * QuietTime)
			if synctest.Wait(); ended == row.stays {
				t.Errorf("ping, and the pong comes after %v: the member stays: %v, want %v", row.late, !ended, row.stays)
			}
			c.ws.CloseNow()
		})
	}
}
