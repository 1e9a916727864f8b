package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/given"
)

// noon is when the tests play.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// copyWorkshop makes a workshop that a test can play in, and goes there.
func copyWorkshop(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "frontend", "steps"} {
		from, to := filepath.Join("..", "..", "..", name), filepath.Join(root, name)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			copyFolder(t, from, to)
			continue
		}
		copyFile(t, from, to)
	}
	t.Chdir(root)
	return root
}

// copyFolder copies the files of the workshop's folders, as deep as they matter here.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch {
		case !e.IsDir():
			copyFile(t, filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
		case strings.HasPrefix(e.Name(), "0"):
			copyFolder(t, filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
		}
	}
}

// copyFile copies a file.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(b))
}

// write writes a file.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// play runs the command.
func play(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	var out strings.Builder
	return command(&out, args, noon), out.String()
}

// files returns what is in a folder, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = string(b)
	}
	return found
}

// TestPlay: the code of the step before is there, whole but for imports that are given, and
// each file of the step has at least its head, and says where to type.
func TestPlay(t *testing.T) {
	copyWorkshop(t)
	for step := 1; step <= lastStep; step++ {
		n := fmt.Sprint(step)
		status, said := play(t, "-step", n)
		if status != 0 || !strings.Contains(said, "go run ./work") || !strings.Contains(said, "check -step "+n) {
			t.Errorf("step %s: status %d, %s", n, status, said)
		}
		before := map[string]string{}
		if step > 1 {
			before = files(t, fmt.Sprintf("steps/%02d", step-1))
		}
		got := files(t, "work")
		for name := range files(t, "steps/0"+n) {
			if _, err := given.Split(got[name]); err != nil || got[name] == "" {
				t.Errorf("step %s: %s is no Go file: %v", n, name, err)
			}
			if isNew := before[name] == ""; isNew != strings.HasSuffix(got[name], fmt.Sprintf(place, step)) {
				t.Errorf("step %s: %s, which is new: %v, ends in\n%s", n, name, isNew, got[name][max(0, len(got[name])-100):])
			}
		}
		for name, text := range before {
			decls, err := given.Split(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range decls {
				if !given.Is(step, name, d.Names) && !strings.Contains(got[name], d.Text) {
					t.Errorf("step %s: %s lacks %v", n, name, d.Names)
				}
			}
		}
	}
}

func TestPlayLibrary(t *testing.T) {
	copyWorkshop(t)
	if status, said := play(t, "-library"); status != 0 || !strings.Contains(said, "check -step 6 -library") {
		t.Errorf("status %d, %s", status, said)
	}
	if got, want := files(t, "work"), files(t, "steps/06"); !maps.Equal(got, want) {
		t.Errorf("work holds other code than steps/06: %d files, %d", len(got), len(want))
	}
}

func TestMovesAside(t *testing.T) {
	copyWorkshop(t)
	typed := []string{"package main // first", "this does not compile", "nor does this"}
	for i, text := range typed {
		write(t, "work/main.go", text)
		write(t, "work/deep/notes.txt", text)
		status, said := play(t, "-step", "2")
		if status != 0 || !strings.Contains(said, aside+"/2026-01-02_12-00-00") {
			t.Errorf("play %d: status %d, %s", i, status, said)
		}
	}
	kept, err := filepath.Glob(aside + "/2026-*")
	if err != nil || len(kept) != len(typed) {
		t.Fatalf("kept %v", kept)
	}
	for i, dir := range kept {
		for _, name := range []string{"main.go", "deep/notes.txt"} {
			if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != typed[i] {
				t.Errorf("%s in %s is %q, want %q", name, dir, b, typed[i])
			}
		}
	}
	write(t, "work/main.go", "this does not compile either")
	for _, args := range [][]string{{"list", "./..."}, {"vet", "./steps/..."}} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil || strings.Contains(string(out), "work-before") {
			t.Errorf("go %v: %v, %s", args, err, out)
		}
	}
	if out, err := exec.Command("go", "list", "./...").CombinedOutput(); err != nil || strings.Contains(string(out), "/work\n") {
		t.Errorf("go list ./... with code that does not compile: %v, %s", err, out)
	}
	if _, err := exec.LookPath("git"); err == nil {
		exec.Command("git", "init", "-q").Run()
		if out, _ := exec.Command("git", "status", "--short", aside).CombinedOutput(); len(out) > 0 {
			t.Errorf("git sees what was moved aside: %s", out)
		}
	}
}

