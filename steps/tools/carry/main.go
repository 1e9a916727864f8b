// Carry merges a change of one step into the later steps, and copies the result to raw and library.
//
//	go run ./steps/tools/carry [-from REV] STEP
//
// The change is the difference between the step's folder now and at REV, which is HEAD by default. Carry
// goes from step to step: the result in steps/04 is merged into steps/05. A file with a conflict gets git's
// conflict markers and is not carried further: resolve the conflict once, and run carry from that step.
// Running it again does no harm, and after another edit carries only that edit: what has been carried since
// REV is noted in git's folder.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/process"
)

const command = "go run ./steps/tools/carry"

func main() {
	log.SetFlags(0)
	log.SetPrefix("carry: ")
	from := flag.String("from", "HEAD", "the `revision` before the change: HEAD~1 if it has just been committed")
	flag.Parse()
	here, _ := os.Getwd() // without it, no workshop is found
	c := carrier{root: process.Workshop(here), from: *from, out: os.Stdout}
	if c.root == "" {
		log.Fatal("run this in the workshop's folder")
	}
	if err := c.carry(strings.Join(flag.Args(), " ")); err != nil {
		log.Fatal(err)
	}
}

// A carrier carries changes within one workshop.
type carrier struct {
	root string // the workshop's folder
	from string // the revision before the change
	out  io.Writer

	before map[string]string // the code of all steps at that revision, by path
	noted  notes
	kept   string   // the file with the notes
	left   []string // what is left for the user to do
}

// Notes are what carry knows about its earlier runs.
type notes struct {
	Commit  string            // the revision before the change
	Carried map[string]string // by a file's path, the text whose changes have been carried into it
}

// carry carries the change of a step, such as "03", and prints what it does. It returns an
// error if it cannot begin, or if something is left for the user to do.
func (c *carrier) carry(step string) error {
	step = strings.TrimPrefix(strings.Trim(step, "/"), "steps/")
	dirs, _ := fs.Glob(os.DirFS(c.root), "steps/0[0-9]") // the pattern is valid
	at := slices.IndexFunc(dirs, func(dir string) bool {
		return step != "" && strings.TrimPrefix(dir, "steps/0") == strings.TrimLeft(step, "0")
	})
	if at < 0 {
		return fmt.Errorf("%q is not a step: name the one that you changed, as in: %s 03", step, command)
	}
	if err := c.readBefore(); err != nil {
		return err
	}
	changed := c.changed(dirs[at])
	if len(changed) == 0 {
		return fmt.Errorf("%s is the same as at %s: if the change is committed, name the commit before it, as "+
			"in: %s -from HEAD~1 %s", dirs[at], c.from, command, step)
	}
	from, to := c.renamed(dirs[at], changed)
	if _, waits := c.read(path.Join(dirs[min(at+1, len(dirs)-1)], from)); from != "" && waits {
		return fmt.Errorf("%s is %s under another name: git mv it in each later step, in raw and in library, too",
			to, from)
	}
	var err error
	for _, name := range changed {
		err = errors.Join(err, c.carryFile(name, dirs[at:]))
	}
	b, _ := json.Marshal(c.noted) // strings: no error
	if err := errors.Join(err, os.WriteFile(c.kept, b, 0o644)); err != nil {
		return err
	}
	if len(c.left) > 0 {
		return errors.New("left for you to do:\n  " + strings.Join(c.left, "\n  "))
	}
	return nil
}

// readBefore reads the code of all steps at the revision before the change, and the notes about earlier
// runs since then.
func (c *carrier) readBefore() error {
	list, err := c.git("ls-tree", "-r", "-z", "--name-only", c.from, "steps/")
	if err != nil {
		return err
	}
	c.before = make(map[string]string)
	for name := range strings.SplitSeq(list, "\x00") {
		if isCode, _ := path.Match("steps/0[0-9]/*.go", name); isCode {
			if c.before[name], err = c.git("show", c.from+":./"+name); err != nil {
				return err
			}
		}
	}
	commit, err := c.git("rev-parse", c.from)
	folder, err2 := c.git("rev-parse", "--absolute-git-dir")
	c.kept = filepath.Join(strings.TrimSuffix(folder, "\n"), "carried.json")
	if b, _ := os.ReadFile(c.kept); json.Unmarshal(b, &c.noted) != nil || c.noted.Commit != commit {
		c.noted = notes{commit, make(map[string]string)}
	}
	return errors.Join(err, err2)
}

// changed returns the names of the files in a step's folder that the change edits, adds or removes.
func (c *carrier) changed(dir string) (names []string) {
	all, _ := fs.Glob(os.DirFS(c.root), dir+"/[^._]*.go") // the go command ignores . and _
	all = slices.AppendSeq(all, maps.Keys(c.before))
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		now, exists := c.read(name)
		before, existed := c.before[name]
		if path.Dir(name) == dir && (now != before || exists != existed) {
			names = append(names, path.Base(name))
		}
	}
	return names
}

