package wstest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a client can meet instead of an answer or a frame. All reading and writing returns
// these, or net.ErrClosed if the client itself has closed the connection.
var (
	ErrTimeout = errors.New("nothing more came")
	ErrHungUp  = errors.New("the server hung up")
	ErrCutOff  = fmt.Errorf("%w in the middle", ErrHungUp) // of an answer or a frame
	ErrReset   = errors.New("the connection was reset (RST) instead of ended (FIN)")
)

// keep is how many frames, answers and other events the record holds for each direction.
const keep = 4

// A Client is the client's end of one TCP connection to a server, with a record of what went over it.
// It does nothing by itself: it answers no ping or close frame, and sends what it is told to, right or
// wrong.
//
// One goroutine may read (Answer, Next, Drain) while others send.
type Client struct {
	TCP      *net.TCPConn
	In       *bufio.Reader // read from this, never from TCP: frames may have come with the 101
	Patience time.Duration // for each answer and frame to arrive, and for each write

	// The record, as an attendee reads it, with one element per request, answer, frame or end.
	Sent []string // the first ones
	Came []string // the last ones

	mu sync.Mutex // held while sending: frames must not mix
}

// Dial connects to host:port, and does nothing else.
func Dial(addr string, patience time.Duration) (*Client, error) {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	return NewClient(nc.(*net.TCPConn), patience), nil
}

// NewClient returns a client on a connection that has just been made.
func NewClient(nc *net.TCPConn, patience time.Duration) *Client {
	nc.SetDeadline(time.Now().Add(patience)) // for callers that read or write directly
	return &Client{TCP: nc, In: bufio.NewReader(nc), Patience: patience}
}

