package rules

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// A client is one connection of a probe to its server.
type client struct {
	*wstest.Client
	p     *probe
	known history // the last that came
	size  int     // of that, in bytes
	kind  Kind    // how reading ended last
	says  string  // why the server refused or ended it: the body of a refusal, the reason in a close frame
	code  int     // of the close frame that came
	from  int     // the line of the server's output that follows what was sent
}

// dial connects to the server, and does nothing else.
func (p *probe) dial() *client {
	p.goOn()
	s := p.current()
	in, err := wstest.Dial(s.addr(), p.patience)
	if err != nil {
		p.died()
		p.fail(Failure{Kind: TimedOut, Sent: cmp.Or(p.story, "a new connection to "+s.addr()), Expected: "the server takes new connections",
			Came: "no connection: " + err.Error(), Cause: "the server no longer takes connections: is something waiting where it calls Accept?"})
	}
	in.In = bufio.NewReaderSize(in.TCP, 64<<10)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, in.TCP)
	return &client{Client: in, p: p, from: s.Output.Next()}
}

// mark forgets what went over the connection so far: what follows is of interest.
func (c *client) mark() {
	c.Forget()
	c.kind = ""
	c.from = c.p.server.Output.Next()
}

// within calls do, and lets reading wait for so long meanwhile.
func (c *client) within(d time.Duration, do func()) {
	usual := c.Patience
	c.Patience = d
	defer func() { c.Patience = usual }()
	do()
}

// note keeps how reading ended.
func (c *client) note(err error) error {
	c.kind = map[error]Kind{wstest.ErrTimeout: TimedOut, wstest.ErrReset: Reset, wstest.ErrHungUp: HungUp, wstest.ErrCutOff: HungUp}[err]
	return err
}

// post sends posts in a frame each, all in one piece.
func (c *client) post(all ...post) error {
	var sent []wstest.Frame
	for _, m := range all {
		sent = append(sent, c.p.text(m))
	}
	return c.Send(sent...)
}

// frame reads the next frame. It answers pings, as a browser does. A frame that no server may send fails the row.
func (c *client) frame() (wstest.Frame, error) {
	for {
		f, err := c.Next()
		switch {
		case err != nil:
			return f, c.note(err)
		case f.ServerFault() != nil && f.Opcode < wstest.Close:
			c.fail("frames as RFC 6455 has them, each right after the one before",
				c.mixed(), causeOfFrame(append(f.Raw, c.rest()...)), "no server may send such a frame: "+f.ServerFault().Error())
		case f.ServerFault() != nil:
			c.fail("frames as RFC 6455 has them", f.ServerFault().Error())
		case f.Opcode == wstest.Ping:
			c.pong(f)
			continue
		case f.Opcode == wstest.Close:
			c.code, c.says = f.Code(), string(f.Payload[min(2, len(f.Payload)):])
		}
		return f, nil
	}
}

// pong answers a ping, and forgets it: it is not news.
func (c *client) pong(ping wstest.Frame) {
	c.Came = c.Came[:max(0, len(c.Came)-1)]
	c.Write(wstest.Masked(wstest.Pong, ping.Payload).Bytes())
}

// mixed explains that frames are wrong where they were right before: from step 5 on several goroutines
// may write.
func (c *client) mixed() string {
	if c.p.step < 5 || len(c.known.Msg) < 2 {
		return ""
	}
	return "this connection's frames were right before: either two goroutines write to it at once, or a buffer " +
		"is used again while it is still being written. One mutex around each whole frame, and a new slice for each, prevent that"
}

// rest returns what else has come, once nothing more comes.
func (c *client) rest() []byte {
	c.In = bufio.NewReaderSize(c.In, 512<<10)
	for {
		c.TCP.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := c.In.Peek(c.In.Buffered() + 1); err != nil {
			rest, _ := c.In.Peek(c.In.Buffered())
			return rest
		}
	}
}

// message reads the next message, or control frame. A server may send a message in fragments.
func (c *client) message() (wstest.Frame, error) {
	m, err := c.frame()
	for err == nil && m.Opcode < wstest.Close && !m.Fin {
		var f wstest.Frame
		switch f, err = c.frame(); {
		case err != nil || f.Opcode == wstest.Close:
			return f, err
		case f.Opcode == wstest.Continuation:
			m.Payload, m.Fin, m.Raw = append(m.Payload, f.Payload...), f.Fin, append(m.Raw, f.Raw...)
		case f.Opcode != wstest.Pong:
			c.fail("the rest of the message that has begun", "a message begins before the last one has ended: set FIN, or have one writer at a time")
		}
	}
	return m, err
}

