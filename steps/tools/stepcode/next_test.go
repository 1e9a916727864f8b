package stepcode

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mineLine marks code that an attendee has written.
var mineLine = regexp.MustCompile(`(?m)^\t+_ = "mine"\n`)

// own returns one of our turns as an attendee might write it.
func own(text string) string {
	return strings.Replace(text, "{\n", "{\n\t_ = \"mine\"\n", 1)
}

// changes returns changes as words.
func changes(all []Change) (words []string) {
	for _, c := range all {
		words = append(words, c.Name)
	}
	return words
}

// TestGoOn goes from step 1 to the library with an attendee's own turns: these stay, the rest is the
// step's, and GoOn names each edit that the attendee must make.
func TestGoOn(t *testing.T) {
	todo := map[int]string{
		2: "[upgrade]", 3: "[]", 4: "[]", 5: "[conn.write upgrade]",
		6: "[conn.read conn.write readHeader hub.join upgrade]", Library: "[]",
	}
	theirs := read(t, 1).Open()
	theirs["more.go"] = "package main\n\nimport \"log\"\n\nfunc more() { log.Print() }"
	for n := 1; n <= Library; n++ {
		s := read(t, n)
		if n > 1 {
			next, err := s.GoOn(theirs)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(changes(next.ToDo)); got != todo[n] {
				t.Errorf("step %d: left to do: %s, want %s", n, got, todo[n])
			}
			if n != Library && mine(next.Files) != mine(theirs) {
				t.Errorf("step %d: some of their lines are gone, or are now ours", n)
			}
			for _, c := range next.Added {
				turn := TurnOf(n, c.File, []string{c.Name}) != nil
				if text := declOf(t, next.Files, c.Name).Text; turn != c.Turn || IsOpen(text) != turn {
					t.Errorf("step %d: %s is added as\n%s", n, c.Name, text)
				}
			}
			compiles(t, fmt.Sprint("next ", n), next.Files)
			theirs = next.Files
			for _, c := range next.ToDo {
				apply(t, s, theirs, c)
			}
		}
		for _, turn := range Turns(n) {
			if d := declOf(t, theirs, turn.Name); IsOpen(d.Text) {
				ours := own(s.Ours(turn))
				if turn.IsPart() {
					ours = "_ = \"mine\"\n" + s.Ours(turn)
				}
				write(t, turn, theirs, ours, s.Needs(turn))
			}
		}
		if at, err := StepOf(os.DirFS(root), theirs); at != n || err != nil {
			t.Errorf("the code of step %d is recognized as step %d, %v", n, at, err)
		}
		for name, text := range s.After {
			if mineLine.ReplaceAllString(theirs[name], "") != text {
				t.Errorf("step %d: %s has become\n%s", n, name, theirs[name])
			}
		}
		if len(theirs) != len(s.After)+1 || theirs["more.go"] == "" {
			t.Errorf("step %d has the files %v", n, slices.Sorted(maps.Keys(theirs)))
		}
	}
}

// declOf returns a declaration in somebody's code.
func declOf(t *testing.T, files Files, name string) *Decl {
	t.Helper()
	all, err := indexOf(files)
	if err != nil {
		t.Fatal(err)
	}
	if all[name] == nil {
		t.Fatalf("there is no %s", name)
	}
	return all[name]
}

// mine counts an attendee's own lines.
func mine(files Files) (n int) {
	for _, text := range files {
		n += len(mineLine.FindAllString(text, -1))
	}
	return n
}

// apply makes a lesson's edit in an attendee's own function.
func apply(t *testing.T, s *Step, theirs Files, c Change) {
	t.Helper()
	decls, err := Split(theirs[c.File])
	if err != nil {
		t.Fatal(err)
	}
	Find(decls, c.Name).Text = own(Find(s.decls[c.File], c.Name).Text)
	theirs[c.File] = AddImports(Join(decls), Imports(s.After[c.File]))
}

// TestGoOnElsewhere: if somebody has arranged their code differently, nothing is duplicated or lost.
func TestGoOnElsewhere(t *testing.T) {
	s := read(t, 4)
	theirs := maps.Clone(s.Before)
	theirs["own.go"] = "package main\n\nconst opClose = 8\n\n// mine\nfunc unmask(p []byte, k [4]byte) {}\n"
	theirs["conn.go"] = strings.Replace(theirs["conn.go"], "[]byte, 512", "[]byte, 1024", 1)
	theirs["history.go"] = strings.TrimSuffix(theirs["history.go"], "\n")
	next, err := s.GoOn(theirs)
	if err != nil {
		t.Fatal(err)
	}
	if next.Files["own.go"] != theirs["own.go"] {
		t.Errorf("their own file has become\n%s", next.Files["own.go"])
	}
	kept, left := fmt.Sprint(changes(next.Kept)), fmt.Sprint(changes(next.ToDo))
	if kept != "[unmask]" || left != "[conn.read opContinuation]" {
		t.Errorf("kept: %s; left to do: %s", kept, left)
	}
	if c := next.Kept[0]; c.File != "own.go" {
		t.Errorf("unmask is reported in %s", c.File)
	}
	for name, text := range next.Files {
		if _, err := Split(text); err != nil {
			t.Errorf("%s is not Go: %v\n%s", name, err, text)
		}
	}
	conn, frame := next.Files["conn.go"], next.Files["frame.go"]
	if !strings.Contains(conn, "1024") || strings.Contains(frame, "func unmask") {
		t.Errorf("their code is\n%s\n%s", conn, frame)
	}
}

// TestStepOf: the step that somebody has reached is recognized, whichever way they go.
func TestStepOf(t *testing.T) {
	is := func(name string, theirs Files, want int) {
		t.Helper()
		if got, err := StepOf(os.DirFS(root), theirs); got != want || err != nil {
			t.Errorf("%s is recognized as step %d, %v; want %d", name, got, err, want)
		}
	}
	for n := 1; n <= Library; n++ {
		s := read(t, n)
		want := n
		if n == 5 || n == Library { // nothing is given, so it is the step before
			want = n - 1
		}
		is(fmt.Sprint("the beginning of ", n), s.Bare(), want)
		is(fmt.Sprint("open ", n), s.Open(), n)
	}
	raw := read(t, 6).After
	raw["hub.go"] = strings.ReplaceAll(raw["hub.go"], "func (h *hub) each", "func (h *hub) everybody")
	is("another name", raw, 6)
	early := read(t, 3).After
	early["conn.go"] += "\nfunc (c *conn) close() {}\n\nfunc (c *conn) ping() {}\n"
	is("a name too early", early, 3)
	is("nothing", Files{}, 0)
	is("something else", Files{"main.go": "package main\n\nfunc other() {}\n"}, 0)
	if _, err := StepOf(os.DirFS(root), Files{"main.go": "what"}); err == nil {
		t.Error("text that isn't Go is recognized as a step")
	}
}
