package process

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inputs are tests that build other folders in subprocesses, and a file in each of those.
var inputs = []struct {
	pkg, run string
	files    []string
}{
	{"./raw", "TestNoPushAfterClose", []string{"library/websocket.go"}},
}

// TestNoteInputs breaks files in a copy of the workshop, and looks whether the tests that depend
// on them run again, or go test returns the result that it has.
func TestNoteInputs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copyOld(t, Workshop("."), dir)
	test := func(pkg, run string) (cached bool) {
		cmd := exec.Command("go", "test", "-vet=off", "-run", run, pkg)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil && !strings.Contains(string(out), "FAIL") {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
		return strings.Contains(string(out), "(cached)")
	}
	for _, in := range inputs {
		test(in.pkg, in.run)
		if !test(in.pkg, in.run) {
			t.Errorf("%s: a result is not cached, though nothing has changed: this test proves nothing",
				in.pkg)
		}
		for _, file := range in.files {
			path := filepath.Join(dir, filepath.FromSlash(file))
			was, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			os.WriteFile(path, append([]byte("broken\n"), was...), 0o666)
			if test(in.pkg, in.run) {
				t.Errorf("%s: the result is cached, though %s has changed", in.pkg, file)
			}
			os.WriteFile(path, was, 0o666)
		}
	}
}

// copyOld copies the workshop, but for hidden files and attendees' folders. The copies are old:
// Go caches no result of a test that opens a file of the last two seconds.
func copyOld(t *testing.T, from, to string) {
	old := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(from, path)
		target := filepath.Join(to, name)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(name, ".") && name != "." || strings.HasPrefix(name, "work")):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o777)
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(target, b, 0o666); err != nil {
			return err
		}
		return os.Chtimes(target, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
}
