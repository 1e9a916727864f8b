package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// From step 6 on the error has the code that the connection ends with.
func TestRead6(t *testing.T) {
	const key = "\x00\x00\x00\x00"
	for _, row := range []struct {
		name, in string
		code     uint16 // 0: no error
	}{
		{"a fragment that continues no message", "\x80\x80" + key, 1002},
		{"a message within another", "\x01\x80" + key + "\x81\x80" + key, 1002},
		{"a reserved bit", "\xc1\x80" + key, 1002},
		{"the header of a message with one byte too many", long(0x81, MaxMessage+1)[:8], 1009},
		{"a fragment after as many bytes as a message may have", long(0x01, MaxMessage) + "\x80\x81" + key, 1009},
		{"text that is not UTF-8", "\x81\x82" + key + "\xc3\x28", 1007},
		{"half a character at the end", "\x01\x81" + key + "a" + "\x80\x81" + key + "\xc3", 1007},
		{"a character in two fragments", "\x01\x81" + key + "\xc3" + "\x80\x81" + key + "\xa9", 0},
		{"U+FFFD, which replaces invalid UTF-8, but is valid itself", "\x81\x83" + key + "\uFFFD", 0},
		{"a close frame with 1001", "\x88\x82" + key + "\x03\xe9", 1001},
		{"a close frame between fragments", "\x01\x81" + key + "a" + "\x88\x82" + key + "\x03\xe8", 1000},
		{"an empty close frame", "\x88\x80" + key, 1005},
	} {
		client, server := net.Pipe()
		go io.Copy(io.Discard, client) // reads the server's answers
		c := &conn{nc: server, br: bufio.NewReader(strings.NewReader(row.in))}
		_, err := c.read()
		var why closeError
		errors.As(err, &why)
		if why.Code != row.code || (err == nil) != (row.code == 0) {
			t.Errorf("read(%s): error %v, want a closeError with %d", row.name, err, row.code)
		}
	}
}
