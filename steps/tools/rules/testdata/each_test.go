package main

import (
	"sync"
	"testing"
)

// each calls f once for every member. A call that takes long delays neither each nor the others.
func TestEach(t *testing.T) {
	h := hub{members: map[*conn]*member{{}: nil, {}: nil, {}: nil}}
	var calls sync.WaitGroup
	calls.Add(len(h.members))
	called := make(chan *conn)
	h.each(func(c *conn) {
		defer calls.Done()
		called <- c
	})
	if !h.mu.TryLock() {
		t.Fatal("each still holds the lock mu when it returns")
	}
	h.mu.Unlock()
	for range len(h.members) {
		delete(h.members, <-called)
	}
	if len(h.members) > 0 {
		t.Errorf("each: f was called for a member twice, and for %d members never", len(h.members))
	}
	calls.Wait()
}
