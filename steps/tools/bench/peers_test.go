package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"websocket-workshop/steps/tools/programs"
)

// TestCheck: what attendees ask about their server on a library accepts the successor of
// theirs, and a library of another make.
func TestCheck(t *testing.T) {
	check := filepath.Join(t.TempDir(), "check.exe")
	if said, err := programs.Build(t.Context(), root, check, "./steps/tools/check"); err != nil {
		t.Fatal(err, said)
	}
	for _, peer := range []string{"coder", "gorilla"} {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := assemble(peer, dir); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), check, "-step", "6", "-library", dir).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
