// Package sidebyside is the one list of what differs between raw and library: the table in
// library/README.md, the test that sees each row happen, and the buttons of the wire view are
// made from it.
package sidebyside

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// A Row is one difference. Where it can be seen from outside, over a connection with each
// chat server, it says what is sent and what must come.
type Row struct {
	What         string // happens, with: the table's first cell
	Raw, Library string // what the table says of each server

	Changes   []string // to the opening handshake: see wstest.Request.Changed
	Body      []byte   // sent with the handshake
	Send      []byte   // behind the handshake
	HalfClose bool     // behind that, the client ends its direction of TCP

	Want [2]string // what Try returns of raw and of library; "" if it cannot be tried
}

// Tried reports whether the difference can be seen from outside.
func (r Row) Tried() bool { return r.Want[0] != "" }

var (
	key = [4]byte{0x37, 0xfa, 0x21, 0x3d} // of the RFC's examples
	bye = whole(wstest.Close, "\x03\xe8") // a good close frame
)

// whole returns a message of one frame.
func whole(opcode byte, payload string) []byte {
	return wstest.Whole(opcode, []byte(payload), key).Bytes()
}

// post returns what a member posts, by a user whose name is the row's.
func post(what string) []byte { return []byte(`{"user": "` + what + `", "text": "seen side by side"}`) }

const (
	notShortest = "a length not in its shortest form"
	cut         = "a connection cut between two fragments"
	answer      = "answers the handshake with "
)

// Rows are in the order of the table. A post must be by a user with the row's name: see Try.
var Rows = []Row{
	{What: "an unmasked frame", Raw: "close frame, 1002", Library: "hangs up, no close frame",
		Send: wstest.Frame{Fin: true, Opcode: wstest.Text, Payload: []byte("Hello")}.Bytes(),
		Want: [2]string{"close frame 1002", "hangs up without one"}},
	{What: notShortest, Raw: "close frame, 1002", Library: "accepted",
		Send:      wstest.Frame{Fin: true, Opcode: wstest.Text, Masked: true, Key: key, Form: 16, Payload: post(notShortest)}.Bytes(),
		HalfClose: true, Want: [2]string{"close frame 1002", "posts it as a message, hangs up without one"}},
	{What: "text that is not UTF-8", Raw: "close frame, 1007", Library: "handed on: your code must check",
		Send: whole(wstest.Text, "\xff"), Want: [2]string{"close frame 1007", "close frame 1007, close frame 1007"}}, // as library/ checks
	{What: "a close reason that is not UTF-8", Raw: "close frame, 1007", Library: "sent back as it came",
		Send: whole(wstest.Close, "\x03\xe8\xff"), Want: [2]string{"close frame 1007", "close frame 1000"}},
	{What: "a message over the limit", Raw: "1009, from its header", Library: "1009, once so much has come", // half comes
		Send: wstest.Frame{Fin: true, Opcode: wstest.Text, Masked: true, Key: key, Length: 4097, Payload: make([]byte, 2048)}.Bytes(),
		Want: [2]string{"close frame 1009", "waits, and stays open"}},
	{What: cut, Raw: "the message is dropped", Library: "what came is handed on as the whole message",
		Send:      wstest.Frame{Opcode: wstest.Text, Masked: true, Key: key, Payload: post(cut)}.Bytes(),
		HalfClose: true, Want: [2]string{"hangs up without one", "posts it as a message, hangs up without one"}},
	{What: "more than it reads, behind a close frame", Raw: "read and dropped, so its answer arrives",
		Library: "TCP reset, which can destroy its answer",
		Send:    slices.Concat(bye, whole(wstest.Binary, strings.Repeat("x", 1<<20))),
		Want:    [2]string{"close frame 1000", "close frame 1000, then resets TCP"}},
	{What: "an answer to its own close frame", Raw: "ends it", Library: "gets a second close frame",
		Send: whole(wstest.Binary, "no text"), Want: [2]string{"close frame 1003", "close frame 1003, close frame 1003"}},
	{What: "what a page sees on a goodbye", Raw: "its code and its reason",
		Library: "1006 in Chromium: a second close frame is an error there",
		Send:    whole(wstest.Text, "no post"), Want: [2]string{"close frame 1007", "close frame 1007, close frame 1007"}},
	{What: "a message that is written behind a close frame", Raw: "refused", Library: "sent: your code must prevent it"},
	{What: "another protocol version", Raw: "426, as the RFC has it", Library: "400",
		Changes: []string{"Sec-WebSocket-Version: 8"}, Want: [2]string{answer + "426", answer + "400"}},
	{What: "version 13 twice", Raw: "426", Library: "only the first is read",
		Changes: []string{"+Sec-WebSocket-Version: 13"}, Want: [2]string{answer + "426", answer + "101"}},
	{What: "HTTP/1.0", Raw: "400", Library: "426",
		Changes: []string{"GET / HTTP/1.0"}, Want: [2]string{answer + "400", answer + "426"}},
	{What: "Connection without upgrade", Raw: "400", Library: "426",
		Changes: []string{"Connection: keep-alive"}, Want: [2]string{answer + "400", answer + "426"}},
	{What: "a body with the handshake", Raw: "400", Library: "101: the body is read and dropped",
		Changes: []string{"Content-Length: 13"}, Body: whole(wstest.Text, "no post"), Send: bye,
		Want: [2]string{answer + "400", "close frame 1000"}}, // as a frame the body would be 1007
	{What: "an empty Origin", Raw: "403", Library: "taken for none, so let in",
		Changes: []string{"Origin:"}, Want: [2]string{answer + "403", answer + "101"}},
	{What: "a host that a proxy has changed", Raw: "X-Forwarded-Host counts, too",
		Library: "403, until your code passes on the old one", // as library/ does
		Changes: []string{"Origin: http://chat.example", "X-Forwarded-Host: chat.example"},
		Want:    [2]string{answer + "101", answer + "101"}},
	{What: "two Origins, one of them foreign", Raw: "403", Library: "only the first is checked",
		Changes: []string{"Origin: http://HOST", "+Origin: http://evil.example"},
		Want:    [2]string{answer + "403", answer + "101"}},
	{What: "compression (RFC 7692)", Raw: "no: an offer is declined", Library: "yes, as an option", // which library/ does not take
		Changes: []string{"Sec-WebSocket-Extensions: permessage-deflate"}, Want: [2]string{answer + "101", answer + "101"}},
	{What: "a client side", Raw: "no, but any client can talk to it", Library: "Dial, through HTTP proxies and TLS too"},
	{What: "messages as streams, without holding them whole", Raw: "no: one slice each", Library: "Reader and Writer"},
	{What: "time limits", Raw: "5 s, the same for all writes", Library: "a context for each call"},
	{What: "a heartbeat", Raw: "a ping every 30 s; any frame is a sign of life", Library: "Ping, which you call: its pong alone counts"},
	{What: "50 long posts, for a client", Raw: "one frame of any length", Library: "its Dial reads 32,768 bytes, unless told otherwise: 1009"},
}

