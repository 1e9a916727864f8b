package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// decodes: a message that is sent shows in the terminal as it was typed.
func decodes(p *probe) {
	c := p.member()
	from := p.server.Output.Next()
	m := p.post()
	c.post(m)
	if !p.server.Output.Await(from, p.patience, func(lines []string) bool {
		return strings.Contains(strings.Join(lines, "\n"), m.Text)
	}) {
		c.fail("the text in the terminal: "+m.Text, p.whyNotRead("log the message once it is decoded"))
	}
}

// stores: a message is in the history that the next connection is greeted with.
func stores(p *probe) {
	for range 3 {
		m := p.post()
		p.member().sendStored(m, p.whyNotStored, p.text(m))
	}
}

// sendStored sends a message in frames, and waits until a new connection is greeted with it.
func (c *client) sendStored(m post, cause func() string, sent ...wstest.Frame) {
	c.send(sent...)
	c.expectStored(m, cause)
}

// why is a cause that is known before anything is tried.
func why(cause string) func() string { return func() string { return cause } }

// expectStored waits until a new connection is greeted with the message that c has sent.
func (c *client) expectStored(m post, cause func() string) {
	h, ok := c.p.stored(c.p.patience, m)
	if !ok {
		c.lastWords()
		c.came = append(c.came, "a new connection is greeted with: "+h.String())
		c.fail("a new connection is greeted with a history that has: "+short(m.Text), cause())
	}
	if got := h.Msg[h.find(m.Text)]; got.user != m.User {
		c.came = []string{fmt.Sprintf("the history has it from user %q", got.user)}
		c.fail(fmt.Sprintf("the history has it from user %q", m.User), `the field "user" is lost on the way`)
	}
}

// takes finds out whether a new server stores a message that comes in these frames.
func (p *probe) takes(sent func(post) []wstest.Frame) (ok bool) {
	before := p.server
	defer func() { p.server = before }()
	p.attempt(func() {
		p.serve()
		m := p.post()
		p.member().send(sent(m)...)
		_, ok = p.stored(min(p.patience, 2*time.Second), m)
	})
	return ok
}

// stuffed returns a message in a frame with bytes that do not belong there: zeros in front of its
// payload, and spaces within it, by which it is longer than its length announces.
func stuffed(m post, key [4]byte, front, within int) []wstest.Frame {
	text := m.json() // under 126 bytes: its header has 6
	head := wstest.Whole(wstest.Text, text, key).Bytes()[:6]
	last := len(text) - 1
	payload := slices.Concat(text[:last], bytes.Repeat([]byte(" "), within), text[last:])
	wstest.Mask(payload, key)
	return []wstest.Frame{{Raw: slices.Concat(head, make([]byte, front), payload)}}
}

// whyNotStored finds out why a plain message is not in the history.
func (p *probe) whyNotStored() string {
	return p.whyNotRead("decode the JSON, and put the message into the history")
}

// whyNotRead finds out by trying why a plain message is not taken.
func (p *probe) whyNotRead(otherwise string) string {
	b := byte(0x20 + p.number(16))
	switch {
	case p.takes(func(m post) []wstest.Frame { return []wstest.Frame{p.text(m)} }):
		return otherwise
	case p.takes(func(m post) []wstest.Frame {
		return []wstest.Frame{wstest.Whole(wstest.Text, m.json(), [4]byte{b, b, b, b})}
	}):
		return "the mask is undone with the wrong bytes of the key: payload[i] ^= key[i%4], with i from 0 at the payload's start"
	case p.takes(func(m post) []wstest.Frame { return fragments(wstest.Text, m.json()) }):
		return "the payload is still masked: undo the mask, payload[i] ^= key[i%4]"
	case p.takes(func(m post) []wstest.Frame { return stuffed(m, p.key(), 1, 0) }):
		return "a byte of the payload is taken for the header's: the key has four bytes, and the payload begins right behind it"
	case p.takes(func(m post) []wstest.Frame { return stuffed(m, p.key(), 0, 128) }):
		return "the length is read with the MASK bit in it: it is the 7F of the second byte"
	case p.takes(func(m post) []wstest.Frame { return p.fragments(wstest.Text, m.json(), 4) }):
		return "a message in two frames is taken, one in a single frame is not: FIN is set on a message's last frame"
	}
	return "" // there are too many ways to that
}

