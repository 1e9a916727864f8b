// The command table passes on what the benchmarks print and then sums it up in a table of
// ratios. With -w it writes the table into the README.md beside it, between the lines
// <!-- figures --> and <!-- /figures -->.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var servers = []string{"bare", "raw", "library", "coder", "gorilla", "gobwas"}

// rows are the metrics in the table, and what it calls them.
var rows = []struct{ bench, unit, title string }{
	{"Delivery", "µs-cpu/delivery", "CPU for a delivery"},
	{"Delivery", "p50-µs", "post until the last has it, p50"},
	{"Delivery", "p99-µs", "the same, p99"},
	{"Open", "µs-cpu/open", "CPU for opening"},
	{"Open", "KiB/idle-member", "memory of an idle member"},
	{"Delivery", "KiB/member-afterwards", "the same, after broadcasts"},
	{"Burst", "µs-cpu/burst-member", "50 posts at once: µs of CPU a member"},
	{"Burst", "KiB/burst-member", "50 posts at once: KiB a member"},
}

// figures are the values of each benchmark in each unit.
type figures map[string][]float64

var cores = regexp.MustCompile(`-\d+$`) // ends the name of a benchmark

func main() {
	write := flag.Bool("w", false, "write the table into steps/tools/bench/README.md")
	flag.Parse()
	log.SetFlags(0)
	text := read(os.Stdin).text()
	if text == "" {
		log.Fatal("there are no figures: pipe the output of the benchmarks into this command")
	}
	fmt.Print("\n", text)
	if *write {
		if err := update("README.md", text); err != nil {
			log.Fatal(err)
		}
	}
}

// read takes in what benchmarks print and passes it on.
func read(r io.Reader) figures {
	all := make(figures)
	pkg := ""
	for in := bufio.NewScanner(r); in.Scan(); {
		fmt.Println(in.Text())
		fields := strings.Fields(in.Text())
		switch {
		case len(fields) == 2 && fields[0] == "pkg:":
			pkg = path.Base(fields[1])
		case len(fields) >= 4 && strings.HasPrefix(fields[0], "Benchmark"):
			name := cores.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
			for i := 2; i+1 < len(fields); i += 2 {
				value, _ := strconv.ParseFloat(fields[i], 64)
				key := pkg + " " + name + " " + fields[i+1]
				all[key] = append(all[key], value)
			}
		}
	}
	return all
}

// ratio returns the median of one figure divided by that of another, or the median itself if
// there is no other, or a dash.
func (all figures) ratio(a, b string) string {
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

// text returns the table and a sentence on reading, or nothing if nothing was measured.
func (all figures) text() string {
	if len(all) == 0 {
		return ""
	}
	var t strings.Builder
	fmt.Fprintf(&t, "| bare = 1 | members | %s |\n|---|---:|%s\n", strings.Join(servers, " | "), strings.Repeat("---:|", len(servers)))
	for _, row := range rows {
		for _, members := range all.members(row.bench) {
			if members < 500 && strings.HasPrefix(row.unit, "KiB") {
				continue // so few drown in what the process itself takes
			}
			fmt.Fprintf(&t, "| %s | %d |", row.title, members)
			for _, server := range servers {
				key := "bench " + row.bench + "/server=%s/members=" + fmt.Sprint(members) + " " + row.unit
				fmt.Fprintf(&t, " %s |", all.ratio(fmt.Sprintf(key, server), fmt.Sprintf(key, "bare")))
			}
			t.WriteString("\n")
		}
	}
	if len(all["raw Read/bytes=125 MB/s"]) == 0 {
		return t.String()
	}
	fmt.Fprintf(&t, "\nOne connection: raw reads messages of 125 B, 4 KiB and 64 KiB %s, %s and %s times as fast\n"+
		"as the library. To unmask 64 KiB takes %s times as long as to copy them.\n",
		all.ratio("raw Read/bytes=125 MB/s", "library Read/bytes=125 MB/s"),
		all.ratio("raw Read/bytes=4096 MB/s", "library Read/bytes=4096 MB/s"),
		all.ratio("raw Read/bytes=65536 MB/s", "library Read/bytes=65536 MB/s"),
		all.ratio("raw Unmask/bytes=65536 ns/op", "raw Copy/bytes=65536 ns/op"))
	return t.String()
}

// members returns the numbers of members that a benchmark was run with.
func (all figures) members(bench string) []int {
	var members []int
	for key := range all {
		var n int
		if _, after, ok := strings.Cut(key, "bench "+bench+"/server=raw/members="); ok {
			fmt.Sscan(after, &n)
			members = append(members, n)
		}
	}
	slices.Sort(members)
	return slices.Compact(members)
}

// update replaces what stands between the marks in the file.
func update(file, text string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	const start, end = "<!-- figures -->\n", "<!-- /figures -->"
	before, rest, found := strings.Cut(string(b), start)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no lines %s and %s", file, strings.TrimSpace(start), end)
	}
	return os.WriteFile(file, []byte(before+start+"\n"+text+"\n"+end+after), 0o644)
}
