package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// code returns the names of a folder's Go files, tests left out.
func code(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(repo, folder))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			names = append(names, e.Name())
		}
	}
	return names
}

// same holds a file to be the same in two folders, byte for byte.
func same(t *testing.T, a, b, name string) {
	t.Helper()
	x, err := os.ReadFile(filepath.Join(repo, a, name))
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(filepath.Join(repo, b, name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Errorf("%s differs between %s and %s", name, a, b)
	}
}

// TestSameRaw: the last step is the finished server.
func TestSameRaw(t *testing.T) {
	names := code(t, "raw")
	if got := code(t, "steps/06"); strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("raw has %v, steps/06 has %v", names, got)
	}
	for _, name := range names {
		same(t, "raw", "steps/06", name)
	}
}

// TestSameLibrary: raw and library differ in the protocol alone.
func TestSameLibrary(t *testing.T) {
	for _, name := range []string{"main.go", "history.go", "hub.go"} {
		same(t, "raw", "library", name)
	}
	if got := strings.Join(code(t, "library"), " "); got != "history.go hub.go main.go websocket.go" {
		t.Errorf("library has %s", got)
	}
}

// TestOneRequirement: the workshop needs the library and nothing else.
func TestOneRequirement(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(repo, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var required []string
	for _, m := range regexp.MustCompile(`(?m)^(?:require)?\s+([^\s()]+\.[^\s()]+/\S+ v\S+)`).FindAllStringSubmatch(string(mod), -1) {
		required = append(required, m[1])
	}
	if got := strings.Join(required, ", "); got != "nhooyr.io/websocket v1.8.17" {
		t.Errorf("go.mod requires %s", got)
	}
}

// TestOnlyCode: what is in the steps' folders shows in their diffs.
func TestOnlyCode(t *testing.T) {
	for step := 1; step <= lastStep; step++ {
		folder := filepath.Join(repo, "steps", "0"+string(rune('0'+step)))
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				t.Errorf("%s is not code", filepath.Join(folder, e.Name()))
			}
		}
	}
}
