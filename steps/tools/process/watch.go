package process

import (
	"fmt"
	"go/build"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A watch notices when one of a program's source files is saved: the code and embedded files in its
// folder and in the folders of its module that it imports, and go.mod.
type watch struct {
	root, dir string // of the module; of the package main, relative to root
	dirs      []string
	embedded  []string          // patterns
	seen      map[string]string // by file, a stamp that changes with its contents
}

// changed reports whether a file was saved, created or removed since the last call. While no file can
// be opened, it reports false, and reports the change later.
func (w *watch) changed() bool {
	now, err := w.stamps()
	if err != nil || maps.Equal(now, w.seen) {
		return false
	}
	fresh := watch{root: w.root, dir: w.dir}
	mod, err := os.ReadFile(filepath.Join(w.root, "go.mod"))
	if !outOfFiles(err) {
		err = fresh.follow(w.dir, modulePath(mod))
	}
	if err == nil {
		fresh.seen, err = fresh.stamps()
	}
	if err != nil {
		return false
	}
	*w = fresh
	return true
}

// modulePath returns the path of a module, given its go.mod.
func modulePath(mod []byte) string {
	m := regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`).FindSubmatch(append(mod, "\nmodule none"...))
	return string(m[1])
}

// follow records the folder of a package, what its code embeds, and the folders of the module's
// packages that it imports. For code that does not parse, it records what it can.
func (w *watch) follow(dir, module string) error {
	if slices.Contains(w.dirs, dir) {
		return nil
	}
	w.dirs = append(w.dirs, dir)
	pkg, err := build.ImportDir(filepath.Join(w.root, dir), 0)
	if outOfFiles(err) {
		return err
	}
	for _, pattern := range pkg.EmbedPatterns {
		w.embedded = append(w.embedded, path.Join(dir, strings.TrimPrefix(pattern, "all:")))
	}
	for _, imported := range pkg.Imports {
		if below, ok := strings.CutPrefix(imported, module+"/"); ok {
			if err := w.follow(below, module); err != nil {
				return err
			}
		}
	}
	return nil
}

// stamps returns, for each file, a stamp that changes with its contents. It fails only if no file can
// be opened.
func (w *watch) stamps() (map[string]string, error) {
	root, names := os.DirFS(w.root), []string{"go.mod", "go.sum"}
	for _, pattern := range w.embedded {
		matches, _ := fs.Glob(root, pattern) // a bad pattern is for the compiler
		for _, match := range matches {
			fs.WalkDir(root, match, func(name string, _ fs.DirEntry, _ error) error {
				names = append(names, name)
				return nil
			})
		}
	}
	for _, dir := range w.dirs {
		entries, err := fs.ReadDir(root, dir)
		if outOfFiles(err) { // and so did the folders above
			return nil, err
		}
		for _, e := range entries {
			if isSource(e.Name()) {
				names = append(names, path.Join(dir, e.Name()))
			}
		}
	}
	stamps := map[string]string{}
	for _, name := range names {
		if info, err := fs.Stat(root, name); err == nil && !info.IsDir() {
			stamps[name] = fmt.Sprint(info.ModTime().UnixNano(), info.Size())
		}
	}
	return stamps, nil
}

// isSource reports whether go build may compile a file of this name.
func isSource(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_test.go") {
		return false // an editor's swap file, perhaps
	}
	return slices.Contains([]string{".go", ".s", ".S", ".c", ".h", ".syso"}, path.Ext(name))
}
