package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"websocket-workshop/steps/tools/wstest"
)

// A Case tests one rule of the protocol: what a client does, and what must come back. Cases returns them
// all.
type Case struct {
	Section string // of RFC 6455
	Name    string // what the client does: "a ping of 126 bytes"

	// Step is the first step whose server must answer like this. Row is the name of the check's row that
	// tries the case; only raw's tests try cases without one. Hint is what is most likely wrong with a
	// server that answers differently, if the row's own hint does not tell.
	Step      int
	Row, Hint string

	Changes   []string       // to the opening handshake: see wstest.Request.Changed
	Body      []byte         // sent with the handshake
	Send      []wstest.Frame // sent after it; masked frames without Raw may get other keys
	HalfClose bool           // then the client ends its direction of the TCP connection
	Answer    bool           // the client answers the server's close frame, as a browser does

	// Chat cases are for a chat server, all others for an echo. If an echo's case has a row, a chat gives
	// the same answer: no whole message is among the frames.
	Chat bool

	// Want is what comes back until the connection ends, separated by commas:
	//
	//	text "Hello"      a frame, in the words of wstest.Frame.String
	//	close 1002        a close frame with any reason
	//	close 1000 "bye"  a close frame with this reason
	//	a post            the chat sends a history with a post by a user named like the case
	//	hangs up          the server ends the connection without a close frame
	//	resets            it resets the connection, after what came before
	//	waits             it does not end the connection
	//	… or …            either of the two
	//
	// That a server hangs up after a close frame is implied. If Want does not end the connection, the
	// client does so with code 1000, and the server must answer. If no frames are sent, Want is the status
	// of the answer to the handshake, and the fields that matter: `101`, `405 Allow: GET`.
	Want    string
	Library string // what library/ sends instead; "" if the same

	Leeway []Leeway // what else the RFC lets a server on a library do
	Cells  Cells    // for a case in library/README.md's table
}

// Cells are the words of a row in library/README.md's table. The first cell is the case's name, which is
// also the name of its button in the wire view. Rows that no client's bytes can show have nothing to send.
type Cells struct{ Raw, Library string }

// A Leeway is what the RFC says about a server that answers differently.
type Leeway struct {
	Came  string // Anything, Ended, Refused, or what came in the words of Case.Want
	RFC   string // begins with the section: "8.1 asks to fail the connection"
	Asked bool   // the RFC does ask for what the case wants
}

// What can come instead of what is wanted.
const (
	Anything = ""
	Ended    = "ended"   // the connection, in any way
	Refused  = "refused" // the handshake, with another status from 400 on
)

// Allowed returns the leeway for what came instead of what the case wants, or nil if the
// server must do what the case wants.
func (c Case) Allowed(came string) *Leeway {
	refused := status.MatchString(came) && came[0] == '4'
	ended := hasEnd(came) && !strings.HasSuffix(came, "waits")
	for i, l := range c.Leeway {
		if l.Came == Anything || l.Came == Ended && ended || l.Came == Refused && refused ||
			Matches(came, l.Came) {
			return &c.Leeway[i]
		}
	}
	return nil
}

// Tried reports whether the case can be tried over a connection.
func (c Case) Tried() bool { return c.Step > 0 }

// ForHandshake reports whether the case is only about the opening handshake.
func (c Case) ForHandshake() bool { return len(c.Send) == 0 && !c.HalfClose }

// Cases returns the table of protocol cases, except the large ones. It is built once: copy a case to change
// it.
var Cases = sync.OnceValue(func() []Case {
	return slices.Concat(handshakes(), subprotocols(), origins(), masks(), reserved(), opcodes(), lengths(),
		fragments54(),
		controls(), data(), closings(), statusCodes(), broken(), limits(), texts8(), chats(), Differences())
})

// Custom returns a case that sends the given bytes to a chat, to see what comes back.
func Custom(b []byte) Case {
	c := chat("", "any bytes", "waits", wstest.Frame{Raw: b})
	c.Answer = true
	for in := bytes.NewReader(b); ; {
		f, err := wstest.Read(in)
		if c.Answer = c.Answer && f.Opcode != wstest.Close; err != nil {
			return c // if this is a close frame, the server sends an answer
		}
	}
}

// InRow returns the cases of one of the check's rows.
func InRow(row string) []Case {
	return slices.DeleteFunc(slices.Clone(Cases()), func(c Case) bool { return c.Row != row })
}

