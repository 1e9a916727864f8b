package rules

import (
	"fmt"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/wstest"
)

// Names of the check's rows for frames, messages and closing.
var (
	RowReserved = "a reserved bit is answered with 1002"
	RowOpcode   = "an unknown opcode is answered with 1002"
	RowUnmasked = "a frame without a mask is answered with 1002"
	RowShortest = "a length that is not in its shortest form is answered with 1002"
	RowControl  = fmt.Sprint("a control frame in fragments, or over ", wstest.MaxControl,
		" bytes, is answered with 1002")
	RowFragments = "fragments in the wrong order are answered with 1002"
	RowCode      = "a close frame with a wrong status code is answered with 1002"
	RowBinary    = "a binary message is answered with 1003"
	RowText      = "text that is not UTF-8 is answered with 1007"
	RowClose     = "a close frame is answered with its own code"
	RowReason    = "a close reason that is not UTF-8 is answered with 1007"
	RowJSON1007  = "text that is not a message in JSON is answered with 1007"
	RowLong      = fmt.Sprintf("a message over %s bytes is answered with 1009", Number(MaxMessage))
	RowAnnounced = fmt.Sprintf("a message over %s bytes is answered as soon as its header says so",
		Number(MaxMessage))
)

const (
	hello   = "Hello"
	hiPost  = `{"user":"ann","text":"hi"}`
	german  = "Hello-µ@ßöäüàá-UTF-8!!"
	letters = "0123456789abcdef"
)

// filler returns n bytes of text.
func filler(n int) string { return strings.Repeat(letters, n/len(letters)+1)[:n] }

// What the RFC says about servers that end a connection differently.
var (
	should = Leeway{Ended, "7.1.7 asks to end the connection; a close frame that tells why is only a SHOULD",
		false}
	anyEnd  = []Leeway{should}
	anyForm = []Leeway{{Anything,
		"5.2 asks clients for the shortest form, and leaves open what to do about others", false}}
	anyCode = []Leeway{{Anything, "7.4 defines which codes may be sent, not what to do about others", false}}
	anyText = []Leeway{should,
		{Anything, "8.1 asks to end the connection: the library leaves it to its user", true}}
	anyReason = []Leeway{{"close 1002 or hangs up", should.RFC, false},
		{Anything, "8.1 asks to fail the connection: such a reason must not be sent back", true}}
	anyAnswer = []Leeway{{Ended, "5.5.1 asks for an answer, which typically has the same code",
		false}}
	anyBinary = []Leeway{{Ended, "7.4.1 has a code for it, and leaves it to the server", false}}
	anyJSON   = []Leeway{{Ended, "the RFC does not define what a text means", false}}
	anyLimit  = []Leeway{{Anything, "7.4.1 has a code for it, and leaves open when it is sent", false}}
)

// violation returns a case of something that a client must not send.
func violation(section, name string, send ...wstest.Frame) Case {
	return echo(section, name, "close 1002", send...)
}

// masks are frames without a mask (section 5.1), and with masks of every kind (section 5.3).
func masks() []Case {
	cases := []Case{
		violation("5.1", "an unmasked text", withoutMask(textFrame(hiPost))),
		violation("5.1", "an unmasked and empty text", withoutMask(textFrame(""))),
		violation("5.1", "an unmasked ping", withoutMask(pingFrame("ping"))),
		violation("5.1", "an unmasked pong", withoutMask(pongFrame(""))),
		violation("5.1", "an unmasked close", withoutMask(closeFrame(1000, ""))),
		violation("5.1", "an unmasked fragment after a masked one", firstPart(hiPost[:5]),
			withoutMask(lastPart(hiPost[5:]))),
	}
	for i := range cases {
		cases[i].Library = "hangs up"
	}
	cases = inRow(RowUnmasked, "the mask bit is 0: a client masks every frame", anyEnd, cases...)
	add := func(name, want string, send ...wstest.Frame) {
		cases = append(cases,
			echo("5.3", name, want, send...))
	}
	for _, key := range [][4]byte{{}, {0xff, 0xff, 0xff, 0xff}, {1, 2, 3, 4}, {0, 0, 0, 1}, {0x80}} {
		add(fmt.Sprintf("the masking key %x", key), `text "Hello"`, withKey(textFrame(hello), key))
	}
	for n := range 20 { // payloads that end at each byte of the key
		add(fmt.Sprintf("%d bytes under the mask", n), textSays(filler(n)), textFrame(filler(n)))
	}
	add("each frame has a key of its own", `pong "p", text "Hello"`,
		withKey(firstPart("Hel"), [4]byte{1, 2, 3, 4}),
		withKey(pingFrame("p"), [4]byte{9, 8, 7, 6}), withKey(lastPart("lo"), [4]byte{5, 6, 7, 8}))
	return cases
}

