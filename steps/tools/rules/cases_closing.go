package rules

import (
	"fmt"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/wstest"
)

// closings are close frames and what follows them (sections 5.5.1, 7.1.5 and 7.1.6).
func closings() []Case {
	cases := []Case{
		echo("5.5.1", "a close without a payload", "close", frameOf(0x88, "")),
		echo("5.5.1", "a close with a code and nothing else", `close 1000 ""`, closeFrame(1000, "")),
		echo("5.5.1", "a close with a reason", `close 1000 "so long"`, closeFrame(1000, "so long")),
		echo("5.5.1", "a close with the longest reason", fmt.Sprintf("close 1000 %q", filler(MaxReason)), closeFrame(1000, filler(MaxReason))),
		echo("5.5.1", "a close with a reason that is UTF-8", fmt.Sprintf("close 1001 %q", german), closeFrame(1001, german)),
		echo("5.5.1", "a text after a close", `close 1000 ""`, closeFrame(1000, ""), textFrame("hi")),
		echo("5.5.1", "a ping after a close", `close 1000 ""`, closeFrame(1000, ""), pingFrame("no")),
		echo("5.5.1", "a close after a close", `close 1000 ""`, closeFrame(1000, ""), closeFrame(1001, "no")),
		echo("5.5.1", "a violation after a close", `close 1000 ""`, closeFrame(1000, ""), rawBytes("\xff\xff\xff\xff")),
		echo("5.5.1", "a close after a violation", "close 1002", frameOf(0x83, ""), closeFrame(1000, "no")),
		echo("5.5.1", "a text before a close", `text "hi", close 1000 ""`, textFrame("hi"), closeFrame(1000, "")),
	}
	return append(cases, inRow(RowReason, "the reason in a close frame is text, too: utf8.Valid tells", anyReason,
		echo("5.5.1", "a close with a reason that is not UTF-8", "close 1007", closeFrame(1000, "bye\xff")).library(`close 1000 "bye\xff"`),
		echo("5.5.1", "a close with a reason cut within a character", "close 1007", closeFrame(1000, "caf\xc3")).library(`close 1000 "caf\xc3"`),
		echo("5.5.1", "a close with a surrogate in its reason", "close 1007", closeFrame(3000, "\xed\xa0\x80")).library(`close 3000 "\xed\xa0\x80"`))...)
}

// statusCodes are codes of every class, and those at both ends of it (section 7.4).
func statusCodes() (cases []Case) {
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4999} {
		cases = append(cases, echo("7.4", fmt.Sprintf("status code %d", code), fmt.Sprintf(`close %d "why"`, code), closeFrame(code, "why")))
	}
	cases = append(cases, inRow(RowCode, "a close frame has no payload, or a status code of two bytes: one byte is neither", anyCode,
		echo("5.5.1", "a close of one byte", "close 1002", frameOf(0x88, "\x03")))...)
	for _, code := range []int{0, 1, 125, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 32768, 65535} {
		bare := echo("7.4", fmt.Sprintf("status code %d", code), "close 1002", closeFrame(code, ""))
		if code < 5000 { // of the others the RFC says nothing, and the check does not ask
			hint := fmt.Sprintf("%d is not a status code that may be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999 are", code)
			bare = inRow(RowCode, hint, anyCode, bare)[0]
		}
		cases = append(cases, bare, echo("7.4", fmt.Sprintf("status code %d and a reason", code), "close 1002", closeFrame(code, "why")))
	}
	return cases
}

