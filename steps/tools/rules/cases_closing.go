package rules

import (
	"fmt"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/wstest"
)

// closings are close frames and what follows them (sections 5.5.1, 7.1.5 and 7.1.6).
func closings() []Case {
	bye, answered := closeFrame(1000, ""), `close 1000 ""`
	cases := []Case{
		echo("5.5.1", "a close without a payload", "close", frameOf(0x88, "")),
		echo("5.5.1", "a close with a code and nothing else", answered, bye),
		echo("5.5.1", "a close with a reason", `close 1000 "so long"`, closeFrame(1000, "so long")),
		echo("5.5.1", "a close with a reason in UTF-8", fmt.Sprintf("close 1001 %q", german),
			closeFrame(1001, german)),
		echo("5.5.1", "a close with the longest reason", fmt.Sprintf("close 1000 %q", filler(MaxReason)),
			closeFrame(1000, filler(MaxReason))),
		echo("5.5.1", "a text after a close", answered, bye, textFrame("hi")),
		echo("5.5.1", "a ping after a close", answered, bye, pingFrame("no")),
		echo("5.5.1", "a close after a close", answered, bye, closeFrame(1001, "no")),
		echo("5.5.1", "a violation after a close", answered, bye, rawBytes("\xff\xff\xff\xff")),
		echo("5.5.1", "a close after a violation", "close 1002", frameOf(0x83, ""), bye),
		echo("5.5.1", "a text before a close", `text "hi", close 1000 ""`, textFrame("hi"), bye),
	}
	add := func(row, hint string, leeway []Leeway, c Case) {
		cases = append(cases,
			inRow(row, hint, leeway, c)...)
	}
	for _, code := range []int{1000, 1001, 1003, 1011, 3000, 4567, 4999} {
		for _, reason := range []string{"bye", filler(MaxReason)} {
			add(RowClose, "answer a close frame with the same code, and only then end the connection", anyAnswer,
				chat("5.5.1", fmt.Sprintf("a close with code %d and a reason of %d bytes", code,
					len(reason)),
					fmt.Sprintf("close %d or close 1000", code),
					closeFrame(code, reason))) // 1000 is just as good
		}
	}
	add(RowClose, "a close frame may be empty: then there is no code to read, and none to send back", anyAnswer,
		chat("5.5.1", "an empty close", "close or close 1000", frameOf(0x88, "")))
	for _, bad := range []struct{ what, reason string }{
		{"that is not UTF-8", "bye\xff"}, {"cut within a character", "caf\xc3"},
		{"with a surrogate", "\xed\xa0\x80"},
	} {
		add(RowReason, "the reason in a close frame must be UTF-8, too: check it with utf8.Valid", anyReason,
			echo("5.5.1", "a close with a reason "+bad.what, "close 1007", closeFrame(3000, bad.reason)).
				library(fmt.Sprintf("close 3000 %q", bad.reason)))
	}
	return cases
}

// statusCodes are codes of every class, and the first and last of each (section 7.4).
func statusCodes() (cases []Case) {
	for _, code := range []int{
		1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000,
		4999,
	} {
		cases = append(cases,
			echo("7.4", fmt.Sprint("status code ", code), fmt.Sprintf(`close %d "why"`, code),
				closeFrame(code, "why")))
	}
	cases = append(cases,
		inRow(RowCode, "a close frame has no payload, or a status code of two bytes: one byte is neither",
			anyCode, violation("5.5.1", "a close of one byte", frameOf(0x88, "\x03")))...)
	for _, code := range []int{
		0, 1, 125, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 32768, 65535,
	} {
		name := fmt.Sprint("status code ", code)
		bare := violation("7.4", name, closeFrame(code, ""))
		if code < 5000 { // the RFC does not mention the others, and the check does not try them
			hint := " is not a status code that may be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999 are"
			bare = inRow(RowCode, fmt.Sprint(code, hint), anyCode, bare)[0]
		}
		cases = append(cases, bare, violation("7.4", name+" and a reason", closeFrame(code, "why")))
	}
	return cases
}

