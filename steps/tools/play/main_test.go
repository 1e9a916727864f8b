package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/stepcode"
)

// noon is when the tests play.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// copyWorkshop makes a workshop that a test can play in, and goes there.
func copyWorkshop(t *testing.T) string {
	t.Helper()
	repo, root := os.DirFS("../../.."), t.TempDir()
	for _, pattern := range []string{"go.*", "frontend/*.*", "steps/0?/*.go"} {
		names, _ := fs.Glob(repo, pattern) // the patterns are well formed: no error
		for _, name := range names {
			text, err := fs.ReadFile(repo, name)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(root, name), string(text))
		}
	}
	t.Setenv("USER_WORKING_DIR", "") // of the task that runs these tests
	t.Chdir(root)
	return root
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

// play runs the command, and sees that its exit status and what it says are as they are to be.
func play(t *testing.T, args string, status int, want ...string) string {
	t.Helper()
	var out strings.Builder
	got := command(&out, strings.Fields(args), noon)
	for _, text := range want {
		if got != status || !strings.Contains(out.String(), text) {
			t.Errorf("play %s: status %d, not %d with %q, but:\n%s", args, got, status, text, &out)
		}
	}
	return out.String()
}

// code returns the code in a folder.
func code(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := stepcode.Code(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestPlay: the code of the step before is there, with what is given of the step, and where a file
// is new it is Go, too, and says where to type.
func TestPlay(t *testing.T) {
	copyWorkshop(t)
	var before map[string]string
	for step := 1; step <= lastStep; step++ {
		play(t, fmt.Sprint("-step ", step), 0, "go run ./work\n", fmt.Sprint("check -step ", step), "compare")
		after := code(t, fmt.Sprintf("steps/%02d", step))
		want, err := stepcode.Files(step, before, after)
		if err != nil {
			t.Fatal(err)
		}
		got := code(t, "work")
		for name, text := range want {
			if before[name] == "" {
				text = strings.TrimRight(text, "\n") + fmt.Sprintf("\n\n// Type what steps/%02d.md shows: each block says where.\n", step)
			}
			if _, err := stepcode.Split(got[name]); err != nil || got[name] != text {
				t.Errorf("step %d: %s is (%v)\n%s", step, name, err, got[name])
			}
		}
		if len(got) != len(want) {
			t.Errorf("step %d: work has %d files, not %d", step, len(got), len(want))
		}
		before = after
	}
	if said := play(t, "-library", 0, "check -step 6 -library\n"); strings.Contains(said, "compare") {
		t.Errorf("there is a step 7: %s", said)
	}
	if got := code(t, "work"); !maps.Equal(got, before) {
		t.Errorf("work holds other code than steps/06: %d files, %d", len(got), len(before))
	}
}

// TestMovesAside: what work/ held is kept, and neither go nor git looks at it there.
func TestMovesAside(t *testing.T) {
	copyWorkshop(t)
	if err := os.Mkdir("work", 0o755); err != nil {
		t.Fatal(err)
	}
	if said := play(t, "-step 3", 0); strings.Contains(said, aside) {
		t.Errorf("an empty folder is kept: %s", said)
	}
	const bad = "this does not compile"
	kept := []string{aside + "/2026-01-02_12-00-00", aside + "/2026-01-02_12-00-00_2", aside + "/2026-01-02_12-00-00_3"}
	for i, dir := range kept {
		write(t, "work/main.go", fmt.Sprint(bad, i))
		write(t, "work/deep/notes.txt", fmt.Sprint(bad, i))
		play(t, "-step 2", 0, dir+"\n")
	}
	for i, dir := range kept {
		for _, name := range []string{"main.go", "deep/notes.txt"} {
			if text, err := os.ReadFile(filepath.Join(dir, name)); string(text) != fmt.Sprint(bad, i) {
				t.Errorf("%s in %s is %q, %v", name, dir, text, err)
			}
		}
	}
	write(t, "work/main.go", bad)
	for _, command := range []string{"go list ./...", "go vet ./steps/...", "git init -q", "git status --short " + aside} {
		words := strings.Fields(command)
		if _, err := exec.LookPath(words[0]); err != nil {
			continue
		}
		out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
		if said := string(out); err != nil || strings.Contains(said, "work-before") || strings.Contains(said, "/work\n") {
			t.Errorf("%s: %v, %s", command, err, said)
		}
	}
}

// TestNothingLost: where play cannot do what it is asked for, it does nothing.
func TestNothingLost(t *testing.T) {
	root := copyWorkshop(t)
	for _, args := range []string{"", "-step 0", "-step -1", "-step 7", "-step two", "-step 2 work", "-step 2 -library", "-what"} {
		if said := play(t, args, 2, "-step N"); strings.Count(said, "\n") != 1 {
			t.Errorf("%s: %s", args, said)
		}
	}
	write(t, "work/main.go", "mine")
	if err := os.RemoveAll("steps/03"); err != nil {
		t.Fatal(err)
	}
	play(t, "-step 4", 1, "nothing was changed")
	if got, err := os.ReadFile("work/main.go"); string(got) != "mine" {
		t.Errorf("work holds %q, %v", got, err)
	}
	if left, _ := filepath.Glob(filepath.Join(root, "[._]work*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	write(t, "file", "mine, too")
	play(t, "-step 2 -dir file", 1, "is a file")
	if err := os.Symlink("work", "link"); err == nil { // on Windows, links need a right that few have
		play(t, "-step 2 -dir link", 1, "is a link")
	}
}

// TestElsewhere: what play prints can be typed where the person stands.
func TestElsewhere(t *testing.T) {
	root := copyWorkshop(t)
	t.Chdir("steps")
	outside := filepath.ToSlash(t.TempDir()) + "/x&y"
	for dir, want := range map[string]string{
		"": "or  go run ../work\n", " -dir mine": "run it   go run ./mine\n", " -dir ../own": "go run ../own\n", " -dir " + outside: `go run "` + outside + `"` + "\n",
	} {
		play(t, "-step 2"+dir, 0, want, "go run ./tools/check -step 2", "  02.md\n")
	}
	if runtime.GOOS != "windows" { // where no folder is moved that somebody stands in
		t.Chdir("../work")
		if said := play(t, "-step 3", 0, "cd "+quoted(filepath.Join(root, "work")), "go run .\n"); strings.Contains(said, " . ") {
			t.Errorf("from work: %s", said)
		}
	}
	t.Chdir(root)
	t.Setenv("USER_WORKING_DIR", filepath.Join(root, "frontend"))
	play(t, "-step 2", 0, "go run ../work\n")
	t.Chdir(t.TempDir())
	play(t, "-step 2", 1, "not in the workshop")
}
