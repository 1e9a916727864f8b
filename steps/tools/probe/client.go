package probe

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

// A Client is one connection of a probe to its server.
type Client struct {
	*wstest.Client
	Probe *Probe
	Kind  Kind   // how reading last ended; "" if it has not
	Says  string // why the server refused the client or ended the connection: a refusal's body, a close reason
	Size  int    // bytes of the last history
	From  int    // the first line of the server's output after what was sent

	code int     // of the received close frame
	last History // received
}

// Dial connects to the server, and does nothing else.
func (p *Probe) Dial() *Client {
	p.goOn()
	s := p.Current()
	in, err := wstest.Dial(s.Addr(), p.Patience)
	if err != nil {
		p.Alive()
		p.Fail(Failure{Kind: TimedOut, Sent: cmp.Or(p.Story, "a new connection to "+s.Addr()),
			Expected: "the server accepts new connections", Came: "no connection: " + err.Error(),
			Cause: "the server no longer accepts connections: does something block the loop that calls Accept?"})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, in.TCP)
	in.In = bufio.NewReaderSize(in.TCP, 64<<10)
	return &Client{Client: in, Probe: p, From: s.Output.Next()}
}

// Upgrade returns a valid opening handshake, as a browser sends it for the page.
func (p *Probe) Upgrade() wstest.Request {
	key := base64.StdEncoding.EncodeToString(p.bytesFrom(p.keys, 16))
	return wstest.Handshake(p.Current().Addr()).With("Sec-WebSocket-Key", key)
}

// Ask sends a request over a connection of its own, with frames right after it.
func (p *Probe) Ask(r wstest.Request, frames ...wstest.Frame) (*Client, wstest.Answer) {
	c := p.Dial()
	a, err := c.Ask(r, frames...)
	c.Note(err)
	c.Says = strings.TrimSpace(a.Body)
	return c, a
}

// Get asks for a page or a file.
func (p *Probe) Get(path string) (*Client, wstest.Answer) {
	return p.Ask(wstest.Request{"GET " + path + " HTTP/1.1", "Host: " + p.Current().Addr()})
}

// Join opens a WebSocket. It accepts any complete 101: other rows test the rest of the answer. A server
// with short times may hang up on a client that the system keeps waiting.
func (p *Probe) Join() *Client {
	c, a := p.Ask(p.Upgrade())
	for try := 1; p.Quick && c.Kind == HungUp && a.Head == "" && try < 20; try++ {
		c, a = p.Ask(p.Upgrade())
	}
	c.Expect101(a)
	c.Mark()
	return c
}

// Expect101 fails the row unless the server answers a valid handshake with 101.
func (c *Client) Expect101(a wstest.Answer) {
	if a.Status == 101 && c.Kind == "" {
		return
	}
	if c.Kind == HungUp || c.Kind == Reset {
		c.Probe.Alive()
	}
	c.Fail("101 Switching Protocols, and an empty line after the fields", WhyNo101(a, c.Kind))
}

// Member opens a WebSocket and reads the first history.
func (p *Probe) Member() *Client {
	c := p.Join()
	c.Greeting()
	c.Mark()
	return c
}

// Greeting reads the first history.
func (c *Client) Greeting() History {
	h, err := c.NextHistory()
	if err != nil {
		why := "the server ends the connection after the handshake: is there a deferred Close in the handler?"
		switch {
		case c.Kind == TimedOut && c.Probe.greeted:
			why = "earlier connections got the history, but this one does not: " +
				"does something wait for a lock that it already holds?"
		case c.Kind == TimedOut:
			why = "the handshake is done and no frame came: is the history written right after the 101 " +
				"(and flushed, where a bufio.Writer keeps it)?"
		}
		c.Fail("a text frame with the history, right after the handshake", why)
	}
	return h
}

// History returns the history that a new connection gets, like the page after a reload.
func (p *Probe) History() History { return p.Join().Greeting() }

// Mark forgets what went over the connection so far, so that a failure reports only what follows.
func (c *Client) Mark() {
	c.Forget()
	c.Kind, c.From = "", c.Probe.Server.Output.Next()
}

// Within calls do with this time limit for reading.
func (c *Client) Within(d time.Duration, do func()) {
	usual := c.Patience
	c.Patience = d
	defer func() { c.Patience = usual }()
	do()
}

// Note records how reading ended.
func (c *Client) Note(err error) error {
	c.Kind = map[error]Kind{wstest.ErrTimeout: TimedOut, wstest.ErrReset: Reset,
		wstest.ErrHungUp: HungUp, wstest.ErrCutOff: HungUp}[err]
	return err
}