// stamps: the server sets the time of a message, whatever the member says. One that takes no
// other fields may refuse such a message.
func stamps(p *probe) {
	c := p.member()
	m := p.post()
	c.sendStored(m, why("the message is not in the history"), p.text(m))
	dated := p.member()
	own := p.post()
	dated.send(p.masked(wstest.Text, fmt.Appendf(nil, `{"user":%q,"text":%q,"time":%d}`, own.User, own.Text, 1234567890123)))
	c.sent = append(c.sent, dated.sent...)
	h, _ := p.stored(200*time.Millisecond, own)
	for _, got := range h.Msg {
		c.expectNow(got)
	}
}

// readsLengths returns a behaviour: messages of these many bytes are taken.
func readsLengths(cause string, lengths ...int) func(*probe) {
	return func(p *probe) {
		for _, n := range lengths {
			m := p.postOf(n)
			p.member().sendStored(m, func() string { return p.whyLength(n, cause) }, p.text(m))
		}
	}
}

// whyLength finds out by trying why a message of n bytes is not taken.
func (p *probe) whyLength(n int, otherwise string) string {
	pad := func(n int) func(post) []wstest.Frame {
		return func(m post) []wstest.Frame {
			payload := append(m.json(), bytes.Repeat([]byte(" "), n-len(m.json()))...)
			return []wstest.Frame{p.masked(wstest.Text, payload)}
		}
	}
	switch {
	case n > 125 && !p.takes(pad(200)) && p.takes(pad(0x0101)):
		return "the 16-bit length is read little-endian: the network's order is big-endian, binary.BigEndian.Uint16"
	case n > 3000 && p.takes(pad(2000)):
		return "the limit is too low: a message may have 4,096 bytes, and only more is too long. One Read need not give all: io.ReadFull does"
	case n >= 128 && p.takes(pad(127)):
		return "something goes wrong from 128 on: in the second byte, 7f are the 7 bits of the length and 80 is the mask bit"
	}
	return otherwise
}

// writesLengths returns a behaviour: histories of exactly so many bytes are sent in the form
// that their length needs. Sizes that this server's histories cannot have are left out.
func writesLengths(form int, sizes ...int) func(*probe) {
	return func(p *probe) {
		for _, size := range sizes {
			if !p.grow(size) {
				continue
			}
			reader, _ := p.greeted()
			f, rest := reader.broken()
			if cause := causeOfFrame(f, rest); cause != "" || f.Form != form {
				reader.sent = []string{fmt.Sprintf("messages, until the history has %d bytes; then a new connection was made", size)}
				reader.fail(fmt.Sprintf("a frame with its length in %d bits", form), cmp.Or(cause, "the length has another form"))
			}
		}
	}
}

// grow posts at a new server until the history has so many bytes, and reports whether it has.
func (p *probe) grow(size int) bool {
	const most = 3900 // letters in a message
	p.serve()
	c := p.member()
	now, cost := c.size, 45 // bytes of a message besides its text: a guess, until there was one
	for now < size {
		n := min(size-now-cost, most)
		if n < 0 {
			return false
		}
		if left := size - now - cost - n; left > 0 && left < cost+20 {
			n -= cost + 20 // leave room for one more
		}
		m := post{User: "ann", Text: p.word(n)}
		c.sendStored(m, p.whyNotStored, p.text(m))
		again := p.member()
		now, cost = again.size, again.size-now-len(m.Text)
	}
	return now == size
}

