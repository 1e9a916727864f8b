package main

import (
	"cmp"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/lessons/stage"
)

// genConsole makes the block that shows what a server prints while a script is played. Its lines have the
// times of the old block's.
func genConsole(w *workshop, p *page, m *mark, old string) (string, error) {
	block := codeLines(old)
	if len(block) < 3 {
		block = []string{"```console", "$ go run ./work", "```"}
	}
	shown, now := block[2:len(block)-1], stage.Time
	_, script, _ := strings.Cut(m.title, ": ")
	lines, err := stage.Play(w.root, m.of, script, shown)
	for i, line := range lines {
		if i < len(shown) {
			now = cmp.Or(stage.LogTime.FindString(shown[i]), now)
		}
		lines[i] = stage.Normal(line, now)
	}
	return strings.Join(slices.Concat(block[:2], lines, []string{"```", ""}), "\n"), err
}
