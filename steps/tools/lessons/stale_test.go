package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// theWorkshop returns the workshop that these tests are in, and keeps the go command from answering "ok
// (cached)" for the test. Such a test reads the whole workshop, but the go command looks only at files in
// this module to see whether a result still holds. It keeps no result of a test that has opened a file
// which is too new to be trusted, though, and one from tomorrow is.
func theWorkshop(t *testing.T) *workshop {
	t.Helper()
	const uncached = ".uncached" // which git ignores
	tomorrow := time.Now().Add(24 * time.Hour)
	err := errors.Join(os.WriteFile(uncached, nil, 0o644), os.Chtimes(uncached, tomorrow, tomorrow))
	if err == nil {
		_, err = os.ReadFile(uncached)
	}
	if err != nil {
		t.Fatalf("a result of this test could be used again when it no longer holds: %v", err)
	}
	return newWorkshop(root)
}

// TestNeverCached breaks a copy of the workshop in a file outside this module, and runs a test again.
func TestNeverCached(t *testing.T) {
	workshop := t.TempDir()
	for _, name := range strings.Fields("go.mod go.sum frontend/frontend.go frontend/index.html steps library raw") {
		if err := copyAll(filepath.Join(workshop, name), filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	test := func(want string) {
		t.Helper()
		cmd := exec.Command("go", "test", "-run", "TestTyped", ".")
		cmd.Dir = filepath.Join(workshop, "steps/tools/lessons")
		out, err := cmd.CombinedOutput()
		said := string(out)
		if !strings.Contains(said, want) || strings.Contains(said, "(cached)") || (err == nil) != (want == "ok") {
			t.Fatalf("want %q and no result from before: %v\n%s", want, err, said)
		}
	}
	test("ok")
	test("ok")
	hub := filepath.Join(workshop, "steps/05/hub.go")
	text, err := os.ReadFile(hub)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(text), "delete(h.members, c)", "delete(h.members, nil)", 1)
	if err := os.WriteFile(hub, []byte(broken), 0o644); err != nil {
		t.Fatal(err)
	}
	test("steps/05.md")
}

// copyAll copies a file or a folder.
func copyAll(to, from string) error {
	if info, err := os.Stat(from); err != nil || info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
