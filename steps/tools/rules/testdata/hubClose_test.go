package main

import (
	"io"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
)

// close says goodbye to everyone at the same time, lets nobody in any more, and returns when
// the last member has left.
func TestHubClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub{members: make(map[*conn]*member)}
		got := make([]byte, 4)
		for i := range 3 {
			client, server := net.Pipe() // which takes no byte before the other end reads it
			defer client.Close()
			c := &conn{nc: server}
			h.members[c] = &member{conn: c}
			h.visits.Add(1)
			if i == 0 {
				go io.ReadFull(client, got) // the others read nothing
			}
		}
		closed := false
		go func() { h.close(); closed = true }()
		synctest.Wait() // until every goroutine waits for another
		if !h.mu.TryLock() {
			t.Fatal("close holds the lock mu while it waits: nobody can leave")
		}
		h.mu.Unlock()
		if string(got[2:]) != "\x03\xe9" {
			t.Errorf("close: a member that reads gets % x …, want 88, a length, and the code 03 e9: others read nothing", got)
		}
		if h.door.TryRLock() {
			t.Error("close: the door is still open")
		}
		for c := range h.members {
			if synctest.Wait(); closed {
				t.Fatal("close returns before all members have left")
			}
			h.leave(c)
		}
		if synctest.Wait(); !closed {
			t.Error("close does not return although all members have left")
		}
	})
}

// Who is let in before the door is locked is told goodbye like the others.
func TestHubCloseDoor(t *testing.T) {
	h := hub{members: make(map[*conn]*member)}
	client, server := net.Pipe()
	c := &conn{nc: server}
	h.door.RLock() // as upgrade does before it answers 101
	go h.close()
	for range 10000 {
		runtime.Gosched() // now close is at the door
	}
	h.mu.Lock()
	h.members[c] = &member{conn: c}
	h.visits.Add(1)
	h.mu.Unlock()
	h.door.RUnlock()
	got := make([]byte, 4)
	if io.ReadFull(client, got); string(got[2:]) != "\x03\xe9" {
		t.Errorf("close: a member that was coming in gets % x …, want 88, a length, and the code 03 e9", got)
	}
	h.leave(c)
}
