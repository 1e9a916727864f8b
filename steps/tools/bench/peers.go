package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"websocket-workshop/steps/tools/process"
)

const root = "../../.." // the workshop's folder, relative to this one

// peers lists raw's chat on other libraries: its main.go, history.go and hub.go with another
// websocket.go, so that only the library differs. Coder's is library/ with another import. In gorilla's
// hub.go, a frame has the library's type for messages to many.
var peers = map[string]struct {
	websocket string
	changes   []string // old, new, …
}{
	"coder": {root + "/library/websocket.go", []string{`"nhooyr.io`, `"github.com/coder`}},
	"gorilla": {"testdata/gorilla/websocket.go",
		[]string{"frame []byte", "frame encoded", "Pointer[[]byte]", "Pointer[encoded]"}},
	"gobwas": {"testdata/gobwas/websocket.go", nil},
}

// assemble writes a module for a peer into dir.
func assemble(peer, dir string) error {
	home, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	p := peers[peer]
	changes := strings.NewReplacer(append(p.changes, root, fmt.Sprintf("%q", filepath.ToSlash(home)))...)
	for _, from := range []string{"go.mod", "go.sum", root + "/raw/main.go", root + "/raw/history.go",
		root + "/raw/hub.go", p.websocket} {
		b, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		// or it does not build
		os.WriteFile(filepath.Join(dir, filepath.Base(from)), []byte(changes.Replace(string(b))), 0o666)
	}
	return nil
}

// build builds each server.
func build(ctx context.Context, binaries string) error {
	for _, server := range servers {
		dir := filepath.Join(root, server)
		if server == "bare" {
			dir = "."
		} else if _, isPeer := peers[server]; isPeer {
			dir = filepath.Join(binaries, server)
			if err := errors.Join(os.Mkdir(dir, 0o777), assemble(server, dir)); err != nil {
				return err
			}
		}
		if said, err := process.Build(ctx, dir, filepath.Join(binaries, server+".exe"), "."); err != nil {
			return fmt.Errorf("%s: %w\n%s", server, err, said)
		}
	}
	return nil
}
