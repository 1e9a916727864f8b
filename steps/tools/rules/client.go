package rules

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// What a client can meet instead of bytes.
var (
	errQuiet  = errors.New("nothing more")
	errClosed = errors.New("a close frame came")
	errHungUp = errors.New("the server hung up")
	errReset  = errors.New("the connection was reset (RST) instead of ended (FIN)")
)

// A client is one TCP connection to the server, and a record of what went over it.
type client struct {
	p     *probe
	nc    *net.TCPConn
	in    *bufio.Reader
	known history  // the last that came
	size  int      // in bytes, as JSON
	sent  []string // since the last mark, as an attendee is shown it
	came  []string
	last  string        // what the last request was, kept over marks
	span  time.Duration // how long the last read was to wait
	says  string        // why the server refuses or ends it: the body of a refusal, the reason in a close frame
	from  int           // the line of the server's output that follows what was sent
}

// dial connects to the server, and no more.
func (p *probe) dial() *client {
	p.goOn()
	s := p.current()
	nc, err := net.DialTimeout("tcp", s.addr(), p.patience)
	if err != nil {
		s.died(p)
		p.fail(Failure{Sent: cmp.Or(p.story, "a new connection to "+s.addr()), Expected: "the server takes new connections",
			Came:  "no connection: " + err.Error(),
			Cause: "the server no longer takes connections: is something waiting where it calls Accept?"})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, nc)
	return &client{p: p, nc: nc.(*net.TCPConn), in: bufio.NewReaderSize(nc, 64<<10), from: s.Output.Next()}
}

// mark forgets what went over the connection so far: what follows is of interest.
func (c *client) mark() {
	c.sent, c.came = nil, nil
	c.from = c.p.server.Output.Next()
}

// write sends bytes in one piece. That the server has hung up mostly shows when reading.
func (c *client) write(b []byte) error {
	c.nc.SetWriteDeadline(time.Now().Add(c.p.patience))
	_, err := c.nc.Write(b)
	if err != nil {
		c.came = append(c.came, "(the server no longer took what was sent)")
	}
	return err
}

// send sends frames, all in one piece.
func (c *client) send(frames ...wstest.Frame) error {
	var all []byte
	for _, f := range frames {
		all = append(all, f.Bytes()...)
		c.noteSent(f)
	}
	return c.write(all)
}

// noteSent records a frame as sent, in hex and decoded.
func (c *client) noteSent(f wstest.Frame) {
	if len(c.sent) < 8 {
		c.sent = append(c.sent, hexBytes(f.Bytes()), "= "+describe(f))
	} else if len(c.sent) == 8 {
		c.sent = append(c.sent, "… and more frames")
	}
}

// post sends messages in a frame each, all in one piece.
func (c *client) post(all ...post) error {
	var sent []wstest.Frame
	for _, m := range all {
		sent = append(sent, c.p.text(m))
	}
	return c.send(sent...)
}

// vanish resets the connection, as a cable that is pulled out does in the end.
func (c *client) vanish() {
	c.nc.SetLinger(0)
	c.nc.Close()
}

// note turns an error of reading into what an attendee is told, and records that.
func (c *client) note(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.came = append(c.came, fmt.Sprintf("nothing for %v", c.span))
		return errQuiet
	case errors.Is(err, net.ErrClosed): // by the check
		return errHungUp
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errHungUp
	default:
		err = errReset
	}
	c.came = append(c.came, err.Error())
	return err
}

// wait sets how long reading may take from now.
func (c *client) wait(d time.Duration) {
	c.span = d
	c.nc.SetReadDeadline(time.Now().Add(d))
}

// read reads the next frame, right or wrong.
func (c *client) read() (wstest.Frame, error) {
	f, err := wstest.Read(c.in)
	if len(f.Raw) > 0 {
		c.came = append(c.came, hexBytes(f.Raw))
	}
	if err != nil {
		if len(f.Raw) > 1 {
			c.came = append(c.came, fmt.Sprintf("(a frame of length %d, and only %d bytes of it)", f.Length, len(f.Payload)))
		}
		return f, c.note(err)
	}
	c.came = append(c.came, "= "+describe(f))
	if f.Opcode == wstest.Close && len(f.Payload) >= 2 {
		c.says = string(f.Payload[2:])
	}
	if len(c.came) > 8 {
		c.came = c.came[len(c.came)-8:]
	}
	return f, nil
}

