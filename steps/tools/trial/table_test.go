package trial

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/stepcode"
)

// repo is the full path of the workshop's root.
var repo, _ = filepath.Abs(filepath.Join("..", "..", ".."))

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "12") // servers and the rows mostly wait
	m.Run()
}

// programs builds many servers into one program, which chooses the server by its own name: linking each
// separately would take most of the tests' time.
type programs struct {
	dir   string                     // a module with the workshop's name, where the code of each is a package
	ways  map[string]behaviour.Build // the only build of a server, by name; without an entry, it has all builds
	built map[behaviour.Build]*built
}

// newPrograms returns a programs without servers.
func newPrograms(t *testing.T) *programs {
	ps := &programs{dir: t.TempDir(), ways: map[string]behaviour.Build{}, built: map[behaviour.Build]*built{}}
	if err := process.NoteInputs(filepath.Join(repo, "frontend"), filepath.Join(repo, "go.mod")); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(repo, file))
		if err := cmp.Or(err, os.WriteFile(filepath.Join(ps.dir, file), text, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"frontend", "vendor"} { // vendor is on the memory stick of steps/INSTRUCTOR.md
		err := os.CopyFS(filepath.Join(ps.dir, dir), os.DirFS(filepath.Join(repo, dir)))
		if err != nil && !(dir == "vendor" && errors.Is(err, fs.ErrNotExist)) {
			t.Fatal(err)
		}
	}
	return ps
}

