package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A workshop of one file: each step adds a line at the end of the one before.
func workshop() map[string]string {
	files := make(map[string]string)
	code := "package main\n\n// old\nfunc main() {\n"
	for _, dir := range strings.Fields("01 02 03 04 05 06") {
		code += "\t" + `println("step ` + dir + `")` + "\n"
		files["steps/"+dir+"/main.go"] = code + "}\n"
	}
	for _, dir := range []string{"raw", "library"} {
		files[dir+"/main.go"] = code + "}\n"
		files[dir+"/main_test.go"] = "package main\n"
	}
	files["library/websocket.go"] = "package main\n"
	return files
}

// A trial is a carrier with its own workshop, committed, and the carrier's output.
type trial struct {
	*testing.T
	carrier
	out strings.Builder
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	b := &trial{T: t, carrier: carrier{root: t.TempDir(), from: "HEAD"}}
	b.carrier.out = &b.out
	b.must("init", "-q")
	b.edit(workshop())
	b.commit()
	return b
}

// must runs git.
func (b *trial) must(args ...string) {
	b.Helper()
	if _, err := b.git(args...); err != nil {
		b.Fatal(err)
	}
}

// commit commits everything.
func (b *trial) commit() {
	b.Helper()
	b.must("add", "--all")
	b.must("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "commit", "-q",
		"--message=a")
}

// edit writes files. One without text is removed.
func (b *trial) edit(files map[string]string) {
	b.Helper()
	for name, text := range files {
		if text == "" {
			os.Remove(b.path(name))
			continue
		}
		os.MkdirAll(filepath.Dir(b.path(name)), 0o755) // write has the same errors
		if err := b.write(name, text); err != nil {
			b.Fatal(err)
		}
	}
}

// replace edits the original text of one file.
func (b *trial) replace(name, old, fresh string) {
	b.Helper()
	b.edit(map[string]string{name: strings.Replace(workshop()[name], old, fresh, 1)})
}

// carried carries a step, and fails if something is left to do.
func (b *trial) carried(step string) {
	b.Helper()
	if err := b.carryAgain(step); err != nil {
		b.Fatal(err)
	}
}

func (b *trial) carryAgain(step string) error {
	b.left = nil
	b.out.Reset()
	return b.carry(step)
}

// expect fails unless exactly these files of the workshop have the text.
func (b *trial) expect(text, dirs string) {
	b.Helper()
	for name := range workshop() {
		has, _ := b.read(name)
		want := strings.HasSuffix(name, "/main.go") &&
			strings.Contains(" "+dirs+" ", " "+strings.TrimPrefix(filepath.ToSlash(filepath.Dir(name)), "steps/")+" ")
		if strings.Contains(has, text) != want {
			b.Errorf("%s, expected %q there: %v; it is\n%s%s", name, text, want, has, b.out.String())
		}
	}
}

func TestCarry(t *testing.T) {
	b := newTrial(t)
	b.replace("steps/03/main.go", "// old", "// new")
	for range 2 { // the second time, nothing is left to do
		b.carried("03")
		b.expect("// new", "03 04 05 06 raw library")
		b.expect("step 06", "06 raw library")
	}
	if b.out.Len() > 0 {
		t.Errorf("the second run prints %s", b.out.String())
	}
	for _, edit := range []string{"// newer", "// newest"} { // no conflict with what has been carried
		b.replace("steps/03/main.go", "// old", edit)
		b.carried("03")
		b.expect(edit, "03 04 05 06 raw library")
		b.expect("step 06", "06 raw library")
	}
	for _, edit := range []string{"// here", "// there"} {
		b.replace("steps/06/main.go", "// old", edit)
		b.carried("steps/06/")
		b.expect(edit, "06 raw library")
		if strings.Contains(b.out.String(), "differed") {
			t.Errorf("it keeps its own copy: %s", b.out.String())
		}
	}
	for name, text := range workshop() { // somebody starts over
		if !strings.HasPrefix(name, "steps/03/") {
			b.edit(map[string]string{name: text})
		}
	}
	b.carried("03")
	b.expect("// newest", "03 04 05 06 raw library")
}

