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

// accept answers 101 on the connection itself, or refuses through w (section 4.2).
func TestAccept(t *testing.T) {
	for _, version := range []string{"13", "8"} {
		synctest.Test(t, func(t *testing.T) { // in here, a minute takes no time
			client, server := net.Pipe()
			br := bufio.NewReader(io.MultiReader(strings.NewReader("early"), server))
			br.Peek(1) // net/http has read "early" together with the request
			w := hijacked{httptest.NewRecorder(), server, br}
			r := handshake()
			r.Header.Set("Sec-WebSocket-Version", version)
			var answer []byte
			go func() { answer, _ = io.ReadAll(client) }()
			c, err := accept(w, r)
			if version != "13" {
				server.Close()
				synctest.Wait()
				if err == nil || w.Code != 426 || len(answer) > 0 {
					t.Errorf("accept(version 8): status %d, error %v, %d bytes sent, want 426, an error, 0 bytes",
						w.Code, err, len(answer))
				}
				return
			}
			if err != nil {
				server.Close()
				t.Fatalf("accept(a valid request): %v", err)
			}
			time.Sleep(time.Minute) // net/http's time limits must not be left on the connection
			go io.WriteString(client, " and late")
			time.AfterFunc(time.Second, func() { client.Close() })
			got := make([]byte, 14)
			if _, err := io.ReadFull(c.br, got); err != nil || string(got) != "early and late" {
				t.Errorf("accept: c.br has %q, %v, want the bytes that came with the request and those that came later",
					got, err)
			}
			if err := c.write([]byte("later")); err != nil {
				t.Errorf("accept: a minute later, c.write fails: %v", err)
			}
			c.nc.Close()
			synctest.Wait()
			if status, _, _ := strings.Cut(string(answer), "\r\n"); !strings.HasPrefix(status, "HTTP/1.1 101 ") {
				t.Errorf("accept: the client gets %q, want HTTP/1.1 101 Switching Protocols", status)
			}
		})
	}
}
