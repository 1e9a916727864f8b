package stepcode

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
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

// times returns the edits that change the times in a file: a unit, with the number it is multiplied by.
func times(f *goFile, change func(time.Duration) time.Duration) (edits []edit) {
	factor := map[ast.Expr]int{} // of units
	ast.Inspect(f.File, func(n ast.Node) bool {
		if m, ok := n.(*ast.BinaryExpr); ok && m.Op == token.MUL {
			if number, ok := m.X.(*ast.BasicLit); ok {
				factor[m.Y], _ = strconv.Atoi(number.Value)
			}
		}
		return true
	})
	for _, s := range timeNames(f.File) {
		unit := map[string]time.Duration{"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}[s.Sel.Name]
		n := time.Duration(max(1, factor[s]))
		if unit > 0 {
			from, to := f.offset(s.Pos()), f.offset(s.End())
			text := fmt.Sprintf("(%d * %sNanosecond)", change(n*unit)/n, f.text[from:f.offset(s.Sel.Pos())])
			edits = append(edits, edit{from, to, text})
		}
	}
	return edits
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
