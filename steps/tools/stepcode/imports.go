package stepcode

import (
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Imports returns the paths that a file imports. A file that does not parse imports nothing.
func Imports(src string) (paths []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ImportsOnly)
	if err != nil {
		return nil
	}
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // it has been parsed: no error
		paths = append(paths, path)
	}
	return paths
}

var majorVersion = regexp.MustCompile(`/v[0-9]+$`)

// packageName returns the name that code uses for an import without an explicit name.
func packageName(importPath string) string {
	return path.Base(majorVersion.ReplaceAllString(importPath, ""))
}

// Used returns the imports that declarations, or some of their lines, use.
func Used(code string, from []string) (paths []string) {
	names := make(map[string]bool)
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+code, 0)
	if err == nil {
		for _, id := range file.Unresolved { // nothing in the file declares it
			names[id.Name] = true
		}
	} else if all := tokens(code); len(all) > 1 {
		for i, dot := range all[1:] {
			if dot == "." && (i == 0 || all[i-1] != ".") {
				names[all[i]] = true
			}
		}
	}
	for _, path := range from {
		if names[packageName(path)] && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

var importLine = regexp.MustCompile(`(?m)^(?:import |\t)"([^"]+)"\s*?(?://.*)?\n`)

// OnlyImports returns an import declaration with only those paths, and the imports with an explicit
// name. If none is left, it returns "".
func OnlyImports(decl string, paths []string) string {
	decl = importLine.ReplaceAllStringFunc(decl, func(line string) string {
		if !slices.Contains(paths, importLine.FindStringSubmatch(line)[1]) {
			return ""
		}
		return line
	})
	if !strings.Contains(decl, `"`) {
		return ""
	}
	decl = strings.Replace(decl, "(\n\n", "(\n", 1) // a group that has lost all its lines
	return strings.Replace(decl, "\n\n)", "\n)", 1)
}

var singleImport = regexp.MustCompile(`(?m)^import ("[^"]+".*)$`)

// AddImports adds imports to a file, as an editor does: to its first group, or to the last one if they
// are not from the standard library. It does not change a file that does not parse.
func AddImports(src string, paths []string) string {
	for _, path := range paths {
		src = addImport(src, path)
	}
	return src
}

func addImport(src, path string) string {
	decls, err := Split(src)
	if err != nil || slices.Contains(Imports(src), path) {
		return src
	}
	d, line := Find(decls, "import"), "\t"+strconv.Quote(path)+"\n"
	if d == nil {
		one := Decl{[]string{"import"}, "\nimport " + strings.TrimLeft(line, "\t")}
		return Join(slices.Insert(decls, 1, one))
	}
	text := singleImport.ReplaceAllString(d.Text, "import (\n\t$1\n)")
	switch end := strings.LastIndex(text, ")"); {
	case isStandard(path):
		text = strings.Replace(text, "(\n", "(\n"+line, 1)
	case isStandard(Imports(src)[len(Imports(src))-1]):
		text = text[:end] + "\n" + line + text[end:]
	default:
		text = text[:end] + line + text[end:]
	}
	if sorted, err := format.Source([]byte("package p\n" + text)); err == nil { // it sorts a file's imports
		text = strings.TrimPrefix(string(sorted), "package p\n")
	}
	d.Text = text
	return Join(decls)
}

// dropUnused removes the imports that the declarations of a file do not use, except those with an
// explicit name.
func dropUnused(src, body string) string {
	decls, err := Split(src)
	d := Find(decls, "import")
	if err != nil || d == nil {
		return src
	}
	d.Text = OnlyImports(d.Text, Used(body, Imports(src)))
	return Join(decls)
}

// isStandard reports whether an import is from the standard library, judging by its path.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "websocket-workshop"
}

// Join puts a file together again.
func Join(decls []Decl) string {
	var text strings.Builder
	for _, d := range decls {
		text.WriteString(d.Text)
	}
	return text.String()
}
