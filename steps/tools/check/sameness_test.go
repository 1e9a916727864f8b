package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/stepcode"
)

// repo is the full path of the workshop's root: some tests change the current folder.
var repo, _ = filepath.Abs(filepath.Join("..", "..", ".."))

// codeIn returns the Go files of a folder by name, without tests.
func codeIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := stepcode.Code(filepath.Join(repo, folder))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSame: the last step is the finished server, and the library's differs only in the protocol.
func TestSame(t *testing.T) {
	expectCode(t, "steps/06", codeIn(t, "raw"))
	raw := codeIn(t, "raw")
	for _, name := range []string{"conn.go", "frame.go", "handshake.go"} {
		delete(raw, name)
	}
	raw["websocket.go"] = codeIn(t, "library")["websocket.go"]
	expectCode(t, "library", raw)
}

// expectCode fails unless a folder has exactly these files, byte for byte.
func expectCode(t *testing.T, folder string, want map[string]string) {
	t.Helper()
	code := codeIn(t, folder)
	for name := range want {
		if code[name] == "" || code[name] != want[name] {
			t.Errorf("%s differs between raw and %s", name, folder)
		}
		delete(code, name)
	}
	if len(code) > 0 {
		t.Errorf("%s has more than raw: %v", folder, slices.Collect(maps.Keys(code)))
	}
}

// TestOneRequirement: the workshop requires only the library.
func TestOneRequirement(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(repo, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	required := regexp.MustCompile(`[^\s()]+\.[^\s()]+/\S+ v\S+`).FindAllString(string(mod), -1)
	if got := strings.Join(required, ", "); got != "nhooyr.io/websocket v1.8.17" {
		t.Errorf("go.mod requires %s", got)
	}
}

// TestOnlyCode: the steps' folders contain only code, since everything in them shows in the diffs.
func TestOnlyCode(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(repo, "steps", "0[1-6]", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatal(err)
	}
	for _, path := range paths {
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s is not code", path)
		}
	}
}

// TestGoVersion: every go.mod requires the same Go, by a version of three numbers, which names a toolchain.
// The texts and the container name the same Go.
func TestGoVersion(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(repo, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	directive := regexp.MustCompile(`(?m)^go (\d+\.\d+)\.\d+$`)
	main := directive.FindStringSubmatch(read("go.mod"))
	if main == nil {
		t.Fatal("go.mod has no line like: go 1.25.0")
	}
	for _, depth := range []string{"*", "*/*", "*/*/*"} {
		modules, _ := fs.Glob(os.DirFS(repo), depth+"/go.mod") // the patterns are valid
		for _, name := range modules {
			if own := directive.FindString(read(name)); own != main[0] {
				t.Errorf("%s has %q, but go.mod has %q", name, own, main[0])
			}
		}
	}
	for name, want := range map[string]string{
		"README.md":                       "Go " + main[1] + " or newer",
		"steps/INSTRUCTOR.md":             "Go " + main[1] + " or newer",
		".devcontainer/devcontainer.json": "/go:" + main[1] + `"`,
	} {
		if !strings.Contains(read(name), want) {
			t.Errorf("%s does not contain %s", name, want)
		}
	}
}
