// Package rules defines what a server of the workshop must do: its limits and times, and the rules of RFC
// 6455 with the bytes that test each of them. The tests of raw and library, the check, the wire view and
// the table in library/README.md all read it, so that a rule changes in one place.
package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// Limits of the server, which are in steps/03/history.go and steps/04/conn.go. Tests compare raw, library, the
// examples and the servers of bench with them.
const (
	MaxMessage  = 4096                  // bytes in a message; a longer one is refused with 1009
	MaxReason   = wstest.MaxControl - 2 // bytes in a close frame's reason (RFC 6455, section 5.5.1)
	HistorySize = 50                    // posts in a history
	EchoLimit   = 64 << 20              // bytes in a message for the echo servers of the tests
	DialLimit   = 32_768                // bytes in a message that library's client reads by default
)

// Times of the server, which are in steps/01/main.go, in conn.go of steps 2 and 6, and in steps/06/main.go.
const (
	HandshakeTime = 5 * time.Second         // for a client to send a whole request
	AnswerTime    = 10 * time.Second        // for a client to read the answer to a request
	IdleTime      = time.Minute             // until a connection without further requests is closed
	WriteTime     = 5 * time.Second         // for a member to accept what is written to it
	CloseTime     = 5 * time.Second         // for a member to hang up once the server has
	PingTime      = 30 * time.Second        // from one ping to the next
	QuietTime     = 75 * time.Second        // without a frame from a member: then it is gone
	GoodbyeTime   = 1500 * time.Millisecond // after Ctrl-C, for the members to answer the goodbye
	StopTime      = 2 * time.Second         // from Ctrl-C to the exit of the process
)

// Subprotocol is the chat's subprotocol.
const Subprotocol = "json"

// Limits has the limits and times above by their names.
var Limits = map[string]any{
	"MaxMessage": MaxMessage, "MaxReason": MaxReason, "HistorySize": HistorySize, "DialLimit": DialLimit,
	"HandshakeTime": HandshakeTime, "AnswerTime": AnswerTime, "IdleTime": IdleTime, "WriteTime": WriteTime,
	"CloseTime": CloseTime, "PingTime": PingTime, "QuietTime": QuietTime, "GoodbyeTime": GoodbyeTime,
	"StopTime": StopTime,
}

// GoFile returns the limits as constants of a file in package main, by the same names, for code that cannot
// import this package.
func GoFile() string {
	text := "package main\n\nimport \"time\"\n\n"
	for _, name := range slices.Sorted(maps.Keys(Limits)) {
		value := fmt.Sprint(Limits[name])
		if d, ok := Limits[name].(time.Duration); ok {
			value = Code(d)
		}
		text += fmt.Sprintf("const %s = %s\n", name, value)
	}
	return text
}

// Code returns d as a program writes it: "5 * time.Second".
func Code(d time.Duration) string {
	unit := "Second"
	if d%time.Second != 0 {
		d, unit = d*1000, "Millisecond"
	}
	return fmt.Sprintf("%d * time.%s", d/time.Second, unit)
}

// Number returns n as the workshop's texts write it: 4096 is "4,096".
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Seconds returns d, a multiple of 100 ms, as the workshop's texts write it: "5 s", "1.5 s".
func Seconds(d time.Duration) string {
	return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + " s"
}
