package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// aside is where the former contents of work/ go. Its name begins with an underscore so that go test ./...
// and go vet ./... skip it: the code in there need not compile.
const aside = "_work-before"

// fresh is the prefix of folders that are made next to work and then renamed.
const fresh = ".work-new-"

// The names of folders in which Go can build code: these are the rules of module.CheckImportPath, of
// golang.org/x/mod, for an element of a path, without the names that go run mistakes for something else.
var (
	allowed  = regexp.MustCompile(`^[A-Za-z0-9~+][A-Za-z0-9._~+-]*$`)
	reserved = regexp.MustCompile(`(?i)^(testdata|vendor|con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$|~[0-9]+(\..*)?$|\.$`)
)

// checkFolder refuses folders whose code Go could not build, and those of the workshop itself.
func (p *beginning) checkFolder() error {
	if !within(p.work, p.root) {
		return nil // other rules may hold there
	}
	rel, _ := filepath.Rel(p.root, p.work) // within has no error
	names := strings.Split(filepath.ToSlash(rel), "/")
	if slices.Contains([]string{".", "steps", "raw", "library", "frontend"}, names[0]) {
		return unchanged("%s is part of the workshop: choose a folder of your own", p.shown(p.work))
	}
	for _, name := range names {
		if !allowed.MatchString(name) || reserved.MatchString(name) {
			return unchanged("%q cannot be the name of a folder with code: Go allows only ASCII letters, digits and "+
				"- . _ ~ + (not - . _ at the beginning), and Go or Windows reserve some names, such as vendor and con",
				name)
		}
	}
	return nil
}

// look reports whether the folder exists. Anything else of its name is an error.
func (p *beginning) look() (there bool, err error) {
	work := p.shown(p.work)
	info, err := os.Lstat(p.work)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, unchanged("%s cannot be examined: %v", work, err)
	case info.Mode()&os.ModeSymlink != 0:
		target, _ := os.Readlink(p.work)
		return false, unchanged("%s is a symbolic link to %s, and play does not write through a link. Remove the "+
			"link "+
			"(the folder that it leads to stays as it is)%s", work, filepath.ToSlash(target),
			p.inTerminal(", or name another folder with -dir"))
	case !info.IsDir():
		return false, unchanged("%s is a file, but should be a folder: rename it, then try again", work)
	}
	return true, nil
}

// replace puts the planned files into the folder, and returns where it has moved the old folder.
//
// It makes the complete new folder next to the old one before it moves anything: if copying fails halfway,
// nothing has changed.
func (p *beginning) replace(now time.Time) (kept string, err error) {
	there, err := p.look()
	if err != nil {
		return "", err
	}
	parent := filepath.Dir(p.work)
	left, _ := filepath.Glob(filepath.Join(parent, fresh+"*")) // the pattern is well formed: no error
	for _, dir := range left {
		if info, err := os.Stat(dir); err == nil && now.Sub(info.ModTime()) > time.Minute {
			os.RemoveAll(dir) // left by a play that was killed
		}
	}
	made, err := os.MkdirTemp(parent, fresh)
	if err != nil {
		return "", unchanged("no folder can be created next to %s: %v", p.shown(p.work), err)
	}
	defer os.RemoveAll(made) // it no longer exists if everything went well
	if err := p.fill(made); err != nil {
		return "", unchanged("the code to begin with cannot be copied: %v", err)
	}
	if there {
		if kept, err = p.moveAside(now); err != nil {
			return "", unchanged("%s cannot be moved aside: %v; is a server, an editor or a terminal using it?",
				p.shown(p.work), err)
		}
	}
	if err := os.Rename(made, p.work); err != nil {
		return kept, fmt.Errorf("%s cannot be created: %v", p.shown(p.work), err)
	}
	return kept, nil
}

// fill puts the planned files into an empty folder.
func (p *beginning) fill(dir string) error {
	if p.keep {
		if err := os.CopyFS(dir, os.DirFS(p.work)); err != nil {
			return err
		}
	}
	for _, name := range p.gone {
		os.Remove(filepath.Join(dir, name))
	}
	for name, text := range p.files {
		file := filepath.Join(dir, name)
		os.Remove(file) // it may be a link to somewhere else
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.Chmod(dir, 0o755)
}

// moveAside moves work under a name with the date and time, and returns that. An empty folder is
// simply removed: there is nothing to keep.
func (p *beginning) moveAside(now time.Time) (string, error) {
	if os.Remove(p.work) == nil { // it removes only an empty folder
		return "", nil
	}
	parent := p.in(aside)
	ignored := os.MkdirAll(parent, 0o755)
	if ignored == nil { // a .gitignore that ignores itself, too
		ignored = os.WriteFile(filepath.Join(parent, ".gitignore"), []byte("*\n"), 0o644)
	}
	if ignored != nil {
		return "", ignored
	}
	name := filepath.Join(parent, now.Format("2006-01-02_15-04-05"))
	kept := name
	for n := 2; ; n++ {
		if _, err := os.Lstat(kept); err != nil { // Rename might replace what is there
			return kept, os.Rename(p.work, kept)
		}
		kept = fmt.Sprintf("%s_%d", name, n) // another one within the same second
	}
}
