package wstest

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
)

// SampleKey is the Sec-WebSocket-Key of the example in section 1.3.
const SampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

// GUID is what a server appends to the key (section 1.3).
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Accept returns the Sec-WebSocket-Accept that answers a key (section 4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + GUID))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// NewKey returns a Sec-WebSocket-Key: 16 random bytes, new for each connection (section 4.1).
func NewKey() string {
	key := make([]byte, 16)
	rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// A Request is an HTTP request line by line, with the request line first. It may be wrong.
type Request []string

// Handshake returns a valid opening handshake as a browser sends it for the page (section 4.1), with
// SampleKey as its key.
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

// With returns a copy in which a field has the given values, each on its own line at the end. Without
// values, the field is removed.
func (r Request) With(name string, values ...string) Request {
	changed := slices.DeleteFunc(slices.Clone(r), func(line string) bool {
		return strings.HasPrefix(line, name+":")
	})
	for _, value := range values {
		changed = append(changed, name+": "+value)
	}
	return changed
}

// Changed returns a copy with changes, each in a short form for tables: "Name: value"
// replaces the field, "Name" removes it, "+Name: value" adds another one, and a change that
// contains " HTTP/" replaces the request line. HOST in a change stands for the request's Host.
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
		if field, value, _ := strings.Cut(line, ":"); strings.EqualFold(field, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// String returns the request as it is sent.
func (r Request) String() string { return strings.Join(r, "\r\n") + "\r\n\r\n" }

// An Answer is a server's answer to a request. Like a frame, it may be wrong: then it holds as much as
// could be read.
type Answer struct {
	Status int                  // 0 if the first line is not HTTP's
	Head   string               // everything up to the empty line, unchanged
	Fields textproto.MIMEHeader // the fields of Head
	Body   string               // of a refusal, at most 64 KiB
}

// parseHead returns the answer that begins with head.
func parseHead(head string) Answer {
	a := Answer{Head: head}
	first, rest, _ := strings.Cut(head, "\n")
	var minor, status int
	fmt.Sscanf(first, "HTTP/1.%d %d", &minor, &status)
	if minor == 1 || minor == 0 && status >= 200 { // HTTP/1.0 cannot switch protocols
		a.Status = status
	}
	lines := textproto.NewReader(bufio.NewReader(strings.NewReader(rest + "\r\n")))
	a.Fields, _ = lines.ReadMIMEHeader() // as much of it as is a header
	return a
}

// Get returns the values of a field, separated by commas.
func (a Answer) Get(name string) string { return strings.Join(a.Fields.Values(name), ", ") }

// Fault returns what a client must reject in the answer to its handshake r (section 4.1), or nil. Only
// a server that knows the protocol computes the accept value: any other answer, for example a cached
// one, would not match the key.
func (a Answer) Fault(r Request) error {
	protocol := a.Get("Sec-WebSocket-Protocol")
	switch accept := Accept(r.Get("Sec-WebSocket-Key")); {
	case a.Status != 101:
		return fmt.Errorf("the handshake was answered with status %d: %s", a.Status,
			strings.TrimSpace(a.Body))
	case !strings.EqualFold(a.Get("Upgrade"), "websocket"):
		return fmt.Errorf("the answer's Upgrade is %q, want websocket", a.Get("Upgrade"))
	case !slices.Contains(tokens(strings.ToLower(a.Get("Connection"))), "upgrade"):
		return fmt.Errorf("the answer's Connection is %q, want Upgrade", a.Get("Connection"))
	case a.Get("Sec-WebSocket-Accept") != accept:
		return fmt.Errorf("Sec-WebSocket-Accept is %q, want %q", a.Get("Sec-WebSocket-Accept"), accept)
	case a.Get("Sec-WebSocket-Extensions") != "" && r.Get("Sec-WebSocket-Extensions") == "":
		return fmt.Errorf("the server uses the extension %q, but none was offered",
			a.Get("Sec-WebSocket-Extensions"))
	case protocol != "" && !slices.Contains(tokens(r.Get("Sec-WebSocket-Protocol")), protocol):
		return fmt.Errorf("the server chose the subprotocol %q, which was not offered", protocol)
	}
	return nil
}

// tokens returns the elements of a field that is a list.
func tokens(list string) []string {
	elements := strings.Split(list, ",")
	for i := range elements {
		elements[i] = strings.TrimSpace(elements[i])
	}
	return elements
}