// renamed returns the names of a file that was renamed, before and now, or "".
func (c *carrier) renamed(dir string, changed []string) (from, to string) {
	for _, from := range changed {
		_, exists := c.read(path.Join(dir, from))
		for _, to := range changed {
			text, _ := c.read(path.Join(dir, to))
			if before, existed := c.before[path.Join(dir, from)]; existed && !exists && text == before {
				return from, to
			}
		}
	}
	return "", ""
}

// carryFile carries the change of one file from the first of these steps to the last, and then
// to raw and library.
func (c *carrier) carryFile(name string, dirs []string) error {
	last := path.Join(dirs[len(dirs)-1], name)
	old, _ := c.read(last)
	for i, dir := range dirs {
		if i > 0 {
			if goesOn, err := c.merge(path.Join(dirs[i-1], name), path.Join(dir, name)); !goesOn {
				return err
			}
		}
		if text, _ := c.read(path.Join(dir, name)); strings.Contains("\n"+text, "\n<<<<<<< ") {
			c.leave("%s/%s has conflict marks: resolve them, then run: %s -from %s %s", dir, name, command, c.from,
				path.Base(dir))
			return nil
		}
	}
	if _, shared := c.read("library/" + name); !shared {
		fmt.Fprintf(c.out, "library/websocket.go may need the counterpart of the change in %s\n", name)
	}
	return errors.Join(c.copy(last, "raw/"+name, old), c.copy(last, "library/"+name, old))
}

// merge merges the change of one step's file into the next step's, with conflict marks if necessary. It
// reports whether to continue with the step after that.
func (c *carrier) merge(from, to string) (bool, error) {
	base, existed := c.before[from]
	theirs, exists := c.read(from)
	ours, has := c.read(to)
	if carried, again := c.noted.Carried[to]; again && ours != c.before[to] {
		base = carried
	}
	c.noted.Carried[to] = theirs
	switch {
	case exists && existed && !has: // the next step does without it
		return false, nil
	case ours == theirs && has == exists:
		return true, nil
	case !has:
		fmt.Fprintf(c.out, "%s added\n", to)
		return true, c.write(to, theirs)
	case !exists && ours == base:
		fmt.Fprintf(c.out, "%s removed\n", to)
		return true, os.Remove(c.path(to))
	case !exists:
		c.leave("%s differs from the former %s: remove it by hand", to, from)
		return false, nil
	}
	temp, err := os.CreateTemp("", "carry-")
	if err != nil {
		return false, err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(base)
	if err := errors.Join(err, temp.Close()); err != nil {
		return false, err
	}
	_, err = c.git("merge-file", "-q", "-L", to, "-L", from+" before", "-L", from, c.path(to), temp.Name(),
		c.path(from))
	how := "merged"
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() < 128 { // the number of conflicts
		how, err = "conflicts", nil
	}
	if now, _ := c.read(to); now != ours {
		fmt.Fprintf(c.out, "%s %s\n", to, how)
	}
	return err == nil, err
}

// copy makes a file of raw or library the same as the last step's, which was old. If library does not share
// the file, it does not get it. A file that differed is kept under another name.
func (c *carrier) copy(from, to, old string) error {
	fresh, exists := c.read(from)
	had, has := c.read(to)
	if had == fresh && has == exists || !has && path.Dir(to) == "library" {
		return nil
	}
	if has && had != old && had != c.before[from] && had != c.noted.Carried[to] {
		if err := c.write(to+".orig", had); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s differed from %s: its old text is in %s.orig\n", to, from, to)
	}
	if !exists {
		fmt.Fprintf(c.out, "%s removed\n", to)
		return os.Remove(c.path(to))
	}
	c.noted.Carried[to] = fresh
	fmt.Fprintf(c.out, "%s copied\n", to)
	return c.write(to, fresh)
}

// leave notes what is left for the user to do.
func (c *carrier) leave(format string, args ...any) {
	c.left = append(c.left, fmt.Sprintf(format, args...))
}

// path returns where a file of the workshop is.
func (c *carrier) path(name string) string { return filepath.Join(c.root, filepath.FromSlash(name)) }

// read returns a file's text, and whether there is such a file.
func (c *carrier) read(name string) (string, bool) {
	b, err := os.ReadFile(c.path(name))
	return string(b), err == nil
}

// write makes text the content of a file.
func (c *carrier) write(name, text string) error {
	return os.WriteFile(c.path(name), []byte(text), 0o644)
}

// git runs git in the workshop's folder and returns its output, or the first line of its error message.
func (c *carrier) git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = c.root
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if line, _, _ := strings.Cut(problem.String(), "\n"); err != nil && line != "" {
		err = fmt.Errorf("git %s: %s", args[0], line)
	}
	return string(out), err
}
