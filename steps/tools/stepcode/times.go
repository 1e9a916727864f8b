package stepcode

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"time"
)

// Times changes the times of the program in dir, and of the packages below it: what its code writes as
// a number of seconds, minutes or hours becomes what change returns for it. Milliseconds stay: nobody waits
// long for them.
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

// times returns the edits that change the times in a file: a unit, or a unit and the number it is
// multiplied by.
func times(f *goFile, change func(time.Duration) time.Duration) (edits []edit) {
	units := make(map[ast.Expr]time.Duration)
	pkg := ""
	for _, s := range timeNames(f.File) {
		pkg = f.at(s.X)
		switch s.Sel.Name {
		case "Second":
			units[s] = time.Second
		case "Minute":
			units[s] = time.Minute
		case "Hour":
			units[s] = time.Hour
		}
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		d := units[e]
		if m, ok := e.(*ast.BinaryExpr); ok && m.Op == token.MUL {
			d = max(number(m.X)*units[m.Y], units[m.X]*number(m.Y))
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

// number returns the number that an expression is, as in 5 or time.Duration(5), or 0.
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

// timeNames returns what a file names of the package time.
func timeNames(file *ast.File) (names []*ast.SelectorExpr) {
	as := ""
	for _, i := range file.Imports {
		if i.Path.Value == `"time"` {
			if as = "time"; i.Name != nil {
				as = i.Name.Name
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == as {
				names = append(names, s)
			}
		}
		return true
	})
	return names
}
