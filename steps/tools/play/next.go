package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
)

// planNext is plan for a folder whose own code continues to the next step.
func (p *beginning) planNext() (string, error) {
	there, err := p.look()
	if err != nil {
		return "", err
	}
	if !there {
		return "", fmt.Errorf("there is no %s to go on from%s", p.shown(p.work),
			p.inTerminal(": begin with -step 1"))
	}
	theirs, err := stepcode.Code(p.work)
	if err != nil {
		return "", p.unreadable(err)
	}
	if p.step == 0 {
		if err := p.findStep(theirs); err != nil {
			return "", err
		}
	}
	s, err := p.read()
	if err != nil {
		return "", err
	}
	if p.step == 1 {
		return "", unchanged("step 1 is the first%s", p.inTerminal(": -step 1, without -next, begins it"))
	}
	next, err := s.GoOn(theirs)
	if err != nil {
		return "", p.unreadable(err)
	}
	p.files, p.keep, p.gone = next.Files, true, next.Removed
	maps.DeleteFunc(p.files, func(name, text string) bool { return theirs[name] == text })
	return p.report(next), nil
}

// unreadable returns the error for code in the folder that cannot be parsed.
func (p *beginning) unreadable(err error) error {
	if bad := new(stepcode.FileError); errors.As(err, &bad) {
		return unchanged("%s/%v: correct this first", p.shown(p.work), err)
	}
	return unchanged("%v", err)
}

// findStep finds the step that follows the code's, whose turns must be written.
func (p *beginning) findStep(theirs stepcode.Files) error {
	work := p.shown(p.work)
	reached, err := stepcode.StepOf(os.DirFS(p.root), theirs)
	switch {
	case err != nil:
		return p.unreadable(err)
	case reached == 0:
		return unchanged("the code in %s is not recognizable as that of a step. "+
			"Name the step to go on to (-next -step N), or begin one with our code (-step N)", work)
	case reached == stepcode.Library:
		return unchanged("%s has the server on the library, and that is the last lesson", work)
	}
	s, err := stepcode.Read(os.DirFS(p.root), reached)
	if err != nil {
		return err
	}
	found, err := s.Look(theirs)
	if err != nil {
		return p.unreadable(err)
	}
	var left []stepcode.Turn
	for _, f := range found {
		isLeft := f.State == stepcode.Missing || f.State == stepcode.Open
		if turn := stepcode.TurnOf(reached, f.File, f.Names); turn != nil && isLeft {
			left = append(left, *turn)
		}
	}
	p.step = reached + 1
	if len(left) > 0 {
		what := fmt.Sprintf("-step %d", p.step)
		if p.step == stepcode.Library {
			what = "-library"
		}
		return unchanged("%s is at step %d, and not finished: %s. Write what is left, go on anyway (-next %s), "+
			"or begin %s with our code (%s)", work, reached, list(left), what, p.name(), what)
	}
	return nil
}

// report describes, in one line, what play has done, and what it has left to the attendee.
func (p *beginning) report(next *stepcode.Next) string {
	work := p.shown(p.work)
	said := fmt.Sprintf("%s goes on to %s with your code: %d declarations added, %d changed as the lesson "+
		"does. "+
		"Edit the files in %s.", work, p.name(), len(next.Added), len(next.Applied), work)
	if len(next.Removed) > 0 {
		said += fmt.Sprintf("\nRemoved, as in the lesson: %s.", strings.Join(next.Removed, ", "))
	}
	added := append(next.Added, next.Applied...)
	open := slices.DeleteFunc(stepcode.Turns(p.step), func(t stepcode.Turn) bool {
		return !slices.ContainsFunc(added, func(c stepcode.Change) bool { return c.Turn && c.Name == t.Name })
	})
	if len(open) > 0 {
		said += fmt.Sprintf("\nYour turns: %s.", list(open))
	}
	if len(next.ToDo) > 0 {
		said += fmt.Sprintf("\nYours differs from ours here, so make these changes yourself; %s shows them:",
			p.shown(p.in(stepcode.Lesson(p.step)))) + p.places(next.ToDo)
	}
	if len(next.Kept) > 0 {
		said += "\nYou already have these, so ours were left out:" + p.places(next.Kept)
	}
	return said
}

// places names declarations, and where the lesson shows them.
func (p *beginning) places(changes []stepcode.Change) (lines string) {
	for _, c := range changes {
		titles := stepcode.Where(os.DirFS(p.root), p.step, c.Ours, c.Name)
		line := fmt.Sprintf("\n  %-14s %-14s %s", c.File, c.Name, strings.Join(titles, "; "))
		lines += strings.TrimRight(line, " ")
	}
	return lines
}
