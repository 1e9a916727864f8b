package wstest

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"
)

// SampleKey is the Sec-WebSocket-Key of the example in section 1.3.
const SampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

// GUID is what an endpoint appends to the key (section 1.3).
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Accept returns the Sec-WebSocket-Accept that answers a key (section 4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + GUID))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A Request is an HTTP request line by line, the request line first, so that it can be wrong.
type Request []string

// Handshake returns a proper opening handshake as a browser with the page sends it (section 4.1).
func Handshake(addr string) Request {
	return Request{
		"GET / HTTP/1.1",
		"Host: " + addr,
		"Connection: Upgrade",
		"Upgrade: websocket",
		"Origin: http://" + addr,
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: " + SampleKey,
		"Sec-WebSocket-Protocol: json",
	}
}

// With returns a copy in which a field has the values given, each on a line of its own at the
// end; none removes the field.
func (r Request) With(name string, values ...string) Request {
	changed := slices.DeleteFunc(slices.Clone(r), func(line string) bool { return strings.HasPrefix(line, name+":") })
	for _, value := range values {
		changed = append(changed, name+": "+value)
	}
	return changed
}

// Changed returns a copy with changes, in the short form of a table: "Name: value" puts that
// in place of the field, "Name" removes it, "+Name: value" is one more, and what holds
// " HTTP/" is the request line. HOST in a change stands for the request's Host.
func (r Request) Changed(changes ...string) Request {
	host := r.Get("Host")
	for _, change := range changes {
		change = strings.ReplaceAll(change, "HOST", host)
		name, value, isField := strings.Cut(change, ":")
		switch {
		case strings.Contains(change, " HTTP/"):
			r = append(Request{change}, r[1:]...)
		case change[0] == '+':
			r = append(r[:len(r):len(r)], change[1:])
		case isField:
			r = append(r.With(name), name+":"+value)
		default:
			r = r.With(name)
		}
	}
	return r
}

// Get returns the first value of a field, or "".
func (r Request) Get(name string) string {
	for _, line := range r[1:] {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// String returns the request as it is sent.
func (r Request) String() string { return strings.Join(r, "\r\n") + "\r\n\r\n" }

// A Client is the client's end of one TCP connection. What is read must be read from In:
// frames may stand in its buffer behind the answer to the handshake.
type Client struct {
	TCP *net.TCPConn
	In  *bufio.Reader
}

// Dial connects to host:port, and no more. Connecting, and all that is read and written
// afterwards, must be done within patience, unless the deadline is set anew.
func Dial(addr string, patience time.Duration) (*Client, error) {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	nc.SetDeadline(time.Now().Add(patience))
	return &Client{TCP: nc.(*net.TCPConn), In: bufio.NewReader(nc)}, nil
}

// Ask sends a request, with bytes glued to it, and reads the answer's header. An answer
// that refuses is no error.
func (c *Client) Ask(r Request, glued ...byte) (*http.Response, error) {
	if _, err := c.TCP.Write(append([]byte(r.String()), glued...)); err != nil {
		return nil, err
	}
	return http.ReadResponse(c.In, nil)
}

// Open connects, sends Handshake with bytes glued to it, and returns behind the server's
// 101. Any other answer is an error.
func Open(addr string, patience time.Duration, glued ...byte) (*Client, error) {
	c, err := Dial(addr, patience)
	if err != nil {
		return nil, err
	}
	res, err := c.Ask(Handshake(addr), glued...)
	if err == nil && res.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("the handshake was answered with %s", res.Status)
	}
	if err != nil {
		c.TCP.Close()
		return nil, err
	}
	return c, nil
}

// Send writes frames, all in one piece.
func (c *Client) Send(frames ...Frame) error {
	var all [][]byte
	for _, f := range frames {
		all = append(all, f.Bytes())
	}
	_, err := c.TCP.Write(bytes.Join(all, nil))
	return err
}

// Next reads the next frame; the errors are those of Read.
func (c *Client) Next() (Frame, error) { return Read(c.In) }

// Ending says how a connection ended, given the error of reading from it: "hangs up" (FIN:
// all that was sent has come), "resets" (RST), "waits" (the deadline has passed), or the
// error in its own words.
func Ending(err error) string {
	var timeout net.Error
	switch {
	case err == nil, err == io.EOF: // io.ReadAll and the like say nil
		return "hangs up"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.Errno(10054)): // so named by Windows
		return "resets"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "waits"
	}
	return err.Error()
}