// broken are connections that the client ends in the middle of something: nobody is left to answer
// (sections 7.1.5 and 7.1.7).
func broken() []Case {
	cases := []Case{
		echo("7.1.7", "the client hangs up", "hangs up"),
		echo("7.1.7", "the client hangs up after a message", `text "hi", hangs up`, textFrame("hi")),
		echo("7.1.7", "the client hangs up between fragments", "hangs up",
			firstPart("Hel")).library(`text "Hel", hangs up`),
	}
	for _, cut := range []struct{ within, sent string }{
		{"the first two bytes", "\x81"}, {"a length", "\x81\xfe\x01"},
		{"a masking key", "\x81\x85\x37\xfa"},
		{"a payload", "\x81\x85\x37\xfa\x21\x3d\x7f"}, {"a ping", "\x89\x85\x37\xfa\x21\x3d\x7f"},
		{"a close", "\x88\x82\x37\xfa\x21\x3d\x34"},
	} {
		cases = append(cases, echo("7.1.7", "the client hangs up within "+cut.within, "hangs up",
			rawBytes(cut.sent)))
	}
	return hangUps(cases)
}

// hangUps returns the cases with clients that hang up after their frames.
func hangUps(cases []Case) []Case {
	for i := range cases {
		cases[i].HalfClose = true
	}
	return cases
}

// limits are lengths over the echo's limit, which are refused before the payload arrives (section 10.4).
func limits() (cases []Case) {
	const kept = "12345678"
	add := func(name, want, library string, send ...wstest.Frame) {
		cases = append(cases, echo("10.4", name, want, send...).library(library))
	}
	for _, n := range []uint64{EchoLimit + 1, 1 << 32, 1<<63 - 1} {
		add(fmt.Sprintf("a length of %#x", n), "close 1009", `binary "", hangs up`, announced(0x82, n))
	}
	for _, n := range []uint64{1 << 63, 1<<64 - 1} { // negative as signed numbers
		add(fmt.Sprintf("a length of %#x", n), "close 1009", "hangs up", announced(0x82, n))
	}
	for _, n := range []uint64{1<<64 - 8, 1<<64 - 1} { // plus the bytes so far, they overflow 64 bits
		add(fmt.Sprintf("a fragment of %#x", n), "close 1009", "hangs up", frameOf(0x02, kept),
			announced(0x80, n))
	}
	add("a length up to the limit", "hangs up", `binary "", hangs up`, announced(0x82, EchoLimit))
	add("a fragment that brings the message up to the limit", "hangs up", `binary "12345678", hangs up`,
		frameOf(0x02, kept), announced(0x80, EchoLimit-8))
	add("a fragment that brings the message over the limit", "close 1009", `binary "12345678", hangs up`,
		frameOf(0x02, kept), announced(0x80, EchoLimit-7))
	return hangUps(cases)
}

// Characters of each length in UTF-8, the first, the last and some others; and sequences that are similar
// but not UTF-8.
var (
	goodUTF8 = []string{"\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd",
		"\uffff",
		"\U00010000", "\U0010fffe", "\U0010ffff", "κόσμε", "\ufeff", "\ufdd0", "\U0001f600\u200d", german}
	badUTF8 = []string{
		"\x80", "\xbf", "\x80\xbf", // nothing to continue
		"\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x80\xaf", "\xe0\x9f\xbf",
		// longer than necessary
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
		"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff", "\xff\xfe",
		// longer than any character
		"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", // surrogates
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf7\xbf\xbf\xbf", // over U+10FFFF
		"\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xdf", "\xef\xbf", "\xf7\xbf\xbf", // cut short
		"\xc3\x28", "\xe2\x28\xa1", "\xe2\x82\x28", "\xf0\x28\x8c\xbc", "\xf0\x90\x28\xbc",
		"\xf0\x28\x8c\x28", // not continued
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited", // the Autobahn suite's
	}
)

