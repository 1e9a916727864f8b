package main

import (
	"bufio"
	"net"
	"net/http/httptest"
	"testing"
)

// accept tells the library what it cannot know: the subprotocol, and which other hosts are ours.
func TestLibraryAccept(t *testing.T) {
	for _, row := range []struct {
		name, field, value string
		status             int
		chosen             string
	}{
		{"a valid request", "X-Nothing", "", 101, ""},
		{"offers xml, json", "Sec-WebSocket-Protocol", "xml, json", 101, "json"},
		{"offers xml", "Sec-WebSocket-Protocol", "xml", 101, ""},
		{"another site's page", "Origin", "http://evil.example", 403, ""},
		{"our page, through a proxy", "Origin", "http://chat.example", 101, ""},
		{"version 8", "Sec-WebSocket-Version", "8", 400, ""},
	} {
		_, server := net.Pipe()
		w := hijacked{httptest.NewRecorder(), server, bufio.NewReader(server)}
		r := handshake()
		r.Header.Set("X-Forwarded-Host", "chat.example")
		r.Header.Set(row.field, row.value)
		c, err := accept(w, r)
		if w.Code != row.status || (err == nil) != (row.status == 101) {
			t.Errorf("accept(%s): the status is %d, the error %v, want status %d", row.name, w.Code, err, row.status)
		}
		if got := w.Header().Get("Sec-WebSocket-Protocol"); w.Code == 101 && got != row.chosen {
			t.Errorf("accept(%s): Sec-WebSocket-Protocol is %q, want %q", row.name, got, row.chosen)
		}
		if err == nil {
			c.ws.CloseNow()
		}
	}
}
