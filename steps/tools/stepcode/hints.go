package stepcode

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

var (
	comment = regexp.MustCompile(`<!--.*-->\n?`)
	folded  = regexp.MustCompile(`(?s)<details><summary>Hint [^<]*</summary>\n(.*?)\n</details>`)
)

// Hints returns the hints for a turn of a step as Markdown, each more detailed than the one before:
// what to do, which calls, the first line. The turn is named as readHeader or as frame.go readHeader.
func Hints(workshop fs.FS, step int, turn string) ([]string, error) {
	name := HintsFile(step)
	text, err := fs.ReadFile(workshop, name)
	if err != nil {
		return nil, err
	}
	turn = turn[strings.LastIndex(turn, " ")+1:]
	source := strings.ReplaceAll(string(text), "\r\n", "\n")
	for _, section := range strings.Split("\n"+source, "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		if title != turn {
			continue
		}
		var hints []string
		for _, m := range folded.FindAllStringSubmatch(body, -1) {
			hints = append(hints, strings.TrimSpace(comment.ReplaceAllString(m[1], "")))
		}
		return hints, nil
	}
	return nil, fmt.Errorf("%s has no hints for %s", name, turn)
}

var (
	anyMark = regexp.MustCompile(`^<!-- (edit|turn|given): (\S+) (.*) -->$`)
	lead    = regexp.MustCompile(`^(?:#+ +(.+)|\*\*(.+?)\*\*.*)$`)
)

// Where returns the headings, or the bold words, of the paragraphs of a lesson that show the changes in
// a declaration, if there are any.
func Where(workshop fs.FS, step int, file, name string) (titles []string) {
	text, err := fs.ReadFile(workshop, Lesson(step))
	if err != nil {
		return nil
	}
	last := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if m := lead.FindStringSubmatch(line); m != nil {
			last = strings.TrimRight(m[1]+m[2], ".:,")
		}
		m := anyMark.FindStringSubmatch(line)
		if m == nil || m[2] != file {
			continue
		}
		for _, word := range strings.Fields(m[3]) {
			word, _, _ = strings.Cut(word, "/")
			if word == name && !slices.Contains(titles, last) {
				titles = append(titles, last)
			}
		}
	}
	return titles
}

// Anchor returns the fragment of a turn's heading in its file of hints.
func Anchor(turn string) string { return strings.ToLower(strings.ReplaceAll(turn, ".", "")) }
