// Package bench measures the workshop's servers side by side with others, as an attendee
// meets them: whole processes, each under the same load over loopback. The servers take
// turns in every round, so that whatever else the machine does hits all alike. As bare
// writes ready-made bytes and checks nothing, it is the measure for the others: x-bare.
package bench

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A metric is what a server is measured by.
type metric string

const (
	cpuDelivery metric = "µs-cpu/delivery"       // to get one frame of a broadcast to one member
	cpuOpen     metric = "µs-cpu/open"           // for a handshake and the first frame
	memoryIdle  metric = "KiB/idle-member"       // for one that was sent its first frame only
	memoryAfter metric = "KiB/member-afterwards" // once there were broadcasts
	p50, p99    metric = "p50-µs", "p99-µs"      // from a post until the last member has it
	cpuBurst    metric = "µs-cpu/burst-member"   // until each has the last of 50 posts that were sent at once
	bytesBurst  metric = "KiB/burst-member"      // that it was sent of them
)

// A sample is what one process was measured to be.
type sample map[metric]float64

// names are those of the servers, in the order of the table.
var names = []string{"bare", "raw", "library", "coder", "gorilla", "gobwas"}

// sizes are how many members there are.
var sizes = []int{10, 500, 5000}

var (
	ctx      context.Context // of the servers: they are killed when it ends
	binaries string          // the folder of the servers
	rounds   int             // the number of samples
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	log.SetFlags(0)
	var stop func()
	ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if patience, _ := time.ParseDuration(flag.Lookup("test.timeout").Value.String()); patience > 0 {
		ctx, stop = context.WithTimeout(ctx, patience*9/10) // no server may survive a panic of package testing
		defer stop()
	}
	rounds, _ = strconv.Atoi(flag.Lookup("test.count").Value.String())
	if flag.Lookup("test.bench").Value.String() != "" {
		var err error
		if binaries, err = os.MkdirTemp("", "bench"); err == nil {
			defer os.RemoveAll(binaries)
			err = build()
		}
		if err != nil {
			log.Print(err)
			return 1
		}
		if most := fileLimit(slices.Max(sizes)+100) - 100; most < slices.Max(sizes) {
			log.Printf("# this system lets a process open no more than %d files: %d members instead of %d",
				most+100, most, slices.Max(sizes))
			sizes[len(sizes)-1] = most
		}
	}
	return m.Run()
}

// BenchmarkOpen lets members in, as many as there are to be at the same time.
func BenchmarkOpen(b *testing.B) {
	report(b, "open", open)
}

// BenchmarkDelivery has one member post and everyone get that, again and again.
func BenchmarkDelivery(b *testing.B) {
	report(b, "delivery", deliver)
}

// BenchmarkBurst has one member post 50 times at once.
func BenchmarkBurst(b *testing.B) {
	report(b, "burst", burst)
}

// report runs measure as often as -count says for each server and reports the samples.
// The first benchmark of a size takes the samples of all, for it is there that the servers
// must take turns.
func report(b *testing.B, what string, measure func(*server, int) (sample, error)) {
	for _, members := range sizes {
		var samples map[string][]sample
		for _, name := range names {
			run := 0
			b.Run(fmt.Sprintf("server=%s/members=%d", name, members), func(b *testing.B) {
				if samples == nil {
					var err error
					if samples, err = inTurn(what, members, measure); err != nil {
						b.Fatal(err)
					}
				}
				if b.N == 1 { // package testing begins another of its -count runs
					run++
				}
				b.ReportMetric(0, "ns/op") // says nothing here, and 0 leaves it out
				s, bare := samples[name][run-1], samples["bare"][run-1]
				for m, value := range s {
					b.ReportMetric(value, string(m))
				}
				for _, m := range []metric{cpuOpen, cpuDelivery} {
					if s[m] > 0 && bare[m] > 0 {
						b.ReportMetric(s[m]/bare[m], "x-bare")
					}
				}
			})
		}
	}
}

// inTurn takes the samples of all servers, round by round.
func inTurn(what string, members int, measure func(*server, int) (sample, error)) (map[string][]sample, error) {
	samples := make(map[string][]sample)
	for round := range rounds {
		log.Printf("# %s, %d members, round %d of %d", what, members, round+1, rounds)
		for i := range names {
			name := names[(i+round)%len(names)] // nobody is always first
			s, err := withServer(name, members, measure)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			samples[name] = append(samples[name], s)
		}
	}
	return samples, nil
}

// open measures how members come in. A few are let in many times, or there would be
// nothing to measure.
func open(s *server, members int) (sample, error) {
	if err := s.open(1); err != nil { // for what a process does but once
		return nil, err
	}
	s.hangUp()
	before, err := s.memory()
	if err != nil {
		return nil, err
	}
	result := make(sample)
	cycles := max(1, 1000/members)
	var cpu time.Duration
	for cycle := range cycles {
		start := s.cpu()
		if err := s.open(members); err != nil {
			return nil, err
		}
		cpu += s.cpu() - start
		if cycle == 0 {
			result.memory(s, memoryIdle, before, members)
		}
		s.hangUp()
	}
	result[cpuOpen] = micros(cpu) / float64(cycles*members)
	return result, nil
}

// deliver measures broadcasts. At first one member fills the history, so that every
// broadcast is of the same size.
func deliver(s *server, members int) (sample, error) {
	if err := s.open(1); err != nil {
		return nil, err
	}
	for range 50 {
		if _, err := s.post(); err != nil {
			return nil, err
		}
	}
	before, err := s.memory()
	if err != nil {
		return nil, err
	}
	if err := s.open(members - 1); err != nil {
		return nil, err
	}
	for range 3 { // to warm up
		if _, err := s.post(); err != nil {
			return nil, err
		}
	}
	if s.size != historySize {
		return nil, fmt.Errorf("a broadcast has %d bytes instead of %d: it cannot be compared", s.size, historySize)
	}
	posts := min(max(150_000/members, 30), 1000)
	took := make([]time.Duration, posts)
	start := s.cpu()
	for i := range took {
		if took[i], err = s.post(); err != nil {
			return nil, err
		}
	}
	cpu := s.cpu() - start
	slices.Sort(took)
	result := sample{
		cpuDelivery: micros(cpu) / float64(posts*members),
		p50:         micros(took[posts/2]),
		p99:         micros(took[posts*99/100]),
	}
	if members >= 500 { // what broadcasts leave of fewer drowns in what the process itself takes
		result.memory(s, memoryAfter, before, members-1)
	}
	return result, nil
}

// burst measures posts that come faster than members are sent them: histories that wait are
// replaced by newer ones. Bare, which does not read posts, has no part in it.
func burst(s *server, members int) (sample, error) {
	if s.name == "bare" {
		return nil, nil
	}
	if err := s.open(members); err != nil {
		return nil, err
	}
	s.bursting.Store(true)
	s.sent.Store(0)
	start := s.cpu()
	if _, err := s.say(append(bytes.Repeat(frame(text), 49), frame(lastText)...)); err != nil {
		return nil, err
	}
	return sample{
		cpuBurst:   micros(s.cpu()-start) / float64(members),
		bytesBurst: float64(s.sent.Load()) / 1024 / float64(members),
	}, nil
}

// memory takes down what the server holds for each member, where that can be measured.
func (result sample) memory(s *server, m metric, before, members int) {
	time.Sleep(300 * time.Millisecond) // goroutines and collections come to their end
	if after, err := s.memory(); err == nil && before > 0 {
		result[m] = float64(after-before) / 1024 / float64(members)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
