package stepcode

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

const root = "../../.."

// read returns a step of the workshop.
func read(t *testing.T, number int) *Step {
	t.Helper()
	s, err := Read(os.DirFS(root), number)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPairs: joining the declarations of either version of a file gives that version.
func TestPairs(t *testing.T) {
	for n := 1; n <= Library; n++ {
		s := read(t, n)
		for _, file := range s.Files() {
			var a, b string
			for _, p := range s.Pairs(file) {
				a, b = a+p.Before, b+p.After
			}
			if a != s.Before[file] || b != s.After[file] {
				t.Errorf("step %d: %s became\n%s\nand\n%s", n, file, a, b)
			}
		}
	}
}

// TestGiven: each given declaration exists in its step, and is not a turn of it.
func TestGiven(t *testing.T) {
	for n, files := range given {
		s := read(t, n)
		for file, names := range files {
			for _, name := range names {
				if Find(s.decls[file], name) == nil || TurnOf(n, file, []string{name}) != nil {
					t.Errorf("%s/%s does not declare %s, or it is a turn", Folder(n), file, name)
				}
			}
		}
	}
}

// imports imports the steps' packages as the go command has compiled them, and set has their positions.
var (
	imports = sync.OnceValue(func() types.Importer { return importer.ForCompiler(set, "gc", export()) })
	set     = token.NewFileSet()
)

// export returns a function that opens the export data of a package that the steps import.
func export() importer.Lookup {
	cmd := exec.Command("go", "list", "-buildvcs=false", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}",
		"./steps/01", "./steps/06", "./library")
	cmd.Dir = root
	out, err := cmd.Output()
	return func(path string) (io.ReadCloser, error) {
		_, file, _ := strings.Cut("\n"+string(out), "\n"+path+"=")
		file, _, _ = strings.Cut(file, "\n")
		if err != nil {
			return nil, err
		}
		return os.Open(file)
	}
}

// compiles fails unless a program compiles.
func compiles(t *testing.T, name string, files Files) {
	t.Helper()
	var all []*ast.File
	for file, text := range files {
		parsed, err := parser.ParseFile(set, name+"/"+file, text, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		all = append(all, parsed)
	}
	conf := types.Config{Importer: imports(), Error: func(err error) { t.Error(err) }}
	conf.Check("main", set, all, nil)
}

// TestOpen: a step with its turns open has the right line in each of them, and is the step again once
// our code is typed. It compiles, and still does after any single turn.
func TestOpen(t *testing.T) {
	for n := 1; n <= Library; n++ {
		s := read(t, n)
		files := s.Open()
		compiles(t, fmt.Sprint("open", n), files)
		for _, turn := range Turns(n) {
			said := fmt.Sprintf("panic(%q)", "your turn: "+turn.String())
			if strings.Count(files[turn.File], said) != 1 {
				t.Errorf("%s of step %d does not contain %s:\n%s", turn.File, n, said, files[turn.File])
			}
			one := s.Open()
			write(t, turn, one, s.Ours(turn), s.Needs(turn))
			compiles(t, fmt.Sprintf("open %d with %s", n, turn.Name), one)
			write(t, turn, files, s.Ours(turn), s.Needs(turn))
		}
		if !maps.Equal(files, s.After) {
			t.Errorf("step %d: with our turns the files are\n%s", n, files)
		}
	}
}

// write writes code into an open turn, as an attendee does.
func write(t *testing.T, turn Turn, files Files, code string, imports []string) {
	t.Helper()
	text, err := turn.Write(files[turn.File], code, imports)
	if err != nil {
		t.Fatal(err)
	}
	files[turn.File] = text
}

// TestHints: each turn has three hints, and the last has the first line of our code.
func TestHints(t *testing.T) {
	for n := 1; n <= Library; n++ {
		s := read(t, n)
		for _, turn := range s.Turns {
			hints, err := Hints(os.DirFS(root), n, turn.File+" "+turn.Name)
			line := s.FirstLine(turn)
			if err != nil || len(hints) != 3 || !strings.Contains(hints[2], line) {
				t.Errorf("%v: the hints are %q, %v; the last should have %s", turn, hints, err, line)
			}
			if where := Where(os.DirFS(root), n, turn.File, turn.Name); len(where) != 1 {
				t.Errorf("%v is under the headings %q", turn, where)
			}
		}
	}
	if _, err := Hints(os.DirFS(root), 3, "main"); err == nil {
		t.Error("a function that is not a turn has hints")
	}
}

// TestBare: attendees who type everything find the given code as in the step, and the rest as before,
// with the imports that this needs.
func TestBare(t *testing.T) {
	for n := 1; n <= Library; n++ {
		s := read(t, n)
		files := s.Bare()
		if n == Library {
			if !maps.Equal(files, s.Before) {
				t.Error("the library does not begin with step 6")
			}
			continue
		}
		for name, text := range files {
			decls, err := Split(text)
			if err != nil {
				t.Fatal(err)
			}
			got := Join(slices.DeleteFunc(decls, Decl.isHead))
			want := ""
			for _, p := range s.Pairs(name) {
				if Given(n, name, p.Names) {
					want += p.After
				} else if !isHead(p.Names) {
					want += p.Before
				}
			}
			if got != want {
				t.Errorf("step %d: %s is\n%s\nnot\n%s", n, name, got, want)
			}
			if all := Imports(text); !slices.Equal(Used(got, all), all) {
				t.Errorf("step %d: %s imports %q, and uses %q", n, name, all, Used(got, all))
			}
		}
	}
}

// codeLines counts the lines of a text that contain code.
func codeLines(text string) (n int) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}

