package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoteInputs: go test runs the tests of raw again when library has changed, which one of them
// builds in a subprocess. The go command caches a result as long as the files in the test's log stay
// the same, so library's files must be in the log.
func TestNoteInputs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	raw, log := filepath.Join(dir, "raw.test"), filepath.Join(dir, "log")
	for _, args := range [][]string{
		{"go", "test", "-c", "-vet=off", "-o", raw, "."},
		{raw, "-test.run=TestNoPushAfterClose", "-test.testlogfile=" + log},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = filepath.Join(Workshop("."), "raw")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	noted, err := os.ReadFile(log)
	for _, file := range []string{"../library/websocket.go", "../library/hub.go"} {
		if !strings.Contains(string(noted), " "+filepath.FromSlash(file)+"\n") {
			t.Errorf("%s is not in the log, %v:\n%s", file, err, noted)
		}
	}
}
