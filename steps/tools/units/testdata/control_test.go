package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// A ping is answered with a pong that has its payload, and a pong is not answered (section
// 5.5). For a close frame the error has the code, for end. The key is 01 02 03 04.
func TestControl(t *testing.T) {
	for _, row := range []struct {
		name   string
		in     header
		masked string
		code   uint16 // of the error; 0: no error
		answer string
	}{
		{`a ping with "hi"`, header{op: 0x9, length: 2}, "\x69\x6b", 0, "\x8a\x02hi"},
		{"an empty ping", header{op: 0x9}, "", 0, "\x8a\x00"},
		{`a pong with "hi"`, header{op: 0xA, length: 2}, "\x69\x6b", 0, ""},
		{"a close frame with 1000", header{op: 0x8, length: 2}, "\x02\xea", 1000, ""},
		{"a close frame with 1000 and a reason", header{op: 0x8, length: 5}, "\x02\xeaazf", 1000, ""},
		{"an empty close frame", header{op: 0x8}, "", 1005, ""},
		{"a close frame with the code 1005", header{op: 0x8, length: 2}, "\x02\xef", 1002, ""},
		{"a close frame of one byte", header{op: 0x8, length: 1}, "\x02", 1002, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			var answer []byte
			go func() { answer, _ = io.ReadAll(client) }()
			c := &conn{nc: server, br: bufio.NewReader(strings.NewReader(row.masked + "next"))}
			row.in.fin, row.in.key = true, [4]byte{1, 2, 3, 4}
			err := c.control(row.in)
			synctest.Wait()
			c.nc.Close()
			synctest.Wait()
			var why closeError
			errors.As(err, &why)
			if row.code == 0 && err != nil {
				t.Errorf("control(%s): error %v, want none", row.name, err)
			} else if why.Code != row.code {
				t.Errorf("control(%s): error %v, want a closeError with %d", row.name, err, row.code)
			}
			if row.code == 0 && string(answer) != row.answer { // a close frame may be answered here, or later
				t.Errorf("control(%s): the member gets %q, want %q", row.name, answer, row.answer)
			}
			if rest, _ := io.ReadAll(c.br); string(rest) != "next" {
				t.Errorf("control(%s): %q is left to read, want everything after the payload, \"next\"", row.name, rest)
			}
		})
	}
}
