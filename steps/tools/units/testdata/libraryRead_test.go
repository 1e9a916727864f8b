package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
)

// The library puts fragments together and answers control frames. It leaves checking for UTF-8 to read, and
// setting the limit of a message to accept.
func TestLibraryRead(t *testing.T) {
	const key = "\x00\x00\x00\x00" // changes nothing, so that the rows can be read
	for _, row := range []struct{ name, in, want string }{
		{"Hello", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", `1 "Hello"`},
		{"an empty message", "\x81\x80" + key, `1 ""`},
		{"a ping in between", "\x01\x81" + key + "a" + "\x89\x82" + key + "hi" + "\x80\x81" + key + "b", `1 "ab"`},
		{"a character in two fragments", "\x01\x81" + key + "\xc3" + "\x80\x81" + key + "\xa9", `1 "é"`},
		{"a binary message", "\x82\x81" + key + "\xff", `2 "\xff"`},
		{"as many bytes as a message may have", long(0x81, MaxMessage),
			fmt.Sprintf("1 %q", strings.Repeat("x", MaxMessage))},
		{"one byte more", long(0x81, MaxMessage+1), "an error"},
		{"text that is not UTF-8", "\x81\x82" + key + "\xc3\x28", "an error with 1007"},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go io.Copy(io.Discard, client) // reads the server's answers
			c, err := accept(hijacked{httptest.NewRecorder(), server, bufio.NewReader(server)}, handshake())
			if err != nil {
				t.Fatalf("accept: %v", err)
			}
			go io.WriteString(client, row.in)
			m, err := c.read()
			got := fmt.Sprintf("%d %q", m.op, m.data)
			var why closeError
			if errors.As(err, &why) && why.Code == 1007 {
				got = "an error with 1007"
			} else if err != nil {
				got = "an error"
			}
			if got != row.want {
				t.Errorf("read(%s) returns %.40s, want %.40s", row.name, got, row.want)
			}
			c.ws.CloseNow()
			client.Close()
		})
	}
}