// reserved are the reserved bits, which are 0 unless an extension gives them a meaning (section 5.2).
func reserved() (cases []Case) {
	for _, op := range []byte{wstest.Text, wstest.Binary, wstest.Ping, wstest.Pong, wstest.Close} {
		payload := map[byte]string{wstest.Text: hiPost}[op]
		for bits := byte(1); bits <= 7; bits++ {
			name := fmt.Sprintf("reserved bits %03b in a %s frame", bits, wstest.Names[op])
			cases = append(cases, violation("5.2", name, frameOf(0x80|bits<<4|op, payload)))
		}
	}
	cases = append(cases, violation("5.2", "reserved bit 001 in the last fragment", firstPart(hiPost[:5]),
		frameOf(0x90, hiPost[5:])))
	const hint = "a reserved bit is set and there is no extension: check bits 40, 20 and 10 of each first byte"
	return append(inRow(RowReserved, hint, anyEnd, cases...),
		echo("5.2", "a reserved bit after a good message", `text "hi", close 1002`, textFrame("hi"),
			frameOf(0xC1, hello)),
		echo("5.2", "a reserved bit with good frames before and after it",
			`text "hi", pong "p", close 1002`,
			textFrame("hi"), pingFrame("p"), frameOf(0x91, hello), textFrame("hi")))
}

// opcodes are the ones without a meaning (section 5.2).
func opcodes() (cases []Case) {
	for _, op := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		name := fmt.Sprintf("opcode %x", op)
		cases = append(cases, inRow(RowOpcode, "opcodes 3 to 7 and b to f have no meaning yet: refuse them",
			anyEnd,
			violation("5.2", name, frameOf(0x80|op, "what")),
			violation("5.2", "a fragment with "+name, frameOf(op, hello)),
			violation("5.2", name+" between fragments", firstPart("Hel"), frameOf(0x80|op, ""),
				lastPart("lo")))...)
		cases = append(cases, echo("5.2", name+", empty, between good frames", `text "hi", close 1002`,
			textFrame("hi"), frameOf(0x80|op, ""), pingFrame("")))
	}
	return cases
}

// lengths are messages of every length at which the form of the header changes, and lengths that are not in
// their shortest form (section 5.2).
func lengths() (cases []Case) {
	for _, n := range []int{0, 1, 125, 126, 127, 128, 255, 256, 65535, 65536, 65537, 70000} {
		s, name := filler(n), fmt.Sprintf("%d bytes", n)
		cases = append(cases,
			echo("5.2", "a text of "+name, textSays(s), textFrame(s)),
			echo("5.2", "a binary of "+name, binarySays(s), binaryFrame(s)),
			echo("5.4", "a text of "+name+" in fragments of 1,300", textSays(s), inParts(0x81, 1300, s)...),
			echo("5.4", "a binary of "+name+", and a fragment without any", binarySays(s), frameOf(0x02, s),
				lastPart("")))
		for _, bits := range []int{16, 64} {
			if wstest.ShortestForm(uint64(n)) < bits {
				wrong := violation("5.2", fmt.Sprintf("%d bits for the length %d", bits, n),
					inForm(bits, binaryFrame(s)))
				cases = append(cases, wrong.library(binarySays(s)))
			}
		}
	}
	for _, l := range []struct{ bits, size int }{{16, 0}, {64, 0}, {64, 200}} {
		name := fmt.Sprintf("%d bits for the length of a post of %d bytes or more", l.bits, l.size)
		ping := violation("5.5", fmt.Sprintf("%d bits for the length of a ping of %d bytes", l.bits,
			l.size/2),
			inForm(l.bits, pingFrame(filler(l.size/2))))
		cases = append(cases,
			inRow(RowShortest, "126 is for lengths from 126 on, 127 for those from 65,536 on", anyForm,
				chat("5.2", name, "close 1002", inForm(l.bits,
					textFrame(PostBy(name, l.size)))).hangUp().library("a post, hangs up"),
				ping.library(says(wstest.Pong, filler(l.size/2))))...)
	}
	return cases
}