// texts8 are texts in UTF-8 and texts that are not: whole, between other characters, and cut at every byte
// (section 8.1).
func texts8() (cases []Case) {
	for _, s := range goodUTF8 {
		name := fmt.Sprintf("%+q", s)
		cases = append(cases, echo("8.1", name, textSays(s), textFrame(s)),
			echo("8.1", name+" in fragments of one byte", textSays("<"+s+">"),
				inParts(0x81, 1, "<"+s+">")...))
		for i := 1; i < len(s); i++ {
			cases = append(cases, echo("8.1", fmt.Sprintf("%s, cut after byte %d", name, i),
				`pong "", `+textSays(s),
				firstPart(s[:i]), pingFrame(""), lastPart(s[i:])))
		}
	}
	add := func(name string, send ...wstest.Frame) Case { return echo("8.1", name, "close 1007", send...) }
	for _, s := range badUTF8 {
		name := fmt.Sprintf("%+q", s)
		cases = append(cases, add(name, textFrame(s)), add(name+" between characters",
			textFrame("ä"+s+"ö")),
			add(name+" in fragments of one byte", inParts(0x81, 1, s+"a")...),
			add(name+" in a close frame", closeFrame(1000, s)).library(fmt.Sprintf("close 1000 %q", s)))
		cases = append(cases,
			inRow(RowText, "the bytes are not UTF-8: check with utf8.Valid, before encoding/json replaces them",
				anyText, add(name+" in a post", textFrame(strings.Replace(hiPost, "hi", "a"+s+"b", 1))))...)
	}
	return append(inRow(RowText, "the bytes are not UTF-8: check with utf8.Valid, once the message is whole",
		anyText,
		add("a post that is not UTF-8, in fragments", inParts(0x81, 10,
			strings.Replace(hiPost, "hi", "a\xffb", 1))...),
		add("a user's name that is not UTF-8", textFrame(strings.Replace(hiPost, "ann", "\xed\xa0\x80",
			1))),
		add("a post that ends within a character", inParts(0x81, 20,
			strings.Replace(hiPost, `hi"}`, "\xe2\x82", 1))...)),
		append(cases, add("a character that the message's end cuts, though another text has the rest",
			textFrame("\xc3"), textFrame("\xa4")))...)
}

