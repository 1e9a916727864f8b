package main

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
)

// What the tests of several functions use.

// limit is how many bytes a message may have.
const limit = 4096

// long returns a frame of n bytes, which take 16 bits for their number, after a first byte with FIN and
// opcode. Its key is 00 00 00 00, which changes nothing.
func long(first byte, n int) string {
	return string([]byte{first, 0xFE, byte(n >> 8), byte(n), 0, 0, 0, 0}) + strings.Repeat("x", n)
}

// A hijacked is a ResponseWriter that gives its connection away when it is asked to.
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