// fragments54 are messages in fragments (section 5.4).
func fragments54() []Case {
	begin, end := firstPart(hiPost[:5]), lastPart(hiPost[5:])
	cases := []Case{
		echo("5.4", "a text in two fragments", `text "Hello"`, firstPart("Hel"), lastPart("lo")),
		echo("5.4", "a text in three fragments", `text "Hello"`, firstPart("He"), middlePart("l"),
			lastPart("lo")),
		echo("5.4", "a binary in two fragments", `binary "\x00\xff\xfe"`, frameOf(0x02, "\x00\xff"),
			lastPart("\xfe")),
		echo("5.4", "a text in fragments of one byte", `text "Hello"`, inParts(0x81, 1, hello)...),
		echo("5.4", "fragments without payload", `text ""`, firstPart(""), middlePart(""), lastPart("")),
		echo("5.4", "a payload only in the middle fragment", `text "mid"`, firstPart(""), middlePart("mid"),
			lastPart("")),
		echo("5.4", "a hundred empty fragments", `text "az"`,
			slices.Concat(list(firstPart("a")), slices.Repeat(list(middlePart("")), 100),
				list(lastPart("z")))...),
		echo("5.4", "two messages in fragments", `text "Hello", text "world"`,
			firstPart("Hel"), lastPart("lo"), firstPart("wor"), lastPart("ld")),
		echo("5.4", "a fragment after a whole message", `text "hi", close 1002`, textFrame("hi"),
			lastPart("no")),
		echo("5.4", "a fragment after the last", `text "Hello", close 1002`,
			firstPart("Hel"), lastPart("lo"), middlePart("no"), lastPart("no")),
		echo("5.4", "a ping between fragments", `pong "p", text "Hello"`, firstPart("Hel"), pingFrame("p"),
			lastPart("lo")),
		echo("5.4", "a pong between fragments", `text "Hello"`, firstPart("Hel"), pongFrame("p"),
			lastPart("lo")),
		echo("5.4", "pings between many fragments", `pong "1", pong "2", pong "3", text "Hello"`,
			firstPart("H"), pingFrame("1"), middlePart("e"), pingFrame("2"), pongFrame(""), middlePart("l"),
			middlePart("l"), pingFrame("3"), lastPart("o")),
		echo("5.4", "a close between fragments", `close 1000 ""`, firstPart("Hel"), closeFrame(1000, ""),
			lastPart("lo")),
	}
	add := func(hint string, more ...Case) {
		cases = append(cases,
			inRow(RowFragments, hint, anyEnd, more...)...)
	}
	add("a continuation (opcode 0) without a message to continue",
		violation("5.4", "a last fragment of nothing", lastPart("stray"), textFrame("hi")),
		violation("5.4", "a middle fragment of nothing", middlePart("stray"), textFrame("hi")),
		violation("5.4", "an empty fragment of nothing", lastPart("")))
	add("a new message (opcode 1 or 2) begins before the previous one has ended: only opcode 0 continues it",
		violation("5.4", "a whole text between fragments", begin, textFrame(hiPost), end),
		violation("5.4", "a whole binary between fragments", begin, binaryFrame("no"), end),
		violation("5.4", "a first fragment after a first", begin, firstPart(hiPost[5:])),
		violation("5.4", "a text after an empty first fragment", firstPart(""), textFrame(hiPost)))
	const after, after2 = "a fragment after a post in fragments", "an empty fragment after a post"
	add("the message has ended with FIN: a continuation after it continues nothing",
		chat("5.4", after, "a post, close 1002", append(inParts(0x81, 40, PostBy(after, 0)),
			lastPart("more"))...).hangUp(),
		chat("5.4", after2, "a post, close 1002", textFrame(PostBy(after2, 0)), lastPart("")).hangUp())
	return cases
}

