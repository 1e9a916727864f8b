package rules

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
)

// repo is the root of the workshop, in full: some tests go elsewhere.
var repo, _ = filepath.Abs(filepath.Join("..", "..", ".."))

var (
	update = flag.Bool("update", false, "keep what is said of the variants, in testdata")
	all    = flag.Bool("all", false, "look at all behaviours of a variant's step, and not only at that which tells: none before it may fail")
)

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "20") // servers and what they are held to mostly wait
	m.Run()
}

// noRaceDetector is what Go says where there is none: no C compiler for it, or another system.
var noRaceDetector = regexp.MustCompile(`-race (requires|is )|runtime/cgo`)

// compile builds packages of the workshop to a file or a folder.
func compile(t *testing.T, to string, args ...string) {
	t.Helper()
	if said, err := process.Build(t.Context(), repo, to, args...); noRaceDetector.MatchString(said) {
		t.Skip("there is no race detector here: ", said)
	} else if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

// plain are flags for servers that are built and started in less time.
var plain = []string{"-ldflags=-s -w"}

func init() {
	if runtime.GOOS != "windows" { // where Go's own resolver does not know localhost
		plain = append(plain, "-tags=netgo")
	}
}

// servers are the folders of the workshop's servers, those first that take longest to check.
var servers = []string{"steps/06", "library", "steps/tools/idiomatic", "steps/05", "steps/04", "steps/03", "steps/02", "steps/01"}

// oneThread lets a server start in less time. The finished ones do without.
var oneThread = []string{"GOMAXPROCS=1"}

// failing holds a target to the table up to a step, and returns what fails and how many do not.
func failing(t *testing.T, tg *Target, step int) (failed []Result, held int) {
	tg.Seed = 1
	tg.Check(t.Context(), step, func(e Event) {
		r := e.Result
		if r == nil {
			return
		}
		if r.Failure == nil || tg.Library && LeewayOf(r.Name, r.Failure) != nil {
			held++
		} else {
			failed = append(failed, *r)
		}
	})
	return failed, held
}

// TestTable holds every server of the workshop to all that it owes, and each step to fail as the next.
func TestTable(t *testing.T) {
	dir, args := t.TempDir(), plain
	for _, folder := range servers {
		args = append(args, "./"+folder)
	}
	compile(t, dir+string(filepath.Separator), args...)
	t.Parallel() // not before: these take longest, and have to be the first
	for _, folder := range servers {
		step := LastStep
		n, _ := fmt.Sscanf(folder, "steps/0%d", &step)
		server := func() *Target {
			tg := &Target{Name: folder, Dir: filepath.Join(repo, folder), Binary: filepath.Join(dir, filepath.Base(folder)), Library: n == 0}
			if !tg.Library {
				tg.Env = oneThread
			}
			return tg
		}
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			tg := server()
			tg.Patience, tg.GoOn = 10*time.Second, true
			failed, held := failing(t, tg, step)
			for _, r := range failed {
				t.Error(r)
			}
			if owed := len(Rows(step)); held+len(failed) != owed {
				t.Errorf("looked at %d of %d behaviours", held+len(failed), owed)
			}
		})
		if step == LastStep {
			continue
		}
		t.Run(folder+" as the next", func(t *testing.T) {
			t.Parallel()
			tg := server()
			tg.From, tg.Patience = step+1, 4*time.Second // what does not come is waited for
			if failed, _ := failing(t, tg, step+1); len(failed) != 1 {
				t.Errorf("fails %v, want something that step %d adds", failed, step+1)
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
	asks   bool     // what Linux tells of the server, or keeps for a member that pauses, decides
	whole  bool     // all that is said of it is kept, as an example of its kind
}

// folder is where the variant's code seems to be: it is there for the compiler alone.
func (v *variant) folder() string {
	return filepath.Join(repo, "steps", "tools", "rules", "broken", v.name)
}

// stepCode returns the Go files of a step by name.
func stepCode(t *testing.T, step int) map[string]string {
	t.Helper()
	files, err := stepcode.Code(filepath.Join(repo, fmt.Sprintf("steps/%02d", step)))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// edited returns the code of the variant, by its path. It is no program of its own, but a package
// whose Main is that of the step.
func (v *variant) edited(t *testing.T) map[string]string {
	files := map[string]string{}
	for name, text := range stepCode(t, v.step) {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		for i := 0; i < len(v.edit) && name == v.file; i += 2 {
			if n := strings.Count(text, v.edit[i]); n != 1 {
				t.Fatalf("%s: the text to edit is %d times in %s:\n%s", v.name, n, name, v.edit[i])
			}
			text = strings.Replace(text, v.edit[i], v.edit[i+1], 1)
		}
		files[filepath.Join(v.folder(), name)] = toPackage.Replace(text)
	}
	return files
}

// toPackage makes a program a package.
var toPackage = strings.NewReplacer("package main\n", "package broken\n", "\nfunc main() {", "\nfunc Main() {")

// compileVariants builds the variants that take the race detector, or those that do not, into one program,
// which looks at its name to know which of them to be: to link each would take most of the tests' time.
func compileVariants(t *testing.T, to string, raced bool, flags ...string) {
	imports, cases, files := "", "", map[string]string{}
	for i, v := range variants {
		if v.raced != raced {
			continue
		}
		maps.Copy(files, v.edited(t))
		imports += fmt.Sprintf("import v%d %q\n", i, "websocket-workshop/steps/tools/rules/broken/"+v.name)
		cases += fmt.Sprintf("\tcase %q:\n\t\tv%d.Main()\n", v.name+".exe", i)
	}
	files[filepath.Join(repo, "steps", "tools", "rules", "broken", "main.go")] = "package main\n\nimport \"os\"\nimport \"path/filepath\"\n" + imports +
		"\nfunc main() {\n\tswitch filepath.Base(os.Args[0]) {\n" + cases + "\t}\n}\n"
	dir, overlay := t.TempDir(), map[string]string{}
	for path, code := range files {
		overlay[path] = filepath.Join(dir, fmt.Sprint(len(overlay), ".go"))
		if err := os.WriteFile(overlay[path], []byte(code), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	description, _ := json.Marshal(map[string]any{"Replace": overlay})
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), description, 0o666); err != nil {
		t.Fatal(err)
	}
	compile(t, to, append(flags, "-overlay="+filepath.Join(dir, "overlay.json"), "./steps/tools/rules/broken")...)
}

// golden is a file with what is said of the variants, where it does not vary: of each what came
// and the likely cause, and of some all. A change for the worse shows there.
const golden = "testdata/messages.txt"

// changing is what differs between two runs of the same variant.
var changing = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`(?i)(localhost|127\.0\.0\.1):\d+`), "localhost:PORT"}, // one system says this, another that
	{regexp.MustCompile(`\[::\]:\d+`), "[::]:PORT"},
	{regexp.MustCompile(`\b\d+(\.\d+)?m?s\b`), "TIME"},
	{regexp.MustCompile(`\d+ (lines|goroutines|MB)`), "MANY $1"},
	{regexp.MustCompile(`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`), "DATE TIME"},
	{regexp.MustCompile(`\b(1[78]\d{8}|\d{13})\b`), "MOMENT"},
	{regexp.MustCompile(`\.go:\d+`), ".go:LINE"},
}

// kept returns what is kept of what is said of the variant.
func (v *variant) kept(r Result) string {
	text := r.Failure.String()
	if v.whole {
		text = v.name + ": " + r.Name + "\n" + text
	} else {
		_, likely, _ := strings.Cut(text, "\n  likely ")
		text = v.name + ": " + LastFrame(r.Failure.Came) + "\n  likely " + likely
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
	want, said := strings.ReplaceAll(string(b), "\r\n", "\n"), make([]string, len(variants))
	for i, v := range variants {
		said[i] = regexp.MustCompile(`(?m)^` + v.name + `: .*\n(  .*\n)*`).FindString(want)
	}
	if (err != nil || strings.Join(said, "") != want) && !*update {
		t.Errorf("%s does not have what is said of the variants, in their order, and nothing else: %v", golden, err)
	}
	tryVariants(t, false, plain, func(t *testing.T, i int, r Result) {
		if got := variants[i].kept(r); got != said[i] && !variants[i].varies { // who comes first differs
			if said[i] = got; !*update {
				t.Errorf("%s has something else (-update keeps this):\n%s\n%s", golden, got, r)
			}
		}
	})
	t.Cleanup(func() {
		if *update {
			os.WriteFile(golden, []byte(strings.Join(said, "")), 0o666)
		}
	})
}

// TestRacedVariants: so do those that the race detector tells, or makes certain.
func TestRacedVariants(t *testing.T) {
	t.Parallel()
	tryVariants(t, true, []string{"-race"}, func(*testing.T, int, Result) {})
}

// tryVariants holds each to fail the one behaviour, and hands over how.
func tryVariants(t *testing.T, raced bool, flags []string, failed func(t *testing.T, i int, r Result)) {
	dir := t.TempDir()
	program := filepath.Join(dir, "variants.exe")
	compileVariants(t, program, raced, flags...)
	for i, v := range variants {
		if v.raced != raced {
			continue
		}
		tg := &Target{Name: fmt.Sprintf("steps/%02d", v.step), Dir: v.folder(), Binary: filepath.Join(dir, v.name+".exe"),
			Patience: 4 * time.Second, From: cmp.Or(v.from, v.step)}
		if raced {
			tg.Raced = tg.Binary
		} else {
			tg.Env = oneThread
		}
		if !*all {
			tg.Only = v.fails
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && slices.ContainsFunc(table, func(b Row) bool { return b.Name == v.fails && b.unixOnly }) {
				t.Skip("Windows cannot send Ctrl-C to one program")
			}
			if err := os.Link(program, tg.Binary); err != nil {
				t.Fatal(err)
			}
			got, _ := failing(t, tg, v.step)
			if _, err := os.Stat("/proc/self/schedstat"); v.asks && (err != nil || runtime.GOOS != "linux") && len(got) == 0 {
				t.Skip("this system does not tell what Linux tells")
			}
			switch {
			case len(got) == 0 && v.fails == "":
			case len(got) == 1 && got[0].Name == v.fails:
				failed(t, i, got[0])
			default:
				t.Fatalf("fails %v\nwant %q", got, v.fails)
			}
		})
	}
}

// String is for messages of the tests.
func (r Result) String() string { return fmt.Sprintf("%q\n%s", r.Name, r.Failure) }
