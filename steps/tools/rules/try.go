package rules

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// A Way is how the frames of a case are sent.
type Way string

const (
	Whole Way = "in one piece"
	Glued Way = "in one piece with the opening handshake"
	Bytes Way = "byte by byte" // or if there are many, in pieces of 997
)

const posted = "a post" // in what comes

// quiet is how long a server that must wait has to send nothing. A wrong server that is slow may pass, but
// a correct one never fails.
const quiet = 2 * time.Second

var (
	status   = regexp.MustCompile(`^\d{3}\b`)
	endOfAll = regexp.MustCompile(`(^|, )(close( \d+( ".*")?)?|hangs up|resets|waits)$`)
	closes   = regexp.MustCompile(`(^|, )close\b`)
	goodbye  = wstest.ClosePayload(1000, "over")
	reasons  = regexp.MustCompile(`(close \d+) "(?:[^"\\]|\\.)*"`)
	sentence = regexp.MustCompile(`^[^\n]+\n?$`)
)

// hasEnd reports whether what comes includes the end of the connection.
func hasEnd(came string) bool { return endOfAll.MatchString(came) }

// Matches reports whether what came, as Try returns it, is what a case wants from any server. For the
// answer to a handshake, that is the status, and the fields that a client must look at.
func Matches(came, want string) bool {
	if want, or, ok := strings.Cut(want, " or "); ok {
		return Matches(came, want) || Matches(came, or)
	}
	switch came, _, _ := strings.Cut(came, ", but "); {
	case strings.HasPrefix(want, upgrades):
		return came == want
	case status.MatchString(want):
		return strings.HasPrefix(came, want[:3]) && (want != version || strings.HasPrefix(came, version))
	}
	if !hasEnd(want) {
		want = strings.TrimPrefix(want+`, close 1000 "over"`, ", ")
	}
	if runtime.GOOS != "linux" && strings.HasSuffix(want, "resets") {
		return true // elsewhere the reset may destroy what came before it
	}
	return came == want || reasons.ReplaceAllString(came, "$1") == want
}

// InWords returns what came, as Try returns it, in words for people: without reasons, and as a phrase that
// can follow the name of a server.
func InWords(came string) string {
	if status.MatchString(came) {
		return "answers the handshake with " + came[:3]
	}
	words := []string{"a post", "posts it as a message", "hangs up", "hangs up without one", "resets",
		"resets TCP without one", "waits", "waits, and stays open"}
	came = reasons.ReplaceAllString(came, "$1")
	if closes.MatchString(came) {
		words = []string{"resets", "then resets TCP"}
	}
	return strings.NewReplacer(words...).Replace(closes.ReplaceAllString(came, "${1}close frame"))
}

// Try runs the case against the server at addr, which is expected to answer with want, and returns what
// came, in the words of Case.Want. Everything that a server does must happen within patience; a chat may
// greet with a history, but need not.
func (c Case) Try(addr, want string, way Way, patience time.Duration) (came string) {
	client, err := wstest.Dial(addr, patience)
	if err != nil {
		return err.Error()
	}
	defer client.Close()
	send := slices.Clone(c.Send)
	if len(send) > 0 && !hasEnd(want) && !strings.Contains(want, posted) {
		send = append(send, wstest.Masked(wstest.Close, goodbye))
	}
	var glued []wstest.Frame
	if c.Body != nil {
		glued = append(glued, wstest.Frame{Raw: c.Body})
	}
	if way == Glued {
		glued, send = append(glued, send...), nil
	}
	r := wstest.Handshake(addr)
	if c.ForHandshake() { // these fields are up to the case
		r = r.Changed("Origin", "Sec-WebSocket-Protocol")
	}
	r = r.Changed(c.Changes...)
	a, err := client.Ask(r, glued...)
	switch {
	case err != nil:
		return wstest.Ending(err)
	case a.Status != http.StatusSwitchingProtocols || c.ForHandshake():
		return answered(a, r)
	}
	t := trial{Case: c, client: client, goodbye: !hasEnd(want) && c.Chat, sent: make(chan error, 1)}
	if c.Chat {
		client.Patience = patience / 4
		if f, err := client.Next(); err == nil {
			t.before = postsBy(f, c.Name)
		} else if err != wstest.ErrTimeout {
			return wstest.Ending(err)
		}
		client.Patience = patience
	}
	if strings.HasSuffix(want, "waits") {
		client.Patience = min(patience, quiet)
	}
	go t.send(send, way)
	came = t.listen()
	if err := <-t.sent; err != nil && err != wstest.ErrTimeout && !strings.HasSuffix(came, "resets") &&
		!strings.HasSuffix(came, "waits") {
		came += ", resets" // the system reports a reset to the reader or the writer, not to both
	}
	if c.Chat && c.HalfClose && !strings.Contains(came, posted) && t.stored(addr) {
		came = posted + ", " + came
	}
	return came
}

