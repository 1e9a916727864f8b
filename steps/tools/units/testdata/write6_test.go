package main

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// No frame follows a close frame, whoever writes it and however the writes overlap (section 5.5.1).
func TestWrite6(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) { // waits for the goroutines that are started in it
			client, server := net.Pipe()
			var got []byte
			go func() { got, _ = io.ReadAll(client) }()
			c := &conn{nc: server}
			if err := c.write([]byte("\x81\x05first")); err != nil {
				t.Fatalf("write: %v", err)
			}
			go c.write([]byte("\x81\x02hi"))
			go c.goodbye()
			go c.write([]byte("\x81\x02hi"))
			synctest.Wait()
			c.write([]byte("\x81\x04more"))
			c.goodbye()
			server.Close()
			synctest.Wait()

			texts, end, _ := strings.Cut(string(got), "\x88")
			if strings.ReplaceAll(texts, "\x81\x02hi", "") != "\x81\x05first" {
				t.Fatalf("write: a text, then two more and a close frame at the same time: the member gets % x", got)
			}
			if len(end) < 3 {
				t.Fatalf("write: the member gets no close frame: % x", got)
			}
			if more := end[min(len(end), 1+int(end[0])):]; more != "" {
				t.Fatalf("write: after the close frame the member gets %q", more)
			}
		})
	}
}
