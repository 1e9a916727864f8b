package main

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"websocket-workshop/steps/tools/frames"
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
		c := p.member()
		m := p.post()
		c.post(m)
		p.expectStored(c, m, func() string {
			return p.whyNotRead("decode the JSON, and put the message into the history")
		})
	}
}

// expectStored waits until a new connection is greeted with the message that c has sent.
func (p *probe) expectStored(c *client, m post, cause func() string) {
	h, ok := p.stored(p.patience, func(h history) bool { return h.has(m.Text) })
	if ok {
		if got := h.Msg[h.find(m.Text)]; got.User != m.User {
			c.came = []string{fmt.Sprintf("the history has it from user %q", got.User)}
			c.fail(fmt.Sprintf("the history has it from user %q", m.User), `the field "user" is lost on the way`)
		}
		return
	}
	c.failStored(m, h, cause)
}

// failStored fails the behaviour over a message that is not in the history.
func (c *client) failStored(m post, h history, cause func() string) {
	c.lastWords()
	c.came = append(c.came, "a new connection is greeted with: "+h.String())
	c.fail("a new connection is greeted with a history that has: "+short(m.Text), cause())
}

// takes finds out whether a new server stores a message that comes in these frames.
func (p *probe) takes(sent func(post) []frames.Frame) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	before := p.server
	defer func() { p.server = before }()
	p.serve()
	m := p.post()
	p.member().send(sent(m)...)
	_, ok = p.stored(min(p.patience, 2*time.Second), func(h history) bool { return h.has(m.Text) })
	return ok
}

// withKey returns a message in a frame that is masked with key.
func withKey(m post, key [4]byte) []frames.Frame {
	return []frames.Frame{frames.Frame{Fin: true, Opcode: frames.Text, Masked: true, Key: key, Payload: m.json()}}
}

// whyNotRead finds out by trying why a plain message is not taken.
func (p *probe) whyNotRead(otherwise string) string {
	b := byte(0x20 + p.number(16))
	switch {
	case p.takes(func(m post) []frames.Frame { return []frames.Frame{p.text(m)} }):
		return otherwise
	case p.takes(func(m post) []frames.Frame { return withKey(m, [4]byte{b, b, b, b}) }):
		return "the mask is undone with the wrong bytes of the key: payload[i] ^= key[i%4], with i from 0 at the payload's start"
	case p.takes(func(m post) []frames.Frame { return withKey(m, [4]byte{}) }):
		return "the payload is still masked: undo the mask, payload[i] ^= key[i%4]"
	case p.takes(func(m post) []frames.Frame { return p.fragments(frames.Text, m.json(), 4) }):
		return "a message in two frames is taken, one in a single frame is not: FIN is set on a message's last frame"
	}
	return "" // there are too many ways to that
}

// logsLink: each frame read is a link to the page that draws it.
func logsLink(p *probe) {
	c := p.member()
	for _, m := range []post{p.post(), p.postOf(300)} {
		from := p.server.Output.Next()
		f := p.text(m)
		c.mark()
		c.send(f)
		want := "frame.html#" + hex.EncodeToString(f.Bytes()[:min(len(f.Bytes()), 128)])
		link := regexp.MustCompile(`http://(localhost|127\.0\.0\.1|\[::1\]):` + p.server.port + `/` + want + `\b`)
		if p.server.Output.Await(from, p.patience, func(lines []string) bool {
			return link.MatchString(strings.Join(lines, "\n")) || link.MatchString(strings.ToLower(strings.Join(lines, "\n")))
		}) {
			continue
		}
		lines, _ := p.server.Output.Since(from)
		said := strings.ToLower(strings.Join(lines, "\n"))
		cause := `log each frame you read as http://HOST:PORT/frame.html# and then all its bytes in hex (%x)`
		switch {
		case strings.Contains(said, want) && len(f.Bytes()) > 128:
			cause = "the link is too long: cut it after 128 bytes"
		case strings.Contains(said, want):
			cause = "the link does not begin with http:// and the host and port that the server listens on"
		case strings.Contains(said, "frame.html#"+hex.EncodeToString(f.Bytes()[:2])):
			cause = "the bytes are not those that came: header, key, and the payload while it is still masked"
		case strings.Contains(said, "frame.html#"):
			cause = "the link has to begin with the frame's first two bytes"
		}
		c.fail("this link in the terminal: http://"+p.server.addr()+"/"+want[:min(len(want), 40)]+"…", cause)
	}
}

