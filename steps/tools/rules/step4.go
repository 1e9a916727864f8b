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

// decodes: a post that is sent shows in the terminal as it was typed.
func decodes(p *probe) {
	c, m := p.member(), p.post()
	c.post(m)
	for deadline := time.Now().Add(p.patience); !p.server.prints(c.from, m.Text, 20*time.Millisecond); {
		if c.left(20*time.Millisecond) || time.Now().After(deadline) {
			c.fail("the text in the terminal: " + m.Text)
		}
	}
}

// sendStored sends a post in frames, and holds the server to greet new connections with it.
func (c *client) sendStored(m post, sent ...wstest.Frame) {
	c.Send(sent...)
	h, gone := c.p.history(), false
	for deadline := time.Now().Add(c.p.patience); !h.has(m) && !gone && time.Now().Before(deadline); {
		gone = c.left(20 * time.Millisecond)
		h = c.p.history()
	}
	expected := "a new connection is greeted with a history that has: " + short(m.Text)
	if !h.has(m) {
		c.Came = append(c.Came, "a new connection is greeted with: "+h.String())
		c.fail(expected)
	}
	if got := h.Msg[h.find(m.Text)]; got.user != m.User {
		c.Came = []string{fmt.Sprintf("the history has it from user %q", got.user)}
		c.fail(fmt.Sprintf("%s, from user %q", expected, m.User), `the field "user" is lost on the way`)
	}
}

// stamps: the server sets the time of a post, whatever the member says. A server that takes no other fields may
// refuse such a post.
func stamps(p *probe) {
	c, m := p.member(), p.post()
	c.sendStored(m, p.text(m))
	own := p.post()
	dated := fmt.Appendf(nil, `{"user":%q,"text":%q,"time":%d}`, own.User, own.Text, 1234567890123)
	p.member().Send(p.masked(wstest.Text, dated))
	c.Sent = append(c.Sent, string(dated))
	h, _ := p.stored(200*time.Millisecond, own)
	for _, got := range h.Msg {
		c.expectNow(got)
	}
}

// A shape is a post, and the frames that it is sent in.
type shape4 func(*probe) (post, []wstest.Frame)

// takes returns a row: a post in each of these shapes is taken.
func takes(shapes ...shape4) func(*probe) {
	return func(p *probe) {
		for _, s := range shapes {
			m, frames := s(p)
			p.member().sendStored(m, frames...)
		}
	}
}

// inFrames returns the shape of a post of n bytes (0: of any size), in frames of these sizes and one more.
func inFrames(n int, sizes ...int) shape4 {
	return func(p *probe) (post, []wstest.Frame) {
		m := p.post()
		if n > 0 {
			m = p.postOf(n)
		}
		return m, p.fragments(m.json(), sizes...)
	}
}

// cutWithin returns the shape of a post in two frames, cut within a character.
func cutWithin(character string, at int) shape4 {
	return func(p *probe) (post, []wstest.Frame) {
		m := p.post()
		m.Text += character
		text := m.json()
		return m, p.fragments(text, bytes.Index(text, []byte(character))+at)
	}
}

// amongControls is the shape of a post in three frames, with pings and pongs before and between them.
func amongControls(p *probe) (post, []wstest.Frame) {
	m := p.post()
	f := p.fragments(m.json(), 9, 8)
	ping, pong := p.masked(wstest.Ping, []byte(p.word(20))), p.masked(wstest.Pong, p.bytes(wstest.MaxControl))
	return m, []wstest.Frame{ping, pong, f[0], ping, f[1], p.masked(wstest.Pong, nil), f[2]}
}

// written returns the shape of a post whose user and text end in a random word, and that is written in JSON in a
// way of its own, if not "".
func written(user, text, json string) shape4 {
	return func(p *probe) (post, []wstest.Frame) {
		word := p.word(4)
		m := post{user, text + word}
		return m, []wstest.Frame{p.masked(wstest.Text, []byte(cmp.Or(strings.ReplaceAll(json, "WORD", word), string(m.json()))))}
	}
}

