package main

import "testing"

// A close frame has either no payload, or a code that may be sent and a reason in UTF-8 (sections 5.5.1 and
// 7.4).
func TestParseClose(t *testing.T) {
	for _, row := range []struct {
		payload string
		code    uint16
		reason  string // "": any, if the code is ours
	}{
		{"", 1005, ""},
		{"\x03", 1002, ""},
		{"\x03\xe8", 1000, ""},
		{"\x03\xe9bye", 1001, "bye"},
		{"\x03\xebé", 1003, "é"},
		{"\x03\xe8\xc3\x28", 1007, ""},
		{"\x00\x00", 1002, ""},
		{"\x03\xe7", 1002, ""},       // 999
		{"\x03\xec", 1002, ""},       // 1004 has no meaning
		{"\x03\xed", 1002, ""},       // 1005 and 1006 are never sent
		{"\x03\xee", 1002, ""},       //
		{"\x03\xef", 1007, ""},       // 1007 to 1014 are registered
		{"\x03\xf6", 1014, ""},       //
		{"\x03\xf7", 1002, ""},       // 1015 is never sent
		{"\x0b\xb7", 1002, ""},       // 2999
		{"\x0b\xb8lib", 3000, "lib"}, // 3000 to 4999 are for libraries and applications
		{"\x13\x87", 4999, ""},
		{"\x13\x88", 1002, ""},
	} {
		got := parseClose([]byte(row.payload))
		if got.Code != row.code || row.reason != "" && got.Reason != row.reason {
			t.Errorf("parseClose(% x) is %d %q, want %d %q", row.payload, got.Code, got.Reason, row.code, row.reason)
		}
	}
}
