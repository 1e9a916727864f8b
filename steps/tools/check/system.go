package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// What follows asks the system, or Go itself, about a server from outside. Where neither tells, it
// returns zero, and what depends on it is not looked at.

// memory returns the most bytes of memory that a server has taken so far.
func memory(s *server) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Cmd.Process.Pid))
	var kb int
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb << 10
}

// processorTime returns how long a server's threads have run so far.
func processorTime(s *server) (all time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.Cmd.Process.Pid))
	for _, thread := range threads {
		data, _ := os.ReadFile(thread)
		var ns int64
		fmt.Sscan(string(data), &ns)
		all += time.Duration(ns)
	}
	return all
}

// openFiles returns how many files and connections a server has open.
func openFiles(s *server) int {
	fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.Cmd.Process.Pid))
	return len(fds)
}

// goroutines ends a server, and returns how many of its goroutines wait at which place of its code, but for
// those that wait for a time to come.
func (s *server) goroutines() map[string]int {
	from := s.Output.Next()
	s.asked = true
	if s.Cmd.Process.Signal(syscall.SIGQUIT) != nil || !s.AwaitEnd(5*time.Second) {
		return nil
	}
	lines, _ := s.Output.Since(from)
	found := map[string]int{}
	for i, line := range lines {
		if !strings.HasPrefix(line, "goroutine ") || strings.Contains(line, "[sleep") {
			continue
		}
		trace := lines[i+1:]
		for j, other := range trace {
			if other == "" {
				trace = trace[:j]
				break
			}
		}
		if place := s.place(trace); place != "" && !s.target.waitsForTime(place) {
			found[place]++
		}
	}
	return found
}

// waitsForTime reports whether the code at a place receives from a timer, among others: it will
// notice in time that its member is gone.
func (t *target) waitsForTime(place string) bool {
	path, number, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(place, " at "), filepath.ToSlash(t.name)+"/"), ":")
	code, _ := os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(path)))
	lines := strings.Split(string(code), "\n")
	var n int
	fmt.Sscan(number, &n)
	if n < 1 || n > len(lines) {
		return false
	}
	near := strings.Join(lines[n-1:min(n+12, len(lines))], "\n")
	return strings.Contains(near, ".C:") || strings.Contains(near, ".C {") || strings.Contains(near, "time.After") || strings.Contains(near, "time.Tick")
}
