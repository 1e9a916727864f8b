package behaviour

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/wstest"
)

// greeted waits for the first two bytes that follow the handshake.
func greeted(p *probe.Probe) (*probe.Client, []byte) {
	c := p.Join()
	c.Sent = []string{"a handshake, as a browser sends it"}
	c.TCP.SetReadDeadline(time.Now().Add(p.Patience))
	first, err := c.In.Peek(2)
	for err == nil && first[0] == 0x80|wstest.Ping { // a server may send a ping first
		c.Next()
		first, err = c.In.Peek(2)
	}
	if err == nil && (first[0] == '\r' || first[0] == '\n') {
		failAfter(c)
	}
	if err != nil {
		c.Greeting() // fails, and explains why
	}
	return c, first
}

// begins returns a row: the first frame's first two bytes are right, for everyone.
func begins(expected string, right func(first []byte) bool) func(*probe.Probe) {
	return func(p *probe.Probe) {
		for range 3 {
			if c, first := greeted(p); !right(first) {
				_, wrong := whole(c)
				c.Fail(expected, wrong)
			}
		}
	}
}

// whole reads the first frame, however wrong, with everything that follows it, and returns what is wrong.
func whole(c *probe.Client) (f wstest.Frame, wrong string) {
	var err error
	c.Within(min(c.Probe.Patience, time.Second), func() { f, err = c.Next() })
	rest := c.Rest()
	if len(rest) > 0 {
		c.Came = append(c.Came, fmt.Sprintf("and after that frame: %s", wstest.Hex(rest)))
	}
	if wrong = wstest.WrongText(append(f.Raw, rest...)); wrong == "" && err != nil {
		wrong = fmt.Sprintf("the header announces %d bytes of payload, but %d came", f.Length, len(f.Payload))
	}
	return f, wrong
}

// sendsLength: the length is that of the payload, in its shortest form.
func sendsLength(p *probe.Probe) {
	c, _ := greeted(p)
	if _, wrong := whole(c); wrong != "" {
		c.Fail("the length of the payload in bytes, in its shortest form", wrong)
	}
}

// hasGreeting: a new server's history holds one message.
func hasGreeting(p *probe.Probe) {
	for range 2 { // the second member is greeted with the same
		c, _ := greeted(p)
		if h := c.Greeting(); len(h) != 1 || h[0].Text == "" || h[0].User == "" {
			c.Fail("one message from the server itself, with a user and a text")
		}
	}
}

// setsTime: times are Unix milliseconds.
func setsTime(p *probe.Probe) {
	c, _ := greeted(p)
	for _, m := range c.Greeting() {
		expectNow(c, m)
	}
}

// expectNow fails the row unless the message's time is now.
func expectNow(c *probe.Client, m probe.Message) {
	if cause := m.WrongTime(time.Now()); cause != "" {
		c.Came = []string{"time: " + m.Time}
		c.Fail(fmt.Sprintf("a time near %d: Unix milliseconds, now", time.Now().UnixMilli()), cause)
	}
}

// dumps: whatever the browser sends appears in the terminal in hex, still masked, then whatever it sends
// next, however much that is, and nothing else.
func dumps(p *probe.Probe) {
	const expected = "these bytes in the terminal, in hex"
	c := p.Member()
	for _, m := range []probe.Post{p.Post(), p.PostOf(3000), p.Post()} {
		c.Mark()
		f := p.Text(m)
		c.Send(f)
		all := p.Server.Output.Await(c.From, p.Patience, func(lines []string) bool {
			return inOrder(hexTokens(lines), f.Bytes())
		})
		p.Pause(10 * time.Millisecond) // for the rest of the line
		seen, _ := p.Server.Output.Since(c.From)
		said := strings.Join(seen, "\n")
		switch {
		case !all && strings.TrimSpace(said) == "":
			c.Fail(expected, "nothing was printed: is there a loop that reads from the connection?")
		case !all && strings.Contains(said, fmt.Sprint(f.Bytes()[2])+" "+fmt.Sprint(f.Bytes()[3])):
			c.Fail(expected, "the bytes are in decimal: % x prints them in hex")
		case !all && inOrder(hexTokens(seen), f.Bytes()[6:]):
			c.Fail(expected, "the first bytes are missing: they are the frame's header, and must be printed too")
		case !all:
			c.Fail(expected)
		case len(hexTokens(seen)) > 2*len(f.Bytes())+60: // a dump may have an offset and text in each line
			c.Came = []string{probe.Shorten(said)}
			c.Fail(expected+", and no others",
				"more is printed than arrived: only the first n bytes of the buffer count, b[:n]")
		}
	}
}

// hexByte matches what may be a byte in hex.
var hexByte = regexp.MustCompile(`(?:0x|\\x)?([0-9a-f]{1,2})`)

// hexTokens returns the bytes that lines may show in hex, in any layout; there may be others between them,
// such as the offsets of a dump.
func hexTokens(lines []string) (found []byte) {
	for _, m := range hexByte.FindAllStringSubmatch(strings.ToLower(strings.Join(lines, "\n")), -1) {
		b, _ := strconv.ParseUint(m[1], 16, 8)
		found = append(found, byte(b))
	}
	return found
}

// inOrder reports whether all of want is in got, in that order, though not necessarily side by side.
func inOrder(got, want []byte) bool {
	for _, b := range got {
		if len(want) > 0 && b == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}
