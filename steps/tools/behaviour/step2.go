package behaviour

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// switches: at any path, the answer has the status line and the two fields that switch the protocol.
func switches(p *probe.Probe) {
	const expected = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade"
	for _, path := range []string{"/", "//x", "/any/../where?q=1"} {
		c, a := p.Ask(p.Upgrade().Changed("GET " + path + " HTTP/1.1"))
		switch connection := strings.ToLower(a.Get("Connection")); {
		case a.Status != 101:
			c.Fail(expected, probe.WhyNo101(a, c.Kind))
		case !strings.EqualFold(a.Get("Upgrade"), "websocket"):
			c.Fail(expected, "the answer lacks the field Upgrade: websocket")
		case !slices.Contains(strings.Split(strings.ReplaceAll(connection, " ", ""), ","), "upgrade"):
			c.Fail(expected, "the answer lacks the field Connection: Upgrade")
		}
	}
}

// endsHeader: lines end with \r\n, and an empty one ends the header, whether json is offered or not.
func endsHeader(p *probe.Probe) {
	const expected = `every line ends with \r\n, and an empty line ends the header`
	for _, r := range []wstest.Request{p.Upgrade(), p.Upgrade().With("Sec-WebSocket-Protocol")} {
		c, a := p.Ask(r)
		switch length := a.Get("Content-Length"); {
		case c.Kind != "":
			c.Fail(expected, probe.WhyNo101(a, c.Kind))
		case strings.Contains(strings.ReplaceAll(a.Head, "\r\n", ""), "\n"):
			c.Came = []string{fmt.Sprintf("%q", a.Head)}
			c.Fail(expected, `lines end with only \n: HTTP requires \r\n`)
		case length != "" && length != "0" || a.Get("Transfer-Encoding") != "":
			c.Fail(expected, "a 101 has no body: take the connection with Hijack and write the header yourself")
		}
	}
}

// endsThere: at this step nothing follows the answer.
func endsThere(p *probe.Probe) {
	if c := p.Join(); !c.Quiet(200 * time.Millisecond) {
		failAfter(c)
	}
}

// failAfter fails the row for bytes right after the 101 that are not a frame.
func failAfter(c *probe.Client) {
	b, _ := c.In.Peek(max(1, c.In.Buffered()))
	c.Came = []string{"after the empty line that ends the answer: " + wstest.Hex(b)}
	cause := "an answer with 101 has no body, and the connection stays open"
	if strings.HasPrefix(string(b), "\r") || strings.HasPrefix(string(b), "\n") {
		cause = `one empty line too many: the header ends with one \r\n after the \r\n of its last line, ` +
			"and a browser mistakes whatever follows for a frame"
	}
	c.Fail("nothing but frames after the empty line that ends the answer", cause)
}

// accepts: the accept value is right for the key, even if it has both special digits of base64.
func accepts(p *probe.Probe) {
	for range 2 {
		var r wstest.Request
		for accept := ""; !strings.Contains(accept, "+") || !strings.Contains(accept, "/"); {
			r = p.Upgrade()
			accept = wstest.Accept(r.Get("Sec-WebSocket-Key"))
		}
		c, a := p.Ask(r)
		key := r.Get("Sec-WebSocket-Key")
		if got := a.Get("Sec-WebSocket-Accept"); got != wstest.Accept(key) {
			c.Fail("Sec-WebSocket-Accept: "+wstest.Accept(key), wstest.WrongAccept(key, got))
		}
	}
}

// silence is longer than the time limits that are often forgotten.
const silence = 2*rules.HandshakeTime + time.Second

// staysOpen: the connection stays, though nobody says anything, and nothing more comes.
func staysOpen(p *probe.Probe) {
	c := p.Join()
	if p.Step >= 3 {
		c.Greeting()
	}
	c.Sent = []string{"a handshake, as a browser sends it, and then nothing"}
	switch err := c.Stays(p.Scaled(silence)); {
	case err == nil:
		c.Fail("no more frames: nobody has posted",
			"send the history once, right after the handshake, and not again and again")
	case err != wstest.ErrTimeout:
		c.Fail("the connection stays open, though nobody says anything", p.Hint)
	}
}

// rests: the server does and prints nothing for members that are silent or have left.
func rests(p *probe.Probe) {
	p.Story = "two members that say nothing; six others came and left"
	p.ExpectRest(func() {
		p.Join()
		p.Join()
		for i := range 6 {
			c := p.Join()
			c.Write([]byte{0x81, 0xFE}[:i%3])
			p.Pause(5 * time.Millisecond)
			if i < 3 {
				c.Reset()
			} else {
				c.Close()
			}
		}
	})
}

// takesSeveral: a connection that stays open does not keep others out.
func takesSeveral(p *probe.Probe) {
	for range 4 {
		p.Join()
	}
	p.Dial()
	p.Dial().Write([]byte("GET / HTTP/1.1\r\n"))
	if c, a := p.Get("/"); a.Status != http.StatusOK {
		c.Sent = append(c.Sent, "(while four members are connected, and two clients have yet to end their request)")
		c.Fail("the page", "the server waits for the members that are connected")
	}
}

// takesPieces: a handshake may arrive in any number of segments.
func takesPieces(p *probe.Probe) {
	c := p.Dial()
	r := p.Upgrade().String()
	c.Sent = []string{r + "(a few bytes at a time)"}
	for piece := range slices.Chunk([]byte(r), 20) {
		c.Write(piece)
		time.Sleep(time.Millisecond)
	}
	a, err := c.Answer()
	c.Note(err)
	c.Expect101(a)
}

// setReadTimeout tells how to limit the time for a request.
var setReadTimeout = "set ReadTimeout: " + rules.Code(rules.HandshakeTime) + " in the http.Server"

// dropsHalf: an unfinished handshake must not hold a connection forever. A server that waits twice as long
// passes.
func dropsHalf(p *probe.Probe) {
	c := p.Dial()
	half := strings.TrimSuffix(p.Upgrade().String(), "\r\n")
	c.Sent = []string{half + "(without its last line, and then nothing)"}
	c.Write([]byte(half))
	begun := time.Now()
	expected := "the server hangs up after " + rules.Seconds(rules.HandshakeTime)
	if c.Ended(p.Scaled(2*rules.HandshakeTime+2*time.Second)+p.Patience/3) == wstest.ErrTimeout {
		c.Fail(expected, p.Hint)
	}
	if took := time.Since(begun); took < p.Scaled(2*time.Second) {
		c.Came = append(c.Came, fmt.Sprintf("after %v", took.Round(10*time.Millisecond)))
		c.Fail(expected, "slow networks need some time: "+setReadTimeout)
	}
}
