package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/rules"
)

// programOf returns the program of one file.
func programOf(t *testing.T, body string) *program {
	t.Helper()
	p := &program{decls: map[string]*decl{}}
	if err := p.add("a.go", []byte("package main\n"+body)); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCompare: what is said is compared, and not how it looks.
func TestCompare(t *testing.T) {
	const ours = "func f(a, b int) int {\n\tif c := a; c > b {\n\t\treturn c\n\t}\n\treturn g(a, b)\n}\nconst (\n\tx = 1\n\ty = 2\n)\nfunc (s *set) has(n int) bool { return s.m[n] }\n"
	for yours, want := range map[string]string{
		ours: "",
		"func (s set) has(n int) bool { return s.m[n] }\nconst x, z = 1, 2\n" + ours[:strings.Index(ours, "const")]:                                         "a.go:3, in x|yours has no y: ours is at a.go:10|a.go:2, in set.has",
		"// renamed\n" + strings.NewReplacer("(a, b", "(first, b", ":= a", ":= first", " c", " most", "\treturn g", "\n\t// why\n\treturn g").Replace(ours): "",
		strings.Replace(ours, "g(a, b)", "g(\n\t\ta,\n\t\tb,\n\t)", 1):                                                                                      "",
		strings.Replace(ours, "g(a, b)", "g(b, a)", 1):                                                                                                      "a.go:6, in f",
		strings.Replace(ours, "c > b", "c >= b", 1):                                                                                                         "a.go:3, in f",
		strings.Replace(ours, "\treturn g(a, b)", "\tpanic(1)", 1):                                                                                          "a.go:6, in f",
		strings.Replace(ours, "\t\treturn c\n", "", 1):                                                                                                      "a.go:3, in f",
		strings.Replace(ours, "y = 2", "y = 2\n\tz = 3", 1):                                                                                                 "a.go:11, in z, which ours has not",
		strings.Replace(ours, "x = 1\n\ty = 2", "x = iota\n\ty\n", 1):                                                                                       "a.go:8, in x|yours has no y: ours is at a.go:10",
	} {
		differences, alike := compare(programOf(t, yours), programOf(t, ours))
		var titles []string
		for _, d := range differences {
			titles = append(titles, d.title())
		}
		if got := strings.Join(titles, "|"); got != want || !alike {
			t.Errorf("%s\ngot  %q\nwant %q; alike: %v", yours, got, want, alike)
		}
	}
	if found, _ := compare(programOf(t, "var a = 1\nfunc f() int { return a }"), programOf(t, "var b = 1\nfunc f() int { return b }")); len(found) != 3 {
		t.Errorf("a variable of the package has another name, and that makes %d differences", len(found))
	}
	if _, alike := compare(programOf(t, "func f() {}\nfunc main() {}"), programOf(t, ours)); alike {
		t.Error("another program is taken for this one")
	}
}

// TestTerminal: a printed line leads to the places of its words, and one of each kind is shown.
func TestTerminal(t *testing.T) {
	p := programOf(t, `import "log"
func f(err error) {
	log.Printf("a member left: %v", err)
	log.Print("upgrade requested!")
	log.Printf("%q says %q", "ann", "hi")
}
var tooLong = closeError{1009, "the message is too long"}
var wrong = errors.New("not like {\"user\": \"ann\"}")
`)
	said, places, reason := p.terminal([]string{
		"2026/11/25 13:15:03 listening on http://localhost:1",
		`2026/11/25 13:15:03 "bob" says "hello 17"`,
		"2026/11/25 13:15:03 a member left: EOF",
		`2026/11/25 13:15:03 a member left: closed with 1009 "the message is too long"`,
		`2026/11/25 13:15:03 a member left: closed with 1007 "not like {\"user\": \"ann\"}"`,
		"2026/11/25 13:15:03 upgrade requested!",
		"2026/11/25 13:15:03 a member left: EOF", "",
		"goroutine 1 [running]:", "main.main()",
	})
	want := `"bob" says "hello 17"   (printed at a.go:6)
a member left: closed with 1007 "not like {\"user\": \"ann\"}"   (printed at a.go:9 a.go:4)
a member left: EOF   (printed at a.go:4)`
	if said != want {
		t.Errorf("shows\n%s\nwant\n%s", said, want)
	}
	if !reason || !slices.Contains(places, place{"a.go", 8}) {
		t.Errorf("the place of the reason is not among %v", places)
	}
}

// TestProgram: the program is the folder's own, or the only one below.
func TestProgram(t *testing.T) {
	t.Chdir(write(t, map[string]string{
		"go.mod": "module x\n", "a/main.go": "package main\n", "a/b/main.go": "package main\n",
		"c/lib.go": "package lib\n", "c/cmd/server/main.go": "package main\n", "c/.x/main.go": "package main\n",
		"d/main.go": "package main\n", "d/_draft.go": "package x\n", "d/x_plan9.go": "package y\n", "d/gen.go": "//go:build ignore\n\npackage z\n",
		"e/x/main.go": "package main\n", "e/y/main.go": "package main\n",
		"f/main.go": "package main\n", "f/other.go": "package other\n",
	}))
	for dir, want := range map[string]string{
		"a": "a", "c": "c/cmd/server", "d": "d", "e": "there are 2 programs", "f": "f/other.go is package other",
	} {
		src, err := findSource(dir)
		if got := filepath.ToSlash(src.name); err == nil && got != want || err != nil && !strings.Contains(filepath.ToSlash(err.Error()), want) {
			t.Errorf("%s: %s, %v; want %s", dir, got, err, want)
		}
	}
}

// TestGuessGoes: no guess stands against what the server said.
func TestGuessGoes(t *testing.T) {
	c := &comparison{yours: programOf(t, `var tooLong = closeError{1009, "the message is too long"}
func f() { log.Printf("a member left: %v", err) }`)}
	const guess = "compare the length with the limit"
	tooLong := []string{`2026/11/25 13:15:03 a member left: closed with 1009 "the message is too long"`}
	for _, test := range []struct {
		expected, came, cause string
		lines                 []string
	}{
		{"a close frame with status code 1009", "= close, FIN, not masked, length 25: status code 1002 the message is too long", "with status code 1002", nil},
		{"a close frame with status code 1009", "nothing for 3s", guess, nil},
		{"a close frame with status code 1009", "nothing for 3s", "as it says in the terminal", tooLong},
		{"the server ends the connection", "nothing for 3s", "as it says in the terminal", tooLong},
		{"a new connection is greeted", "the server hung up", guess, tooLong},
	} {
		f := &rules.Failure{Expected: test.expected, Came: test.came, Cause: guess, Lines: test.lines}
		addPlaces(f, c)
		if !strings.Contains(f.Cause, test.cause) {
			t.Errorf("expected %s, came %s: %s; want %s", test.expected, test.came, f.Cause, test.cause)
		}
	}
}
