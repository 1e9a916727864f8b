package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// usage returns the CPU time that the server has used so far, to the nanosecond (/proc/PID/stat
// counts in hundredths of a second), and the bytes of memory that it holds, without its code.
func (s *server) usage() (cpu time.Duration, memory int) {
	var t unix.Timespec
	unix.ClockGettime(int32(^s.pid<<3|2), &t) // as clock_getcpuclockid makes it
	var size, resident, shared int
	statm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.pid))
	fmt.Sscan(string(statm), &size, &resident, &shared)
	return time.Duration(t.Nano()), (resident - shared) * os.Getpagesize()
}
