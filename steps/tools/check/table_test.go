package main

import (
	"bytes"
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
)

// repo is the root of the workshop, in full: some tests go elsewhere while others run.
var repo = func() string {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		panic(err)
	}
	return root
}()

var (
	update = flag.Bool("update", false, "write the messages of the broken variants to testdata")
	all    = flag.Bool("all", false, "look at all behaviours of a variant's step, and not only at that which tells: none before it may fail")
)

// What all runs of the tests share.
var (
	temp    string                    // where they build
	turns   = make(chan struct{}, 12) // how many runs go on side by side: they wait much
	life    context.Context           // ends with the tests
	running sync.WaitGroup            // the runs that have begun
)

// A run is one folder, whole or broken, held to the table up to a step. It is begun once,
// and its outcome can be waited for.
type run struct {
	folder  string
	step    int
	variant *variant
	goOn    bool
	library bool // the server stands on one: leeways hold

	once     sync.Once
	done     chan struct{}
	err      error
	failures []result
	passed   int
}

// runs of the tests, begun all at once where all tests are to run.
var (
	whole    []*run // each server against the steps it has reached
	previous []*run // each step against the next
	broken   []*run // the variants
)

func TestMain(m *testing.M) {
	flag.Parse()
	var cancel context.CancelFunc
	life, cancel = context.WithCancel(context.Background())
	dir, err := os.MkdirTemp("", "websocket-check-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	temp = dir
	os.Setenv("CGO_ENABLED", "0") // such servers are built and started in less time
	plan()
	if flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.list").Value.String() == "" {
		beginAll(previous)
		beginAll(broken)
		beginAll(whole)
	}
	status := m.Run()
	cancel()
	running.Wait()
	removeAll(dir)
	os.Exit(status)
}

// plan lists the runs.
func plan() {
	for step := 1; step <= lastStep; step++ {
		whole = append(whole, &run{folder: fmt.Sprintf("steps/%02d", step), step: step})
		if step > 1 {
			previous = append(previous, &run{folder: fmt.Sprintf("steps/%02d", step-1), step: step})
		}
	}
	whole = append(whole, &run{folder: "library", step: lastStep, library: true},
		&run{folder: "steps/tools/idiomatic", step: lastStep, library: true})
	for _, r := range whole {
		r.goOn = true
	}
	for i := range variants {
		v := &variants[i]
		broken = append(broken, &run{folder: fmt.Sprintf("steps/%02d", v.step), step: v.step, variant: v})
	}
	for _, group := range [][]*run{whole, previous, broken} {
		for _, r := range group {
			r.done = make(chan struct{})
		}
	}
}

// beginAll starts runs, the longest first: those of the last steps.
func beginAll(runs []*run) {
	for _, r := range slices.Backward(runs) {
		r.begin()
	}
}

// begin starts the run, if nobody has.
func (r *run) begin() {
	r.once.Do(func() {
		running.Go(func() {
			turns <- struct{}{}
			defer func() {
				<-turns
				close(r.done)
			}()
			r.do()
		})
	})
}

// wait returns when the run is over.
func (r *run) wait(t *testing.T) {
	t.Helper()
	r.begin()
	select {
	case <-r.done:
	case <-t.Context().Done():
	}
	if r.err != nil {
		t.Fatal(r.err)
	}
}

// do builds and checks.
func (r *run) do() {
	tg, err := r.build()
	if err != nil {
		r.err = err
		return
	}
	tg.check(life, r.step, func(got result) {
		if got.failure != nil && (!r.library || leewayOf(got.name, got.failure) == nil) {
			r.failures = append(r.failures, got)
		} else {
			r.passed++
		}
	}, func(behaviour) {})
}

// binaries are the folders that are built, as two runs want the same.
var binaries sync.Map // of func() (string, error), by folder

// oneThread lets a server start in less time. The finished ones do without.
var oneThread = []string{"GOMAXPROCS=1"}

// build compiles what a run needs, once, and returns it with the settings for the run.
func (r *run) build() (*target, error) {
	if r.variant != nil {
		return r.variant.build()
	}
	src, err := findSource(filepath.Join(repo, r.folder))
	if err != nil {
		return nil, err
	}
	once, _ := binaries.LoadOrStore(r.folder, sync.OnceValues(func() (string, error) {
		binary := filepath.Join(temp, strings.ReplaceAll(r.folder, "/", "-")+".exe")
		if said, err := src.build(life, binary, "-ldflags=-s -w"); err != nil {
			return "", fmt.Errorf("%s does not build: %v\n%s", r.folder, err, said)
		}
		return binary, nil
	}))
	binary, err := once.(func() (string, error))()
	t := &target{name: r.folder, dir: src.dir, binary: binary, seed: 1, patience: 10 * time.Second, goOn: r.goOn}
	if !r.goOn {
		t.patience = 4 * time.Second // it waits for what does not come
		t.from = r.step              // the steps before hold
	}
	if r.folder != "raw" && r.folder != "library" {
		t.env = oneThread
	}
	return t, err
}

