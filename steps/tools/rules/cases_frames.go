package rules

import (
	"fmt"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/wstest"
)

// Names of the check's rows for frames, messages and closing.
var (
	RowReserved  = "a reserved bit is answered with 1002"
	RowOpcode    = "an unknown opcode is answered with 1002"
	RowUnmasked  = "a frame without a mask is answered with 1002"
	RowShortest  = "a length that is not in its shortest form is answered with 1002"
	RowControl   = fmt.Sprintf("a control frame in fragments, or over %d bytes, is answered with 1002", wstest.MaxControl)
	RowFragments = "fragments in the wrong order are answered with 1002"
	RowCode      = "a close frame with a wrong status code is answered with 1002"
	RowBinary    = "a binary message is answered with 1003"
	RowText      = "text that is not UTF-8 is answered with 1007"
	RowReason    = "a close reason that is not UTF-8 is answered with 1007"
	RowJSON1007  = "text that is not a message in JSON is answered with 1007"
	RowLong      = fmt.Sprintf("a message over %s bytes is answered with 1009", Number(MaxMessage))
	RowAnnounced = fmt.Sprintf("a message over %s bytes is answered as soon as its header says so", Number(MaxMessage))
)

const (
	hello   = "Hello"
	hiPost  = `{"user":"ann","text":"hi"}`
	german  = "Hello-µ@ßöäüàá-UTF-8!!"
	letters = "0123456789abcdef"
)

// filler returns n bytes of text.
func filler(n int) string { return strings.Repeat(letters, n/len(letters)+1)[:n] }

// What the RFC says of servers that end a connection differently.
var (
	should    = Leeway{Ended, "7.1.7 asks to end the connection; that a close frame says why is a SHOULD", false}
	anyEnd    = []Leeway{should}
	anyForm   = append([]Leeway{{Anything, "5.2 asks clients for the shortest form, and not what to do about others", false}}, should)
	anyCode   = []Leeway{{Anything, "7.4 says which codes may be sent, not what to do about others", false}}
	anyText   = append([]Leeway{should}, Leeway{Anything, "8.1 asks to end the connection: the library leaves it to its user", true})
	anyReason = append([]Leeway{{"close 1002", should.RFC, false}, {"hangs up", should.RFC, false}},
		Leeway{Anything, "8.1 asks to fail the connection: such a reason must not be sent back", true})
	anyBinary = []Leeway{{Ended, "7.4.1 has a code for it, and leaves it to the server", false}}
	anyJSON   = []Leeway{{Ended, "what a text has to mean is not a matter of the RFC", false}}
	anyLimit  = []Leeway{{Anything, "7.4.1 has a code for it, and leaves open when it is sent", false}}
)

