// Command bench compares the workshop's servers with others, in the form in which attendees use them:
// whole processes, each under the same load over loopback. The servers take turns in every round, so
// that any other load on the machine affects all alike. It prints each sample in the form that
// benchstat reads, and then the medians as a table of ratios. With -w it writes the table into
// README.md and draws three of its rows in chart.svg.
//
//	go run -C steps/tools/bench . [-w]
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"syscall"
)

// servers lists the measured servers, in the order of the table.
var servers = []string{"bare", "raw", "library", "coder", "gorilla", "gobwas"}

// sizes lists the numbers of members.
var sizes = []int{10, 500, 5000}

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "", "be the bare server, on `host:port`, and measure nothing")
	count := flag.Int("count", 3, "how many `times` each server is measured")
	most := flag.Int("most", slices.Max(sizes), "how many `members` there are at most; each takes an open file")
	write := flag.Bool("w", false, "write the table into README.md, and a chart of it into chart.svg")
	flag.Parse()
	if *addr != "" {
		log.Fatal(bare(*addr))
	}
	for i := range sizes {
		sizes[i] = min(sizes[i], *most)
	}
	sizes = slices.Compact(sizes)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	all := make(figures)
	must(all.measureReading(ctx, *count))
	must(all.measureServers(ctx, *count))
	fmt.Print("\n", all.text())
	if *write {
		must(update("README.md", all.text()))
		must(os.WriteFile("chart.svg", []byte(chart(all.text())), 0o644))
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A figure names a measurement: what, and of which server with how many members, or with one
// connection.
type figure struct {
	server  string
	members int
	unit    string
}

// figures has the values of each figure, one per round.
type figures map[figure][]float64

// A sample has the measurements of one process, by unit.
type sample map[string]float64

var nanoseconds = regexp.MustCompile(`(?m)^Benchmark(\w+/bytes=\d+)\S*\s+\d+\s+(\S+) ns/op`)

// measureReading runs raw's and library's benchmarks of one connection.
func (all figures) measureReading(ctx context.Context, count int) error {
	for _, server := range []string{"raw", "library"} {
		cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchtime", "0.3s", "-count",
			fmt.Sprint(count), "./"+server)
		cmd.Dir = root
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		fmt.Print(string(out))
		if err != nil {
			return fmt.Errorf("%v: %w", cmd.Args, err)
		}
		for _, match := range nanoseconds.FindAllStringSubmatch(string(out), -1) {
			value, _ := strconv.ParseFloat(match[2], 64) // go test prints numbers: no error
			key := figure{server, 1, match[1]}
			all[key] = append(all[key], value)
		}
	}
	return nil
}

// measureServers measures each server count times.
func (all figures) measureServers(ctx context.Context, count int) error {
	binaries, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(binaries)
	if err := build(ctx, binaries); err != nil {
		return err
	}
	fmt.Println("pkg: websocket-workshop/steps/tools/bench")
	for _, m := range measurements {
		for _, members := range sizes {
			for round := range count {
				log.Printf("# %s, %d members, round %d of %d", m.name, members, round+1, count)
				for i := range servers {
					name := servers[(i+round)%len(servers)] // nobody is always first
					s, err := withServer(ctx, binaries, name, members, m.take)
					if err != nil {
						return fmt.Errorf("%s: %w", name, err)
					}
					all.add(m.name, name, members, s)
				}
			}
		}
	}
	return nil
}

// add keeps a sample and prints it.
func (all figures) add(measurement, server string, members int, s sample) {
	if len(s) == 0 {
		return
	}
	fmt.Printf("Benchmark%s/server=%s/members=%d\t1", measurement, server, members)
	for _, row := range rows {
		if value, measured := s[row.unit]; measured {
			key := figure{server, members, row.unit}
			all[key] = append(all[key], value)
			fmt.Printf("\t%10.5g %s", value, row.unit)
		}
	}
	fmt.Println()
}
