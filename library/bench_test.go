package main

//lint:file-ignore SA1019 see websocket.go

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"websocket-workshop/steps/tools/wstest"
)

// BenchmarkRead reads messages of one frame. raw has a benchmark of the same name, so that benchstat can
// compare the two.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{125, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			payload := bytes.Repeat([]byte("a"), size)
			wire := &wstest.Endless{Data: wstest.Masked(wstest.Text, payload).Bytes()}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "websocket")
			r.Header.Set("Sec-WebSocket-Version", "13")
			r.Header.Set("Sec-WebSocket-Key", wstest.SampleKey)
			c, err := accept(&hijackable{wire: wire}, r)
			if err != nil {
				b.Fatal(err)
			}
			c.ws.SetReadLimit(int64(size))
			for b.Loop() {
				if m, err := c.read(); err != nil || len(m.data) != size {
					b.Fatalf("%d bytes and the error %v", len(m.data), err)
				}
			}
		})
	}
}

// hijackable hands out another connection than the request's.
type hijackable struct {
	httptest.ResponseRecorder
	wire net.Conn
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.wire, bufio.NewReadWriter(bufio.NewReader(h.wire), bufio.NewWriter(h.wire)), nil
}
