package main

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// push waits for nobody, and a newer frame replaces the one that waits.
func TestPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in here, a second takes no time
		client, server := net.Pipe() // accepts no byte before the other end reads it
		defer client.Close()
		m := &member{conn: &conn{nc: server}}
		start := time.Now()
		m.push([]byte("frame A, "))
		if waited := time.Since(start); waited > 0 {
			t.Fatalf("push(A) waits %v for a member that reads nothing: is go missing before m.send()?", waited)
		}
		client.SetReadDeadline(time.Now().Add(time.Second))
		one := make([]byte, 1)
		client.Read(one) // now A is being written
		m.push([]byte("frame B, "))
		m.push([]byte("frame C, "))
		rest, _ := io.ReadAll(client)
		if got := string(one) + string(rest); got != "frame A, frame C, " {
			t.Errorf("push(A), then push(B), push(C) while A is written: the member gets %q, want A, then C", got)
		}
		m.push([]byte("frame D"))
		client.SetReadDeadline(time.Now().Add(time.Second))
		if got, _ := io.ReadAll(client); string(got) != "frame D" {
			t.Errorf("push(D), when everything is written: the member gets %q, want D", got)
		}
	})
}

// However push and send overlap, frames arrive in order, and the newest always arrives.
func TestPushMeets(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			m := &member{conn: &conn{nc: server}}
			var got []byte
			go func() { got, _ = io.ReadAll(client) }()
			for _, frame := range []string{"1", "2", "3", "4"} {
				m.push([]byte("\x81\x01" + frame))
			}
			synctest.Wait() // until every goroutine has ended, or waits for another
			server.Close()
			synctest.Wait()
			texts := strings.ReplaceAll(string(got), "\x81\x01", "")
			for i := range texts {
				if i > 0 && texts[i] <= texts[i-1] {
					t.Fatalf("push(1) to push(4): the member gets %q, which is not in order", texts)
				}
			}
			if !strings.HasSuffix(texts, "4") {
				t.Fatalf("push(1) to push(4): the member gets %q, and never the newest, 4", texts)
			}
		})
	}
}
