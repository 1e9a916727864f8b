//go:build unix

package main

import "syscall"

// fileLimit returns how many files a process may have open. Package os has raised that to
// what the system lets everyone have; this asks for more where that is not enough.
func fileLimit(want int) int {
	var limit syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	if limit.Cur < uint64(want) {
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(want), Max: max(limit.Max, uint64(want))})
		syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	return int(min(limit.Cur, 1<<20))
}