// add writes the code of a server, by file, as a package whose Main is the server's main.
func (ps *programs) add(t *testing.T, name string, files map[string]string) {
	toPackage := strings.NewReplacer("package main\n", "package server\n", "\nfunc main() {", "\nfunc Main() {")
	for file, text := range files {
		if err := ps.write(filepath.Join("servers", name, file), toPackage.Replace(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// write writes a file, and creates the folders above it.
func (ps *programs) write(file, text string) error {
	file = filepath.Join(ps.dir, file)
	return cmp.Or(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666))
}

// compile builds the servers in each way.
func (ps *programs) compile(t *testing.T) {
	var all sync.WaitGroup
	for how := behaviour.Plain; how <= behaviour.Quick; how++ {
		imports, cases := "", ""
		servers, _ := os.ReadDir(filepath.Join(ps.dir, "servers"))
		for i, s := range servers {
			if way, one := ps.ways[s.Name()]; !one || way == how {
				imports += fmt.Sprintf("import s%d %q\n", i, "websocket-workshop/servers/"+s.Name())
				cases += fmt.Sprintf("\tcase %q:\n\t\ts%d.Main()\n", s.Name()+".exe", i)
			}
		}
		main := fmt.Sprint("all", how)
		if err := ps.write(main+"/main.go", "package main\n\nimport \"os\"\nimport \"path/filepath\"\n"+imports+
			"\nfunc main() {\n\tswitch filepath.Base(os.Args[0]) {\n"+cases+"\t}\n}\n"); err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(ps.dir, main+".exe")
		b := &built{done: make(chan struct{})}
		ps.built[how] = b
		all.Go(func() {
			defer close(b.done)
			said := ""
			build := func(ctx context.Context, to string, flags ...string) (_ string, err error) {
				said, err = process.Build(ctx, ps.dir, to, append(flags, "./"+main)...)
				return said, err
			}
			b.make(t.Context(), &Target{Dir: filepath.Join(ps.dir, "servers"), Binary: binary, Build: build}, how)
			if b.binary == "" {
				t.Errorf("the servers cannot be built: %s", said)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// target returns one of the servers.
func (ps *programs) target(t *testing.T, name, shown string) *Target {
	tg := &Target{Name: shown, Dir: filepath.Join(ps.dir, "servers", name), Seed: 1, Patience: 4 * time.Second,
		builds: map[behaviour.Build]*built{}}
	for how, b := range ps.built {
		one := *b
		one.binary = filepath.Join(t.TempDir(), name+".exe")
		if err := os.Link(b.binary, one.binary); err != nil {
			t.Fatal(err)
		}
		tg.builds[how] = &one
	}
	tg.Binary = tg.builds[behaviour.Plain].binary
	return tg
}

// failing runs a target through the rows up to a step, and returns the failures and how many rows were
// tried.
func failing(t *testing.T, tg *Target, step int) (failed []Result, tried int) {
	tg.Check(t.Context(), step, func(e Event) {
		if e.Result == nil {
			return
		}
		if tried++; e.Result.Failure != nil && !(tg.Library && e.Result.Failure.Leeway != nil) {
			failed = append(failed, *e.Result)
		}
	})
	return failed, tried
}

// codeOf returns the Go files of a folder by name.
func codeOf(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := stepcode.Code(filepath.Join(repo, folder))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A variant is an edit of a step's code: a mistake that people make, or a difference that is allowed.
type variant struct {
	name string
	step int    // whose code is edited
	row  string // a part of the name of the row that fails; "" if none may
	says string // parts of the cause, one of which is enough
	file string
	edit []string // texts that are in the file once, each followed by its replacement
}

// readVariants reads testdata/variants.txt.
func readVariants(t *testing.T) (all []variant) {
	for _, text := range strings.Split(read(t, "testdata/variants.txt"), "\n== ")[1:] {
		head, text, _ := strings.Cut(strings.TrimRight(text, "\n"), "\n")
		var v variant
		if _, err := fmt.Sscanf(head, "%s steps/%d/%s", &v.name, &v.step, &v.file); err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		v.name = strings.TrimSuffix(v.name, ":")
		for edit := range strings.SplitSeq(text, "\n\n") {
			texts := map[byte][]string{}
			for line := range strings.SplitSeq(edit, "\n") {
				if row, ok := strings.CutPrefix(line, "row: "); ok {
					v.row = row
				} else if says, ok := strings.CutPrefix(line, "cause: "); ok {
					v.says = says
				} else {
					texts[line[0]] = append(texts[line[0]], line[1:])
				}
			}
			v.edit = append(v.edit, strings.Join(texts['-'], "\n"), strings.Join(texts['+'], "\n"))
		}
		all = append(all, v)
	}
	return all
}

// edited returns the code of the variant, by file. It reports edits that do not fit.
func (v *variant) edited(t *testing.T) map[string]string {
	files := codeOf(t, fmt.Sprintf("steps/%02d", v.step))
	for i := 0; i < len(v.edit); i += 2 {
		if n := strings.Count(files[v.file], v.edit[i]); n != 1 {
			t.Errorf("%s: the text to edit occurs %d times in %s:\n%s", v.name, n, v.file, v.edit[i])
		}
		files[v.file] = strings.Replace(files[v.file], v.edit[i], v.edit[i+1], 1)
	}
	return files
}

// fails returns the row that fails for the variant.
func (v *variant) fails(t *testing.T) (r behaviour.Row) {
	found := slices.DeleteFunc(behaviour.Rows(v.step), func(r behaviour.Row) bool {
		return !strings.Contains(r.Name, v.row)
	})
	if len(found) != 1 {
		t.Fatalf("%s: %d rows of step %d have %q in their name", v.name, len(found), v.step, v.row)
	}
	return found[0]
}

// TestRows: every server of the workshop does all that it must, and each step fails a row of the next. And
// each variant fails only its own row, with the right cause.
func TestRows(t *testing.T) {
	ps, variants := newPrograms(t), readVariants(t)
	folders := []string{"library/examples/idiomatic", "library", "steps/06", "steps/05", "steps/04", "steps/03",
		"steps/02", "steps/01"}
	for _, folder := range folders {
		ps.add(t, filepath.Base(folder), codeOf(t, folder))
	}
	for _, v := range variants {
		if ps.add(t, v.name, v.edited(t)); v.row != "" {
			ps.ways[v.name] = v.fails(t).Build
		}
	}
	for _, room := range []string{"central", "sixteen"} {
		v := variant{name: "legal-" + room, step: behaviour.LastStep}
		ps.add(t, v.name, map[string]string{
			"room.go":   read(t, "testdata/legal/"+room+".go"),
			"server.go": read(t, "testdata/legal/server.go"),
			"limits.go": rules.GoFile(),
		})
		variants = append([]variant{v}, variants...)
	}
	if t.Failed() {
		t.FailNow() // before anything slow runs
	}
	if ps.compile(t); ps.built[behaviour.Noisy].why != "" {
		t.Log(ps.built[behaviour.Noisy].why)
	}
	for _, folder := range folders {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			holds(t, ps, folder)
		})
	}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			v.try(t, ps)
		})
	}
}

// read returns a file's text.
func read(t *testing.T, file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// holds tests that a folder passes all rows of its step, and fails one of the next step.
func holds(t *testing.T, ps *programs, folder string) {
	step := behaviour.LastStep
	n, _ := fmt.Sscanf(folder, "steps/0%d", &step)
	tg := ps.target(t, filepath.Base(folder), folder)
	tg.GoOn, tg.Library = true, n == 0
	if !tg.Library { // a library may take that long for each row in which it differs
		tg.Patience = 10 * time.Second
	}
	failed, tried := failing(t, tg, step)
	for _, r := range failed {
		t.Error(r)
	}
	if owed := len(behaviour.Rows(step)); tried != owed {
		t.Errorf("%d of %d rows were tried", tried, owed)
	}
	if step == behaviour.LastStep {
		return
	}
	tg.From, tg.GoOn, tg.Patience = step+1, false, time.Second // a shorter wait for what does not come
	if failed, _ := failing(t, tg, step+1); len(failed) == 0 {
		t.Errorf("it passes step %d, too", step+1)
	}
}

// try runs the variant through the row that it must fail, or through all.
func (v *variant) try(t *testing.T, ps *programs) {
	tg := ps.target(t, v.name, fmt.Sprintf("steps/%02d", v.step))
	if v.row == "" {
		tg.GoOn = true
		if failed, _ := failing(t, tg, v.step); len(failed) > 0 {
			t.Error(failed)
		}
		return
	}
	row := v.fails(t)
	tg.Only = row.Name
	if row.UnixOnly && runtime.GOOS == "windows" || row.Raced && !tg.builds[behaviour.Noisy].raced {
		t.Skip("this row is not tried here")
	}
	failed, _ := failing(t, tg, v.step)
	if len(failed) == 0 {
		t.Fatalf("it passes: %s", row.Name)
	}
	cause := failed[0].Failure.Cause
	said := func(part string) bool { return strings.Contains(cause, part) }
	if !slices.ContainsFunc(strings.Split(v.says, "|"), said) {
		t.Errorf("the cause does not contain %q\n%s", v.says, failed[0])
	}
}

// String returns the result for the tests' messages.
func (r Result) String() string { return fmt.Sprintf("%q\n%s", r.Name, r.Failure) }
