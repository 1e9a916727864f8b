package main

import (
	"syscall"
	"time"
)

// usage returns the CPU time that the server has used so far. Memory is not measured on Windows.
func (s *server) usage() (cpu time.Duration, memory int) {
	h, err := syscall.OpenProcess(syscall.PROCESS_QUERY_INFORMATION, false, uint32(s.pid))
	if err != nil {
		return 0, 0
	}
	defer syscall.CloseHandle(h)
	var created, exited, kernel, user syscall.Filetime
	syscall.GetProcessTimes(h, &created, &exited, &kernel, &user)
	for _, t := range []syscall.Filetime{kernel, user} { // in 100 nanoseconds
		cpu += 100 * (time.Duration(t.HighDateTime)<<32 + time.Duration(t.LowDateTime))
	}
	return cpu, 0
}
