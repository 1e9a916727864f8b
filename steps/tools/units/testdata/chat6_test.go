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
func TestChat6(t *testing.T) {
	const key = "\x00\x00\x00\x00"
	for _, row := range []struct {
		name, in string
		code     uint16
	}{
		{"a binary message", "\x82\x82" + key + "{}", 1003},
		{"a text that is not JSON", "\x81\x82" + key + "hi", 1007},
		{"a long text that is not JSON", "\x81\xfe\x00\xc8" + key + strings.Repeat("x", 200), 1007},
		{"JSON without user and text", "\x81\x82" + key + "{}", 1007},
		{"a close frame with 1000", "\x88\x82" + key + "\x03\xe8", 1000},
		{"a frame that is not masked", "\x81\x02" + key + "{}", 1002},
	} {
		client, server := net.Pipe()
		go io.Copy(io.Discard, client) // reads the server's answers
		err := chat(&conn{nc: server, br: bufio.NewReader(strings.NewReader(row.in))})
		var why closeError
		if !errors.As(err, &why) || why.Code != row.code || len(why.Reason) > 123 {
			t.Errorf("chat(%s): error %v, want a closeError with %d and at most 123 bytes of reason",
				row.name, err, row.code)
		}
	}
}
