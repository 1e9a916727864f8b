// Package sidebyside is the one list of what differs between raw and library: the table in
// library/README.md, the test that sees each row happen, and the buttons of the wire view are
// made from it.
package sidebyside

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"websocket-workshop/steps/tools/frames"
)

// A Row is one difference. Where it can be seen from outside, over a connection with each
// chat server, Tried says so, and then what is sent and what must come.
type Row struct {
	What         string // happens, with: the table's first cell
	Raw, Library string // what the table says of each server

	Tried     bool
	Changes   []string // to the opening handshake: see frames.Request.Changed
	Body      []byte   // sent with the handshake
	Send      []byte   // behind the handshake
	HalfClose bool     // behind that, the client ends its direction of TCP

	RawWant, LibraryWant string // what Try returns
}

var (
	key  = [4]byte{0x37, 0xfa, 0x21, 0x3d}                                        // of the RFC's examples
	huge = frames.Whole(frames.Binary, make([]byte, 1<<20), key).Bytes()          // more than a server reads at once
	bye  = frames.Whole(frames.Close, frames.ClosePayload(1000, ""), key).Bytes() // a good close frame
)

// post returns what a member posts, by a user whose name is the row's.
func post(what string) []byte { return []byte(`{"user": "` + what + `", "text": "seen side by side"}`) }

// long returns a frame that announces 4,097 bytes, of which half have come.
func long() []byte {
	f := frames.Whole(frames.Text, bytes.Repeat([]byte("x"), 2048), key)
	f.Length = 4097
	return f.Bytes()
}

// Rows are in the order of the table. A post must be by a user with the row's name: see Try.
func Rows() []Row {
	const notShortest, cut = "a length not in its shortest form", "a connection cut between two fragments"
	return []Row{
		{What: "an unmasked frame", Raw: "close frame, 1002", Library: "hangs up, no close frame",
			Tried: true, Send: frames.Frame{Fin: true, Opcode: frames.Text, Payload: []byte("Hello")}.Bytes(),
			RawWant: "close 1002", LibraryWant: "hangs up"},
		{What: notShortest, Raw: "close frame, 1002", Library: "accepted",
			Tried: true, Send: frames.Frame{Fin: true, Opcode: frames.Text, Masked: true, Key: key, Form: 16, Payload: post(notShortest)}.Bytes(), HalfClose: true,
			RawWant: "close 1002", LibraryWant: "posted, hangs up"},
		{What: "text that is not UTF-8", Raw: "close frame, 1007", Library: "handed on: your code must check",
			Tried: true, Send: frames.Whole(frames.Text, []byte("\xff"), key).Bytes(),
			RawWant: "close 1007", LibraryWant: "close 1007, close 1007"}, // as library/ checks
		{What: "a close reason that is not UTF-8", Raw: "close frame, 1007", Library: "sent back as it came",
			Tried: true, Send: frames.Whole(frames.Close, frames.ClosePayload(1000, "\xff"), key).Bytes(),
			RawWant: "close 1007", LibraryWant: "close 1000"},
		{What: "a message over the limit", Raw: "1009, from its header", Library: "1009, once so much has come",
			Tried: true, Send: long(),
			RawWant: "close 1009", LibraryWant: "waits"},
		{What: cut, Raw: "the message is dropped", Library: "what came is handed on as the whole message",
			Tried: true, Send: frames.Frame{Opcode: frames.Text, Masked: true, Key: key, Payload: post(cut)}.Bytes(), HalfClose: true,
			RawWant: "hangs up", LibraryWant: "posted, hangs up"},
		{What: "more than it reads, behind a close frame", Raw: "read and dropped, so its answer arrives", Library: "TCP reset, which can destroy its answer",
			Tried: true, Send: append(bye[:len(bye):len(bye)], huge...),
			RawWant: "close 1000", LibraryWant: "close 1000, resets"},
		{What: "an answer to its own close frame", Raw: "ends it", Library: "gets a second close frame",
			Tried: true, Send: frames.Whole(frames.Binary, []byte("no text"), key).Bytes(),
			RawWant: "close 1003", LibraryWant: "close 1003, close 1003"},
		{What: "what a page sees on a goodbye", Raw: "its code and its reason", Library: "1006 in Chromium: a second close frame is an error there",
			Tried: true, Send: frames.Whole(frames.Text, []byte("no post"), key).Bytes(),
			RawWant: "close 1007", LibraryWant: "close 1007, close 1007"},
		{What: "a message that is written behind a close frame", Raw: "refused", Library: "sent: your code must prevent it"},
		{What: "another protocol version", Raw: "426, as the RFC has it", Library: "400",
			Tried: true, Changes: []string{"Sec-WebSocket-Version: 8"},
			RawWant: "426", LibraryWant: "400"},
		{What: "version 13 twice", Raw: "426", Library: "only the first is read",
			Tried: true, Changes: []string{"+Sec-WebSocket-Version: 13"},
			RawWant: "426", LibraryWant: "101"},
		{What: "HTTP/1.0", Raw: "400", Library: "426",
			Tried: true, Changes: []string{"GET / HTTP/1.0"},
			RawWant: "400", LibraryWant: "426"},
		{What: "Connection without upgrade", Raw: "400", Library: "426",
			Tried: true, Changes: []string{"Connection: keep-alive"},
			RawWant: "400", LibraryWant: "426"},
		{What: "a body with the handshake", Raw: "400", Library: "101: the body is read and dropped",
			Tried: true, Changes: []string{"Content-Length: 13"}, Body: frames.Whole(frames.Text, []byte("no post"), key).Bytes(), Send: bye,
			RawWant: "400", LibraryWant: "close 1000"}, // as a frame the body would be 1007
		{What: "an empty Origin", Raw: "403", Library: "taken for none, so let in",
			Tried: true, Changes: []string{"Origin:"},
			RawWant: "403", LibraryWant: "101"},
		{What: "a host that a proxy has changed", Raw: "X-Forwarded-Host counts, too", Library: "403, until your code passes on the old one",
			Tried: true, Changes: []string{"Origin: http://chat.example", "X-Forwarded-Host: chat.example"},
			RawWant: "101", LibraryWant: "101"}, // as library/ passes it on
		{What: "two Origins, one of them foreign", Raw: "403", Library: "only the first is checked",
			Tried: true, Changes: []string{"Origin: http://HOST", "+Origin: http://evil.example"},
			RawWant: "403", LibraryWant: "101"},
		{What: "compression (RFC 7692)", Raw: "no: an offer is declined", Library: "yes, as an option",
			Tried: true, Changes: []string{"Sec-WebSocket-Extensions: permessage-deflate"},
			RawWant: "101", LibraryWant: "101"}, // as library/ does not take the option
		{What: "a client side", Raw: "no, but any client can talk to it", Library: "Dial, through HTTP proxies and TLS too"},
		{What: "messages as streams, without holding them whole", Raw: "no: one slice each", Library: "Reader and Writer"},
		{What: "time limits", Raw: "5 s, the same for all writes", Library: "a context for each call"},
		{What: "a heartbeat", Raw: "a ping every 30 s; any frame is a sign of life", Library: "Ping, which you call: its pong alone counts"},
		{What: "50 long posts, for a client", Raw: "one frame of any length", Library: "its Dial reads 32,768 bytes, unless told otherwise: 1009"},
	}
}

