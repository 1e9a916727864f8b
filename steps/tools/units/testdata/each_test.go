package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// each calls f once for every member. A slow call delays neither each nor the other calls.
func TestEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in here, a second takes no time
		h := hub{members: map[*conn]*member{{}: nil, {}: nil, {}: nil}}
		start := time.Now()
		called := make(chan *conn, 10)
		h.each(func(c *conn) {
			time.Sleep(time.Second)
			called <- c
		})
		if waited := time.Since(start); waited > 0 {
			t.Errorf("each(f) waits %v for f, which takes a second for each of three members", waited)
		}
		if !h.mu.TryLock() {
			t.Fatal("each(f) returns and still holds the lock mu")
		}
		h.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := len(called); n != 3 {
			t.Errorf("each(f) has called f %d times when all should be done, want once for each of three members", n)
		}
		for range len(called) {
			delete(h.members, <-called)
		}
		if len(h.members) > 0 {
			t.Errorf("each(f) has called f for a connection that is not a member's")
		}
	})
}
