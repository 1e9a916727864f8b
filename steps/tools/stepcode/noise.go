package stepcode

import (
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// NoiseSeed is the environment variable that a program built with Noise takes its random
// numbers from, if it is set to a number. The same number does not give the same run again,
// since the goroutines share the numbers, but often a similar one.
const NoiseSeed = "WORKSHOP_NOISE"

// How a program with noise pauses.
const (
	Sleep = "noiseTime.Sleep(d)"
	// Yield lets other goroutines run instead of sleeping. It is for tests that run in a
	// bubble of testing/synctest, where a goroutine that sleeps while it holds a lock would
	// stop the clock it waits for.
	Yield = "for ; d > 0; d -= 100 { noiseRuntime.Gosched() }"
)

// noise is the file that is added to each package. The functions keep no order among the
// goroutines that call them, neither by a lock nor by an atomic variable, so that the race
// detector sees no order where the program has none.
const noise = `package NAME

import (
	noiseOS "os"
	noiseRuntime "runtime"
	noiseStrconv "strconv"
	noiseTime "time"
)

var noiseState = func() uint64 {
	if n, err := noiseStrconv.ParseUint(noiseOS.Getenv("SEED"), 10, 64); err == nil {
		return n
	}
	return uint64(noiseTime.Now().UnixNano())
}()

//go:norace
func noiseNext() uint64 { // splitmix64
	noiseState += 0x9e3779b97f4a7c15
	z := noiseState
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func noisePause(d noiseTime.Duration) { PAUSE }

// noise pauses now and then, and rarely for up to 200 µs.
func noise() {
	switch n := noiseNext(); {
	case n%512 == 0:
		noisePause(noiseTime.Duration(n>>9) % (200 * noiseTime.Microsecond))
	case n%8 == 0:
		noiseRuntime.Gosched()
	}
}

// noiseLong pauses more often, and for up to 3 ms.
func noiseLong() {
	switch n := noiseNext(); {
	case n%64 == 0:
		noisePause(noiseTime.Duration(n>>6) % (3 * noiseTime.Millisecond))
	case n%8 == 1:
		noisePause(noiseTime.Duration(n>>6) % (300 * noiseTime.Microsecond))
	case n%2 == 0:
		noiseRuntime.Gosched()
	}
}
`

// Noise makes the goroutines of a program meet at other moments than they usually do: it puts
// a call between all statements of the functions of the package in dir, and of the packages
// below it, that pauses now and then. It pauses longer after a statement that locks, unlocks
// or changes what other goroutines see, and around the start of a goroutine. How is Sleep or
// Yield.
func (o *Overlay) Noise(dir, how string) error {
	return o.packages(dir, func(dir string, files []*goFile) error {
		name := unused(dir, files, "noise")
		for _, f := range files {
			if err := o.rewrite(f, pauses(f, name)); err != nil {
				return err
			}
		}
		how := strings.ReplaceAll(how, "noise", name)
		text := strings.NewReplacer("noise", name, "NAME", files[0].Name.Name, "SEED", NoiseSeed, "PAUSE", how).Replace(noise)
		return o.Add(filepath.Join(dir, name+".go"), []byte(text))
	})
}

// pauses returns the calls that are put before the statements of a file.
func pauses(f *goFile, name string) (calls []edit) {
	before := func(s ast.Stmt, long bool) {
		call := name + "(); "
		if long {
			call = name + "Long(); "
		}
		at := f.offset(s.Pos())
		calls = append(calls, edit{at, at, call})
	}
	shared := map[*ast.BlockStmt]bool{} // bodies of statements whose head is one after which to pause
	ast.Inspect(f.File, func(n ast.Node) bool {
		var list []ast.Stmt
		long := false
		switch n := n.(type) {
		case *ast.IfStmt:
			shared[n.Body] = sharing(n)
		case *ast.ForStmt:
			shared[n.Body] = sharing(n)
		case *ast.BlockStmt:
			list, long = n.List, shared[n]
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			list, long = n.Body, true
		}
		for _, s := range list {
			switch s.(type) {
			case *ast.CaseClause, *ast.CommClause:
				return true // the body of a switch or select has no statements of its own
			}
			_, starts := s.(*ast.GoStmt)
			before(s, long || starts)
			long = starts || sharing(s)
		}
		return true
	})
	return calls
}

// sharingMethods are those of the packages sync and sync/atomic after which to pause.
var sharingMethods = []string{"Lock", "Unlock", "RLock", "RUnlock", "TryLock", "TryRLock",
	"Load", "Store", "Swap", "CompareAndSwap", "Signal", "Broadcast"}

// sharing reports whether a statement, the blocks and function literals in it aside, calls one
// of these methods, or sends to or receives from a channel.
func sharing(s ast.Stmt) (found bool) {
	if _, ok := s.(*ast.DeferStmt); ok {
		return false
	}
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			return false
		case *ast.SendStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.CallExpr:
			method, ok := n.Fun.(*ast.SelectorExpr)
			found = found || ok && slices.Contains(sharingMethods, method.Sel.Name)
		}
		return true
	})
	return found
}

// ShortTimes makes the times of a program short: it sets those of its package variables that
// are named in times, and divides every time.Second, time.Minute and time.Hour in the code by
// scale. It returns the names of the variables that it found.
func (o *Overlay) ShortTimes(dir string, times map[string]time.Duration, scale int) (found []string, err error) {
	err = o.packages(dir, func(dir string, files []*goFile) error {
		init := "package " + files[0].Name.Name + "\n\nfunc init() {\n"
		for _, f := range files {
			for _, name := range durations(f.File) {
				if d, ok := times[name]; ok {
					found = append(found, name)
					init += fmt.Sprintf("\t%s = %d // %v\n", name, d, d)
				}
			}
			if err := o.rewrite(f, units(f, scale)); err != nil {
				return err
			}
		}
		return o.Add(filepath.Join(dir, unused(dir, files, "shorttimes")+".go"), []byte(init+"}\n"))
	})
	return found, err
}

// durations returns the names of the package variables of a file that are durations.
func durations(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			for i, name := range v.Names {
				var of ast.Expr = v.Type
				if of == nil && i < len(v.Values) {
					of = v.Values[i]
				}
				if of != nil && len(timeNames(file, of)) > 0 {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

// units returns the edits that divide the units of time in a file.
func units(f *goFile, scale int) (edits []edit) {
	for _, s := range timeNames(f.File, f.File) {
		if name := s.Sel.Name; name == "Second" || name == "Minute" || name == "Hour" {
			from, to := f.offset(s.Pos()), f.offset(s.End())
			edits = append(edits, edit{from, to, fmt.Sprintf("(%s / %d)", f.text[from:to], scale)})
		}
	}
	return edits
}

// timeNames returns what a part of a file names of the package time.
func timeNames(file *ast.File, part ast.Node) (names []*ast.SelectorExpr) {
	as := ""
	for _, i := range file.Imports {
		if i.Path.Value == `"time"` {
			if as = "time"; i.Name != nil {
				as = i.Name.Name
			}
		}
	}
	ast.Inspect(part, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == as {
				names = append(names, s)
			}
		}
		return true
	})
	return names
}
