package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// upgrade leaves the door however it returns, or Ctrl-C would wait for it. Once the door is
// locked nobody comes in.
func TestUpgrade6(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Upgrade", "websocket") // and no key: this is refused
	w := httptest.NewRecorder()
	upgrade(w, r)
	if w.Code < 400 {
		t.Errorf("upgrade(a request without a key): the status is %d, want one that refuses it", w.Code)
	}
	if !room.door.TryLock() {
		t.Fatal("upgrade(a request without a key): it returns, and still holds the door: RUnlock is missing")
	}
	w = httptest.NewRecorder()
	upgrade(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("upgrade, when the server stops: the status is %d, want 503", w.Code)
	}
	room.door.Unlock()
}
