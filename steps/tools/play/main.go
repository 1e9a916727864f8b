// Play puts the code to begin a step with into work/, where an attendee types.
//
//	go run ./steps/tools/play -step 3
//
// copies the code of step 2 there; step 1 begins with an empty main.go. What work/ held
// is moved aside, into a folder with the date and time in its name: nothing is lost.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lastStep is the step that ends the workshop.
const lastStep = 6

// aside is where the former contents of work/ go. Its name begins with an underscore so
// that go test ./... and go vet ./... pass it by: what is in there need not compile.
const aside = "_work-before"

// empty is what step 1 begins with.
const empty = "package main\n\nfunc main() {\n}\n"

func main() {
	os.Exit(command(os.Stdout, os.Args[1:], time.Now()))
}

// command runs play with its arguments, and returns the exit status.
func command(out io.Writer, args []string, now time.Time) int {
	flags := flag.NewFlagSet("play", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	step := flags.Int("step", 0, "the step to begin, 1 to 6")
	dir := flags.String("dir", "", "the folder to put the code into, instead of work")
	if err := flags.Parse(args); err != nil || *step < 1 || *step > lastStep || flags.NArg() > 0 {
		fmt.Fprintln(out, "say which step to begin: go run ./steps/tools/play -step N, with N from 1 to 6")
		return 2
	}
	root, err := workshop()
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	work := *dir
	if work == "" {
		work = filepath.Join(root, "work")
	}
	kept, err := begin(root, work, *step, now)
	if kept != "" {
		fmt.Fprintf(out, "What was in %s is now in %s\n", shown(work), shown(kept))
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	fmt.Fprint(out, next(shown(work), *step))
	return 0
}

// workshop returns the workshop's folder, from wherever inside it one stands.
func workshop() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "steps", "01", "main.go")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not in the workshop's folder: go there first", here)
		}
	}
}

// begin puts the start of a step into work, and returns where it has moved what was there.
//
// The new folder is made whole beside the old one before anything is moved, so that a
// copy that fails half way leaves work as it was.
func begin(root, work string, step int, now time.Time) (kept string, err error) {
	info, err := os.Lstat(work)
	there := err == nil
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%s cannot be looked at: %v", shown(work), err)
	case there && info.Mode()&os.ModeSymlink != 0:
		return "", fmt.Errorf("%s is a link to another place: remove the link, then try again; what it leads to stays as it is", shown(work))
	case there && !info.IsDir():
		return "", fmt.Errorf("%s is a file, and should be a folder: rename it, then try again", shown(work))
	}
	fresh, err := os.MkdirTemp(filepath.Dir(work), ".work-new-")
	if err != nil {
		return "", fmt.Errorf("nothing was changed: no folder can be made beside %s: %v", shown(work), err)
	}
	defer os.RemoveAll(fresh) // which is gone by then, if all went well
	if err := fill(root, fresh, step); err != nil {
		return "", fmt.Errorf("nothing was changed: the start of step %d cannot be copied: %v", step, err)
	}
	if there {
		if kept, err = moveAside(root, work, now); err != nil {
			return kept, fmt.Errorf("nothing was changed: %s cannot be moved aside: %v; is a server or an editor using it?", shown(work), err)
		}
	}
	if err := os.Rename(fresh, work); err != nil {
		return kept, fmt.Errorf("%s cannot be made: %v", shown(work), err)
	}
	return kept, nil
}

// fill puts the start of a step into an empty folder.
func fill(root, dir string, step int) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if step == 1 {
		return os.WriteFile(filepath.Join(dir, "main.go"), []byte(empty), 0o644)
	}
	from := filepath.Join(root, "steps", fmt.Sprintf("%02d", step-1))
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		code, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), code, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// moveAside moves work under a name with the date and time, and returns that. An empty
// folder is simply removed: there is nothing to keep.
func moveAside(root, work string, now time.Time) (string, error) {
	if entries, err := os.ReadDir(work); err != nil {
		return "", err
	} else if len(entries) == 0 {
		return "", os.Remove(work)
	}
	parent := filepath.Join(root, aside)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	// git passes by what ignores itself
	if err := os.WriteFile(filepath.Join(parent, ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return "", err
	}
	name := now.Format("2006-01-02_15-04-05")
	for n := 1; ; n++ {
		kept := filepath.Join(parent, name)
		if n > 1 {
			kept = fmt.Sprintf("%s_%d", kept, n) // the second of that second
		}
		if _, err := os.Lstat(kept); err == nil {
			continue // Rename might replace it
		}
		if err := os.Rename(work, kept); err != nil {
			return "", err
		}
		return kept, nil
	}
}

// shown returns a path as seen from where the user stands.
func shown(path string) string {
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, path); err == nil && !strings.HasPrefix(rel, "..") {
			return filepath.ToSlash(rel)
		}
	}
	return path
}

// next says what to do in the new folder.
func next(work string, step int) string {
	begins := fmt.Sprintf("%s holds the code of step %d", work, step-1)
	if step == 1 {
		begins = work + " holds an empty main.go"
	}
	if work != "work" { // the tasks know that folder only
		return fmt.Sprintf("%s: begin step %d there.\n\n"+
			"  read     steps/%02d.md\n"+
			"  run it   go run ./%s\n"+
			"  check    go run ./steps/tools/check -step %d %s\n"+
			"  compare  go run ./steps/tools/check -step %d -diff-only %s\n", begins, step, step, work, step, work, step, work)
	}
	return fmt.Sprintf("%s: begin step %d there.\n\n"+
		"  read     steps/%02d.md\n"+
		"  run it   task work          or  go run ./work\n"+
		"  check    task check-%d       or  go run ./steps/tools/check -step %d\n"+
		"  compare  task diff-work-%d   or  go run ./steps/tools/check -step %d -diff-only\n", begins, step, step, step, step, step, step)
}
