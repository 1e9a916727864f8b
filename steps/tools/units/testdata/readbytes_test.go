package main

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

// Until step 4, read returns whatever bytes have arrived, and no more.
func TestReadBytes(t *testing.T) {
	c := &conn{br: bufio.NewReader(strings.NewReader("\x88\x82\x2d\xbd\xbc\x6e\x2e\x54"))}
	b, err := c.read()
	if string(b) != "\x88\x82\x2d\xbd\xbc\x6e\x2e\x54" || err != nil {
		t.Errorf("read returns %d bytes, % x …, error %v, want the 8 bytes that arrived, 88 82 2d bd bc 6e 2e 54",
			len(b), b[:min(len(b), 16)], err)
	}
	if b, err := c.read(); len(b) > 0 || err != io.EOF {
		t.Errorf("read at the end returns %d bytes, error %v, want none and EOF", len(b), err)
	}
}
