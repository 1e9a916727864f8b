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

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
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
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *library == (*step != 0) || *step < 0 || *step > lastStep {
		fmt.Fprintln(out, "say which step to begin: go run ./steps/tools/play -step N, with N from 1 to 6, or -library")
		return 2
	}
	if *library {
		*step = lastStep + 1
	}
	if err := beginStep(out, *step, *dir, now); err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	return 0
}

// beginStep begins a step in the folder dir, or work, and says what it has done and what comes next.
func beginStep(out io.Writer, step int, dir string, now time.Time) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	p := &beginning{root: process.Workshop(here), step: step}
	if p.root == "" {
		return fmt.Errorf("%s is not in the workshop's folder: go there first", here)
	}
	p.here = filepath.Clean(cmp.Or(os.Getenv("USER_WORKING_DIR"), here)) // under Task, which stands at the top
	if p.work, err = filepath.Abs(cmp.Or(dir, p.in("work"))); err != nil {
		return err
	}
	kept, err := p.begin(now)
	if kept != "" {
		fmt.Fprintf(out, "What was in %s is now in %s\n", p.shown(p.work), p.shown(kept))
	}
	if err != nil {
		return err
	}
	if within(p.here, p.work) { // a shell stays in a folder that is moved or removed, whatever its prompt says
		fmt.Fprintf(out, "You stand in the folder as it was. Leave this folder:  cd %s\n", quoted(filepath.ToSlash(p.work)))
		p.here = p.work
	}
	fmt.Fprint(out, p.next())
	return nil
}

// in returns the path of something in the workshop.
func (p *beginning) in(path ...string) string {
	return filepath.Join(append([]string{p.root}, path...)...)
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
	before, err := p.code(p.step - 1)
	if err != nil {
		return err
	}
	after, err := p.code(p.step)
	if err != nil {
		return err
	}
	files, err := stepcode.Files(p.step, before, after)
	if err != nil {
		return err
	}
	for name, text := range files {
		if before[name] == "" {
			text = strings.TrimRight(text, "\n") + "\n" + fmt.Sprintf(place, p.step)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.Chmod(dir, 0o755)
}

// code returns the code of a step, by the names of its files. Before the first and behind the
// last there is none.
func (p *beginning) code(step int) (map[string]string, error) {
	if step < 1 || step > lastStep {
		return nil, nil
	}
	return stepcode.Code(p.in(fmt.Sprintf("steps/%02d", step)))
}

// moveAside moves work under a name with the date and time, and returns that. An empty
// folder is simply removed: there is nothing to keep.
func (p *beginning) moveAside(now time.Time) (string, error) {
	if os.Remove(p.work) == nil { // which takes no folder that holds something
		return "", nil
	}
	parent := p.in(aside)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	// git passes by what ignores itself
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

// within reports whether a path is a folder or something in it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// shown returns a path as seen from where the user stands, if that is in the workshop.
func (p *beginning) shown(path string) string {
	if rel, err := filepath.Rel(p.here, path); err == nil && within(path, p.root) {
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
	said := fmt.Sprintf("%s holds %s: begin there.\n\n  read     %s\n", p.shown(p.work), holds, p.shown(p.in(lesson)))
	say := func(what, task, command string) {
		if p.work == p.in("work") { // the tasks, and check, know that folder
			command = fmt.Sprintf("%-17s or  %s", task, command)
		} else if what != "run it" {
			command += " " + quoted(p.shown(p.work))
		}
		said += fmt.Sprintf("  %-8s %s\n", what, command)
	}
	check := p.run(p.in("steps/tools/check")) + args
	say("run it", "task work", p.run(p.work))
	say("check", "task check-"+task, check)
	if p.step <= lastStep {
		say("compare", "task diff-work-"+task, check+" -diff-only")
	}
	return said
}
