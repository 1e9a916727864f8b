package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// generators make what stands between <!-- gen: NAME ARGS --> and <!-- /gen -->. Each is
// given its arguments and what stood there before, and returns what belongs there: on the
// marker's own line if that is one line without an end.
var generators = map[string]func(w *workshop, d *doc, args []string, old string) (string, error){
	"steps":   genSteps,   // README's table of steps, its last column filled
	"include": genInclude, // FILE NAME: what stands in FILE between <!-- NAME --> and <!-- /NAME -->
	"go":      genGo,      // FILE NAME: a function, type or constant, as steps/06/conn.go conn.end
	"compare": genCompare, // what go run ./steps/tools/compare prints
	"lines":   genLines,   // FILE or FOLDER: how many lines of code
	"size":    genSize,    // FILE NAME ...: how many lines these declarations have, with their comments
	"added":   genAdded,   // N: how many lines step N adds
	"minutes": genMinutes, // how many minutes the lessons take together, or lesson N
}

var genRegion = regexp.MustCompile(`(?s)<!-- gen: ([^>]*?) -->(.*?)<!-- /gen -->`)

// regions returns where in a text the generated parts are, those in fences left out: the
// offsets of the whole, its arguments and its content.
func (d *doc) regions() (all [][]int) {
	for _, m := range genRegion.FindAllStringSubmatchIndex(d.text, -1) {
		if line := lineAt(d.text, m[0]); !d.inside[line-1] {
			all = append(all, m)
		}
	}
	return all
}

// lineAt returns the line of an offset, from 1.
func lineAt(text string, offset int) int { return strings.Count(text[:offset], "\n") + 1 }

// generatedAt reports whether a line is in a generated part.
func (d *doc) generatedAt(line int) bool {
	for _, m := range d.regions() {
		if lineAt(d.text, m[0]) <= line && line <= lineAt(d.text, m[1]) {
			return true
		}
	}
	return false
}

// generate returns what belongs into a region.
func (w *workshop) generate(d *doc, m []int) (string, error) {
	words := strings.Fields(d.text[m[2]:m[3]])
	old := d.text[m[4]:m[5]]
	if len(words) == 0 {
		return "", fmt.Errorf("generate what?")
	}
	generator := generators[words[0]]
	if strings.HasSuffix(words[0], ".js") {
		generator, words = genJS, append([]string{""}, words...)
	}
	if generator == nil {
		return "", fmt.Errorf("there is no generator %q", words[0])
	}
	return generator(w, d, words[1:], old)
}

// regenerate returns a text with its generated parts made anew, where that is possible.
func (w *workshop) regenerate(d *doc) string {
	var s strings.Builder
	end := 0
	for _, m := range d.regions() {
		fresh, err := w.generate(d, m)
		if err != nil {
			continue // the check will say so
		}
		s.WriteString(d.text[end:m[4]])
		s.WriteString(fresh)
		end = m[5]
	}
	return s.String() + d.text[end:]
}

// checkGenerated compares the generated parts with what would be generated now.
func (w *workshop) checkGenerated(d *doc) (problems []problem) {
	regions := d.regions()
	for _, m := range regions {
		line, name := lineAt(d.text, m[0]), d.text[m[2]:m[3]]
		switch fresh, err := w.generate(d, m); {
		case err != nil:
			problems = append(problems, d.problem(line, fmt.Sprintf("gen: %s: %v", name, err)))
		case fresh != d.text[m[4]:m[5]]:
			line += differsAt(d.text[m[4]:m[5]], fresh)
			problems = append(problems, d.problem(line, fmt.Sprintf("gen: %s is out of date: go run ./steps/tools/lessons -update", name)))
		}
	}
	markers := 0
	for i, line := range d.lines {
		if !d.inside[i] {
			markers += strings.Count(line, "<!-- gen: ") - strings.Count(line, "<!-- /gen -->")
		}
		if markers < 0 || markers > 1 {
			return append(problems, d.problem(i+1, "<!-- gen: … --> and <!-- /gen --> do not pair"))
		}
	}
	if markers > 0 {
		problems = append(problems, d.problem(len(d.lines), "a <!-- /gen --> is missing"))
	}
	return problems
}

