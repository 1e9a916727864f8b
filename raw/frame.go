package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"
)

// What a frame carries: its opcode (RFC 6455, section 5.2).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8 // this and what is above are control frames
	opPing         = 0x9
	opPong         = 0xA
)

const finBit = 0x80 // in the first byte of a frame: the message ends with it

// encode returns a frame that is a whole message. A server does not mask its frames
// (section 5.1), so the same bytes will do for every member.
func encode(op byte, payload []byte) []byte {
	frame := []byte{finBit | op}
	switch n := len(payload); {
	case n <= 125:
		frame = append(frame, byte(n))
	case n <= 0xFFFF:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	return append(frame, payload...)
}

// A header is the part of a frame before its payload (section 5.2).
type header struct {
	fin    bool    // the message ends with this frame
	op     byte    // what the frame carries
	length uint64  // of the payload, in bytes
	key    [4]byte // the masking key
}

// readHeader reads a frame's header and refuses what no client may send. A length may
// be anything up to 2^64-1: whoever reads the payload must compare it with a limit.
func readHeader(r io.Reader) (h header, err error) {
	b := make([]byte, 10) // a header without its key
	if _, err = io.ReadFull(r, b[:2]); err != nil {
		return h, err
	}
	h.fin, h.op, h.length = b[0]&finBit != 0, b[0]&0x0F, uint64(b[1]&0x7F)
	if err = h.check(b); err != nil {
		return h, err
	}
	switch h.length { // the most significant byte comes first
	case 126:
		_, err = io.ReadFull(r, b[2:4])
		h.length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		_, err = io.ReadFull(r, b[2:])
		h.length = binary.BigEndian.Uint64(b[2:])
	}
	if err != nil {
		return h, err
	}
	if b[1]&0x7F == 126 && h.length < 126 || b[1]&0x7F == 127 && h.length <= 0xFFFF {
		return h, closeError{1002, "the length is not in its shortest form"} // 5.2
	}
	_, err = io.ReadFull(r, b[:4])
	h.key = [4]byte(b)
	return h, err
}

// check refuses what the first two bytes of a frame can have wrong.
func (h header) check(b []byte) error {
	switch {
	case b[0]&0x70 != 0:
		return closeError{1002, "a reserved bit is set"} // 5.2: no extension was agreed on
	case h.op > opBinary && h.op < opClose || h.op > opPong:
		return closeError{1002, "the opcode is unknown"} // 5.2
	case b[1]&0x80 == 0:
		return closeError{1002, "the frame is not masked"} // 5.1
	case h.op >= opClose && (!h.fin || h.length > 125):
		return closeError{1002, "the control frame is fragmented, or over 125 bytes"} // 5.5
	}
	return nil
}

// unmask undoes the mask: byte i of the payload was XORed with byte i mod 4 of the key
// (section 5.3).
func unmask(p []byte, key [4]byte) {
	for i := range p {
		p[i] ^= key[i%4]
	}
}

// A closeError is why a connection ends: what a close frame says (section 7.4.1).
type closeError struct {
	Code   uint16
	Reason string // at most 123 bytes
}

func (e closeError) Error() string {
	return fmt.Sprintf("closed with %d %q", e.Code, e.Reason)
}

// payload returns what a close frame carries (section 5.5.1).
func (e closeError) payload() []byte {
	if e.Code == 1005 {
		return nil
	}
	return append(binary.BigEndian.AppendUint16(nil, e.Code), e.Reason...)
}

// parseClose returns what a close frame's payload says, or what is wrong with it.
func parseClose(payload []byte) closeError {
	if len(payload) == 0 {
		return closeError{1005, "no status code"} // a number for the log: it is never sent
	}
	if len(payload) == 1 || !sendable(binary.BigEndian.Uint16(payload)) {
		return closeError{1002, "the status code is not one that may be sent"}
	}
	if !utf8.Valid(payload[2:]) {
		return closeError{1007, "the reason is not UTF-8"}
	}
	return closeError{binary.BigEndian.Uint16(payload), string(payload[2:])}
}

// sendable reports whether a close frame may carry the code (section 7.4): one of the
// RFC's or registered since, or 3000 to 4999, which are for libraries and applications.
func sendable(code uint16) bool {
	return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
}
