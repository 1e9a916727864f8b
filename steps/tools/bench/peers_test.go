package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/programs"
)

// peers are raw's chat on other libraries: its main.go, history.go and hub.go with another
// websocket.go, so that what differs is the library.
var peers = []string{"coder", "gorilla", "gobwas"}

// assemble writes a module into dir, with a folder for each peer. In hub.go a frame has the
// type that the peer's library has for what is sent to many. Coder's is library/ with another
// import.
func assemble(dir string) error {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		return err
	}
	copies := [][4]string{ // from, to, and what is replaced in it by what
		{"go.mod", "go.mod", "../../..", strconv.Quote(filepath.ToSlash(root))},
		{"go.sum", "go.sum"},
		{filepath.Join(root, "library", "websocket.go"), filepath.Join("coder", "websocket.go"), "nhooyr.io/websocket", "github.com/coder/websocket"},
		{filepath.Join("testdata", "gorilla.go"), filepath.Join("gorilla", "websocket.go")},
		{filepath.Join("testdata", "gobwas.go"), filepath.Join("gobwas", "websocket.go")},
	}
	for _, peer := range peers {
		for _, name := range []string{"main.go", "history.go", "hub.go"} {
			c := [4]string{filepath.Join(root, "raw", name), filepath.Join(peer, name)}
			if name == "hub.go" && peer != "coder" {
				c[2], c[3] = "[]byte", "encoded"
			}
			copies = append(copies, c)
		}
	}
	for _, c := range copies {
		b, err := os.ReadFile(c[0])
		if err != nil {
			return err
		}
		to := filepath.Join(dir, c[1])
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		text := string(b)
		if c[2] != "" {
			text = strings.ReplaceAll(text, c[2], c[3])
		}
		if err := os.WriteFile(to, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// build makes a program of each server.
func build() error {
	source := filepath.Join(binaries, "source")
	if err := assemble(source); err != nil {
		return err
	}
	for dir, pkgs := range map[string][]string{"../../..": {"./raw", "./library"}, ".": {"./peers/bare"}, source: {"./coder", "./gorilla", "./gobwas"}} {
		if said, err := programs.Build(ctx, dir, binaries+string(filepath.Separator), pkgs...); err != nil {
			return fmt.Errorf("%v: %w\n%s", pkgs, err, said)
		}
	}
	return nil
}

// TestCheck: what attendees ask about their server on a library accepts the successor of
// theirs, and a library of another make.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	if err := assemble(dir); err != nil {
		t.Fatal(err)
	}
	check := filepath.Join(t.TempDir(), "check.exe")
	if said, err := programs.Build(t.Context(), "../../..", check, "./steps/tools/check"); err != nil {
		t.Fatal(err, said)
	}
	for _, peer := range []string{"coder", "gorilla"} {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), check, "-step", "6", "-library", filepath.Join(dir, peer)).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
