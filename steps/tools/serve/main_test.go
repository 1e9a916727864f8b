package main

import (
	"strings"
	"testing"
)

// TestAddress: address finds where a server listens, however its arguments state it.
func TestAddress(t *testing.T) {
	for _, test := range []struct {
		args, port, want string
	}{
		{"", "", "localhost:8080"},
		{"", "81", "localhost:81"},
		{"-addr=:82", "81", ":82"},
		{"-addr [::1]:83", "", "[::1]:83"},
		{"-addr localhost:0 -more", "", "localhost:0"},
	} {
		if got := address(strings.Fields(test.args), test.port); got != test.want {
			t.Errorf("%q with PORT=%s: %s, want %s", test.args, test.port, got, test.want)
		}
	}
}
