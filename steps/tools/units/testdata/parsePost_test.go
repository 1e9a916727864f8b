package main

import (
	"testing"
	"time"
)

// A post is a JSON object with a user and a text. The time is the server's.
func TestParsePost(t *testing.T) {
	for _, row := range []struct {
		in         string
		user, text string
		ok         bool
	}{
		{`{"user": "ann", "text": "hi"}`, "ann", "hi", true},
		{`{"text":"<b> \"é\" \ud83d\ude00","user":"ann"}`, "ann", `<b> "é" 😀`, true},
		{`{}`, "", "", false},
		{`{"user": "ann"}`, "", "", false},
		{`{"text": "hi"}`, "", "", false},
		{`{"user": null, "text": "hi"}`, "", "", false},
		{`{"user": 1, "text": "hi"}`, "", "", false},
		{`["ann", "hi"]`, "", "", false},
		{`null`, "", "", false},
		{`hi`, "", "", false},
		{``, "", "", false},
		{`{"user": "ann", "text": "hi"} hi`, "", "", false},
		{`{"user": "ann", "text": "hi"`, "", "", false},
	} {
		p, err := parsePost([]byte(row.in))
		if (err == nil) != row.ok {
			t.Errorf("parsePost(%s): error %v, want one: %v", row.in, err, !row.ok)
			continue
		}
		if !row.ok {
			continue
		}
		if p.User != row.user || p.Text != row.text {
			t.Errorf("parsePost(%s) is user %q, text %q, want %q and %q", row.in, p.User, p.Text, row.user, row.text)
		}
		now := time.Now().UnixMilli()
		if p.Time > now || p.Time < now-60_000 {
			t.Errorf("parsePost(%s): the time is %d, want now in milliseconds, %d", row.in, p.Time, now)
		}
	}
	if p, err := parsePost([]byte(`{"user": "ann", "text": "hi", "time": 1}`)); err == nil && p.Time == 1 {
		t.Error(`parsePost({"user": "ann", "text": "hi", "time": 1}): the time is the member's, want the server's`)
	}
}
