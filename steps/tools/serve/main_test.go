package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestAddresses: it is known where a server listens, however it is told.
func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		args, port, want string
	}{
		{"", "", "[127.0.0.1:8080 [::1]:8080]"},
		{"", "81", "[127.0.0.1:81 [::1]:81]"},
		{"-addr=:82", "81", "[127.0.0.1:82 [::1]:82]"},
		{"-addr [::1]:83", "", "[[::1]:83]"},
		{"-addr localhost:0", "", "[]"},
		{"-addr 8080", "", "[]"},
	} {
		if got := fmt.Sprint(addresses(strings.Fields(test.args), test.port)); got != test.want {
			t.Errorf("%q with PORT=%s: %s, want %s", test.args, test.port, got, test.want)
		}
	}
}
