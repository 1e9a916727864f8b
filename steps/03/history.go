package main

import (
	"encoding/json"
	"slices"
	"sync"
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