// Open connects and opens a WebSocket: it sends Handshake with a new key and the frames right after it,
// and returns once the server has agreed as section 4.1 demands. Any other answer is an error.
func Open(addr string, patience time.Duration, frames ...Frame) (*Client, error) {
	c, err := Dial(addr, patience)
	if err != nil {
		return nil, err
	}
	r := Handshake(addr).With("Sec-WebSocket-Key", NewKey())
	a, err := c.Ask(r, frames...)
	if err == nil {
		err = a.Fault(r)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close closes the connection without a close frame.
func (c *Client) Close() error { return c.TCP.Close() }

// Reset resets the connection, as eventually happens when a cable is unplugged.
func (c *Client) Reset() error {
	c.TCP.SetLinger(0)
	return c.TCP.Close()
}

// Forget empties the record, so that it shows only what follows.
func (c *Client) Forget() { c.Sent, c.Came = nil, nil }

// Ask sends a request, with the frames in the same piece, and reads the answer. A refusal is not an
// error.
func (c *Client) Ask(r Request, frames ...Frame) (Answer, error) {
	lines := strings.TrimRight(strings.ReplaceAll(r.String(), "\r\n", "\n"), "\n")
	if len(frames) > 0 {
		lines += "\n(and in the same piece)"
	}
	if err := c.send([]byte(r.String()), lines, frames); err != nil {
		return Answer{}, err
	}
	return c.Answer()
}

// Send sends frames, all in one piece. A client must mask each frame with a new, unpredictable key
// (section 5.3): see Masked. Doing so is up to the caller.
func (c *Client) Send(frames ...Frame) error { return c.send(nil, "", frames) }

// SendText sends a text message in one frame, as a client should.
func (c *Client) SendText(text string) error { return c.Send(Masked(Text, []byte(text))) }

// send sends bytes, which the record shows as lines, and frames after them.
func (c *Client) send(b []byte, lines string, frames []Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if lines != "" {
		c.Sent = append(c.Sent, lines)
	}
	for i, f := range frames {
		b = append(b, f.Bytes()...)
		if i < keep {
			c.Sent = append(c.Sent, f.lines())
		} else if i == keep {
			c.Sent = append(c.Sent, "… and more frames")
		}
	}
	_, err := c.write(b)
	if err != nil {
		c.Sent = append(c.Sent, "(the server no longer took all of this)")
	}
	return err
}

// Write sends arbitrary bytes, and does not record them.
func (c *Client) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write(b)
}

func (c *Client) write(b []byte) (int, error) {
	c.TCP.SetWriteDeadline(time.Now().Add(c.Patience))
	n, err := c.TCP.Write(b)
	return n, end(err)
}

// came adds lines to the record.
func (c *Client) came(lines ...string) {
	c.Came = append(c.Came, lines...)
	c.Came = c.Came[max(0, len(c.Came)-keep):]
}

// ended records that reading ended with err, unless it is nil, and returns what the error means.
func (c *Client) ended(err error) error {
	err = end(err)
	switch err {
	case nil, net.ErrClosed:
	case ErrTimeout:
		c.came(fmt.Sprintf("nothing for %v", c.Patience))
	default:
		c.came(err.Error())
	}
	return err
}

// Answer reads the answer to a request: its header, well formed or not, and the body of a refusal. With
// an error it returns as much as could be read.
func (c *Client) Answer() (Answer, error) {
	var head []byte
	var err error
	c.TCP.SetReadDeadline(time.Now().Add(c.Patience))
	for err == nil && len(head) < 16<<10 && !isHead(head) {
		var b byte
		if b, err = c.In.ReadByte(); err == nil {
			head = append(head, b)
		}
	}
	a := parseHead(string(head))
	if err == nil && a.Status != 101 {
		a.Body = c.body(a)
	}
	if s := a.lines(); s != "" {
		c.came(s)
	}
	if err == io.EOF && len(head) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return a, c.ended(err)
}

// isHead reports whether a header is complete: it ends with an empty line, whatever its line endings.
func isHead(b []byte) bool {
	return bytes.HasSuffix(b, []byte("\r\n\r\n")) || bytes.HasSuffix(b, []byte("\n\n"))
}

// body reads as much of an answer's body as arrives.
func (c *Client) body(a Answer) string {
	const most = 64 << 10
	n := int64(most)
	fmt.Sscan(a.Get("Content-Length"), &n)
	b, _ := io.ReadAll(io.LimitReader(c.In, min(n, most)))
	return string(b)
}

// Next reads the next frame, right or wrong. With an error it returns as much as there was.
func (c *Client) Next() (Frame, error) {
	c.TCP.SetReadDeadline(time.Now().Add(c.Patience))
	f, err := Read(c.In)
	if err == nil {
		c.came(f.lines())
		return f, nil
	}
	if len(f.Raw) > 0 {
		c.came(fmt.Sprintf("%s\n(a frame of length %d, and only %d bytes of it)",
			Hex(f.Raw), f.Length, len(f.Payload)))
	}
	return f, c.ended(err)
}

// NextValid is Next, but returns an error for a frame that a server must not send.
func (c *Client) NextValid() (Frame, error) {
	f, err := c.Next()
	if err == nil {
		err = f.ServerFault()
	}
	return f, err
}

// Drain reads everything that is left, and returns how the connection ended: ErrHungUp,
// ErrReset, or ErrTimeout if it did not end within the patience.
func (c *Client) Drain() error {
	c.TCP.SetReadDeadline(time.Now().Add(c.Patience))
	_, err := io.Copy(io.Discard, c.In)
	if err == nil {
		err = io.EOF
	}
	return c.ended(err)
}

// end returns what a network error means for a client.
func end(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, net.ErrClosed):
		return net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrTimeout
	case errors.Is(err, io.ErrUnexpectedEOF), err == ErrCutOff:
		return ErrCutOff
	case errors.Is(err, io.EOF), err == ErrHungUp:
		return ErrHungUp
	case isReset(err):
		return ErrReset
	}
	return err
}

// isReset reports whether err means that the other side has reset the connection.
func isReset(err error) bool {
	resets := []error{ErrReset, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
		syscall.Errno(10053), syscall.Errno(10054)} // Windows' numbers of the third and the second
	return slices.ContainsFunc(resets, func(reset error) bool { return errors.Is(err, reset) })
}

// Ending briefly names how a connection ended, given the error of reading from it or writing to it:
// "hangs up" (FIN: everything that was sent has arrived), "resets" (RST), "waits" (nothing came in
// time), or the text of any other error.
func Ending(err error) string {
	switch err = end(err); err {
	case nil, ErrHungUp: // io.ReadAll and the like return nil
		return "hangs up"
	case ErrReset:
		return "resets"
	case ErrTimeout:
		return "waits"
	}
	return err.Error()
}
