package main

import (
	"fmt"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/wstest"
)

// posted is what a row of the chat wants if a history comes back that has the post, by a user
// with the name of the rule.
const posted = "a post"

// chatRows are what the chat adds to the protocol.
var chatRows = []row{
	{"5.6", "a post", text(said("a post", 0)), posted, ""},
	{"5.6", "a post with more in it", text(`{"time": 1, "x": [], "text": "<b>", "user": "a post with more in it"}`), posted, ""},
	{"5.6", "a post in fragments", in(3, said("a post in fragments", 100)), posted, ""},
	{"7.4.1", "a binary", bin(said("a binary", 0)), "close 1003", ""},
	{"7.4.1", "an empty binary", bin(""), "close 1003", ""},
	{"7.4.1", "a binary in fragments", fragments(0x82, 5, said("a binary", 0)), "close 1003", ""},
	{"7.4.1", "a text that is not JSON", text("hi"), "close 1007", ""},
	{"7.4.1", "an empty text", text(""), "close 1007", ""},
	{"7.4.1", "JSON that is no object", text(`["ann", "hi"]`), "close 1007", ""},
	{"7.4.1", "null", text("null"), "close 1007", ""},
	{"7.4.1", "no user", text(`{"text": "hi"}`), "close 1007", ""},
	{"7.4.1", "no text", text(`{"user": "ann"}`), "close 1007", ""},
	{"7.4.1", "a user that is a number", text(`{"user": 1, "text": "hi"}`), "close 1007", ""},
	{"7.4.1", "a text that is null", text(`{"user": "ann", "text": null}`), "close 1007", ""},
	{"7.4.1", "a post and something behind it", text(said("ann", 0) + "x"), "close 1007", ""},
	{"8.1", "a post that is not UTF-8", text("{\"user\": \"ann\", \"text\": \"\xff\"}"), "close 1007", ""},
	{"10.4", "4,096 bytes", text(said("4,096 bytes", 4096)), posted, ""},
	{"10.4", "4,096 bytes in fragments", in(1000, said("4,096 bytes in fragments", 4096)), posted, ""},
	{"10.4", "4,097 bytes", text(said("4,097 bytes", 4097)), "close 1009", ""},
	{"10.4", "4,097 bytes in fragments", in(1000, said("4,097 bytes in fragments", 4097)), "close 1009", ""},
	{"10.4", "4,097 bytes, of which none has come", cat(announced(0x81, 4097, [4]byte{}), hangUp), "close 1009", "close 1007"},
	{"10.4", "fragments without an end", cat(first("a"), times(5000, middle("a"))), "close 1009", ""},
	{"10.4", "70,000 bytes", text(long), "close 1009", ""},
}

// said returns a post of so many bytes by the user of that name.
func said(user string, size int) string {
	s := fmt.Sprintf(`{"user": %q, "text": ""}`, user)
	return s[:len(s)-2] + strings.Repeat("x", max(0, size-len(s))) + s[len(s)-2:]
}

// users returns who has posted what a history pushes, the newest first.
func users(f wstest.Frame) []string {
	parts := strings.Split(string(f.Payload), `{"user":"`)[1:]
	for i := range parts {
		parts[i], _, _ = strings.Cut(parts[i], `"`)
	}
	return parts
}

// posts returns the words for what comes to a member of the chat: of the histories, those for
// the first with a post of the user's that is not in the greeting. The member says goodbye then.
func (p *peer) posts(user string, greeting wstest.Frame) func(wstest.Frame) string {
	many := func(f wstest.Frame) int {
		return len(slices.DeleteFunc(users(f), func(u string) bool { return u != user }))
	}
	before := many(greeting)
	return func(f wstest.Frame) string {
		switch {
		case f.Opcode != wstest.Text:
			return f.String()
		case many(f) <= before:
			return ""
		}
		before = historySize
		p.TCP.Write(closing(1000, "over"))
		return posted
	}
}
