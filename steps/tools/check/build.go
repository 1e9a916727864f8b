package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/process"
)

// A source is a folder with the code of a server.
type source struct {
	name string // as the user gives it
	dir  string // its full path
	root string // the full path of its module
}

// findSource finds the folder to check, or returns a sentence that explains why it cannot be checked.
func findSource(dir string) (source, error) {
	if dir == "" {
		dir = relative(".", filepath.Join(process.Root("."), "work"))
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		return source{}, err
	}
	src := source{name: filepath.Clean(dir), dir: full, root: process.Root(full)}
	info, err := os.Stat(full)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return src, fmt.Errorf("there is no folder %s: go run ./steps/tools/play -step 1 creates work to begin in",
			src.name)
	case err != nil:
		return src, fmt.Errorf("the folder cannot be read: %v", err)
	case !info.IsDir():
		return src, fmt.Errorf("%s is a file: name its folder instead", src.name)
	case src.root == "":
		return src, fmt.Errorf("%s is outside the workshop's folder, where Go would not find the page that "+
			"it serves: move it inside", src.name)
	}
	return src.program()
}

// program returns the folder that has the program: this one, or the only one below it that is package main
// (cmd/server, say). Whatever the go command ignores does not count; the folder itself may be a symbolic
// link.
func (src source) program() (source, error) {
	var mains []string // relative to the folder
	var wrong error
	err := fs.WalkDir(os.DirFS(src.dir), ".", func(at string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || slices.Contains(mains, ".") {
			return err
		}
		name := d.Name()
		if at != "." && (strings.ContainsAny(name[:1], "._") || name == "testdata" || name == "vendor") {
			return fs.SkipDir
		}
		dir := filepath.Join(src.dir, filepath.FromSlash(at))
		pkg, err := build.ImportDir(dir, 0)
		var several *build.MultiplePackageError
		switch {
		case errors.As(err, &several):
			wrong = cmp.Or(wrong, notMain(filepath.Join(dir, several.Files[1]), several.Packages[1]))
		case pkg.Name == "main" && len(pkg.GoFiles) > 0:
			mains = append(mains, at)
		case len(pkg.GoFiles) > 0:
			wrong = cmp.Or(wrong, notMain(filepath.Join(dir, pkg.GoFiles[0]), pkg.Name))
		}
		return nil
	})
	switch {
	case err != nil:
		return src, err
	case len(mains) == 1:
		src.name, src.dir = filepath.Join(src.name, mains[0]), filepath.Join(src.dir, mains[0])
		src.root = process.Root(src.dir)
		return src, nil
	case len(mains) > 1:
		return src, fmt.Errorf("there are %d programs below %s: choose one of the folders, such as %s",
			len(mains), src.name, filepath.Join(src.name, mains[0]))
	case wrong != nil:
		return src, wrong
	}
	const begin = "go run ./steps/tools/play -step N puts step N into work"
	return src, fmt.Errorf("there is no Go code in %s: %s", src.name, begin)
}

// notMain returns the error for a file that is not in package main.
func notMain(file, pkg string) error {
	return fmt.Errorf("%s is package %s: a program begins with package main", relative(".", file), pkg)
}

// relative returns path relative to a folder, if possible; "." is the user's current folder.
func relative(folder, path string) string {
	folder, err := filepath.Abs(folder)
	if rel, wrong := filepath.Rel(folder, path); cmp.Or(err, wrong) == nil {
		return rel
	}
	return path
}

// pathInError matches the file in an error that Go prints, and packageInError the line that names the
// package, of which there is only one.
var (
	pathInError    = regexp.MustCompile(`(?m)^[^\s:#][^\s:]*\.go:`)
	packageInError = regexp.MustCompile(`(?m)^# .*\n`)
)

// build compiles the folder. With an error it returns the compiler's output, with paths relative to the
// user's current folder.
func (src source) build(ctx context.Context, binary string, flags ...string) (string, error) {
	pkg := "./" + filepath.ToSlash(relative(src.root, src.dir))
	said, err := process.Build(ctx, src.root, binary, append(flags, pkg)...)
	said = pathInError.ReplaceAllStringFunc(packageInError.ReplaceAllString(said, ""), func(path string) string {
		return relative(".", filepath.Join(src.root, path))
	})
	return strings.TrimSpace(said + src.inTheWay(said)), err
}

// inTheWay tells what to do about a module or a workspace that is not the workshop's.
func (src source) inTheWay(said string) string {
	workshop := process.Workshop(src.dir)
	switch {
	case workshop != "" && workshop != src.root && strings.Contains(said, "websocket-workshop"):
		return fmt.Sprintf("Remove %s: the code there belongs to the workshop's own module. "+
			"(Or keep it, and name it in a workspace: go work init . ./%s)",
			relative(".", filepath.Join(src.root, "go.mod")), filepath.ToSlash(relative(workshop, src.root)))
	case strings.Contains(said, "malformed import path"):
		return "Go cannot build code in a folder with this name: rename it, for example to work."
	case strings.Contains(said, "workspace"), strings.Contains(said, "go.work"):
		return "A file go.work, here or in a folder above, names other modules: " +
			"set the environment variable GOWORK to off."
	}
	return ""
}
