package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/stepcode"
)

// noon is the tests' clock.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// copyWorkshop makes a copy of the workshop for a test, and changes to it.
func copyWorkshop(t *testing.T) string {
	t.Helper()
	repo, root := os.DirFS("../../.."), t.TempDir()
	for _, pattern := range []string{"go.*", "frontend/*.*", "steps/0*.md", "steps/0?/*.go", "library/*.*"} {
		names, _ := fs.Glob(repo, pattern) // the patterns are well formed: no error
		for _, name := range names {
			text, err := fs.ReadFile(repo, name)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(root, name), string(text))
		}
	}
	t.Setenv("USER_WORKING_DIR", "") // set by a task that runs these tests
	t.Chdir(root)
	return root
}

// write writes a file.
func write(t *testing.T, path, text string) {
	t.Helper()
	os.MkdirAll(filepath.Dir(path), 0o755) // WriteFile has the same errors
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// read returns a file's text.
func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// play runs the command, and checks its exit status and output.
func play(t *testing.T, args string, status int, want ...string) string {
	t.Helper()
	var out strings.Builder
	got := command(&out, strings.Split(args, " "), noon)
	for _, text := range want {
		if got != status || !strings.Contains(out.String(), text) {
			t.Errorf("play %s: status %d, want %d with %q, but:\n%s", args, got, status, text, &out)
		}
	}
	return out.String()
}

// code returns the code in a folder.
func code(t *testing.T, dir string) stepcode.Files {
	t.Helper()
	files, err := stepcode.Code(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestPlay: each step begins in two ways, as package stepcode defines them, and play prints which way, and
// which folder to edit.
func TestPlay(t *testing.T) {
	copyWorkshop(t)
	for n := 1; n <= stepcode.Library; n++ {
		s, err := stepcode.Read(os.DirFS("."), n)
		if err != nil {
			t.Fatal(err)
		}
		args, check := fmt.Sprint("-step ", n), fmt.Sprint("check -step ", n)
		if n == stepcode.Library {
			args, check = "-library", "check -step 6 -library\n"
		}
		turns := "finished except for your turns: " + list(stepcode.Turns(n)) + ". Edit the files in work.\n"
		said := play(t, args, 0, "go run ./work\n", check, turns)
		if got := code(t, "work"); !maps.Equal(got, s.Open()) {
			t.Errorf("%s: work holds other files: %v", args, got)
		}
		if strings.Contains(said, "compare") != (n != stepcode.Library) {
			t.Errorf("%s: %s", args, said)
		}
		play(t, args+" -bare", 0, "go run ./work\n", check, "work holds ", "Edit the files in work.\n")
		want := s.Bare()
		for name, text := range want {
			if s.Before[name] == "" {
				want[name] = strings.TrimRight(text, "\n") +
					fmt.Sprintf("\n\n// Type what steps/%02d.md shows: each block says where.\n", n)
			}
		}
		if got := code(t, "work"); !maps.Equal(got, want) {
			t.Errorf("%s -bare: work holds other files: %v", args, got)
		}
	}
}

// TestTurns: only the turns that are named are open.
func TestTurns(t *testing.T) {
	copyWorkshop(t)
	play(t, "-step 2 -turns response", 0, "finished except for your turns: response in handshake.go. ")
	got := code(t, "work")
	for text, n := range map[string]int{"your turn: ": 1, "\t\"errors\"\n": 1, "\t\"crypto/sha1\"\n": 0} {
		if strings.Count(got["handshake.go"]+got["conn.go"], text) != n {
			t.Errorf("want %q %d times in\n%s\n%s", text, n, got["handshake.go"], got["conn.go"])
		}
	}
	play(t, "-step 2 -turns encode", 1,
		`"encode" is not a turn of step 2, whose turns are response in handshake.go`)
	play(t, "-step 2 -bare -turns response", 2, "name the step to begin")
}

// TestMovesAside: the old work/ is kept, where both go and git ignore it.
func TestMovesAside(t *testing.T) {
	copyWorkshop(t)
	if err := os.Mkdir("work", 0o755); err != nil {
		t.Fatal(err)
	}
	if said := play(t, "-step 3", 0); strings.Contains(said, aside) {
		t.Errorf("an empty folder is kept: %s", said)
	}
	const bad = "this does not compile"
	const first = aside + "/2026-01-02_12-00-00"
	kept := []string{first, first + "_2", first + "_3"}
	for i, dir := range kept {
		write(t, "work/main.go", fmt.Sprint(bad, i))
		write(t, "work/deep/notes.txt", fmt.Sprint(bad, i))
		play(t, "-step 2", 0, dir+"\n")
	}
	for i, dir := range kept {
		for _, name := range []string{"/main.go", "/deep/notes.txt"} {
			if text := read(dir + name); text != fmt.Sprint(bad, i) {
				t.Errorf("%s in %s is %q", name, dir, text)
			}
		}
	}
	write(t, "work/main.go", bad)
	for _, command := range []string{"go list -find ./...", "go vet ./steps/...", "git init -q",
		"git status --short " + aside} {
		words := strings.Fields(command)
		if _, err := exec.LookPath(words[0]); err != nil {
			continue
		}
		out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
		if said := string(out); err != nil || strings.Contains(said, "work-before") ||
			strings.Contains(said, "/work\n") {
			t.Errorf("%s: %v, %s", command, err, said)
		}
	}
}

// TestNothingLost: if play cannot do what is asked, it changes nothing.
func TestNothingLost(t *testing.T) {
	root := copyWorkshop(t)
	for _, args := range []string{
		"", "-step 0", "-step -1", "-step 7", "-step two", "-step 2 work", "-step 2 -library", "-what",
		"-next -bare", "-bare",
	} {
		play(t, args, 2, "name the step to begin", "-step N", "-next")
	}
	write(t, "work/main.go", "mine")
	play(t, "-next", 1, "work/main.go:1:1: expected 'package'", "nothing was changed")
	write(t, "work/main.go", "package main\n")
	play(t, "-next", 1, "not recognizable", "-next -step N")
	play(t, "-next -dir none", 1, "there is no none to go on from")
	play(t, "-next -step 1", 1, "step 1 is the first")
	if err := os.RemoveAll("steps/03"); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"-step 4", "-step 4 -bare", "-next"} {
		play(t, args, 1, "nothing was changed", "steps/03")
	}
	if got := read("work/main.go"); got != "package main\n" {
		t.Errorf("work holds %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(root, "[._]work*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	write(t, "file", "mine, too")
	play(t, "-step 2 -dir file", 1, "is a file")
	if err := os.Symlink("work", "link"); err == nil { // on Windows, links need a privilege that few users have
		for _, args := range []string{"-step 2 -dir link", "-next -dir link"} {
			play(t, args, 1, "link is a symbolic link to work", "nothing was changed", "Remove the link")
			if said := play(t, args+" -page", 1); strings.Contains(said, " -") {
				t.Errorf("the message for the page names a flag: %s", said)
			}
		}
	}
}

// TestNames: a folder whose code Go cannot build is refused, and so is the workshop's own code.
func TestNames(t *testing.T) {
	copyWorkshop(t)
	const bad, ours = "cannot be the name of a folder", "is part of the workshop"
	for why, names := range map[string]string{
		bad:  "my work|wörk|work,2|mine/wörk|-work|work.|con|NUL.txt|com1|work~1|_x|.x|testdata|vendor",
		ours: "raw|steps/03|.",
	} {
		for _, name := range strings.Split(names, "|") {
			var out strings.Builder
			status, said := command(&out, []string{"-step", "1", "-dir", name}, noon), out.String()
			isLine := strings.HasPrefix(said, "nothing was changed: ") && strings.Count(said, "\n") == 1
			if status != 1 || !isLine || !strings.Contains(said, why) {
				t.Errorf("%q: status %d, %s", name, status, said)
			}
			if _, err := os.Lstat(name); err == nil && why == bad {
				t.Errorf("%q was created", name)
			}
		}
	}
	for _, name := range []string{"mine", "work2", "my-work", "work_2", "Work", "contest"} {
		play(t, "-step 1 -dir "+name, 0, "Edit the files in "+name)
		if out, err := exec.Command("go", "list", "./"+name).CombinedOutput(); err != nil {
			t.Errorf("Go cannot build %s: %v %s", name, err, out)
		}
	}
}

// TestKilled: play removes what a killed play has left, but not what a running one is making.
func TestKilled(t *testing.T) {
	copyWorkshop(t)
	for name, age := range map[string]time.Duration{"old": time.Hour, "new": time.Second} {
		write(t, fresh+name+"/main.go", "half")
		os.Chtimes(fresh+name, noon, noon.Add(-age))
	}
	play(t, "-step 1", 0, "work is step 1, finished")
	if left, _ := filepath.Glob(fresh + "*"); !slices.Equal(left, []string{fresh + "new"}) {
		t.Errorf("left are %v", left)
	}
}

// TestNext continues with the attendee's own code: their code and other files stay, and where their own
// code must change, play names the lesson's edit.
func TestNext(t *testing.T) {
	copyWorkshop(t)
	play(t, "-step 1", 0)
	play(t, "-next", 1, "work is at step 1, and not finished: upgrade in main.go", "-next -step 2", "(-step 2)")
	s, err := stepcode.Read(os.DirFS("."), 1)
	if err != nil {
		t.Fatal(err)
	}
	write(t, "work/main.go", strings.Replace(s.After["main.go"], "upgrade requested!", "a browser asks", 1))
	write(t, "work/main_test.go", "package main\n")
	write(t, "work/deep/notes.txt", "mine")
	for _, args := range []string{"-next -step 2 -page -dir none", "-step 1 -page -dir other"} {
		if said := play(t, args, 0); strings.Contains(said, "go run") || strings.Contains(said, " -") {
			t.Errorf("the message for the page names a flag or a command: %s", said)
		}
	}
	play(t, "-next", 0, "work goes on to step 2 with your code: 11 declarations added, 0 changed",
		"Edit the files in work.\n", "task check-2", "make these changes yourself; steps/02.md",
		"Your turns: response in handshake.go, conn.write in conn.go, accept in handshake.go.",
		"main.go        upgrade        The handshake instead of 501\n", aside+"/2026-01-02_12-00-00\n")
	for name, want := range map[string]string{
		"main.go": "a browser asks", "main_test.go": "package main\n", "deep/notes.txt": "mine",
		"conn.go": "your turn: conn.write",
	} {
		if got := read("work/" + name); !strings.Contains(got, want) {
			t.Errorf("work/%s holds %q", name, got)
		}
	}
	play(t, "-next -step 3", 0, "work goes on to step 3", "encode in frame.go")
	s, err = stepcode.Read(os.DirFS("."), stepcode.Library)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range s.Before {
		write(t, filepath.Join("work", name), text)
	}
	play(t, "-next", 0, "work goes on to the server on the library with your code",
		"Removed, as in the lesson: conn.go, frame.go, handshake.go.", "-step 6 -library")
	if got := code(t, "work"); !maps.Equal(got, s.Open()) {
		t.Errorf("with our code the library begins with %v", got)
	}
	for name, text := range s.After {
		write(t, filepath.Join("work", name), text)
	}
	play(t, "-next", 1, "that is the last lesson")
}

// TestElsewhere: the commands that play prints work in the user's current folder.
func TestElsewhere(t *testing.T) {
	root := copyWorkshop(t)
	t.Chdir("steps")
	outside := filepath.ToSlash(t.TempDir()) + "/x&y"
	for dir, want := range map[string]string{
		"": "or  go run ../work\n", " -dir mine": "part of the workshop", " -dir ../own": "go run ../own\n",
		" -dir " + outside: fmt.Sprintf("go run %q\n", outside),
	} {
		status := 0
		if strings.Contains(want, "part") {
			status = 1
		}
		said := play(t, "-step 2"+dir, status, want)
		if status == 0 && (!strings.Contains(said, "go run ./tools/check -step 2") ||
			!strings.Contains(said, "  02.md\n")) {
			t.Errorf("%s: %s", dir, said)
		}
		if strings.Contains(said, "only inside") != strings.Contains(dir, "x&y") {
			t.Errorf("%s: %s", dir, said)
		}
	}
	if runtime.GOOS != "windows" { // Windows moves no folder that is somebody's current one
		t.Chdir("../work")
		if said := play(t, "-step 3", 0, "cd "+quoted(filepath.Join(root, "work")),
			"go run .\n"); strings.Contains(said, " . ") {
			t.Errorf("from work: %s", said)
		}
	}
	t.Chdir(root)
	t.Setenv("USER_WORKING_DIR", filepath.Join(root, "frontend"))
	play(t, "-step 2", 0, "go run ../work\n")
	t.Chdir(t.TempDir())
	play(t, "-step 2", 1, "not in the workshop")
}
