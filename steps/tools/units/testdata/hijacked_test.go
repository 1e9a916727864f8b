package main

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
)

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
