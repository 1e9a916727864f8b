package main

//lint:file-ignore SA1019 see websocket.go

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"websocket-workshop/steps/tools/testserver"
)

// BenchmarkRead takes in messages of one frame. raw has a benchmark of the same name, so
// that benchstat puts the two side by side.
func BenchmarkRead(b *testing.B) {
	testserver.EachSize(b, func(b *testing.B, payload []byte, wire *testserver.Endless) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Sec-WebSocket-Version", "13")
		r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
		c, err := accept(&hijackable{wire: wire}, r)
		if err != nil {
			b.Fatal(err)
		}
		c.ws.SetReadLimit(int64(len(payload)))
		for b.Loop() {
			if m, err := c.read(); err != nil || len(m.data) != len(payload) {
				b.Fatalf("%d bytes and the error %v", len(m.data), err)
			}
		}
	})
}

// hijackable hands out the connection that a request did not come on.
type hijackable struct {
	httptest.ResponseRecorder
	wire net.Conn
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.wire, bufio.NewReadWriter(bufio.NewReader(h.wire), bufio.NewWriter(h.wire)), nil
}
