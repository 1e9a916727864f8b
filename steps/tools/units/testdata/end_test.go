package main

import (
	"bufio"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// end sends a close frame if err is a closeError, and waits at most CloseTime for the member to hang up.
func TestEnd(t *testing.T) {
	for _, row := range []struct {
		err   error
		stays time.Duration // how long the member keeps sending
		frame string
		most  time.Duration // how long end may wait
	}{
		{closeError{Code: 1000, Reason: "bye"}, time.Second, "\x88\x05\x03\xe8bye", time.Second},
		{closeError{Code: 1005, Reason: "no status code"}, time.Second, "\x88\x00", time.Second},
		{closeError{Code: 1002}, time.Second, "\x88\x02\x03\xea", time.Second},
		{closeError{Code: 1002}, time.Hour, "\x88\x02\x03\xea", CloseTime},
		{io.EOF, time.Hour, "", 0}, // the member is gone: nobody would read a close frame
	} {
		synctest.Test(t, func(t *testing.T) { // in here, an hour takes no time
			client, server := net.Pipe()
			c := &conn{nc: server, br: bufio.NewReader(server)}
			start := time.Now()
			var got []byte
			go func() { got, _ = io.ReadAll(client) }()
			go func() {
				for time.Since(start) < row.stays {
					if _, err := client.Write([]byte("more")); err != nil {
						return
					}
					time.Sleep(time.Second / 10)
				}
				client.Close()
			}()
			c.end(row.err)
			waited := time.Since(start)
			time.Sleep(time.Second) // for the member to notice that the connection is closed
			synctest.Wait()
			if waited > row.most+time.Second/2 {
				t.Errorf("end(%v), and the member keeps sending for %v: end waits %v, want %v",
					row.err, row.stays, waited, row.most)
			}
			server.SetReadDeadline(time.Now())
			if _, err := server.Read(make([]byte, 1)); err != io.ErrClosedPipe {
				server.Close()
				t.Fatalf("end(%v): it returns, but the connection is still open", row.err)
			}
			if string(got) != row.frame {
				t.Errorf("end(%v): the member gets [% x], want [% x]", row.err, got, row.frame)
			}
		})
	}
}
