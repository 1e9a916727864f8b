package main

import (
	"encoding/json"
	"fmt"
	"testing"
)

// The history is the last 50 posts, the newest first.
func TestHistory(t *testing.T) {
	var h history
	for n := range 60 {
		h.add(post{User: "ann", Text: fmt.Sprint("post ", n), Time: 1700000000000 + int64(n)})
		var got struct {
			Msg []struct {
				User, Text string
				Time       int64
			}
		}
		if err := json.Unmarshal(h.json(), &got); err != nil {
			t.Fatalf("json returns %s: %v", h.json(), err)
		}
		if want := min(n+1, 50); len(got.Msg) != want {
			t.Fatalf("json has %d posts after %d were added, want %d", len(got.Msg), n+1, want)
		}
		for i, p := range got.Msg {
			if want := fmt.Sprint("post ", n-i); p.Text != want || p.User != "ann" || p.Time != 1700000000000+int64(n-i) {
				t.Fatalf("json has %+v at place %d after %d posts, want %s", p, i, n+1, want)
			}
		}
	}
}
