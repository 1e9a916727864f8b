package rules

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"websocket-workshop/steps/tools/wstest"
)

// describe says what the fields of a frame are.
func describe(f wstest.Frame) string {
	if f.Length == 0 {
		f.Length = uint64(len(f.Payload)) // as Bytes has it
	}
	s := cmp.Or(wstest.Names[f.Opcode], fmt.Sprintf("unknown opcode 0x%X", f.Opcode))
	s += map[bool]string{true: ", FIN", false: ", no FIN"}[f.Fin]
	if f.RSV != 0 {
		s += fmt.Sprintf(", reserved bits %03b", f.RSV)
	}
	if f.Masked {
		s += fmt.Sprintf(", masked with % x", f.Key)
	} else {
		s += ", not masked"
	}
	s += fmt.Sprintf(", length %d", f.Length)
	if f.Form > wstest.ShortestForm(f.Length) {
		s += fmt.Sprintf(", written in %d bits", f.Form)
	}
	switch {
	case f.Opcode == wstest.Close && len(f.Payload) >= 2:
		return s + fmt.Sprintf(": status code %d %s", f.Code(), quote(f.Payload[2:]))
	case len(f.Payload) > 0:
		s += ": " + quote(f.Payload)
	}
	return s
}

// quote returns the beginning of a payload, as text where it is text.
func quote(b []byte) string {
	const most = 72
	cut := ""
	if len(b) > most {
		n := most
		for n > most-utf8.UTFMax && !utf8.RuneStart(b[n]) {
			n--
		}
		b, cut = b[:n], "…"
	}
	if strings.ContainsFunc(string(b), func(r rune) bool { return r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' }) {
		return hexBytes(b[:min(len(b), 16)]) + cut
	}
	return string(b) + cut
}

// hexBytes returns bytes in hex, as far as they fit on a line.
func hexBytes(b []byte) string {
	const most = 20
	if len(b) <= most {
		return fmt.Sprintf("% x", b)
	}
	return fmt.Sprintf("% x … (%d bytes)", b[:most], len(b))
}

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

// mostMessages is how many a history holds.
const mostMessages = 50

// parseHistory returns the history in a frame, or explains what else is in it.
func parseHistory(f wstest.Frame) (h history, cause string) {
	var shape map[string]json.RawMessage // looked at name by name: as a struct it could be in upper case, too
	var messages []map[string]json.RawMessage
	if f.Opcode != wstest.Text {
		return h, fmt.Sprintf("what came is a %s frame", cmp.Or(wstest.Names[f.Opcode], "strange"))
	}
	if !utf8.Valid(f.Payload) {
		return h, "the text is not UTF-8: a browser hangs up on that"
	}
	if err := json.Unmarshal(f.Payload, &shape); err != nil {
		return h, causeOfBadJSON(f, err)
	}
	list, there := shape["msg"]
	if !there {
		return h, `the list of messages is missing: it is called "msg", in lower case (json:"msg")`
	}
	if json.Unmarshal(list, &messages) != nil || messages == nil {
		return h, `"msg" has to be a list of objects`
	}
	for _, m := range messages {
		for _, name := range []string{"user", "text", "time"} {
			if _, there := m[name]; !there {
				return h, fmt.Sprintf("a message lacks the field %q, in lower case: give the struct's field a tag, `json:%q`, and a capital letter", name, name)
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

// follows says what is wrong with a history that comes next behind another, or "".
func (h history) follows(last history) string {
	if len(last.Msg) == 0 {
		return ""
	}
	at := slices.Index(h.Msg, last.Msg[0])
	switch {
	case at >= 0 && !slices.Equal(h.Msg[at:], last.Msg[:min(len(last.Msg), mostMessages-at)]):
		return "messages have changed, changed places, or are gone: is the list of messages, or a buffer that is still being written, used by two goroutines at once?"
	case at >= 0:
		return ""
	case len(h.Msg) > 0 && slices.Contains(last.Msg, h.Msg[0]):
		return "an older history came behind a newer one: make it and hand it to every member under one lock, and let the newest be written last"
	case len(h.Msg) < mostMessages:
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
