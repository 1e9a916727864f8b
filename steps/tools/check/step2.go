package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"websocket-workshop/steps/tools/frames"
)

// switches: the status line and the two fields that say what happens.
func switches(p *probe) {
	c := p.dial()
	a := c.ask(p.upgrade())
	expected := "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade"
	switch {
	case a.status != 101:
		c.fail(expected, causeOfNo101(a))
	case !strings.EqualFold(a.get("Upgrade"), "websocket"):
		c.fail(expected, "the answer lacks the field Upgrade: websocket")
	case !strings.EqualFold(a.get("Connection"), "upgrade"):
		c.fail(expected, "the answer lacks the field Connection: Upgrade")
	}
}

// endsHeader: lines end with \r\n, and an empty one ends the header.
func endsHeader(p *probe) {
	c := p.dial()
	a := c.ask(p.upgrade())
	const expected = `every line ends with \r\n, and an empty line ends the header`
	if a.err != nil {
		c.fail(expected, causeOfNo101(a))
	}
	if bare := strings.ReplaceAll(a.head, "\r\n", ""); strings.Contains(bare, "\n") {
		c.came = []string{fmt.Sprintf("%q", a.head)}
		c.fail(expected, `lines end with \n alone: HTTP wants \r\n`)
	}
	if a.get("Content-Length")+a.get("Transfer-Encoding") != "" {
		c.fail(expected, "a 101 has no body: take the connection with Hijack and write the header yourself")
	}
}

// accepts: the accept value is for the key, every time.
func accepts(p *probe) {
	for range 2 {
		c := p.dial()
		r := p.upgrade()
		a := c.ask(r)
		key := r.Get("Sec-WebSocket-Key")
		if got := a.get("Sec-WebSocket-Accept"); got != frames.Accept(key) {
			c.fail("Sec-WebSocket-Accept: "+frames.Accept(key), causeOfAccept(key, got))
		}
	}
}

// namesJSON: the subprotocol is chosen if it is offered, among others and over several lines.
func namesJSON(p *probe) {
	offers := [][]string{{"json"}, {p.word(5) + ", json"}, {p.word(5) + ",json," + p.word(4)}, {p.word(5), "json"}}
	for _, offer := range offers {
		c := p.dial()
		a := c.ask(p.upgrade().With("Sec-WebSocket-Protocol", offer...))
		const expected = "Sec-WebSocket-Protocol: json"
		switch got := a.get("Sec-WebSocket-Protocol"); {
		case got == "json":
		case a.status != 101:
			c.fail(expected, causeOfNo101(a))
		case got == "" && len(offer) > 1:
			c.fail(expected, "a field can come in several lines: r.Header.Values gives all, Get only the first")
		case got == "" && offer[0] != "json":
			c.fail(expected, "json is offered among others: split the field at its commas")
		case got == "":
			c.fail(expected, "the subprotocol json was offered and is not named in the answer: the browser hangs up on that")
		default:
			c.fail(expected, "the answer names one subprotocol, json, and not all that was offered")
		}
	}
}

// namesNoOther: a subprotocol that was not offered must not be named.
func namesNoOther(p *probe) {
	for _, offer := range [][]string{nil, {p.word(6)}, {"json2, xjson"}} {
		c := p.dial()
		a := c.ask(p.upgrade().With("Sec-WebSocket-Protocol", offer...))
		if a.status != 101 {
			c.fail("101 Switching Protocols, and no subprotocol", "a client that does not offer json is welcome too. "+causeOfNo101(a))
		}
		if a.get("Sec-WebSocket-Protocol") != "" {
			c.fail("no field Sec-WebSocket-Protocol", "json was not offered: name it only if the request does, else a browser hangs up")
		}
	}
}

// readsTokens: fields are lists, in upper or lower case.
func readsTokens(p *probe) {
	for _, r := range []frames.Request{
		p.upgrade().With("Connection", "keep-alive, Upgrade"), // as Firefox has it
		p.upgrade().With("Connection", "keep-alive", "upgrade"),
		p.upgrade().With("Connection", "UPGRADE").With("Upgrade", "WebSocket"),
	} {
		c := p.dial()
		if a := c.ask(r); a.status != 101 {
			c.fail("101 Switching Protocols", "Connection is a list, as Firefox sends it: split it at commas, and compare without upper and lower case (strings.EqualFold)")
		}
	}
}

