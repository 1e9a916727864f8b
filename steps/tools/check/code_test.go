package main

import (
	"strings"
	"testing"
)

// programOf returns the program of one file.
func programOf(t *testing.T, body string) *program {
	t.Helper()
	p := new(program)
	if err := p.add("a.go", "package main\n"+body); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCompare: code is compared without its layout and comments.
func TestCompare(t *testing.T) {
	const ours = "func f(a, b int) int {\n\tif c := a; c > b {\n\t\treturn c\n\t}\n\treturn g(a, b)\n}\n" +
		"const (\n\tx = 1\n\ty = 2\n)\nfunc (s *set) has(n int) bool { return s.m[n] }\n"
	change := func(old, fresh string) string { return strings.Replace(ours, old, fresh, 1) }
	for yours, want := range map[string]string{
		ours: "",
		"// moved\nfunc (s *set) has(n int) bool { return s.m[n] }\n" + ours[:strings.Index(ours, "func (s")]: "",
		change("\treturn g(a, b)", "\n\t// why\n\treturn g(\n\t\ta, // é\n\t\tb,\n\t)"):                       "",
		change("g(a, b)", "g(b, a)"): "f at a.go:2\n  }\n-     return g(b, a)\n+     return g(a, " +
			"b)\n",
		change("\t\treturn c\n", "/* é\n*/\n"):      "f at a.go:2\n      if c := a; c > b {\n+         return c\n",
		change("y = 2", "y = 3"):                    "x at a.go:8\n      x = 1\n-     y = 3\n+     y = 2\n",
		change("const", "// é\nvar z int\n\nconst"): "z at a.go:9, which we do not have\n- var z int\n",
		ours[:strings.Index(ours,
			"func (s")]: "set.has, which you do not have\n+ func (s *set) has(n int) bool { return s.m[n] }\n",
	} {
		got := ""
		for _, d := range compare(programOf(t, yours), programOf(t, ours)) {
			got += d.String()
		}
		if got = strings.ReplaceAll(got, "      }", "  }"); got != want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", yours, got, want)
		}
	}
}

// TestTerminal: a printed line leads to the place of its words, and one of each kind is shown.
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
	shown := p.terminal([]string{
		"2026/11/25 13:15:03 listening on http://localhost:1",
		`2026/11/25 13:15:03 "bob" says "hello 17"`,
		"2026/11/25 13:15:03 a member left: EOF",
		`2026/11/25 13:15:03 a member left: closed with 1009 "the message is too long"`,
		`2026/11/25 13:15:03 a member left: closed with 1007 "not like {\"user\": \"ann\"}"`,
		"2026/11/25 13:15:03 upgrade requested!",
		"2026/11/25 13:15:03 a member left: EOF", "",
		"goroutine 1 [running]:", "main.main()",
	})
	const want = `"bob" says "hello 17"   (a.go:6)
a member left: closed with 1007 "not like {\"user\": \"ann\"}"   (a.go:9)
a member left: EOF   (a.go:4)`
	if got := strings.Join(shown, "\n"); got != want {
		t.Errorf("shows\n%s\nwant\n%s", got, want)
	}
}
