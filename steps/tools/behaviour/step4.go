package behaviour

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// decodes: a post appears in the terminal as it was typed.
func decodes(p *probe.Probe) {
	c, m := p.Member(), p.Post()
	c.Post(m)
	for deadline := time.Now().Add(p.Patience); !p.Server.Prints(c.From, m.Text, 20*time.Millisecond); {
		if c.HangsUp(20*time.Millisecond) || time.Now().After(deadline) {
			c.Fail("the text in the terminal: " + m.Text)
		}
	}
}

// stamps: the server sets the time of a post, whatever the member sends. A server that accepts no other
// fields may refuse such a post.
func stamps(p *probe.Probe) {
	c, m := p.Member(), p.Post()
	c.ExpectStored(m, p.Text(m))
	own := p.Post()
	dated := fmt.Appendf(nil, `{"user":%q,"text":%q,"time":%d}`, own.User, own.Text, 1234567890123)
	p.Member().Send(p.Masked(wstest.Text, dated))
	c.Sent = append(c.Sent, string(dated))
	p.Pause(50 * time.Millisecond)
	for _, got := range p.History() {
		expectNow(c, got)
	}
}

// A shape makes a post and the frames to send it in.
type shape func(*probe.Probe) (probe.Post, []wstest.Frame)

// takes returns a row: the server accepts a post in each of these shapes.
func takes(shapes ...shape) func(*probe.Probe) {
	return func(p *probe.Probe) {
		for _, s := range shapes {
			m, frames := s(p)
			p.Member().ExpectStored(m, frames...)
		}
	}
}

// inFrames returns the shape of a post of n bytes (0: any size), in frames of these sizes and one more.
func inFrames(n int, sizes ...int) shape {
	return func(p *probe.Probe) (probe.Post, []wstest.Frame) {
		m := p.Post()
		if n > 0 {
			m = p.PostOf(n)
		}
		return m, p.Fragments(m.JSON(), sizes...)
	}
}

// cutWithin returns the shape of a post in two frames, cut within a character.
func cutWithin(character string, at int) shape {
	return func(p *probe.Probe) (probe.Post, []wstest.Frame) {
		m := p.Post()
		m.Text += character
		text := m.JSON()
		return m, p.Fragments(text, bytes.Index(text, []byte(character))+at)
	}
}

// amongControls is the shape of a post in three frames, with pings and pongs before and between them.
func amongControls(p *probe.Probe) (probe.Post, []wstest.Frame) {
	m := p.Post()
	f := p.Fragments(m.JSON(), 9, 8)
	ping, pong := p.Masked(wstest.Ping, []byte(p.Word(20))), p.Masked(wstest.Pong, p.Bytes(wstest.MaxControl))
	return m, []wstest.Frame{ping, pong, f[0], ping, f[1], p.Masked(wstest.Pong, nil), f[2]}
}

// written returns the shape of a post whose text ends in a random word, written as this JSON if that is not
// "".
func written(user, text, json string) shape {
	return func(p *probe.Probe) (probe.Post, []wstest.Frame) {
		word := p.Word(4)
		m := probe.Post{User: user, Text: text + word}
		in := cmp.Or(strings.ReplaceAll(json, "WORD", word), string(m.JSON()))
		return m, []wstest.Frame{p.Masked(wstest.Text, []byte(in))}
	}
}

// growsLong: while posts make the history longer, its frames have the length that they announce, in its
// shortest form: 7, 16 or 64 bits.
func growsLong(p *probe.Probe) {
	const many = 5
	c := p.Member()
	long := slices.Repeat([]int{rules.MaxMessage}, 1<<16/(many*rules.MaxMessage)+1)
	for _, n := range append([]int{50, 200}, long...) {
		for _, m := range p.Posts(many, n) {
			c.Post(m)
			c.ExpectStored(m)
		}
		reader, _ := greeted(p)
		if _, wrong := whole(reader); wrong != "" {
			reader.Sent = []string{fmt.Sprintf("posts of %d bytes; then a new connection was made", n)}
			reader.Fail("the length of the payload in bytes, in its shortest form", wrong)
		}
	}
}

