package main

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"
)

const historySize = 50 // posts

// A post is what one member said.
type post struct {
	User string `json:"user"`
	Text string `json:"text"`
	Time int64  `json:"time"` // Unix time in milliseconds
}

// past is the history of this server's one room.
var past history

// A history is the latest posts. Any goroutine may use it.
type history struct {
	mu    sync.Mutex
	posts []post // the newest first, at most historySize
}

// json returns the message that shows a page the whole history.
func (h *history) json() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	b, _ := json.Marshal(map[string][]post{"msg": h.posts}) // strings and numbers: no error
	return b
}

// add puts p first, and drops the oldest post if there are too many.
func (h *history) add(p post) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.posts = slices.Insert(h.posts, 0, p)
	h.posts = h.posts[:min(len(h.posts), historySize)]
}

// parsePost returns the post in a member's message, which must look like
// {"user": "ann", "text": "hi"}. The time is the server's.
func parsePost(data []byte) (post, error) {
	var in struct{ User, Text *string } // pointers, to tell "" from nothing
	if json.Unmarshal(data, &in) != nil || in.User == nil || in.Text == nil {
		return post{}, errors.New(`not like {"user": "ann", "text": "hi"}`)
	}
	return post{User: *in.User, Text: *in.Text, Time: time.Now().UnixMilli()}, nil
}
