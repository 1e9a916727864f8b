package probe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// Say sends a new post, and fails the row unless these members are sent the history with it.
func (c *Client) Say(members ...*Client) {
	m := c.Probe.Post()
	c.Mark()
	c.Post(m)
	if c.Probe.Story != "" {
		c.Sent = append([]string{"(" + c.Probe.Story + ")"}, c.Sent...)
	}
	for _, to := range members {
		to.Sent, to.From, to.Kind = c.Sent, c.From, ""
		if _, ok := to.Hears(m); !ok {
			to.Fail("a text frame with the new history, to every connected member")
		}
	}
}

// Tell sends posts in one piece, and waits until the sender has the history with the last.
func (c *Client) Tell(all ...Post) {
	c.Mark()
	c.Post(all...)
	if _, ok := c.Hears(all[len(all)-1]); !ok {
		c.Sent = []string{strings.TrimPrefix(c.Probe.Story+"; a member sent a post", "; ")}
		c.Fail("the sender, and every member that reads, gets each new history at once")
	}
}

// ExpectAll fails the row unless the member is sent a history with all these posts in the end.
func (c *Client) ExpectAll(posts ...Post) History {
	const expected = "in the end, a history with all of them for every member"
	h, ok := c.Hears(posts...)
	if !ok && c.Kind == TimedOut && h != nil {
		c.Came = append(c.Came, fmt.Sprintf("(%d of %d posts are missing from the last history)",
			h.Missing(posts...), len(posts)))
		if !c.Probe.History().Has(posts...) {
			c.Fail(expected, "posts that arrive at the same moment are lost on their way into the history: "+
				"change it under one lock")
		}
	}
	if !ok {
		c.Fail(expected)
	}
	return h
}

// ExpectStored sends frames that contain a post, and fails the row unless new connections get it in the
// history.
func (c *Client) ExpectStored(m Post, sent ...wstest.Frame) {
	c.Send(sent...)
	h, gone := c.Probe.History(), false
	for deadline := time.Now().Add(c.Probe.Patience); !h.Has(m) && !gone && time.Now().Before(deadline); {
		gone = c.HangsUp(20 * time.Millisecond)
		h = c.Probe.History()
	}
	expected := "a new connection is greeted with a history that has: " + Short(m.Text)
	if !h.Has(m) {
		c.Came = append(c.Came, "a new connection is greeted with: "+h.String())
		c.Fail(expected)
	}
	if got := h[h.Find(m.Text)]; got.User != m.User {
		c.Came = []string{fmt.Sprintf("the history has it from user %q", got.User)}
		c.Fail(fmt.Sprintf("%s, from user %q", expected, m.User), `the field "user" is lost on the way`)
	}
}

// ExpectNotStored fails the row if the history has one of the posts.
func (c *Client) ExpectNotStored(cause string, posts ...Post) {
	if h := c.Probe.History(); h.Missing(posts...) < len(posts) {
		c.Came = []string{"a new connection is greeted with: " + h.String()}
		c.Fail("none of it is stored", cause, c.Probe.Hint)
	}
}

// ExpectGone fails the row unless the server ends the connection, or sends a close frame, whose answer it
// may wait for.
func (c *Client) ExpectGone(cause string) {
	if _, err := c.AwaitClose(); err == wstest.ErrTimeout {
		c.Probe.Alive()
		c.Fail("the server ends the connection", cause)
	}
}

// ExpectServed fails the row unless the server still serves an ordinary member after what others have done.
func (c *Client) ExpectServed(after string) {
	m := c.Probe.Post()
	c.Mark()
	c.Sent = []string{"after " + after + ":"}
	c.ExpectStored(m, c.Probe.Text(m))
}

// Resets explains what it means that a connection is reset.
const Resets = "TCP resets a connection that is closed with bytes unread, and a close frame may be lost " +
	"with it: CloseWrite, read on until the other side ends, then Close"

// ExpectClose waits for a well-formed close frame with this code.
func (c *Client) ExpectClose(code int, causes ...string) {
	expected := fmt.Sprintf("a close frame with status code %d", code)
	f, err := c.AwaitClose()
	switch {
	case err == wstest.ErrReset:
		c.Fail(expected, Resets)
	case err == wstest.ErrTimeout:
		c.Fail(expected, causes...)
	case err != nil:
		c.Fail(expected, append(causes, "the server hung up without a close frame: "+
			"it must send one before it ends the connection\n"+c.Probe.Hint)...)
	case f.Code() == code:
	case len(f.Payload) < 2:
		c.Fail(expected, "the close frame is empty: its payload must begin with the status code, in two bytes")
	case bytes.HasPrefix(f.Payload, binary.LittleEndian.AppendUint16(nil, uint16(code))):
		c.Fail(expected, "the status code is little-endian, but must be big-endian: binary.BigEndian")
	case strings.HasPrefix(string(f.Payload), fmt.Sprint(code)):
		c.Fail(expected, "the status code is written as text: it must be a number of two bytes")
	default:
		c.Fail(expected, fmt.Sprintf("it is ended, but with %d: either the code is wrong, "+
			"or another check comes first", f.Code()))
	}
}

