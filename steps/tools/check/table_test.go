package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"websocket-workshop/steps/tools/programs"
)

// repo is the root of the workshop, in full: some tests go elsewhere.
var repo, _ = filepath.Abs(filepath.Join("..", "..", ".."))

// temp is where the tests build.
var temp string

var (
	update = flag.Bool("update", false, "keep what is said of the variants, in testdata")
	all    = flag.Bool("all", false, "look at all behaviours of a variant's step, and not only at that which tells: none before it may fail")
)

// asCommand, in the environment, makes the test program the command.
const asCommand = "CHECK_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	flag.Parse()
	flag.Set("test.parallel", "12") // servers and what they are held to mostly wait
	os.Setenv("CGO_ENABLED", "0")   // such servers are built and started in less time
	var err error
	if temp, err = os.MkdirTemp("", "websocket-check-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	removeAll(temp)
	os.Exit(status)
}

// servers are the folders of the workshop's servers, those first that take longest to check.
var servers = []string{"steps/06", "library", "steps/tools/idiomatic", "steps/05", "steps/04", "steps/03", "steps/02", "steps/01"}

// built is where they are, once they are built.
var built = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(temp, "servers") + string(filepath.Separator)
	args := []string{"-ldflags=-s -w"}
	for _, folder := range servers {
		args = append(args, "./"+folder)
	}
	said, err := programs.Build(context.Background(), repo, dir, args...)
	if err != nil {
		err = fmt.Errorf("%v\n%s", err, said)
	}
	return dir, err
})

// oneThread lets a server start in less time. The finished ones do without.
var oneThread = []string{"GOMAXPROCS=1"}

// serverIn returns the server of a folder, built.
func serverIn(t *testing.T, folder string) *target {
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	tg := &target{name: folder, dir: filepath.Join(repo, folder), binary: filepath.Join(dir, filepath.Base(folder)), patience: 10 * time.Second}
	if folder == "library" || folder == "steps/tools/idiomatic" {
		tg.library = true
	} else {
		tg.env = oneThread
	}
	return tg
}

// failing holds a target to the table up to a step, and returns what fails and how many do not.
func failing(t *testing.T, tg *target, step int) (failed []result, held int) {
	tg.seed = 1
	tg.check(t.Context(), step, func(r result) {
		if r.failure == nil || tg.library && leewayOf(r.name, r.failure) != nil {
			held++
		} else {
			failed = append(failed, r)
		}
	}, func(behaviour) {})
	return failed, held
}

// TestTable holds every server of the workshop to all that it owes.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, folder := range servers {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			step := lastStep
			fmt.Sscanf(folder, "steps/0%d", &step)
			tg := serverIn(t, folder)
			tg.goOn = true
			failed, held := failing(t, tg, step)
			for _, r := range failed {
				t.Error(r)
			}
			if owed := len(owedAt(step)); held+len(failed) != owed {
				t.Errorf("looked at %d of %d behaviours", held+len(failed), owed)
			}
		})
	}
}

// TestPrevious: a step is not done with the code of the one before.
func TestPrevious(t *testing.T) {
	t.Parallel()
	for step := 2; step <= lastStep; step++ {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			t.Parallel()
			tg := serverIn(t, fmt.Sprintf("steps/%02d", step-1))
			tg.from, tg.patience = step, 4*time.Second // what does not come is waited for
			if failed, _ := failing(t, tg, step); len(failed) != 1 {
				t.Errorf("fails %v, want something that step %d adds", failed, step)
			}
		})
	}
}

// A variant is a mistake that people make, or what they may do: an edit of a step's code.
type variant struct {
	name   string
	step   int // whose code is edited
	file   string
	edit   []string // texts that are in the file once, each with what is in its place
	fails  string   // the behaviour that tells; "" if none may
	from   int      // the first step that is looked at; 0 is the one whose code is edited
	raced  bool     // the race detector tells, or makes it certain
	varies bool     // so does what is said of it, from run to run
	asks   bool     // the system is asked about the server: Linux tells
	whole  bool     // all that is said of it is kept, as an example of its kind
}

// folder is where the variant's code seems to be: it is there for the compiler alone.
func (v *variant) folder() string {
	return filepath.Join(repo, "steps", "tools", "check", "broken", v.name)
}

// edited returns the code of the variant, by its path. It is no program of its own, but a package
// whose Main is that of the step.
func (v *variant) edited() (map[string]string, error) {
	files := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(repo, "steps", fmt.Sprintf("%02d", v.step), "*.go"))
	for _, path := range paths {
		code, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		text, name := strings.ReplaceAll(string(code), "\r\n", "\n"), filepath.Base(path)
		for i := 0; i < len(v.edit) && name == v.file; i += 2 {
			if n := strings.Count(text, v.edit[i]); n != 1 {
				return nil, fmt.Errorf("%s: the text to edit is %d times in %s:\n%s", v.name, n, path, v.edit[i])
			}
			text = strings.Replace(text, v.edit[i], v.edit[i+1], 1)
		}
		files[filepath.Join(v.folder(), name)] = toPackage.Replace(text)
	}
	return files, err
}

// toPackage makes a program a package.
var toPackage = strings.NewReplacer("package main\n", "package broken\n", "\nfunc main() {", "\nfunc Main() {")

// broken and brokenRaced are all variants in one program, which looks at its name to know which
// of them to be: to link each of its own would take most of the time of these tests.
var (
	broken      = sync.OnceValues(func() (string, error) { return buildVariants("plain", false, "-ldflags=-s -w") })
	brokenRaced = sync.OnceValues(func() (string, error) { return buildVariants("raced", true, "-race") })
)