// added returns the lines that are in one text but not in the other.
func added(old, fresh string) string {
	hunks, _ := Diff(slices.Collect(strings.Lines(old)), slices.Collect(strings.Lines(fresh)), strings.Clone)
	var text strings.Builder
	for _, h := range hunks {
		text.WriteString(strings.Join(h.New, ""))
	}
	return text.String()
}

// TestShare: of the code that a step adds, apart from what is given, attendees write at least 40 %
// themselves, in the turns. In one turn they write at most 25 lines.
func TestShare(t *testing.T) {
	for n := 1; n <= Library; n++ {
		s := read(t, n)
		all, own := 0, 0
		for name := range s.After {
			for _, p := range s.Pairs(name) {
				if Given(n, name, p.Names) || isHead(p.Names) && n != Library { // there nothing is given
					continue
				}
				lines := codeLines(added(p.Before, p.After))
				all += lines
				if turn := TurnOf(n, name, p.Names); turn != nil {
					written := codeLines(s.cuts[turn.Name].ours)
					if written > 25 {
						t.Errorf("%v has %d lines", turn, written)
					}
					own += min(written, lines)
				}
			}
		}
		if 100*own < 40*all {
			t.Errorf("step %d: only %d of %d lines are in turns", n, own, all)
		}
	}
}

// TestSize: a step adds at most 150 lines to the previous one, and removes at most 15.
func TestSize(t *testing.T) {
	for n := 1; n <= Last; n++ {
		s := read(t, n)
		plus, minus := 0, 0
		for _, name := range s.Files() {
			plus += strings.Count(added(s.Before[name], s.After[name]), "\n")
			minus += strings.Count(added(s.After[name], s.Before[name]), "\n")
		}
		if plus > 150 || minus > 15 {
			t.Errorf("step %d adds %d lines and removes %d: at most 150 and 15", n, plus, minus)
		}
	}
}

