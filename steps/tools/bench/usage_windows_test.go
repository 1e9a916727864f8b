package bench

import (
	"syscall"
	"time"
)

// cpu returns the time that the server has used so far.
func (s *server) cpu() time.Duration {
	h, err := syscall.OpenProcess(syscall.PROCESS_QUERY_INFORMATION, false, uint32(s.Cmd.Process.Pid))
	if err != nil {
		return 0
	}
	defer syscall.CloseHandle(h)
	var created, exited, kernel, user syscall.Filetime
	syscall.GetProcessTimes(h, &created, &exited, &kernel, &user)
	return hundredNanos(kernel) + hundredNanos(user)
}

func hundredNanos(t syscall.Filetime) time.Duration {
	return 100 * (time.Duration(t.HighDateTime)<<32 + time.Duration(t.LowDateTime))
}

// memory is not measured on Windows.
func (s *server) memory() (int, error) { return 0, nil }

// fileLimit returns how many files a process may have open: Windows knows no limit.
func fileLimit(want int) int { return want }
