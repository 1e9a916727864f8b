package main

import "encoding/binary"

// What a frame carries: its opcode (RFC 6455, section 5.2).
const (
	opText = 0x1
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
