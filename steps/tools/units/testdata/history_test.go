package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// The history is the last HistorySize posts, the newest first.
func TestHistory(t *testing.T) {
	var h history
	for n := range HistorySize + 10 {
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
		if want := min(n+1, HistorySize); len(got.Msg) != want {
			t.Fatalf("json has %d posts after %d were added, want %d", len(got.Msg), n+1, want)
		}
		for i, p := range got.Msg {
			text, time := fmt.Sprint("post ", n-i), 1700000000000+int64(n-i)
			if p.User != "ann" || p.Text != text || p.Time != time {
				t.Fatalf("json has %+v at index %d after %d posts, want {ann %s %d}", p, i, n+1, text, time)
			}
		}
	}
}

// No post is lost, however calls of add overlap.
func TestHistoryMeets(t *testing.T) {
	for range 50 {
		var h history
		var adding sync.WaitGroup
		for range 4 {
			adding.Go(func() { h.add(post{User: "ann", Text: "hi"}) })
		}
		h.json()
		adding.Wait()
		if n := strings.Count(string(h.json()), `"hi"`); n != 4 {
			t.Fatalf("four adds at once: the history has %d posts: a lock is missing", n)
		}
	}
}