// readsPieces: a post arrives, however TCP splits it.
func readsPieces(p *probe.Probe) {
	for _, m := range []probe.Post{p.Post(), p.PostOf(700)} {
		c := p.Member()
		b := p.Text(m).Bytes()
		for i := range b[:len(b)-1] {
			c.Write(b[i : i+1])
			if i < 20 {
				time.Sleep(time.Millisecond)
			}
		}
		c.Sent = []string{wstest.Hex(b) + "\n(one byte at a time)"}
		c.Write(b[len(b)-1:])
		c.ExpectStored(m)
	}
}

// readsSeveral: several frames may arrive in one piece.
func readsSeveral(p *probe.Probe) {
	c := p.Member()
	posts := []probe.Post{p.Post(), p.PostOf(200), p.Post(), p.Post()}
	c.Post(posts...)
	for _, m := range posts {
		c.ExpectStored(m)
	}
}

// readsGlued: a frame may arrive in one piece with the handshake.
func readsGlued(p *probe.Probe) {
	m := p.Post()
	c, a := p.Ask(p.Upgrade(), p.Text(m))
	if a.Head == "" && c.Kind != probe.TimedOut && !p.Server.Exited() {
		return // section 4.1 asks clients to wait for the answer: one that does not may be refused
	}
	c.Expect101(a)
	c.ExpectStored(m)
}

// newestFirst: the newest post is first, whether posts arrive one by one or in one piece.
func newestFirst(p *probe.Probe) {
	c := p.Member()
	posts, glued := p.Posts(4, 60), p.Posts(10, 60)
	for _, m := range posts {
		c.ExpectStored(m, p.Text(m))
	}
	expectOrder(c, "one by one", posts)
	c.Mark()
	c.Post(glued...)
	c.ExpectStored(glued[len(glued)-1])
	expectOrder(c, "in one piece", glued)
}

// expectOrder fails the row unless the history begins with these posts, the last of them first.
func expectOrder(c *probe.Client, how string, posts []probe.Post) {
	newest := slices.Clone(posts)
	slices.Reverse(newest)
	var h probe.History
	wrong := func(m probe.Post) bool { return h.Find(m.Text) != slices.Index(newest, m) }
	for deadline := time.Now().Add(c.Probe.Patience / 3); ; { // a goroutine may still be storing one
		if h = c.Probe.History(); !slices.ContainsFunc(newest, wrong) {
			return
		} else if time.Now().After(deadline) {
			break
		}
		c.Probe.Pause(20 * time.Millisecond)
	}
	c.Sent = []string{fmt.Sprintf("%d posts, %s:\n%s", len(posts), how, texts(posts))}
	c.Came = []string{h.String()}
	cause := ""
	if n := h.Missing(posts...); n > 0 {
		cause = fmt.Sprintf("%d of them are not in the history", n)
	} else if h.Find(posts[0].Text) < h.Find(newest[0].Text) {
		cause = "the oldest is first: put each new post before the others"
	}
	c.Kind = ""
	c.Fail("the newest first:\n"+texts(newest), cause,
		"posts change places: handle them one after another, without a goroutine for each")
}

// texts lists the texts of posts, as many as fit on a line.
func texts(posts []probe.Post) string {
	var h probe.History
	for _, m := range posts {
		h = append(h, probe.Message{Post: m})
	}
	return h.String()
}

// keepsNewest: the history has a limit, and loses the oldest.
func keepsNewest(p *probe.Probe) {
	c, posts := p.Member(), p.Posts(rules.HistorySize+10, 60)
	for ten := range slices.Chunk(posts, 10) {
		c.Mark()
		c.Post(ten...)
		c.ExpectStored(ten[len(ten)-1])
	}
	if n := len(p.History()); n != rules.HistorySize {
		c.Came = []string{fmt.Sprintf("a history of %d posts", n)}
		c.Fail(fmt.Sprintf("a history of %d posts: the newest ones", rules.HistorySize), map[bool]string{
			true:  "the history grows without end: cut it when a post is added",
			false: "the history is cut too early"}[n > rules.HistorySize])
	}
	expectOrder(c, "ten at a time", posts[10:])
}

