package rules

import (
	"bufio"
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// greeted waits for the first two bytes that follow the handshake.
func (p *probe) greeted() (*client, []byte) {
	c := p.join()
	c.sent = append(c.sent, c.last)
	c.wait(p.patience)
	first, err := c.in.Peek(2)
	for err == nil && first[0] == 0x80|wstest.Ping { // a server may ask at once who lives
		c.read()
		first, err = c.in.Peek(2)
	}
	if err == nil && (first[0] == '\r' || first[0] == '\n') {
		c.came = []string{"behind the empty line that ends the answer: " + hexBytes(first)}
		c.fail("a text frame straight behind the empty line", causeOfBehind(first))
	}
	if err != nil {
		f, err := c.frame()
		c.fail("a text frame with the history, straight after the 101", causeOfNoHistory(c, f, err))
	}
	return c, first
}

// begins returns a behaviour: the first frame's first two bytes are right, for everyone.
func begins(expected string, right func(first []byte) bool) func(*probe) {
	return func(p *probe) {
		for range 3 {
			if c, first := p.greeted(); !right(first) {
				f, rest := c.broken()
				c.fail(expected, causeOfFrame(f, rest))
			}
		}
	}
}

// broken reads a frame that may be wrong in every way, and what lies behind it.
func (c *client) broken() (wstest.Frame, []byte) {
	c.wait(min(c.p.patience, time.Second))
	f, err := wstest.Read(c.in)
	c.came = append(c.came, hexBytes(f.Raw), "= "+describe(f))
	var rest []byte
	if err == nil {
		rest = c.rest()
	}
	if len(rest) > 0 {
		c.came = append(c.came, fmt.Sprintf("and %d bytes behind that frame: % x …", len(rest), rest[:min(len(rest), 8)]))
	} else if err != nil {
		c.came = append(c.came, fmt.Sprintf("(length %d, and only %d bytes of payload came)", f.Length, len(f.Payload)))
	}
	return f, rest
}

// rest returns what else has come, once nothing more comes.
func (c *client) rest() []byte {
	c.in = bufio.NewReaderSize(c.in, 512<<10)
	for {
		c.wait(100 * time.Millisecond)
		if _, err := c.in.Peek(c.in.Buffered() + 1); err != nil {
			rest, _ := c.in.Peek(c.in.Buffered())
			return rest
		}
	}
}

// sendsLength: the length is that of the payload, in its shortest form.
func sendsLength(p *probe) {
	c, _ := p.greeted()
	f, rest := c.broken()
	cause := causeOfFrame(f, rest)
	if len(rest) > 0 && rest[0]&0x80 == 0 {
		cause = cmp.Or(cause, "behind the frame comes something that is no frame: a frame ends with its payload, without a newline or a zero")
	}
	if cause != "" {
		c.fail("the length of the payload in bytes, in the shortest form there is for it", cause)
	}
}

// hasGreeting: a new server's history holds one message.
func hasGreeting(p *probe) {
	for range 2 { // the second member is greeted with the same
		c, _ := p.greeted()
		if h := c.greeting(); len(h.Msg) != 1 || h.Msg[0].text == "" || h.Msg[0].user == "" {
			c.fail("one message from the server itself, with a user and a text", "put one greeting into the history where the server starts, not where a member comes")
		}
	}
}

// setsTime: times are Unix milliseconds.
func setsTime(p *probe) {
	c, _ := p.greeted()
	for _, m := range c.greeting().Msg {
		c.expectNow(m)
	}
}

// expectNow holds a message to have been stamped now.
func (c *client) expectNow(m message) {
	if cause := causeOfTime(m.time, time.Now()); cause != "" {
		c.came = []string{"time: " + m.time}
		c.fail(fmt.Sprintf("a time near %d: Unix milliseconds, now", time.Now().UnixMilli()), cause)
	}
}

// causeOfTime explains a time that is not now in milliseconds, or returns "".
func causeOfTime(got string, now time.Time) string {
	n, err := strconv.ParseFloat(got, 64)
	near := func(want int64) bool { return n > 0.99*float64(want) && n < 1.01*float64(want) }
	ms := now.UnixMilli()
	switch {
	case got == "":
		return `the field "time" is missing`
	case strings.HasPrefix(got, `"`):
		return "the time is a string: the page wants a number, time.Now().UnixMilli()"
	case err != nil:
		return "the time is no number: time.Now().UnixMilli()"
	case n > float64(ms-60_000) && n < float64(ms+60_000):
		return ""
	case near(now.Unix()):
		return "the time is in seconds: time.Now().UnixMilli()"
	case near(now.UnixMicro()), near(now.UnixNano()):
		return "the time is finer than milliseconds: time.Now().UnixMilli()"
	}
	return "the time is not now: the server sets it with time.Now().UnixMilli() when a message comes"
}

// dumps: what the browser sends appears in the terminal, in hex, masked as it is; and so does
// what it sends next, however much that is.
func dumps(p *probe) {
	c := p.member()
	for _, m := range []post{p.post(), p.post(), p.postOf(3000)} {
		c.mark()
		f := p.text(m)
		c.send(f)
		var seen []string
		if p.server.Output.Await(c.from, p.patience, func(lines []string) bool {
			seen = lines
			return inOrder(hexTokens(lines), f.Bytes())
		}) {
			continue
		}
		c.fail("these bytes in the terminal, in hex", causeOfDump(seen, f))
	}
}

// causeOfDump explains lines that are no dump of a frame.
func causeOfDump(seen []string, f wstest.Frame) string {
	said := strings.Join(seen, "\n")
	switch {
	case strings.TrimSpace(said) == "":
		return "nothing was printed: is there a loop that reads from the connection, again and again?"
	case strings.Contains(said, fmt.Sprint(f.Bytes()[2])+" "+fmt.Sprint(f.Bytes()[3])):
		return "the bytes are there in decimal: % x prints them in hex"
	case inOrder(hexTokens(seen), f.Bytes()[6:]):
		return "the first bytes are missing: they are the frame's header, and part of what came"
	}
	return `log.Printf("% x", …) each piece that Read returns, and then the next`
}

// hexByte finds what may be a byte in hex.
var hexByte = regexp.MustCompile(`(?:0x|\\x)?([0-9a-f]{1,2})`)

// hexTokens returns the bytes that lines may show in hex, in whatever layout; there may
// be others between them, such as the offsets of a dump.
func hexTokens(lines []string) (found []byte) {
	for _, m := range hexByte.FindAllStringSubmatch(strings.ToLower(strings.Join(lines, "\n")), -1) {
		b, _ := strconv.ParseUint(m[1], 16, 8)
		found = append(found, byte(b))
	}
	return found
}

// inOrder reports whether all of want is in got, in that order, if not side by side.
func inOrder(got, want []byte) bool {
	for _, b := range got {
		if len(want) > 0 && b == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// staysGreeted: a member that says nothing stays, and gets nothing more.
func staysGreeted(p *probe) {
	c := p.member()
	c.sent = append(c.sent, c.last)
	switch err := c.stays(silence); {
	case err == nil:
		c.fail("no more frames, as nobody has posted", "the history is sent again and again: it goes out once, straight after the handshake")
	case err != errQuiet:
		c.fail("the connection stays open after the history was sent, though nobody says anything",
			"something closes it: whoever reads has to go on, without a time limit. SetDeadline is for reading and writing; a limit for writing is SetWriteDeadline")
	}
}
