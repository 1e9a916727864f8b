package given

import (
	"fmt"
	"strings"
	"testing"
)

const before = `// A server.
package main

import "fmt"

// a is first.
const a = 1 // here

func gone() {}

func (c *conn) read() {
	fmt.Print()
}
`

const after = `// A server.
package main

import (
	"fmt"
	"io"
)

// a is first.
const a = 1 // here
const b = 2

func (c *conn) read() {
	fmt.Print(a)
}

func main() {
}
`

// TestFiles gives main and the head, and leaves the rest as it was before.
func TestFiles(t *testing.T) {
	given[9] = map[string][]string{"main.go": {"main"}}
	defer delete(given, 9)
	got, err := Files(9, map[string]string{"main.go": before, "hub.go": "x"}, map[string]string{"main.go": after, "new.go": after})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(before, `import "fmt"`, "import (\n\t\"fmt\"\n\t\"io\"\n)", 1) + "\nfunc main() {\n}\n"
	if got["main.go"] != want || got["hub.go"] != "x" {
		t.Errorf("main.go is\n%s\nand hub.go %q", got["main.go"], got["hub.go"])
	}
	if head := strings.Split(after, "\n// a")[0]; got["new.go"] != head {
		t.Errorf("a new file begins\n%s", got["new.go"])
	}
}

// TestPairs puts each version of a file together again.
func TestPairs(t *testing.T) {
	for _, c := range [][2]string{{before, after}, {after, before}, {"", after}, {after, ""}} {
		pairs, err := Pairs(c[0], c[1])
		var a, b string
		for _, p := range pairs {
			a, b = a+p.Before, b+p.After
		}
		if err != nil || a != c[0] || b != c[1] {
			t.Errorf("%q became\n%s\nand\n%s (%v)", c, a, b, err)
		}
	}
	if _, err := Pairs("package", ""); err == nil {
		t.Error("what is no Go is taken")
	}
}

// TestDiff takes as few words for changed as it can, and puts each version together again.
func TestDiff(t *testing.T) {
	for _, c := range []struct{ old, fresh, want string }{
		{"a b c d", "a x c y d", "a[b|x] c[|y] d"},
		{"a b c a", "b a", "[a|] b[c|] a"},
		{"a b", "c d", "[a b|c d]"},
		{"A b", "a B c", "A b[|c]"}, // by key
		{"", "a", "[|a]"},
		{"a", "", "[a|]"},
		{"a", "a", "a"},
	} {
		got := ""
		hunks, rest := Diff(strings.Fields(c.old), strings.Fields(c.fresh), strings.ToLower)
		for _, h := range hunks {
			got += fmt.Sprintf("%s[%s|%s] ", strings.Join(h.Same, " "), strings.Join(h.Old, " "), strings.Join(h.New, " "))
		}
		if got = strings.TrimSpace(got + strings.Join(rest, " ")); got != c.want {
			t.Errorf("from %q to %q is %q, not %q", c.old, c.fresh, got, c.want)
		}
	}
}