func TestCommitted(t *testing.T) {
	b := newTrial(t)
	b.replace("steps/02/main.go", "// old", "// new")
	b.commit()
	if err := b.carryAgain("2"); err == nil || !strings.Contains(err.Error(), "-from HEAD~1") {
		t.Errorf("carrying a committed change: %v", err)
	}
	b.from = "HEAD~1"
	b.carried("2")
	b.expect("// new", "02 03 04 05 06 raw library")
}

// TestConflict: a conflict appears once, and once it is resolved, the result reaches all later steps.
func TestConflict(t *testing.T) {
	b := newTrial(t)
	b.replace("steps/02/main.go", "\tprintln(\"step 02\")\n", "\tprintln(\"step 02\")\n\tprintln(\"more\")\n")
	for range 2 {
		if err := b.carryAgain("02"); err == nil ||
			strings.Count(err.Error(), "steps/03/main.go has conflict marks") != 1 {
			t.Fatalf("step 2 conflicts with what step 3 adds at the same place: %v", err)
		}
		b.expect("<<<<<<<", "03")
		b.expect("more", "02 03")
	}
	b.replace("steps/03/main.go", "\tprintln(\"step 03", "\tprintln(\"more\")\n\tprintln(\"step 03")
	b.carried("03")
	b.expect("more", "02 03 04 05 06 raw library")
	b.expect("<<<<<<<", "")
}

func TestFilesComeAndGo(t *testing.T) {
	b := newTrial(t)
	b.edit(map[string]string{"steps/04/more.go": "package main\n", "steps/04/._more.go": "\x00"})
	b.carried("04")
	for _, name := range []string{"steps/05/more.go", "steps/06/more.go", "raw/more.go"} {
		if text, _ := b.read(name); text != "package main\n" {
			t.Errorf("%s was not added: %q", name, text)
		}
	}
	for _, name := range []string{"library/more.go", "steps/05/._more.go"} {
		if _, has := b.read(name); has {
			t.Errorf("%s was added", name)
		}
	}
	b.commit()
	b.edit(map[string]string{"steps/04/more.go": "", "steps/06/more.go": "package main // not the same\n"})
	if err := b.carryAgain("04"); err == nil || !strings.Contains(err.Error(), "steps/06/more.go differs") {
		t.Errorf("removing a file that differs: %v", err)
	}
	b.edit(map[string]string{"steps/06/more.go": ""})
	b.carried("04")
	for _, name := range []string{"steps/05/more.go", "steps/06/more.go", "raw/more.go"} {
		if _, has := b.read(name); has {
			t.Errorf("%s was not removed", name)
		}
	}
}

// TestOwnChanges: changes that somebody made in raw are not lost.
func TestOwnChanges(t *testing.T) {
	b := newTrial(t)
	b.replace("raw/main.go", "// old", "// mine")
	b.replace("steps/05/main.go", "// old", "// new")
	b.carried("05")
	b.expect("// new", "05 06 raw library")
	kept, _ := b.read("raw/main.go.orig")
	if !strings.Contains(kept, "// mine") ||
		!strings.Contains(b.out.String(), "its old text is in raw/main.go.orig") {
		t.Errorf("the changes in raw are lost: %s", b.out.String())
	}
}

// TestRefused: carry refuses wrong arguments, and what it cannot do, in one line.
func TestRefused(t *testing.T) {
	b := newTrial(t)
	for _, step := range []string{"", "0", "00", "07", "3a", "raw", "03 04", "-3"} {
		if err := b.carryAgain(step); err == nil || !strings.Contains(err.Error(), "is not a step") {
			t.Errorf("step %q: %v", step, err)
		}
	}
	text, _ := b.read("steps/03/main.go")
	b.edit(map[string]string{"steps/03/main.go": "", "steps/03/new.go": text})
	err := b.carryAgain("03")
	if err == nil || !strings.Contains(err.Error(), "new.go is main.go under another") {
		t.Errorf("a file with another name: %v", err)
	}
	b.from = "nonsense"
	if err := b.carryAgain("03"); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("an unknown revision: %v", err)
	}
}
