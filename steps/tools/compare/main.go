// Command compare compares the two finished servers: which files are the same in raw and library, which
// differ, and how long they are.
package main

import (
	"cmp"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/stepcode"
)

func main() {
	log.SetFlags(0)
	raw, err := stepcode.Code("raw")
	library, failed := stepcode.Code("library")
	if err := cmp.Or(err, failed); err != nil {
		log.Fatalf("%v: run this in the workshop's top folder", err)
	}
	all := maps.Clone(raw)
	maps.Copy(all, library)
	sums := [2]int{}
	fmt.Printf("%-14s %8s %8s\n", "lines", "raw", "library")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r, l := strings.Count(raw[name], "\n"), strings.Count(library[name], "\n")
		note := "differs"
		switch {
		case raw[name] == library[name]:
			note = "the same"
		case l == 0:
			note = "only in raw"
		case r == 0:
			note = "only in library"
		}
		row := fmt.Sprintf("%-14s %8d %8d   %s", name, r, l, note)
		fmt.Println(strings.ReplaceAll(row, " 0 ", " - ")) // no lines: no file
		sums[0], sums[1] = sums[0]+r, sums[1]+l
	}
	fmt.Printf("%-14s %8d %8d\n", "all", sums[0], sums[1])
}
