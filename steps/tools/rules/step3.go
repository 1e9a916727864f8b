package rules

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// greeted waits for the first two bytes that follow the handshake.
func (p *probe) greeted() (*client, []byte) {
	c := p.join()
	c.Sent = []string{"a handshake, as a browser sends it"}
	c.TCP.SetReadDeadline(time.Now().Add(p.patience))
	first, err := c.In.Peek(2)
	for err == nil && first[0] == 0x80|wstest.Ping { // a server may ask at once who lives
		c.Next()
		first, err = c.In.Peek(2)
	}
	if err == nil && (first[0] == '\r' || first[0] == '\n') {
		c.failBehind()
	}
	if err != nil {
		c.greeting() // it fails, and says why
	}
	return c, first
}

// begins returns a row: the first frame's first two bytes are right, for everyone.
func begins(expected string, right func(first []byte) bool) func(*probe) {
	return func(p *probe) {
		for range 3 {
			if c, first := p.greeted(); !right(first) {
				_, wrong := c.whole()
				c.fail(expected, wrong)
			}
		}
	}
}

// whole reads the first frame, however wrong, with all that comes after it, and says what is wrong with it.
func (c *client) whole() (f wstest.Frame, wrong string) {
	var err error
	c.within(min(c.p.patience, time.Second), func() { f, err = c.Next() })
	rest := c.rest()
	if len(rest) > 0 {
		c.Came = append(c.Came, fmt.Sprintf("and after that frame: %s", wstest.Hex(rest)))
	}
	if wrong = causeOfFrame(append(f.Raw, rest...)); wrong == "" && err != nil {
		wrong = fmt.Sprintf("the header announces %d bytes of payload, and %d came", f.Length, len(f.Payload))
	}
	return f, wrong
}

// sendsLength: the length is that of the payload, in its shortest form.
func sendsLength(p *probe) {
	c, _ := p.greeted()
	if _, wrong := c.whole(); wrong != "" {
		c.fail("the length of the payload in bytes, in the shortest form there is for it", wrong)
	}
}

// hasGreeting: a new server's history holds one message.
func hasGreeting(p *probe) {
	for range 2 { // the second member is greeted with the same
		c, _ := p.greeted()
		if h := c.greeting(); len(h.Msg) != 1 || h.Msg[0].text == "" || h.Msg[0].user == "" {
			c.fail("one message from the server itself, with a user and a text")
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
		c.Came = []string{"time: " + m.time}
		c.fail(fmt.Sprintf("a time near %d: Unix milliseconds, now", time.Now().UnixMilli()), cause)
	}
}

// dumps: what the browser sends appears in the terminal, in hex, masked as it is; and so does what it sends
// next, however much that is, and nothing besides.
func dumps(p *probe) {
	c := p.member()
	for _, m := range []post{p.post(), p.postOf(3000), p.post()} {
		c.mark()
		f := p.text(m)
		c.Send(f)
		var seen []string
		all := p.server.Output.Await(c.from, p.patience, func(lines []string) bool {
			seen = lines
			return inOrder(hexTokens(lines), f.Bytes())
		})
		said := strings.Join(seen, "\n")
		switch {
		case !all && strings.TrimSpace(said) == "":
			c.fail("these bytes in the terminal, in hex", "nothing was printed: is there a loop that reads from the connection, again and again?")
		case !all && strings.Contains(said, fmt.Sprint(f.Bytes()[2])+" "+fmt.Sprint(f.Bytes()[3])):
			c.fail("these bytes in the terminal, in hex", "the bytes are there in decimal: % x prints them in hex")
		case !all && inOrder(hexTokens(seen), f.Bytes()[6:]):
			c.fail("these bytes in the terminal, in hex", "the first bytes are missing: they are the frame's header, and part of what came")
		case !all:
			c.fail("these bytes in the terminal, in hex")
		case len(hexTokens(seen)) > 2*len(f.Bytes())+60: // a dump may have an offset and text in each line
			c.Came = []string{Shorten(said)}
			c.fail("these bytes in the terminal, and no others", "more is printed than came: of the buffer only the first n bytes count, b[:n]")
		}
	}
}

// hexByte matches what may be a byte in hex.
var hexByte = regexp.MustCompile(`(?:0x|\\x)?([0-9a-f]{1,2})`)

// hexTokens returns the bytes that lines may show in hex, in whatever layout; there may be others between
// them, such as the offsets of a dump.
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

// racesFree: no two goroutines use the same variable at the same time, one of them to change it. The race
// detector shows it, whether or not it had any consequence; so each kind of meeting has to happen once.
func racesFree(p *probe) {
	p.current()
	p.story = "members came, sent messages and left, many at the same time"
	stay := []*client{p.join(), p.join()}
	p.together(6, func(i int) { p.mill(i) })
	if runtime.GOOS != "windows" {
		go p.attempt(func() { stay[0].ended(p.patience) })
		p.server.signal(os.Interrupt)
		p.server.AwaitExit(p.patience)
	}
	p.pause(50 * time.Millisecond) // the detector may still be printing
}

// mill is what one of several members does for a while, all of them at once.
func (p *probe) mill(i int) {
	for round := range 4 {
		c := p.join()
		for range 3 {
			c.Write(p.text(p.post()).Bytes())
			if p.step >= 6 {
				c.Write(p.masked(wstest.Ping, []byte("ping")).Bytes())
			}
			p.pause(time.Duration(p.number(3)) * time.Millisecond)
		}
		c.ended(5 * time.Millisecond)
		switch (i + round) % 4 {
		case 0:
			c.Reset()
		case 1:
			c.Write(p.closeFrame(1001, "bye").Bytes())
			c.ended(5 * time.Millisecond)
		case 2:
			c.Write(p.masked(wstest.Binary, []byte("binary")).Bytes())
			c.ended(5 * time.Millisecond)
		}
		c.Close()
	}
}
