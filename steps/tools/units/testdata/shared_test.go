package main

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Helpers for the tests of several functions. The check adds the limits and times of
// steps/tools/rules/limits.go, by the same names: MaxMessage, WriteTime, ...

// long returns a frame with this first byte (FIN and opcode), a 16-bit length, and n bytes of payload. Its
// key is 00 00 00 00, which changes nothing.
func long(first byte, n int) string {
	return string([]byte{first, 0xFE, byte(n >> 8), byte(n), 0, 0, 0, 0}) + strings.Repeat("x", n)
}

// A hijacked is a ResponseWriter whose connection can be hijacked.
type hijacked struct {
	*httptest.ResponseRecorder
	nc net.Conn
	br *bufio.Reader
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.nc, bufio.NewReadWriter(h.br, bufio.NewWriter(h.nc)), nil
}

// handshake returns a request that is an opening handshake (section 4.2.1).
func handshake() *http.Request {
	r := httptest.NewRequest("GET", "http://localhost:8080/", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Version", "13")
	r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	return r
}
