// Lessons checks the workshop's texts against its code, so that they cannot drift apart, and writes the
// blocks of the lessons.
//
//	go run -C steps/tools/lessons .                       prints what is wrong: file, line, problem
//	go run -C steps/tools/lessons . -update               first updates the generated text
//	go run -C steps/tools/lessons . -update steps/03.md   in this text only
//
// Authors write the prose, the order, and marks; the tool writes what is under a mark. A declaration is
// named as in Go, and a method type.name. The block of a mark also has the imports that the file needs
// from there on.
//
//	<!-- edit: conn.go message conn.ping -->   what changes in these declarations; conn.ping/2 is only
//	                                           the second place where conn.ping does
//	<!-- given: main.go main -->               what play always gives, unchanged
//	<!-- turn: frame.go encode -->             an open turn; a link to its hints follows it
//	<!-- ours: frame.go encode -->             in the hints: our code for a turn, or only
//	<!-- first: frame.go encode -->            the first line of it
//	<!-- delete: conn.go -->                   a file that is removed
//	<!-- gen: chat.js connect -->…<!-- /gen -->  other generated text, even within a line: see generators
//	<!-- server steps/03: open, send ann "hi" -->  a console block: what the server prints then. Also
//	                                           leave, interrupt; open2 is in a second window
//	<!-- bytes: handshake -->                  over a text block: a recording, which the learn page replaces
//	                                           by the reader's own bytes of this kind (own-bytes.js there)
//	<!-- holds: Hi == 0x9c -->                 the text around it relies on this equation: see measure
//	<!-- not ours: why -->                     over code that is not from the workshop
//	<!-- gen: value WriteTime -->5<!-- /gen --> a number of package rules, or one that follows from them
//	five seconds<!-- limit: WriteTime -->      the same in words, or <!-- limit: none -->: only compared
//
// steps/tools/stepcode lists what is given and what is a turn. Every changed line of a step is under
// exactly one edit, given or turn: the blocks in order, with our code in the turns, make the previous
// step into this one. The lines around a change show the file at that point. A block has at most 40
// lines. The hints for a step are in a separate file: for each turn a heading with its name and three
// <details>, and far below them our code.
//
// Commands, `name()`, `file.go`, links, tasks and their plain commands, and the quotes in a column "the
// check prints" must exist, or be in names.go.
package main

import (
	"flag"
	"fmt"
	"go/types"
	"io/fs"
	"log"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"websocket-workshop/steps/tools/process"
)

// texts returns the names of the texts.
func (w *workshop) texts() []string {
	return w.glob("README.md", "steps/*.md", "library/*.md")
}

// pages returns the names of what else states limits: pages, their scripts, pictures, and a README that the
// learn page does not have.
func (w *workshop) pages() []string {
	return w.glob("frontend/*.html", "frontend/*.js", "steps/pictures/*.svg", "library/examples/README.md")
}

func main() {
	log.SetFlags(0)
	update := flag.Bool("update", false, "write what is generated again")
	flag.Parse()
	here, _ := os.Getwd() // if there is none, there is no workshop
	w := newWorkshop(process.Workshop(here))
	var all []problem
	for _, name := range append(w.texts(), w.pages()...) {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), name) {
			continue
		}
		problems, fresh := w.check(name)
		if *update && fresh != w.read(name) {
			w.write(name, fresh)
			problems, _ = w.check(name)
		}
		all = append(all, problems...)
	}
	all = append(all, w.checkHTML(*update)...)
	for _, p := range all {
		fmt.Println(p.says)
	}
	os.Exit(min(len(all), 1))
}

// A workshop is what the texts are checked against.
type workshop struct {
	root  string                         // its folder
	files fs.FS                          // what is in it
	names map[string]bool                // see learn
	tools string                         // the code of the tools
	facts func() (*types.Package, error) // what measure returns
}

// newWorkshop returns the workshop in a folder.
func newWorkshop(root string) *workshop {
	w := &workshop{root: root, files: os.DirFS(root)}
	w.facts = sync.OnceValues(w.measure)
	w.learn()
	return w
}

// check returns the problems of a text, in the order of its lines, and the text with everything
// generated again.
func (w *workshop) check(name string) ([]problem, string) {
	p := parse(name, w.read(name))
	w.checkLimits(p)
	checkTime(p)
	if path.Ext(name) != ".md" {
		w.checkWords(p)
		return p.problems, p.source
	}
	fresh := w.checkGenerated(p)
	w.checkNames(p)
	w.checkTables(p)
	slices.SortStableFunc(p.problems, func(a, b problem) int { return a.line - b.line })
	return slices.Compact(p.problems), fresh
}

// write writes a file.
func (w *workshop) write(name, text string) {
	if err := os.WriteFile(filepath.Join(w.root, name), []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: rewritten\n", name)
}

// read returns a file's text, or "" if there is none.
func (w *workshop) read(name string) string {
	b, _ := fs.ReadFile(w.files, name)
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// exists reports whether there is a file or folder of this name.
func (w *workshop) exists(name string) bool {
	_, err := fs.Stat(w.files, name)
	return err == nil
}

// glob returns the names that match one of the patterns, which are well formed.
func (w *workshop) glob(patterns ...string) (names []string) {
	for _, pattern := range patterns {
		found, _ := fs.Glob(w.files, pattern)
		names = append(names, found...)
	}
	return names
}
