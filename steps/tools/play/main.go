// Play puts the code to begin a step with into work/, where an attendee types.
//
//	go run ./steps/tools/play -step 3
//
// copies the code of step 2 there, and what is given of step 3 (package given says what that
// is). With -library in place of -step it copies the code of step 6, to go on with a library.
// What work/ held is moved aside, into a folder with the date and time in its name: nothing
// is lost.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"websocket-workshop/steps/tools/given"
)

// lastStep is the step that ends the workshop.
const lastStep = 6

// aside is where the former contents of work/ go. Its name begins with an underscore so
// that go test ./... and go vet ./... pass it by: what is in there need not compile.
const aside = "_work-before"

// place is the end of a file that a step begins.
const place = "\n// Type what steps/%02d.md shows: each block says where.\n"

// A beginning is what play is asked for.
type beginning struct {
	root string // the workshop's folder
	here string // where the user stands: paths are shown as seen from there
	work string // the folder to put the code into
	step int    // to begin; lastStep+1 is the library
}

func main() {
	os.Exit(command(os.Stdout, os.Args[1:], time.Now()))
}

// command runs play with its arguments, and returns the exit status.
func command(out io.Writer, args []string, now time.Time) int {
	flags := flag.NewFlagSet("play", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	step := flags.Int("step", 0, "the step to begin, 1 to 6")
	library := flags.Bool("library", false, "begin with step 6 done, to go on with the library")
	dir := flags.String("dir", "", "the folder to put the code into, instead of work")
	if err := flags.Parse(args); err != nil || !*library && (*step < 1 || *step > lastStep) || *library && *step != 0 || flags.NArg() > 0 {
		fmt.Fprintln(out, "say which step to begin: go run ./steps/tools/play -step N, with N from 1 to 6, or -library")
		return 2
	}
	if *library {
		*step = lastStep + 1
	}
	p := beginning{step: *step}
	here, err := os.Getwd()
	if err == nil {
		p.root, err = workshop(here)
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	p.here = filepath.Clean(cmp.Or(os.Getenv("USER_WORKING_DIR"), here)) // under Task, which stands at the top
	if p.work, err = filepath.Abs(cmp.Or(*dir, filepath.Join(p.root, "work"))); err == nil {
		err = p.do(out, now)
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	return 0
}

// do begins the step, and says what it has done and what comes next.
func (p *beginning) do(out io.Writer, now time.Time) error {
	inside := within(p.here, p.work)
	kept, err := p.begin(now)
	if kept != "" {
		fmt.Fprintf(out, "What was in %s is now in %s\n", p.shown(p.work), p.shown(kept))
	}
	if err != nil {
		return err
	}
	if inside { // a shell stays in a folder that is moved or removed, whatever its prompt says
		fmt.Fprintf(out, "You stand in the folder as it was. Leave this folder:  cd %s\n", quoted(filepath.ToSlash(p.work)))
		p.here = p.work
	}
	fmt.Fprint(out, p.next())
	return nil
}

// workshop returns the workshop's folder, from wherever inside it one stands.
func workshop(here string) (string, error) {
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
func (p *beginning) begin(now time.Time) (kept string, err error) {
	work := p.shown(p.work)
	info, err := os.Lstat(p.work)
	there := err == nil
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%s cannot be looked at: %v", work, err)
	case there && info.Mode()&os.ModeSymlink != 0:
		return "", fmt.Errorf("%s is a link to another place: remove the link, then try again; what it leads to stays as it is", work)
	case there && !info.IsDir():
		return "", fmt.Errorf("%s is a file, and should be a folder: rename it, then try again", work)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(p.work), ".work-new-")
	if err != nil {
		return "", fmt.Errorf("nothing was changed: no folder can be made beside %s: %v", work, err)
	}
	defer os.RemoveAll(fresh) // which is gone by then, if all went well
	if err := p.fill(fresh); err != nil {
		return "", fmt.Errorf("nothing was changed: the code to begin with cannot be copied: %v", err)
	}
	if there {
		if kept, err = p.moveAside(now); err != nil {
			return "", fmt.Errorf("nothing was changed: %s cannot be moved aside: %v; is a server, an editor or a terminal using it?", work, err)
		}
	}
	if err := os.Rename(fresh, p.work); err != nil {
		return kept, fmt.Errorf("%s cannot be made: %v", work, err)
	}
	return kept, nil
}

// fill puts the start of the step into an empty folder.
func (p *beginning) fill(dir string) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	before, err := p.code(p.step - 1)
	if err != nil {
		return err
	}
	files := before
	if p.step <= lastStep {
		after, err := p.code(p.step)
		if err != nil {
			return err
		}
		if files, err = given.Files(p.step, before, after); err != nil {
			return err
		}
	}
	for name, text := range files {
		if before[name] == "" {
			text = strings.TrimRight(text, "\n") + "\n" + fmt.Sprintf(place, p.step)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// code returns the code of a step, by the names of its files. Step 0 has none.
func (p *beginning) code(step int) (map[string]string, error) {
	files := make(map[string]string)
	if step == 0 {
		return files, nil
	}
	from := filepath.Join(p.root, "steps", fmt.Sprintf("%02d", step))
	entries, err := os.ReadDir(from)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return nil, err
		}
		files[e.Name()] = string(text)
	}
	return files, nil
}

// moveAside moves work under a name with the date and time, and returns that. An empty
// folder is simply removed: there is nothing to keep.
func (p *beginning) moveAside(now time.Time) (string, error) {
	if entries, err := os.ReadDir(p.work); err != nil {
		return "", err
	} else if len(entries) == 0 {
		return "", os.Remove(p.work)
	}
	parent := filepath.Join(p.root, aside)
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
		if err := os.Rename(p.work, kept); err != nil {
			return "", err
		}
		return kept, nil
	}
}

// within reports whether a path is a folder or something in it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// shown returns a path as seen from where the user stands, if that is in the workshop.
func (p *beginning) shown(path string) string {
	if rel, err := filepath.Rel(p.here, path); err == nil && within(p.here, p.root) && within(path, p.root) {
		path = rel
		if rel == "." {
			path = filepath.Base(p.here)
		}
	}
	return filepath.ToSlash(path)
}

// run returns a path as go run takes it, from where the user stands.
func (p *beginning) run(path string) string {
	if path == p.here {
		return "go run ."
	}
	path = p.shown(path)
	if !filepath.IsAbs(path) && !strings.HasPrefix(path, ".") {
		path = "./" + path
	}
	return "go run " + quoted(path)
}

// quoted returns a path as every shell takes it.
func quoted(path string) string {
	if strings.ContainsAny(path, " '&()") {
		return `"` + path + `"`
	}
	return path
}

// next says what to do in the new folder.
func (p *beginning) next() string {
	lesson, task, args := fmt.Sprintf("steps/%02d.md", p.step), fmt.Sprint(p.step), fmt.Sprintf(" -step %d", p.step)
	holds := fmt.Sprintf("the code of step %d, and what is given of step %d", p.step-1, p.step)
	switch p.step {
	case 1:
		holds = "what is given of step 1"
	case lastStep + 1:
		lesson, task, args = "library/README.md", "library", fmt.Sprintf(" -step %d -library", lastStep)
		holds = fmt.Sprintf("the code of step %d", lastStep)
	}
	check := p.run(filepath.Join(p.root, "steps", "tools", "check")) + args
	lines := [][3]string{{"run it", "task work", p.run(p.work)}, {"check", "task check-" + task, check}}
	if p.step <= lastStep {
		lines = append(lines, [3]string{"compare", "task diff-work-" + task, check + " -diff-only"})
	}
	said := fmt.Sprintf("%s holds %s: begin there.\n\n  read     %s\n", p.shown(p.work), holds, p.shown(filepath.Join(p.root, lesson)))
	for _, line := range lines {
		if p.work == filepath.Join(p.root, "work") { // the tasks, and check, know that folder
			said += fmt.Sprintf("  %-8s %-17s or  %s\n", line[0], line[1], line[2])
		} else if line[0] == "run it" {
			said += fmt.Sprintf("  %-8s %s\n", line[0], line[2])
		} else {
			said += fmt.Sprintf("  %-8s %s %s\n", line[0], line[2], quoted(p.shown(p.work)))
		}
	}
	return said
}