// readsPieces: a message arrives, however TCP cuts it.
func readsPieces(p *probe) {
	for _, m := range []post{p.post(), p.postOf(700)} {
		c := p.member()
		f := p.text(m)
		c.noteSent(f)
		c.sent = append(c.sent, "(one byte at a time)")
		for i, b := range f.Bytes() {
			c.write([]byte{b})
			if i < 20 {
				time.Sleep(time.Millisecond)
			}
		}
		c.expectStored(m, why("one Read may return less than a frame: io.ReadFull waits for all that is asked for"))
	}
}

// readsSeveral: several frames may come in one piece.
func readsSeveral(p *probe) {
	c := p.member()
	posts := []post{p.post(), p.postOf(200), p.post(), p.post()}
	c.post(posts...)
	for _, m := range posts {
		c.expectStored(m, why("one Read may return more than a frame: what lies behind it is the next. Read everything from one bufio.Reader"))
	}
}

// readsGlued: a frame may come in one piece with the handshake.
func readsGlued(p *probe) {
	c, r, m := p.dial(), p.upgrade(), p.post()
	f := p.text(m)
	c.noteRequest(r)
	c.noteSent(f)
	c.sent = append(c.sent, "(request and frame in one piece)")
	c.write(append([]byte(r.String()), f.Bytes()...))
	switch a := c.answer(); {
	case a.head == "" && a.err != errQuiet && !p.server.Exited():
		return // section 4.1 asks clients to wait for the answer: whoever does not may be turned away
	case a.status != 101:
		c.fail("101 Switching Protocols", causeOfNo101(a))
	}
	c.expectStored(m, why("net/http has read the frame together with the request: read on from the bufio.Reader that Hijack returns, not from the net.Conn"))
}

// readsFragments: a message may come in several frames, up to the limit.
func readsFragments(p *probe) {
	for _, sizes := range [][]int{{7}, {5, 6, 3}, {0, 9, 0}, {1, 1, 1, 1, 1}, {2000, 2000, 96}} {
		m := p.post()
		if sizes[0] == 2000 {
			m = p.postOf(4096)
		}
		p.member().sendStored(m, p.whyFragments, p.fragments(wstest.Text, m.json(), sizes...)...)
	}
}

// whyFragments finds out by trying why fragments are not taken.
func (p *probe) whyFragments() string {
	switch {
	case p.takes(func(m post) []wstest.Frame { return p.fragments(wstest.Text, m.json(), 8, 4) }):
		return "the mask's index goes on from one fragment to the next: it begins at 0 with every frame"
	case p.takes(func(m post) []wstest.Frame { return fragments(wstest.Text, m.json(), 7) }):
		return "every fragment is masked with a key of its own: undo each with the key from its own header"
	}
	return "a frame without FIN is the beginning of a message: keep its payload, add that of the continuation frames (opcode 0), and take the message when FIN comes"
}

// readsSplitCharacter: a character's bytes may lie in two fragments.
func readsSplitCharacter(p *probe) {
	for _, in := range []struct {
		character string
		at        int
	}{{"é", 1}, {"€", 1}, {"€", 2}, {"🟢", 1}, {"🟢", 2}, {"🟢", 3}} {
		m := p.post()
		m.Text += in.character
		payload := m.json()
		p.member().sendStored(m, why("a fragment may end inside a character: check for UTF-8 when the message is whole, not before"),
			p.fragments(wstest.Text, payload, bytes.Index(payload, []byte(in.character))+in.at)...)
	}
}

// newestFirst: the order of the history, whether messages come one by one or in one piece.
func newestFirst(p *probe) {
	c := p.member()
	posts, glued := p.posts(4, 60), p.posts(30, 60)
	for _, m := range posts {
		c.mark()
		c.sendStored(m, why("the message is not in the history"), p.text(m))
	}
	p.expectOrder("one after the other:", posts, "put each new message in front of the others")
	c.post(glued...)
	if _, ok := p.stored(p.patience, glued...); !ok {
		c.fail("a history with all 30 messages", "messages that come in one piece are lost")
	}
	p.expectOrder("in one piece:", glued, "a member's messages change places: take them one after the other, without a goroutine for each")
}

