// Package testserver is what the tests of raw and of library have in common: their test
// binary can be the server itself, a process of its own, and tell what it uses.
package testserver

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// RoleEnv is set where a test has started a test binary as a server.
const RoleEnv = "WORKSHOP_TEST_SERVER"

// Main is for TestMain. As the role says it makes the process a chat server with main, one
// whose times impatient has shortened first, or lets the tests run, of which one is the
// echo; then it returns their exit status. A server ends at the latest when its standard
// input does, and so with the test that started it.
func Main(m *testing.M, main, impatient func()) int {
	role := os.Getenv(RoleEnv)
	if role != "" {
		go obey(os.Stdin)
	}
	switch role {
	case "impatient chat":
		impatient()
		fallthrough
	case "chat":
		main()
		return 0
	}
	log.SetOutput(io.Discard) // a line a member is for the workshop, not for a thousand rows
	return m.Run()
}

// A Usage is what a server has in use.
type Usage struct {
	Goroutines  int
	Descriptors int    // -1 where there is no /proc
	Memory      uint64 // bytes of heap and stacks in use
}

// Within reports whether a server uses no more than most.
func (u Usage) Within(most Usage) bool {
	return u.Goroutines <= most.Goroutines && u.Descriptors <= most.Descriptors && u.Memory <= most.Memory
}

// obey answers each line with the usage, and ends the process behind the last.
func obey(stdin io.Reader) {
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

var echoAddr = flag.String("echo", "", "with -run TestEcho: the `host:port` to serve a WebSocket echo on")

// Echo is for TestEcho: it serves until it is interrupted, if the flag -echo says where.
func Echo(t *testing.T, serve http.HandlerFunc) {
	if *echoAddr == "" {
		t.Skip("serves an echo when it is given an address: -echo=127.0.0.1:9001")
	}
	listener, err := net.Listen("tcp", *echoAddr)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	fmt.Printf("listening on http://%v/ as an echo - it stops with Ctrl-C\n", listener.Addr())

	server := &http.Server{Handler: serve}
	go func() { <-stop; server.Close() }()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		t.Error(err)
	}
}

// EachSize benchmarks f with a message of each size, and a connection on which it comes
// again and again, masked.
func EachSize(b *testing.B, f func(b *testing.B, payload []byte, wire *Endless)) {
	for _, size := range []int{125, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			payload := make([]byte, size)
			for i := range payload {
				payload[i] = 'a' + byte(i%26)
			}
			f(b, payload, &Endless{data: wstest.Whole(wstest.Text, payload, [4]byte{1, 2, 3, 4}).Bytes()})
		})
	}
}

// Endless is a connection on which the same bytes come again and again. What is written is
// taken, and it knows no time limits.
type Endless struct {
	net.Conn // nil
	data     []byte
	at       int
}

func (e *Endless) Read(p []byte) (int, error) {
	n := copy(p, e.data[e.at:])
	e.at = (e.at + n) % len(e.data)
	return n, nil
}

func (e *Endless) Write(p []byte) (int, error)      { return len(p), nil }
func (e *Endless) Close() error                     { return nil }
func (e *Endless) SetDeadline(time.Time) error      { return nil }
func (e *Endless) SetReadDeadline(time.Time) error  { return nil }
func (e *Endless) SetWriteDeadline(time.Time) error { return nil }