// broken are connections that the client ends in the middle (sections 7.1.5 and 7.1.7): nobody is
// there to speak to.
func broken() []Case {
	cases := []Case{
		echo("7.1.7", "the client hangs up", "hangs up"),
		echo("7.1.7", "the client hangs up after a message", `text "hi", hangs up`, textFrame("hi")),
		echo("7.1.7", "the client hangs up between fragments", "hangs up", firstPart("Hel")).library(`text "Hel", hangs up`),
	}
	for _, within := range []struct{ where, sent string }{{"the first two bytes", "\x81"}, {"a length", "\x81\xfe\x01"},
		{"a masking key", "\x81\x85\x37\xfa"}, {"a payload", "\x81\x85\x37\xfa\x21\x3d\x7f"}, {"a ping", "\x89\x85\x37\xfa\x21\x3d\x7f"},
		{"a close", "\x88\x82\x37\xfa\x21\x3d\x34"}} {
		cases = append(cases, echo("7.1.7", "the client hangs up within "+within.where, "hangs up", rawBytes(within.sent)))
	}
	for i := range cases {
		cases[i].HalfClose = true
	}
	return cases
}

// limits are lengths over the echo's limit, which are refused before anything else has come
// (section 10.4).
func limits() (cases []Case) {
	const kept = "12345678"
	for _, n := range []uint64{EchoLimit + 1, 1 << 32, 1<<63 - 1} {
		cases = append(cases, echo("10.4", fmt.Sprintf("a length of %#x", n), "close 1009", announced(0x82, n)).library(`binary "", hangs up`))
	}
	for _, n := range []uint64{1 << 63, 1<<64 - 1} {
		cases = append(cases, echo("10.4", fmt.Sprintf("a length of %#x", n), "close 1009", announced(0x82, n)).library("hangs up"))
	}
	for _, n := range []uint64{1<<64 - 8, 1<<64 - 1} {
		cases = append(cases, echo("10.4", fmt.Sprintf("a fragment of %#x", n), "close 1009", frameOf(0x02, kept), announced(0x80, n)).library("hangs up"))
	}
	cases = append(cases,
		echo("10.4", "a fragment that brings the message over the limit", "close 1009",
			frameOf(0x02, kept), announced(0x80, EchoLimit-uint64(len(kept))+1)).library(`binary "12345678", hangs up`),
		echo("10.4", "a length up to the limit", "hangs up", announced(0x82, EchoLimit)).library(`binary "", hangs up`),
		echo("10.4", "a fragment that brings the message up to the limit", "hangs up",
			frameOf(0x02, kept), announced(0x80, EchoLimit-uint64(len(kept)))).library(`binary "12345678", hangs up`))
	for i := range cases {
		cases[i].HalfClose = true
	}
	return cases
}

