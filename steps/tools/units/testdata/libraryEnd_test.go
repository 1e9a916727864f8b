package main

import (
	"bufio"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// goodbye and end send a close frame. If the member is simply gone, end sends none. After end
// the connection is closed.
func TestLibraryEnd(t *testing.T) {
	for _, row := range []struct {
		name, want string
		call       func(c *conn)
	}{
		{"goodbye", "\x03\xe9", func(c *conn) { c.goodbye() }},
		{"end(1007)", "\x03\xef", func(c *conn) { c.end(closeError{Code: 1007}) }},
		{"end(EOF)", "", func(c *conn) { c.end(io.EOF) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			c, err := accept(hijacked{httptest.NewRecorder(), server, bufio.NewReader(server)}, handshake())
			if err != nil {
				t.Fatalf("accept: %v", err)
			}
			var got []byte
			go func() { got, _ = io.ReadAll(client) }()
			row.call(c) // waits for an answer, which takes no time in here
			if row.name != "goodbye" {
				server.SetReadDeadline(time.Now())
				if _, err := server.Read(make([]byte, 1)); err != io.ErrClosedPipe {
					t.Errorf("%s: the connection is still open", row.name)
				}
			}
			c.ws.CloseNow()
			synctest.Wait()
			if row.want == "" && len(got) == 0 {
				return
			}
			if len(got) < 4 || got[0] != 0x88 || len(got) != 2+int(got[1]) || string(got[2:4]) != row.want {
				t.Errorf("%s: the member gets [% x], want a close frame with [% x]", row.name, got, row.want)
			}
		})
	}
}