// dropsBroken: a message that breaks off does not count.
func dropsBroken(p *probe.Probe) {
	m, n := p.Post(), p.Post()
	open := p.Fragments(m.JSON(), len(m.JSON()))[0]             // all of it except FIN
	cut := p.Masked(wstest.Text, append(n.JSON(), ' ')).Bytes() // its JSON is complete before the frame is
	for _, sent := range []wstest.Frame{open, {Raw: cut[:len(cut)-1]}} {
		for _, reset := range []bool{false, true} {
			c := p.Member()
			c.Send(sent)
			c.Sent = append(c.Sent, "and then the end of the connection")
			if reset {
				p.Pause(50 * time.Millisecond)
				c.Reset()
			} else {
				c.TCP.CloseWrite()
				c.Ended(p.Patience)
			}
			p.Pause(50 * time.Millisecond)
			c.ExpectNotStored("", m, n)
		}
	}
}

// refusesHuge: a length is only a claim, and no reason to allocate memory. A server that ignores some of
// its eight bytes reads the length of the post that follows.
func refusesHuge(p *probe.Probe) {
	const n = 0x61 // bytes of the post
	first, m := p.Member(), p.PostOf(n)
	lengths := []uint64{1 << 34, 1 << 62, 1 << 63, 1<<64 - 1, 1<<63 | n, 1<<56 | n, 1<<32 | n, 1<<16 | n,
		n << 56}
	p.Story = "frames with lengths from 2^16 to 2^64-1"
	p.Together(len(lengths), func(i int) {
		c := p.Member()
		f := p.Text(m)
		f.Form, f.Length = 64, lengths[i]
		c.Send(f)
		c.ExpectGone("")
		c.ExpectNotStored("some of the eight bytes of the length are ignored", m)
	})
	first.ExpectServed(p.Story)

	// A fragment of 65,536 bytes. A server that reads four of the eight bytes takes its length to be 0, and
	// mistakes what follows for a key and an empty pong.
	c := p.Member()
	c.Send(wstest.Frame{Masked: true, Opcode: wstest.Text, Key: [4]byte{0x8A, 0x80, 1, 2},
		Form: 64, Length: 1 << 16, Payload: []byte("xy")})
	c.ExpectGone("127 means that the length is in the next eight bytes, not in four")
}

// refusesLong: a message over the limit is not stored, nor is one that grows over it.
func refusesLong(p *probe.Probe) {
	const part = rules.MaxMessage / 2
	m, grown := p.PostOf(rules.MaxMessage+1), p.PostOf(rules.MaxMessage+400)
	for _, sent := range [][]wstest.Frame{{p.Text(m)}, p.Fragments(m.JSON(), part, part),
		p.Fragments(grown.JSON(), part, part)} {
		c := p.Member()
		c.Send(sent...)
		c.ExpectGone("")
		c.ExpectNotStored("the limit is checked too late, or for each fragment on its own", m, grown)
	}
}

// refuses returns a row: the cases of these rows end the connection, while the others continue to chat.
func refuses(names ...string) func(*probe.Probe) {
	return func(p *probe.Probe) {
		other := p.Member()
		for _, name := range names {
			for _, sent := range rules.InRow(name) {
				before := len(p.History())
				c := p.Member()
				c.Send(p.Keyed(sent.Send)...)
				c.ExpectGone(sent.Hint)
				if h := p.History(); len(h) != before {
					c.Came = []string{"a new connection is greeted with: " + h.String()}
					c.Fail("none of it is stored", sent.Hint)
				}
			}
		}
		other.ExpectServed("others sent frames that a server must refuse")
	}
}

// passesOverNothing: the server either reads a frame with a reserved bit, which means nothing here, as if
// it had none, or ends the connection. It must not ignore the frame, and let the sender believe it was
// read.
func passesOverNothing(p *probe.Probe) {
	c, strange, m := p.Member(), p.Post(), p.Post()
	f := p.Text(strange)
	f.RSV = 4
	c.Send(f, p.Text(m))
	if !c.HangsUp(p.Patience/10) && p.History().Has(m) && !p.History().Has(strange) {
		c.Kind = ""
		c.Fail("both posts are stored, or the connection ends")
	}
}