// errClosed is how reading histories ends where a close frame comes.
var errClosed = fmt.Errorf("%w, with a close frame", wstest.ErrHungUp)

// next reads the next history. It has to be one, and to go on from the one before.
func (c *client) next() (history, error) {
	for {
		m, err := c.message()
		switch {
		case err == wstest.ErrTimeout && len(m.Raw) > 0:
			c.fail("a whole frame: as many bytes as its header says", c.mixed(), causeOfFrame(m.Raw), "the header announces more bytes than came")
		case err != nil:
			return history{}, err
		case m.Opcode == wstest.Close:
			return history{}, errClosed
		case m.Opcode == wstest.Pong:
			continue
		}
		c.size = len(m.Payload)
		h, wrong := parseHistory(m)
		if wrong != "" {
			c.fail(`a text frame with the history: {"msg":[{"user":"…","text":"…","time":1700000000000}, …]}`,
				c.mixed(), causeOfFrame(append(m.Raw, c.rest()...)), wrong)
		}
		if wrong := h.follows(c.known); wrong != "" {
			c.Came = []string{"one history:  " + c.known.String(), "and the next: " + h.String()}
			c.fail("each history goes on from the one before: new messages first, and the rest unchanged, at most 50", wrong)
		}
		c.known = h
		c.p.mu.Lock()
		c.p.pushed = true
		c.p.mu.Unlock()
		return h, nil
	}
}

// hears reads histories until one has all the posts, and reports whether one had; h is the last.
func (c *client) hears(posts ...post) (h history, ok bool) {
	for deadline := time.Now().Add(2 * c.p.patience); !ok && time.Now().Before(deadline); {
		next, err := c.next()
		if err != nil {
			return h, false
		}
		h, ok = next, next.has(posts...)
	}
	return h, ok
}

// say sends a new post, and holds the server to send the history with it to these members.
func (c *client) say(members ...*client) {
	m := c.p.post()
	c.mark()
	c.post(m)
	for _, to := range members {
		to.Sent, to.from = c.Sent, c.from
		if _, ok := to.hears(m); !ok {
			to.fail("a text frame with the new history, to every member that is there")
		}
	}
}

// awaitClose reads frames until a close frame, and returns that.
func (c *client) awaitClose() (wstest.Frame, error) {
	for deadline := time.Now().Add(2 * c.p.patience); time.Now().Before(deadline); { // pushes may be on their way
		if f, err := c.frame(); err != nil || f.Opcode == wstest.Close {
			return f, err
		}
		c.Came = c.Came[max(0, len(c.Came)-1):]
	}
	return wstest.Frame{}, c.note(wstest.ErrTimeout)
}

// ended reads what is left, and returns how the connection ended within that time.
func (c *client) ended(d time.Duration) (err error) {
	c.within(d, func() { err = c.note(c.Drain()) })
	return err
}

