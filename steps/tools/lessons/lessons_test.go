package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"websocket-workshop/steps/tools/stepcode"
)

const root = "../../.."

// TestTexts compares every text with the code: a failure names its line.
func TestTexts(t *testing.T) {
	w := newWorkshop(root)
	for _, name := range append(w.texts(), w.pages()...) {
		problems, _ := w.check(name)
		for _, p := range problems {
			t.Error(p.says)
		}
	}
	for _, p := range w.checkHTML(false) {
		t.Error(p.says)
	}
}

// TestTyped types the blocks of each lesson as readers do, using only their text. Both ways lead to the
// lesson's folder: typing all blocks into the code that play -bare gives, with our code in each turn;
// and typing only our code into the turns of the finished step.
func TestTyped(t *testing.T) {
	w := newWorkshop(root)
	for n := 1; n <= stepcode.Library; n++ {
		step, err := stepcode.Read(w.files, n)
		if err != nil {
			t.Fatal(err)
		}
		for way, begin := range map[string]func() stepcode.Files{"all": step.Bare, "turns": step.Open} {
			files := begin()
			for _, f := range parse(stepcode.Lesson(n), w.read(stepcode.Lesson(n))).fences {
				if way == "all" && (f.mark.kind == "edit" || f.mark.kind == "turn") {
					if err := f.typeInto(files); err != nil {
						t.Errorf("%s:%d: %v", stepcode.Lesson(n), f.line, err)
					}
				}
				if f.mark.kind == "turn" {
					if err := w.solve(n, f, files); err != nil {
						t.Errorf("%s:%d: %v", stepcode.Lesson(n), f.line, err)
					}
				}
			}
			for name, want := range step.After {
				if files[name] != want {
					t.Errorf("%s: with %s typed, %s is\n%s", stepcode.Lesson(n), way, name, files[name])
				}
			}
		}
	}
}

// solve writes our code, from the hints, into an open turn whose block is given, after the imports that
// the block shows.
func (w *workshop) solve(step int, turn *fence, files stepcode.Files) error {
	name := turn.mark.file
	t := stepcode.TurnOf(step, name, turn.mark.args)
	var paths []string
	for _, line := range turn.body {
		if m := addedImport.FindStringSubmatch(line); m != nil {
			paths = append(paths, m[1])
		}
	}
	for _, f := range parse(stepcode.HintsFile(step), w.read(stepcode.HintsFile(step))).fences {
		if f.mark.title == strings.Replace(turn.mark.title, "turn", "ours", 1) {
			code := regexp.MustCompile(`(?m)^import .*\n`).ReplaceAllString(strings.Join(f.body, "\n")+"\n", "")
			fresh, err := t.Write(files[name], strings.TrimLeft(code, "\n"), paths)
			files[name] = fresh
			return err
		}
	}
	return fmt.Errorf("%v has no ours", t)
}

var addedImport = regexp.MustCompile(`^\+(?:import |\t)"([^"]+)"$`)

// typeInto types a block into a file.
func (f *fence) typeInto(files map[string]string) error {
	name, _ := strings.CutSuffix(strings.TrimPrefix(f.body[0], "+++ "), " (new)")
	decls, err := stepcode.Split(files[name])
	if err != nil {
		return err
	}
	for _, hunk := range strings.Split("\n"+strings.Join(f.body[1:], "\n"), "\n@@ ") {
		label, body, _ := strings.Cut(hunk, "\n")
		label, isBefore := strings.CutPrefix(label, "before ")
		var old, fresh string
		for _, line := range codeLines(body) {
			if line[0] != '+' {
				old += line[1:] + "\n"
			}
			if line[0] != '-' {
				fresh += line[1:] + "\n"
			}
		}
		i := slices.IndexFunc(decls, func(d stepcode.Decl) bool {
			return label != "" && strings.Contains("\n"+d.Text, "\n"+label)
		})
		switch {
		case i < 0 && old == "":
			decls = append(decls, stepcode.Decl{Text: fresh})
		case i >= 0 && isBefore:
			decls = slices.Insert(decls, i, stepcode.Decl{Text: fresh})
		case i < 0 || strings.Count(decls[i].Text, old) != 1:
			return fmt.Errorf("%s has no such place, or more than one, under %q", name, label)
		default:
			decls[i].Text = strings.Replace(decls[i].Text, old, fresh, 1)
		}
	}
	files[name] = stepcode.Join(decls)
	return nil
}

// A changed workshop has its own files, which hide those on the disk.
type changed struct {
	fs.FS
	files fstest.MapFS
}

func (c changed) Open(name string) (fs.File, error) {
	if c.files[name] != nil {
		return c.files.Open(name)
	}
	return c.FS.Open(name)
}

// TestBroken breaks the workshop in every way listed in testdata/broken.txt, and compares the messages.
// Then it updates the text, if that is how to fix it. It plays only the script in steps/01.md.
func TestBroken(t *testing.T) {
	whole := newWorkshop(root)
	unplayed := strings.NewReplacer(
		"<!-- server ", "<!-- not ", "<!-- gen: compare ", "<!-- not ")
	short := strings.NewReplacer(`\n`, "\n", "NOTHING", "", "MANY", strings.Repeat("$0", 41))
	all, _ := os.ReadFile("testdata/broken.txt")
	for _, block := range strings.Split(strings.TrimSpace(string(all)), "\n\n")[1:] {
		l := strings.Split(block, "\n")
		file, old, fresh, says := l[1], regexp.MustCompile(l[2]), short.Replace(l[3]), l[4]
		t.Run(l[0], func(t *testing.T) {
			t.Parallel()
			w := *whole
			name, _, _ := strings.Cut(says, ":")
			text := w.read(name)
			if name != "steps/01.md" {
				text = unplayed.Replace(text)
			}
			files := fstest.MapFS{name: {Data: []byte(text)}}
			w.files = changed{w.files, files}
			if at := old.FindStringIndex(text); at != nil {
				says = strings.Replace(says, "LINE", fmt.Sprint(strings.Count(text[:at[0]], "\n")+1), 1)
			}
			source := w.read(file)
			at := old.FindStringSubmatchIndex(source)
			if at == nil {
				t.Fatalf("%s has no %s", file, old)
			}
			broken := old.ExpandString([]byte(source[:at[0]]), fresh, source, at)
			files[file] = &fstest.MapFile{Data: append(broken, source[at[1]:]...)}
			if path.Ext(file) != ".md" { // which has no names
				w.learn()
			}
			problems, made := w.check(name)
			said := func(p problem) bool { return regexp.MustCompile("^" + says).MatchString(p.says) }
			if !slices.ContainsFunc(problems, said) {
				t.Errorf("want the message %s, got: %v", says, problems)
			}
			files[name] = &fstest.MapFile{Data: []byte(made)}
			problems, _ = w.check(name)
			if strings.Contains(says, " gives") && len(problems) > 0 {
				t.Errorf("after an update: %v", problems)
			}
		})
	}
}
