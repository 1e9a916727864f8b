package rules

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// switches: the status line and the two fields that say what happens, at any path.
func switches(p *probe) {
	for _, path := range []string{"/", "//x", "/any/../where?q=1"} {
		r := p.upgrade().Changed("GET " + path + " HTTP/1.1")
		c, a := p.ask(r)
		const expected = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade"
		upgrades := slices.ContainsFunc(strings.Split(a.Get("Connection"), ","), func(token string) bool {
			return strings.EqualFold(strings.TrimSpace(token), "upgrade")
		})
		switch {
		case a.Status != 101:
			c.fail(expected, causeOfNo101(a, c.kind))
		case !strings.EqualFold(a.Get("Upgrade"), "websocket"):
			c.fail(expected, "the answer lacks the field Upgrade: websocket")
		case !upgrades:
			c.fail(expected, "the answer lacks the field Connection: Upgrade")
		}
	}
}

// endsHeader: lines end with \r\n, and an empty one ends the header, whether json is offered or not.
func endsHeader(p *probe) {
	for _, r := range []wstest.Request{p.upgrade(), p.upgrade().With("Sec-WebSocket-Protocol")} {
		c, a := p.ask(r)
		const expected = `every line ends with \r\n, and an empty line ends the header`
		bare := strings.ReplaceAll(a.Head, "\r\n", "")
		switch length := a.Get("Content-Length"); {
		case c.kind != "":
			c.fail(expected, causeOfNo101(a, c.kind))
		case strings.Contains(bare, "\n"):
			c.Came = []string{fmt.Sprintf("%q", a.Head)}
			c.fail(expected, `lines end with \n alone: HTTP wants \r\n`)
		case length != "" && length != "0" || a.Get("Transfer-Encoding") != "":
			c.fail(expected, "a 101 has no body: take the connection with Hijack and write the header yourself")
		}
	}
}

// endsThere: at this step nothing follows the answer.
func endsThere(p *probe) {
	c := p.join()
	c.TCP.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if _, err := c.In.Peek(1); err == nil {
		c.failBehind()
	}
}

// failBehind fails the row for bytes right after the 101 that are not a frame.
func (c *client) failBehind() {
	b, _ := c.In.Peek(c.In.Buffered())
	c.Came = []string{"after the empty line that ends the answer: " + wstest.Hex(b)}
	cause := "an answer with 101 has no body"
	if b[0] == '\r' || b[0] == '\n' {
		cause = `there is one empty line too many: the header ends with one \r\n after the \r\n of its last line, and a browser takes what follows for a frame`
	}
	c.fail("nothing but frames after the empty line that ends the answer", cause)
}

// accepts: the accept value is for the key, also where base64 has its two special digits.
func accepts(p *probe) {
	for range 2 {
		var r wstest.Request
		for accept := ""; !strings.Contains(accept, "+") || !strings.Contains(accept, "/"); {
			r = p.upgrade()
			accept = wstest.Accept(r.Get("Sec-WebSocket-Key"))
		}
		c, a := p.ask(r)
		key := r.Get("Sec-WebSocket-Key")
		if got := a.Get("Sec-WebSocket-Accept"); got != wstest.Accept(key) {
			c.fail("Sec-WebSocket-Accept: "+wstest.Accept(key), causeOfAccept(key, got))
		}
	}
}

// silence is longer than the time limits that are often forgotten.
const silence = 2*HandshakeTime + time.Second

// staysOpen: the connection stays, though nobody says anything, and nothing more comes.
func staysOpen(p *probe) {
	c := p.join()
	if p.step >= 3 {
		c.greeting()
	}
	c.Sent = []string{"a handshake, as a browser sends it, and then nothing"}
	switch err := c.stays(p.scaled(silence)); {
	case err == nil:
		c.fail("no more frames: nobody has posted", "the history is sent again and again: it goes out once, right after the handshake")
	case err != wstest.ErrTimeout:
		c.fail("the connection stays open, though nobody says anything", p.row.Hint)
	}
}

// rests: members that sit there, and members that have gone, use no processor, and nothing is printed for them.
func rests(p *probe) {
	p.story = "two members that say nothing; six others came and left"
	p.expectRest(func() {
		p.join()
		p.join()
		for i := range 6 {
			c := p.join()
			c.Write([]byte{0x81, 0xFE}[:i%3])
			p.pause(5 * time.Millisecond)
			if i < 3 {
				c.Reset()
			} else {
				c.Close()
			}
		}
	})
}

// expectRest holds a server to do nothing any more after do, for a while: it uses the processor no more than one
// that is ended right after the same.
func (p *probe) expectRest(do func()) {
	const window = 500 * time.Millisecond
	var used [2]time.Duration
	f := Failure{Kind: Wrong, Sent: p.story, Expected: "a server that waits until there is something to do"}
	for i := range used {
		s := p.serve()
		do()
		p.pause(time.Duration(i) * window / 2)
		lines := s.Output.Next()
		p.pause(time.Duration(i) * window)
		if printed := s.Output.Next() - lines; printed >= 20 {
			f.Came = fmt.Sprintf("in %v it printed %d lines:\n%s", window, printed, s.tail(2))
			f.Cause = "a loop prints without waiting for anything: does it end where reading or writing returns an error?"
			p.fail(f)
		}
		busy := stuck(s.dump())
		s.Kill()
		<-s.Done
		used[i] = s.Cmd.ProcessState.UserTime() + s.Cmd.ProcessState.SystemTime()
		if more := used[i] - used[0]; more > window/4 {
			f.Came = fmt.Sprintf("it used the processor for %v", more.Round(10*time.Millisecond))
			f.Cause = strings.TrimSpace(busy + "\na loop goes round without waiting for anything: does it end where reading or writing returns an error?")
			p.fail(f)
		}
	}
}

// takesSeveral: a connection that stays open does not keep others out.
func takesSeveral(p *probe) {
	for range 4 {
		p.join()
	}
	p.dial()
	p.dial().Write([]byte("GET / HTTP/1.1\r\n"))
	if c, a := p.get("/"); a.Status != http.StatusOK {
		c.Sent = append(c.Sent, "(while four members are connected, and two connections on which not all was said yet)")
		c.fail("the page", "something waits for the members that are connected")
	}
}

// takesPieces: a handshake may come in as many segments as it likes.
func takesPieces(p *probe) {
	c := p.dial()
	r := p.upgrade().String()
	c.Sent = []string{r + "(a few bytes at a time)"}
	for piece := range slices.Chunk([]byte(r), 20) {
		c.Write(piece)
		time.Sleep(time.Millisecond)
	}
	a, err := c.Answer()
	c.note(err)
	c.expect101(a)
}

// dropsHalf: a handshake that is not sent to its end must not hold a connection forever.
func dropsHalf(p *probe) {
	c := p.dial()
	half := strings.TrimSuffix(p.upgrade().String(), "\r\n")
	c.Sent = []string{half + "(without its last line, and then nothing)"}
	c.Write([]byte(half))
	begun := time.Now()
	expected := "the server hangs up after " + Seconds(HandshakeTime)
	if c.ended(p.scaled(2*HandshakeTime+2*time.Second)+p.patience/3) == wstest.ErrTimeout { // who waits for 10 s instead does no harm
		c.fail(expected, "set ReadTimeout: 5 * time.Second in the http.Server")
	}
	if took := time.Since(begun); took < p.scaled(2*time.Second) {
		c.Came = append(c.Came, fmt.Sprintf("after %v", took.Round(10*time.Millisecond)))
		c.fail(expected, "slow networks need some time: ReadTimeout is 5 * time.Second")
	}
}
