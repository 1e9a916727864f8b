package wstest

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf8"
)

// String returns a short description of the frame, so that two servers' answers can be compared: `text
// "Hello"`, `close 1002 "why"`, `pong ""`. Anything unusual is in parentheses. A long payload is
// replaced by its length and a checksum.
func (f Frame) String() string {
	name := Names[f.Opcode]
	if name == "" {
		name = fmt.Sprintf("opcode %X", f.Opcode)
	}
	if !f.Fin {
		name += " (no FIN)"
	}
	if f.RSV != 0 {
		name += fmt.Sprintf(" (RSV %03b)", f.RSV)
	}
	switch {
	case f.Opcode == Close && len(f.Payload) == 0:
		return name
	case f.Opcode == Close && len(f.Payload) >= 2:
		return fmt.Sprintf("%s %d %q", name, f.Code(), f.Payload[2:])
	}
	return name + " " + Short(f.Payload)
}

// Short quotes a payload, or gives the length and a checksum if it is long.
func Short(payload []byte) string {
	if len(payload) <= 130 {
		return fmt.Sprintf("%q", payload)
	}
	return fmt.Sprintf("%d bytes %08x", len(payload), crc32.ChecksumIEEE(payload))
}

// Describe describes all fields of the frame, for somebody who wants to understand its bytes: "text,
// FIN, masked with 37 fa 21 3d, length 5: Hello".
func (f Frame) Describe() string {
	if f.Length == 0 {
		f.Length = uint64(len(f.Payload)) // as in Bytes
	}
	s := cmp.Or(Names[f.Opcode], fmt.Sprintf("unknown opcode 0x%X", f.Opcode))
	s += map[bool]string{true: ", FIN", false: ", no FIN"}[f.Fin]
	if f.RSV != 0 {
		s += fmt.Sprintf(", reserved bits %03b", f.RSV)
	}
	if f.Masked {
		s += fmt.Sprintf(", masked with % x", f.Key)
	} else {
		s += ", not masked"
	}
	s += fmt.Sprintf(", length %d", f.Length)
	if f.Form > ShortestForm(f.Length) {
		s += fmt.Sprintf(", written in %d bits", f.Form)
	}
	switch {
	case f.Opcode == Close && len(f.Payload) >= 2:
		s += fmt.Sprintf(": status code %d %s", f.Code(), Quote(f.Payload[2:]))
		return strings.TrimSuffix(s, " ")
	case len(f.Payload) > 0:
		s += ": " + Quote(f.Payload)
	}
	return s
}

// lines returns the frame for the record: in hex, with its description below. Bytes that are not one
// whole frame are only in hex.
func (f Frame) lines() string {
	b := f.Bytes()
	if f.Raw != nil && f.Form == 0 { // they have not been parsed yet
		parsed, err := Read(bytes.NewReader(b))
		if err != nil || len(parsed.Raw) < len(b) {
			return Hex(b)
		}
		f = parsed
	}
	return Hex(b) + "\n= " + f.Describe()
}

// lines returns the answer for the record: its header without the Date, and its body. Anything that
// isn't text is in hex.
func (a Answer) lines() string {
	var all []string
	for line := range strings.Lines(a.Head) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && !strings.HasPrefix(line, "Date: ") {
			all = append(all, Quote([]byte(line)))
		}
	}
	if body := strings.TrimSpace(a.Body); body != "" {
		all = append(all, Quote([]byte(body)))
	}
	return strings.Join(all, "\n")
}

// Quote returns the beginning of a payload: as text, or in hex if it isn't text.
func Quote(b []byte) string {
	const most = 72
	cut := ""
	if len(b) > most {
		n := most
		for n > most-utf8.UTFMax && !utf8.RuneStart(b[n]) {
			n--
		}
		b, cut = b[:n], "…"
	}
	notText := func(r rune) bool { return r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' }
	if strings.ContainsFunc(string(b), notText) {
		return Hex(b[:min(len(b), 16)]) + cut
	}
	return string(b) + cut
}

// Hex returns the first 256 bytes in hex: enough to draw a frame. Lines for people may show fewer.
func Hex(b []byte) string {
	const most = 256
	if len(b) <= most {
		return fmt.Sprintf("% x", b)
	}
	return fmt.Sprintf("% x … (%d bytes)", b[:most], len(b))
}
