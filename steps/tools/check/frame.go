package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// opcodeNames is how a lesson calls what a frame carries.
var opcodeNames = map[byte]string{
	opContinuation: "continuation", opText: "text", opBinary: "binary",
	opClose: "close", opPing: "ping", opPong: "pong",
}

// A frame is one frame, right or wrong, sent or received.
type frame struct {
	fin     bool
	rsv     byte // the three reserved bits
	opcode  byte
	masked  bool
	key     [4]byte
	form    int    // bits that the length is written in: 7, 16 or 64; 0 chooses the shortest
	length  uint64 // what the header says
	payload []byte // unmasked
	raw     []byte // the bytes as they came, or as they will be sent
}

// head returns the bytes in front of the payload.
func (f frame) head() []byte {
	first := f.opcode | f.rsv<<4
	if f.fin {
		first |= 0x80
	}
	form := f.form
	if form == 0 {
		form = shortestForm(f.length)
	}
	b := []byte{first}
	switch form {
	case 7:
		b = append(b, byte(f.length))
	case 16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(f.length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), f.length)
	}
	if f.masked {
		b[1] |= 0x80
		b = append(b, f.key[:]...)
	}
	return b
}

// encoded returns f with its bytes set.
func (f frame) encoded() frame {
	if f.length == 0 {
		f.length = uint64(len(f.payload))
	}
	f.raw = append(f.head(), mask(f.payload, f.key, f.masked)...)
	return f
}

// mask returns a copy of payload with the masking key applied, if there is one to apply.
func mask(payload []byte, key [4]byte, masked bool) []byte {
	out := append([]byte(nil), payload...)
	for i := range out {
		if masked {
			out[i] ^= key[i%4]
		}
	}
	return out
}

// shortestForm returns the bits that a length has to be written in (section 5.2).
func shortestForm(length uint64) int {
	switch {
	case length <= 125:
		return 7
	case length <= 0xFFFF:
		return 16
	}
	return 64
}

// String says what the fields of a frame are.
func (f frame) String() string {
	name, known := opcodeNames[f.opcode]
	if !known {
		name = fmt.Sprintf("unknown opcode 0x%X", f.opcode)
	}
	parts := []string{name}
	if f.fin {
		parts = append(parts, "FIN")
	} else {
		parts = append(parts, "no FIN")
	}
	if f.rsv != 0 {
		parts = append(parts, fmt.Sprintf("reserved bits %03b", f.rsv))
	}
	if f.masked {
		parts = append(parts, fmt.Sprintf("masked with % x", f.key))
	} else {
		parts = append(parts, "not masked")
	}
	parts = append(parts, fmt.Sprintf("length %d", f.length))
	if f.form > shortestForm(f.length) {
		parts = append(parts, fmt.Sprintf("written in %d bits", f.form))
	}
	return strings.Join(parts, ", ") + f.describePayload()
}

// describePayload says what a frame carries, in the way its opcode asks for.
func (f frame) describePayload() string {
	switch {
	case len(f.payload) == 0:
		return ""
	case f.opcode == opClose && len(f.payload) >= 2:
		return fmt.Sprintf(": status code %d %s", f.code(), quote(f.payload[2:]))
	}
	return ": " + quote(f.payload)
}

// code returns the status code of a close frame, or 0.
func (f frame) code() int {
	if len(f.payload) < 2 {
		return 0
	}
	return int(binary.BigEndian.Uint16(f.payload))
}

// closePayload returns the payload of a close frame.
func closePayload(code int, reason string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// quote returns the beginning of a payload, as text where it is text.
func quote(b []byte) string {
	const most = 72
	cut := ""
	if len(b) > most {
		n := most
		for n > most-utf8.UTFMax && !utf8.RuneStart(b[n]) {
			n--
		}
		b, cut = b[:n], "…"
	}
	if !printable(b) {
		return hexBytes(b[:min(len(b), 16)]) + cut
	}
	return string(b) + cut
}

// printable reports whether b can be shown as text.
func printable(b []byte) bool {
	for _, r := range string(b) {
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' {
			return false
		}
	}
	return true
}

// hexBytes returns bytes in hex, as far as they fit on a line.
func hexBytes(b []byte) string {
	const most = 20
	if len(b) <= most {
		return fmt.Sprintf("% x", b)
	}
	return fmt.Sprintf("% x … (%d bytes)", b[:most], len(b))
}

// A post is what a client sends.
type post struct {
	User string `json:"user"`
	Text string `json:"text"`
}

// json returns the post as a client writes it.
func (m post) json() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // two strings always have a JSON form
	}
	return b
}

// A message is what a server says of a post.
type message struct {
	User string          `json:"user"`
	Text string          `json:"text"`
	Time json.RawMessage `json:"time"`
}

// A history is what a server sends, newest first.
type history struct {
	Msg []message `json:"msg"`
}

// find returns where in the history a text is, or -1.
func (h history) find(text string) int {
	for i, m := range h.Msg {
		if m.Text == text {
			return i
		}
	}
	return -1
}

// has reports whether all the texts are in the history.
func (h history) has(texts ...string) bool {
	for _, text := range texts {
		if h.find(text) < 0 {
			return false
		}
	}
	return true
}

// String lists the texts of a history, newest first, as far as a line has room.
func (h history) String() string {
	var texts []string
	for i, m := range h.Msg {
		if i == 6 {
			texts = append(texts, fmt.Sprintf("… (%d in all)", len(h.Msg)))
			break
		}
		texts = append(texts, short(m.Text))
	}
	return strings.Join(texts, " | ")
}

// short returns the beginning of a text.
func short(text string) string {
	if runes := []rune(text); len(runes) > 24 {
		return fmt.Sprintf("%s… (%d characters)", string(runes[:16]), len(runes))
	}
	return text
}