// texts8 are the first and the last character of each length of UTF-8, and what comes next to
// them but is not UTF-8: whole, between other characters, and cut at every byte (section 8.1).
func texts8() (cases []Case) {
	for _, s := range []string{
		"\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010fffe", "\U0010ffff",
		"κόσμε", german, "\ufeff", "\ufdd0", "\U0001f600\u200d",
	} {
		name := fmt.Sprintf("%+q", s)
		cases = append(cases, echo("8.1", name, textSays(s), textFrame(s)),
			echo("8.1", name+" in fragments of one byte", textSays("<"+s+">"), inParts(0x81, 1, "<"+s+">")...))
		for i := 1; i < len(s); i++ {
			cases = append(cases, echo("8.1", fmt.Sprintf("%s, cut after byte %d", name, i), `pong "", `+textSays(s), firstPart(s[:i]), pingFrame(""), lastPart(s[i:])))
		}
	}
	const hint = "the bytes are not UTF-8: utf8.Valid tells, before encoding/json puts something else in their place"
	const whole = "the bytes are not UTF-8, in fragments or at the message's end: utf8.Valid tells, once the message is whole"
	for _, s := range []string{
		"\x80", "\xbf", "\x80\xbf", // nothing to continue
		"\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", // longer than need be
		"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff", "\xff\xfe", // longer than there is
		"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", // surrogates
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf7\xbf\xbf\xbf", // over U+10FFFF
		"\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xdf", "\xef\xbf", "\xf7\xbf\xbf", // cut short
		"\xc3\x28", "\xe2\x28\xa1", "\xe2\x82\x28", "\xf0\x28\x8c\xbc", "\xf0\x90\x28\xbc", "\xf0\x28\x8c\x28", // not continued
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80\x65\x64\x69\x74\x65\x64", // Autobahn's
	} {
		name := fmt.Sprintf("%+q", s)
		inPost := strings.Replace(hiPost, `"hi"`, `"a`+s+`b"`, 1)
		cases = append(cases,
			echo("8.1", name, "close 1007", textFrame(s)),
			echo("8.1", name+" between characters", "close 1007", textFrame("ä"+s+"ö")),
			echo("8.1", name+" in fragments of one byte", "close 1007", inParts(0x81, 1, s+"a")...),
			echo("8.1", name+" in a close frame", "close 1007", closeFrame(1000, s)).library(fmt.Sprintf("close 1000 %q", s)))
		cases = append(cases, inRow(RowText, hint, anyText, echo("8.1", name+" in a post", "close 1007", textFrame(inPost)))...)
	}
	cases = append(cases, inRow(RowText, whole, anyText,
		echo("8.1", "a post that is not UTF-8, in fragments", "close 1007", inParts(0x81, 10, strings.Replace(hiPost, "hi", "a\xffb", 1))...),
		echo("8.1", "a user's name that is not UTF-8", "close 1007", textFrame(strings.Replace(hiPost, "ann", "\xed\xa0\x80", 1))),
		echo("8.1", "a post that ends within a character", "close 1007", inParts(0x81, 20, strings.Replace(hiPost, `hi"}`, "\xe2\x82", 1))...))...)
	return append(cases, echo("8.1", "a character cut by the end, though another text has the rest", "close 1007", textFrame("\xc3"), textFrame("\xa4")))
}

// chats are what the chat adds to the protocol: posts, and status codes for anything else
// (sections 5.6, 7.4.1 and 10.4).
func chats() []Case {
	post := func(name string, first byte, size, piece int) Case { // in pieces of that size
		return chat("5.6", name, posted, inParts(first, piece, postBy(name, size))...)
	}
	most := Number(MaxMessage) + " bytes"
	cases := []Case{
		post("a post", 0x81, 0, MaxMessage),
		post("a post in fragments", 0x81, 100, 3),
		chat("5.6", "a post with more in it", posted, textFrame(`{"time": 1, "x": [], "text": "<b>", "user": "a post with more in it"}`)),
		post("a post of "+most, 0x81, MaxMessage, MaxMessage),
		post("a post of "+most+" in fragments", 0x81, MaxMessage, MaxMessage/4-24),
		chat("10.4", "fragments without an end", "close 1009", slices.Concat(list(firstPart("a")), slices.Repeat(list(middlePart("a")), MaxMessage+1000))...),
		chat("10.4", "a post of 70,000 bytes", "close 1009", textFrame(filler(70000))),
	}
	for i := range cases[:5] {
		cases[i].Step = 4
	}
	add := func(row, hint string, leeway []Leeway, more ...Case) {
		cases = append(cases, inRow(row, hint, leeway, more...)...)
	}
	add(RowBinary, "binary messages (opcode 2) are not for this chat, whole or in fragments: end with 1003", anyBinary,
		chat("7.4.1", "a binary", "close 1003", binaryFrame("\x00\x01\xff")),
		chat("7.4.1", "a post as a binary", "close 1003", binaryFrame(hiPost)),
		chat("7.4.1", "an empty binary", "close 1003", binaryFrame("")),
		chat("7.4.1", "a binary in fragments", "close 1003", inParts(0x82, 9, hiPost)...))
	add(RowLong, fmt.Sprintf("a message has at most %s: end with 1009 where it has more", most), anyLimit,
		chat("10.4", "a post of one byte too many", "close 1009", textFrame(postBy("ann", MaxMessage+1))))
	add(RowLong, fmt.Sprintf("all fragments of a message together have at most %s, and not one more", most), anyLimit,
		chat("10.4", "fragments of one byte too many", "close 1009", inParts(0x81, MaxMessage, postBy("ann", MaxMessage+1))...),
		chat("10.4", "small fragments of one byte too many", "close 1009", inParts(0x81, MaxMessage/4-24, postBy("ann", MaxMessage+1))...),
		chat("10.4", "fragments that are much too long", "close 1009", inParts(0x81, MaxMessage/2-48, postBy("ann", MaxMessage+404))...))
	for _, n := range []int{MaxMessage + 1, 65535, 65536, 1 << 32, 1 << 40} {
		add(RowAnnounced, "compare the length in the header with the limit at once: what is over it need not come at all", anyLimit,
			chat("10.4", "a header that announces "+Number(n)+" bytes", "close 1009", announced(0x81, uint64(n))).library("waits"))
	}
	half := inParts(0x81, MaxMessage/2, filler(MaxMessage))[0]
	add(RowAnnounced, "compare the length of all fragments together with the limit, as soon as a header has come", anyLimit,
		chat("10.4", "a fragment that announces one byte too many", "close 1009", half, announced(0x80, MaxMessage/2+1)).library("waits"))
	add(RowJSON1007, `the text is not {"user": …, "text": …}, both strings, and nothing behind: json.Unmarshal tells most of that, and pointers to strings which of them were not there`, anyJSON,
		noPosts()...)
	return cases
}

