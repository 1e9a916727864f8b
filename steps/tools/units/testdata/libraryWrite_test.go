package main

import (
	"bufio"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// write sends a text, but nothing after a close frame, as the library would.
func TestLibraryWrite(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) { // in here, a minute takes no time
			client, server := net.Pipe()
			c, err := accept(hijacked{httptest.NewRecorder(), server, bufio.NewReader(server)}, handshake())
			if err != nil {
				t.Fatalf("accept: %v", err)
			}
			var got []byte
			go func() { got, _ = io.ReadAll(client) }()
			if err := c.write([]byte("first")); err != nil {
				t.Errorf("write(first): %v", err)
			}
			go c.write([]byte("hi"))
			go c.goodbye()
			go c.write([]byte("hi"))
			time.Sleep(time.Second) // the member does not answer the close frame
			c.write([]byte("more"))
			c.ws.CloseNow()
			synctest.Wait()

			texts, end, _ := strings.Cut(string(got), "\x88")
			if strings.ReplaceAll(texts, "\x81\x02hi", "") != "\x81\x05first" {
				t.Fatalf("write: a text, then two more and a close frame at the same time: the member gets % x", got)
			}
			if len(end) < 3 {
				t.Fatalf("goodbye: the member gets no close frame: % x", got)
			}
			if more := end[min(len(end), 1+int(end[0])):]; more != "" {
				t.Fatalf("write: after the close frame the member gets %q", more)
			}
		})
	}
}