// expectOrder holds the history to begin with these messages, the last of them first.
func (p *probe) expectOrder(how string, posts []post, cause string) {
	h := p.history()
	newest := slices.Clone(posts)
	slices.Reverse(newest)
	f := Failure{Sent: how + "\n" + texts(posts), Expected: "the newest first:\n" + texts(newest), Came: h.String()}
	for i, m := range newest {
		if h.find(m.Text) == i {
			continue
		}
		f.Cause = cause
		if h.find(posts[0].Text) < h.find(newest[0].Text) {
			f.Cause = "the oldest is first: put each new message in front of the others"
		}
		p.fail(f)
	}
}

// texts lists the texts of posts, as far as a line has room.
func texts(posts []post) string {
	var h history
	for _, m := range posts {
		h.Msg = append(h.Msg, message{text: m.Text})
	}
	return h.String()
}

// keepsFifty: the history is 50 messages long, and loses the oldest.
func keepsFifty(p *probe) {
	c, posts := p.member(), p.posts(55, 60)
	for _, m := range posts {
		c.post(m)
	}
	c.sent = []string{"55 messages, one after the other"}
	c.expectStored(posts[54], why("the last one is not in the history"))
	h := p.history()
	if n := len(h.Msg); n != mostMessages {
		cause := "the history grows without end: cut it to 50 messages when one is added"
		if n < mostMessages {
			cause = "the history is cut too early: it holds 50 messages"
		}
		c.came = []string{fmt.Sprintf("a history of %d messages:", n), h.String()}
		c.fail("a history of 50 messages: the newest ones", cause)
	}
	p.expectOrder(c.sent[0], posts[5:], "the newest 50 should be there, each new one in front of the others: cut off the oldest")
}

// keepsMarkup: text is text, whatever is in it, and however JSON writes it.
func keepsMarkup(p *probe) {
	word := p.word(4)
	for _, in := range []struct {
		post
		json string // if it is not as Go writes it
	}{
		{post: post{"<i>ann</i>", "<b>" + word + "</b> & <script>alert(1)</script>"}},
		{post: post{"ann", `"` + word + `" \ / %s %d {{.}}`}},
		{post: post{"日本 🟢", "grüße 🟢 日本 👩‍👩‍👧 \u2028 " + word}},
		{post: post{"ann", "\uFFFD stands for what is no character, \U0010FFFF for the last one " + word}},
		{post: post{"ann", "two\nlines,\ta tab " + word}},
		{post{"é", "é🟢 <b>\n\t\"\\/ " + word}, `{ "text" : "\u00e9\ud83d\udfe2 \u003cb\u003e\n\t\"\\\/ ` + word + `" , "user" : "\u00E9" }`},
	} {
		p.member().sendStored(in.post, why("text was changed on the way: the server keeps it as it is, and the page shows it as text. Let encoding/json read and write it"),
			p.masked(wstest.Text, []byte(cmp.Or(in.json, string(in.post.json())))))
	}
}

// passesControls: control frames are read to their end and passed over, between messages and
// between the fragments of one.
func passesControls(p *probe) {
	c := p.member()
	m, cut := p.post(), p.post()
	f := p.fragments(wstest.Text, cut.json(), 9, 8)
	ping, pong := p.masked(wstest.Ping, []byte(p.word(20))), p.masked(wstest.Pong, p.bytes(125))
	c.sendStored(m, why("a ping (opcode 9) or pong (opcode a) is no message: read its payload too, leave that aside, and go on with the next frame"),
		ping, pong, p.text(m))
	c.mark()
	c.sendStored(cut, why("a control frame may come between the fragments of a message: its payload is no part of the message, and the message so far is kept"),
		f[0], ping, f[1], p.masked(wstest.Pong, nil), f[2])
}

