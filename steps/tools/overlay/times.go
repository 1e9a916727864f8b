package overlay

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"time"
)

// Times changes the times of the program in dir, and of the packages below it: a number of seconds,
// minutes or hours in its code becomes what change returns for it. Milliseconds stay unchanged, since
// nobody waits long for them.
func (o *Overlay) Times(dir string, change func(time.Duration) time.Duration) error {
	return o.packages(dir, func(dir string, files []*goFile) error {
		for _, f := range files {
			if err := o.rewrite(f, times(f, change)); err != nil {
				return err
			}
		}
		return nil
	})
}

// units has the times to change, by their names in the package time.
var units = map[string]time.Duration{"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}

// times returns the edits that change the times in a file: a unit, or a unit and the number it is
// multiplied by.
func times(f *goFile, change func(time.Duration) time.Duration) (edits []edit) {
	pkg := timeName(f.File)
	unit := func(e ast.Expr) time.Duration {
		if s, ok := e.(*ast.SelectorExpr); ok && f.at(s.X) == pkg {
			return units[s.Sel.Name]
		}
		return 0
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		d := unit(e)
		if m, ok := e.(*ast.BinaryExpr); ok && m.Op == token.MUL {
			d = max(number(m.X)*unit(m.Y), unit(m.X)*number(m.Y))
		}
		if d == 0 || strings.Contains(f.at(e), "\n") {
			return true
		}
		text := fmt.Sprintf("(%d * %s.Nanosecond)", change(d), pkg)
		edits = append(edits, edit{f.offset(e.Pos()), f.offset(e.End()), text})
		return false
	})
	return edits
}

// number returns the value of an expression such as 5 or time.Duration(5), or 0.
func number(e ast.Expr) time.Duration {
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 1 {
		e = call.Args[0]
	}
	if b, ok := e.(*ast.BasicLit); ok {
		n, _ := strconv.Atoi(b.Value)
		return time.Duration(n)
	}
	return 0
}

// timeName returns what a file calls the package time, or "".
func timeName(file *ast.File) string {
	for _, i := range file.Imports {
		if i.Path.Value == `"time"` && i.Name != nil {
			return i.Name.Name
		} else if i.Path.Value == `"time"` {
			return "time"
		}
	}
	return ""
}
