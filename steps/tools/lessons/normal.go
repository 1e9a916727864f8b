package main

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

var (
	logTime   = regexp.MustCompile(`^(\^C)?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	hostPort  = regexp.MustCompile(`(localhost|127\.0\.0\.1|\[::1\]):\d+`)
	frameLink = regexp.MustCompile(`frame\.html#([0-9a-f]+)`)
	hexDump   = regexp.MustCompile(`received ([0-9a-f]{2}(?: [0-9a-f]{2})*)(?: …)?`)
	handKey   = regexp.MustCompile(`(Sec-WebSocket-(?:Key|Accept)): \S+`)
	unixMilli = regexp.MustCompile(`"time":\s*\d+`)
	seconds   = regexp.MustCompile(`\d+(\.\d+)?m?s\b`)
)

// normal returns a line of a terminal without what differs each time: times, addresses,
// keys. Masked bytes are unmasked, so that it still matters what was in the frame.
func normal(line string) string {
	line = strings.TrimRight(line, " \t\r")
	line = logTime.ReplaceAllString(line, "TIME ")
	line = hostPort.ReplaceAllString(line, "HOST")
	line = handKey.ReplaceAllString(line, "$1: KEY")
	line = unixMilli.ReplaceAllString(line, `"time":TIME`)
	line = seconds.ReplaceAllString(line, "SECONDS")
	line = frameLink.ReplaceAllStringFunc(line, func(s string) string {
		return "frame.html#" + unmasked(strings.TrimPrefix(s, "frame.html#"))
	})
	return hexDump.ReplaceAllStringFunc(line, func(s string) string {
		digits, isCut := strings.CutSuffix(strings.TrimPrefix(s, "received "), " …")
		s = "received " + unmasked(strings.ReplaceAll(digits, " ", ""))
		if isCut {
			s += "…"
		}
		return s
	})
}

// unmasked returns frames in hex with each masking key named KEY and the mask undone. It
// goes as far as the bytes do.
func unmasked(digits string) string {
	b, _ := hex.DecodeString(digits[:len(digits)&^1])
	var s strings.Builder
	for len(b) > 0 {
		size, length := headerSize(b)
		if len(b) > 1 && b[1]&0x80 == 0 {
			fmt.Fprintf(&s, "%x", b) // not masked
			break
		}
		if len(b) < size+4 {
			fmt.Fprintf(&s, "%x", b[:min(size, len(b))]) // of the key no more than a part
			break
		}
		fmt.Fprintf(&s, "%x KEY ", b[:size])
		payload := b[size+4:]
		payload = payload[:min(uint64(len(payload)), length)]
		for i, c := range payload {
			fmt.Fprintf(&s, "%02x", c^b[size+i%4])
		}
		s.WriteString(" ")
		b = b[size+4+len(payload):]
	}
	return strings.TrimSpace(s.String())
}

// headerSize returns how many bytes come before a frame's masking key, and the length that
// they name.
func headerSize(b []byte) (size int, length uint64) {
	if len(b) < 2 {
		return 2, 0
	}
	size, length = 2, uint64(b[1]&0x7F)
	switch length {
	case 126:
		size, length = 4, 0
	case 127:
		size, length = 10, 0
	}
	for i := 2; i < size && i < len(b); i++ {
		length = length<<8 | uint64(b[i])
	}
	return size, length
}
