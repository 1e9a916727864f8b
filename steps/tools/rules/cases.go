package rules

import "websocket-workshop/steps/tools/wstest"

// A Case is one rule of the protocol, tried: what a client does, and what must come back.
type Case struct {
	Section string // of RFC 6455
	Name    string // what the client does: "a ping of 126 bytes"

	// Step is the first step whose server must answer so, and Row the name of the check's row
	// that tries the case. Cases without a row are tried by raw's tests only.
	Step int
	Row  string
	Hint string // what is most likely wrong in a server that answers differently, if not the row's hint

	Changes   []string       // to the opening handshake: see wstest.Request.Changed
	Body      []byte         // sent with the handshake
	Send      []wstest.Frame // sent after it; masked frames may get other keys unless Raw is set
	HalfClose bool           // then the client ends its direction of the TCP connection

	// Chat cases are for a chat server. All others are for an echo, and if they have a row,
	// a chat answers the same: no whole message is among the frames.
	Chat bool

	// Want is what comes back until the connection ends, separated by commas:
	//
	//	text "Hello"      a frame, in the words of wstest.Frame.String
	//	close 1002        a close frame with any reason
	//	close 1000 "bye"  a close frame with this reason
	//	a post            the chat sends a history with a post by a user with the case's name
	//	hangs up          the server ends the connection without a close frame
	//	resets            it resets the connection, after what came before
	//	waits             it does not end the connection
	//
	// A server that sends a close frame hangs up afterwards. Where Want has no end, the client
	// ends the connection with code 1000, and the server must answer that. If nothing is sent
	// after the handshake, Want is the status that answers it, and the fields that matter with it:
	// `101`, `405 Allow: GET`.
	Want    string
	Library string // what library/ answers instead; "" if the same

	// RFC is what the RFC says of a server that answers as Library does. It begins with the
	// section: "8.1 asks to fail the connection". Asked is set where that is not what it asks for.
	RFC   string
	Asked bool

	Cells Cells
}

// Cells are the wording of a row in library/README.md's table. What happens is also the
// name of the wire view's button for the case.
type Cells struct{ What, Raw, Library string }
