// Play puts the code that a step begins with into work/, where attendees write.
//
//	go run ./steps/tools/play -step 3         the finished step 3, with its turns open
//	go run ./steps/tools/play -step 3 -bare   the code of step 2, and what is given of step 3
//	go run ./steps/tools/play -next           your own code, and what the next step adds
//
// Package stepcode defines what is given, what a turn is, and what an open one looks like. -library in
// place of -step begins the lesson after step 6, in the same two ways.
//
// The old work/ is moved aside, into a folder with the date and time in its name: play never loses a byte
// of it.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
)

// A beginning is a request to play.
type beginning struct {
	root string // the workshop's folder
	here string // the user's current folder: paths are shown relative to it
	work string // the folder to put the code into
	step int    // to begin; 0 is the one after the step of the code in work
	bare bool
	next bool
	open string // the turns to leave open, separated by commas; "" is all
	page bool   // the request is from the learn page, which has buttons in place of flags and commands

	files stepcode.Files // what work is to hold
	keep  bool           // the other files of the folder, too
	gone  []string       // of those, the ones that go
}

func main() {
	os.Exit(command(os.Stdout, os.Args[1:], time.Now()))
}

const usage = `name the step to begin, with N from 1 to 6:
  go run ./steps/tools/play -step N          the finished step, for you to write its turns
  go run ./steps/tools/play -step N -bare    the step before, for you to type it all
  go run ./steps/tools/play -next your own code, and what the next step adds
-library in place of -step N begins the lesson after step 6, -turns response,accept leaves only these turns
open, and -dir DIR uses another folder than work.`

// command runs play with its arguments, and returns the exit status.
func command(out io.Writer, args []string, now time.Time) int {
	flags := flag.NewFlagSet("play", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	p := new(beginning)
	flags.IntVar(&p.step, "step", 0, "the step to begin, 1 to 6")
	library := flags.Bool("library", false, "begin the lesson after step 6, with a library")
	flags.BoolVar(&p.bare, "bare", false, "begin with the code of the previous step, and what is given")
	flags.BoolVar(&p.next, "next", false, "continue from the code that is there")
	flags.StringVar(&p.open, "turns", "", "the turns to leave open, such as `response,accept`; all by default")
	flags.BoolVar(&p.page, "page", false, "answer for the learn page, without flags and commands")
	dir := flags.String("dir", "", "the folder to put the code into, instead of work")
	err := flags.Parse(args)
	asked := *library || p.step != 0 // for a specific step
	if err != nil || flags.NArg() > 0 || *library && p.step != 0 || p.step < 0 || p.step > stepcode.Last ||
		!asked && !p.next || p.next && p.bare || p.bare && p.open != "" {
		fmt.Fprintln(out, usage)
		return 2
	}
	if *library {
		p.step = stepcode.Library
	}
	if err := p.run(out, *dir, now); err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	return 0
}

// run begins the step in the folder dir, or work, and prints what it has done and what comes next.
func (p *beginning) run(out io.Writer, dir string, now time.Time) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if p.root = process.Workshop(here); p.root == "" {
		return fmt.Errorf("%s is not in the workshop's folder: go there first", here)
	}
	// set by Task, which runs in the top folder
	p.here = filepath.Clean(cmp.Or(os.Getenv("USER_WORKING_DIR"), here))
	if p.work, err = filepath.Abs(cmp.Or(dir, p.in("work"))); err != nil {
		return err
	}
	if err := p.checkFolder(); err != nil {
		return err
	}
	plan := p.plan
	if p.next {
		plan = p.planNext
	}
	said, err := plan()
	if err != nil {
		return err
	}
	kept, err := p.replace(now)
	if err == nil {
		fmt.Fprintln(out, said)
	}
	if kept != "" {
		fmt.Fprintf(out, "What was in %s is now in %s\n", p.shown(p.work), p.shown(kept))
	}
	if err != nil {
		return err
	}
	if !within(p.work, p.root) {
		fmt.Fprintf(out, "%s is outside the workshop's folder: Go can build it only inside.\n", p.shown(p.work))
	}
	if within(p.here, p.work) { // a shell stays in a folder that is moved, whatever its prompt shows
		fmt.Fprintf(out, "You are still in the old folder. Leave it:  cd %s\n", quoted(filepath.ToSlash(p.work)))
		p.here = p.work
	}
	if !p.page {
		p.printCommands(out)
	}
	return nil
}

// inTerminal returns words that help only in a terminal, or nothing for the learn page.
func (p *beginning) inTerminal(words string) string {
	if p.page {
		return ""
	}
	return words
}