func TestEmptyWork(t *testing.T) {
	copyWorkshop(t)
	if err := os.Mkdir("work", 0o755); err != nil {
		t.Fatal(err)
	}
	if status, said := play(t, "-step", "3"); status != 0 || strings.Contains(said, aside) {
		t.Errorf("status %d, %s", status, said)
	}
}

func TestNothingLost(t *testing.T) {
	root := copyWorkshop(t)
	write(t, "work/main.go", "mine")
	if err := os.RemoveAll("steps/03"); err != nil {
		t.Fatal(err)
	}
	status, said := play(t, "-step", "4")
	if status == 0 || !strings.Contains(said, "nothing was changed") {
		t.Errorf("the step to copy is missing: status %d, %s", status, said)
	}
	if got := files(t, "work"); len(got) != 1 || got["main.go"] != "mine" {
		t.Errorf("work holds %v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(root, ".work-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRefuses(t *testing.T) {
	copyWorkshop(t)
	for _, args := range [][]string{nil, {"-step", "0"}, {"-step", "7"}, {"-step", "two"}, {"-step", "2", "work"}, {"-step", "2", "-library"}, {"-what"}} {
		if status, said := play(t, args...); status != 2 || strings.Count(said, "\n") != 1 {
			t.Errorf("%v: status %d, %s", args, status, said)
		}
	}
	write(t, "work", "a file")
	if status, said := play(t, "-step", "2"); status != 1 || !strings.Contains(said, "is a file") {
		t.Errorf("work is a file: status %d, %s", status, said)
	}
	if runtime.GOOS == "windows" {
		return // links need a right that few have
	}
	if err := os.Rename("work", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("steps", "work"); err != nil {
		t.Fatal(err)
	}
	if status, said := play(t, "-step", "2"); status != 1 || !strings.Contains(said, "link") {
		t.Errorf("work is a link: status %d, %s", status, said)
	}
}

// TestElsewhere: what play prints can be typed where the person stands.
func TestElsewhere(t *testing.T) {
	root := copyWorkshop(t)
	t.Chdir(filepath.Join(root, "steps"))
	for _, test := range []struct{ dir, want string }{
		{"", "go run ../work\n"}, {"mine", "go run ./mine\n"}, {"../own", "go run ../own\n"}, {t.TempDir() + "/x y", `/x y"` + "\n"},
	} {
		args := []string{"-step", "2"}
		if test.dir != "" {
			args = append(args, "-dir", test.dir)
		}
		status, said := play(t, args...)
		if status != 0 || !strings.Contains(said, test.want) || !strings.Contains(said, "go run ./tools/check") || !strings.Contains(said, "  02.md\n") {
			t.Errorf("%s: status %d, %s", test.dir, status, said)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "work", "main.go")); err != nil {
		t.Error(err)
	}
	if runtime.GOOS != "windows" { // where no folder is moved that somebody stands in
		t.Chdir(filepath.Join(root, "work"))
		status, said := play(t, "-step", "3")
		if status != 0 || !strings.Contains(said, "cd "+quoted(filepath.Join(root, "work"))) || !strings.Contains(said, "go run .\n") || strings.Contains(said, " . ") {
			t.Errorf("from work: status %d, %s", status, said)
		}
	}
	t.Chdir(root)
	t.Setenv("USER_WORKING_DIR", filepath.Join(root, "frontend"))
	if status, said := play(t, "-step", "2"); status != 0 || !strings.Contains(said, "go run ../work\n") {
		t.Errorf("by Task, from frontend: status %d, %s", status, said)
	}
	t.Chdir(t.TempDir())
	if status, said := play(t, "-step", "2"); status != 1 || !strings.Contains(said, "not in the workshop") {
		t.Errorf("from outside: status %d, %s", status, said)
	}
}