// TestTable holds every server of the workshop to all that it owes.
func TestTable(t *testing.T) {
	beginAll(whole)
	for _, r := range whole {
		t.Run(r.folder, func(t *testing.T) {
			r.wait(t)
			for _, f := range r.failures {
				t.Errorf("step %d: %s\n%s", f.step, f.name, f.failure)
			}
			if owed := len(owedAt(r.step)); r.passed+len(r.failures) != owed {
				t.Errorf("looked at %d of %d behaviours", r.passed+len(r.failures), owed)
			}
		})
	}
}

// TestPrevious: a step is not done with the code of the one before.
func TestPrevious(t *testing.T) {
	beginAll(previous)
	for _, r := range previous {
		t.Run(fmt.Sprintf("%s_at_%d", r.folder, r.step), func(t *testing.T) {
			r.wait(t)
			if len(r.failures) != 1 || r.failures[0].step != r.step {
				t.Errorf("fails %v, want something that step %d adds", r.failures, r.step)
			}
		})
	}
}

// A variant is a mistake that people make: an edit of a step's code.
type variant struct {
	name     string // of the file with its message
	step     int    // whose code is edited
	file     string
	old, new string
	and      [][2]string // more such pairs
	also     string      // what the file needs besides: "a package" to import, or a declaration
	fails    string      // the behaviour that tells
	from     int         // the first step that is looked at; 0 is the one whose code is edited
	raced    bool        // the race detector tells, or makes it certain
	varies   bool        // so does what is said of it, from run to run
	asks     bool        // the system is asked about the server: Linux tells
}

// folder is where the variant's code seems to be: it is there for the compiler alone.
func (v *variant) folder() string {
	return filepath.Join(repo, "steps", "tools", "check", "broken", v.name)
}

// edit returns the code of the variant, by its path. It is no program of its own, but a package
// whose Main is that of the step.
func (v *variant) edit() (map[string][]byte, error) {
	from := filepath.Join(repo, "steps", fmt.Sprintf("%02d", v.step))
	files, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil {
		return nil, err
	}
	edited := map[string][]byte{}
	for _, path := range files {
		code, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		code = bytes.ReplaceAll(code, []byte("\r\n"), []byte("\n"))
		if filepath.Base(path) == v.file {
			for _, pair := range append([][2]string{{v.old, v.new}}, v.and...) {
				if n := bytes.Count(code, []byte(pair[0])); n != 1 {
					return nil, fmt.Errorf("%s: the text to edit is %d times in %s:\n%s", v.name, n, path, pair[0])
				}
				code = bytes.Replace(code, []byte(pair[0]), []byte(pair[1]), 1)
			}
			code = v.add(code)
		}
		code = bytes.Replace(code, []byte("package main\n"), []byte("package broken\n"), 1)
		code = bytes.Replace(code, []byte("\nfunc main() {"), []byte("\nfunc Main() {"), 1)
		edited[filepath.Join(v.folder(), filepath.Base(path))] = code
	}
	return edited, nil
}

// add adds what the file needs besides.
func (v *variant) add(code []byte) []byte {
	switch {
	case v.also == "":
		return code
	case strings.HasPrefix(v.also, `"`):
		return bytes.Replace(code, []byte("import (\n"), []byte("import (\n\t"+v.also+"\n"), 1)
	}
	return append(code, "\n"+v.also+"\n"...)
}

// build returns the variant's program: the one with all variants, under a name of its own.
func (v *variant) build() (*target, error) {
	one := buildVariants
	if v.raced {
		one = buildRacedVariants
	}
	file, err := one()
	if err != nil {
		return nil, err
	}
	t := &target{
		name: fmt.Sprintf("steps/%02d", v.step), dir: v.folder(), binary: filepath.Join(temp, v.name+".exe"),
		seed: 1, patience: 4 * time.Second, env: oneThread, from: cmp.Or(v.from, v.step),
	}
	if !*all {
		t.only = v.fails
	}
	if v.raced {
		t.raced = t.binary
	}
	if v.raced {
		t.env = nil
	}
	return t, os.Link(file, t.binary)
}

// buildVariants compiles all variants into one program, which looks at its name to know
// which of them to be: to link each of its own would take most of the time of these tests.
var buildVariants = sync.OnceValues(func() (string, error) { return buildThose(false) })

// buildRacedVariants does the same for those that take the race detector.
var buildRacedVariants = sync.OnceValues(func() (string, error) { return buildThose(true) })

