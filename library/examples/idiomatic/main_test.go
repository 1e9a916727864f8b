package main

import (
	"os/exec"
	"testing"
)

// TestCheck holds this server to what the workshop's check asks of a server on the library.
func TestCheck(t *testing.T) {
	check := exec.CommandContext(t.Context(), "go", "run", "./steps/tools/check", "-step", "6", "-library", "library/examples/idiomatic")
	check.Dir = "../../.."
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