// chats are cases for what the chat adds to the protocol: posts, and status codes for anything else
// (sections 5.6, 7.4.1 and 10.4).
func chats() []Case {
	const most, part, half = MaxMessage, MaxMessage/4 - 24, MaxMessage / 2
	post := func(name string, size, part int) Case {
		c := chat("5.6", name, posted, inParts(0x81, part, PostBy(name, size))...)
		c.Step = 4
		return c
	}
	cases := []Case{
		post("a post", 0, most),
		post("a post in fragments", 100, 3),
		post(fmt.Sprintf("a post of %s bytes", Number(most)), most, most),
		post(fmt.Sprintf("a post of %s bytes in fragments", Number(most)), most, part),
		chat("5.6", "a post with more in it", posted,
			textFrame(`{"time": 1, "x": [], "text": "<b>", "user": "a post with more in it"}`)),
		chat("10.4", "fragments without an end", "close 1009",
			append(list(firstPart("a")), slices.Repeat(list(middlePart("a")), most+1000)...)...),
		chat("10.4", "a post of 70,000 bytes", "close 1009", textFrame(filler(70000))),
	}
	add := func(row, hint, want string, leeway []Leeway, name string, send ...wstest.Frame) {
		cases = append(cases, inRow(row, hint, leeway, chat("7.4.1", name, want, send...))...)
	}
	binary := func(name string, send ...wstest.Frame) {
		add(RowBinary, "this chat accepts no binary messages (opcode 2), not even in fragments: end with 1003",
			"close 1003", anyBinary, name, send...)
	}
	binary("a binary", binaryFrame("\x00\x01\xff"))
	binary("a post as a binary", binaryFrame(hiPost))
	binary("an empty binary", binaryFrame(""))
	binary("a binary in fragments", inParts(0x82, 9, hiPost)...)

	hint := fmt.Sprintf("a message, all its fragments together, has at most %s bytes, and not one more",
		Number(most))
	long := func(name string, size, part int) {
		add(RowLong, hint, "close 1009", anyLimit, name, inParts(0x81, part, PostBy("ann", size))...)
	}
	long("a post of one byte too many", most+1, most+1)
	long("fragments of one byte too many", most+1, most)
	long("small fragments of one byte too many", most+1, part)
	long("fragments that are much too long", most+404, half)

	hint = "compare the length in the header, plus the bytes so far, with the limit: do not wait for the payload"
	announces := func(name string, send ...wstest.Frame) {
		add(RowAnnounced, hint, "close 1009", anyLimit, name, send...)
		c := &cases[len(cases)-1]
		c.HalfClose, c.Library = true, "close 1007"
	}
	for _, n := range []uint64{most + 1, 65535, 65536, 1 << 32, 1 << 40} {
		announces(fmt.Sprintf("a header that announces %#x bytes", n), announced(0x81, n))
	}
	announces("a fragment that announces one byte too many", firstPart(filler(half)),
		announced(0x80, half+1))

	hint = `the text is not {"user": …, "text": …}, both strings, and nothing after it: json.Unmarshal tells ` +
		"most of that, and pointers to strings which of them were missing"
	for _, text := range noPosts {
		add(RowJSON1007, hint, "close 1007", anyJSON, "the text "+wstest.Short([]byte(text)),
			textFrame(text))
	}
	return cases
}

// noPosts are texts that are not a message of the chat.
var noPosts = []string{
	"hello", "", "null", "5", `"hi"`, `["user", "text"]`, `[` + hiPost + `]`, `{}`, `{"user":"ann","text":`,
	`{"user":"ann","text":"hi"`, `{"user":"ann"}`, `{"text":"hi"}`, `{"user":"ann","text":5}`,
	`{"user":5,"text":"hi"}`,
	`{"user":null,"text":"hi"}`, `{"user":"ann","text":null}`, hiPost + "{}", hiPost + "}", hiPost + " x",
	hiPost + hiPost, hiPost + "\x00", "x" + hiPost, `{'user':'ann','text':'hi'}`,
	`{"user":"ann","text":"hi",}`,
	strings.Repeat("é", 300), `{"user":"ann","` + strings.Repeat("🟢é", 100) + `":"hi"}`,
	// too much to repeat in a reason
}

// Large returns cases of many bytes, which are not worth holding on to. To end TCP with so much
// unread would reset it, and a close frame may be lost with that (section 7.1.1).
func Large() []Case {
	mib := filler(1 << 20)
	huge := strings.Repeat(mib, 16) // more than a network keeps in its buffers
	bye := closeFrame(1000, "")
	return []Case{
		echo("7.1.1", "16 MiB after a close", `close 1000 ""`, bye,
			binaryFrame(huge)).library(`close 1000 "", resets`),
		violation("7.1.1", "16 MiB after a violation", frameOf(0x83, ""),
			binaryFrame(huge)).library("close 1002, resets"),
		echo("10.4", "16 MiB", binarySays(huge), binaryFrame(huge)),
		echo("10.4", "1 MiB in fragments of 64 bytes", textSays(mib), inParts(0x81, 64, mib)...),
		echo("10.4", "1 MiB in fragments of 1,300 bytes", textSays(mib), inParts(0x81, 1300, mib)...),
		echo("5.5.1", "a close and a ping after 256 KiB", textSays(mib[:1<<18])+`, close 1000 ""`,
			textFrame(mib[:1<<18]), bye, pingFrame("no")),
	}
}