// masks are frames without one (section 5.1), and masks of every kind (section 5.3).
func masks() []Case {
	const hint = "the mask bit is 0: a client masks every frame"
	cases := inRow(RowUnmasked, hint, anyEnd,
		echo("5.1", "an unmasked text", "close 1002", withoutMask(textFrame(hiPost))).library("hangs up"),
		echo("5.1", "an unmasked and empty text", "close 1002", withoutMask(textFrame(""))).library("hangs up"),
		echo("5.1", "an unmasked ping", "close 1002", withoutMask(pingFrame("ping"))).library("hangs up"),
		echo("5.1", "an unmasked pong", "close 1002", withoutMask(pongFrame(""))).library("hangs up"),
		echo("5.1", "an unmasked close", "close 1002", withoutMask(closeFrame(1000, ""))).library("hangs up"),
		echo("5.1", "an unmasked fragment after a masked one", "close 1002", firstPart(hiPost[:5]), withoutMask(lastPart(hiPost[5:]))).library("hangs up"))
	for _, key := range [][]byte{{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {1, 2, 3, 4}, {0, 0, 0, 1}, {0x80, 0, 0, 0}} {
		cases = append(cases, echo("5.3", fmt.Sprintf("the masking key %x", key), `text "Hello"`, withKey(textFrame(hello), key...)))
	}
	for n := range 20 { // payloads that end at each place in the key
		cases = append(cases, echo("5.3", fmt.Sprintf("%d bytes under the mask", n), textSays(filler(n)), textFrame(filler(n))))
	}
	return append(cases, echo("5.3", "each frame has a key of its own", `pong "p", text "Hello"`,
		withKey(firstPart("Hel"), 1, 2, 3, 4), withKey(pingFrame("p"), 9, 8, 7, 6), withKey(lastPart("lo"), 5, 6, 7, 8)))
}

// reserved are the reserved bits, which are 0 unless an extension gives them a meaning (section 5.2).
func reserved() (cases []Case) {
	for _, op := range []byte{wstest.Text, wstest.Binary, wstest.Ping, wstest.Pong, wstest.Close} {
		for bits := byte(1); bits <= 7; bits++ {
			name := fmt.Sprintf("reserved bits %03b in a %s frame", bits, wstest.Names[op])
			cases = append(cases, echo("5.2", name, "close 1002", frameOf(0x80|bits<<4|op, map[byte]string{wstest.Text: hiPost}[op])))
		}
	}
	cases = append(cases, echo("5.2", "reserved bit 001 in the last fragment", "close 1002", firstPart(hiPost[:5]), frameOf(0x90, hiPost[5:])))
	return append(
		inRow(RowReserved, "a reserved bit is set and no extension was agreed on: check bits 40, 20 and 10 of the first byte, of every frame", anyEnd, cases...),
		echo("5.2", "a reserved bit after a good message", `text "hi", close 1002`, textFrame("hi"), frameOf(0xC1, hello)),
		echo("5.2", "a reserved bit with good frames before and after it", `text "hi", pong "p", close 1002`,
			textFrame("hi"), pingFrame("p"), frameOf(0x91, hello), textFrame("hi")))
}

// opcodes are those that mean nothing (section 5.2).
func opcodes() (cases []Case) {
	for _, op := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		cases = append(cases, inRow(RowOpcode, "opcodes 3 to 7 and b to f mean nothing yet: refuse them", anyEnd,
			echo("5.2", fmt.Sprintf("opcode %x", op), "close 1002", frameOf(0x80|op, "what")),
			echo("5.2", fmt.Sprintf("a fragment with opcode %x", op), "close 1002", frameOf(op, hello)),
			echo("5.2", fmt.Sprintf("opcode %x between fragments", op), "close 1002", firstPart("Hel"), frameOf(0x80|op, ""), lastPart("lo")))...)
		cases = append(cases, echo("5.2", fmt.Sprintf("opcode %x, empty, between good frames", op), `text "hi", close 1002`,
			textFrame("hi"), frameOf(0x80|op, ""), pingFrame("")))
	}
	return cases
}

// lengths are messages of each length around which the header changes, and lengths that are not
// written in as few bits as will do (section 5.2).
func lengths() (cases []Case) {
	for _, n := range []int{0, 1, 125, 126, 127, 128, 255, 256, 65535, 65536, 65537, 70000} {
		payload := filler(n)
		cases = append(cases,
			echo("5.2", fmt.Sprintf("a text of %d bytes", n), textSays(payload), textFrame(payload)),
			echo("5.2", fmt.Sprintf("a binary of %d bytes", n), binarySays(payload), binaryFrame(payload)),
			echo("5.4", fmt.Sprintf("a text of %d bytes in fragments of 1,300", n), textSays(payload), inParts(0x81, 1300, payload)...),
			echo("5.4", fmt.Sprintf("a binary of %d bytes, and a fragment without any", n), binarySays(payload), frameOf(0x02, payload), lastPart("")))
		for _, bits := range []int{16, 64} {
			if shortest := wstest.ShortestForm(uint64(n)); shortest < bits {
				cases = append(cases, echo("5.2", fmt.Sprintf("%d bits for the length %d", bits, n), "close 1002",
					inForm(bits, binaryFrame(payload))).library(binarySays(payload)))
			}
		}
	}
	for _, bits := range []int{16, 64} {
		user := fmt.Sprintf("%d bits for a short post", bits)
		cases = append(cases, inRow(RowShortest, "126 stands for lengths from 126 on, 127 for those from 65,536 on: refuse smaller ones", anyForm,
			chat("5.2", user, "close 1002", inForm(bits, textFrame(postBy(user, 0)))).hangUp().library("a post, hangs up"),
			echo("5.5", fmt.Sprintf("%d bits for a ping's length", bits), "close 1002", inForm(bits, pingFrame(""))).library(`pong ""`))...)
	}
	return append(cases, inRow(RowShortest, "127 stands for lengths from 65,536 on: refuse smaller ones", anyForm,
		chat("5.2", "64 bits for a post of 200 bytes", "close 1002", inForm(64, textFrame(postBy("64 bits for a post of 200 bytes", 200)))).hangUp().library("a post, hangs up"))...)
}

