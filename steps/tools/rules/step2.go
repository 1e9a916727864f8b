package rules

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// switches: the status line and the two fields that say what happens.
func switches(p *probe) {
	c, a := p.ask(p.upgrade())
	expected := "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade"
	switch {
	case a.status != 101:
		c.fail(expected, causeOfNo101(a))
	case !strings.EqualFold(a.get("Upgrade"), "websocket"):
		c.fail(expected, "the answer lacks the field Upgrade: websocket")
	case !slices.ContainsFunc(strings.Split(a.get("Connection"), ","), func(t string) bool { return strings.EqualFold(strings.TrimSpace(t), "upgrade") }):
		c.fail(expected, "the answer lacks the field Connection: Upgrade")
	}
}

// endsHeader: lines end with \r\n, and an empty one ends the header.
func endsHeader(p *probe) {
	c, a := p.ask(p.upgrade())
	const expected = `every line ends with \r\n, and an empty line ends the header`
	if a.err != nil {
		c.fail(expected, causeOfNo101(a))
	}
	if bare := strings.ReplaceAll(a.head, "\r\n", ""); strings.Contains(bare, "\n") {
		c.came = []string{fmt.Sprintf("%q", a.head)}
		c.fail(expected, `lines end with \n alone: HTTP wants \r\n`)
	}
	if length := a.get("Content-Length"); length != "" && length != "0" || a.get("Transfer-Encoding") != "" {
		c.fail(expected, "a 101 has no body: take the connection with Hijack and write the header yourself")
	}
}

// endsThere: at this step nothing follows the answer.
func endsThere(p *probe) {
	c := p.join()
	c.sent = []string{c.last}
	c.wait(200 * time.Millisecond)
	if _, err := c.in.Peek(1); err == nil {
		behind, _ := c.in.Peek(c.in.Buffered())
		c.came = []string{"behind the empty line that ends the answer: " + hexBytes(behind)}
		c.fail("nothing behind the empty line: what follows it is frames", causeOfBehind(behind))
	}
}

// causeOfBehind explains bytes behind the 101 that are no frame.
func causeOfBehind(b []byte) string {
	if b[0] == '\r' || b[0] == '\n' {
		return `there is one empty line too many: the header ends with one \r\n behind the \r\n of its last line, and a browser takes what follows for a frame`
	}
	return "an answer with 101 has no body"
}

// accepts: the accept value is for the key, also where base64 has its two special digits.
func accepts(p *probe) {
	for range 2 {
		r := p.upgrade()
		for accept := ""; !strings.Contains(accept, "+") || !strings.Contains(accept, "/"); {
			r = p.upgrade()
			accept = wstest.Accept(r.Get("Sec-WebSocket-Key"))
		}
		c, a := p.ask(r)
		key := r.Get("Sec-WebSocket-Key")
		if got := a.get("Sec-WebSocket-Accept"); got != wstest.Accept(key) {
			c.fail("Sec-WebSocket-Accept: "+wstest.Accept(key), causeOfAccept(key, got))
		}
	}
}

// namesJSON: the subprotocol is chosen if it is offered, among others and over several lines.
func namesJSON(p *probe) {
	for _, offer := range []string{"json", "other, json", "other,json,more", "other|json"} {
		c, a := p.ask(p.upgrade().With("Sec-WebSocket-Protocol", lines(offer, p.current())...))
		const expected = "Sec-WebSocket-Protocol: json"
		switch got := a.get("Sec-WebSocket-Protocol"); {
		case got == "json":
		case a.status != 101:
			c.fail(expected, causeOfNo101(a))
		case got == "" && strings.Contains(offer, "|"):
			c.fail(expected, "a field can come in several lines: r.Header.Values gives all, Get only the first")
		case got == "" && offer != "json":
			c.fail(expected, "json is offered among others: split the field at its commas")
		case got == "":
			c.fail(expected, "the subprotocol json was offered and is not named in the answer: the browser hangs up on that")
		default:
			c.fail(expected, "the answer names one subprotocol, json, and not all that was offered")
		}
	}
}

// namesNone returns a behaviour: these offers are welcome, and the answer has no such field.
func namesNone(field, cause string, offers ...string) func(*probe) {
	return func(p *probe) {
		for _, offer := range offers {
			switch c, a := p.ask(p.upgrade().With(field, lines(offer, p.current())...)); {
			case a.status != 101:
				c.fail("101 Switching Protocols, and no field "+field, "such a client is welcome too. "+causeOfNo101(a))
			case a.get(field) != "":
				c.fail("no field "+field, cause)
			}
		}
	}
}

// welcomesForwarded: where a proxy has changed Host, the page's is in X-Forwarded-Host.
func welcomesForwarded(p *probe) {
	p.expectStatus(p.upgrade().With("Origin", "https://chat.example").With("X-Forwarded-Host", "chat.example"), http.StatusSwitchingProtocols,
		"behind a proxy that changes Host the page is locked out: its host is in X-Forwarded-Host then, which no page can set")
}

