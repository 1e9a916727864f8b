package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// How fast people are: words that they read in a minute, and characters that they type, in
// commands (40 words of five) and in code (half of that).
const (
	wordsRead    = 180
	commandTyped = 200
	codeTyped    = 100
)

// A duration is what a lesson takes, in minutes: its exercises and what follows left out.
type duration struct{ read, typed, allowed int }

// rounded returns the sum as timetables have it: up to the next five minutes.
func (t duration) rounded() int { return (t.read + t.typed + t.allowed + 4) / 5 * 5 }

var allowance = regexp.MustCompile(`<!-- gen: minutes \+ (\d+) -->`)

// timeOf returns how long a lesson takes: to read its words, to type its code and its
// commands, and what it allows for the rest (<!-- gen: minutes + N -->).
func (w *workshop) timeOf(name string) (t duration, err error) {
	p := parse(name, w.read(name))
	m := allowance.FindStringSubmatch(p.source)
	if m == nil {
		return t, fmt.Errorf("%s does not say what time it allows: <!-- gen: minutes + N -->", name)
	}
	words, commands := 0, 0
	for n := range nodes(p.root) {
		_, content := p.content(n)
		if n.Kind() == ast.KindHeading && (content == "Exercises" || content == "Questions to ask") {
			break
		}
		switch n := n.(type) {
		case *ast.Text:
			words += len(strings.Fields(content))
		case *ast.FencedCodeBlock:
			f := p.fenceAt(n.Pos())
			if text := strings.Join(f.body, "\n"); f.info == "sh" {
				commands += len(text)
			} else if !isEdit[f.mark.kind] {
				words += len(strings.Fields(text))
			}
		}
	}
	t.allowed, _ = strconv.Atoi(m[1])
	t.read = (words + wordsRead/2) / wordsRead
	minutes := float64(w.edits(p).typed)/codeTyped + float64(commands)/commandTyped
	t.typed = int(minutes + 0.5)
	return t, nil
}