// refusesMethod: a handshake is a GET.
func refusesMethod(p *probe) {
	r := p.upgrade().With("Content-Length", "0")
	r[0] = "POST / HTTP/1.1"
	p.refused(r, http.StatusMethodNotAllowed, "r.Method is not looked at")
}

// refusesConnection: Connection has to say upgrade.
func refusesConnection(p *probe) {
	for _, value := range []string{"keep-alive", "close, upgraded"} {
		p.refused(p.upgrade().With("Connection", value), http.StatusBadRequest, "the field Connection is not looked at: one of its words has to be upgrade")
	}
}

// refusesKey: the key is 16 bytes in base64.
func refusesKey(p *probe) {
	p.refused(p.upgrade().With("Sec-WebSocket-Key"), http.StatusBadRequest, "a request without Sec-WebSocket-Key is no handshake")
	for _, key := range []string{"hello", base64.StdEncoding.EncodeToString(p.bytes(15)), base64.StdEncoding.EncodeToString(p.bytes(32)), strings.Repeat("?", 24)} {
		p.refused(p.upgrade().With("Sec-WebSocket-Key", key), http.StatusBadRequest, "the key is not looked at: it has to be 16 bytes in base64")
	}
}

// refusesVersion: there is version 13 only, and the answer says so.
func refusesVersion(p *probe) {
	for _, version := range [][]string{{"8"}, {"0"}, nil} {
		const cause = "the field Sec-WebSocket-Version is not looked at: only 13 is spoken here"
		a := p.refused(p.upgrade().With("Sec-WebSocket-Version", version...), http.StatusUpgradeRequired, cause)
		if a.get("Sec-WebSocket-Version") != "13" {
			p.fail(failure{
				sent: "Sec-WebSocket-Version: " + strings.Join(version, ""), expected: "426 with the field Sec-WebSocket-Version: 13",
				came: showHead(a.head), cause: "the field is missing that tells the client which version would do",
			})
		}
	}
}

// refusesOrigin: another site's page must not open a WebSocket here.
func refusesOrigin(p *probe) {
	host := p.current().addr()
	for _, origin := range []string{"http://evil.example", "http://localhost:1", "http://" + host + ".evil.example", "http://evil.example/" + host, "null"} {
		p.refused(p.upgrade().With("Origin", origin), http.StatusForbidden,
			"the field Origin is not compared with Host: any page could chat here in its visitor's name")
	}
}

// takesOrigin: the own page may, and so may programs, which have no page.
func takesOrigin(p *probe) {
	host := p.current().addr()
	for _, origin := range [][]string{{"http://" + host}, {"https://" + host}, nil} {
		c := p.dial()
		if a := c.ask(p.upgrade().With("Origin", origin...)); a.status != 101 {
			c.fail("101 Switching Protocols", "only an Origin whose host is not the request's Host is refused; programs send none, and are welcome")
		}
	}
}

// staysOpen: after the handshake the connection is there to be used.
func staysOpen(p *probe) {
	c := p.join()
	c.sent = append(c.sent, c.last)
	if err := c.ended(1500 * time.Millisecond); err != errQuiet {
		c.fail("the connection stays open", "something closes it: a deferred Close, a time limit left from http.Server (SetDeadline(time.Time{}) removes it), or is the connection not hijacked?")
	}
}

// takesSeveral: a connection that stays open does not keep others out.
func takesSeveral(p *probe) {
	for range 4 {
		p.join()
	}
	c := p.dial()
	if a := c.ask(frames.Request{"GET / HTTP/1.1", "Host: " + p.server.addr()}); a.status != http.StatusOK {
		c.fail("the page, while four members are connected", "something waits for the members that are connected")
	}
}

// takesPieces: a handshake may come in as many segments as it likes.
func takesPieces(p *probe) {
	c := p.dial()
	r := p.upgrade()
	c.noteRequest(r)
	c.sent = append(c.sent, "(a few bytes at a time)")
	for b := []byte(r.String()); len(b) > 0; {
		n := min(len(b), 20)
		c.write(b[:n])
		b = b[n:]
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
	if err := c.ended(5*time.Second + p.patience); err == errQuiet {
		c.came = []string{fmt.Sprintf("still connected after %v", 5*time.Second+p.patience)}
		c.fail(expected, "set ReadTimeout: 5 * time.Second in the http.Server")
	}
	if took := time.Since(begun); took < 4*time.Second {
		c.came = append(c.came, fmt.Sprintf("after %v", took.Round(100*time.Millisecond)))
		c.fail(expected, "slow networks need some time: ReadTimeout is 5 * time.Second")
	}
}
