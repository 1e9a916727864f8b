package process

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// RoleEnv is set if a test has started a test binary as a server: see Play.
const RoleEnv = "WORKSHOP_TEST_SERVER"

// Play is for TestMain: a test binary can be the server under test, in a separate process. Play plays
// the role that RoleEnv names, and reports whether it is one of these. A process with a role, even
// another one, answers each line of its standard input with its Usage, and exits at the latest when its
// input ends, and so with the test that started it.
func Play(roles map[string]func()) bool {
	name := os.Getenv(RoleEnv)
	if name != "" {
		go answerUsage(os.Stdin)
	}
	if roles[name] == nil {
		return false
	}
	roles[name]()
	return true
}

// A Usage is what a server uses.
type Usage struct {
	Goroutines  int
	Descriptors int    // -1 where there is no /proc
	Memory      uint64 // bytes of heap and stacks in use
}

// Within reports whether a server uses at most this much.
func (u Usage) Within(most Usage) bool {
	return u.Goroutines <= most.Goroutines && u.Descriptors <= most.Descriptors && u.Memory <= most.Memory
}

func answerUsage(stdin io.Reader) {
	for lines := bufio.NewScanner(stdin); lines.Scan(); {
		b, _ := json.Marshal(measure()) // numbers: no error
		fmt.Printf("%s\n", b)
	}
	os.Exit(0)
}

// measure collects the garbage and counts what is left.
func measure() Usage {
	u := Usage{Goroutines: runtime.NumGoroutine(), Descriptors: -1}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		u.Descriptors = len(fds) - 1 // one was the directory's
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Memory = m.HeapAlloc + m.StackInuse
	return u
}

// ServeUntilInterrupted serves HTTP on addr (host:port), and prints its address as a server of the
// workshop does.
func ServeUntilInterrupted(addr string, handler http.Handler) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	fmt.Printf("listening on http://%v/ - it stops with Ctrl-C\n", listener.Addr())
	server := &http.Server{Handler: handler}
	go func() { <-stop; server.Close() }()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