// readsWholeLength: a length in eight bytes is looked at whole. Each of these frames is far too
// long; but where some of its length's bytes are left out, it is a message, and gets stored.
func readsWholeLength(p *probe) {
	const key = "\x00\x00\x00\x00"                        // by which a mask changes nothing
	for _, way := range []struct{ wrong, header string }{ // its bytes behind 81 ff; n is the message's length
		{"only the last four bytes of the length count", "\x00\x00\x00\x01\x00\x00\x00n" + key},
		{"only the last two bytes of the length count", "\x00\x00\x00\x00\x00\x01\x00n" + key},
		{"the length's highest bit is lost", "\x80\x00\x00\x00\x00\x00\x00n" + key},
		{"the length's highest byte is lost", "\x01\x00\x00\x00\x00\x00\x00n" + key},
		{"only the first four bytes of the length count", "\x00\x00\x00n\x00\x00\x00\x00" + key},
		{"only the first two bytes of the length count", "\x00n\x00\x00\x00\x00\x00\x00" + key},
		{"the length is read little-endian", "n\x00\x00\x00\x00\x00\x00\x00" + key},
		{"the length is read from four bytes: it takes eight", "\x00\x00\x00n" + key},
		{"the length is read from two bytes: it takes eight", "\x00n" + key},
	} {
		c, m := p.member(), p.post()
		text := string(m.json())
		raw := "\x81\xff" + strings.Replace(way.header, "n", string(rune(len(text))), 1) + text
		c.send(wstest.Frame{Raw: []byte(raw)}, p.text(p.post()))
		c.ended(300 * time.Millisecond)
		if h := p.history(); h.has(m) {
			c.came = []string{"a new connection is greeted with: " + h.String()}
			c.fail("the connection ends: the length is far over 4,096", way.wrong)
		}
	}
}

// dropsBroken: a message that breaks off is none.
func dropsBroken(p *probe) {
	m, n := p.post(), p.post()
	open := p.fragments(wstest.Text, m.json(), len(m.json()))[:1] // all of it, but FIN
	cut := p.masked(wstest.Text, append(n.json(), ' ')).Bytes()   // its JSON is whole before the frame is
	for _, sent := range []wstest.Frame{open[0], {Raw: cut[:len(cut)-1]}} {
		for _, reset := range []bool{false, true} {
			c := p.member()
			c.send(sent)
			c.sent = append(c.sent, "and then the end of the connection")
			if reset {
				p.pause(50 * time.Millisecond)
				c.vanish()
			} else {
				c.nc.CloseWrite()
			}
			c.ended(p.patience)
			p.pause(50 * time.Millisecond)
			if h := p.history(); h.has(m) || h.has(n) {
				c.came = []string{"a new connection is greeted with: " + h.String()}
				c.fail("nothing is stored: the message was not whole", "what has come of a message is no message: when reading ends with an error, io.EOF too, forget it")
			}
		}
	}
}

// keepsApart: two members may be in the middle of a frame, or of a message, at the same time.
func keepsApart(p *probe) {
	for _, cut := range []int{1, 4, 30} {
		a, b := p.member(), p.member()
		ma, mb := p.postOf(60), p.postOf(60)
		fa, fb := p.text(ma).Bytes(), p.text(mb).Bytes()
		a.noteSent(wstest.Frame{Raw: fa})
		a.sent = append(a.sent, fmt.Sprintf("in two pieces, cut after %d bytes; and in between the same from another member", cut))
		for i, piece := range [][]byte{fa[:cut], fb[:cut], fb[cut:], fa[cut:]} {
			[]*client{a, b, b, a}[i].write(piece)
			p.pause(5 * time.Millisecond)
		}
		for _, m := range []post{ma, mb} {
			a.expectStored(m, why("two members' bytes get mixed up: each connection needs a buffer of its own, and none that is a variable of the package"))
		}
	}
}

