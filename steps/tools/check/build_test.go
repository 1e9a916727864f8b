package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/doctor"
)

// TestProgram: the program is the folder's own, or the only one below, even if the folder is a link;
// whatever Go ignores is ignored.
func TestProgram(t *testing.T) {
	t.Chdir(write(t, map[string]string{
		"go.mod": "module x\n", "a/main.go": "package main\n", "a/b/main.go": "package main\n",
		"c/lib.go": "package lib\n", "c/cmd/server/main.go": "package main\n", "c/.x/main.go": "package main\n",
		"d/main.go": "package main\n", "d/._main.go": "\x00\x05", "d/_draft.go": "package x\n",
		"d/x_plan9.go": "package y\n", "d/gen.go": "//go:build ignore\n\npackage z\n",
		"e/x/main.go": "package main\n", "e/y/main.go": "package main\n",
		"f/main.go": "package main\n", "f/other.go": "package other\n",
	}))
	if err := os.Symlink("nobody@nowhere", filepath.Join("d", ".#main.go")); err == nil { // as Emacs does
		os.Symlink("c", "link")
	} else {
		os.CopyFS("link", os.DirFS("c")) // Windows may allow no links
	}
	for dir, want := range map[string]string{
		"a": "a", "c": "c/cmd/server", "link": "link/cmd/server", "link/": "link/cmd/server", "d": "d",
		"e": "there are 2 programs", "f": "f/other.go is package other",
	} {
		src, err := findSource(dir)
		got := filepath.ToSlash(src.name)
		if err != nil {
			got = filepath.ToSlash(err.Error())
		}
		if err == nil && got != want || !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
}

// TestRaceCannotRun: a program that -race builds but that cannot run counts as not built.
func TestRaceCannotRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this takes a shell")
	}
	go0, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"go": `#!/bin/sh
case "$*" in
*-race*) ;;
*) exec ` + go0 + ` "$@" ;;
esac
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\necho "FATAL: ThreadSanitizer: unexpected memory mapping" >&2\nexit 66\n' > "$2"
chmod +x "$2"
`})
	os.Chmod(filepath.Join(dir, "go"), 0o777)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	src, err := findSource(filepath.Join(repo, "steps", "01"))
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{src: src}
	said, err := c.buildAs(doctor.This())(t.Context(), filepath.Join(t.TempDir(), "raced.exe"), "-race")
	if err == nil || !strings.Contains(said, "ThreadSanitizer: unexpected memory mapping") {
		t.Errorf("%v, %s", err, said)
	}
}
