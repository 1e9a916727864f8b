package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// once counts how many times a request is answered.
type once struct {
	*httptest.ResponseRecorder
	answers int
}

func (o *once) WriteHeader(status int) {
	o.answers++
	o.ResponseRecorder.WriteHeader(status)
}

// Upgrade is a list of protocols, in any case (RFC 9110, section 7.8).
func TestUpgrade(t *testing.T) {
	for _, row := range []struct {
		field  string
		status int
	}{
		{"websocket", http.StatusNotImplemented}, // for now: step 2 answers 101
		{"WebSocket", http.StatusNotImplemented},
		{"h2c, websocket", http.StatusNotImplemented},
		{"h2c", http.StatusBadRequest},
		{"websockets", http.StatusBadRequest},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Upgrade", row.field)
		w := &once{ResponseRecorder: httptest.NewRecorder()}
		upgrade(w, r)
		if w.Code != row.status {
			t.Errorf("upgrade(Upgrade: %s): the status is %d, want %d", row.field, w.Code, row.status)
		}
		if w.answers > 1 {
			t.Errorf("upgrade(Upgrade: %s): it is answered %d times: is a return missing?", row.field, w.answers)
		}
		if w.Body.Len() == 0 {
			t.Errorf("upgrade(Upgrade: %s): the answer has no text that names the problem", row.field)
		}
	}
}
