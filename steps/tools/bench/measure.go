package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// measurements lists what is done with each server and each number of members.
var measurements = []struct {
	name string
	take func(s *server, members int) sample
}{{"Open", open}, {"Delivery", deliver}, {"Burst", burst}}

const text = "What a browser sends in a frame is masked."

var (
	// post is a frame in which a browser sends the text.
	post = wstest.Whole(wstest.Text, fmt.Appendf(nil, `{"user": "ann", "text": %q}`, text),
		[4]byte{1, 2, 3, 4}).Bytes()

	// historySize is the size of the history that consists of rules.HistorySize such posts.
	historySize = len(`{"msg":[]}`) - 1 +
		rules.HistorySize*len(`{"user":"ann","text":"","time":1700000000000},`+text)
)

// open measures how members join, all at the same time. If there are few, they join many times, or
// there would be nothing to measure.
func open(s *server, members int) sample {
	s.open(1) // so that one-time work is not measured
	s.hangUp()
	_, memory := s.usage()
	result := make(sample)
	cycles := max(1, 1000/members)
	for cycle := range cycles {
		result["µs-cpu/open"] += s.cpuOf(func() { s.open(members) }) / float64(cycles*members)
		if cycle == 0 {
			result.memory(s, "KiB/idle-member", memory, members)
		}
		s.hangUp()
	}
	return result
}

// deliver measures broadcasts: one member posts and everyone gets the history, again and again. First,
// one member fills the history, so that every broadcast has the same size.
func deliver(s *server, members int) sample {
	s.open(1)
	for range rules.HistorySize {
		s.say(post)
	}
	_, memory := s.usage()
	s.open(members - 1)
	for range 3 { // to warm up
		s.say(post)
	}
	if s.size != int64(historySize) {
		s.fail(fmt.Errorf("a broadcast has %d bytes instead of %d: it cannot be compared", s.size, historySize))
	}
	took := make([]time.Duration, min(max(150_000/members, 30), 1000))
	cpu := s.cpuOf(func() {
		for i := range took {
			took[i] = s.say(post)
		}
	})
	slices.Sort(took)
	result := sample{
		"µs-cpu/delivery": cpu / float64(len(took)*members),
		"p50-µs":          micros(took[len(took)/2]),
		"p99-µs":          micros(took[len(took)*99/100]),
	}
	result.memory(s, "KiB/member-afterwards", memory, members-1)
	return result
}

// burst measures posts that arrive faster than they can be sent to members: newer histories replace
// waiting ones. It leaves out bare, which does not read posts.
func burst(s *server, members int) sample {
	if s.name == "bare" {
		return nil
	}
	s.open(members)
	s.only.Store(int64(historySize))
	s.sent.Store(0)
	cpu := s.cpuOf(func() { s.say(bytes.Repeat(post, rules.HistorySize)) })
	return sample{
		"µs-cpu/burst-member": cpu / float64(members),
		"KiB/burst-member":    float64(s.sent.Load()) / 1024 / float64(members),
	}
}

// cpuOf returns the CPU time in microseconds that the server uses while do runs.
func (s *server) cpuOf(do func()) float64 {
	start, _ := s.usage()
	do()
	end, _ := s.usage()
	return micros(end - start)
}

// memory records how much memory the server holds for each member, where that can be measured.
func (result sample) memory(s *server, unit string, before, members int) {
	time.Sleep(300 * time.Millisecond) // goroutines and garbage collections finish
	if _, after := s.usage(); after > 0 {
		result[unit] = float64(after-before) / 1024 / float64(members)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
