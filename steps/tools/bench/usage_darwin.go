package main

import (
	"fmt"
	"os/exec"
	"time"
)

// usage returns the CPU time that the server has used so far, in hundredths of a second, and
// the bytes of memory that it holds.
func (s *server) usage() (cpu time.Duration, memory int) {
	out, _ := exec.Command("ps", "-o", "time=,rss=", "-p", fmt.Sprint(s.pid)).Output()
	var minutes, seconds float64
	fmt.Sscanf(string(out), "%f:%f %d", &minutes, &seconds, &memory)
	return time.Duration((60*minutes + seconds) * float64(time.Second)), memory << 10
}
