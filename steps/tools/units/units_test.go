package units

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
)

// results runs the unit tests and returns their results.
func results(t *testing.T, root, dir string, step int) (all []Result) {
	t.Helper()
	workshop := process.Workshop(".")
	if err := process.NoteInputs(filepath.Join(workshop, stepcode.Folder(step)), dir); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), workshop, root, dir, step, false, func(r Result) { all = append(all, r) })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestUnits: our own code passes all tests for its step.
func TestUnits(t *testing.T) {
	root := process.Workshop(".")
	folders := map[string]int{"raw": stepcode.Last}
	for step := 1; step <= stepcode.Library; step++ {
		folders[stepcode.Folder(step)] = step
	}
	for folder, step := range folders {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			for _, r := range results(t, root, filepath.Join(root, filepath.FromSlash(folder)), step) {
				if r.Outcome != Passed || r.Place == "" {
					t.Errorf("%s, %s at %s: %s at %q: %q", r.Func, r.File, r.Place, r.Outcome, r.At, r.Rows)
				}
			}
		})
	}
}

// TestUnitFiles: each test file is in the table, and no two tests have the same name.
func TestUnitFiles(t *testing.T) {
	entries, err := testdata.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	in := make(map[string]string)
	for _, e := range entries {
		name := e.Name()
		if name != shared && !slices.ContainsFunc(All, func(u Unit) bool { return u.File == name }) {
			t.Errorf("%s is not in All", name)
		}
		text, err := testdata.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
			if other := in[m[0]]; other != "" {
				t.Errorf("%s is in %s and in %s", m[0], other, name)
			}
			in[m[0]] = name
		}
	}
}

// edited copies the code of a step into its own module, with texts replaced.
func edited(t *testing.T, step int, edits ...string) string {
	t.Helper()
	root := process.Workshop(".")
	files, err := stepcode.Code(filepath.Join(root, stepcode.Folder(step)))
	if err != nil {
		t.Fatal(err)
	}
	files["go.mod"] = fmt.Sprintf("module edited\n\ngo 1.25.0\n\n"+
		"require websocket-workshop v0.0.0\n\nreplace websocket-workshop => %q\n", root)
	dir := t.TempDir()
	made := 0
	for name, text := range files {
		for i := 0; i < len(edits); i += 2 {
			made += strings.Count(text, edits[i])
			text = strings.Replace(text, edits[i], edits[i+1], 1)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if 2*made != len(edits) {
		t.Fatalf("%d of %d edits of step %d could be made", made, len(edits)/2, step)
	}
	return dir
}

// TestOutcomes: functions with a bug get the right outcome. All edits are in one step, so that they take
// one build.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	dir := edited(t, 5,
		"b[0]&0x0F", "b[0]&0x07",
		"key[i%4]", "key[i]",
		"frame := []byte{finBit | op}", "panic(\"your turn: encode in frame.go, lesson 3\")\n	frame := []byte{op}",
		"func response(r *http.Request)", "func response(r *http.Request, _ ...int)",
		"func sameOrigin(", "func isOurs(", "!sameOrigin(", "!isOurs(",
		"go m.send()", "select {}",
	)
	got := make(map[string]Result)
	for _, r := range results(t, dir, dir, 5) {
		got[r.File] = r
	}
	for file, want := range map[string]string{
		"encode_test.go":     "open turn, your turn: encode in frame.go, lesson 3",
		"readHeader_test.go": "failed, readHeader(88 82 2d bd bc 6e): opcode is 0, want 8 (close)",
		"unmask_test.go":     "panicked, runtime error: index out of range [4] with length 4",
		"read_test.go":       "left out, its test calls readHeader, which must be correct first",
		"response_test.go":   "left out, response is not func(*http.Request) string",
		"sameOrigin_test.go": "left out, there is no sameOrigin",
		"push_test.go":       "hung, ",
		"join_test.go":       "left out, its test calls encode, which must be correct first",
		"send_test.go":       "passed, ",
		"readHeaderRefuses_test.go": "failed, readHeader(08 80 01 02 03 04): no error, want one: " +
			"a close frame is in fragments",
	} {
		r := got[file]
		if said := string(r.Outcome) + ", " + strings.Join(r.Rows[:min(1, len(r.Rows))], ""); said != want {
			t.Errorf("%s: %s\nwant %s", file, said, want)
		}
	}
	for file, want := range map[string]string{"unmask_test.go": "frame.go:84", "push_test.go": "hub.go:53"} {
		if at := got[file].At; !strings.HasPrefix(at, want) {
			t.Errorf("%s: at %q, want %s", file, at, want)
		}
	}
}

// TestLostWakeups: the pauses between statements reveal bugs that otherwise depend on chance.
func TestLostWakeups(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, file string
		edits      []string
	}{
		{"compare and clear in two steps", "send_test.go", []string{
			"if m.next.CompareAndSwap(frame, nil) {",
			"if m.next.Load() == frame {\n			m.next.Store(nil)"}},
		{"load and store in two steps", "push_test.go", []string{
			"if m.next.Swap(&frame) == nil {",
			"idle := m.next.Load() == nil\n	m.next.Store(&frame)\n	if idle {"}},
		{"pushed after Unlock", "join_test.go", []string{
			"	defer h.mu.Unlock()\n	m := &member{conn: c}",
			"	m := &member{conn: c}",
			"	m.push(encode(opText, past.json()))",
			"	frame := encode(opText, past.json())\n	h.mu.Unlock()\n	m.push(frame)"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := edited(t, 5, row.edits...)
			for _, r := range results(t, dir, dir, 5) {
				if (r.Outcome == Failed) != (r.File == row.file) {
					t.Errorf("%s: %s %q", r.File, r.Outcome, r.Rows)
				}
				if r.Outcome == Failed {
					break
				}
			}
		})
	}
}

// TestUnitsStop: code that does not compile is an error, and so is a context that has ended.
func TestUnitsStop(t *testing.T) {
	t.Parallel()
	dir := edited(t, 1, "func upgrade(", "func upgraded(")
	workshop := process.Workshop(".")
	err := Run(t.Context(), workshop, dir, dir, 1, false, func(r Result) {})
	if err == nil || !strings.Contains(err.Error(), "undefined: upgrade") {
		t.Errorf("code that does not compile: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = Run(ctx, workshop, workshop, filepath.Join(workshop, "raw"), 6, false, func(Result) {})
	if err != context.Canceled {
		t.Errorf("in a context that has ended: %v", err)
	}
}
