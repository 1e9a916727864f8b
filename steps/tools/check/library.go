package main

import (
	"context"
	"fmt"
	"io"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/trial"
)

// reportLibrary holds a server on a library to what it owes: it goes on after a difference
// from the hand-written server, says which of them the RFC allows, and counts them.
func (t *target) reportLibrary(ctx context.Context, out io.Writer) int {
	t.GoOn = true
	held := 0
	count := map[bool]int{} // of differences, by whether the RFC asks for more
	var owed []trial.Result
	t.Check(ctx, behaviour.LastStep, func(e trial.Event) {
		switch {
		case e.Building != "":
			fmt.Fprintf(out, "  …             building it %s (the first time that takes a minute)\n", e.Building)
			return
		case e.Running != nil:
			fmt.Fprintf(out, "  …             in a few seconds: %s\n", e.Running.Name)
			return
		}
		r := *e.Result
		if r.Failure == nil {
			held++
			return
		}
		l := r.Failure.Leeway
		if l == nil {
			owed = append(owed, r)
			fmt.Fprintf(out, "  ✗ fails       %s\n", r.Name)
			return
		}
		count[l.Asked]++
		fmt.Fprintf(out, "  %s  %s\n                came: %s\n                RFC 6455, section %s\n",
			map[bool]string{true: "! RFC asks  ", false: "~ RFC allows"}[l.Asked], r.Name, r.Failure.Came, l.RFC)
	})
	if ctx.Err() != nil {
		return stopped(out)
	}
	fmt.Fprintf(out, "\n%s as the hand-written server has them. %s: %d the RFC allows, in %d it asks for more, %d no server may leave out.\n",
		plural(held, "behaviour is", "behaviours are"), plural(count[false]+count[true]+len(owed), "differs", "differ"), count[false], count[true], len(owed))
	if len(owed) == 0 {
		return 0
	}
	fmt.Fprintf(out, "\n%s\n%s", owed[0].Name, t.explain(owed, behaviour.LastStep, false))
	return 1
}
