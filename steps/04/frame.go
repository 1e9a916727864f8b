package main

import (
	"encoding/binary"
	"fmt"
	"io"
)

// What a frame carries: its opcode (RFC 6455, section 5.2).
const (
	opContinuation = 0x0
	opText         = 0x1
	opClose        = 0x8 // this and what is above are control frames
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
	_, err = io.ReadFull(r, b[:4])
	h.key = [4]byte(b)
	return h, err
}

// check refuses what the first two bytes of a frame can have wrong.
func (h header) check(b []byte) error {
	switch {
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
