package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/wstest"
)

// tries: each case of the row is answered as the table of cases has it. A server on a library may answer as the
// RFC allows.
func tries(p *probe) {
	addr := p.current().addr()
	var known *Failure
	for _, c := range InRow(p.row.Name) {
		from := p.server.Output.Next()
		c.Chat = c.Chat || !c.ForHandshake() // which greets with a history
		came := c.Try(addr, c.Want, Whole, p.patience)
		if Matches(came, c.Want) {
			continue
		}
		f := c.failure(came, p.row.Hint)
		f.from = from
		if f.Leeway = c.Allowed(came); f.Leeway == nil || !p.target.Library {
			p.fail(f)
		}
		known = &f
	}
	if known != nil {
		panic(known)
	}
}

// reason matches what a server says of why it ends a connection.
var reason = regexp.MustCompile(`close (\d+) ("(?:[^"\\]|\\.)*")`)

// failure says what was sent, and what came instead of what is wanted.
func (c Case) failure(came, hint string) Failure {
	f := Failure{Kind: Wrong, Expected: c.Want, Came: came}
	sent := []string{c.Name + ":"}
	for _, change := range c.Changes {
		sent = append(sent, "a handshake with "+change)
	}
	for i, frame := range c.Send {
		if i < 4 {
			sent = append(sent, wstest.Hex(frame.Bytes()), "= "+frame.Describe())
		}
	}
	f.Sent = strings.Join(sent, "\n")
	if m := reason.FindStringSubmatch(came); m != nil {
		f.Says, _ = strconv.Unquote(m[2])
	}
	for end, kind := range map[string]Kind{"waits": TimedOut, "hangs up": HungUp, "resets": Reset} {
		if strings.HasSuffix(came, end) {
			f.Kind = kind
		}
	}
	code, _, _ := strings.Cut(strings.TrimPrefix(c.Want, "close "), " ")
	first, _, _ := strings.Cut(came, " ")
	switch {
	case strings.HasPrefix(reason.ReplaceAllString(came, "close $1"), c.Want+", "):
		f.Cause = "more follows than should: is the length of that frame the length of its payload, and does nothing follow a close frame?"
	case c.ForHandshake() && came == "waits":
		f.Cause = "the server does not answer it to the end"
	case c.ForHandshake() && (first[:1] != "4" || c.Want[:1] != "4"):
		f.Cause = hintOf(c, hint)
	case c.ForHandshake() && first == c.Want[:3]:
		f.Cause = "it is refused, but the answer lacks something: compare the two lines above"
	case c.ForHandshake():
		f.Cause = fmt.Sprintf("it is refused, but with %s: either the status is the wrong one, or another check comes first", first)
	case strings.HasSuffix(came, "hangs up") && !strings.Contains(came, "close"):
		f.Cause = "the server hangs up without a close frame: it says why before it ends the connection"
	case f.Kind == Reset:
		f.Cause = resets
	case strings.HasPrefix(came, "close ") && !strings.HasPrefix(came, "close "+code):
		f.Cause = "it is ended, but with another code: either the code is the wrong one, or another check comes first"
	default:
		f.Cause = hintOf(c, hint)
	}
	return f
}

// hintOf returns the hint of a case, or of its row.
func hintOf(c Case, hint string) string {
	if c.Hint != "" {
		return c.Hint
	}
	return hint
}