// refusesMethod: a handshake is a GET.
func refusesMethod(p *probe) {
	r := p.upgrade().With("Content-Length", "0")
	r[0] = "POST / HTTP/1.1"
	p.expectStatus(r, http.StatusMethodNotAllowed, "such a request is let in: r.Method has to be GET")
}

// silence is how long members say nothing and stay: longer than the time limits that are
// often forgotten.
const silence = 11 * time.Second

// stays answers pings for a while. It returns nil if another frame comes, errQuiet if none does,
// or how the connection has ended.
func (c *client) stays(d time.Duration) error {
	begun := time.Now()
	for {
		c.wait(time.Until(begun.Add(d)))
		first, err := c.in.Peek(1)
		switch {
		case err != nil:
			err = c.note(err)
			c.came = append(c.came[:len(c.came)-1], fmt.Sprintf("%v, after %v", err, time.Since(begun).Round(100*time.Millisecond)))
			return err
		case first[0] == 0x80|wstest.Ping:
			ping, _ := c.read()
			c.pong(ping)
		default:
			if _, err = c.frame(); err == errQuiet {
				err = nil // something came, if not a whole frame
			}
			return err
		}
	}
}

// staysOpen: after the handshake the connection is there to be used.
func staysOpen(p *probe) {
	c := p.join()
	c.sent = append(c.sent, c.last)
	if err := c.stays(silence); err != errQuiet {
		c.fail("the connection stays open, though nobody says anything", "something closes it: a deferred Close, a time limit left from http.Server (SetDeadline(time.Time{}) removes it), a limit for reading,, or is the connection not hijacked?")
	}
}

// rests: members that sit there, and members that have gone, take no processor, and nothing is printed for them.
func rests(p *probe) {
	p.join()
	p.join()
	for i := range 6 {
		c := p.join()
		c.write([]byte{0x81, 0xFE}[:i%3])
		p.pause(20 * time.Millisecond)
		if i < 3 {
			c.vanish()
		} else {
			c.nc.Close()
		}
	}
	p.pause(100 * time.Millisecond)
	const window = 400 * time.Millisecond
	var printed int
	var worked time.Duration
	for range 4 { // at the first there may be something left to do
		lines := p.server.Output.Next()
		_, before := processorTime(p.server)
		p.pause(window)
		_, worked = processorTime(p.server)
		printed, worked = p.server.Output.Next()-lines, worked-before
		if printed < 20 && worked < window/10 {
			return
		}
	}
	f := Failure{Sent: "two members that say nothing; six others came and left", Expected: "a server that waits, until there is something to do"}
	f.Came = fmt.Sprintf("in %v it printed %d lines, and used the processor for %v", window, printed, worked.Round(time.Millisecond))
	if printed >= 20 {
		f.Came += ":\n" + p.server.tail(2)
	}
	f.Cause = "a loop goes round without waiting for anything: does it end where reading returns an error? Is there a select with a default in it?"
	p.fail(f)
}

// takesSeveral: a connection that stays open does not keep others out.
func takesSeveral(p *probe) {
	for range 4 {
		p.join()
	}
	p.dial()
	p.dial().write([]byte("GET / HTTP/1.1\r\n"))
	if c, a := p.get("/"); a.status != http.StatusOK {
		c.fail("the page, while four members are connected, and two connections on which not all was said yet", "something waits for the members that are connected")
	}
}

// takesPieces: a handshake may come in as many segments as it likes.
func takesPieces(p *probe) {
	c := p.dial()
	r := p.upgrade()
	c.noteRequest(r)
	c.sent = append(c.sent, "(a few bytes at a time)")
	for piece := range slices.Chunk([]byte(r.String()), 20) {
		c.write(piece)
		time.Sleep(time.Millisecond)
	}
	if a := c.answer(); a.status != 101 {
		c.fail("101 Switching Protocols", causeOfNo101(a))
	}
}

// dropsHalf: a handshake that is not sent to its end must not hold a connection for ever.
func dropsHalf(p *probe) {
	c := p.dial()
	half := strings.TrimSuffix(p.upgrade().String(), "\r\n")
	c.sent = append(c.sent, strings.TrimSpace(strings.ReplaceAll(half, "\r\n", "\n")), "(without its last line, and then nothing)")
	c.write([]byte(half))
	begun := time.Now()
	const expected = "the server hangs up after 5 s"
	const most = 12 * time.Second // who waits for 10 s instead does no harm
	if err := c.ended(most); err == errQuiet {
		c.came = []string{fmt.Sprintf("still connected after %v", most)}
		c.fail(expected, "set ReadTimeout: 5 * time.Second in the http.Server")
	}
	if took := time.Since(begun); took < 2*time.Second {
		c.came = append(c.came, fmt.Sprintf("after %v", took.Round(100*time.Millisecond)))
		c.fail(expected, "slow networks need some time: ReadTimeout is 5 * time.Second")
	}
}
