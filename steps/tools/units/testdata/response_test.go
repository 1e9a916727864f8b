package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// The answer to a handshake has four or five lines, then an empty one (section 4.2.2).
func TestResponse(t *testing.T) {
	for _, row := range []struct{ key, offered, accept, chosen string }{
		{"dGhlIHNhbXBsZSBub25jZQ==", "", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", ""}, // the RFC's example
		{"lcl+V6k5JAyOXnMCgxT48g==", "json", "XOjOjzZOQ2d/O6QgOyXdSCTbVis=", "json"},
		{"lcl+V6k5JAyOXnMCgxT48g==", "xml, json", "XOjOjzZOQ2d/O6QgOyXdSCTbVis=", "json"},
		{"lcl+V6k5JAyOXnMCgxT48g==", "xml", "XOjOjzZOQ2d/O6QgOyXdSCTbVis=", ""},
		{"lcl+V6k5JAyOXnMCgxT48g==", "JSON, jsonp", "XOjOjzZOQ2d/O6QgOyXdSCTbVis=", ""}, // two others
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Sec-WebSocket-Key", row.key)
		if row.offered != "" {
			r.Header.Set("Sec-WebSocket-Protocol", row.offered)
		}
		call := fmt.Sprintf("response(key %s, offered %q)", row.key, row.offered)

		answer := response(r)
		head, rest, ended := strings.Cut(answer, "\r\n\r\n")
		if !ended || rest != "" {
			t.Errorf("%s: it ends with %q, want one empty line: \\r\\n\\r\\n", call, answer[max(0, len(answer)-12):])
			continue
		}
		if strings.Count(head, "\n") != strings.Count(head, "\r\n") {
			t.Errorf("%s: a line ends with only \\n, want \\r\\n: %q", call, head)
		}
		parsed, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err != nil {
			t.Errorf("%s: it is not an HTTP response: %v", call, err)
			continue
		}
		if line, _, _ := strings.Cut(answer, "\r\n"); !strings.HasPrefix(line, "HTTP/1.1 101 ") {
			t.Errorf("%s: the first line is %q, want HTTP/1.1 101 Switching Protocols", call, line)
		}
		upgrade := func(token string) bool { return strings.EqualFold(strings.TrimSpace(token), "upgrade") }
		if got := parsed.Header.Get("Connection"); !slices.ContainsFunc(strings.Split(got, ","), upgrade) {
			t.Errorf("%s: Connection is %q, want Upgrade", call, got)
		}
		if got := parsed.Header.Get("Upgrade"); !strings.EqualFold(got, "websocket") {
			t.Errorf("%s: Upgrade is %q, want websocket", call, got)
		}
		for _, f := range [][2]string{{"Sec-WebSocket-Accept", row.accept}, {"Sec-WebSocket-Protocol", row.chosen},
			{"Sec-WebSocket-Extensions", ""}} {
			if got := strings.Join(parsed.Header.Values(f[0]), ", "); got != f[1] {
				t.Errorf("%s: %s is %q, want %q", call, f[0], got, f[1])
			}
		}
	}
}
