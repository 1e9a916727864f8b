package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// However calls of post overlap, everyone gets the whole history, and the newest one last.
func TestPost(t *testing.T) {
	for range 200 {
		past = history{}
		synctest.Test(t, func(t *testing.T) { // waits for the goroutines that are started in it
			h := hub{members: make(map[*conn]*member)}
			got := make([][]byte, 3) // by each member
			for i := range got {
				client, server := net.Pipe()
				defer server.Close()
				go func() {
					for b := make([]byte, 1000); ; {
						n, err := client.Read(b)
						if got[i] = append(got[i], b[:n]...); err != nil {
							return
						}
					}
				}()
				h.join(&conn{nc: server})
			}
			for i := range 4 {
				go h.post(post{User: "ann", Text: fmt.Sprint("post ", i)})
			}
			synctest.Wait()
			newest := past.json()
			for i := range 4 {
				if !strings.Contains(string(newest), fmt.Sprint("post ", i)) {
					t.Fatalf("post(post %d): it is not in the history: %s", i, newest)
				}
			}
			for i := range got {
				if !strings.HasSuffix(string(got[i]), string(encode(opText, newest))) {
					t.Fatalf("four posts at once: the last history for member %d is not the newest", i+1)
				}
			}
		})
	}
}

// A member that reads nothing delays nobody.
func TestPostWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in here, a second takes no time
		h := hub{members: make(map[*conn]*member)}
		client, server := net.Pipe()
		defer client.Close()
		h.join(&conn{nc: server})
		for i := range 3 {
			start := time.Now()
			h.post(post{User: "ann", Text: "hi"})
			if waited := time.Since(start); waited > 0 {
				t.Fatalf("call %d of post waits %v for a member that reads nothing", i+1, waited)
			}
		}
	})
}
