package main

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// close says goodbye to everyone at the same time, and returns when the last member has left.
func TestHubClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub{members: make(map[*conn]*member)}
		got := make([]byte, 4)
		for i := range 3 {
			client, server := net.Pipe() // accepts no byte before the other end reads it
			defer client.Close()
			h.join(&conn{nc: server})
			for b, history := make([]byte, 1000), ""; !strings.HasSuffix(history, "}"); {
				n, _ := client.Read(b) // may return a part of it
				history += string(b[:n])
			}
			if i == 0 {
				go io.ReadFull(client, got) // the other two stop reading
			}
		}
		synctest.Wait() // until every goroutine has ended, or waits for another
		closed := false
		go func() { h.close(); closed = true }()
		synctest.Wait()
		if !h.mu.TryLock() {
			t.Fatal("close holds the lock mu while it waits: nobody can leave")
		}
		h.mu.Unlock()
		if got[0] != 0x88 || string(got[2:]) != "\x03\xe9" {
			t.Errorf("close, while only one of three members reads: it gets % x, want 88, a length, and 03 e9", got)
		}
		for c := range h.members {
			if synctest.Wait(); closed {
				t.Fatal("close returns before all members have left")
			}
			h.leave(c)
		}
		time.Sleep(time.Second) // takes no time in here: close may check only now and then
		if !closed {
			t.Error("close does not return, although all members have left")
		}
	})
}
