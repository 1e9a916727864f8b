package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
)

// A line is one line of a declaration, without comments.
type line struct {
	text  string
	place place
}

// key returns the line in the form in which it is compared, without its layout.
func (l line) key() string { return strings.Join(strings.Fields(l.text), " ") }

// A difference is a declaration that differs from the step's; one of the two may be missing.
type difference struct{ yours, ours *decl }

// compare returns the declarations in which yours differs from ours, in the order of ours, followed by
// those that are only in yours.
func compare(yours, ours *program) (all []difference) {
	match := func(d *decl, in *program) *decl {
		for _, name := range d.Names {
			if other := in.find(name); other != nil {
				return other
			}
		}
		return nil
	}
	for i := range ours.decls {
		o := &ours.decls[i]
		if y := match(o, yours); y == nil || !stepcode.SameCode(y.Text, o.Text) {
			all = append(all, difference{y, o})
		}
	}
	for i := range yours.decls {
		if y := &yours.decls[i]; match(y, ours) == nil {
			all = append(all, difference{y, nil})
		}
	}
	return all
}

// String returns the difference with - before your lines and + before ours.
func (d difference) String() string {
	var s strings.Builder
	hunks, _ := stepcode.Diff(d.yours.lines(), d.ours.lines(), line.key)
	switch {
	case d.yours == nil:
		fmt.Fprintf(&s, "%s, which you do not have\n", d.ours.Names[0])
	case d.ours == nil:
		fmt.Fprintf(&s, "%s at %s, which we do not have\n", d.yours.Names[0], d.yours.lines()[0].place)
	default:
		fmt.Fprintf(&s, "%s at %s\n", d.yours.Names[0], d.yours.lines()[0].place)
	}
	for _, h := range hunks {
		for _, side := range []struct {
			sign  string
			lines []line
		}{{" ", h.Same[max(0, len(h.Same)-1):]}, {"-", h.Old}, {"+", h.New}} {
			for _, l := range side.lines {
				fmt.Fprintf(&s, "%s %s\n", side.sign, strings.ReplaceAll(l.text, "\t", "    "))
			}
		}
	}
	return s.String()
}

// differences describes, for people, where src differs from the step's code.
func (src source) differences(folder string) (string, error) {
	yours, err := readCode(src.dir, src.name)
	if err != nil {
		return "", fmt.Errorf("%s cannot be compared: %w", src.name, err)
	}
	ours, err := readCode(filepath.Join(process.Workshop(src.dir), filepath.FromSlash(folder)), folder)
	if err != nil {
		return "", fmt.Errorf("%s cannot be compared: %w", folder, err)
	}
	all := compare(yours, ours)
	if len(all) == 0 {
		return fmt.Sprintf("%s has the code of %s, ignoring comments and layout.\n", src.name, folder), nil
	}
	said := fmt.Sprintf("%s, ignoring comments and layout:\n- yours, in %s\n+ ours, in %s\n",
		plural(len(all), "declaration differs", "declarations differ"), src.name, folder)
	for _, d := range all {
		said += "\n" + d.String()
	}
	return said, nil
}

// plural counts things.
func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