// lastWords reads on until nothing more comes, and keeps a close frame and the end.
func (c *client) lastWords() {
	c.came = nil
	for {
		kept := c.came
		c.wait(50 * time.Millisecond)
		f, err := c.read()
		if err == errQuiet || err == nil && f.Opcode != wstest.Close {
			c.came = kept
		}
		if err != nil {
			return
		}
	}
}

// frame reads the next frame. It answers pings, as a browser does. A frame that no server
// may send fails the behaviour.
func (c *client) frame() (wstest.Frame, error) {
	c.wait(c.p.patience)
	for {
		f, err := c.read()
		switch {
		case err != nil:
			return f, err
		case f.ServerFault() != nil:
			cause := "no server may send such a frame: " + f.ServerFault().Error()
			if f.Opcode < wstest.Close {
				cause = cmp.Or(c.mixed(), causeOfFrame(f, c.rest()), cause)
			}
			c.fail("frames as RFC 6455 has them, one straight after the other", cause)
		case f.Opcode == wstest.Ping:
			c.pong(f)
			continue
		}
		return f, nil
	}
}

// mixed explains that frames are wrong where they were right before: from step 5 on several
// goroutines may write.
func (c *client) mixed() string {
	if c.p.step < 5 || len(c.known.Msg) < 2 {
		return ""
	}
	return "this connection's frames were right before: either two goroutines write to it at once, or a buffer is used again while it is still being written. One mutex around each whole frame, and a new slice for each, prevent that"
}

// pong answers a ping, and forgets it: it is no news.
func (c *client) pong(ping wstest.Frame) {
	c.came = c.came[:max(0, len(c.came)-2)]
	c.write(wstest.Whole(wstest.Pong, ping.Payload, [4]byte{1, 2, 3, 4}).Bytes())
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
			m.Payload, m.Fin = append(m.Payload, f.Payload...), f.Fin
		case f.Opcode != wstest.Pong:
			c.fail("the rest of the message that has begun", "a message begins before the last one has ended: set FIN, or have one writer at a time")
		}
	}
	return m, err
}

