package stepcode

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSteps: of each file of each step, attendees find what is given as the step has it, and the
// rest as it was; and its pairs give each version again.
func TestSteps(t *testing.T) {
	var before map[string]string
	for step := 1; step < library; step++ {
		after, err := Code(fmt.Sprintf("../../%02d", step))
		if err != nil {
			t.Fatal(err)
		}
		files, err := Files(step, before, after)
		if err != nil || len(files) != len(after) {
			t.Fatalf("step %d: %d files, %v", step, len(files), err)
		}
		for name, fresh := range after {
			old, given, rest := before[name], given[step][name], files[name]
			pairs, _ := Pairs(old, fresh) // Files has seen that there is no error
			for _, p := range pairs {
				text := p.Before
				if n := p.Names[0]; p.After != "" && (n == "package" || n == "import" || slices.Contains(given, n)) {
					text = p.After
				}
				cut, found := strings.CutPrefix(rest, text)
				if rest = cut; !found {
					t.Errorf("step %d: in place of %s of %s attendees find\n%s", step, p.Names, name, rest)
				}
			}
			if rest != "" {
				t.Errorf("step %d: attendees find at the end of %s\n%s", step, name, rest)
			}
			for _, c := range [][2]string{{old, fresh}, {fresh, old}} {
				pairs, err := Pairs(c[0], c[1])
				var a, b string
				for _, p := range pairs {
					a, b = a+p.Before, b+p.After
				}
				if err != nil || a != c[0] || b != c[1] {
					t.Errorf("step %d: %s became\n%s\nand\n%s (%v)", step, name, a, b, err)
				}
			}
		}
		before = after
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
