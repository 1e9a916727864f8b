package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
)

// chat adds each message to the history, until one is invalid or no more come.
func TestChat(t *testing.T) {
	const key = "\x00\x00\x00\x00"
	ann, bob := `{"user":"ann","text":"1"}`, `{"user":"bob","text":"2"}` // 25 bytes each
	for _, row := range []struct{ name, in, history string }{
		{"two messages", "\x81\x99" + key + ann + "\x81\x99" + key + bob, "2 1"},
		{"a binary message, then another", "\x82\x99" + key + ann + "\x81\x99" + key + bob, ""},
		{"{}, then another", "\x81\x82" + key + "{}" + "\x81\x99" + key + bob, ""},
		{"a message, then {}", "\x81\x99" + key + ann + "\x81\x82" + key + "{}", "1"},
	} {
		past = history{}
		client, server := net.Pipe()
		go io.Copy(io.Discard, client)
		err := chat(&conn{nc: server, br: bufio.NewReader(strings.NewReader(row.in))})
		if err == nil {
			t.Errorf("chat(%s): no error, want one that tells why it ended", row.name)
		}
		var sent struct{ Msg []struct{ Text string } }
		json.Unmarshal(past.json(), &sent) // a history that is not JSON fails other tests
		var texts []string
		for _, p := range sent.Msg {
			texts = append(texts, p.Text)
		}
		if got := strings.Join(texts, " "); got != row.history {
			t.Errorf("chat(%s): the history is %q, want %q", row.name, got, row.history)
		}
	}
}