// buildThose compiles the variants that take the race detector, or those that do not.
func buildThose(raced bool) (string, error) {
	dir, flag, cgo := filepath.Join(temp, "plain"), "-ldflags=-s -w", "CGO_ENABLED=0"
	if raced {
		dir, flag, cgo = filepath.Join(temp, "raced"), "-race", "CGO_ENABLED=1"
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return "", err
	}
	main := "package main\n\nimport (\n\t\"os\"\n\t\"path/filepath\"\n"
	choice := ""
	overlay := map[string]string{}
	add := func(path string, code []byte) error {
		file := filepath.Join(dir, fmt.Sprintf("%d.go", len(overlay)))
		overlay[path] = file
		return os.WriteFile(file, code, 0o666)
	}
	for i := range variants {
		v := &variants[i]
		if v.raced != raced {
			continue
		}
		edited, err := v.edit()
		if err != nil {
			return "", err
		}
		for path, code := range edited {
			if err := add(path, code); err != nil {
				return "", err
			}
		}
		main += fmt.Sprintf("\tv%d %q\n", i, "websocket-workshop/steps/tools/check/broken/"+v.name)
		choice += fmt.Sprintf("\tcase %q:\n\t\tv%d.Main()\n", v.name+".exe", i)
	}
	main += ")\n\nfunc main() {\n\tswitch filepath.Base(os.Args[0]) {\n" + choice + "\t}\n}\n"
	if err := add(filepath.Join(repo, "steps", "tools", "check", "broken", "main.go"), []byte(main)); err != nil {
		return "", err
	}
	description := filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]map[string]string{"Replace": overlay})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(description, b, 0o666); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "variants.exe")
	cmd := exec.CommandContext(life, "go", "build", "-buildvcs=false", "-o", binary, flag, "-overlay="+description, "./steps/tools/check/broken")
	cmd.Dir, cmd.Env = repo, append(os.Environ(), cgo)
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the variants do not build: %v\n%s", err, said)
	}
	return binary, nil
}

// changing is what differs between two runs of the same variant.
var changing = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`(?i)(localhost|127\.0\.0\.1):\d+`), "localhost:PORT"},
	{regexp.MustCompile(`\b\d+(\.\d+)?m?s\b`), "TIME"},
	{regexp.MustCompile(`\d+ (lines|goroutines|MB)`), "MANY $1"},
	{regexp.MustCompile(`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`), "DATE TIME"},
	{regexp.MustCompile(`\b\d{13}\b`), "MILLISECONDS"},
	{regexp.MustCompile(`\b1[78]\d{8}\b`), "SECONDS"},
	{regexp.MustCompile(`\.go:\d+`), ".go:LINE"},
}

// noRaceDetector is what Go says where there is none: no C compiler for it, or another system.
var noRaceDetector = regexp.MustCompile(`cgo|-race`)

// TestVariants: each mistake fails the behaviour that is about it, with a message that is kept.
func TestVariants(t *testing.T) {
	if flag.Lookup("test.run").Value.String() == "TestVariants" || *update {
		beginAll(broken)
	}
	for _, r := range broken {
		t.Run(r.variant.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && unixOnly(r.variant.fails) {
				t.Skip("Windows cannot send Ctrl-C to one program")
			}
			r.begin()
			<-r.done
			if r.variant.raced && r.err != nil && noRaceDetector.MatchString(r.err.Error()) {
				t.Skip("there is no race detector here: ", r.err)
			}
			if _, err := os.Stat("/proc/self/schedstat"); r.variant.asks && err != nil && len(r.failures) == 0 {
				t.Skip("this system does not tell: ", err)
			}
			r.wait(t)
			if len(r.failures) != 1 || r.failures[0].name != r.variant.fails {
				t.Fatalf("fails %v\nwant %q", r.failures, r.variant.fails)
			}
			if r.variant.raced || r.variant.varies { // who comes first differs
				return
			}
			text := r.failures[0].name + "\n\n" + r.failures[0].failure.String()
			for _, c := range changing {
				text = c.pattern.ReplaceAllString(text, c.by)
			}
			text = withoutTerminal(text)
			golden := filepath.Join("testdata", r.variant.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if text != strings.ReplaceAll(string(want), "\r\n", "\n") {
				t.Errorf("%s holds another message; with -update the new one is kept:\n%s", golden, text)
			}
		})
	}
}

// withoutTerminal leaves out what a server has printed: its wording is no matter of ours.
func withoutTerminal(text string) string {
	var kept []string
	printed := false
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "  likely") {
			printed = false
		}
		if !printed {
			kept = append(kept, line)
		}
		if lower := strings.ToLower(line); strings.HasSuffix(lower, "in the terminal:") || strings.HasSuffix(lower, "it printed:") || strings.HasSuffix(lower, " lines:") {
			printed = true
		}
	}
	return strings.Join(kept, "\n")
}

// TestNoMessageLeft: every message in testdata is that of a variant.
func TestNoMessageLeft(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, v := range variants {
		names[v.name+".txt"] = true
	}
	for _, file := range files {
		if !names[filepath.Base(file)] {
			t.Errorf("%s belongs to no variant", file)
		}
	}
}

// unixOnly reports whether the behaviour of that name sends a signal.
func unixOnly(name string) bool {
	for _, b := range table {
		if b.name == name {
			return b.unixOnly
		}
	}
	return false
}

// String is for messages of the tests.
func (r result) String() string { return fmt.Sprintf("%q\n%s", r.name, r.failure) }
