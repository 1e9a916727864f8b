// Lessons holds the workshop's texts to its code, so that neither can drift from the other.
//
//	go run ./steps/tools/lessons [FILE ...]
//
// reads the lessons (or the files that are named) and prints what no longer holds, a line
// each: file, line, and what is wrong. `go test ./steps/tools/lessons` does the same.
//
//	go run ./steps/tools/lessons -update [FILE ...]
//
// first rewrites what can be generated: what stands between gen markers, terminal output
// whose comment says how to provoke it, and edit blocks where the code has changed inside them.
//
// This is what it finds in a text:
//
//	```diff                     an edit: applied in order they turn one step into the next
//	<!-- server steps/03: … -->  over a console block: what to do to that server (see action)
//	<!-- run -->                over a console block: run its commands, compare the output
//	<!-- run: copy -->          over an sh block: run it in a copy of the workshop, without a network
//	<!-- gen: … -->…<!-- /gen --> what is between is generated (see generators)
//	`name()`, `file.go`, links   have to exist
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// lessonsOwed are the texts that have to be there.
var lessonsOwed = []string{
	"README.md", "library/README.md", "steps/INSTRUCTOR.md",
	"steps/01.md", "steps/02.md", "steps/03.md", "steps/04.md", "steps/05.md", "steps/06.md",
}

func main() {
	log.SetFlags(0)
	update := flag.Bool("update", false, "rewrite what can be generated")
	flag.Parse()
	root, err := findRoot()
	if err != nil {
		log.Fatal(err)
	}
	w := newWorkshop(os.DirFS(root), root)
	failed := false
	for _, name := range named(flag.Args()) {
		failed = !report(w, name, *update) || failed
	}
	w.close()
	for _, p := range w.skips.all {
		fmt.Println(p)
	}
	if failed {
		os.Exit(1)
	}
}

// named returns the texts to look at: all, or those named on the command line.
func named(args []string) []string {
	if len(args) == 0 {
		return lessonsOwed
	}
	var names []string
	for _, arg := range args {
		name := filepath.ToSlash(filepath.Clean(arg))
		if !strings.Contains(name, "/") && name != "README.md" {
			name = "steps/" + strings.TrimSuffix(name, ".md") + ".md"
		}
		names = append(names, name)
	}
	return names
}

// report prints what does not hold in a text, after an update if asked. It says whether
// everything holds.
func report(w *workshop, name string, update bool) bool {
	text, err := fs.ReadFile(w.files, name)
	if err != nil {
		fmt.Printf("%s:1: %v\n", name, err)
		return false
	}
	if update {
		if fresh := w.update(name, string(text)); fresh != string(text) {
			text = []byte(fresh)
			if err := os.WriteFile(filepath.Join(w.root, filepath.FromSlash(name)), text, 0o644); err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s: rewritten\n", name)
		}
	}
	problems := w.check(parse(name, string(text)))
	for _, p := range problems {
		fmt.Println(p)
	}
	return len(problems) == 0
}

// findRoot returns the folder of go.mod, here or above.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if b, e := os.ReadFile(filepath.Join(dir, "go.mod")); e == nil && strings.HasPrefix(string(b), "module websocket-workshop\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run this in the workshop's folder")
		}
	}
	return "", err
}

// A problem is one thing that does not hold.
type problem struct {
	file string
	line int
	says string
}

func (p problem) String() string { return fmt.Sprintf("%s:%d: %s", p.file, p.line, p.says) }

// A workshop is what the texts are held to.
type workshop struct {
	files fs.FS  // the repository
	root  string // where it is on disk: commands run there

	words    map[string]bool // see vocabulary
	funcs    map[string]bool // see functions
	programs *programs

	skips struct { // what could not be checked on this machine
		mu  sync.Mutex
		all []problem
	}
}

// newWorkshop returns the workshop in files, which is the folder root.
func newWorkshop(files fs.FS, root string) *workshop {
	w := &workshop{files: files, root: root, programs: new(programs)}
	w.words, w.funcs = vocabulary(files)
	return w
}

// close removes what the checks have built.
func (w *workshop) close() { w.programs.remove() }

// check returns what does not hold in a text, in the order of its lines.
func (w *workshop) check(d *doc) []problem {
	var all []problem
	for _, check := range []func(*doc) []problem{
		w.checkFences, w.checkEdits, w.checkCommands, w.checkConsoles, w.checkLinks,
		w.checkNames, w.checkTables, w.checkGenerated,
	} {
		all = append(all, check(d)...)
	}
	slices.SortStableFunc(all, func(a, b problem) int { return a.line - b.line })
	return slices.Compact(all)
}

// update returns a text with everything generated anew.
func (w *workshop) update(name, text string) string {
	text = w.regenerate(parse(name, text))
	text = w.rewriteEdits(parse(name, text))
	return w.rewriteConsoles(parse(name, text))
}

// read returns a file's text, or "" if there is none.
func (w *workshop) read(name string) string {
	b, _ := fs.ReadFile(w.files, name)
	return string(b)
}

// exists reports whether there is a file or folder of this name.
func (w *workshop) exists(name string) bool {
	_, err := fs.Stat(w.files, path.Clean(name))
	return err == nil
}

// stepOf returns the number of the step that a text is the lesson of, or 0.
func stepOf(name string) int {
	var n int
	if _, err := fmt.Sscanf(name, "steps/%02d.md", &n); err != nil {
		return 0
	}
	return n
}

// stepDir returns the folder of step n.
func stepDir(n int) string { return fmt.Sprintf("steps/%02d", n) }
