package programs

import (
	"net"
	"os"
	"path/filepath"
	"time"
)

// A Stamp tells a saved file from what it was before.
type Stamp struct {
	time time.Time
	size int64
}

// Stamps returns the stamps of the code in a folder and of the page, as seen from the
// module's folder: who runs that code does so anew when they change.
func Stamps(dir string) map[string]Stamp {
	stamps := map[string]Stamp{}
	for _, pattern := range []string{filepath.Join(dir, "*.go"), "frontend/*.go", "frontend/*.html", "frontend/*.css", "frontend/*.js"} {
		files, _ := filepath.Glob(pattern) // the patterns are well formed: no error
		for _, file := range files {
			if info, err := os.Stat(file); err == nil {
				stamps[file] = Stamp{info.ModTime(), info.Size()}
			}
		}
	}
	return stamps
}

// Abandoned returns a function that reports whether the terminal of this process is gone, or
// the process that started it. Task, which may stand in between, stays when its terminal is
// closed, and then nobody else is told.
func Abandoned() func() bool {
	parent, hadTerminal := os.Getppid(), hasTerminal()
	return func() bool { return os.Getppid() != parent || hadTerminal && !hasTerminal() }
}

// hasTerminal reports whether this process has a controlling terminal. Windows, which has no
// such file, ends the programs of a console that is closed.
func hasTerminal() bool {
	f, err := os.Open("/dev/tty")
	if err == nil {
		f.Close()
	}
	return err == nil
}

// Loopback returns the addresses that a server can be reached at whose -addr is addr: with
// localhost, a browser may try either of two. There are none if the system chooses the port.
func Loopback(addr string) []string {
	host, port, _ := net.SplitHostPort(addr)
	switch {
	case port == "" || port == "0":
		return nil
	case host == "" || host == "localhost":
		return []string{"127.0.0.1:" + port, "[::1]:" + port}
	}
	return []string{addr}
}

// Answering returns those of the addresses on which somebody takes connections.
func Answering(addrs []string) (taken []string) {
	for _, addr := range addrs {
		if nc, err := net.DialTimeout("tcp", addr, 300*time.Millisecond); err == nil {
			nc.Close()
			taken = append(taken, addr)
		}
	}
	return taken
}