// stamps: the server sets the time of a message.
func stamps(p *probe) {
	c := p.member()
	m := p.post()
	c.post(m)
	p.expectStored(c, m, func() string { return "the message is not in the history" })
	h := p.history()
	if cause := causeOfTime(string(h.Msg[h.find(m.Text)].Time), time.Now()); cause != "" {
		c.came = []string{"time: " + string(h.Msg[h.find(m.Text)].Time)}
		c.fail(fmt.Sprintf("a time near %d: Unix milliseconds, now", time.Now().UnixMilli()), cause)
	}
}

// readsLengths returns a behaviour: messages of these many bytes are taken.
func readsLengths(cause string, lengths ...int) func(*probe) {
	return func(p *probe) {
		for _, n := range lengths {
			c := p.member()
			m := p.postOf(n)
			c.post(m)
			p.expectStored(c, m, func() string { return p.whyLength(n, cause) })
		}
	}
}

// whyLength finds out by trying why a message of n bytes is not taken.
func (p *probe) whyLength(n int, otherwise string) string {
	pad := func(n int) func(post) []frames.Frame {
		return func(m post) []frames.Frame {
			payload := append(m.json(), bytes.Repeat([]byte(" "), n-len(m.json()))...)
			return []frames.Frame{p.masked(frames.Text, payload)}
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

// writesLengths returns a behaviour: a history is sent in the form that its length needs,
// after messages of these many bytes.
func writesLengths(form int, sizes ...int) func(*probe) {
	return func(p *probe) {
		c := p.member()
		for i, size := range sizes {
			m := p.postOf(size)
			c.mark()
			c.post(m)
			p.expectStored(c, m, func() string { return "the message is not in the history" })
			if form > 16 && i < len(sizes)-1 {
				continue // only all together are long enough
			}
			reader, _ := p.greeted()
			f, rest := reader.broken()
			if cause := causeOfFrame(f, rest); cause != "" || f.Form != form {
				reader.sent = []string{fmt.Sprintf("messages: %d, the last of %d bytes; then a new connection was made", i+1, size)}
				reader.fail(fmt.Sprintf("a frame with its length in %d bits", form), cmp.Or(cause, "the length has another form"))
			}
		}
	}
}

// readsPieces returns a behaviour: a message arrives, however TCP cuts it.
func readsPieces(p *probe) {
	for _, size := range []int{0, 700} {
		m := p.post()
		if size > 0 {
			m = p.postOf(size)
		}
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
		p.expectStored(c, m, func() string {
			return "one Read may return less than a frame: io.ReadFull waits for all that is asked for"
		})
	}
}

// readsSeveral: several frames may come in one piece.
func readsSeveral(p *probe) {
	c := p.member()
	posts := []post{p.post(), p.postOf(200), p.post(), p.post()}
	var all []frames.Frame
	for _, m := range posts {
		all = append(all, p.text(m))
	}
	c.send(all...)
	for _, m := range posts {
		p.expectStored(c, m, func() string {
			return "one Read may return more than a frame: what lies behind it is the next. Read everything from one bufio.Reader"
		})
	}
}

// readsGlued: a frame may come in one piece with the handshake.
func readsGlued(p *probe) {
	c := p.dial()
	r := p.upgrade()
	m := p.post()
	f := p.text(m)
	c.noteRequest(r)
	c.noteSent(f)
	c.sent = append(c.sent, "(request and frame in one piece)")
	c.write(append([]byte(r.String()), f.Bytes()...))
	if a := c.answer(); a.status != 101 {
		c.fail("101 Switching Protocols", causeOfNo101(a))
	}
	p.expectStored(c, m, func() string {
		return "net/http has read the frame together with the request: read on from the bufio.Reader that Hijack returns, not from the net.Conn"
	})
}

// readsFragments: a message may come in several frames.
func readsFragments(p *probe) {
	for _, sizes := range [][]int{{7}, {5, 6, 3}, {0, 9, 0}, {1, 1, 1, 1, 1}} {
		c := p.member()
		m := p.post()
		c.send(p.fragments(frames.Text, m.json(), sizes...)...)
		p.expectStored(c, m, p.whyFragments)
	}
}

// whyFragments finds out by trying why fragments are not taken.
func (p *probe) whyFragments() string {
	unmasked := func(m post) []frames.Frame {
		parts := p.fragments(frames.Text, m.json(), 7)
		for i := range parts {
			parts[i].Key = [4]byte{}
		}
		return parts
	}
	switch {
	case p.takes(func(m post) []frames.Frame { return p.fragments(frames.Text, m.json(), 8, 4) }):
		return "the mask's index goes on from one fragment to the next: it begins at 0 with every frame"
	case p.takes(unmasked):
		return "every fragment is masked with a key of its own: undo each with the key from its own header"
	}
	return "a frame without FIN is the beginning of a message: keep its payload, add that of the continuation frames (opcode 0), and take the message when FIN comes"
}

// readsSplitCharacter: a character's bytes may lie in two fragments.
func readsSplitCharacter(p *probe) {
	for _, character := range []string{"é", "€", "🟢"} {
		c := p.member()
		m := p.post()
		m.Text += character
		payload := m.json()
		at := bytes.Index(payload, []byte(character))
		c.send(p.fragments(frames.Text, payload, at+1)...)
		p.expectStored(c, m, func() string {
			return "a fragment may end inside a character: check for UTF-8 when the message is whole, not before"
		})
	}
}

// newestFirst: the order of the history.
func newestFirst(p *probe) {
	c := p.member()
	var posts []post
	for range 4 {
		m := p.post()
		c.mark()
		c.post(m)
		p.expectStored(c, m, func() string { return "the message is not in the history" })
		posts = append(posts, m)
	}
	h := p.history()
	for i, m := range posts {
		if at := h.find(m.Text); at != len(posts)-1-i {
			f := failure{sent: "one after the other:", expected: "the newest first: " + posts[3].Text + " | " + posts[2].Text + " | …", came: h.String()}
			for _, m := range posts {
				f.sent += "\n" + m.Text
			}
			f.cause = "the order is another: put each new message in front of the others"
			if h.find(posts[0].Text) < h.find(posts[3].Text) {
				f.cause = "the oldest is first: put each new message in front of the others"
			}
			p.fail(f)
		}
	}
}

// keepsFifty: the history is 50 messages long, and loses the oldest.
func keepsFifty(p *probe) {
	c := p.member()
	var posts []post
	for range 55 {
		posts = append(posts, p.post())
		c.post(posts[len(posts)-1])
	}
	c.sent = []string{"55 messages, one after the other"}
	last := posts[54]
	p.expectStored(c, last, func() string { return "the last one is not in the history" })
	h := p.history()
	f := failure{sent: c.sent[0], expected: "a history of 50 messages: the newest ones", came: fmt.Sprintf("a history of %d messages:\n%s", len(h.Msg), h)}
	switch {
	case len(h.Msg) > 50:
		f.cause = "the history grows without end: cut it to 50 messages when one is added"
	case len(h.Msg) < 50:
		f.cause = "the history is cut too early: it holds 50 messages"
	case h.Msg[49].Text != posts[5].Text:
		f.cause = "the newest 50 should be there: cut off the oldest"
	default:
		return
	}
	p.fail(f)
}

// keepsMarkup: text is text, whatever is in it.
func keepsMarkup(p *probe) {
	for _, text := range []string{"<b>" + p.word(5) + "</b> & <script>alert(1)</script>", `"` + p.word(4) + `" \ / ` + p.word(4), "grüße 🟢 日本 " + p.word(4)} {
		c := p.member()
		m := p.post()
		m.Text, m.User = text, "<i>"+m.User+"</i>"
		c.post(m)
		p.expectStored(c, m, func() string {
			return "text was changed on the way: the server keeps it as it is, and the page shows it as text. Let json.Marshal write it"
		})
	}
}

// refusesHuge: a length is only a claim, and no reason to set memory aside.
func refusesHuge(p *probe) {
	first := p.member()
	before := memory(p.server)
	for _, length := range []uint64{1 << 34, 1 << 62, 1 << 63, 1<<64 - 1} {
		c := p.member()
		f := frames.Frame{Fin: true, Opcode: frames.Text, Masked: true, Key: p.key(), Form: 64, Length: length}
		c.send(f)
		p.story = strings.Join(c.sent, "\n")
		c.send(p.text(p.post()))
		if err := c.ended(p.patience); err == errQuiet {
			c.fail("the server ends the connection: a message has at most 4,096 bytes", "the length is believed: compare it with the limit before reading on, as an unsigned number (2^63 and more are negative in an int)")
		}
		if grown := memory(p.server) - before; grown > 256<<20 {
			c.came = append(c.came, fmt.Sprintf("the server took %d MB of memory", grown>>20))
			c.fail("no memory for a message that is too long", "make([]byte, length) comes before the limit: compare first")
		}
	}
	p.expectOthers(first, "a frame with a length like 2^62")
}

// memory returns how much memory a server takes, where the system says so.
func memory(s *server) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Cmd.Process.Pid))
	var kb int
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb << 10
}

