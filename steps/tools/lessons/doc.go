package main

import (
	"regexp"
	"strings"
	"unicode"
)

// A doc is a text in Markdown, taken apart.
type doc struct {
	name   string // from the workshop's top folder, with slashes
	text   string
	lines  []string
	inside []bool // the line is in a fence, or is one
	fences []*fence
	spans  []span // `code` in the text
	links  []span // targets of links
}

// A fence is a block of code.
type fence struct {
	info    string
	line    int      // of its first fence, from 1
	body    []string // the lines between the fences
	comment string   // the HTML comment directly before it, if there is one
}

// A span is a piece of a line.
type span struct {
	line int
	text string
}

var (
	fenceStart  = regexp.MustCompile("^( *)(`{3,}|~{3,})\\s*([^`]*)$")
	lineComment = regexp.MustCompile(`^\s*<!--\s*(.*?)\s*-->\s*$`)
	anyComment  = regexp.MustCompile(`<!--.*?-->`)
	codeSpan    = regexp.MustCompile("(`+)(.+?)(`+)")
	linkTarget  = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?[^)]*\)`)
)

// parse takes a text apart.
func parse(name, text string) *doc {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	d := &doc{name: name, text: text, lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
	d.inside = make([]bool, len(d.lines))
	for i := 0; i < len(d.lines); i++ {
		if m := fenceStart.FindStringSubmatch(d.lines[i]); m != nil {
			i = d.takeFence(i, m[1], m[2], m[3])
			continue
		}
		d.takeSpans(i)
	}
	return d
}

// takeFence takes in the fence that begins at line i, and returns its last line.
func (d *doc) takeFence(i int, indent, marks, info string) int {
	f := &fence{info: strings.TrimSpace(info), line: i + 1, comment: d.commentBefore(i)}
	d.fences = append(d.fences, f)
	d.inside[i] = true
	for i++; i < len(d.lines); i++ {
		d.inside[i] = true
		line := strings.TrimPrefix(d.lines[i], indent)
		if strings.HasPrefix(line, marks) && strings.Trim(line, marks[:1]+" ") == "" {
			break
		}
		f.body = append(f.body, line)
	}
	return i
}

// commentBefore returns the comment that stands on the line before line i, or the one before that.
func (d *doc) commentBefore(i int) string {
	for i--; i >= 0; i-- {
		if m := lineComment.FindStringSubmatch(d.lines[i]); m != nil {
			return m[1]
		}
		if strings.TrimSpace(d.lines[i]) != "" {
			return ""
		}
	}
	return ""
}

// takeSpans takes in the code and the links of line i.
func (d *doc) takeSpans(i int) {
	line := anyComment.ReplaceAllString(d.lines[i], "")
	for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
		if m[1] == m[3] {
			d.spans = append(d.spans, span{i + 1, strings.TrimSpace(m[2])})
		}
	}
	line = codeSpan.ReplaceAllString(line, "code")
	for _, m := range linkTarget.FindAllStringSubmatch(line, -1) {
		d.links = append(d.links, span{i + 1, m[1]})
	}
}

// prose returns line i (from 0) without comments and code, or "" inside a fence.
func (d *doc) prose(i int) string {
	if d.inside[i] {
		return ""
	}
	line := anyComment.ReplaceAllString(d.lines[i], "")
	return linkTarget.ReplaceAllString(codeSpan.ReplaceAllString(line, " "), "]")
}

// anchors returns the names by which a text's headings can be linked to.
func (d *doc) anchors() map[string]bool {
	names := make(map[string]bool)
	for i, line := range d.lines {
		rest := strings.TrimLeft(line, "#")
		level := len(line) - len(rest)
		if d.inside[i] || level < 1 || level > 6 || !strings.HasPrefix(rest, " ") {
			continue
		}
		names[slug(rest)] = true
	}
	return names
}

// slug returns the name that GitHub gives a heading.
func slug(heading string) string {
	heading = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// problem says what is wrong at a line.
func (d *doc) problem(line int, says string) problem { return problem{d.name, line, says} }

// withLines returns the text with some lines replaced, each (from 1) by any number of others.
func (d *doc) withLines(changes map[int][]string) string {
	if len(changes) == 0 {
		return d.text
	}
	var out []string
	for i, line := range d.lines {
		if fresh, ok := changes[i+1]; ok {
			out = append(out, fresh...)
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n") + "\n"
}

// checkFences refuses a block whose kind no check would look at.
func (w *workshop) checkFences(d *doc) (problems []problem) {
	for _, f := range d.fences {
		switch f.info {
		case "":
			problems = append(problems, d.problem(f.line, "this block does not say what it is (diff, console, sh, text …)"))
		case "diff", "console", "sh":
		case "bash", "shell", "shellsession", "terminal":
			problems = append(problems, d.problem(f.line, "commands stand in blocks marked sh, or console with their output"))
		case "go", "js":
			if !d.generatedAt(f.line) && !strings.HasPrefix(f.comment, "not ours") {
				problems = append(problems, d.problem(f.line, "code is quoted with <!-- gen: … -->, or marked <!-- not ours: why -->"))
			}
		}
	}
	return problems
}