// quiet reports whether nothing comes for a while, not even the end.
func (c *client) quiet(d time.Duration) bool {
	c.TCP.SetReadDeadline(time.Now().Add(d))
	_, err := c.In.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// stays answers pings for a while. It returns nil if another frame comes, wstest.ErrTimeout if none does, or how
// the connection has ended.
func (c *client) stays(d time.Duration) error {
	begun := time.Now()
	for !c.quiet(time.Until(begun.Add(d))) {
		f, err := c.Next()
		switch {
		case err != nil:
			c.Came = append(c.Came, fmt.Sprintf("after %v", time.Since(begun).Round(10*time.Millisecond)))
			return c.note(err)
		case f.Opcode != wstest.Ping:
			return nil
		}
		c.pong(f)
	}
	return c.note(wstest.ErrTimeout)
}

// left reads what comes for a while, and reports whether the server ended the connection meanwhile.
func (c *client) left(d time.Duration) bool {
	for deadline := time.Now().Add(d); !c.quiet(time.Until(deadline)); {
		if _, err := c.frame(); err != nil {
			return true
		}
	}
	c.note(wstest.ErrTimeout)
	return false
}

// fail ends the row with what went over this connection. The cause is the first of those that is not "";
// then what the server itself made of what was sent; then the row's hint.
func (c *client) fail(expected string, causes ...string) {
	f := Failure{Kind: cmp.Or(c.kind, Wrong), Expected: expected, Cause: cmp.Or(causes...), from: c.from, Says: c.says}
	f.Sent = cmp.Or(strings.Join(c.Sent, "\n"), "a handshake, as a browser sends it")
	f.Came = strings.Join(c.Came, "\n")
	switch {
	case f.Cause != "":
	case c.code != 0:
		f.Cause = fmt.Sprintf("the server ended the connection, with status code %d: which line says so, and why?", c.code)
	case c.kind == HungUp || c.kind == Reset:
		f.Cause = "the server ended the connection: what made its loop return? The terminal may show it"
	default:
		f.Cause = c.p.row.Hint
	}
	c.p.fail(f)
}

// upgrade returns a proper opening handshake, as a browser with the page sends it.
func (p *probe) upgrade() wstest.Request {
	return wstest.Handshake(p.current().addr()).With("Sec-WebSocket-Key", base64.StdEncoding.EncodeToString(p.bytesFrom(p.keys, 16)))
}

// ask sends a request over a connection of its own.
func (p *probe) ask(r wstest.Request, frames ...wstest.Frame) (*client, wstest.Answer) {
	c := p.dial()
	a, err := c.Ask(r, frames...)
	c.note(err)
	c.says = strings.TrimSpace(a.Body)
	return c, a
}

// get asks for a page or a file.
func (p *probe) get(path string) (*client, wstest.Answer) {
	return p.ask(wstest.Request{"GET " + path + " HTTP/1.1", "Host: " + p.current().addr()})
}

// join opens a WebSocket. It is content with any whole 101: what is wrong with the rest of the
// answer is the matter of other rows.
func (p *probe) join() *client {
	c, a := p.ask(p.upgrade())
	c.expect101(a)
	c.mark()
	return c
}

// expect101 holds the server to answer a good handshake with 101.
func (c *client) expect101(a wstest.Answer) {
	if a.Status == 101 && c.kind == "" {
		return
	}
	if c.kind == HungUp || c.kind == Reset {
		c.p.died()
	}
	c.p.fail(Failure{Kind: cmp.Or(c.kind, Wrong), step: 2, from: c.from, Says: c.says, Sent: strings.Join(c.Sent, "\n"),
		Expected: "101 Switching Protocols, and an empty line after its fields", Came: strings.Join(c.Came, "\n"), Cause: causeOfNo101(a, c.kind)})
}

// member opens a WebSocket and reads the first history.
func (p *probe) member() *client {
	c := p.join()
	c.greeting()
	c.mark()
	return c
}

// greeting reads the first history.
func (c *client) greeting() history {
	h, err := c.next()
	if err != nil {
		c.p.fail(Failure{Kind: c.kind, step: 3, from: c.from, Says: c.says, Sent: "a handshake, as a browser sends it",
			Expected: "a text frame with the history", Came: strings.Join(c.Came, "\n"), Cause: c.whyNoHistory()})
	}
	return h
}

// whyNoHistory explains that no whole frame came.
func (c *client) whyNoHistory() string {
	switch {
	case c.kind == TimedOut && c.p.pushed:
		return "earlier connections got the history, this one does not: does something wait for a lock that it holds itself?"
	case c.kind == TimedOut:
		return "the handshake is done and no frame came: is the history written right after the 101 (and flushed, where a bufio.Writer keeps it)?"
	}
	return "the server ends the connection after the handshake: is there a deferred Close in the handler?"
}

// history returns what a new connection is greeted with: the page after a reload.
func (p *probe) history() history { return p.join().greeting() }

// stored waits until new connections are greeted with a history that has all the posts.
func (p *probe) stored(patience time.Duration, posts ...post) (history, bool) {
	deadline := time.Now().Add(patience)
	for pause := 5 * time.Millisecond; ; pause *= 2 {
		h := p.history()
		if ok := h.has(posts...); ok || time.Now().After(deadline) {
			return h, ok
		}
		p.pause(min(pause, 200*time.Millisecond))
	}
}
