package main

import (
	"net/http/httptest"
	"testing"
)

// A browser lets any page open a WebSocket to any host, and names the page's site in Origin, so the server
// compares it with its own (section 10.2).
func TestSameOrigin(t *testing.T) {
	for _, row := range []struct {
		origin, host, forwarded string
		want                    bool
	}{
		{"", "localhost:8080", "", true}, // not a browser
		{"http://localhost:8080", "localhost:8080", "", true},
		{"http://LocalHost:8080", "localhost:8080", "", true},
		{"https://chat.example", "chat.example", "", true},
		{"http://evil.example", "chat.example", "", false},
		{"http://evil.example?chat.example", "chat.example", "", false},
		{"http://evilchat.example", "chat.example", "", false},
		{"http://chat.example.evil.example", "chat.example", "", false},
		{"http://localhost:8081", "localhost:8080", "", false}, // another port is another site
		{"null", "chat.example", "", false},                    // a page in a sandbox
		{"https://chat.example", "10.0.0.7", "chat.example", true},
		{"https://chat.example", "10.0.0.7", "chat.example, proxy.example", true},
		{"http://evil.example", "10.0.0.7", "chat.example", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = row.host
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		if row.forwarded != "" {
			r.Header.Set("X-Forwarded-Host", row.forwarded)
		}
		if got := sameOrigin(r); got != row.want {
			t.Errorf("sameOrigin(Origin %q, Host %q, X-Forwarded-Host %q) is %v, want %v",
				row.origin, row.host, row.forwarded, got, row.want)
		}
	}
}