// Post sends posts in one frame each, all in one piece.
func (c *Client) Post(all ...Post) error {
	var sent []wstest.Frame
	for _, m := range all {
		sent = append(sent, c.Probe.Text(m))
	}
	return c.Send(sent...)
}

// Frame reads the next frame. It answers pings, as a browser does. A frame that a server must not send
// fails the row.
func (c *Client) Frame() (wstest.Frame, error) {
	for {
		f, err := c.Next()
		switch {
		case err != nil:
			return f, c.Note(err)
		case f.ServerFault() != nil && f.Opcode < wstest.Close:
			c.Fail("frames as RFC 6455 defines them, one right after another", c.mixed(),
				wstest.WrongText(append(f.Raw, c.Rest()...)),
				"a server must not send such a frame: "+f.ServerFault().Error())
		case f.ServerFault() != nil:
			c.Fail("frames as RFC 6455 defines them", f.ServerFault().Error())
		case f.Opcode == wstest.Ping:
			c.Pong(f)
			continue
		case f.Opcode == wstest.Close:
			c.code, c.Says = f.Code(), string(f.Payload[min(2, len(f.Payload)):])
		}
		return f, nil
	}
}

// Pong answers a ping, and keeps it out of the report.
func (c *Client) Pong(ping wstest.Frame) {
	c.Came = c.Came[:max(0, len(c.Came)-1)]
	c.Write(wstest.Masked(wstest.Pong, ping.Payload).Bytes())
}

// mixed explains why frames are wrong on a connection that had correct ones before: several goroutines may
// write.
func (c *Client) mixed() string {
	if c.Probe.Step < 5 || len(c.last) < 2 {
		return ""
	}
	return "this connection's frames were right before: either two goroutines write to it at once, or a " +
		"buffer " +
		"is reused while it is still being written. " +
		"One mutex around each whole frame, and a new slice for each, prevent that"
}

// Rest returns what else was received, once nothing more arrives.
func (c *Client) Rest() []byte {
	c.In = bufio.NewReaderSize(c.In, 512<<10)
	for {
		c.TCP.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := c.In.Peek(c.In.Buffered() + 1); err != nil {
			rest, _ := c.In.Peek(c.In.Buffered())
			return rest
		}
	}
}

// Message reads the next message, or control frame. A server may send a message in fragments.
func (c *Client) Message() (wstest.Frame, error) {
	m, err := c.Frame()
	for err == nil && m.Opcode < wstest.Close && !m.Fin {
		var f wstest.Frame
		switch f, err = c.Frame(); {
		case err != nil || f.Opcode == wstest.Close:
			return f, err
		case f.Opcode == wstest.Continuation:
			m.Payload, m.Fin, m.Raw = append(m.Payload, f.Payload...), f.Fin, append(m.Raw, f.Raw...)
		case f.Opcode != wstest.Pong:
			c.Fail("the rest of the message that has begun",
				"a message begins before the previous one has ended: set FIN, or allow only one writer at a time")
		}
	}
	return m, err
}

// NextHistory reads the next history, which must follow from the one before. A close frame is an error,
// like the end of the connection.
func (c *Client) NextHistory() (History, error) {
	for {
		m, err := c.Message()
		switch {
		case err == wstest.ErrTimeout && len(m.Raw) > 0:
			c.Fail("a whole frame: as many bytes as its header announces", c.mixed(), wstest.WrongText(m.Raw),
				"the header announces more bytes than came")
		case err != nil:
			return nil, err
		case m.Opcode == wstest.Close:
			return nil, c.Note(wstest.ErrHungUp)
		case m.Opcode == wstest.Pong:
			continue
		}
		parse := parseHistory
		if c.last != nil {
			parse = parseMore
		}
		h, wrong := parse(m)
		if wrong != "" {
			c.Fail(`a text frame with the history: {"msg":[{"user":"…","text":"…","time":1700000000000}, …]}`,
				c.mixed(), wstest.WrongText(append(m.Raw, c.Rest()...)), wrong)
		}
		if wrong := h.follows(c.last); wrong != "" {
			c.Came = []string{"one history:  " + c.last.String(), "and the next: " + h.String()}
			c.Fail("each history follows from the one before: new messages first, and the rest unchanged", wrong)
		}
		c.last, c.Size = h, len(m.Payload)
		c.Probe.mu.Lock()
		defer c.Probe.mu.Unlock()
		c.Probe.greeted = true
		return h, nil
	}
}

