package main

import (
	"strings"
	"testing"
)

// The first byte is FIN and the opcode, the length is in the shortest of its three forms, and
// the payload follows unchanged (section 5.2).
func TestEncode(t *testing.T) {
	earlier := encode(0x1, []byte("hi"))
	for _, row := range []struct {
		op     byte
		length int
		header string
	}{
		{0x1, 0, "\x81\x00"},
		{0x1, 125, "\x81\x7d"},
		{0x1, 126, "\x81\x7e\x00\x7e"},
		{0x1, 127, "\x81\x7e\x00\x7f"},
		{0x1, 300, "\x81\x7e\x01\x2c"},
		{0x1, 65535, "\x81\x7e\xff\xff"},
		{0x1, 65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
		{0x8, 2, "\x88\x02"},
		{0x8, 5, "\x88\x05"},
		{0x9, 0, "\x89\x00"},
		{0xA, 125, "\x8a\x7d"},
	} {
		payload := strings.Repeat("é", row.length)[:row.length] // a character of two bytes
		frame := string(encode(row.op, []byte(payload)))
		header := frame[:min(len(frame), len(row.header))]
		if header != row.header {
			t.Errorf("encode(%#x, %d bytes) begins % x, want % x", row.op, row.length, header, row.header)
		} else if rest := frame[len(header):]; rest != payload {
			t.Errorf("encode(%#x, %d bytes): the %d bytes after the header are not the payload unchanged",
				row.op, row.length, len(rest))
		}
	}
	if string(earlier) != "\x81\x02hi" {
		t.Errorf(`encode(0x1, "hi") was 81 02 68 69, and is % x after other calls: frames share memory`, earlier)
	}
}