// Table returns the table of library/README.md.
func Table() string {
	var table strings.Builder
	table.WriteString("| what happens with | `raw/` | `library/` |\n|---|---|---|\n")
	for _, c := range Differences() {
		table.WriteString("| " + c.Name + " | " + c.Cells.Raw + " | " + c.Cells.Library + " |\n")
	}
	return table.String()
}

// Cases are built with these.

// echo returns a case for an echo.
func echo(section, name, want string, send ...wstest.Frame) Case {
	step := 6
	if !strings.Contains(want, "close") && !strings.Contains(want, "pong") {
		step = 4
	}
	return Case{Section: section, Name: name, Step: step, Send: send, Want: want}
}

// chat returns a case for a chat.
func chat(section, name, want string, send ...wstest.Frame) Case {
	c := echo(section, name, want, send...)
	c.Chat = true
	return c
}

// library returns the case with what library/ sends instead.
func (c Case) library(came string) Case {
	c.Library = came
	return c
}

// hangUp returns the case with a client that ends its direction after its frames.
func (c Case) hangUp() Case {
	c.HalfClose = true
	return c
}

// answers returns the case with a client that answers the server's close frame.
func (c Case) answers() Case {
	c.Answer = true
	return c
}

// inRow returns the cases as cases of the check's row, with a hint, and the leeway that each has.
func inRow(row, hint string, leeway []Leeway, cases ...Case) []Case {
	for i := range cases {
		cases[i].Row, cases[i].Leeway = row, leeway
		cases[i].Hint = cmp.Or(cases[i].Hint, hint)
	}
	return cases
}

// Frames, as a client sends them.

// exampleKey is the masking key of the examples in section 5.7.
var exampleKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// frameOf returns a masked frame with this first byte: FIN, reserved bits and opcode.
func frameOf(first byte, payload string) wstest.Frame {
	f := wstest.Whole(first&0xF, []byte(payload), exampleKey)
	f.Fin, f.RSV = first&0x80 != 0, first>>4&7
	return f
}

func textFrame(s string) wstest.Frame   { return frameOf(0x81, s) }
func binaryFrame(s string) wstest.Frame { return frameOf(0x82, s) }
func pingFrame(s string) wstest.Frame   { return frameOf(0x89, s) }
func pongFrame(s string) wstest.Frame   { return frameOf(0x8A, s) }

// Fragments of a text.
func firstPart(s string) wstest.Frame  { return frameOf(0x01, s) }
func middlePart(s string) wstest.Frame { return frameOf(0x00, s) }
func lastPart(s string) wstest.Frame   { return frameOf(0x80, s) }

// closeFrame returns a close frame.
func closeFrame(code int, reason string) wstest.Frame {
	return frameOf(0x88, string(wstest.ClosePayload(code, reason)))
}

// withoutMask returns f without its mask.
func withoutMask(f wstest.Frame) wstest.Frame {
	f.Masked = false
	return f
}

// withKey returns f with another masking key.
func withKey(f wstest.Frame, key [4]byte) wstest.Frame {
	f.Key = key
	return f
}

// inForm returns f with its length written in the given number of bits: 16 or 64.
func inForm(bits int, f wstest.Frame) wstest.Frame {
	f.Form = bits
	return f
}

// announced returns the header of a frame whose payload of n bytes never comes.
func announced(first byte, n uint64) wstest.Frame {
	f := frameOf(first, "")
	f.Length = n
	return f
}

// rawBytes returns bytes in place of a frame.
func rawBytes(s string) wstest.Frame { return wstest.Frame{Raw: []byte(s)} }

// inParts returns a message as fragments of n bytes.
func inParts(first byte, n int, message string) (parts []wstest.Frame) {
	opcode := first & 0x0F
	for ; len(message) > n; message = message[n:] {
		parts = append(parts, frameOf(opcode, message[:n]))
		opcode = wstest.Continuation
	}
	return append(parts, frameOf(0x80|opcode, message))
}

func list[T any](all ...T) []T { return all }

// PostBy returns a post of n bytes by a user, or a shorter one if n is too small for that.
func PostBy(user string, n int) string {
	s := fmt.Sprintf(`{"user": %q, "text": ""}`, user)
	return s[:len(s)-2] + strings.Repeat("x", max(0, n-len(s))) + s[len(s)-2:]
}

// says returns a message in the words of Want.
func says(opcode byte, payload string) string {
	return wstest.Frame{Fin: true, Opcode: opcode, Payload: []byte(payload)}.String()
}

func textSays(s string) string   { return says(wstest.Text, s) }
func binarySays(s string) string { return says(wstest.Binary, s) }
