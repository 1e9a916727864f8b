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
	opBinary       = 0x2
	opClose        = 0x8 // this and what follows are control frames
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

// A header is what stands in a frame before its payload (section 5.2).
type header struct {
	fin    bool    // the message ends with this frame
	op     byte    // what the frame carries
	length uint64  // of the payload, in bytes
	key    [4]byte // the masking key
	raw    []byte  // the whole header as it came
}

// readHeader reads a frame's header and refuses what no client may send. A length may
// be anything up to 2^64-1: whoever reads the payload must compare it with a limit.
func readHeader(r io.Reader) (h header, err error) {
	raw := make([]byte, 14) // the longest header: 2 bytes, 8 of length, 4 of key
	if _, err = io.ReadFull(r, raw[:2]); err != nil {
		return h, err
	}
	h.fin, h.op, h.length = raw[0]&finBit != 0, raw[0]&0x0F, uint64(raw[1]&0x7F)
	if err = h.check(raw); err != nil {
		return h, err
	}
	size := 2 // of the header without its key
	switch h.length {
	case 126:
		size, h.length = 4, 0
	case 127:
		size, h.length = 10, 0
	}
	h.raw = raw[:size+4]
	if _, err = io.ReadFull(r, h.raw[2:]); err != nil {
		return h, err
	}
	for _, b := range raw[2:size] { // the most significant byte comes first
		h.length = h.length<<8 | uint64(b)
	}
	h.key = [4]byte(raw[size:])
	return h, nil
}

// check refuses what the first two bytes of a frame can have wrong.
func (h header) check(raw []byte) error {
	switch {
	case raw[1]&0x80 == 0:
		return closeError{1002, "the frame is not masked"} // 5.1
	case h.op >= opClose && (!h.fin || h.length > 125):
		return closeError{1002, "the control frame is fragmented, or over 125 bytes"} // 5.5
	}
	return nil
}

// unmask undoes the mask: byte i of the payload was XORed with byte i mod 4 of the key
// (section 5.3). XOR takes eight bytes as easily as one; each round takes sixteen.
func unmask(p []byte, key [4]byte) {
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	k |= k << 32 // the key, twice
	for ; len(p) >= 16; p = p[16:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^k)
		binary.LittleEndian.PutUint64(p[8:], binary.LittleEndian.Uint64(p[8:])^k)
	}
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
