package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"websocket-workshop/steps/tools/frames"
)

// describe says what the fields of a frame are.
func describe(f frames.Frame) string {
	if f.Length == 0 {
		f.Length = uint64(len(f.Payload)) // as Bytes has it
	}
	name, known := frames.Names[f.Opcode]
	if !known {
		name = fmt.Sprintf("unknown opcode 0x%X", f.Opcode)
	}
	parts := []string{name}
	if f.Fin {
		parts = append(parts, "FIN")
	} else {
		parts = append(parts, "no FIN")
	}
	if f.RSV != 0 {
		parts = append(parts, fmt.Sprintf("reserved bits %03b", f.RSV))
	}
	if f.Masked {
		parts = append(parts, fmt.Sprintf("masked with % x", f.Key))
	} else {
		parts = append(parts, "not masked")
	}
	parts = append(parts, fmt.Sprintf("length %d", f.Length))
	if f.Form > frames.ShortestForm(f.Length) {
		parts = append(parts, fmt.Sprintf("written in %d bits", f.Form))
	}
	return strings.Join(parts, ", ") + describePayload(f)
}

// describePayload says what a frame carries, in the way its opcode asks for.
func describePayload(f frames.Frame) string {
	switch {
	case len(f.Payload) == 0:
		return ""
	case f.Opcode == frames.Close && len(f.Payload) >= 2:
		return fmt.Sprintf(": status code %d %s", f.Code(), quote(f.Payload[2:]))
	}
	return ": " + quote(f.Payload)
}

// quote returns the beginning of a payload, as text where it is text.
func quote(b []byte) string {
	const most = 72
	cut := ""
	if len(b) > most {
		n := most
		for n > most-utf8.UTFMax && !utf8.RuneStart(b[n]) {
			n--
		}
		b, cut = b[:n], "…"
	}
	if !printable(b) {
		return hexBytes(b[:min(len(b), 16)]) + cut
	}
	return string(b) + cut
}

// printable reports whether b can be shown as text.
func printable(b []byte) bool {
	for _, r := range string(b) {
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' {
			return false
		}
	}
	return true
}

// hexBytes returns bytes in hex, as far as they fit on a line.
func hexBytes(b []byte) string {
	const most = 20
	if len(b) <= most {
		return fmt.Sprintf("% x", b)
	}
	return fmt.Sprintf("% x … (%d bytes)", b[:most], len(b))
}

// A post is what a client sends.
type post struct {
	User string `json:"user"`
	Text string `json:"text"`
}

// json returns the post as a client writes it.
func (m post) json() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // two strings always have a JSON form
	}
	return b
}

// A message is what a server says of a post.
type message struct {
	User string          `json:"user"`
	Text string          `json:"text"`
	Time json.RawMessage `json:"time"`
}

// A history is what a server sends, newest first.
type history struct {
	Msg []message `json:"msg"`
}

// find returns where in the history a text is, or -1.
func (h history) find(text string) int {
	for i, m := range h.Msg {
		if m.Text == text {
			return i
		}
	}
	return -1
}

// has reports whether all the texts are in the history.
func (h history) has(texts ...string) bool {
	for _, text := range texts {
		if h.find(text) < 0 {
			return false
		}
	}
	return true
}

// String lists the texts of a history, newest first, as far as a line has room.
func (h history) String() string {
	var texts []string
	for i, m := range h.Msg {
		if i == 6 {
			texts = append(texts, fmt.Sprintf("… (%d in all)", len(h.Msg)))
			break
		}
		texts = append(texts, short(m.Text))
	}
	return strings.Join(texts, " | ")
}

// short returns the beginning of a text.
func short(text string) string {
	if runes := []rune(text); len(runes) > 24 {
		return fmt.Sprintf("%s… (%d characters)", string(runes[:16]), len(runes))
	}
	return text
}
