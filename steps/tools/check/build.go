package main

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"websocket-workshop/steps/tools/programs"
)

// A source is a folder with the code of a server.
type source struct {
	name string // as the user says it
	dir  string // in full
	root string // of its module, in full
}

// findSource finds the folder to check, and says in a sentence why it cannot be checked.
func findSource(dir string) (source, error) {
	here, err := os.Getwd()
	if err != nil {
		return source{}, err
	}
	if dir == "" {
		dir = "work"
		if root := programs.Root(here); root != "" {
			dir = relative(here, filepath.Join(root, "work"))
		}
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		return source{}, err
	}
	src := source{name: filepath.Clean(dir), dir: full, root: programs.Root(full)}
	info, err := os.Stat(full)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return src, fmt.Errorf("there is no folder %s: go run ./steps/tools/play -step 1 makes work, to begin in", src.name)
	case err != nil:
		return src, fmt.Errorf("the folder cannot be read: %v", err)
	case !info.IsDir():
		return src, fmt.Errorf("%s is a file: give the folder that it is in", src.name)
	case src.root == "":
		return src, fmt.Errorf("%s is outside of the workshop's folder, and Go would not find the page it serves: put it inside", src.name)
	}
	return src, src.look()
}

// look says in a sentence why the folder has nothing to build.
func (src source) look() error {
	files, err := filepath.Glob(filepath.Join(src.dir, "*.go"))
	if err != nil {
		return err
	}
	code := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		code++
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
		if err == nil && parsed.Name.Name != "main" {
			return fmt.Errorf("%s is package %s: a program begins with package main", filepath.Join(src.name, filepath.Base(file)), parsed.Name.Name)
		}
	}
	if code == 0 {
		return fmt.Errorf("there is no Go code in %s: go run ./steps/tools/play -step N puts the start of step N into work", src.name)
	}
	return nil
}

// relative returns path as seen from here, if it can be.
func relative(here, path string) string {
	if rel, err := filepath.Rel(here, path); err == nil {
		return rel
	}
	return path
}

// pathInError finds the place of an error that Go prints.
var pathInError = regexp.MustCompile(`(?m)^([^\s:#][^\s:]*\.go):(\d+)`)

// build compiles the folder; with an error comes what the compiler says, its paths as
// seen from where the user stands.
func (src source) build(ctx context.Context, binary string, flags ...string) (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return err.Error(), err
	}
	said, err := programs.Build(ctx, src.root, binary, append(flags, "./"+filepath.ToSlash(relative(src.root, src.dir)))...)
	text := pathInError.ReplaceAllStringFunc(said, func(place string) string {
		path, line, _ := strings.Cut(place, ".go:")
		return relative(here, filepath.Join(src.root, path)) + ".go:" + line
	})
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "# ") { // the package: there is but one
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	if _, statErr := os.Stat(filepath.Join(src.dir, "go.mod")); statErr == nil && strings.Contains(text, "is not in std") {
		lines = append(lines, "Remove go.mod from "+src.name+": the code there belongs to the workshop's own module.")
	}
	return strings.Join(lines, "\n"), err
}
