package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"websocket-workshop/steps/tools/wstest"
)

// A post is what a client sends.
type post struct {
	User string `json:"user"`
	Text string `json:"text"`
}

// json returns the post as a client writes it.
func (m post) json() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // two strings always have a JSON form
	}
	return b
}

// A message is what a server says of a post.
type message struct {
	user, text string
	time       string // as JSON
}

// A history is what a server sends, newest first.
type history struct{ Msg []message }

// parseHistory returns the history in a message, or says what is wrong with that.
func parseHistory(f wstest.Frame) (h history, cause string) {
	var shape map[string]json.RawMessage // looked at name by name: a struct would take upper case, too
	var messages []map[string]json.RawMessage
	err := json.Unmarshal(f.Payload, &shape)
	list, there := shape["msg"]
	switch {
	case f.Opcode != wstest.Text:
		return h, "the history goes out as text, opcode 1"
	case !utf8.Valid(f.Payload):
		return h, "the text is not UTF-8: a browser hangs up on that"
	case err != nil && bytes.HasPrefix(f.Payload, []byte("[")):
		return h, `the list has to be inside an object: {"msg":[…]}`
	case err != nil:
		return h, "the payload is not JSON: json.Marshal makes it (" + err.Error() + ")"
	case !there:
		return h, `the list of messages is missing: it is called "msg", in lower case (json:"msg")`
	case json.Unmarshal(list, &messages) != nil || messages == nil:
		return h, `"msg" has to be a list of objects`
	}
	for _, m := range messages {
		for _, name := range []string{"user", "text", "time"} {
			if _, there := m[name]; !there {
				return h, fmt.Sprintf("a message lacks the field %q, in lower case: "+
					"give the struct's field a tag, `json:%q`, and a capital letter", name, name)
			}
			if name != "time" && m[name][0] != '"' {
				return h, fmt.Sprintf("%q has to be a string", name)
			}
		}
		got := message{time: string(m["time"])}
		json.Unmarshal(m["user"], &got.user) // a string
		json.Unmarshal(m["text"], &got.text)
		h.Msg = append(h.Msg, got)
	}
	return h, ""
}

// follows says what is wrong with a history that comes next after another, or "".
func (h history) follows(last history) string {
	if len(last.Msg) == 0 {
		return ""
	}
	at := slices.Index(h.Msg, last.Msg[0])
	switch {
	case at >= 0 && !slices.Equal(h.Msg[at:], last.Msg[:min(len(last.Msg), HistorySize-at)]):
		return "messages have changed, changed places, or are gone: is the list of messages, or a buffer " +
			"that is still being written, used by two goroutines at once?"
	case at >= 0:
		return ""
	case len(h.Msg) > 0 && slices.Contains(last.Msg, h.Msg[0]):
		return "an older history came after a newer one: make it and hand it to every member under one lock, " +
			"and let the newest be written last"
	case len(h.Msg) < HistorySize:
		return "messages that were there are gone: is the list of messages changed by two goroutines at once?"
	}
	return ""
}

// find returns where in the history a text is, or -1.
func (h history) find(text string) int {
	return slices.IndexFunc(h.Msg, func(m message) bool { return m.text == text })
}

// missing counts the posts that are not in the history.
func (h history) missing(posts ...post) (n int) {
	for _, m := range posts {
		if h.find(m.Text) < 0 {
			n++
		}
	}
	return n
}

// has reports whether all the posts are in the history.
func (h history) has(posts ...post) bool { return h.missing(posts...) == 0 }

// String lists the texts of a history, newest first, as far as a line has room.
func (h history) String() string {
	var texts []string
	for i, m := range h.Msg {
		if i == 6 {
			texts = append(texts, fmt.Sprintf("… (%d in all)", len(h.Msg)))
			break
		}
		texts = append(texts, short(m.text))
	}
	return strings.Join(texts, " | ")
}

// short returns the beginning of a text.
func short(text string) string {
	if runes := []rune(text); len(runes) > 24 {
		return fmt.Sprintf("%s… (%d characters)", string(runes[:16]), len(runes))
	}
	return text
}
