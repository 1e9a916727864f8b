package stepcode

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// given lists the declarations that play gives: step, file, names. The lessons mark the same ones (<!--
// given: FILE NAME … -->). Nothing is given of the library's one new file.
var given = map[int]map[string][]string{
	1: {"main.go": {"main", "hasToken", "tokens"}},         // flags, the http.Server; lists in header fields
	2: {"handshake.go": {"guid", "refusal", "sameOrigin"}}, // what a handshake must look like
	3: {"history.go": {"historySize", "post", "past", "history", "history.json", "history.add"}},
	4: {
		"history.go": {"parsePost"},
		"frame.go":   {"closeError", "closeError.Error", "header.check"},
		"conn.go":    {"maxMessage", "message"},
	},
	6: { // codes, opcodes and times
		"frame.go": {"closeError.payload", "parseClose", "sendable", "opContinuation", "header.check"},
		"conn.go":  {"closeTime", "pingTime", "quietTime"},
		"hub.go":   {"hub.each"},
	},
}

// A Turn is a function whose body attendees write, or a part of its body.
type Turn struct {
	Step int
	File string // frame.go
	Name string // readHeader; a method is type.name

	// part has the beginnings of the consecutive statements that are open. If there are none, the whole
	// body is open.
	part []string
}

// turns lists the turns of each step, in the order of its lesson. In each step they contain at least 40
// % of the added lines that are not given: see TestShare.
var turns = map[int][]Turn{
	1: {{File: "main.go", Name: "upgrade"}},
	2: {
		{File: "handshake.go", Name: "response"},
		{File: "conn.go", Name: "conn.write"},
		{File: "handshake.go", Name: "accept"},
	},
	3: {{File: "frame.go", Name: "encode"}},
	4: {
		{File: "frame.go", Name: "readHeader"},
		{File: "frame.go", Name: "unmask"},
		{File: "conn.go", Name: "conn.read", part: []string{"switch {"}},
	},
	5: {
		{File: "hub.go", Name: "hub.join"},
		{File: "hub.go", Name: "hub.post"},
		{File: "hub.go", Name: "member.push"},
		{File: "hub.go", Name: "member.send"},
	},
	6: {
		{File: "conn.go", Name: "conn.write", part: []string{"if c.closed {", "c.closed ="}},
		{File: "conn.go", Name: "conn.control"},
		{File: "conn.go", Name: "conn.end"},
		{File: "hub.go", Name: "hub.close"},
	},
	Library: {
		{File: "websocket.go", Name: "accept"},
		{File: "websocket.go", Name: "conn.read"},
		{File: "websocket.go", Name: "conn.write"},
		{File: "websocket.go", Name: "conn.ping"},
		{File: "websocket.go", Name: "conn.end"},
		{File: "websocket.go", Name: "conn.close"},
	},
}

// Turns returns the turns of a step, in the order of its lesson.
func Turns(step int) []Turn {
	all := slices.Clone(turns[step])
	for i := range all {
		all[i].Step = step
	}
	return all
}

// TurnOf returns the turn of a step for one of the names of a declaration, or nil.
func TurnOf(step int, file string, names []string) *Turn { return turnIn(Turns(step), file, names) }

// turnIn returns the turn in a list that is for a declaration, or nil.
func turnIn(all []Turn, file string, names []string) *Turn {
	i := slices.IndexFunc(all, func(t Turn) bool { return t.File == file && slices.Contains(names, t.Name) })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// Given reports whether play gives a declaration of a step, whichever way an attendee chooses.
func Given(step int, file string, names []string) bool {
	return shareName(given[step][file], names)
}

// String names the turn as messages do: readHeader in frame.go, lesson 4.
func (t Turn) String() string {
	lesson := fmt.Sprintf("lesson %d", t.Step)
	if t.Step == Library {
		lesson = Lesson(Library)
	}
	return fmt.Sprintf("%s in %s, %s", t.Name, t.File, lesson)
}

// IsPart reports whether the turn is only a part of its function's body.
func (t Turn) IsPart() bool { return t.part != nil }

// openTurn matches the line in place of a turn that is not written yet, which names the turn.
var openTurn = regexp.MustCompile(`(?m)^[ \t]*panic\("your turn: (.*?)"\).*\n`)

// IsOpen reports whether a declaration still has the line of an open turn.
func IsOpen(text string) bool { return openTurn.MatchString(text) }

// line returns the line in place of the turn while it is open. The imports are those that only open
// turns need.
func (t Turn) line(indent string, imports []string) string {
	needs := ""
	if len(imports) > 0 {
		plural := map[bool]string{true: "s"}[len(imports) > 1]
		needs = fmt.Sprintf(" // needs the import%s %q", plural, imports[0])
		for _, path := range imports[1:] {
			needs += fmt.Sprintf(" and %q", path)
		}
	}
	return fmt.Sprintf("%spanic(%q)%s\n", indent, "your turn: "+t.String(), needs)
}

// A cut is a turn's declaration in three parts: the lines above the open part, our lines for it, and
// the lines below.
type cut struct{ above, ours, below string }

// cut splits the turn's declaration, which gofmt has formatted: a block that a line opens ends with the
// next brace that is indented like that line.
func (t Turn) cut(text string) (cut, error) {
	lines := strings.SplitAfter(text, "\n")
	find := func(begin string, from int) int { // the next line that begins like this, or after the last one
		for from < len(lines) && !strings.HasPrefix(strings.TrimLeft(lines[from], "\t"), begin) {
			from++
		}
		return from
	}
	from := find("func ", 0) + 1
	to := from + max(0, slices.Index(lines[min(from, len(lines)):], "}\n"))
	if t.IsPart() {
		from = find(t.part[0], 0)
		to = from
	}
	for _, begin := range t.part {
		to = find(begin, to) + 1
		if to <= len(lines) && strings.HasSuffix(lines[to-1], "{\n") {
			to += slices.Index(lines[to:], indentOf(lines[to-1])+"}\n") + 1
		}
	}
	if from >= to || to > len(lines) {
		return cut{}, fmt.Errorf("%v has no body, or no statements %q", t, t.part)
	}
	join := func(lines []string) string { return strings.Join(lines, "") }
	return cut{join(lines[:from]), join(lines[from:to]), join(lines[to:])}, nil
}

// Ours returns our code for a turn: the declaration, or the open lines without their indentation.
func (s *Step) Ours(t Turn) string {
	c := s.cuts[t.Name]
	if t.IsPart() {
		indent := indentOf(c.ours)
		return strings.ReplaceAll(strings.TrimPrefix(c.ours, indent), "\n"+indent, "\n")
	}
	return strings.Trim(c.above+c.ours+c.below, "\n") + "\n"
}

// FirstLine returns the first line of our code for a turn.
func (s *Step) FirstLine(t Turn) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s.cuts[t.Name].ours), "\n")
	return line
}