// Table returns the rows as Markdown.
func Table() string {
	var table strings.Builder
	table.WriteString("| what happens with | `raw/` | `library/` |\n|---|---|---|\n")
	for _, r := range Rows() {
		fmt.Fprintf(&table, "| %s | %s | %s |\n", r.What, r.Raw, r.Library)
	}
	return table.String()
}

// Try sends what the row says to a chat server and says in words what comes. That is the
// status of an answer other than 101, or if nothing is sent behind the handshake; else what comes
// behind the first history until the connection ends: "close 1002, hangs up" without the
// end where a close frame is in front of it, "posted" if a history has a post by a user with the row's
// name, other frames in short, "resets", and "waits" where nothing ends the connection within patience. A
// close frame is answered as a browser does, unless what is sent holds one.
func (r Row) Try(addr string, patience time.Duration) string {
	c, err := frames.Dial(addr, patience)
	if err != nil {
		return err.Error()
	}
	defer c.TCP.Close()
	res, err := c.Ask(frames.Handshake(addr).Changed(r.Changes...), r.Body...)
	if err != nil {
		return frames.Ending(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols || len(r.Send) == 0 {
		return fmt.Sprint(res.StatusCode)
	}
	c.TCP.SetReadDeadline(time.Now().Add(patience / 4))
	if _, err := c.In.Peek(1); err == nil { // the history that greets; before step 3 none does
		if _, err := c.Next(); err != nil {
			return frames.Ending(err)
		}
	}
	c.TCP.SetDeadline(time.Now().Add(patience))
	sent := make(chan error, 1)
	go func() { // while this reads: it may be more than TCP keeps
		_, err := c.TCP.Write(r.Send)
		if r.HalfClose {
			c.TCP.CloseWrite()
		}
		sent <- err
	}()
	came := r.listen(c)
	if err := <-sent; err != nil && frames.Ending(err) != "waits" && !strings.HasSuffix(came, "resets") {
		came += ", resets" // the system tells the reader of a reset or the writer, not both
	}
	if r.HalfClose && r.posted(addr, patience) {
		came = "posted, " + came
	}
	return came
}

// posted reports whether the history has a post by a user with the row's name. A new member
// is asked: the one that has hung up may not have been told any more.
func (r Row) posted(addr string, patience time.Duration) bool {
	c, err := frames.Dial(addr, patience)
	if err != nil {
		return false
	}
	defer c.TCP.Close()
	if _, err := c.Ask(frames.Handshake(addr)); err != nil {
		return false
	}
	f, err := c.Next()
	return err == nil && bytes.Contains(f.Payload, []byte(`"user":"`+r.What+`"`))
}

// listen says what comes until the connection ends.
func (r Row) listen(c *frames.Client) string {
	answers := !holdsClose(r.Send)
	var came []string
	closed := false
	for {
		f, err := c.Next()
		if end := ""; err != nil {
			if end = frames.Ending(err); end != "hangs up" || !closed {
				came = append(came, end)
			}
			return strings.Join(came, ", ")
		}
		switch {
		case f.Opcode == frames.Close:
			came, closed = append(came, strings.TrimSuffix(fmt.Sprintf("close %d", f.Code()), " 0")), true
			if answers {
				c.Send(frames.Whole(frames.Close, f.Payload, key))
				answers = false
			}
		case f.Opcode == frames.Ping: // the heartbeat
			c.Send(frames.Whole(frames.Pong, f.Payload, key))
		case f.Opcode != frames.Text || !bytes.HasPrefix(f.Payload, []byte(`{"msg":`)):
			came = append(came, f.String())
		}
	}
}

// holdsClose reports whether there is a close frame among the frames in b.
func holdsClose(b []byte) bool {
	in := bytes.NewReader(b)
	for {
		f, err := frames.Read(in)
		if err != nil || f.Opcode == frames.Close {
			return err == nil
		}
	}
}