// ExpectGoodbye waits for the close frame of a server that stops, for less time than the server gives its
// members to answer.
func (c *Client) ExpectGoodbye() {
	c.Within(rules.GoodbyeTime*2/3, func() { c.ExpectClose(1001) })
}

// ExpectNothing fails the row if the server sends something within a while after its close frame.
func (c *Client) ExpectNothing() {
	if c.Quiet(200 * time.Millisecond) {
		return
	}
	f, err := c.Next()
	if len(f.Raw) == 0 {
		c.Note(err) // the end: nothing more can come
		return
	}
	cause := fmt.Sprintf("a %s frame was sent after the close frame: nothing may follow it, not even a history "+
		"(section 5.5.1)", wstest.Names[f.Opcode])
	if err != nil || f.ServerFault() != nil {
		cause = fmt.Sprintf("more bytes follow than the close frame's length announces, %q: "+
			"its length must cover code and reason", f.Raw)
	}
	c.Fail("nothing after the server's own close frame", cause)
}

// ExpectExit waits for exit status 0 after a signal.
func (p *Probe) ExpectExit(s *Server, sent, hint string) {
	begun, within := time.Now(), rules.StopTime+p.Patience/3
	f := Failure{Kind: Wrong, Sent: sent}
	f.Expected = "the server ends within " + rules.Seconds(rules.StopTime) + ", with exit status 0"
	ended := s.AwaitExit(within)
	state := s.Cmd.ProcessState
	switch {
	case !ended:
		f.Kind, f.Cause = TimedOut, hint
		f.Came = fmt.Sprintf("it still runs after %v", within.Round(100*time.Millisecond))
		p.Fail(f)
	case state.Success():
		return
	case state.ExitCode() < 0:
		f.Cause = "the signal is not caught: signal.Notify(…, os.Interrupt, syscall.SIGTERM)"
	case strings.Contains(s.Tail(3), "Server closed"):
		f.Cause = "http.ErrServerClosed is not a failure: log.Fatal only other errors, and let main return on " +
			"this one"
	default:
		f.Cause = "something panics, or calls log.Fatal or os.Exit on the way out: the last line printed may " +
			"tell what"
	}
	took := time.Since(begun).Round(100 * time.Millisecond)
	f.Came = fmt.Sprintf("%v after %v. It printed:\n%s", state, took, s.Tail(2))
	p.Fail(f)
}

// ExpectRest fails the row unless a server comes to rest after do: it prints nothing more, and where Go can
// be asked for its goroutines, none of them is working. One server may be seen finishing something, or
// escape notice by chance, so two of three decide.
func (p *Probe) ExpectRest(do func()) {
	var busy []string // what the servers did that were not at rest
	for try := 1; len(busy) < 2; try++ {
		if try-len(busy) > 2 {
			return
		}
		s := p.Serve()
		do()
		if came := s.work(p); came != "" {
			busy = append(busy, came)
		}
	}
	p.Fail(Failure{Kind: Wrong, Sent: p.Story, Expected: "a server that waits until there is something to do",
		Came:  busy[1],
		Cause: "a loop spins without waiting for anything: does it end when reading or writing returns an error?"})
}

// work ends a server, and describes what it did for some time before that, though it had nothing to do; ""
// if it rested.
func (s *Server) work(p *Probe) string {
	p.Pause(300 * time.Millisecond)
	lines := s.Output.Next()
	p.Pause(200 * time.Millisecond)
	if printed := s.Output.Next() - lines; printed >= 20 {
		return fmt.Sprintf("in 200 ms it printed %d lines:\n%s", printed, s.Tail(2))
	}
	all := s.Dump()
	if all == nil { // it could not be asked, or did not answer
		s.Kill()
		<-s.Done
		if used := s.Cmd.ProcessState.UserTime(); used > time.Second {
			return fmt.Sprintf("it used %v of CPU time", used.Round(100*time.Millisecond))
		}
	}
	for _, g := range all {
		works := slices.ContainsFunc([]string{"runn", "syscall", "preempted"}, func(state string) bool {
			return strings.HasPrefix(g.State, state)
		})
		if works && g.Place != "" || strings.Contains(g.Trace, "stack unavailable") { // it runs at this moment
			return strings.TrimSpace("a goroutine keeps working" + g.Place)
		}
	}
	return ""
}

// Deaf opens a WebSocket and reads nothing from it. Its buffers are small.
func (p *Probe) Deaf() *Client {
	c := p.Join()
	c.TCP.SetReadBuffer(4 << 10)
	return c
}

// IsGone reports whether the other side has closed the connection, and accepts nothing any more.
func (c *Client) IsGone() bool {
	c.TCP.SetWriteDeadline(time.Now().Add(time.Second))
	_, err := c.TCP.Write(wstest.Masked(wstest.Pong, []byte("?")).Bytes())
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}
