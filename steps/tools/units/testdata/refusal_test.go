package main

import (
	"net/http"
	"testing"
)

// A request must have all this to be an opening handshake (section 4.2.1). Each row changes one thing in a
// valid request.
func TestRefusal(t *testing.T) {
	const connection, version, key = "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key"
	for _, row := range []struct {
		name   string
		change func(r *http.Request)
		status int
	}{
		{"a valid one", func(r *http.Request) {}, 0},
		{"keep-alive, Upgrade", func(r *http.Request) { r.Header.Set(connection, "keep-alive, Upgrade") }, 0},
		{"a POST request", func(r *http.Request) { r.Method = "POST" }, 405},
		{"HTTP/1.0", func(r *http.Request) { r.Proto, r.ProtoMinor = "HTTP/1.0", 0 }, 400},
		{"a body of 5 bytes", func(r *http.Request) { r.ContentLength = 5 }, 400},
		{"a body in chunks", func(r *http.Request) { r.ContentLength = -1 }, 400},
		{"Connection: keep-alive", func(r *http.Request) { r.Header.Set(connection, "keep-alive") }, 400},
		{"no Connection", func(r *http.Request) { r.Header.Del(connection) }, 400},
		{"version 8", func(r *http.Request) { r.Header.Set(version, "8") }, 426},
		{"no version", func(r *http.Request) { r.Header.Del(version) }, 426},
		{"no key", func(r *http.Request) { r.Header.Del(key) }, 400},
		{"a key of 15 bytes", func(r *http.Request) { r.Header.Set(key, "dGhlIHNhbXBsZSBub25j") }, 400},
		{"a key that is not base64", func(r *http.Request) { r.Header.Set(key, "dGhlIHNhbXBsZSBub25jZ___") }, 400},
		{"two keys", func(r *http.Request) { r.Header.Add(key, "dGhlIHNhbXBsZSBub25jZQ==") }, 400},
		{"a key in two halves", func(r *http.Request) {
			r.Header.Set(key, "dGhlIHNhbXBs")
			r.Header.Add(key, "ZSBub25jZQ==")
		}, 400},
		{"another site's page", func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
	} {
		r := handshake()
		row.change(r)
		h := http.Header{}
		status, problem := refusal(r, h)
		if status != row.status {
			t.Errorf("refusal(%s): the status is %d, want %d", row.name, status, row.status)
		} else if status != 0 && problem == "" {
			t.Errorf("refusal(%s): there is no sentence that names the problem", row.name)
		}
		if got := h.Get(version); status == 426 && got != "13" {
			t.Errorf("refusal(%s): Sec-WebSocket-Version in the answer is %q, want 13", row.name, got)
		}
	}
}
