package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// A new member gets the history, and misses nothing that is posted at that moment. A member that has left
// gets nothing.
func TestJoin(t *testing.T) {
	for range 300 {
		past = history{}
		synctest.Test(t, func(t *testing.T) { // waits for the goroutines that are started in it
			h := hub{members: make(map[*conn]*member)}
			client, server := net.Pipe()
			defer server.Close()
			var got []byte
			go func() {
				for b := make([]byte, 1000); ; {
					n, err := client.Read(b)
					if got = append(got, b[:n]...); err != nil {
						return
					}
				}
			}()
			c := &conn{nc: server}
			go h.join(c)
			for i := range 2 {
				go h.post(post{User: "ann", Text: fmt.Sprint("post ", i)})
			}
			synctest.Wait()
			newest := string(encode(opText, past.json()))
			if !strings.HasSuffix(string(got), newest) {
				t.Fatal("join, while two messages are posted: the last history for the member is not the newest")
			}
			if m := h.members[c]; m == nil || m.conn != c {
				t.Fatal("join: the connection is not in members")
			}
			all := len(got)
			h.leave(c)
			h.post(post{User: "ann", Text: "bye"})
			synctest.Wait()
			if len(h.members) > 0 || len(got) > all {
				t.Fatal("leave: the member is still in the map, or still gets histories")
			}
			h.join(c) // a member can leave as soon as it has joined
			h.leave(c)
		})
	}
}