// noPosts are texts that are not a message of the chat.
func noPosts() (cases []Case) {
	for _, text := range []string{"hello", "", "null", "5", `"hi"`, `["user", "text"]`, `[` + hiPost + `]`, `{}`, `{"user":"ann","text":`, hiPost[:len(hiPost)-1],
		`{"user":"ann"}`, `{"text":"hi"}`, `{"user":"ann","text":5}`, `{"user":5,"text":"hi"}`, `{"user":null,"text":"hi"}`, `{"user":"ann","text":null}`,
		hiPost + "{}", hiPost + "}", hiPost + " x", hiPost + hiPost, hiPost + "\x00", "x" + hiPost, `{'user':'ann','text':'hi'}`, `{"user":"ann","text":"hi",}`} {
		cases = append(cases, chat("7.4.1", "the text "+wstest.Short([]byte(text)), "close 1007", textFrame(text)))
	}
	return append(cases, // too much to repeat in a reason
		chat("7.4.1", "a long text that is not JSON", "close 1007", textFrame(strings.Repeat("é", 300))),
		chat("7.4.1", "a long name of a field", "close 1007", textFrame(`{"user":"ann","`+strings.Repeat("🟢é", 100)+`":"hi"}`)))
}

// large are cases of many bytes: to end TCP with so much unread would reset it, and a close frame
// may be lost with that (section 7.1.1).
func large() []Case {
	mib := filler(1 << 20)
	huge := strings.Repeat(mib, 16) // more than a network keeps in its buffers
	return []Case{
		echo("7.1.1", "16 MiB after a close", `close 1000 ""`, closeFrame(1000, ""), binaryFrame(huge)).library(`close 1000 "", resets`),
		echo("7.1.1", "16 MiB after a violation", "close 1002", frameOf(0x83, ""), binaryFrame(huge)).library("close 1002, resets"),
		echo("10.4", "16 MiB", binarySays(huge), binaryFrame(huge)),
		echo("10.4", "1 MiB in fragments of 64 bytes", textSays(mib), inParts(0x81, 64, mib)...),
		echo("10.4", "1 MiB in fragments of 1,300 bytes", textSays(mib), inParts(0x81, 1300, mib)...),
		echo("5.5.1", "a close and a ping after 256 KiB", textSays(mib[:1<<18])+`, close 1000 ""`, textFrame(mib[:1<<18]), closeFrame(1000, ""), pingFrame("no")),
		echo("10.4", "a ping within a message that is long already", `pong "p", binary "123456789"`, frameOf(0x02, "12345678"), pingFrame("p"), lastPart("9")),
	}
}
