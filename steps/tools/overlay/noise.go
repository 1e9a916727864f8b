package overlay

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
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
	// stop the clock it waits for. A pause of 3 ms yields 1500 times, which is many: the tests run
	// with one processor, where each time all other goroutines get their turn.
	Yield = "for ; d > 0; d -= 2000 { noiseRuntime.Gosched() }"
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
	case n%8 == 0:
		noisePause(noiseTime.Duration(n>>6) % (3 * noiseTime.Millisecond))
	case n%2 == 0:
		noiseRuntime.Gosched()
	}
}
`

// Noise makes the goroutines of a program meet at unusual moments: between all statements of the
// functions of the package in dir, and of the packages below it, it puts a call that pauses now and
// then. It pauses longer before and after a statement that locks or starts a goroutine, and after one
// that unlocks or changes what others see. How is Sleep or Yield.
func (o *Overlay) Noise(dir, how string) error {
	return o.packages(dir, func(dir string, files []*goFile) error {
		name := unused(dir, files, "noise")
		for _, f := range files {
			if err := o.rewrite(f, pauses(f, name)); err != nil {
				return err
			}
		}
		how := strings.ReplaceAll(how, "noise", name)
		fill := strings.NewReplacer("noise", name, "NAME", files[0].Name.Name, "SEED", NoiseSeed, "PAUSE", how)
		return o.Add(filepath.Join(dir, name+".go"), []byte(fill.Replace(noise)))
	})
}

// pauses returns the calls to put before the statements of a file.
func pauses(f *goFile, name string) (edits []edit) {
	before := func(s ast.Stmt, long bool) {
		call := name + "(); "
		if long {
			call = name + "Long(); "
		}
		at := f.offset(s.Pos())
		edits = append(edits, edit{at, at, call})
	}
	shared := map[*ast.BlockStmt]bool{} // bodies of statements after whose head to pause
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
			before(s, long || starts || calls(s, "Lock", "RLock"))
			long = starts || sharing(s)
		}
		return true
	})
	return edits
}

// sharingMethods lists the methods of the packages sync and sync/atomic after which to pause.
var sharingMethods = []string{"Lock", "Unlock", "RLock", "RUnlock", "TryLock", "TryRLock",
	"Load", "Store", "Swap", "CompareAndSwap", "Signal", "Broadcast"}

// sharing reports whether a statement calls one of these methods, or sends to or receives from a channel.
func sharing(s ast.Stmt) (found bool) {
	inspect(s, func(n ast.Node) {
		_, sends := n.(*ast.SendStmt)
		u, unary := n.(*ast.UnaryExpr)
		found = found || sends || unary && u.Op == token.ARROW
	})
	return found || calls(s, sharingMethods...)
}

// calls reports whether a statement calls a method that has one of the names.
func calls(s ast.Stmt, methods ...string) (found bool) {
	inspect(s, func(n ast.Node) {
		if call, ok := n.(*ast.CallExpr); ok {
			method, ok := call.Fun.(*ast.SelectorExpr)
			found = found || ok && slices.Contains(methods, method.Sel.Name)
		}
	})
	return found
}

// inspect visits a statement, except for blocks and function literals in it, and deferred calls, which
// run later.
func inspect(s ast.Stmt, visit func(ast.Node)) {
	if _, ok := s.(*ast.DeferStmt); ok {
		return
	}
	ast.Inspect(s, func(n ast.Node) bool {
		visit(n)
		_, block := n.(*ast.BlockStmt)
		return !block
	})
}
