package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/rules"
)

// atOnce is what a burst measures.
var atOnce = fmt.Sprint(rules.HistorySize, " posts at once")

// rows lists the rows of the table: what is measured.
var rows = []struct{ unit, title string }{
	{"µs-cpu/delivery", "CPU for a delivery"}, // to get one frame of a broadcast to one member
	{"p50-µs", "post until the last has it, p50"},
	{"p99-µs", "the same, p99"},
	{"µs-cpu/open", "CPU for opening"},              // with a handshake and the first frame
	{"KiB/idle-member", "memory of an idle member"}, // that was sent its first frame only
	{"KiB/member-afterwards", "the same, after broadcasts"},
	{"µs-cpu/burst-member", atOnce + ": µs of CPU a member"}, // until each has the last
	{"KiB/burst-member", atOnce + ": KiB a member"},          // that it was sent of them
}

// text returns the table and a sentence on reading.
func (all figures) text() string {
	var t strings.Builder
	fmt.Fprintf(&t, "| bare = 1 | members | %s |\n|---|---:|%s\n", strings.Join(servers, " | "),
		strings.Repeat("---:|", len(servers)))
	for _, row := range rows {
		for _, members := range sizes {
			if members < 500 && strings.HasPrefix(row.unit, "KiB") {
				continue // so few are invisible next to the process itself
			}
			fmt.Fprintf(&t, "| %s | %d |", row.title, members)
			for _, server := range servers {
				fmt.Fprintf(&t, " %s |", all.ratio(figure{server, members, row.unit}, figure{"bare", members, row.unit}))
			}
			t.WriteString("\n")
		}
	}
	faster := func(bytes string) string {
		return all.ratio(figure{"library", 1, "Read/bytes=" + bytes}, figure{"raw", 1, "Read/bytes=" + bytes})
	}
	fmt.Fprintf(&t, "\nOne connection: raw reads messages of 125 B, 4 KiB and 64 KiB %s, %s and %s times as "+
		"fast\n"+
		"as the library. To unmask 64 KiB takes %s times as long as to copy them.\n", faster("125"),
		faster("4096"), faster("65536"),
		all.ratio(figure{"raw", 1, "Unmask/bytes=65536"}, figure{"raw", 1, "Copy/bytes=65536"}))
	return t.String()
}

// ratio returns the median of one figure divided by the median of another, or the median itself if
// there is no other, or a dash.
func (all figures) ratio(a, b figure) string {
	switch {
	case len(all[a]) > 0 && len(all[b]) == 0:
		return fmt.Sprintf("%.0f", median(all[a]))
	case len(all[a]) == 0 || median(all[b]) <= 0:
		return "–"
	}
	return fmt.Sprintf("%.2g", median(all[a])/median(all[b]))
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

var marks = regexp.MustCompile(`(?s)(<!-- figures -->\n\n).*(\n<!-- /figures -->\n)`)

// update replaces the text between the marks in the file.
func update(file, text string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !marks.Match(b) {
		return fmt.Errorf("%s has no lines %s", file, marks)
	}
	return os.WriteFile(file, marks.ReplaceAll(b, []byte("${1}"+text+"${2}")), 0o644)
}