// Table returns the rows as Markdown.
func Table() string {
	var table strings.Builder
	table.WriteString("| what happens with | `raw/` | `library/` |\n|---|---|---|\n")
	for _, r := range Rows {
		fmt.Fprintf(&table, "| %s | %s | %s |\n", r.What, r.Raw, r.Library)
	}
	return table.String()
}

// Try sends what the row says to a chat server and says in words what comes. That is the
// status of an answer other than 101, or if nothing is sent behind the handshake; else what comes
// behind the first history until the connection ends: that it hangs up goes without saying behind a
// close frame, and that it waits means that nothing ends the connection within patience. What is posted
// is in a history, by a user with the row's name. A close frame is answered as a browser does, unless
// one is sent.
func (r Row) Try(addr string, patience time.Duration) string {
	c, err := wstest.Dial(addr, patience)
	if err != nil {
		return err.Error()
	}
	defer c.TCP.Close()
	var body []wstest.Frame
	if r.Body != nil {
		body = append(body, wstest.Frame{Raw: r.Body})
	}
	res, err := c.Ask(wstest.Handshake(addr).Changed(r.Changes...), body...)
	if err != nil {
		return ending(err)
	}
	if res.Status != http.StatusSwitchingProtocols || len(r.Send) == 0 {
		return fmt.Sprint(answer, res.Status)
	}
	c.Patience = patience / 4
	c.TCP.SetReadDeadline(time.Now().Add(c.Patience))
	if _, err := c.In.Peek(1); err == nil { // the history that greets; before step 3 none does
		if _, err := c.Next(); err != nil {
			return ending(err)
		}
	}
	c.Patience = patience
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
	if err := <-sent; err != nil && wstest.Ending(err) != "waits" && !strings.Contains(came, "resets TCP") {
		came += ", then resets TCP" // the system tells the reader of a reset or the writer, not both
	}
	if r.HalfClose && r.posted(addr, patience) {
		came = "posts it as a message, " + came
	}
	return came
}

// posted reports whether the history has a post by a user with the row's name. A new member
// is asked: the one that has hung up may not have been told any more.
func (r Row) posted(addr string, patience time.Duration) bool {
	c, err := wstest.Open(addr, patience)
	if err != nil {
		return false
	}
	defer c.TCP.Close()
	f, err := c.Next()
	return err == nil && bytes.Contains(f.Payload, []byte(`"user":"`+r.What+`"`))
}

// listen says what comes until the connection ends.
func (r Row) listen(c *wstest.Client) string {
	answers, closed := !holdsClose(r.Send), false
	var came []string
	for {
		f, err := c.Next()
		switch {
		case err == wstest.ErrHungUp && closed:
			return strings.Join(came, ", ")
		case err != nil && len(came) > 0 && wstest.Ending(err) == "resets":
			return strings.Join(append(came, "then resets TCP"), ", ")
		case err != nil:
			return strings.Join(append(came, ending(err)), ", ")
		case f.Opcode == wstest.Close:
			came, closed = append(came, strings.TrimSuffix(fmt.Sprintf("close frame %d", f.Code()), " 0")), true
			if answers {
				c.Send(wstest.Whole(wstest.Close, f.Payload, key))
				answers = false
			}
		case f.Opcode == wstest.Ping: // the heartbeat
			c.Send(wstest.Whole(wstest.Pong, f.Payload, key))
		case f.Opcode != wstest.Text || !bytes.HasPrefix(f.Payload, []byte(`{"msg":`)):
			came = append(came, f.String())
		}
	}
}

// holdsClose reports whether there is a close frame among the frames in b.
func holdsClose(b []byte) bool {
	in := bytes.NewReader(b)
	for {
		f, err := wstest.Read(in)
		if err != nil || f.Opcode == wstest.Close {
			return err == nil
		}
	}
}

// ending says in words how a connection ended that saw no close frame.
func ending(err error) string {
	how := wstest.Ending(err)
	words := map[string]string{"hangs up": "hangs up without one", "resets": "resets TCP without one", "waits": "waits, and stays open"}
	return cmp.Or(words[how], how)
}
