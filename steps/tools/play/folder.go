package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// aside is where the former contents of work/ go. Its name begins with an underscore so that
// go test ./... and go vet ./... skip it: what is in there need not compile.
const aside = "_work-before"

// fresh begins the names of the folders that are made beside work and then renamed. The number of
// the process follows.
const fresh = ".work-new-"

var (
	allowed  = regexp.MustCompile(`^[A-Za-z0-9._~+-]+$`)
	reserved = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$`)
	short    = regexp.MustCompile(`~[0-9]+(\..*)?$`)
)

// badName returns why Go, or Windows, cannot use a folder of this name, or "". These are the rules
// of module.CheckImportPath, of golang.org/x/mod, for an element of a path, and what go run
// mistakes for something else.
func badName(name string) string {
	switch {
	case !allowed.MatchString(name):
		return "Go allows only ASCII letters, digits and - . _ ~ + in the path of a package"
	case strings.HasPrefix(name, "-"):
		return "commands mistake a name that begins with - for a flag"
	case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_"):
		return "the go command ignores folders whose names begin with . or _"
	case strings.HasSuffix(name, "."):
		return "Go allows no dot at the end of a name"
	case name == "testdata" || name == "vendor":
		return "the go command keeps this name for other purposes"
	case reserved.MatchString(name) || short.MatchString(name):
		return "Windows reserves this name, so Go refuses it everywhere"
	}
	return ""
}

// checkFolder refuses a folder whose code Go could not build, and those of the workshop itself.
func (p *beginning) checkFolder() error {
	rel, err := filepath.Rel(p.root, p.work)
	if err != nil || !filepath.IsLocal(rel) {
		return nil // elsewhere: other rules may hold there
	}
	names := strings.Split(filepath.ToSlash(rel), "/")
	for _, name := range names {
		if why := badName(name); rel != "." && why != "" {
			return unchanged("%q cannot be the name of a folder with code: %s", name, why)
		}
	}
	if rel == "." || slices.Contains([]string{"steps", "raw", "library", "frontend"}, names[0]) {
		return unchanged("%s is part of the workshop: choose a folder of your own", p.shown(p.work))
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
		return false, unchanged("%s cannot be looked at: %v", work, err)
	case info.Mode()&os.ModeSymlink != 0:
		target, _ := os.Readlink(p.work)
		return false, unchanged("%s is a symbolic link to %s, and play does not write through a link. Remove the link "+
			"(the folder that it leads to stays as it is)%s", work, filepath.ToSlash(target),
			p.inTerminal(", or name another folder with -dir"))
	case !info.IsDir():
		return false, unchanged("%s is a file, and should be a folder: rename it, then try again", work)
	}
	return true, nil
}

// replace puts what is planned into the folder, and returns where it has moved what was there.
//
// The new folder is made completely, beside the old one, before anything is moved: a copy that fails
// halfway leaves everything as it was.
func (p *beginning) replace(plan *plan, now time.Time) (kept string, err error) {
	there, err := p.look()
	if err != nil {
		return "", err
	}
	parent := filepath.Dir(p.work)
	removeLeft(parent)
	made, err := os.MkdirTemp(parent, fmt.Sprintf("%s%d-", fresh, os.Getpid()))
	if err != nil {
		return "", unchanged("no folder can be made beside %s: %v", p.shown(p.work), err)
	}
	defer os.RemoveAll(made) // it no longer exists if everything went well
	if err := p.fill(made, plan); err != nil {
		return "", unchanged("the code to begin with cannot be copied: %v", err)
	}
	if there {
		if kept, err = p.moveAside(now); err != nil {
			return "", unchanged("%s cannot be moved aside: %v; is a server, an editor or a terminal using it?",
				p.shown(p.work), err)
		}
	}
	if err := os.Rename(made, p.work); err != nil {
		return kept, fmt.Errorf("%s cannot be made: %v", p.shown(p.work), err)
	}
	return kept, nil
}

// fill puts what is planned into an empty folder.
func (p *beginning) fill(dir string, plan *plan) error {
	if plan.keep {
		if err := os.CopyFS(dir, os.DirFS(p.work)); err != nil {
			return err
		}
	}
	for _, name := range plan.gone {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for name, text := range plan.files {
		file := filepath.Join(dir, name)
		os.Remove(file) // which may be a link to somewhere else
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.Chmod(dir, 0o755)
}

// removeLeft removes the folders that plays which were killed have left in a folder.
func removeLeft(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, fresh+"*")) // the pattern is well formed: no error
	for _, dir := range left {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), fresh), "-")
		pid, err := strconv.Atoi(number)
		if err != nil || !isRunning(pid) {
			os.RemoveAll(dir)
		}
	}
}

// isRunning reports whether there is a process of a number, this one included.
func isRunning(pid int) bool {
	process, err := os.FindProcess(pid) // on Windows, an error if there is none
	if err != nil {
		return false
	}
	defer process.Release()
	return !errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone) // Windows refuses the signal
}

// moveAside moves work under a name with the date and time, and returns that. An empty folder is
// simply removed: there is nothing to keep.
func (p *beginning) moveAside(now time.Time) (string, error) {
	if os.Remove(p.work) == nil { // which removes no folder that holds something
		return "", nil
	}
	parent := p.in(aside)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	// git skips what ignores itself
	if err := os.WriteFile(filepath.Join(parent, ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return "", err
	}
	name := filepath.Join(parent, now.Format("2006-01-02_15-04-05"))
	kept := name
	for n := 2; ; n++ {
		if _, err := os.Lstat(kept); err != nil { // Rename might replace what is there
			return kept, os.Rename(p.work, kept)
		}
		kept = fmt.Sprintf("%s_%d", name, n) // the second of that second
	}
}