// refusesHuge: a length is only a claim, and no reason to set memory aside.
func refusesHuge(p *probe) {
	first := p.member()
	before := memory(p.server)
	huge := claims(0x81, 1<<34, 1<<62, 1<<63, 1<<64-1)
	p.story = "frames with lengths from 2^34 to 2^64-1"
	p.together(len(huge), func(i int) {
		c := p.member()
		c.send(append(p.keyed(huge[i]), p.text(p.post()))...)
		c.expectRefused("the length is believed: compare it with the limit before reading on, as an unsigned number (2^63 and more are negative in an int)")
		if grown := memory(p.server) - before; grown > 256<<20 {
			c.came = append(c.came, fmt.Sprintf("the server took %d MB of memory", grown>>20))
			c.fail("no memory for a message that is too long", "make([]byte, length) comes before the limit: compare first")
		}
	})
	p.expectOthers(first, "a frame with a length like 2^62")

	// A fragment of 65,536 bytes. Whoever reads four of the eight bytes takes its length for 0, and
	// what is behind the length for a key and an empty pong.
	c := p.member()
	c.send(wstest.Frame{Opcode: wstest.Text, Masked: true, Key: [4]byte{0x8A, 0x80, 1, 2}, Form: 64, Length: 1 << 16, Payload: []byte("xy")})
	c.expectRefused("127 says that the length is in the next eight bytes, not in four")
}

// goes waits until the server ends the connection, or says goodbye to it: it may then wait for
// the answer. The error is that of reading, if neither comes.
func (c *client) goes() error {
	for {
		switch f, err := c.frame(); {
		case err == errQuiet:
			return err
		case err != nil || f.Opcode == wstest.Close:
			return nil
		}
	}
}

// expectRefused holds the server to end the connection.
func (c *client) expectRefused(cause string) {
	if c.goes() != nil {
		c.p.server.died(c.p)
		c.fail("the server ends the connection: a message has at most 4,096 bytes", cause)
	}
}

// refusesLong: a message over the limit is not stored, nor one that grows over it.
func refusesLong(p *probe) {
	m, grown := p.postOf(4097), p.postOf(4500)
	for _, sent := range [][]wstest.Frame{{p.text(m)}, p.fragments(wstest.Text, m.json(), 2000, 2096), p.fragments(wstest.Text, grown.json(), 2000, 2000)} {
		c := p.member()
		c.send(sent...)
		c.expectRefused("compare the length of the whole message, all its fragments together, with the limit of 4,096 bytes")
		if h := p.history(); h.has(m) || h.has(grown) {
			c.fail("the message is not stored: it has over 4,096 bytes", "the limit is checked too late, or for each fragment alone")
		}
	}
}

// survivesRudeness: what one member does wrong harms nobody.
func survivesRudeness(p *probe) {
	quiet := p.member()
	frame := p.text(p.post()).Bytes()
	half := wstest.Frame{Raw: frame[:len(frame)-5]}
	strange := [][]wstest.Frame{{half}, {{Raw: p.bytes(300)}}, {{Raw: []byte("GET / HTTP/1.1\r\n\r\n")}}}
	for _, sent := range slices.Concat(strange, binaryMessages.each, wrongJSON.each) {
		c := p.member()
		c.send(p.keyed(sent)...)
		p.story = strings.Join(c.sent, "\n")
		c.nc.CloseWrite()
		c.ended(time.Second)
	}
	gone := p.member()
	gone.send(half)
	gone.vanish()
	p.expectOthers(quiet, "others sent frames that are no messages, and vanished inside a frame")
}

// expectOthers holds the server to serve ordinary members still.
func (p *probe) expectOthers(c *client, after string) {
	c.mark()
	c.sent = []string{"after " + after + ":"}
	m := p.post()
	c.sendStored(m, why("one member's mistake ends more than that member: only its own loop may return, and nothing may panic or log.Fatal"), p.text(m))
}