// controls are control frames (section 5.5).
func controls() []Case {
	const most = wstest.MaxControl
	cases := inRow(RowControl, "a control frame must not be fragmented: its FIN bit is 1", anyEnd,
		violation("5.5", "a fragmented ping", frameOf(0x09, ""), lastPart("q")),
		violation("5.5", "a fragmented pong", frameOf(0x0A, ""), lastPart("q")),
		violation("5.5", "a fragmented close", frameOf(0x08, "\x03\xe8")),
		violation("5.5", "an empty close without FIN", frameOf(0x08, "")),
		violation("5.5", "a fragmented ping between fragments", firstPart("Hel"), frameOf(0x09, "p"),
			lastPart("lo")))
	long := list(violation("5.5", "a ping that announces 65,536 bytes", announced(0x89, 65536)).hangUp())
	for _, n := range []int{most + 1, 300} {
		long = append(long,
			violation("5.5", fmt.Sprintf("a ping of %d bytes", n), pingFrame(filler(n))),
			violation("5.5", fmt.Sprintf("a pong of %d bytes", n), pongFrame(filler(n))),
			violation("5.5", fmt.Sprintf("a close of %d bytes", n), closeFrame(1000, filler(n-2))))
	}
	cases = append(cases, inRow(RowControl, fmt.Sprintf("a control frame carries at most %d bytes", most),
		anyEnd, long...)...)
	var pings []wstest.Frame
	var pongs []string
	for i := range 10 {
		pings, pongs = append(pings, pingFrame(fmt.Sprint(i))), append(pongs, fmt.Sprintf(`pong "%d"`, i))
	}
	return append(cases,
		echo("5.5", fmt.Sprintf("a ping of %d bytes", most), says(wstest.Pong, filler(most)),
			pingFrame(filler(most))),
		echo("5.5.2", "an empty ping", `pong ""`, pingFrame("")),
		echo("5.5.2", "a ping with bytes that are not text", `pong "\x00\xff\xfe"`,
			pingFrame("\x00\xff\xfe")),
		echo("5.5.2", "ten pings", strings.Join(pongs, ", "), pings...),
		echo("5.5.3", "a pong nobody asked for", ``, pongFrame("")),
		echo("5.5.3", "a pong nobody asked for, with a payload", ``, pongFrame("unasked")),
		echo("5.5.3", "a pong, then a ping", `pong "asked"`, pongFrame("unasked"), pingFrame("asked")))
}

// data are the examples of section 5.7, and messages of mixed types (section 5.6).
func data() []Case {
	const masked = "\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" // Hello, after the first byte
	return []Case{
		echo("5.7", "a masked text", `text "Hello"`, rawBytes("\x81"+masked)),
		echo("5.7", "a masked ping", `pong "Hello"`, rawBytes("\x89"+masked)),
		echo("5.7", "a masked pong, and then a text", `text "hi"`, rawBytes("\x8a"+masked),
			textFrame("hi")),
		echo("5.6", "three messages", `text "one", binary "two", text "three"`,
			textFrame("one"), binaryFrame("two"), textFrame("three")),
		echo("5.6", "an empty text and an empty binary", `text "", binary ""`, textFrame(""),
			binaryFrame("")),
		echo("5.6", "a binary that is not text", `binary "\xc3(\xff"`, binaryFrame("\xc3\x28\xff")),
		echo("5.6", "a NUL and other controls in a text", textSays("\x00\x01\x7f"),
			textFrame("\x00\x01\x7f")),
	}
}
