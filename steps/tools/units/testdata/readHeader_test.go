package main

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// A header has two bytes, none, two or eight more for the length, and four for the key (5.2).
func TestReadHeader(t *testing.T) {
	names := map[byte]string{0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
	for _, row := range []struct {
		in     string
		fin    bool
		op     byte
		length uint64
		key    [4]byte
	}{
		{"\x88\x82\x2d\xbd\xbc\x6e", true, 0x8, 2, [4]byte{0x2d, 0xbd, 0xbc, 0x6e}},
		{"\x01\xfe\x00\x7e\x01\x02\x03\x04", false, 0x1, 126, [4]byte{1, 2, 3, 4}},
		{"\x81\x85\x37\xfa\x21\x3d", true, 0x1, 5, [4]byte{0x37, 0xfa, 0x21, 0x3d}},
		{"\x00\x80\x0a\x0b\x0c\x0d", false, 0x0, 0, [4]byte{10, 11, 12, 13}},
		{"\x82\xfd\x00\x00\x00\x00", true, 0x2, 125, [4]byte{}},
		{"\x89\xfd\x01\x02\x03\x04", true, 0x9, 125, [4]byte{1, 2, 3, 4}},
		{"\x8a\x80\xff\xfe\xfd\xfc", true, 0xA, 0, [4]byte{0xff, 0xfe, 0xfd, 0xfc}},
		{"\x81\xfe\xff\xfe\x01\x02\x03\x04", true, 0x1, 65534, [4]byte{1, 2, 3, 4}},
		{"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04", true, 0x1, 65536, [4]byte{1, 2, 3, 4}},
		{"\x81\xff\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x00", true, 0x1, 0x102030405060708, [4]byte{}},
	} {
		all := bytes.NewReader([]byte(row.in + "payload"))
		h, err := readHeader(iotest.OneByteReader(all)) // a network may deliver one byte at a time
		if err != nil {
			t.Errorf("readHeader(% x): error %v, want none", row.in, err)
			continue
		}
		if h.fin != row.fin {
			t.Errorf("readHeader(% x): fin is %v, want %v", row.in, h.fin, row.fin)
		}
		if h.op != row.op {
			t.Errorf("readHeader(% x): opcode is %d, want %d (%s)", row.in, h.op, row.op, names[row.op])
		}
		if h.length != row.length {
			t.Errorf("readHeader(% x): length is %d, want %d", row.in, h.length, row.length)
		}
		if h.key != row.key {
			t.Errorf("readHeader(% x): key is % x, want % x", row.in, h.key, row.key)
		}
		if rest, _ := io.ReadAll(all); string(rest) != "payload" {
			t.Errorf("readHeader(% x): %q is left to read, want all of \"payload\"", row.in, rest)
		}
		for n := range row.in {
			if _, err := readHeader(bytes.NewReader([]byte(row.in[:n]))); err == nil {
				t.Errorf("readHeader(% x): no error, want one: the header breaks off", row.in[:n])
			}
		}
	}
}
