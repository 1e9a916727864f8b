package main

import "testing"

// A close frame's payload is the code in two bytes, and the reason (section 5.5.1).
func TestClosePayload(t *testing.T) {
	for _, row := range []struct {
		in   closeError
		want string
	}{
		{closeError{Code: 1001, Reason: "bye"}, "\x03\xe9bye"},
		{closeError{Code: 1000}, "\x03\xe8"},
		{closeError{Code: 4999, Reason: "é"}, "\x13\x87é"},
		{closeError{Code: 1005, Reason: "no status code"}, ""}, // there was none, so none is sent
	} {
		if got := row.in.payload(); string(got) != row.want {
			t.Errorf("closeError{%d, %q}.payload() is [% x], want [% x]", row.in.Code, row.in.Reason, got, row.want)
		}
	}
}