// indentOf returns the indentation of a text's first line.
func indentOf(text string) string { return text[:len(text)-len(strings.TrimLeft(text, "\t"))] }

// Needs returns the imports of a turn that are missing while it is open.
func (s *Step) Needs(t Turn) []string {
	all := Imports(s.After[t.File])
	there := s.used(t.File)
	return slices.DeleteFunc(Used("func _() {\n"+s.cuts[t.Name].ours+"}\n", all), func(path string) bool {
		return slices.Contains(there, path)
	})
}

// used returns the imports that a file uses outside the open parts of its turns.
func (s *Step) used(file string) []string {
	var text strings.Builder
	for _, d := range s.decls[file] {
		if t := turnIn(s.Turns, file, d.Names); t != nil {
			text.WriteString(s.cuts[t.Name].above + s.cuts[t.Name].below)
		} else if !d.isHead() {
			text.WriteString(d.Text)
		}
	}
	return Used(text.String(), Imports(s.After[file]))
}

// OpenDecl returns a turn's declaration in its open form, as attendees get it.
func (s *Step) OpenDecl(t Turn) string {
	c := s.cuts[t.Name]
	return c.above + t.line(indentOf(c.ours), s.Needs(t)) + c.below
}

// Open returns the finished step with its turns open.
func (s *Step) Open() Files {
	files := make(Files)
	for file, decls := range s.decls {
		var open strings.Builder
		for _, d := range decls {
			if t := turnIn(s.Turns, file, d.Names); t != nil {
				d.Text = s.OpenDecl(*t)
			} else if d.Names[0] == "import" {
				d.Text = OnlyImports(d.Text, s.used(file))
			}
			open.WriteString(d.Text)
		}
		files[file] = open.String()
	}
	return files
}

// Bare returns the code of the previous step, with what is given of this step: its package clauses, its
// given declarations, and the imports that these need.
func (s *Step) Bare() Files {
	files := make(Files)
	maps.Copy(files, s.Before)
	for name, text := range s.After {
		if s.Number == Library && s.Before[name] == "" {
			continue // the attendee creates the file, once the others are deleted
		}
		keep := Imports(s.Before[name])
		for _, p := range s.Pairs(name) {
			if Given(s.Number, name, p.Names) {
				keep = append(keep, Used(p.After, Imports(text))...)
			}
		}
		var bare strings.Builder
		for _, p := range s.Pairs(name) {
			switch {
			case p.After != "" && p.Names[0] == "import":
				bare.WriteString(OnlyImports(p.After, keep))
			case p.After != "" && (p.Names[0] == "package" || Given(s.Number, name, p.Names)):
				bare.WriteString(p.After)
			default:
				bare.WriteString(p.Before)
			}
		}
		files[name] = bare.String()
	}
	return files
}

// Write writes code into a turn in a file: in place of the whole declaration, or of the line of the
// open turn. It adds the imports.
func (t Turn) Write(src, code string, imports []string) (string, error) {
	decls, err := Split(src)
	if err != nil {
		return "", err
	}
	d := Find(decls, t.Name)
	if d == nil {
		return "", fmt.Errorf("%s has no %s", t.File, t.Name)
	}
	at := openTurn.FindStringIndex(d.Text)
	switch {
	case !t.IsPart():
		above := d.Text[:len(d.Text)-len(strings.TrimLeft(d.Text, "\n"))]
		d.Text = above + strings.Trim(code, "\n") + "\n"
	case at == nil:
		return "", fmt.Errorf("%v is not open", t)
	default:
		indented := regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(code, indentOf(d.Text[at[0]:])+"$1")
		d.Text = d.Text[:at[0]] + indented + d.Text[at[1]:]
	}
	return AddImports(Join(decls), imports), nil
}