// next reads the next history. It has to be one, and to go on from the one before.
func (c *client) next() (history, error) {
	for {
		m, err := c.message()
		switch {
		case err == errQuiet && len(m.Raw) > 0:
			c.fail("a whole frame: as many bytes as its header says", causeOfFrame(m, nil))
		case err != nil:
			return history{}, err
		case m.Opcode == wstest.Close:
			return history{}, errClosed
		case m.Opcode == wstest.Pong:
			continue
		}
		c.size = len(m.Payload)
		h, cause := parseHistory(m)
		if cause != "" {
			c.fail(`a text frame with the history: {"msg":[{"user":"…","text":"…","time":1700000000000}, …]}`, cmp.Or(c.mixed(), causeOfFrame(m, c.rest()), cause))
		}
		if cause := h.follows(c.known); cause != "" {
			c.came = []string{"one history:  " + c.known.String(), "and the next: " + h.String()}
			c.fail("each history goes on from the one before: new messages in front, and the rest as it was, at most 50", cause)
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

// expectHistory holds the server to send a history with the post.
func (c *client) expectHistory(m post, expected, cause string) {
	if _, ok := c.hears(m); !ok {
		c.fail(expected, cause)
	}
}

// say sends a new message, and holds the server to send the history with it to these members.
func (c *client) say(cause string, members ...*client) {
	m := c.p.post()
	c.mark()
	c.post(m)
	for _, to := range members {
		to.sent = c.sent
		to.expectHistory(m, "a text frame with the new history, to every member that is there", cause)
	}
}

// awaitClose reads frames until a close frame, and returns that.
func (c *client) awaitClose() (wstest.Frame, error) {
	for range 400 { // pushes may be on their way
		if f, err := c.frame(); err != nil || f.Opcode == wstest.Close {
			return f, err
		}
		c.came = c.came[max(0, len(c.came)-2):]
	}
	return wstest.Frame{}, errQuiet
}

// ended reads what is left and returns how the connection ended.
func (c *client) ended(d time.Duration) error {
	c.wait(d)
	_, err := io.Copy(io.Discard, c.in)
	if err == nil {
		err = io.EOF
	}
	return c.note(err)
}

// fail ends the behaviour with what went over this connection.
func (c *client) fail(expected, cause string) {
	c.p.fail(Failure{
		Sent:     cmp.Or(strings.Join(c.sent, "\n"), "a handshake, as a browser sends it"),
		Expected: expected,
		Came:     strings.Join(c.came, "\n"),
		Cause:    cause,
		from:     c.from,
		Says:     c.says,
	})
}

// upgrade returns a proper opening handshake, as a browser with the page sends it.
func (p *probe) upgrade() wstest.Request {
	key := base64.StdEncoding.EncodeToString(p.bytesFrom(p.keys, 16))
	return wstest.Handshake(p.current().addr()).With("Sec-WebSocket-Key", key).With("Sec-WebSocket-Protocol", "json")
}

// An answer is what came for a request, up to the end of its header.
type answer struct {
	status int
	head   string // as it came
	fields textproto.MIMEHeader
	body   string
	err    error // if the header did not come to its end
}

// get returns a field of the answer.
func (a answer) get(name string) string {
	return strings.Join(a.fields.Values(name), ", ")
}

// ask sends a request and reads the header of the answer.
func (c *client) ask(r wstest.Request) answer {
	c.noteRequest(r)
	c.write([]byte(r.String()))
	return c.answer()
}

// noteRequest records a request as sent.
func (c *client) noteRequest(r wstest.Request) {
	c.last = strings.TrimRight(strings.ReplaceAll(r.String(), "\r\n", "\n"), "\n")
	c.sent = append(c.sent, c.last)
}

// answer reads the header of an answer, well formed or not, and the body of a refusal.
func (c *client) answer() answer {
	var a answer
	var head []byte
	c.wait(c.p.patience)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) && !bytes.HasSuffix(head, []byte("\n\n")) && len(head) < 16<<10 {
		b, err := c.in.ReadByte()
		if err != nil {
			a.err = err
			break
		}
		head = append(head, b)
	}
	a.head = string(head)
	if len(head) > 0 {
		c.came = append(c.came, showHead(a.head))
	}
	if a.err != nil {
		a.err = c.note(a.err)
	}
	first, rest, _ := strings.Cut(a.head, "\n")
	fmt.Sscanf(first, "HTTP/1.1 %d", &a.status)
	a.fields, _ = textproto.NewReader(bufio.NewReader(strings.NewReader(rest + "\r\n"))).ReadMIMEHeader() // as far as it is a header
	if a.err == nil && a.status != 101 {
		a.body = c.body(a)
	}
	return a
}

// body reads the body of an answer.
func (c *client) body(a answer) string {
	n := int64(64 << 10)
	fmt.Sscan(a.get("Content-Length"), &n)
	b, _ := io.ReadAll(io.LimitReader(c.in, min(n, 64<<10)))
	if len(b) > 0 {
		c.says = string(bytes.TrimSpace(b))
		c.came = append(c.came, quote([]byte(c.says)))
	}
	return string(b)
}

// showHead returns a header for the eye; what is no text in it is shown as hex.
func showHead(head string) string {
	var lines []string
	for line := range strings.Lines(head) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && !strings.HasPrefix(line, "Date: ") {
			lines = append(lines, quote([]byte(line)))
		}
	}
	return strings.Join(lines, "\n")
}

// join opens a WebSocket. It is content with any 101: what is wrong with the rest of the
// answer is the matter of other behaviours.
func (p *probe) join() *client {
	c := p.dial()
	r := p.upgrade()
	if a := c.ask(r); a.status != 101 {
		if a.err == errHungUp || a.err == errReset {
			p.server.died(p)
		}
		c.fail("101 Switching Protocols", causeOfNo101(a))
	}
	c.mark()
	return c
}

// member opens a WebSocket and reads the first history.
func (p *probe) member() *client {
	c := p.join()
	c.greeting()
	c.mark()
	return c
}

// history returns what a new connection is greeted with: the page after a reload.
func (p *probe) history() history {
	c := p.join()
	defer c.nc.Close()
	return c.greeting()
}

// greeting reads the first history.
func (c *client) greeting() history {
	h, err := c.next()
	if err != nil {
		c.fail("a text frame with the history", causeOfNoHistory(c, wstest.Frame{}, err))
	}
	return h
}

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