// differsAt returns the number of the first line, from 0, in which two texts differ.
func differsAt(a, b string) int {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return i
		}
	}
	return len(x) - 1
}

// fenced returns code as a block.
func fenced(info, code string) string {
	return "\n```" + info + "\n" + strings.TrimRight(code, "\n") + "\n```\n"
}

// genSteps fills the last cell of each row of the table of steps.
func genSteps(w *workshop, d *doc, args []string, old string) (string, error) {
	lines := strings.Split(old, "\n")
	found := 0
	for i, line := range lines {
		m := lessonLink.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		found++
		n, _ := strconv.Atoi(m[1])
		row := cells(line)
		plus, minus := w.sizeOfStep(n)
		size := fmt.Sprintf("+%d", plus)
		if minus > 0 {
			size += fmt.Sprintf(" −%d", minus)
		}
		lines[i] = "| " + strings.Join(append(row[:2], size), " | ") + " |"
	}
	if found != 6 {
		return "", fmt.Errorf("a row for each of the six steps is needed, linked to steps/0N.md")
	}
	return strings.Join(lines, "\n"), nil
}

// sizeOfStep returns how many lines a step adds to the one before, and removes.
func (w *workshop) sizeOfStep(n int) (plus, minus int) {
	before, after := w.folderOf(n-1), w.code(stepDir(n))
	for name := range keys(after, before) {
		var want []string
		if after[name] != "" {
			want = codeLines(after[name])
		}
		for _, c := range compareLines(before[name], want) {
			plus, minus = plus+c.end-c.start, minus+c.to-c.from
		}
	}
	return plus, minus
}

// genInclude copies what stands between two markers of another text. Its links still lead
// where they led.
func genInclude(w *workshop, d *doc, args []string, old string) (string, error) {
	if len(args) != 2 {
		return "", fmt.Errorf("include FILE NAME")
	}
	text := w.read(args[0])
	begin, end := "<!-- "+args[1]+" -->", "<!-- /"+args[1]+" -->"
	_, text, ok := strings.Cut(text, begin)
	text, _, ok2 := strings.Cut(text, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("%s has nothing between %s and %s", args[0], begin, end)
	}
	text = anyComment.ReplaceAllString(text, "")
	return linkTarget.ReplaceAllStringFunc(text, func(link string) string {
		target := linkTarget.FindStringSubmatch(link)[1]
		if strings.Contains(target, "://") {
			return link
		}
		return strings.Replace(link, target, relative(path.Dir(d.name), path.Dir(args[0]), target), 1)
	}), nil
}

// relative returns a link for a text in one folder that was written for a text in another.
func relative(to, from, target string) string {
	if strings.HasPrefix(target, "#") {
		return target
	}
	full := path.Join(from, target)
	if to == "." {
		return full
	}
	return strings.Repeat("../", strings.Count(to, "/")+1) + full
}

// genJS quotes a function from the page's scripts, with the comment above it, or else the
// statement that begins with the given words.
func genJS(w *workshop, d *doc, args []string, old string) (string, error) {
	if len(args) < 2 {
		return "", fmt.Errorf("say which function of %s", args[0])
	}
	name, wanted := path.Join("frontend", args[0]), strings.Trim(strings.Join(args[1:], " "), "\"")
	lines := codeLines(w.read(name))
	for i, line := range lines {
		isFunc := strings.HasPrefix(line, "function "+wanted+"(")
		if !isFunc && !strings.HasPrefix(line, wanted) {
			continue
		}
		begin, end := i, i
		for begin > 0 && strings.HasPrefix(lines[begin-1], "//") {
			begin--
		}
		for end < len(lines)-1 && !endsStatement(lines[end], end == i) {
			end++
		}
		return fenced("js", strings.Join(lines[begin:end+1], "\n")), nil
	}
	return "", fmt.Errorf("%s has no function %s", name, wanted)
}