// refusesLong: a message over the limit is not stored, nor one that grows over it.
func refusesLong(p *probe) {
	m := p.postOf(4097)
	grown := p.postOf(4500)
	for _, sent := range [][]frames.Frame{{p.text(m)}, p.fragments(frames.Text, grown.json(), 2000, 2000)} {
		c := p.member()
		c.send(sent...)
		if err := c.ended(p.patience); err == errQuiet {
			c.fail("the server ends the connection: a message has at most 4,096 bytes", "compare the length of the whole message, all its fragments together, with the limit of 4,096 bytes")
		}
		if h := p.history(); h.has(m.Text) || h.has(grown.Text) {
			c.fail("the message is not stored: it has over 4,096 bytes", "the limit is checked too late, or for each fragment alone")
		}
	}
}

// survivesRudeness: what one member does wrong harms nobody.
func survivesRudeness(p *probe) {
	quiet := p.member()
	half := p.text(p.post())
	half.Raw = half.Bytes()
	half.Raw = half.Raw[:len(half.Raw)-5]
	for _, sent := range [][]frames.Frame{
		{p.masked(frames.Text, []byte("no JSON at all"))},
		{p.masked(frames.Text, nil)},
		{p.masked(frames.Text, []byte(`{"user":"","text":""}`))},
		{p.masked(frames.Binary, p.bytes(20))},
		{{Raw: p.bytes(300)}},
		{{Raw: []byte("GET / HTTP/1.1\r\n\r\n")}},
		{half},
	} {
		c := p.member()
		c.send(sent...)
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
	m := p.post()
	c.post(m)
	c.sent = append([]string{"after " + after + ":"}, c.sent...)
	p.expectStored(c, m, func() string {
		return "one member's mistake ends more than that member: only its own loop may return, and nothing may panic or log.Fatal"
	})
}
