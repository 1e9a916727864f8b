package main

import "testing"

// Byte i of the payload was XORed with byte i mod 4 of the key (section 5.3).
func TestUnmask(t *testing.T) {
	for _, row := range []struct {
		payload string
		key     [4]byte
		want    string
	}{
		{"\x2e\x54", [4]byte{0x2d, 0xbd, 0xbc, 0x6e}, "\x03\xe9"},
		{"\x7f\x9f\x4d\x51\x58", [4]byte{0x37, 0xfa, 0x21, 0x3d}, "Hello"},
		{"\x69\x6b", [4]byte{1, 2, 3, 4}, "hi"},
		{"ninebytes", [4]byte{}, "ninebytes"},
		{"", [4]byte{1, 2, 3, 4}, ""},
	} {
		p := []byte(row.payload)
		unmask(p, row.key)
		if string(p) != row.want {
			t.Errorf("unmask(% x, % x): the result is % x, want % x", row.payload, row.key, p, row.want)
		}
	}
}
