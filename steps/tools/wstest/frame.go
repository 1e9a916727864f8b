// Package wstest implements RFC 6455 from the client's side, for programs that test, check or watch a
// server: it converts frames to and from bytes, even wrong ones; builds the opening handshake line by
// line; and has a client that records what it sends and receives. It shares no code with the servers,
// so that it can judge them.
//
// A client connects and asks for a WebSocket with a random key, checks that the server has computed the
// accept value from it, and masks every frame that it sends: Open, Answer.Fault and Masked show how.
// All section numbers refer to RFC 6455.
package wstest

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
)

// The opcodes (section 5.2).
const (
	Continuation = 0x0
	Text         = 0x1
	Binary       = 0x2
	Close        = 0x8
	Ping         = 0x9
	Pong         = 0xA
)

// MaxControl is the maximum length of a control frame's payload in bytes (section 5.5).
const MaxControl = 125

// Names has RFC 6455's names of the opcodes; the others are reserved.
var Names = map[byte]string{
	Continuation: "continuation", Text: "text", Binary: "binary",
	Close: "close", Ping: "ping", Pong: "pong",
}

// A Frame is one frame, right or wrong: Bytes writes the fields unchanged (section 5.2).
type Frame struct {
	Fin     bool
	RSV     byte // the three reserved bits: RSV1 is 4, RSV3 is 1
	Opcode  byte
	Masked  bool
	Key     [4]byte // the masking key, if Masked
	Form    int     // the bits used for the length: 7, 16 or 64; for Bytes, 0 is the shortest
	Length  uint64  // as the header states it; for Bytes, 0 is the length of Payload
	Payload []byte  // unmasked
	Raw     []byte  // the bytes as received; if set, Bytes returns them
}

// Whole returns a message of one frame as a client sends it: with FIN, masked with key. It is for tests
// that choose the key; others call Masked.
func Whole(opcode byte, payload []byte, key [4]byte) Frame {
	return Frame{Fin: true, Opcode: opcode, Masked: true, Key: key, Payload: payload}
}

// Masked returns a message of one frame with a random masking key, as a client must send it.
// If the keys could be guessed, a page could choose its payload so that the masked bytes look
// like HTTP to a careless proxy (sections 5.3 and 10.3).
func Masked(opcode byte, payload []byte) Frame {
	var key [4]byte
	rand.Read(key[:]) // never fails
	return Whole(opcode, payload, key)
}

// Bytes returns the frame as it is sent.
func (f Frame) Bytes() []byte {
	if f.Raw != nil {
		return f.Raw
	}
	if f.Length == 0 {
		f.Length = uint64(len(f.Payload))
	}
	b := f.header()
	head := len(b)
	b = append(b, f.Payload...)
	if f.Masked {
		Mask(b[head:], f.Key)
	}
	return b
}

// header returns the bytes before the payload.
func (f Frame) header() []byte {
	first, masked := f.RSV<<4|f.Opcode, byte(0)
	if f.Fin {
		first |= 0x80
	}
	if f.Masked {
		masked = 0x80
	}
	form := f.Form
	if form == 0 {
		form = ShortestForm(f.Length)
	}
	b := make([]byte, 0, 14+len(f.Payload))
	switch form {
	case 7:
		b = append(b, first, masked|byte(f.Length)&0x7F)
	case 16:
		b = binary.BigEndian.AppendUint16(append(b, first, masked|126), uint16(f.Length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, masked|127), f.Length)
	}
	if f.Masked {
		b = append(b, f.Key[:]...)
	}
	return b
}

// ShortestForm returns in how many bits a length must be written (section 5.2).
func ShortestForm(length uint64) int {
	switch {
	case length <= 125:
		return 7
	case length <= 0xFFFF:
		return 16
	}
	return 64
}

// Mask masks or unmasks a payload (section 5.3).
func Mask(payload []byte, key [4]byte) {
	for i := range payload {
		payload[i] ^= key[i%4]
	}
}

// ParseHeader reads the header at the start of b, which TCP may have cut anywhere. The size is that of
// the whole header as far as b shows it: 2 to 14 bytes. While len(b) < size, some fields are missing:
// try again with more bytes. Payload and Raw are left nil.
func ParseHeader(b []byte) (f Frame, size int) {
	if len(b) > 0 {
		f.Fin, f.RSV, f.Opcode = b[0]&0x80 != 0, b[0]>>4&7, b[0]&0x0F
	}
	if len(b) < 2 {
		return f, 2
	}
	f.Masked, f.Length, f.Form, size = b[1]&0x80 != 0, uint64(b[1]&0x7F), 7, 2
	switch f.Length {
	case 126:
		f.Length, f.Form, size = 0, 16, 4
	case 127:
		f.Length, f.Form, size = 0, 64, 10
	}
	if len(b) >= size {
		for _, c := range b[2:size] {
			f.Length = f.Length<<8 | uint64(c)
		}
	}
	if f.Masked {
		size += 4
		if len(b) >= size {
			f.Key = [4]byte(b[size-4:])
		}
	}
	return f, size
}

// maxPayload is more than any server here sends in one frame.
const maxPayload = 1 << 30

// Read reads a frame, right or wrong. With an error it returns as much as there was. The error is
// io.EOF if there was nothing at all, and io.ErrUnexpectedEOF if the frame is cut short. Read allocates
// no memory for a payload before it arrives.
func Read(in io.Reader) (f Frame, err error) {
	var raw bytes.Buffer
	for size := 2; err == nil && raw.Len() < size; f, size = ParseHeader(raw.Bytes()) {
		_, err = io.CopyN(&raw, in, int64(size-raw.Len()))
	}
	if head := raw.Len(); err == nil {
		_, err = io.CopyN(&raw, in, int64(min(f.Length, maxPayload)))
		if err == nil && f.Length > maxPayload {
			err = io.EOF
		}
		f.Payload = bytes.Clone(raw.Bytes()[head:])
	}
	if f.Masked {
		Mask(f.Payload, f.Key)
	}
	if f.Raw = raw.Bytes(); err == io.EOF && len(f.Raw) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return f, err
}

// ClosePayload returns the payload of a close frame (section 5.5.1).
func ClosePayload(code int, reason string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// Code returns the status code in the payload of a close frame, or 0.
func (f Frame) Code() int {
	if len(f.Payload) < 2 {
		return 0
	}
	return int(binary.BigEndian.Uint16(f.Payload))
}

// ServerFault returns what is wrong with a frame that a server has sent, with the section of the rule,
// or nil. It looks only at the frame, not at what came before it.
func (f Frame) ServerFault() error {
	control := f.Opcode >= Close
	switch {
	case f.Masked:
		return fmt.Errorf("the server masked a frame (5.1)")
	case f.Form != ShortestForm(f.Length):
		return fmt.Errorf("the server wrote the length %d in %d bits (5.2)", f.Length, f.Form)
	case f.RSV != 0:
		return fmt.Errorf("the server set reserved bits: %03b (5.2)", f.RSV)
	case Names[f.Opcode] == "":
		return fmt.Errorf("the server sent the unknown opcode %X (5.2)", f.Opcode)
	case control && (!f.Fin || f.Length > MaxControl):
		return fmt.Errorf("the server fragmented a control frame, or made it too long (5.5)")
	case f.Opcode == Close && f.Length == 1:
		return fmt.Errorf("the server's close frame holds half a status code (5.5.1)")
	}
	return nil
}