// buildVariants compiles the variants that take the race detector, or those that do not.
func buildVariants(name string, raced bool, flag string) (string, error) {
	dir := filepath.Join(temp, name)
	overlay := map[string]string{}
	var failed error
	add := func(path, code string) {
		overlay[path] = filepath.Join(dir, fmt.Sprintf("%d.go", len(overlay)))
		failed = cmp.Or(failed, os.WriteFile(overlay[path], []byte(code), 0o666))
	}
	failed = os.Mkdir(dir, 0o777)
	imports, cases := "", ""
	for i, v := range variants {
		if v.raced != raced {
			continue
		}
		files, err := v.edited()
		failed = cmp.Or(failed, err)
		for path, code := range files {
			add(path, code)
		}
		imports += fmt.Sprintf("import v%d %q\n", i, "websocket-workshop/steps/tools/check/broken/"+v.name)
		cases += fmt.Sprintf("\tcase %q:\n\t\tv%d.Main()\n", v.name+".exe", i)
	}
	add(filepath.Join(repo, "steps", "tools", "check", "broken", "main.go"), "package main\n\nimport \"os\"\nimport \"path/filepath\"\n"+imports+
		"\nfunc main() {\n\tswitch filepath.Base(os.Args[0]) {\n"+cases+"\t}\n}\n")
	b, err := json.Marshal(map[string]any{"Replace": overlay})
	description, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "variants")
	if err := cmp.Or(failed, err, os.WriteFile(description, b, 0o666)); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", binary, flag, "-overlay="+description, "./steps/tools/check/broken")
	cmd.Dir = repo
	if raced {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the variants do not build: %v\n%s", err, said)
	}
	return binary, nil
}

// noRaceDetector is what Go says where there is none: no C compiler for it, or another system.
var noRaceDetector = regexp.MustCompile(`cgo|-race`)

// built returns the variant's program, under a name of its own.
func (v *variant) built(t *testing.T) *target {
	build := broken
	if v.raced {
		build = brokenRaced
	}
	file, err := build()
	if err != nil && v.raced && noRaceDetector.MatchString(err.Error()) {
		t.Skip("there is no race detector here: ", err)
	}
	tg := &target{
		name: fmt.Sprintf("steps/%02d", v.step), dir: v.folder(), binary: filepath.Join(temp, v.name+".exe"),
		patience: 4 * time.Second, from: cmp.Or(v.from, v.step),
	}
	if !*all {
		tg.only = v.fails
	}
	if v.raced {
		tg.raced = tg.binary
	} else {
		tg.env = oneThread
	}
	if err := cmp.Or(err, os.Link(file, tg.binary)); err != nil {
		t.Fatal(err)
	}
	return tg
}

// golden is a file with what is said of the variants, where it does not vary: of each what came
// and the likely cause, and of some all. A change for the worse shows there.
const golden = "testdata/messages.txt"

// changing is what differs between two runs of the same variant.
var changing = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`(?i)(localhost|127\.0\.0\.1):\d+`), "localhost:PORT"},
	{regexp.MustCompile(`\[::\]:\d+`), "[::]:PORT"},
	{regexp.MustCompile(`\b\d+(\.\d+)?m?s\b`), "TIME"},
	{regexp.MustCompile(`\d+ (lines|goroutines|MB)`), "MANY $1"},
	{regexp.MustCompile(`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`), "DATE TIME"},
	{regexp.MustCompile(`\b(1[78]\d{8}|\d{13})\b`), "MOMENT"},
	{regexp.MustCompile(`\.go:\d+`), ".go:LINE"},
}

// kept returns what is kept of what is said of the variant.
func (v *variant) kept(r result) string {
	text := r.failure.String()
	if v.whole {
		text = v.name + ": " + r.name + "\n" + text
	} else {
		_, likely, _ := strings.Cut(text, "\n  likely ")
		text = v.name + ": " + lastFrame(r.failure.came) + "\n  likely " + likely
	}
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.by)
	}
	return text
}

// TestVariants: each mistake fails the behaviour that is about it, with a message that is kept.
func TestVariants(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	name, kept := "", map[string]string{}
	for line := range strings.Lines(strings.ReplaceAll(string(b), "\r\n", "\n")) {
		if !strings.HasPrefix(line, " ") {
			name, _, _ = strings.Cut(line, ":")
		}
		kept[name] += line
	}
	said := make([]string, len(variants))
	for i, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && slices.ContainsFunc(table, func(b behaviour) bool { return b.name == v.fails && b.unixOnly }) {
				t.Skip("Windows cannot send Ctrl-C to one program")
			}
			failed, _ := failing(t, v.built(t), v.step)
			if _, err := os.Stat("/proc/self/schedstat"); v.asks && err != nil && len(failed) == 0 {
				t.Skip("this system does not tell: ", err)
			}
			switch {
			case len(failed) == 0 && v.fails == "":
				return
			case len(failed) != 1 || failed[0].name != v.fails:
				t.Fatalf("fails %v\nwant %q", failed, v.fails)
			case v.raced || v.varies: // who comes first differs
				return
			}
			if said[i] = v.kept(failed[0]); said[i] != kept[v.name] && !*update {
				t.Errorf("%s has something else (-update keeps this):\n%s\n%s", golden, said[i], failed[0])
			}
		})
	}
	t.Cleanup(func() {
		text := ""
		for i, v := range variants {
			text += cmp.Or(said[i], kept[v.name])
			delete(kept, v.name)
		}
		if *update {
			err = os.WriteFile(golden, []byte(text), 0o666)
		}
		if err != nil || len(kept) > 0 {
			t.Errorf("%s: %v; of no variant: %v", golden, err, kept)
		}
	})
}

// String is for messages of the tests.
func (r result) String() string { return fmt.Sprintf("%q\n%s", r.name, r.failure) }