// A trial is a case in progress.
type trial struct {
	Case
	client  *wstest.Client
	before  int        // posts by the case's user in the history that greeted
	goodbye bool       // the client ends the connection once the post has come
	sent    chan error // the result of sending
}

// send sends the frames while others read: a large echo fills the network both ways.
func (t *trial) send(frames []wstest.Frame, way Way) {
	var all []byte
	for _, f := range frames {
		all = append(all, f.Bytes()...)
	}
	size := max(1, len(all))
	if way == Bytes {
		size = 1
		if len(all) > 8_000 {
			size = 997
		}
	}
	for piece := range slices.Chunk(all, size) {
		if _, err := t.client.Write(piece); err != nil {
			t.sent <- err
			return
		}
	}
	if t.HalfClose || way == Glued {
		t.client.TCP.CloseWrite()
	}
	t.sent <- nil
}

// listen returns what comes until the connection ends. Pings are answered.
func (t *trial) listen() string {
	var came []string
	closed := false // a close frame came
	last := byte(0) // opcode of the last frame
	for {
		f, err := t.client.NextValid()
		if err != nil {
			if end := wstest.Ending(err); end != "hangs up" || last != wstest.Close {
				came = append(came, end)
			}
			return strings.Join(came, ", ")
		}
		switch {
		case f.Opcode == wstest.Ping:
			t.client.Send(wstest.Masked(wstest.Pong, f.Payload))
			continue
		case t.Chat && isHistory(f):
			if t.goodbye && postsBy(f, t.Name) > t.before {
				t.goodbye = false
				came = append(came, posted)
				t.client.Send(wstest.Masked(wstest.Close, goodbye))
			}
			continue
		}
		came, last = append(came, f.String()), f.Opcode
		if f.Opcode == wstest.Close && !closed {
			closed = true
			go t.answer(f)
		}
	}
}

// answer answers a close frame once everything is sent: like a browser, or by hanging up.
func (t *trial) answer(f wstest.Frame) {
	err := <-t.sent
	if t.sent <- err; t.Answer {
		t.client.Send(wstest.Masked(wstest.Close, f.Payload))
	} else {
		t.client.TCP.CloseWrite() // or library's Close would wait 5 s for an answer
	}
}

// stored reports whether a new member is greeted with a post of the case: a client that has hung up may no
// longer have received it.
func (t *trial) stored(addr string) bool {
	c, err := wstest.Open(addr, t.client.Patience)
	if err != nil {
		return false
	}
	defer c.Close()
	f, err := c.Next()
	return err == nil && postsBy(f, t.Name) > t.before
}

// postsIn returns the users whose posts are in a history, or nil if f is not one.
func postsIn(f wstest.Frame) (users []string) {
	var history struct{ Msg []struct{ User string } }
	if json.Unmarshal(f.Payload, &history) != nil || history.Msg == nil {
		return nil
	}
	users = make([]string, len(history.Msg))
	for i, post := range history.Msg {
		users[i] = post.User
	}
	return users
}

// isHistory reports whether f is a history, or a fragment of something.
func isHistory(f wstest.Frame) bool {
	return f.Opcode == wstest.Continuation || f.Opcode == wstest.Text && (!f.Fin || postsIn(f) != nil)
}

// postsBy counts the user's posts in a history.
func postsBy(f wstest.Frame, user string) (n int) {
	for _, u := range postsIn(f) {
		if u == user {
			n++
		}
	}
	return n
}

// answered returns the answer to a handshake: the status, and the fields that matter.
func answered(a wstest.Answer, r wstest.Request) string {
	came := fmt.Sprint(a.Status)
	fields := map[int][]string{
		http.StatusSwitchingProtocols: {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"},
		http.StatusMethodNotAllowed:   {"Allow"},
	}[a.Status]
	for _, field := range append(fields, "Sec-WebSocket-Version") {
		if value := strings.Join(a.Fields.Values(field), " and "); value != "" {
			came += " " + field + ": " + value
		}
	}
	switch a.Status {
	case http.StatusSwitchingProtocols: // came already has what was chosen
		r = r.With("Sec-WebSocket-Extensions", "any").With("Sec-WebSocket-Protocol",
			a.Get("Sec-WebSocket-Protocol"))
		if fault := a.Fault(r); fault != nil {
			came += ", but " + fault.Error()
		}
		return came
	case http.StatusUpgradeRequired:
		if a.Get("Upgrade") == "" || !strings.EqualFold(a.Get("Connection"), "upgrade") {
			came += " without Upgrade" // RFC 9110, sections 15.5.22 and 7.8
		}
	}
	if !sentence.MatchString(a.Body) || !strings.HasPrefix(a.Get("Content-Type"), "text/plain") {
		return fmt.Sprintf("%s with a body of %s that isn't a sentence: %q", came, a.Get("Content-Type"),
			a.Body)
	}
	return came
}
