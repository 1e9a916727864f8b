package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// A Post is what a client sends.
type Post struct {
	User string `json:"user"`
	Text string `json:"text"`
}

// JSON returns the post as a client writes it.
func (m Post) JSON() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // two strings always have a JSON form
	}
	return b
}

// A Message is a post as the server sends it.
type Message struct {
	Post
	Time string // as JSON
}

// A History is what a server sends, newest first.
type History []Message

// parseHistory returns the history in a message, or describes what is wrong with the message.
func parseHistory(f wstest.Frame) (h History, wrong string) {
	var shape map[string]json.RawMessage // looked up by name: a struct would also accept upper case
	var messages []map[string]json.RawMessage
	err := json.Unmarshal(f.Payload, &shape)
	list, there := shape["msg"]
	switch {
	case f.Opcode != wstest.Text:
		return h, "the history must be sent as text, opcode 1"
	case !utf8.Valid(f.Payload):
		return h, "the text is not UTF-8: a browser ends the connection"
	case err != nil && bytes.HasPrefix(f.Payload, []byte("[")):
		return h, `the list must be inside an object: {"msg":[…]}`
	case err != nil:
		return h, "the payload is not JSON: json.Marshal makes it (" + err.Error() + ")"
	case !there:
		return h, `the list of messages is missing: it must be called "msg", in lower case (json:"msg")`
	case json.Unmarshal(list, &messages) != nil || messages == nil:
		return h, `"msg" must be a list of objects`
	}
	for _, m := range messages {
		for _, name := range []string{"user", "text", "time"} {
			if _, there := m[name]; !there {
				return h, fmt.Sprintf("a message lacks the field %q, in lower case: "+
					"give the struct's field a tag, `json:%q`, and a capital letter", name, name)
			}
			if name != "time" && m[name][0] != '"' {
				return h, fmt.Sprintf("%q must be a string", name)
			}
		}
		got := Message{Time: string(m["time"])}
		json.Unmarshal(m["user"], &got.User) // a string
		json.Unmarshal(m["text"], &got.Text)
		h = append(h, got)
	}
	return h, ""
}

// parseMore is parseHistory for a connection that has received one: it need not look at each name again.
func parseMore(f wstest.Frame) (History, string) {
	var in struct {
		Msg []struct {
			User, Text *string
			Time       json.RawMessage
		}
	}
	if f.Opcode != wstest.Text || !utf8.Valid(f.Payload) || json.Unmarshal(f.Payload, &in) != nil {
		return parseHistory(f) // describes what is wrong
	}
	h := make(History, len(in.Msg))
	for i, m := range in.Msg {
		if m.User == nil || m.Text == nil || m.Time == nil {
			return parseHistory(f)
		}
		h[i] = Message{Post{*m.User, *m.Text}, string(m.Time)}
	}
	return h, ""
}

// follows describes what is wrong with a history that comes right after another, or returns "".
func (h History) follows(last History) string {
	if len(last) == 0 {
		return ""
	}
	at := slices.Index(h, last[0])
	switch {
	case at >= 0 && !slices.Equal(h[at:], last[:min(len(last), rules.HistorySize-at)]):
		return "messages have changed, changed places, or are gone: is the list of messages, or a buffer " +
			"that is still being written, used by two goroutines at once?"
	case at >= 0:
		return ""
	case len(h) > 0 && slices.Contains(last, h[0]):
		return "an older history came after a newer one: make it and hand it to every member under one lock, " +
			"and write the newest last"
	case len(h) < rules.HistorySize:
		return "messages have disappeared: is the list of messages changed by two goroutines at once?"
	}
	return ""
}

// Find returns where in the history a text is, or -1.
func (h History) Find(text string) int {
	return slices.IndexFunc(h, func(m Message) bool { return m.Text == text })
}

// Missing counts the posts that are not in the history.
func (h History) Missing(posts ...Post) (n int) {
	for _, m := range posts {
		if h.Find(m.Text) < 0 {
			n++
		}
	}
	return n
}

// Has reports whether all the posts are in the history.
func (h History) Has(posts ...Post) bool { return h.Missing(posts...) == 0 }

// String lists the texts of a history, newest first, as many as fit on a line.
func (h History) String() string {
	var texts []string
	for i, m := range h {
		if i == 6 {
			texts = append(texts, fmt.Sprintf("… (%d in all)", len(h)))
			break
		}
		texts = append(texts, Short(m.Text))
	}
	return strings.Join(texts, " | ")
}

// Short returns the beginning of a text.
func Short(text string) string {
	if runes := []rune(text); len(runes) > 24 {
		return fmt.Sprintf("%s… (%d characters)", string(runes[:16]), len(runes))
	}
	return text
}

// WrongTime explains what is wrong with a message's time if it is not now in milliseconds, or returns "".
func (m Message) WrongTime(now time.Time) string {
	n, err := strconv.ParseFloat(m.Time, 64)
	near := func(want int64) bool { return n > 0.99*float64(want) && n < 1.01*float64(want) }
	ms := float64(now.UnixMilli())
	switch {
	case err == nil && n > ms-60_000 && n < ms+60_000:
		return ""
	case err != nil:
		return "the time is not a number: time.Now().UnixMilli()"
	case near(now.Unix()):
		return "the time is in seconds: time.Now().UnixMilli()"
	case near(now.UnixMicro()), near(now.UnixNano()):
		return "the time is finer than milliseconds: time.Now().UnixMilli()"
	}
	return "the time is not now: the server must set it with time.Now().UnixMilli() when a message arrives"
}