// unchanged returns an error that also tells that nothing has happened.
func unchanged(format string, args ...any) error {
	return fmt.Errorf("nothing was changed: "+format, args...)
}

// in returns the path of something in the workshop.
func (p *beginning) in(path ...string) string {
	return filepath.Join(append([]string{p.root}, path...)...)
}

// name returns the name of the step.
func (p *beginning) name() string {
	if p.step == stepcode.Library {
		return "the server on the library"
	}
	return fmt.Sprintf("step %d", p.step)
}

// place is the end of a file that a step begins.
const place = "\n\n// Type what %s shows: each block says where.\n"

// plan determines what the folder is to hold, and returns the message for when it does.
func (p *beginning) plan() (string, error) {
	s, err := p.read()
	if err != nil {
		return "", err
	}
	work := p.shown(p.work)
	if !p.bare {
		p.files = s.Open()
		return fmt.Sprintf("%s is %s, finished except for your turns: %s. Edit the files in %s.",
			work, p.name(), list(s.Turns), work), nil
	}
	p.files = s.Bare()
	for name, text := range p.files {
		if s.Before[name] == "" {
			p.files[name] = strings.TrimRight(text, "\n") + fmt.Sprintf(place, stepcode.Lesson(p.step))
		}
	}
	holds := fmt.Sprintf("the code of step %d, and what is given of step %d", p.step-1, p.step)
	switch p.step {
	case 1:
		holds = "what is given of step 1"
	case stepcode.Library:
		holds = fmt.Sprintf("the code of step %d", stepcode.Last)
	}
	return fmt.Sprintf("%s holds %s. Edit the files in %s.", work, holds, work), nil
}

// read reads the step, with the requested turns open.
func (p *beginning) read() (*stepcode.Step, error) {
	s, err := stepcode.Read(os.DirFS(p.root), p.step)
	if err != nil {
		return nil, unchanged("the code to begin with cannot be read: %v", err)
	}
	if p.open == "" {
		return s, nil
	}
	all := s.Turns
	s.Turns = nil
	for _, name := range strings.Split(p.open, ",") {
		i := slices.IndexFunc(all, func(t stepcode.Turn) bool { return t.Name == name })
		if i < 0 {
			return nil, unchanged("%q is not a turn of %s, whose turns are %s", name, p.name(), list(all))
		}
		s.Turns = append(s.Turns, all[i])
	}
	return s, nil
}

// list names turns, each file after its own.
func list(turns []stepcode.Turn) string {
	var s strings.Builder
	for i, t := range turns {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(t.Name)
		if i == len(turns)-1 || turns[i+1].File != t.File {
			s.WriteString(" in " + t.File)
		}
	}
	return s.String()
}

// shown returns a path relative to the user's current folder, if it is in the workshop.
func (p *beginning) shown(path string) string {
	if rel, err := filepath.Rel(p.here, path); err == nil && within(path, p.root) {
		path = rel
		if rel == "." {
			path = filepath.Base(p.here)
		}
	}
	return filepath.ToSlash(path)
}

// within reports whether a path is a folder or something in it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// goRun returns the command that runs the program in a folder from the user's current folder.
func (p *beginning) goRun(path string) string {
	if path == p.here {
		return "go run ."
	}
	path = p.shown(path)
	if !filepath.IsAbs(path) && !strings.HasPrefix(path, ".") {
		path = "./" + path
	}
	return "go run " + quoted(path)
}

// quoted returns a path in a form that every shell accepts.
func quoted(path string) string {
	if strings.ContainsAny(path, " '&()") {
		return `"` + path + `"`
	}
	return path
}

// printCommands prints what to read and to run now.
func (p *beginning) printCommands(out io.Writer) {
	task, args := fmt.Sprint(p.step), fmt.Sprintf(" -step %d", p.step)
	if p.step == stepcode.Library {
		task, args = "library", fmt.Sprintf(" -step %d -library", stepcode.Last)
	}
	fmt.Fprintf(out, "\n  read     %s\n", p.shown(p.in(stepcode.Lesson(p.step))))
	add := func(what, task, command, dir string) {
		if p.work == p.in("work") { // the default of the tasks and the check
			command, dir = fmt.Sprintf("%-17s or  %s", task, command), ""
		}
		fmt.Fprintf(out, "  %-8s %s%s\n", what, command, dir)
	}
	check, dir := p.goRun(p.in("steps/tools/check"))+args, " "+quoted(p.shown(p.work))
	add("run it", "task work", p.goRun(p.work), "")
	add("check", "task check-"+task, check, dir)
	if p.step <= stepcode.Last {
		add("compare", "task diff-work-"+task, check+" -diff-only", dir)
	}
}
