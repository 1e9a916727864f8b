package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
)

// How fast people are, as found in trials: words that they read per minute, including code, and
// characters that they type, which are 30 words of five. A turn takes four times as long as typing it.
const (
	wordsRead   = 150
	charsTyped  = 30 * 5
	turnsFactor = 4
)

// genMinutes states how long this lesson takes: to read its words and its code, to write its turns or
// to type all that is not given, and the time allowed for the rest, without its exercises and what
// follows them. In other texts it states how long the six lessons by hand take.
func genMinutes(w *workshop, p *page, m *mark, old string) (string, error) {
	if stepOf(p.name) == 0 {
		total := 0
		for n := 1; n <= stepcode.Last; n++ {
			minutes, err := w.minutes(n)
			if err != nil {
				return "", err
			}
			total += minutes
		}
		return fmt.Sprint(total), nil
	}
	turns, rest := 0, 0 // characters to type
	for _, part := range p.parts {
		if part.turn != nil {
			turns += turnsFactor * typed(codeLines(part.ours))
			continue
		}
		for _, h := range part.hunks {
			if !part.given && !part.isHead {
				rest += typed(h.New)
			}
		}
	}
	source, _, _ := strings.Cut(p.source, "\n## Exercises\n")
	shown := parse(p.name, source)
	words := len(shown.words(shown.root))
	for _, f := range shown.fences {
		if text := strings.Join(f.body, "\n"); f.info == "sh" {
			turns += len(text)
		} else {
			words += len(strings.Fields(text))
		}
	}
	minutes := func(n, speed int) int { return (n + speed/2) / speed }
	read, written, all := minutes(words, wordsRead), minutes(turns, charsTyped), minutes(turns+rest, charsTyped)
	allowed, _ := strconv.Atoi(m.args[len(m.args)-1])
	return fmt.Sprintf("%d minutes if you write the turns (%d to read, %d to write, %d to run it and to "+
		"think), "+
		"or %d if you type it all", read+written+allowed, read, written, allowed, read+all+allowed), nil
}

var codeComment = regexp.MustCompile(`(^|\s)//\s.*$`)

// typed counts the characters of code to type, without comments and indentation.
func typed(lines []string) (n int) {
	for _, line := range lines {
		n += len(strings.TrimSpace(codeComment.ReplaceAllString(line, "")))
	}
	return n
}

var minutesOf = regexp.MustCompile(`<!-- gen: minutes \+ \d+ -->(\d+) minutes`)

// minutes returns how long a step's lesson takes those who write its turns, as the lesson states,
// rounded up to five minutes.
func (w *workshop) minutes(step int) (int, error) {
	m := minutesOf.FindStringSubmatch(w.read(stepcode.Lesson(step)))
	if m == nil {
		return 0, fmt.Errorf("%s does not say how long it takes: <!-- gen: minutes + N -->", stepcode.Lesson(step))
	}
	n, err := strconv.Atoi(m[1])
	return (n + 4) / 5 * 5, err
}
