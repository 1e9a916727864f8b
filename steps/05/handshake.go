package main

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// guid is the fixed string of RFC 6455, section 1.3. A server that knows to append it to
// the key knows WebSocket; no other server would answer so by chance.
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// accept turns a request into a WebSocket connection (section 4.2): it checks the request,
// takes over its TCP connection and answers 101. A refused client has already been answered.
func accept(w http.ResponseWriter, r *http.Request) (*conn, error) {
	if status, problem := refusal(r, w.Header()); status != 0 {
		http.Error(w, problem, status)
		return nil, errors.New(problem)
	}
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot be upgraded", http.StatusInternalServerError)
		return nil, err
	}
	c := &conn{nc: nc, br: rw.Reader}
	return c, c.write([]byte(response(r)))
}

// refusal returns the status and the sentence for a request that is not an opening
// handshake as section 4.2.1 has it, or 0. In h it says what the client may try instead.
func refusal(r *http.Request, h http.Header) (status int, problem string) {
	keys := r.Header.Values("Sec-WebSocket-Key") // two are none (11.3.1)
	key, err := base64.StdEncoding.DecodeString(strings.Join(keys, ""))
	switch {
	case r.Method != http.MethodGet:
		h.Set("Allow", http.MethodGet)
		return http.StatusMethodNotAllowed, "a handshake is a GET request"
	case !r.ProtoAtLeast(1, 1):
		return http.StatusBadRequest, "a handshake needs HTTP/1.1"
	case r.ContentLength != 0:
		return http.StatusBadRequest, "a handshake has no body: frames would follow it"
	case !hasToken(r, "Connection", "upgrade"):
		return http.StatusBadRequest, "Connection does not say upgrade"
	case !slices.Equal(r.Header.Values("Sec-WebSocket-Version"), []string{"13"}):
		h.Set("Connection", "Upgrade")
		h.Set("Upgrade", "websocket")
		h.Set("Sec-WebSocket-Version", "13")
		return http.StatusUpgradeRequired, "Sec-WebSocket-Version must be 13"
	case len(keys) != 1 || err != nil || len(key) != 16:
		return http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64"
	case !sameOrigin(r):
		return http.StatusForbidden, fmt.Sprintf("Origin is %q, but Host is %q", r.Header.Values("Origin"), r.Host)
	}
	return 0, ""
}

// sameOrigin reports whether the page came from this server (section 10.2): browsers let any
// page open a WebSocket to any host. Other clients send no Origin. A proxy that changes Host
// moves it to X-Forwarded-Host, which no page can set. This does not stop a name that points at
// 127.0.0.1 (DNS rebinding): there Origin and Host agree.
func sameOrigin(r *http.Request) bool {
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" ||
			!strings.EqualFold(u.Host, r.Host) && !hasToken(r, "X-Forwarded-Host", u.Host) {
			return false
		}
	}
	return true
}

// response returns the last words of HTTP on this connection. After the empty line that
// ends the headers there are frames.
func response(r *http.Request) string {
	hash := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + guid))
	s := "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(hash[:]) + "\r\n"
	if slices.Contains(tokens(r, "Sec-WebSocket-Protocol"), "json") {
		s += "Sec-WebSocket-Protocol: json\r\n" // of all that were offered, just one
	}
	return s + "\r\n"
}
