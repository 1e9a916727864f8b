package probe

import (
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// TestWrongTime: the mistake in a time is named.
func TestWrongTime(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_123)
	for got, cause := range map[string]string{
		"1800000000123": "", "1800000000.5": "seconds", "1800000000": "seconds", "1800000000123000": "finer",
		"1800000000123000000":    "finer",
		`"2027-01-15T08:00:00Z"`: "not a number", "": "not a number", "null": "not a number", "0": "not now",
	} {
		if is := (Message{Time: got}).WrongTime(now); !strings.Contains(is, cause) || cause == "" && is != "" {
			t.Errorf("time %s: %q; want something about: %q", got, is, cause)
		}
	}
}

// TestParseHistory: the mistake in the JSON is named.
func TestParseHistory(t *testing.T) {
	for payload, cause := range map[string]string{
		`{"msg":[{"user":"ann","text":"hi","time":1}]}`: "",
		`[{"user":"ann","text":"hi","time":1}]`:         "inside an object",
		`{"Msg":[]}`:                                    `called "msg"`,
		`{"msg":{"user":"ann"}}`:                        "list of objects",
		`{"msg":[{"User":"ann","text":"hi","time":1}]}`: `"user"`,
		`{"msg":[{"user":1,"text":"hi","time":1}]}`:     "string",
		`{"msg":[{"user":"ann","te`:                     "not JSON",
		``:                                              "not JSON",
	} {
		if _, is := parseHistory(wstest.Frame{Opcode: wstest.Text,
			Payload: []byte(payload)}); !strings.Contains(is, cause) || cause == "" && is != "" {
			t.Errorf("%s: %q; want something about: %q", payload, is, cause)
		}
	}
}

// TestStuck: a dump tells where goroutines wait that still have work to do.
func TestStuck(t *testing.T) {
	s := &Server{name: "work", dir: "/x/work"}
	dump := strings.Split(`SIGQUIT: quit

goroutine 1 [IO wait]:
net.(*TCPListener).Accept(0x1)
main.main()
	/x/work/main.go:45 +0x1

goroutine 7 [sync.Mutex.Lock]:
sync.(*Mutex).Lock(...)
	/usr/local/go/src/sync/mutex.go:46
main.(*hub).post(0x1)
	/x/work/hub.go:43 +0x1

goroutine 8 [sync.Mutex.Lock, 2 minutes]:
main.(*hub).post(0x1)
	/x/work/hub.go:43 +0x1

goroutine 9 [IO wait]:
net.(*conn).Write(0x1)
main.(*conn).write(0x1)
	/x/work/conn.go:88 +0x1

goroutine 10 [chan receive]:
main.main.func1()
	/x/work/main.go:44 +0x1
`, "\n")
	want := "2 goroutines are waiting for a lock at work/hub.go:43\na goroutine is waiting in Write, for a " +
		"member to read at work/conn.go:88\n" +
		"holding a lock during a write makes everybody wait for one member"
	if said := stuck(s.goroutines(dump)); said != want {
		t.Errorf("says\n%s\nwant\n%s", said, want)
	}
}