// Hears reads histories until one has all the posts, and reports whether it found one; h is the last.
func (c *Client) Hears(posts ...Post) (h History, ok bool) {
	for deadline := time.Now().Add(10 * c.Probe.Patience); !ok && time.Now().Before(deadline); {
		next, err := c.NextHistory()
		if err != nil {
			return h, false
		}
		h, ok = next, next.Has(posts...)
	}
	return h, ok
}

// AwaitClose reads frames until a close frame, and returns it.
func (c *Client) AwaitClose() (wstest.Frame, error) {
	for deadline := time.Now().Add(4 * c.Patience); time.Now().Before(deadline); { // histories may come
		if f, err := c.Frame(); err != nil || f.Opcode == wstest.Close {
			return f, err
		}
		c.Came = c.Came[:max(0, len(c.Came)-1)]
	}
	return wstest.Frame{}, c.Note(wstest.ErrTimeout)
}

// Ended reads what is left, and returns how the connection ended within that time.
func (c *Client) Ended(d time.Duration) (err error) {
	c.Within(d, func() { err = c.Note(c.Drain()) })
	return err
}

// Quiet reports whether nothing arrives for a while, not even the end of the connection.
func (c *Client) Quiet(d time.Duration) bool {
	c.TCP.SetReadDeadline(time.Now().Add(d))
	_, err := c.In.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// Stays answers pings for a while. It returns nil if another frame arrives, wstest.ErrTimeout if none does,
// or how the connection ended.
func (c *Client) Stays(d time.Duration) error {
	begun := time.Now()
	for !c.Quiet(time.Until(begun.Add(d))) {
		f, err := c.Next()
		switch {
		case err != nil:
			c.Came = append(c.Came, fmt.Sprintf("after %v", time.Since(begun).Round(10*time.Millisecond)))
			return c.Note(err)
		case f.Opcode != wstest.Ping:
			return nil
		}
		c.Pong(f)
	}
	return c.Note(wstest.ErrTimeout)
}

// HangsUp reads for a while, and reports whether the server ended the connection meanwhile.
func (c *Client) HangsUp(d time.Duration) bool {
	for deadline := time.Now().Add(d); !c.Quiet(time.Until(deadline)); {
		if _, err := c.Frame(); err != nil {
			return true
		}
	}
	c.Note(wstest.ErrTimeout)
	return false
}

// Fail ends the row, and reports what went over this connection. The cause is the first that is not "". If
// there is none, it is that the server has ended the connection, if it has, and the row's hint.
func (c *Client) Fail(expected string, causes ...string) {
	f := Failure{Kind: cmp.Or(c.Kind, Wrong), Expected: expected, Cause: cmp.Or(causes...)}
	f.from, f.Says = c.From, c.Says
	f.Sent = cmp.Or(strings.Join(c.Sent, "\n"), "a handshake, as a browser sends it")
	f.Came = strings.Join(c.Came, "\n")
	if f.Cause == "" {
		ended := ""
		switch {
		case c.code != 0:
			ended = fmt.Sprintf("the server ended the connection, with status code %d: which line sends it?\n", c.code)
		case c.Kind == HungUp || c.Kind == Reset:
			ended = "the server ended the connection: what made its loop return?\n"
		}
		f.Cause = ended + c.Probe.Hint
	}
	c.Probe.Fail(f)
}

// WhyNo101 explains an answer to a valid handshake that is not 101, or incomplete; kind is how reading it
// ended.
func WhyNo101(a wstest.Answer, end Kind) string {
	switch {
	case a.Head == "" && end == TimedOut:
		return "nothing came: is the answer written to the hijacked connection " +
			"(and flushed, where a bufio.Writer keeps it)?"
	case a.Head == "":
		return "the server hung up without an answer: write the answer, and do not close the connection"
	case end == TimedOut && !strings.Contains(a.Head, "\r\n"):
		return `lines end with \r\n, and an empty line ends the header`
	case end != "":
		return `the blank line that ends the header is missing, or was not sent: one more \r\n`
	case a.Status == 200 && a.Get("Sec-WebSocket-Accept") != "", a.Status == 0:
		return "the status line must be HTTP/1.1 101 Switching Protocols"
	}
	why := map[int]string{
		200: "the page came instead: requests with an Upgrade header are for the upgrade handler",
		301: "a ServeMux redirects some paths: look at the header Upgrade before any path",
		307: "a ServeMux redirects some paths: look at the header Upgrade before any path",
		404: "only one path upgrades: look at the header Upgrade before any path",
		500: "Hijack failed: is its w the one from net/http, and was nothing written to it before?",
		501: "the 501 of step 1 is still there: replace it with the handshake",
	}[a.Status]
	return cmp.Or(why, "a valid handshake is refused: which check is too strict? The sentence in the answer "+
		"may tell")
}