// TestCode: files that the go command ignores are ignored.
func TestCode(t *testing.T) {
	const main = "package main\n"
	dir := t.TempDir()
	folder := fstest.MapFS{}
	for name, text := range map[string]string{
		"main.go": main, "main_test.go": main, "._main.go": "\x00\x05", "_x.go": "no Go",
		"old.go": "//go:build ignore\n\n" + main, "hub_plan9.go": main, "notes.txt": "mine",
		"dir.go/main.go": main,
	} {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if err := os.CopyFS(dir, folder); err != nil {
		t.Fatal(err)
	}
	os.Symlink("somebody@host.1:2", filepath.Join(dir, ".#main.go")) // an Emacs lock, where links are allowed
	if files, err := Code(dir); err != nil || !maps.Equal(files, Files{"main.go": main}) {
		t.Errorf("the code is %q, %v", files, err)
	}
	if _, err := Code(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that does not exist has code")
	}
}

// TestLook: for each declaration of a step, Look returns its state in an attendee's code.
func TestLook(t *testing.T) {
	s := read(t, 4)
	theirs := s.Open()
	look := func(want ...string) {
		t.Helper()
		found, err := s.Look(theirs)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			line := fmt.Sprintf("%s %s %v %v %v", f.File, f.Names[0], f.State, f.Turn, f.Given)
			want = slices.DeleteFunc(want, func(w string) bool { return w == line })
		}
		if len(want) > 0 {
			t.Errorf("not found: %q, but %+v", want, found)
		}
	}
	look("frame.go readHeader open true false", "conn.go conn.read open true false",
		"main.go chat there false false", "frame.go header.check there false true")
	for _, turn := range Turns(4) {
		write(t, turn, theirs, s.Ours(turn), s.Needs(turn))
	}
	conn, frame := theirs["conn.go"], theirs["frame.go"]
	theirs["conn.go"] = strings.Replace(conn, "start := len(data)", "start := len(data) // here", 1)
	theirs["frame.go"] = strings.Replace(frame, "for i := range p", "for i := 0; i < len(p); i++", 1)
	theirs["main.go"] = s.Before["main.go"]
	delete(theirs, "history.go")
	look("frame.go readHeader there true false", "conn.go conn.readPayload there false false",
		"frame.go unmask different true false", "main.go chat open false false",
		"history.go parsePost missing false true")
	theirs["own.go"] = "package main\n\nfunc ("
	if _, err := s.Look(theirs); err == nil || !strings.HasPrefix(err.Error(), "own.go:3:") {
		t.Errorf("a file that does not parse: %v", err)
	}
}

// TestImports adds and removes imports as an editor does.
func TestImports(t *testing.T) {
	const std, other = "\t\"bytes\"\n", "\t\"example.com/x\"\n"
	for _, c := range []struct{ name, src, want string }{
		{"none", "package p\n", "package p\n\nimport \"bytes\"\n"},
		{"one", "package p\n\nimport \"io\"\n", "package p\n\nimport (\n" + std + "\t\"io\"\n)\n"},
		{
			"groups", "package p\n\nimport (\n\t\"io\"\n\n" + other + ")\n",
			"package p\n\nimport (\n" + std + "\t\"io\"\n\n" + other + ")\n",
		},
		{"there", "package p\n\nimport \"bytes\"\n", "package p\n\nimport \"bytes\"\n"},
		{"no Go", "package p; what", "package p; what"},
	} {
		if got := AddImports(c.src, []string{"bytes"}); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	src := "package p\n\nimport \"io\"\n"
	want := "package p\n\nimport (\n\t\"io\"\n\n" + other + "\t\"nhooyr.io/websocket\"\n)\n"
	if got := AddImports(src, []string{"nhooyr.io/websocket", "example.com/x"}); got != want {
		t.Errorf("not of the standard library: %s", got)
	}
	for code, want := range map[string]string{
		"func f() { io.Copy(b.net.Conn(), io.Discard) }\n": "[io]",
		"\tif x := io.EOF; x.net.y {\n":                    "[io]", // some lines
		"func f(net net.Conn) { net.Close() }\n":           "[net]",
		"func f(net int) { net.Close() }\n":                "[]",
	} {
		if got := fmt.Sprint(Used(code, []string{"io", "net"})); got != want {
			t.Errorf("%s uses %s, not %s", code, got, want)
		}
	}
	src = "package p\n\nimport (\n" + std + "\tb \"math/big\"\n\n" + other + ")\n\nvar x io.Reader\n"
	want = "package p\n\nimport (\n\tb \"math/big\"\n)\n\nvar x io.Reader\n"
	if got := dropUnused(src, "var x io.Reader\n"); got != want {
		t.Errorf("unused: %s", got)
	}
}

// TestDiff: a diff changes as few words as possible, and each version can be rebuilt from it.
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
			same, old, fresh := strings.Join(h.Same, " "), strings.Join(h.Old, " "), strings.Join(h.New, " ")
			got += fmt.Sprintf("%s[%s|%s] ", same, old, fresh)
		}
		if got = strings.TrimSpace(got + strings.Join(rest, " ")); got != c.want {
			t.Errorf("from %q to %q is %q, not %q", c.old, c.fresh, got, c.want)
		}
	}
}
