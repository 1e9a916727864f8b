package main

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// How fast people are, as found in trials: words that they read per minute, including code, and
// characters that they type, which are 30 words of five. A turn takes four times as long as typing it.
const (
	wordsRead   = 150
	charsTyped  = 30 * 5
	turnsFactor = 4
)

// genMinutes states how long a lesson takes: to read its words and its code, to write its turns or to
// type all that is not given, and the time allowed for the rest, without its exercises and what follows
// them.
func genMinutes(w *workshop, p *page, m *mark, old string) (string, error) {
	turns, rest := 0, 0 // characters to type
	for _, part := range p.parts {
		if part.turn != nil {
			turns += turnsFactor * typed(part.ours)
		} else if !part.isHead() {
			rest += typed(added(part.now, part.goal))
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
	allowed, err := strconv.Atoi(m.args[len(m.args)-1])
	return fmt.Sprintf("%d minutes if you write the turns (%d to read, %d to write, %d to run it and to "+
		"think), or %d if you type it all",
		read+written+allowed, read, written, allowed, read+all+allowed), err
}

var codeComment = regexp.MustCompile(`(^|\s+)//\s.*$`)

// typed counts the characters of code to type, without comments and indentation.
func typed(code string) (n int) {
	for line := range strings.Lines(code) {
		n += len(codeComment.ReplaceAllString(strings.TrimSpace(line), ""))
	}
	return n
}

var (
	lessonLink = regexp.MustCompile(`\]\(([\w./]*\.md)\)`)
	minutesOf  = regexp.MustCompile(`<!-- gen: minutes \+ \d+ -->(\d+) minutes`)
)

// checkTime reports a row of a timetable (at, minutes, what) that begins at another time than the row
// above ends, or whose lesson states another time, which counts up to the next five minutes. It returns
// when the row ends, or -1 for the last one.
func (w *workshop) checkTime(p *page, r row, begins int) (ends int) {
	var hour, minute, takes int
	fmt.Sscanf(r.cells[0], "%d:%02d", &hour, &minute) // anything but a time counts as midnight
	fmt.Sscan(r.cells[1], &takes)                     // the last row has none
	if at := hour*60 + minute; begins >= 0 && at != begins {
		p.say(r.line, "this begins at %d:%02d", begins/60, begins%60)
	}
	if m := lessonLink.FindStringSubmatch(strings.Join(r.cells, " ")); m != nil {
		lesson, stated := path.Join(path.Dir(p.name), m[1]), 0
		if m := minutesOf.FindStringSubmatch(w.read(lesson)); m != nil {
			stated, _ = strconv.Atoi(m[1])
		}
		if want := (stated + 4) / 5 * 5; takes != want {
			p.say(r.line, "%s states %d minutes: write %d, not %d", lesson, stated, want, takes)
		}
	}
	if takes == 0 {
		return -1
	}
	return hour*60 + minute + takes
}
