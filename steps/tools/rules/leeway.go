package rules

import (
	"regexp"
	"slices"
	"strings"
)

// A Leeway is a difference from the hand-written server that one on a library may have.
type Leeway struct {
	rows  string         // how the behaviours' names begin, with | between them
	came  *regexp.Regexp // what has to be in what came, if not nil
	Asked bool           // the RFC asks for more than the library does
	Why   string         // what the RFC says, with its section
}

// What came where a request is refused in another way, and where the server ends a connection.
var (
	refusedOtherwise = regexp.MustCompile(`^HTTP/1\.\d 4\d\d`)
	ended            = regexp.MustCompile(`close, FIN|hung up|reset`)
)

// leeways are those that are known of libraries; whatever else differs, the server owes.
var leeways = []Leeway{
	{"an upgrade to anything else|a method other than GET|Connection without upgrade|a missing or wrong key", refusedOtherwise, false, "4.2.1 leaves the status to the server"},
	{"a missing or wrong key", nil, true, "4.2.1 asks for a key of 16 bytes in base64"},
	{"a version other than 13", refusedOtherwise, false, "4.4 leaves the status to the server (and asks for the field Sec-WebSocket-Version)"},
	{"a version other than 13", nil, true, "4.2.1 asks for version 13"},
	{"the subprotocol json is named", regexp.MustCompile(`^HTTP/1.1 101`), true, "11.3.4 lets the field come in several lines"},
	{"a frame that comes with the handshake is read", nil, false, "4.1 asks clients to wait for the answer first"},
	{"an Origin on another host|so is an Origin", nil, false, "10.2 leaves it to the server which pages it trusts"},
	{"a message that breaks off", nil, true, "5.4 lets a message end with FIN: here the end of TCP does, too"},
	{"a length of 2^62 is refused", nil, false, "10.4 asks for limits, and not when they are looked at"},
	{"1009", nil, false, "7.4.1 has a code for it, and leaves open when it is sent"},
	{"1002 for a close frame with a wrong status code", nil, false, "7.4 says which codes may be sent, not what to do about others"},
	{"1003", ended, false, "7.4.1 has a code for it, and leaves it to the server"},
	{"1007 for text that is not a message in JSON", ended, false, "what a text has to mean is no matter of the RFC"},
	{"1007 for a close reason", regexp.MustCompile(`status code 1002|^the server hung up`), false, "7.1.7 asks to end the connection; that a close frame says why is a SHOULD"},
	{"1007 for a close reason", nil, true, "8.1 asks to fail the connection: such a reason must not be sent back"},
	{"1002|1007", ended, false, "7.1.7 asks to end the connection; that a close frame says why is a SHOULD"},
	{"1007 for text that is not UTF-8", nil, true, "8.1 asks to end the connection: the library leaves it to its user"},
	{"a close frame is answered with its own code", ended, false, "5.5.1 asks for an answer, and says that it typically has the same code"},
	{"an empty close frame is answered", ended, false, "5.5.1 leaves the code of the answer open"},
	{"the server's close frame is the last", nil, true, "5.5.1 asks for no data frame behind a close frame"},
	{"that goodbye is the last frame", regexp.MustCompile(`(?s)close, FIN.*close, FIN`), true, "5.5.1 lets nothing follow a close frame: with two of them Chromium tells the page 1006"},
	{"a close frame arrives even if the member still talks", nil, false, "7.1.1 asks to end TCP cleanly with a SHOULD"},
}

// LeewayOf returns what a difference is, or nil where the server owes the behaviour.
func LeewayOf(name string, f *Failure) *Leeway {
	for i, l := range leeways {
		begins := func(row string) bool { return strings.HasPrefix(name, row) }
		if slices.ContainsFunc(strings.Split(l.rows, "|"), begins) && (l.came == nil || l.came.MatchString(f.Came)) {
			return &leeways[i]
		}
	}
	return nil
}

// LastFrame returns what tells most of what came: the last frame, or the first line.
func LastFrame(came string) string {
	came = "\n" + strings.TrimSpace(came)
	came = came[max(0, strings.LastIndex(came, "\n= "))+1:]
	came, _, _ = strings.Cut(strings.TrimPrefix(came, "= "), "\n")
	return came
}
