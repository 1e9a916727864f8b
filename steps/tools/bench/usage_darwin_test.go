package bench

import (
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// cpu returns the time that the server has used so far, in hundredths of a second.
func (s *server) cpu() time.Duration {
	minutes, seconds, _ := strings.Cut(s.ps("time"), ":")
	d, _ := time.ParseDuration(minutes + "m" + seconds + "s")
	return d
}

// memory returns the bytes of memory that the server holds.
func (s *server) memory() (int, error) {
	var kib int
	_, err := fmt.Sscan(s.ps("rss"), &kib)
	return kib * 1024, err
}

// ps returns one thing that ps knows of the server.
func (s *server) ps(what string) string {
	out, _ := exec.Command("ps", "-o", what+"=", "-p", fmt.Sprint(s.Cmd.Process.Pid)).Output()
	return strings.TrimSpace(string(out))
}