// fragments54 are messages in fragments (section 5.4).
func fragments54() []Case {
	cases := []Case{
		echo("5.4", "a text in two fragments", `text "Hello"`, firstPart("Hel"), lastPart("lo")),
		echo("5.4", "a text in three fragments", `text "Hello"`, firstPart("He"), middlePart("l"), lastPart("lo")),
		echo("5.4", "a binary in two fragments", `binary "\x00\xff\xfe"`, frameOf(0x02, "\x00\xff"), lastPart("\xfe")),
		echo("5.4", "a text in fragments of one byte", `text "Hello"`, inParts(0x81, 1, hello)...),
		echo("5.4", "fragments without payload", `text ""`, firstPart(""), middlePart(""), lastPart("")),
		echo("5.4", "fragments of which only the middle one has a payload", `text "mid"`, firstPart(""), middlePart("mid"), lastPart("")),
		echo("5.4", "a hundred empty fragments", `text "az"`, slices.Concat(list(firstPart("a")), slices.Repeat(list(middlePart("")), 100), list(lastPart("z")))...),
		echo("5.4", "two messages in fragments", `text "Hello", text "world"`, firstPart("Hel"), lastPart("lo"), firstPart("wor"), lastPart("ld")),
		echo("5.4", "a fragment after a whole message", `text "hi", close 1002`, textFrame("hi"), lastPart("no")),
		echo("5.4", "a fragment after the last", `text "Hello", close 1002`, firstPart("Hel"), lastPart("lo"), middlePart("no"), lastPart("no")),
		echo("5.4", "a ping between fragments", `pong "p", text "Hello"`, firstPart("Hel"), pingFrame("p"), lastPart("lo")),
		echo("5.4", "a pong between fragments", `text "Hello"`, firstPart("Hel"), pongFrame("p"), lastPart("lo")),
		echo("5.4", "pings between many fragments", `pong "1", pong "2", pong "3", text "Hello"`, firstPart("H"), pingFrame("1"), middlePart("e"),
			pingFrame("2"), pongFrame(""), middlePart("l"), middlePart("l"), pingFrame("3"), lastPart("o")),
		echo("5.4", "a close between fragments", `close 1000 ""`, firstPart("Hel"), closeFrame(1000, ""), lastPart("lo")),
	}
	add := func(hint string, more ...Case) { cases = append(cases, inRow(RowFragments, hint, anyEnd, more...)...) }
	add("a continuation (opcode 0) without a message to go on with",
		echo("5.4", "a last fragment of nothing", "close 1002", lastPart("stray"), textFrame("hi")),
		echo("5.4", "a middle fragment of nothing", "close 1002", middlePart("stray"), textFrame("hi")),
		echo("5.4", "an empty fragment of nothing", "close 1002", lastPart("")))
	add("a new message begins before the last one has ended: text (opcode 1) or binary (opcode 2) between fragments",
		echo("5.4", "a whole text between fragments", "close 1002", firstPart(hiPost[:5]), textFrame(hiPost), lastPart(hiPost[5:])),
		echo("5.4", "a whole binary between fragments", "close 1002", firstPart(hiPost[:5]), binaryFrame("no"), lastPart(hiPost[5:])),
		echo("5.4", "a first fragment after a first", "close 1002", firstPart(hiPost[:5]), firstPart(hiPost[5:])),
		echo("5.4", "a text after an empty first fragment", "close 1002", firstPart(""), textFrame(hiPost)))
	add("the message has ended with FIN: a continuation after it belongs to nothing",
		chat("5.4", "a fragment after a post in fragments", posted+", close 1002",
			append(inParts(0x81, 40, postBy("a fragment after a post in fragments", 0)), lastPart("more"))...).hangUp(),
		chat("5.4", "an empty fragment after a post", posted+", close 1002",
			textFrame(postBy("an empty fragment after a post", 0)), lastPart("")).hangUp())
	return cases
}

