package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// read puts a message together from its fragments, and reads the control frames between them
// (section 5.4). The rows have the key 00 00 00 00, which changes nothing, where they can.
func TestRead(t *testing.T) {
	const key = "\x00\x00\x00\x00"
	longest := fmt.Sprintf("1 %q", strings.Repeat("x", MaxMessage))
	for _, row := range []struct{ name, in, want string }{
		{"Hello", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", `1 "Hello"`},
		{"an empty message", "\x81\x80" + key, `1 ""`},
		{"Hel and lo", "\x01\x83\x37\xfa\x21\x3d\x7f\x9f\x4d" + "\x80\x82\x37\xfa\x21\x3d\x5b\x95", `1 "Hello"`},
		{"three fragments", "\x01\x81" + key + "a" + "\x00\x80" + key + "\x80\x81" + key + "b", `1 "ab"`},
		{"a ping in between", "\x01\x81" + key + "a" + "\x89\x82" + key + "hi" + "\x80\x81" + key + "b", `1 "ab"`},
		{"a pong before a message", "\x8a\x84" + key + "pong" + "\x81\x82" + key + "hi", `1 "hi"`},
		{"as many bytes as a message may have", long(0x81, MaxMessage), longest},
		{"as many in two fragments", long(0x01, MaxMessage-1) + "\x80\x81" + key + "x", longest},

		{"one byte more than a message may have", long(0x81, MaxMessage+1), "an error"},
		{"one byte more in two fragments", long(0x01, MaxMessage-1) + "\x80\x82" + key + "xx", "an error"},
		{"a fragment after as many bytes as a message may have", long(0x01, MaxMessage) + "\x80\x81" + key + "x",
			"an error"},
		{"a length of 2^62", "\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00" + key, "an error"},
		{"a length of 2^63", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00" + key, "an error"},
		{"1 and 2^64-1", "\x01\x81" + key + "x" + "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff" + key, "an error"},
		{"a fragment that continues no message", "\x80\x82" + key + "hi", "an error"},
		{"a text within a text", "\x01\x82" + key + "hi" + "\x81\x82" + key + "hi", "an error"},
		{"a binary message within a text", "\x01\x82" + key + "hi" + "\x82\x82" + key + "hi", "an error"},
	} {
		client, server := net.Pipe()
		go io.Copy(io.Discard, client) // reads the server's answers
		in := strings.NewReader(row.in + "\x81\x84" + key + "next")
		c := &conn{nc: server, br: bufio.NewReader(iotest.OneByteReader(in))} // a Read may return one byte
		read := func() string {
			m, err := c.read()
			if err != nil {
				return "an error"
			}
			return fmt.Sprintf("%d %q", m.op, m.data)
		}
		if got := read(); got != row.want {
			t.Errorf("read(%s) returns %.40s, want %.40s", row.name, got, row.want)
		} else if got != "an error" {
			if got := read(); got != `1 "next"` {
				t.Errorf("read after %s returns %.40s, want the next message", row.name, got)
			}
		}
	}
}