// writesLengths returns a row: histories of exactly so many bytes are sent in the form that their length needs.
// Sizes that this server's histories cannot have are left out.
func writesLengths(form int, sizes ...int) func(*probe) {
	return func(p *probe) {
		for _, size := range sizes {
			if !p.grow(size) {
				continue
			}
			c, _ := p.greeted()
			if f, wrong := c.whole(); wrong != "" || f.Form != form {
				c.Sent = []string{fmt.Sprintf("posts, until the history has %d bytes; then a new connection was made", size)}
				c.fail(fmt.Sprintf("a frame with its length in %d bits", form), wrong, "the length has another form")
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
		c.sendStored(m, p.text(m))
		again := p.member()
		now, cost = again.size, again.size-now-len(m.Text)
	}
	return now == size
}

// readsPieces: a post arrives, however TCP cuts it.
func readsPieces(p *probe) {
	for _, m := range []post{p.post(), p.postOf(700)} {
		c := p.member()
		b := p.text(m).Bytes()
		for i := range b[:len(b)-1] {
			c.Write(b[i : i+1])
			if i < 20 {
				time.Sleep(time.Millisecond)
			}
		}
		c.Sent = []string{wstest.Hex(b) + "\n(one byte at a time)"}
		c.Write(b[len(b)-1:])
		c.sendStored(m)
	}
}

// readsSeveral: several frames may come in one piece.
func readsSeveral(p *probe) {
	c := p.member()
	posts := []post{p.post(), p.postOf(200), p.post(), p.post()}
	c.post(posts...)
	for _, m := range posts {
		c.sendStored(m)
	}
}

// readsGlued: a frame may come in one piece with the handshake.
func readsGlued(p *probe) {
	m := p.post()
	c, a := p.ask(p.upgrade(), p.text(m))
	if a.Head == "" && c.kind != TimedOut && !p.server.Exited() {
		return // section 4.1 asks clients to wait for the answer: whoever does not may be turned away
	}
	c.expect101(a)
	c.sendStored(m)
}

// newestFirst: the order of the history, whether posts come one by one or in one piece.
func newestFirst(p *probe) {
	c := p.member()
	posts, glued := p.posts(4, 60), p.posts(30, 60)
	for _, m := range posts {
		c.mark()
		c.sendStored(m, p.text(m))
	}
	c.expectOrder("one after the other", posts)
	c.mark()
	c.post(glued...)
	c.sendStored(glued[len(glued)-1])
	c.expectOrder("in one piece", glued)
}

// expectOrder holds the history to begin with these posts, the last of them first.
func (c *client) expectOrder(how string, posts []post) {
	newest := slices.Clone(posts)
	slices.Reverse(newest)
	var h history
	wrong := func(m post) bool { return h.find(m.Text) != slices.Index(newest, m) }
	for deadline := time.Now().Add(c.p.patience / 3); ; { // a goroutine may still be storing one
		if h = c.p.history(); !slices.ContainsFunc(newest, wrong) {
			return
		} else if time.Now().After(deadline) {
			break
		}
		c.p.pause(20 * time.Millisecond)
	}
	c.Sent = []string{fmt.Sprintf("%d posts, %s:\n%s", len(posts), how, texts(posts))}
	c.Came = []string{h.String()}
	cause := ""
	if n := h.missing(posts...); n > 0 {
		cause = fmt.Sprintf("%d of them are not in the history", n)
	} else if h.find(posts[0].Text) < h.find(newest[0].Text) {
		cause = "the oldest is first: put each new post before the others"
	}
	c.kind = ""
	c.fail("the newest first:\n"+texts(newest), cause, "posts change places: take them one after the other, without a goroutine for each")
}

// texts lists the texts of posts, as far as a line has room.
func texts(posts []post) string {
	var h history
	for _, m := range posts {
		h.Msg = append(h.Msg, message{text: m.Text})
	}
	return h.String()
}

// keepsFifty: the history is 50 posts long, and loses the oldest.
func keepsFifty(p *probe) {
	c, posts := p.member(), p.posts(HistorySize+5, 60)
	for _, m := range posts {
		c.post(m)
	}
	c.Sent = []string{fmt.Sprintf("%d posts, one after the other", len(posts))}
	c.sendStored(posts[len(posts)-1])
	h := p.history()
	if n := len(h.Msg); n != HistorySize {
		c.Came = []string{fmt.Sprintf("a history of %d posts:\n%s", n, h)}
		c.kind = ""
		c.fail(fmt.Sprintf("a history of %d posts: the newest ones", HistorySize), map[bool]string{
			true: "the history grows without end: cut it when a post is added", false: "the history is cut too early"}[n > HistorySize])
	}
	c.expectOrder("one after the other", posts[5:])
}

// readsWholeLength: a length in eight bytes is looked at whole. Each of these frames is far too long; but where
// some of its length's bytes are left out, it is a message, and gets stored.
func readsWholeLength(p *probe) {
	const key = "\x00\x00\x00\x00"                        // by which a mask changes nothing
	for _, way := range []struct{ wrong, header string }{ // its bytes after 81 ff; n is the message's length
		{"only the last four bytes of the length count", "\x00\x00\x00\x01\x00\x00\x00n" + key},
		{"only the last two bytes of the length count", "\x00\x00\x00\x00\x00\x01\x00n" + key},
		{"the length's highest bit is lost", "\x80\x00\x00\x00\x00\x00\x00n" + key},
		{"the length's highest byte is lost", "\x01\x00\x00\x00\x00\x00\x00n" + key},
		{"only the first bytes of the length count", "\x00\x00\x00n\x00\x00\x00\x00" + key},
		{"the length is read little-endian", "n\x00\x00\x00\x00\x00\x00\x00" + key},
		{"the length is read from four bytes: it takes eight", "\x00\x00\x00n" + key},
		{"the length is read from two bytes: it takes eight", "\x00n" + key},
	} {
		c, m := p.member(), p.post()
		text := string(m.json())
		raw := "\x81\xff" + strings.Replace(way.header, "n", string(rune(len(text))), 1) + text
		c.Send(wstest.Frame{Raw: []byte(raw)}, p.text(p.post()))
		c.left(300 * time.Millisecond)
		c.expectNotStored(way.wrong, m)
	}
}

// expectNotStored holds the history to have none of the posts.
func (c *client) expectNotStored(cause string, posts ...post) {
	if h := c.p.history(); h.missing(posts...) < len(posts) {
		c.Came = []string{"a new connection is greeted with: " + h.String()}
		c.fail("nothing of that is stored", cause, c.p.row.Hint)
	}
}

// dropsBroken: a message that breaks off is not one.
func dropsBroken(p *probe) {
	m, n := p.post(), p.post()
	open := p.fragments(m.json(), len(m.json()))[0]             // all of it, but FIN
	cut := p.masked(wstest.Text, append(n.json(), ' ')).Bytes() // its JSON is whole before the frame is
	for _, sent := range []wstest.Frame{open, {Raw: cut[:len(cut)-1]}} {
		for _, reset := range []bool{false, true} {
			c := p.member()
			c.Send(sent)
			c.Sent = append(c.Sent, "and then the end of the connection")
			if reset {
				p.pause(50 * time.Millisecond)
				c.Reset()
			} else {
				c.TCP.CloseWrite()
				c.ended(p.patience)
			}
			p.pause(50 * time.Millisecond)
			c.expectNotStored("", m, n)
		}
	}
}

// keepsApart: two members may be in the middle of a frame, or of a message, at the same time.
func keepsApart(p *probe) {
	for _, cut := range []int{1, 4, 30} {
		a, b := p.member(), p.member()
		ma, mb := p.postOf(60), p.postOf(60)
		fa, fb := p.text(ma).Bytes(), p.text(mb).Bytes()
		for i, piece := range [][]byte{fa[:cut], fb[:cut], fb[cut:], fa[cut:]} {
			[]*client{a, b, b, a}[i].Write(piece)
			p.pause(5 * time.Millisecond)
		}
		a.Sent = []string{fmt.Sprintf("%s\n(cut after %d bytes; and in between the same from another member)", wstest.Hex(fa), cut)}
		a.sendStored(ma)
		a.sendStored(mb)
	}
}

// refusesHuge: a length is only a claim, and no reason to set memory aside.
func refusesHuge(p *probe) {
	first := p.member()
	lengths := []uint64{1 << 34, 1 << 62, 1 << 63, 1<<64 - 1}
	p.story = "frames with lengths from 2^34 to 2^64-1"
	p.together(len(lengths), func(i int) {
		c := p.member()
		c.Send(wstest.Frame{Fin: true, Opcode: wstest.Text, Masked: true, Key: p.key(), Length: lengths[i]}, p.text(p.post()))
		c.expectGone("compare the length with the limit before anything else, as an unsigned number (2^63 and more are negative in an int)")
	})
	p.expectOthers(first, p.story)

	// A fragment of 65,536 bytes. Whoever reads four of the eight bytes takes its length for 0, and what
	// follows the length for a key and an empty pong.
	c := p.member()
	c.Send(wstest.Frame{Masked: true, Opcode: wstest.Text, Key: [4]byte{0x8A, 0x80, 1, 2}, Form: 64, Length: 1 << 16, Payload: []byte("xy")})
	c.expectGone("127 says that the length is in the next eight bytes, not in four")
}

// expectGone holds the server to end the connection, or to say goodbye: it may then wait for the answer.
func (c *client) expectGone(cause string) {
	if f, err := c.awaitClose(); err == wstest.ErrTimeout && f.Opcode != wstest.Close {
		c.p.died()
		c.fail("the server ends the connection", cause)
	}
}

// refusesLong: a message over the limit is not stored, nor one that grows over it.
func refusesLong(p *probe) {
	m, grown := p.postOf(MaxMessage+1), p.postOf(MaxMessage+400)
	for _, sent := range [][]wstest.Frame{{p.text(m)}, p.fragments(m.json(), 2000, 2000), p.fragments(grown.json(), 2000, 2000)} {
		c := p.member()
		c.Send(sent...)
		c.expectGone("")
		c.expectNotStored("the limit is checked too late, or for each fragment alone", m, grown)
	}
}

// refuses returns a row: the cases of these rows end the connection, and the others chat on.
func refuses(names ...string) func(*probe) {
	return func(p *probe) {
		other := p.member()
		for _, name := range names {
			for _, sent := range InRow(name) {
				before := len(p.history().Msg)
				c := p.member()
				c.Send(p.keyed(sent.Send)...)
				c.expectGone(sent.Hint)
				if h := p.history(); len(h.Msg) != before {
					c.Came = []string{"a new connection is greeted with: " + h.String()}
					c.fail("nothing of that is stored", sent.Hint)
				}
			}
		}
		p.expectOthers(other, "others sent what no server takes")
	}
}

// keyed gives masked frames new keys, except those that are in bytes already.
func (p *probe) keyed(all []wstest.Frame) []wstest.Frame {
	all = slices.Clone(all)
	for i := range all {
		all[i].Key = p.key()
	}
	return all
}

// survivesRudeness: what one member does wrong harms nobody.
func survivesRudeness(p *probe) {
	quiet := p.member()
	frame := p.text(p.post()).Bytes()
	half := wstest.Frame{Raw: frame[:len(frame)-5]}
	binary := p.masked(wstest.Binary, p.bytes(20))
	for _, sent := range []wstest.Frame{half, {Raw: p.bytes(300)}, {Raw: []byte("GET / HTTP/1.1\r\n\r\n")}, binary, p.masked(wstest.Text, []byte("{}"))} {
		c := p.member()
		c.Send(sent)
		p.story = strings.Join(c.Sent, "\n")
		c.TCP.CloseWrite()
		c.ended(time.Second)
	}
	gone := p.member()
	gone.Send(half)
	gone.Reset()
	p.expectOthers(quiet, "others sent frames that are not messages, and vanished inside a frame")
}

// expectOthers holds the server to serve ordinary members still.
func (p *probe) expectOthers(c *client, after string) {
	m := p.post()
	c.mark()
	c.Sent = []string{"after " + after + ":"}
	c.sendStored(m, p.text(m))
}
