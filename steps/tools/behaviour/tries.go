package behaviour

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// tries: the server answers each case of the row as the table of cases demands. A server on a library may
// answer in any way that the RFC allows. So its cases are tried all at once: each that it answers
// differently may use up the whole time limit.
func tries(p *probe.Probe) {
	addr, cases := p.Current().Addr(), rules.InRow(p.Row)
	if len(cases) == 0 {
		panic("no case has the row " + p.Row)
	}
	known := make(chan probe.Failure, len(cases))
	try := func(i int) {
		c, from := cases[i], p.Server.Output.Next()
		c.Chat = c.Chat || !c.ForHandshake() // which greets with a history
		came := c.Try(addr, c.Want, rules.Whole, p.Patience)
		if rules.Matches(came, c.Want) {
			return
		}
		f := failure(c, came, p.Hint)
		f.Lines, _ = p.Server.Output.Since(from)
		if f.Leeway = c.Allowed(came); f.Leeway == nil || !p.Library {
			p.Fail(f)
		}
		known <- f
	}
	if p.Library {
		p.Together(len(cases), try)
	}
	for i := range cases {
		if !p.Library {
			try(i)
		}
	}
	if len(known) > 0 {
		p.Fail(<-known)
	}
}

// reason matches the reason that a server gives for ending a connection.
var reason = regexp.MustCompile(`close (\d+) ("(?:[^"\\]|\\.)*")`)

// failure describes what was sent, and what came instead of what is wanted.
func failure(c rules.Case, came, hint string) probe.Failure {
	f := probe.Failure{Kind: probe.Wrong, Expected: c.Want, Came: came, Sent: c.Name + ":"}
	for _, change := range c.Changes {
		f.Sent += "\na handshake with " + change
	}
	for i, frame := range c.Send {
		if i < 4 {
			f.Sent += "\n" + wstest.Hex(frame.Bytes()) + "\n= " + frame.Describe()
		}
	}
	if m := reason.FindStringSubmatch(came); m != nil {
		f.Says, _ = strconv.Unquote(m[2])
	}
	for end, kind := range map[string]probe.Kind{
		"waits": probe.TimedOut, "hangs up": probe.HungUp, "resets": probe.Reset} {
		if strings.HasSuffix(came, end) {
			f.Kind = kind
		}
	}
	f.Cause = cmp.Or(why(c, came, f.Kind), c.Hint, hint)
	return f
}

// why explains the failure by what came, or returns "" where the case's hint explains it best.
func why(c rules.Case, came string, end probe.Kind) string {
	first, _, _ := strings.Cut(came, " ")
	if c.ForHandshake() {
		switch {
		case end != probe.Wrong:
			return "the server does not finish its answer"
		case first[:1] != "4" || c.Want[:1] != "4":
			return ""
		case first == c.Want[:3]:
			return "it is refused, but the answer lacks something: compare the two lines above"
		}
		return "it is refused, but with " + first + ": either the status is wrong, or another check comes first"
	}
	bare := reason.ReplaceAllString(came, "close $1")
	begins := func(want string) bool { return bare == want || strings.HasPrefix(bare, want+", ") }
	sent := fmt.Sprint("close ", c.Send[len(c.Send)-1].Code())
	switch wanted := strings.Split(c.Want, " or "); {
	case slices.ContainsFunc(wanted, begins):
		return "more follows than should: does that frame's length match its payload, " +
			"and does nothing follow a close frame?"
	case end == probe.HungUp && !strings.Contains(came, "close"):
		return "the server hangs up without a close frame: it must send one before it ends the connection"
	case end == probe.Reset:
		return probe.Resets
	case strings.HasPrefix(bare, "close ") && bare != sent:
		return "it is ended, but with another code: either the code is wrong, or another check comes first"
	}
	return ""
}
