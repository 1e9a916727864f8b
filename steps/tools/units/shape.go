package units

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
)

// A shape is the declarations of the code in a folder: functions, types, variables and constants.
type shape struct {
	set   *token.FileSet
	decls map[string]ast.Node // *ast.FuncDecl, *ast.TypeSpec or *ast.ValueSpec, by name
}

// readShape reads a folder's code.
func readShape(dir string) (*shape, error) {
	files, err := stepcode.Code(dir)
	if err != nil {
		return nil, err
	}
	s := &shape{token.NewFileSet(), make(map[string]ast.Node)}
	for name, text := range files {
		file, err := parser.ParseFile(s.set, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				s.decls[stepcode.NamesOf(f)[0]] = f
				continue
			}
			for _, spec := range d.(*ast.GenDecl).Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					s.decls[spec.Name.Name] = spec
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						s.decls[name.Name] = spec
					}
				}
			}
		}
	}
	return s, nil
}

// place returns where a name is declared, as in frame.go:43, or "".
func (s *shape) place(name string) string {
	d := s.decls[name]
	if d == nil {
		return ""
	}
	at := s.set.Position(d.Pos())
	return fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line)
}

// calls reports whether one of the callers calls a function, directly or through others. It looks only at
// names, so it may report a call that does not exist.
func (s *shape) calls(callers []string, callee string) bool {
	seen := make(map[string]bool)
	var visit func(name string)
	visit = func(name string) {
		f, ok := s.decls[name].(*ast.FuncDecl)
		if !ok || f.Body == nil || seen[name] {
			return
		}
		seen[name] = true
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				visit(n.Name)
			case *ast.SelectorExpr:
				for other := range s.decls {
					if strings.HasSuffix(other, "."+n.Sel.Name) {
						visit(other)
					}
				}
			}
			return true
		})
	}
	for _, caller := range callers {
		visit(caller)
	}
	return seen[callee]
}

// needs returns the names that a test uses from the code it was written for, including fields and methods.
func (s *shape) needs(test []byte) (needed []string, members map[string]bool) {
	file, err := parser.ParseFile(token.NewFileSet(), "", test, 0)
	if err != nil {
		panic(err) // the test is ours
	}
	members = make(map[string]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			members[n.Sel.Name] = true
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				members[key.Name] = true
			}
		}
		return true
	})
	for _, id := range file.Unresolved {
		needed = append(needed, id.Name)
	}
	for name := range s.decls {
		if _, method, ok := strings.Cut(name, "."); ok && members[method] {
			needed = append(needed, name)
		}
	}
	return needed, members
}

// misfit explains why a test that was written for s does not fit other code, or returns "" if it does:
// everything that the test needs must have the same name and type there, and so must the types of variables
// that its functions use in s. If the test is exact, no struct may have fields that are not in s.
func (s *shape) misfit(code *shape, needed []string, members map[string]bool, exact bool) string {
	needed = slices.Clone(needed)
	for i := 0; i < len(needed); i++ { // it grows
		name := needed[i]
		want, have := s.decls[name], code.decls[name]
		if want == nil || slices.Contains(needed[:i], name) {
			continue
		}
		if have == nil {
			return "there is no " + name
		}
		if why := differs(want, have, members); why != "" {
			return name + " " + why
		}
		needed = append(needed, typesIn(want)...)
		if f, ok := want.(*ast.FuncDecl); ok {
			for _, used := range typesIn(f.Body) {
				if v, ok := s.decls[used].(*ast.ValueSpec); ok && code.decls[used] != nil {
					needed = append(needed, typesIn(v)...)
				}
			}
		}
	}
	for name, want := range s.decls {
		w, ok := want.(*ast.TypeSpec)
		h, ok2 := code.decls[name].(*ast.TypeSpec)
		if exact && ok && ok2 && types.ExprString(w.Type) != types.ExprString(h.Type) {
			return name + " has other fields"
		}
	}
	return ""
}

// typesIn returns the names in a function's signature or in a type.
func typesIn(d ast.Node) (names []string) {
	if f, ok := d.(*ast.FuncDecl); ok {
		d = f.Type
	}
	ast.Inspect(d, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names = append(names, id.Name)
		}
		return true
	})
	return names
}

// differs describes how one declaration differs from another for code that uses them, or returns "".
func differs(want, have ast.Node, members map[string]bool) string {
	switch want := want.(type) {
	case *ast.FuncDecl:
		have, ok := have.(*ast.FuncDecl)
		if w := signature(want.Type); !ok || signature(have.Type) != w || receiver(have) != receiver(want) {
			return "is not func" + w
		}
	case *ast.TypeSpec:
		have, ok := have.(*ast.TypeSpec)
		if !ok {
			return "is not a type"
		}
		return differType(want.Type, have.Type, members)
	}
	return ""
}

// signature returns the types of a function's parameters and results.
func signature(f *ast.FuncType) string {
	list := func(fields *ast.FieldList) string {
		var all []string
		for _, field := range fields.List {
			for range max(1, len(field.Names)) {
				all = append(all, types.ExprString(field.Type))
			}
		}
		return "(" + strings.Join(all, ", ") + ")"
	}
	if f.Results == nil {
		return list(f.Params)
	}
	if results := f.Results.List; len(results) == 1 && len(results[0].Names) < 2 {
		return list(f.Params) + " " + types.ExprString(results[0].Type)
	}
	return list(f.Params) + " " + list(f.Results)
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	return types.ExprString(f.Recv.List[0].Type)
}

// differType describes how types differ. A struct may lack fields that the test does not use, and have
// more, if their zero values are ready to use.
func differType(want, have ast.Expr, members map[string]bool) string {
	w, ok := want.(*ast.StructType)
	h, ok2 := have.(*ast.StructType)
	if !ok || !ok2 {
		if types.ExprString(want) != types.ExprString(have) {
			return "is not " + types.ExprString(want)
		}
		return ""
	}
	fields := make(map[string]ast.Expr)
	for _, f := range h.Fields.List {
		for _, name := range f.Names {
			fields[name.Name] = f.Type
		}
		if f.Names == nil {
			return "has an embedded field"
		}
	}
	for _, f := range w.Fields.List {
		for _, name := range f.Names {
			t := fields[name.Name]
			same := t != nil && types.ExprString(t) == types.ExprString(f.Type)
			if !same && members[name.Name] {
				return fmt.Sprintf("has no field %s %s", name.Name, types.ExprString(f.Type))
			}
			if same {
				delete(fields, name.Name)
			}
		}
	}
	for name, t := range fields {
		if !zeroReady(t) {
			return "has another field, " + name
		}
	}
	return ""
}

// zeroReady reports whether the zero value of a type is ready to use.
func zeroReady(t ast.Expr) bool {
	switch t := t.(type) {
	case *ast.Ident:
		b := types.Universe.Lookup(t.Name)
		return b != nil && t.Name != "any" && t.Name != "error"
	case *ast.ArrayType:
		return t.Len != nil && zeroReady(t.Elt)
	case *ast.IndexExpr:
		return zeroReady(t.X) // atomic.Pointer[T]
	case *ast.SelectorExpr:
		switch name := types.ExprString(t); name {
		case "sync.Mutex", "sync.RWMutex", "sync.WaitGroup", "sync.Once", "sync.Map", "time.Time", "time.Duration":
			return true
		default:
			return strings.HasPrefix(name, "atomic.")
		}
	case *ast.StructType:
		return !slices.ContainsFunc(t.Fields.List, func(f *ast.Field) bool { return !zeroReady(f.Type) })
	}
	return false
}
