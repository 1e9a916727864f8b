package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// measurements are what is done with each server, with each number of members.
var measurements = []struct {
	name string
	take func(s *server, members int) sample
}{{"Open", open}, {"Delivery", deliver}, {"Burst", burst}}

const text = "What a browser sends in a frame is masked."

var (
	// post is a frame in which a browser sends the text.
	post = wstest.Whole(wstest.Text, fmt.Appendf(nil, `{"user": "ann", "text": %q}`, text), [4]byte{1, 2, 3, 4}).Bytes()

	// historySize is the size of what everyone gets when that was said 50 times, and only then.
	historySize = len(`{"msg":[]}`) - 1 + 50*len(`{"user":"ann","text":"","time":1700000000000},`+text)
)

// open measures how members come in, as many as there are to be at the same time. A few are
// let in many times, or there would be nothing to measure.
func open(s *server, members int) sample {
	s.open(1) // for what a process does but once
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

// deliver measures broadcasts: one member posts and everyone gets that, again and again. At
// first one member fills the history, so that every broadcast is of the same size.
func deliver(s *server, members int) sample {
	s.open(1)
	for range 50 {
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

// burst measures 50 posts that come faster than members are sent them: histories that wait are
// replaced by newer ones. Bare, which does not read posts, has no part in it.
func burst(s *server, members int) sample {
	if s.name == "bare" {
		return nil
	}
	s.open(members)
	s.only.Store(int64(historySize))
	s.sent.Store(0)
	cpu := s.cpuOf(func() { s.say(bytes.Repeat(post, 50)) })
	return sample{
		"µs-cpu/burst-member": cpu / float64(members),
		"KiB/burst-member":    float64(s.sent.Load()) / 1024 / float64(members),
	}
}

// cpuOf returns the microseconds that the server computes while something is done.
func (s *server) cpuOf(do func()) float64 {
	start, _ := s.usage()
	do()
	end, _ := s.usage()
	return micros(end - start)
}

// memory takes down what the server holds for each member, where that can be measured.
func (result sample) memory(s *server, unit string, before, members int) {
	time.Sleep(300 * time.Millisecond) // goroutines and collections come to their end
	if _, after := s.usage(); after > 0 {
		result[unit] = float64(after-before) / 1024 / float64(members)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