// endsStatement reports whether a statement at the left margin ends with a line.
func endsStatement(line string, first bool) bool {
	if first {
		return strings.HasSuffix(strings.SplitN(line, " //", 2)[0], ";")
	}
	return strings.HasPrefix(line, "}")
}

// genGo quotes a declaration from a Go file, with its comment.
func genGo(w *workshop, d *doc, args []string, old string) (string, error) {
	if len(args) != 2 {
		return "", fmt.Errorf("go FILE NAME")
	}
	code, err := w.declaration(args[0], args[1])
	return fenced("go", code), err
}

// genSize counts the lines of declarations.
func genSize(w *workshop, d *doc, args []string, old string) (string, error) {
	if len(args) < 2 {
		return "", fmt.Errorf("size FILE NAME, and more names")
	}
	total := 0
	for _, name := range args[1:] {
		code, err := w.declaration(args[0], name)
		if err != nil {
			return "", err
		}
		total += len(codeLines(code))
	}
	return fmt.Sprint(total), nil
}

// declaration returns the code of a declaration in a Go file, with its comment.
func (w *workshop) declaration(name, wanted string) (string, error) {
	text := w.read(name)
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments)
	if err != nil {
		return "", err
	}
	for _, decl := range file.Decls {
		if names, doc := declared(decl); names[wanted] {
			begin := decl.Pos()
			if doc != nil {
				begin = doc.Pos()
			}
			return text[set.Position(begin).Offset:set.Position(decl.End()).Offset], nil
		}
	}
	return "", fmt.Errorf("%s has no %s", name, wanted)
}

// declared returns the names that a declaration declares, methods as type.name, and its
// comment.
func declared(decl ast.Decl) (map[string]bool, *ast.CommentGroup) {
	names := make(map[string]bool)
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		name := decl.Name.Name
		if decl.Recv != nil {
			owner := decl.Recv.List[0].Type
			if star, ok := owner.(*ast.StarExpr); ok {
				owner = star.X
			}
			name = fmt.Sprint(owner) + "." + name
		}
		names[name] = true
		return names, decl.Doc
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names[spec.Name.Name] = true
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					names[n.Name] = true
				}
			}
		}
		return names, decl.Doc
	}
	return names, nil
}

// genCompare shows what the comparison of raw and library prints.
func genCompare(w *workshop, d *doc, args []string, old string) (string, error) {
	out, err := w.output("go run ./steps/tools/compare")
	if err != nil {
		return "", err
	}
	return fenced("text", strings.Join(out, "\n")), nil
}

// genLines counts the lines of a Go file, or of a folder without its tests.
func genLines(w *workshop, d *doc, args []string, old string) (string, error) {
	total := 0
	for _, arg := range args {
		n := strings.Count(w.read(arg), "\n")
		if path.Ext(arg) == "" {
			for _, text := range w.code(arg) {
				n += strings.Count(text, "\n")
			}
		}
		if n == 0 {
			return "", fmt.Errorf("there is no code in %s", arg)
		}
		total += n
	}
	return fmt.Sprint(total), nil
}

// genAdded counts the lines that a step adds.
func genAdded(w *workshop, d *doc, args []string, old string) (string, error) {
	n, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil || n < 1 || n > 6 {
		return "", fmt.Errorf("added N, with N from 1 to 6")
	}
	plus, _ := w.sizeOfStep(n)
	return fmt.Sprint(plus), nil
}

// genMinutes adds up the minutes of the lessons, or tells those of one.
func genMinutes(w *workshop, d *doc, args []string, old string) (string, error) {
	total := 0
	for n := 1; n <= 6; n++ {
		if len(args) > 0 && args[0] != strconv.Itoa(n) {
			continue
		}
		minutes, err := minutesOf(w.read(stepDir(n) + ".md"))
		if err != nil {
			return "", fmt.Errorf("%s.md: %w", stepDir(n), err)
		}
		total += minutes
	}
	return fmt.Sprint(total), nil
}
