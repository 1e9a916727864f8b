// Lessons holds the workshop's texts to its code, so that neither can drift from the other,
// and writes the blocks of the lessons.
//
//	go run -C steps/tools/lessons .                       says what no longer holds: file, line, what
//	go run -C steps/tools/lessons . -update               first writes anew what is generated
//	go run -C steps/tools/lessons . -update steps/03.md   in this text alone
//
// For authors: you write prose, the order, and marks; the tool writes what stands under a mark.
// A declaration is named as in Go, a method type.name; package and import are a file's head.
//
//	<!-- edit: conn.go message conn.read -->   to be typed: what changes in these declarations;
//	                                           conn.read/2 is the second place alone where it does
//	<!-- given: main.go main -->               what play-N puts there, shown as it is. It is listed in
//	                                           steps/tools/stepcode; heads are given and need no mark
//	<!-- turn: frame.go encode -->             the head of a new function, for the attendee to fill,
//	<!-- ours: frame.go encode -->             and further down, in <details>, what we have written
//	<!-- delete: conn.go -->                   a file that goes; nothing is generated
//	<!-- gen: chat.js connect -->…<!-- /gen -->  other generated text, in a line too: see generators
//	<!-- gen: minutes + 8 -->…<!-- /gen -->    the time of a lesson, with 8 minutes that it allows
//	<!-- gen: timetable -->…<!-- /gen -->      around a table: at, minutes, what. Rows that link a
//	                                           lesson get its time, up to the next five minutes
//	<!-- server steps/03: open, send ann "hi" -->  a console block: what the server prints then. Also
//	                                           leave, reload, interrupt; open2 is a second window
//	<!-- run: copy -->                         over an sh block: it is run in a copy of the workshop,
//	                                           without a network; copy with MODULE@VERSION: with one
//	<!-- not ours: why -->                     over code that is not from here
//
// Every changed line of a step stands under exactly one of edit, given and ours: the blocks in
// their order turn the step before into this one. The lines around a change show the file as
// it is by then. 40 lines are the most. Commands, `name()`, `file.go`, links, tasks and their
// plain commands, and what a column "the checker says" quotes have to exist, or stand in names.go.
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/process"
)

// texts are those that have to be there.
var texts = strings.Fields("steps/00.md steps/01.md steps/02.md steps/03.md steps/04.md steps/05.md " +
	"steps/06.md README.md library/README.md steps/INSTRUCTOR.md")

func main() {
	log.SetFlags(0)
	update := flag.Bool("update", false, "write anew what is generated")
	flag.Parse()
	here, _ := os.Getwd() // if there is none, there is no workshop
	w := newWorkshop(process.Workshop(here))
	status := 0
	for _, name := range texts {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), name) {
			continue
		}
		problems, fresh := w.check(name)
		for i := 0; *update && fresh != w.read(name) && i < 3; i++ { // what is generated may count what was
			if err := os.WriteFile(filepath.Join(w.root, name), []byte(fresh), 0o644); err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s: rewritten\n", name)
			problems, fresh = w.check(name)
		}
		for _, p := range problems {
			fmt.Println(p.says)
			status = 1
		}
	}
	os.Exit(status)
}

// A workshop is what the texts are held to.
type workshop struct {
	root  string          // its folder
	files fs.FS           // what is in it
	names map[string]bool // see learn
}

// newWorkshop returns the workshop in a folder.
func newWorkshop(root string) *workshop {
	w := &workshop{root: root, files: os.DirFS(root)}
	w.learn()
	return w
}

// check returns what does not hold in a text, in the order of its lines, and the text with
// all that is generated made anew.
func (w *workshop) check(name string) ([]problem, string) {
	p := parse(name, w.read(name))
	if !w.exists(name) {
		p.say(1, "is missing")
	}
	fresh := w.checkGenerated(p)
	w.checkMarks(p)
	w.checkNames(p)
	w.checkTables(p)
	slices.SortStableFunc(p.problems, func(a, b problem) int { return a.line - b.line })
	return slices.Compact(p.problems), fresh
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

// code returns the Go files in a folder, its tests left out. "" has none.
func (w *workshop) code(dir string) map[string]string {
	files := make(map[string]string)
	names, _ := fs.Glob(w.files, dir+"/*.go")
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			files[path.Base(name)] = w.read(name)
		}
	}
	return files
}
