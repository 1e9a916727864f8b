package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/wstest"
)

// RFC 6455, a row a rule: what a client sends, and what must come back. Each row is held
// against raw and against library/. Where the library does otherwise the row says what,
// and fails if that stops being true.

// A row is a rule for an open connection.
type row struct {
	section string
	rule    string // or the case of it that is tried
	sent    []byte // by the client, behind its handshake

	// What comes back, until the connection ends: `text "Hello", close 1002`. A close
	// frame whose reason is left out may have any. Where the server does not begin to end
	// the connection, the client does, with 1000. Then the server has to answer that,
	// and hang up first: all this goes without saying. Other ends are "hangs up", with
	// no close frame, and "resets".
	want string

	library string // what comes back from library/, where that is something else
}

// hangUp stands behind what is sent: the client ends its direction of the TCP connection.
var hangUp = []byte("hang up")

const hello = "Hello"

var (
	long   = strings.Repeat("0123456789abcdef", 70000/16)
	german = "Hello-µ@ßöäüàá-UTF-8!!"
	hi     = text("hi")
)

var framing = []row{
	// 5.1: a client masks all its frames.
	{"5.1", "an unmasked text", x("81 05 48 65 6c 6c 6f"), "close 1002", "hangs up"},
	{"5.1", "an unmasked and empty text", x("81 00"), "close 1002", "hangs up"},
	{"5.1", "an unmasked ping", x("89 00"), "close 1002", "hangs up"},
	{"5.1", "an unmasked close", x("88 02 03 e8"), "close 1002", "hangs up"},
	{"5.1", "an unmasked fragment behind a masked one", cat(first("Hel"), x("80 02 6c 6f")), "close 1002", "hangs up"},

	// 5.2: the reserved bits are 0, unless an extension gives them a meaning.
	{"5.2", "RSV1 in a text", frame(0x81|0x40, hello), "close 1002", ""},
	{"5.2", "RSV2 in a text", frame(0x81|0x20, hello), "close 1002", ""},
	{"5.2", "RSV3 in a text", frame(0x81|0x10, hello), "close 1002", ""},
	{"5.2", "RSV1 and RSV2 in a binary", frame(0x82|0x60, hello), "close 1002", ""},
	{"5.2", "RSV1 in a ping", frame(0x89|0x40, ""), "close 1002", ""},
	{"5.2", "RSV2 in a pong", frame(0x8A|0x20, ""), "close 1002", ""},
	{"5.2", "all of them in a close", frame(0x88|0x70, ""), "close 1002", ""},
	{"5.2", "RSV3 in the last fragment", cat(first("Hel"), frame(0x80|0x10, "lo")), "close 1002", ""},
	{"5.2", "RSV1 behind a good message", cat(hi, frame(0x81|0x40, hello)), `text "hi", close 1002`, ""},
	{"5.2", "RSV3 with good frames in front and behind", cat(hi, ping("p"), frame(0x81|0x10, hello), hi), `text "hi", pong "p", close 1002`, ""},

	// 5.2: opcodes.
	{"5.2", "opcode 3 between fragments", cat(first("Hel"), frame(0x83, ""), last("lo")), "close 1002", ""},

	// 5.2: a length is written in as few bytes as will do.
	{"5.2", "16 bits for 0", x("81 fe 00 00 37 fa 21 3d"), "close 1002", `text ""`},
	{"5.2", "16 bits for 5", x("81 fe 00 05 37 fa 21 3d 7f 9f 4d 51 58"), "close 1002", `text "Hello"`},
	{"5.2", "16 bits for 125", cat(x("82 fe 00 7d 00 00 00 00"), times(125, x("aa"))), "close 1002", says(0x82, strings.Repeat("\xaa", 125))},
	{"5.2", "16 bits for 126", cat(x("82 fe 00 7e 00 00 00 00"), times(126, x("aa"))), says(0x82, strings.Repeat("\xaa", 126)), ""},
	{"5.2", "64 bits for 0", x("81 ff 00 00 00 00 00 00 00 00 37 fa 21 3d"), "close 1002", `text ""`},
	{"5.2", "64 bits for 5", x("81 ff 00 00 00 00 00 00 00 05 37 fa 21 3d 7f 9f 4d 51 58"), "close 1002", `text "Hello"`},
	{"5.2", "64 bits for 65,535", cat(x("82 ff 00 00 00 00 00 00 ff ff 00 00 00 00"), times(65535, x("aa"))), "close 1002", says(0x82, strings.Repeat("\xaa", 65535))},
	{"5.2", "64 bits for 65,536", cat(x("82 ff 00 00 00 00 00 01 00 00 00 00 00 00"), times(65536, x("aa"))), says(0x82, strings.Repeat("\xaa", 65536)), ""},

	// 5.4: fragments.
	{"5.4", "a text in two", cat(first("Hel"), last("lo")), `text "Hello"`, ""},
	{"5.4", "a text in three", cat(first("He"), middle("l"), last("lo")), `text "Hello"`, ""},
	{"5.4", "a binary in two", cat(frame(0x02, "\x00\xff"), last("\xfe")), `binary "\x00\xff\xfe"`, ""},
	{"5.4", "a text in five, each a byte", in(1, hello), `text "Hello"`, ""},
	{"5.4", "fragments without payload", cat(first(""), middle(""), last("")), `text ""`, ""},
	{"5.4", "fragments without payload but for the middle", cat(first(""), middle("mid"), last("")), `text "mid"`, ""},
	{"5.4", "a hundred empty fragments", cat(first("a"), times(100, middle("")), last("z")), `text "az"`, ""},
	{"5.4", "two messages in fragments", cat(first("Hel"), last("lo"), first("wor"), last("ld")), `text "Hello", text "world"`, ""},
	{"5.4", "a last fragment of nothing", cat(last("no"), hi), "close 1002", ""},
	{"5.4", "a middle fragment of nothing", cat(middle("no"), hi), "close 1002", ""},
	{"5.4", "an empty fragment of nothing", last(""), "close 1002", ""},
	{"5.4", "a fragment behind a whole message", cat(hi, last("no")), `text "hi", close 1002`, ""},
	{"5.4", "a fragment behind the last", cat(first("Hel"), last("lo"), middle("no"), last("no")), `text "Hello", close 1002`, ""},
	{"5.4", "a whole text between fragments", cat(first("Hel"), text("no"), last("lo")), "close 1002", ""},
	{"5.4", "a whole binary between fragments", cat(first("Hel"), bin("no"), last("lo")), "close 1002", ""},
	{"5.4", "a first fragment behind a first", cat(first("Hel"), first("lo")), "close 1002", ""},
	{"5.4", "a text behind an empty first fragment", cat(first(""), text("no")), "close 1002", ""},

	// 5.4 and 5.5: control frames may come between fragments, and are answered there.
	{"5.4", "a ping between fragments", cat(first("Hel"), ping("p"), last("lo")), `pong "p", text "Hello"`, ""},
	{"5.4", "a pong between fragments", cat(first("Hel"), pong("p"), last("lo")), `text "Hello"`, ""},
	{"5.4", "pings between many fragments", cat(first("H"), ping("1"), middle("e"), ping("2"), pong(""), middle("l"), middle("l"), ping("3"), last("o")), `pong "1", pong "2", pong "3", text "Hello"`, ""},
	{"5.4", "a close between fragments", cat(first("Hel"), closing(1000, ""), last("lo")), `close 1000 ""`, ""},

	// 5.5: control frames.
	{"5.5", "a fragmented ping", cat(frame(0x09, "p"), last("q")), "close 1002", ""},
	{"5.5", "a fragmented pong", cat(frame(0x0A, "p"), last("q")), "close 1002", ""},
	{"5.5", "a fragmented close", frame(0x08, "\x03\xe8"), "close 1002", ""},
	{"5.5", "a fragmented ping between fragments", cat(first("Hel"), frame(0x09, "p"), last("lo")), "close 1002", ""},
	{"5.5", "a ping of 125 bytes", ping(long[:125]), says(0x8A, long[:125]), ""},
	{"5.5", "a ping of 126 bytes", ping(long[:126]), "close 1002", ""},
	{"5.5", "a pong of 126 bytes", pong(long[:126]), "close 1002", ""},
	{"5.5", "a close of 126 bytes", closing(1000, long[:124]), "close 1002", ""},
	{"5.5", "a ping of 65,536 bytes", cat(announced(0x89, 65536, [4]byte{}), hangUp), "close 1002", ""},
	{"5.5", "a ping that says 16 bits for 5", x("89 fe 00 05 37 fa 21 3d 7f 9f 4d 51 58"), "close 1002", `pong "Hello"`},

	// 5.5.2, 5.5.3: a pong carries what the ping did.
	{"5.5.2", "an empty ping", ping(""), `pong ""`, ""},
	{"5.5.2", "a ping with text", ping("Hello, world!"), `pong "Hello, world!"`, ""},
	{"5.5.2", "a ping with bytes that are no text", ping("\x00\xff\xfe\xfd\xfc\xfb\x00\xff"), `pong "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"`, ""},
	{"5.5.2", "ten pings", cat(ping("0"), ping("1"), ping("2"), ping("3"), ping("4"), ping("5"), ping("6"), ping("7"), ping("8"), ping("9")),
		`pong "0", pong "1", pong "2", pong "3", pong "4", pong "5", pong "6", pong "7", pong "8", pong "9"`, ""},
	{"5.5.3", "a pong nobody asked for", pong(""), ``, ""},
	{"5.5.3", "a pong nobody asked for, with a payload", pong("unasked"), ``, ""},
	{"5.5.3", "a pong, then a ping", cat(pong("unasked"), ping("asked")), `pong "asked"`, ""},

	// 5.7: the examples, as a client sends them.
	{"5.7", "a masked text", x("81 85 37 fa 21 3d 7f 9f 4d 51 58"), `text "Hello"`, ""},
	{"5.7", "a masked ping", x("89 85 37 fa 21 3d 7f 9f 4d 51 58"), `pong "Hello"`, ""},
	{"5.7", "a masked pong, and then a text", cat(x("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), hi), `text "hi"`, ""},

	// 5.6: data. Whatever order, whatever else came with the handshake, in the same segment or not.
	{"5.6", "three messages", cat(text("one"), bin("two"), text("three")), `text "one", binary "two", text "three"`, ""},
	{"5.6", "an empty text and an empty binary", cat(text(""), bin("")), `text "", binary ""`, ""},
	{"5.6", "a binary that is no text", bin("\xc3\x28\xff"), `binary "\xc3(\xff"`, ""},
	{"5.6", "a NUL and other controls in a text", text("\x00\x01\x7f"), says(0x81, "\x00\x01\x7f"), ""},
}

var endings = []row{
	// 5.5.1, 7.1.5, 7.1.6: a close frame is answered with its own code and reason.
	{"5.5.1", "a close without a payload", frame(0x88, ""), "close", ""},
	{"5.5.1", "a close of one byte", frame(0x88, "\x03"), "close 1002", ""},
	{"5.5.1", "a close with a code and nothing else", closing(1000, ""), `close 1000 ""`, ""},
	{"5.5.1", "a close with a reason", closing(1000, "so long"), `close 1000 "so long"`, ""},
	{"5.5.1", "a close with the longest reason", closing(1000, long[:123]), fmt.Sprintf("close 1000 %q", long[:123]), ""},
	{"5.5.1", "a close with a reason that is UTF-8", closing(1001, german), fmt.Sprintf("close 1001 %q", german), ""},
	{"5.5.1", "a close with a reason that is not", closing(1000, "bad \xff"), "close 1007", "close 1000 \"bad \\xff\""},
	{"5.5.1", "a close with a reason cut within a character", closing(1000, "caf\xc3"), "close 1007", `close 1000 "caf\xc3"`},
	{"5.5.1", "a close with a surrogate in its reason", closing(3000, "\xed\xa0\x80"), "close 1007", `close 3000 "\xed\xa0\x80"`},

	// 5.5.1: no data behind a close frame.
	{"5.5.1", "a text behind a close", cat(closing(1000, ""), hi), `close 1000 ""`, ""},
	{"5.5.1", "a ping behind a close", cat(closing(1000, ""), ping("no")), `close 1000 ""`, ""},
	{"5.5.1", "a close behind a close", cat(closing(1000, ""), closing(1001, "no")), `close 1000 ""`, ""},
	{"5.5.1", "a violation behind a close", cat(closing(1000, ""), x("ff ff ff ff")), `close 1000 ""`, ""},
	{"5.5.1", "a text in front of a close", cat(hi, closing(1000, "")), `text "hi", close 1000 ""`, ""},

	// 7.1.5, 7.1.7: a client that is gone is not spoken to.
	{"7.1.7", "the client hangs up", hangUp, "hangs up", ""},
	{"7.1.7", "the client hangs up behind a message", cat(hi, hangUp), `text "hi", hangs up`, ""},
	{"7.1.7", "the client hangs up within the first two bytes", cat(x("81"), hangUp), "hangs up", ""},
	{"7.1.7", "the client hangs up within a length", cat(x("81 fe 01"), hangUp), "hangs up", ""},
	{"7.1.7", "the client hangs up within a masking key", cat(x("81 85 37 fa"), hangUp), "hangs up", ""},
	{"7.1.7", "the client hangs up within a payload", cat(x("81 85 37 fa 21 3d 7f"), hangUp), "hangs up", ""},
	{"7.1.7", "the client hangs up within a ping", cat(x("89 85 37 fa 21 3d 7f"), hangUp), "hangs up", ""},
	{"7.1.7", "the client hangs up within a close", cat(x("88 82 37 fa 21 3d 34"), hangUp), "hangs up", ""},
	{"7.1.7", "the client hangs up between fragments", cat(first("Hel"), hangUp), "hangs up", `text "Hel", hangs up`},

	// 10.4: limits. The echo takes 64 MiB. What is over that is refused before it has come.
	{"10.4", "a length over the limit", cat(x("82 ff 00 00 00 00 04 00 00 01 00 00 00 00"), hangUp), "close 1009", `binary "", hangs up`},
	{"10.4", "a length of 2^32", cat(x("82 ff 00 00 00 01 00 00 00 00 00 00 00 00"), hangUp), "close 1009", `binary "", hangs up`},
	{"10.4", "a length of 2^63-1", cat(x("82 ff 7f ff ff ff ff ff ff ff 00 00 00 00"), hangUp), "close 1009", `binary "", hangs up`},
	{"10.4", "a length of 2^63", cat(x("82 ff 80 00 00 00 00 00 00 00 00 00 00 00"), hangUp), "close 1009", "hangs up"},
	{"10.4", "a length of 2^64-1", cat(x("82 ff ff ff ff ff ff ff ff ff 00 00 00 00"), hangUp), "close 1009", "hangs up"},
	{"10.4", "a fragment that brings the message over the limit", cat(frame(0x02, "12345678"), x("80 ff 00 00 00 00 03 ff ff f9 00 00 00 00"), hangUp), "close 1009", `binary "12345678", hangs up`},
	{"10.4", "a fragment of 2^64-1", cat(frame(0x02, "12345678"), x("80 ff ff ff ff ff ff ff ff ff 00 00 00 00"), hangUp), "close 1009", "hangs up"},
	{"10.4", "a fragment of 2^64-8", cat(frame(0x02, "12345678"), x("80 ff ff ff ff ff ff ff ff f8 00 00 00 00"), hangUp), "close 1009", "hangs up"},
	{"10.4", "a length up to the limit", cat(x("82 ff 00 00 00 00 04 00 00 00 00 00 00 00"), hangUp), "hangs up", `binary "", hangs up`},
	{"10.4", "a fragment that brings the message up to the limit", cat(frame(0x02, "12345678"), x("80 ff 00 00 00 00 03 ff ff f8 00 00 00 00"), hangUp), "hangs up", `binary "12345678", hangs up`},
	{"10.4", "a ping within a message that is at the limit", cat(frame(0x02, "12345678"), ping("p"), last("9")), `pong "p", binary "123456789"`, ""},
}

// bigRows are those whose bytes are not worth holding on to.
func bigRows() []row {
	long := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	huge := strings.Repeat(long, 16)                  // more than a network keeps in its buffers
	return []row{
		// 7.1.1: the server hangs up first, and so that its close frame arrives. What is left
		// unread when TCP closes is answered with a reset, which may overtake that frame.
		{"7.1.1", "16 MiB behind a close", cat(closing(1000, ""), bin(huge)), `close 1000 ""`, `close 1000 "", resets`},
		{"7.1.1", "16 MiB behind a violation", cat(frame(0x83, ""), bin(huge)), "close 1002", "close 1002, resets"},

		// 10.4: messages of any length below the limit.
		{"10.4", "16 MiB", bin(huge), says(0x82, huge), ""},
		{"10.4", "1 MiB in fragments of 64 bytes", in(64, long), says(0x81, long), ""},
		{"5.5.1", "a close and a ping behind 256 KiB", cat(text(long[:1<<18]), closing(1000, ""), ping("no")), says(0x81, long[:1<<18]) + `, close 1000 ""`, ""},
		{"10.4", "1 MiB in frames of 1,300 bytes", in(1300, long), says(0x81, long), ""},
	}
}

// opcodeRows tries each opcode that means nothing (5.2).
func opcodeRows() (rows []row) {
	for _, op := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		rows = append(rows,
			row{"5.2", fmt.Sprintf("opcode %X", op), frame(0x80|op, hello), "close 1002", ""},
			row{"5.2", fmt.Sprintf("opcode %X, empty, between good frames", op), cat(hi, frame(0x80|op, ""), ping("")), `text "hi", close 1002`, ""},
			row{"5.2", fmt.Sprintf("a fragment of opcode %X", op), frame(op, hello), "close 1002", ""})
	}
	return rows
}

// lengthRows tries a message of each length around which the header changes (5.2).
func lengthRows() (rows []row) {
	for _, n := range []int{0, 1, 125, 126, 127, 128, 255, 256, 65535, 65536, 65537, 70000} {
		payload := long[:n]
		rows = append(rows,
			row{"5.2", fmt.Sprintf("a text of %d bytes", n), text(payload), says(0x81, payload), ""},
			row{"5.2", fmt.Sprintf("a binary of %d bytes", n), bin(payload), says(0x82, payload), ""},
			row{"5.4", fmt.Sprintf("a text of %d bytes in fragments of 1,300", n), in(1300, payload), says(0x81, payload), ""},
			row{"5.4", fmt.Sprintf("a binary of %d bytes, and a fragment without any", n), cat(frame(0x02, payload), last("")), says(0x82, payload), ""},
		)
	}
	return rows
}

// maskRows tries each masking key that might be mistaken for another, and payloads that
// end at each place in it (5.3).
func maskRows() (rows []row) {
	for _, key := range [][4]byte{{}, {0xff, 0xff, 0xff, 0xff}, {1, 2, 3, 4}, {0, 0, 0, 1}, {0x80, 0, 0, 0}} {
		rows = append(rows, row{"5.3", fmt.Sprintf("the masking key %x", key), frameWithKey(0x81, hello, key), `text "Hello"`, ""})
	}
	for n := range 20 {
		rows = append(rows, row{"5.3", fmt.Sprintf("%d bytes under the mask", n), text(long[:n]), says(0x81, long[:n]), ""})
	}
	return append(rows, row{"5.3", "each frame has a key of its own", cat(
		frameWithKey(0x01, "Hel", [4]byte{1, 2, 3, 4}), frameWithKey(0x89, "p", [4]byte{9, 8, 7, 6}), frameWithKey(0x80, "lo", [4]byte{5, 6, 7, 8})),
		`pong "p", text "Hello"`, ""})
}

// codeRows tries a status code of every class, and those at both ends of it (7.4).
func codeRows() (rows []row) {
	for _, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4999} {
		rows = append(rows,
			row{"7.4", fmt.Sprintf("status code %d", code), closing(code, "why"), fmt.Sprintf("close %d \"why\"", code), ""})
	}
	for _, code := range []uint16{0, 1, 125, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 32768, 65535} {
		rows = append(rows,
			row{"7.4", fmt.Sprintf("status code %d", code), closing(code, ""), "close 1002", ""},
			row{"7.4", fmt.Sprintf("status code %d and a reason", code), closing(code, "why"), "close 1002", ""})
	}
	return rows
}

// utf8Rows tries the first and the last of each length of UTF-8, and what comes next to
// them but is none: whole, between other characters, and cut at every byte (8.1).
func utf8Rows() (rows []row) {
	for _, s := range []string{
		"\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010fffe", "\U0010ffff",
		"κόσμε", german, "\ufeff", "\ufdd0", "\U0001f600\u200d",
	} {
		rows = append(rows, row{"8.1", fmt.Sprintf("%+q", s), text(s), says(0x81, s), ""},
			row{"8.1", fmt.Sprintf("%+q, a byte a fragment", s), in(1, "<"+s+">"), says(0x81, "<"+s+">"), ""})
		for i := 1; i < len(s); i++ {
			rows = append(rows, row{"8.1", fmt.Sprintf("%+q, cut behind byte %d", s, i), cat(first(s[:i]), ping(""), last(s[i:])), `pong "", ` + says(0x81, s), ""})
		}
	}
	for _, s := range []string{
		"\x80", "\xbf", "\x80\xbf", // nothing to continue
		"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", // longer than need be
		"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff", // longer than there is
		"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", // surrogates
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf7\xbf\xbf\xbf", // over U+10FFFF
		"\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xdf", "\xef\xbf", "\xf7\xbf\xbf", // cut short
		"\xc3\x28", "\xe2\x28\xa1", "\xe2\x82\x28", "\xf0\x28\x8c\xbc", "\xf0\x90\x28\xbc", "\xf0\x28\x8c\x28", // not continued
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80\x65\x64\x69\x74\x65\x64", // Autobahn's
	} {
		rows = append(rows, row{"8.1", fmt.Sprintf("%+q", s), text(s), "close 1007", ""},
			row{"8.1", fmt.Sprintf("%+q between characters", s), text("ä" + s + "ö"), "close 1007", ""},
			row{"8.1", fmt.Sprintf("%+q, a byte a fragment", s), in(1, s+"a"), "close 1007", ""},
			row{"8.1", fmt.Sprintf("%+q in a close frame", s), closing(1000, s), "close 1007", fmt.Sprintf("close 1000 %q", s)})
	}
	return append(rows, row{"8.1", "a character cut by the end, though another text has the rest", cat(text("\xc3"), text("\xa4")), "close 1007", ""})
}

// says returns what a row calls a message that comes back.
func says(first byte, payload string) string {
	return wstest.Frame{Fin: true, Opcode: first & 0x0F, Payload: []byte(payload)}.String()
}

// TestConformance holds the rows against an echo made of raw's own accept, read, write and
// end, and against the library's; and what the chat adds against both servers as they are run.
func TestConformance(t *testing.T) {
	t.Parallel()
	echo := httptest.NewServer(serveEcho)
	defer echo.Close()
	hangsUpFirst(t, echo.Listener.Addr().String())
	for _, table := range []struct {
		name         string
		rows         []row
		raw, library string
		ways         []int // to send a row to raw
	}{
		{"echo", slices.Concat(framing, endings, bigRows(), opcodeRows(), lengthRows(), maskRows(), codeRows(), utf8Rows()),
			echo.Listener.Addr().String(), start(t, libraryBinary(t), "echo").addr, []int{whole, glued, aByte}},
		{"chat", chatRows, start(t, self(t), "chat").addr, start(t, libraryBinary(t), "chat").addr, []int{greeted}},
	} {
		t.Run(table.name, func(t *testing.T) {
			for _, r := range table.rows {
				t.Run(r.section+" "+r.rule, func(t *testing.T) {
					t.Parallel()
					for _, way := range table.ways {
						if came, want := r.try(table.raw, r.want, way, true); came != want {
							t.Fatalf("raw, sent %s\n sent %s\n came %s\n want %s", ways[way], wstest.Short(r.sent), came, want)
						}
					}
					if r.library == r.want && r.want != "" {
						t.Error("the row says that the library does otherwise, and then the same")
					}
					if came, want := r.try(table.library, cmp.Or(r.library, r.want), table.ways[0], false); came != want {
						t.Errorf("library\n sent %s\n came %s\n want %s", wstest.Short(r.sent), came, want)
					}
				})
			}
		})
	}
}

// hangsUpFirst sees that the server ends its direction of the connection at once, and still
// takes what comes (7.1.1). If it did not, each row would last until it has lost patience.
func hangsUpFirst(t *testing.T, addr string) {
	t.Helper()
	p, err := open(addr, closing(1000, "")...)
	if err != nil {
		t.Fatal(err)
	}
	defer p.TCP.Close()
	if came := p.rest(wstest.Frame.String); came != `close 1000 ""` {
		t.Fatalf("came %s", came)
	}
	if _, err := p.TCP.Write(make([]byte, 16<<20)); err != nil { // more than a network keeps in its buffers
		t.Fatalf("the server has not hung up first, or no longer takes what was still to come: %v", err)
	}
}

// Ways to send a row.
const (
	whole = iota
	glued
	aByte
	greeted
)

var ways = []string{whole: "in one piece", glued: "in one piece with the opening handshake",
	aByte: "a byte a segment", greeted: "behind the history that greets"}

const slowest = 66000 // bytes that are still sent one by one; more of them come in pieces of 997

var (
	endOfAll = regexp.MustCompile(`(^|, )(close( \d+( ".*")?)?|hangs up|resets)$`)
	reason   = regexp.MustCompile(`(close \d+) ".*"(, resets)?$`)
)

// try sends the row and returns what comes, and what must come.
func (r row) try(addr, want string, way int, raw bool) (came, all string) {
	sent, halfClose := bytes.CutSuffix(r.sent, hangUp)
	ends := endOfAll.MatchString(want)
	if !halfClose && want != posted && (raw || !ends) {
		// To raw also where the server is to end it: then this goes unanswered. (The library
		// answers every close frame, even behind its own.)
		sent = slices.Concat(sent, closing(1000, "over"))
	}
	if !ends {
		want = strings.TrimPrefix(want+`, close 1000 "over"`, ", ")
	}
	came = r.run(addr, sent, halfClose, way)
	if !raw && way == greeted {
		came = strings.TrimSuffix(came, ", resets") // of that there are rows in 7.1.1
	}
	if reason.ReplaceAllString(came, "$1$2") == want {
		came = want // with a reason that the row leaves open
	}
	if runtime.GOOS != "linux" && strings.HasSuffix(want, "resets") {
		came = want // elsewhere the reset destroys what came before it, or does not
	}
	return came, want
}

// run sends bytes behind an opening handshake and says what comes back.
func (r row) run(addr string, sent []byte, halfClose bool, way int) string {
	var with []byte
	if way == glued {
		with, sent = sent, nil
	}
	p, err := open(addr, with...)
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	words := wstest.Frame.String
	if way == greeted {
		greeting, err := p.next()
		if err != nil {
			return err.Error()
		}
		words = p.posts(r.rule, greeting)
	}
	size := max(1, len(sent))
	switch {
	case way == aByte && len(sent) > slowest:
		size = 997
	case way == aByte:
		size = 1
	}
	sending := make(chan error, 1)
	p.sent = make(chan struct{})
	go func() { // while this reads: a large echo fills the network both ways
		defer close(p.sent)
		for b := range slices.Chunk(sent, size) {
			if _, err := p.TCP.Write(b); err != nil {
				sending <- err
				return
			}
		}
		if halfClose || way == glued {
			p.TCP.CloseWrite()
		}
		sending <- nil
	}()
	came := p.rest(words)
	if err := <-sending; err != nil && !strings.HasSuffix(came, "resets") {
		came += ", resets" // so late that what was sent came first
	}
	return came
}

// rest reads to the end, and says what came. What words makes nothing of is passed over.
func (p *peer) rest(words func(wstest.Frame) string) string {
	var came []string
	var f wstest.Frame
	for {
		next, err := p.next()
		if err != nil {
			if end := wstest.Ending(err); end != "hangs up" || f.Opcode != wstest.Close {
				came = append(came, end)
			}
			return strings.Join(came, ", ")
		}
		said := words(next)
		if said == "" {
			continue
		}
		f = next
		came = append(came, said)
		if f.Opcode == wstest.Close && p.sent != nil {
			go func() {
				<-p.sent
				p.TCP.CloseWrite() // or Close in the library would wait 5 s for an answer
			}()
		}
	}
}