// controls are control frames (section 5.5).
func controls() []Case {
	const most = wstest.MaxControl
	cases := inRow(RowControl, "a control frame must not be fragmented: its FIN bit is 1", anyEnd,
		echo("5.5", "a fragmented ping", "close 1002", frameOf(0x09, ""), lastPart("q")),
		echo("5.5", "a fragmented pong", "close 1002", frameOf(0x0A, ""), lastPart("q")),
		echo("5.5", "a fragmented close", "close 1002", frameOf(0x08, "\x03\xe8")),
		echo("5.5", "an empty close without FIN", "close 1002", frameOf(0x08, "")),
		echo("5.5", "a fragmented ping between fragments", "close 1002", firstPart("Hel"), frameOf(0x09, "p"), lastPart("lo")))
	for _, n := range []int{most + 1, 300} {
		cases = append(cases, inRow(RowControl, fmt.Sprintf("a control frame carries at most %d bytes", most), anyEnd,
			echo("5.5", fmt.Sprintf("a ping of %d bytes", n), "close 1002", pingFrame(filler(n))),
			echo("5.5", fmt.Sprintf("a pong of %d bytes", n), "close 1002", pongFrame(filler(n))),
			echo("5.5", fmt.Sprintf("a close of %d bytes", n), "close 1002", closeFrame(1000, filler(n-2))))...)
	}
	cases = append(cases, inRow(RowControl, fmt.Sprintf("a control frame carries at most %d bytes", most), anyEnd,
		echo("5.5", "a ping that announces 65,536 bytes", "close 1002", announced(0x89, 65536)).hangUp())...)
	return append(cases,
		echo("5.5", fmt.Sprintf("a ping of %d bytes", most), says(wstest.Pong, filler(most)), pingFrame(filler(most))),
		echo("5.5.2", "an empty ping", `pong ""`, pingFrame("")),
		echo("5.5.2", "a ping with bytes that are not text", `pong "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"`, pingFrame("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")),
		echo("5.5.2", "ten pings", `pong "0", pong "1", pong "2", pong "3", pong "4", pong "5", pong "6", pong "7", pong "8", pong "9"`,
			pingFrame("0"), pingFrame("1"), pingFrame("2"), pingFrame("3"), pingFrame("4"), pingFrame("5"), pingFrame("6"), pingFrame("7"), pingFrame("8"), pingFrame("9")),
		echo("5.5.3", "a pong nobody asked for", ``, pongFrame("")),
		echo("5.5.3", "a pong nobody asked for, with a payload", ``, pongFrame("unasked")),
		echo("5.5.3", "a pong, then a ping", `pong "asked"`, pongFrame("unasked"), pingFrame("asked")))
}

// data are the examples of section 5.7, and messages in any order (section 5.6).
func data() []Case {
	return []Case{
		echo("5.7", "a masked text", `text "Hello"`, rawBytes("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")),
		echo("5.7", "a masked ping", `pong "Hello"`, rawBytes("\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")),
		echo("5.7", "a masked pong, and then a text", `text "hi"`, rawBytes("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), textFrame("hi")),
		echo("5.6", "three messages", `text "one", binary "two", text "three"`, textFrame("one"), binaryFrame("two"), textFrame("three")),
		echo("5.6", "an empty text and an empty binary", `text "", binary ""`, textFrame(""), binaryFrame("")),
		echo("5.6", "a binary that is not text", `binary "\xc3(\xff"`, binaryFrame("\xc3\x28\xff")),
		echo("5.6", "a NUL and other controls in a text", textSays("\x00\x01\x7f"), textFrame("\x00\x01\x7f")),
	}
}
