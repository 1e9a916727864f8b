package main

import (
	"strings"
	"testing"
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
	if _, alike := compare(programOf(t, "func f() {}\nfunc main() {}"), programOf(t, ours)); alike {
		t.Error("another program is taken for this one")
	}
}
