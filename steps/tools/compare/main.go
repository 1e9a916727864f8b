// Command compare sets the two finished servers side by side: which files are the same
// in raw and library, which differ, and how long they are.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	if err := compare(os.Stdout, "raw", "library"); err != nil {
		log.Fatalf("%v: run this in the workshop's top folder", err)
	}
}

// compare writes a line a file of the folders a and b to w, and their sums.
func compare(w io.Writer, a, b string) error {
	left, err := code(a)
	if err != nil {
		return err
	}
	right, err := code(b)
	if err != nil {
		return err
	}
	all := maps.Clone(left)
	maps.Copy(all, right)
	sumLeft, sumRight := 0, 0
	fmt.Fprintf(w, "%-14s %8s %8s\n", "lines", a, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		l, r := bytes.Count(left[name], []byte("\n")), bytes.Count(right[name], []byte("\n"))
		note := "differs"
		switch {
		case bytes.Equal(left[name], right[name]):
			note = "the same"
		case r == 0:
			note = "only in " + a
		case l == 0:
			note = "only in " + b
		}
		fmt.Fprintf(w, "%-14s %8s %8s   %s\n", name, count(l), count(r), note)
		sumLeft, sumRight = sumLeft+l, sumRight+r
	}
	fmt.Fprintf(w, "%-14s %8d %8d\n", "all", sumLeft, sumRight)
	return nil
}

// count returns n for a table, and a dash for a file that is not there.
func count(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// code returns the Go files of a folder by name, its tests left out.
func code(dir string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for _, e := range entries {
		name := e.Name()
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return files, nil
}
