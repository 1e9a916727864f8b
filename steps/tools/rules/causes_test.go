package rules

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// TestCauseOfAccept: the usual mistakes are told apart.
func TestCauseOfAccept(t *testing.T) {
	const key = "dGhlIHNhbXBsZSBub25jZQ==" // of the RFC's example
	sum := func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }
	b64 := base64.StdEncoding.EncodeToString
	for _, test := range []struct{ got, cause string }{
		{"", "missing"},
		{key, "key itself"},
		{hex.EncodeToString(sum(key + wstest.GUID)), "in hex"},
		{b64([]byte(hex.EncodeToString(sum(key + wstest.GUID)))), "hash in hex"},
		{b64(sum(key)), "GUID is missing"},
		{b64(sum(wstest.GUID)), "key is missing"},
		{b64(sum(wstest.GUID + key)), "behind the key"},
		{b64(sum("the sample nonce" + wstest.GUID)), "was decoded"},
		{b64(sum(key + strings.ToLower(wstest.GUID))), "upper case"},
		{b64([]byte(key + wstest.GUID)), "hash is missing"},
		{"hello", "not 20 bytes"},
		{b64(sum("another" + wstest.GUID)), "another key"},
		{b64(sum(key + strings.Replace(wstest.GUID, "5", "S", 1))), "typo"},
	} {
		if cause := causeOfAccept(key, test.got); !strings.Contains(cause, test.cause) {
			t.Errorf("accept value %q: %s; want something about: %s", test.got, cause, test.cause)
		}
	}
	if cause := causeOfAccept("another key", wstest.Accept(key)); !strings.Contains(cause, "example") {
		t.Errorf("the value of the example: %s", cause)
	}
}

// TestCauseOfFrame: so are those in a server's frame.
func TestCauseOfFrame(t *testing.T) {
	small := `{"msg":[{"user":"é","text":"hi","time":1}]}`
	medium := `{"msg":[{"user":"ann","text":"` + strings.Repeat("long ", 60) + `"}]}`
	large := `{"msg":[{"user":"ann","text":"` + strings.Repeat("long ", 20_000) + `"}]}`
	is16 := func(order binary.AppendByteOrder, n int) string {
		return string(order.AppendUint16([]byte{0x81, 126}, uint16(n)))
	}
	is64 := func(order binary.AppendByteOrder, n int) string {
		return string(order.AppendUint64([]byte{0x81, 127}, uint64(n)))
	}
	is7 := func(first byte, n int) string { return string([]byte{first, byte(n)}) }
	for _, test := range []struct{ sent, cause string }{
		{small, "without a frame"},
		{is16(binary.LittleEndian, len(medium)) + medium, "little-endian"},
		{is64(binary.LittleEndian, len(large)) + large, "little-endian"},
		{is7(0x81, len(small)) + "\x00\x00\x00\x00" + small, "between the header and the payload"},
		{is7(0x81, len(small)-5) + small, "the header says length"},
		{is7(0x81, len(small)+5) + small, "the header says length"},
		{is7(0x01, len(small)) + small, "FIN"},
		{is7(0x80, len(small)) + small, "opcode is missing"},
		{is7(0x82, len(small)) + small, "binary"},
		{is7(0xC1, len(small)) + small, "reserved"},
		{is7(0x81, len(small)) + small, ""},
		{is16(binary.BigEndian, len(medium)) + medium, ""},
		{is64(binary.BigEndian, len(large)) + large, ""},
	} {
		in := bufio.NewReaderSize(bytes.NewReader([]byte(test.sent)), 1<<20)
		f, _ := wstest.Read(in)
		in.Peek(1)
		rest, _ := in.Peek(in.Buffered())
		cause := causeOfFrame(f, rest)
		if !strings.Contains(cause, test.cause) || test.cause == "" && cause != "" {
			t.Errorf("% x…: %q; want something about: %q", test.sent[:12], cause, test.cause)
		}
	}
}

// TestCauseOfTime: and in a time.
func TestCauseOfTime(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_123)
	for got, cause := range map[string]string{
		"1800000000123": "", "1800000000.5": "seconds", "1800000000": "seconds", "1800000000123000": "finer", "1800000000123000000": "finer",
		`"2027-01-15T08:00:00Z"`: "string", "": "missing", "null": "no number", "0": "not now",
	} {
		if is := causeOfTime(got, now); !strings.Contains(is, cause) || cause == "" && is != "" {
			t.Errorf("time %s: %q; want something about: %q", got, is, cause)
		}
	}
}

// TestParseHistory: and in the JSON.
func TestParseHistory(t *testing.T) {
	for payload, cause := range map[string]string{
		`{"msg":[{"user":"ann","text":"hi","time":1}]}`: "",
		`[{"user":"ann","text":"hi","time":1}]`:         "inside an object",
		`{"Msg":[]}`:                                    `called "msg"`,
		`{"msg":{"user":"ann"}}`:                        "list of objects",
		`{"msg":[{"User":"ann","text":"hi","time":1}]}`: `"user"`,
		`{"msg":[{"user":1,"text":"hi","time":1}]}`:     "string",
		`{"msg":[{"user":"ann","te`:                     "stops too early",
		``:                                              "empty",
	} {
		if _, is := parseHistory(wstest.Frame{Opcode: wstest.Text, Payload: []byte(payload)}); !strings.Contains(is, cause) || cause == "" && is != "" {
			t.Errorf("%s: %q; want something about: %q", payload, is, cause)
		}
	}
}

// TestHexTokens: a dump may look as it likes.
func TestHexTokens(t *testing.T) {
	want := []byte{0x81, 0x9d, 0x00, 0x0a, 0xfe, 0x7b, 0x22, 0x81, 0x33, 0x10, 0xab, 0xcd, 0x01, 0x02, 0x03, 0x04, 0x05}
	for _, dump := range []string{
		"2026/01/02 15:04:05 received 81 9d 00 0a fe 7b 22 81 33 10 ab cd 01 02 03 04 05",
		"819D000AFE7B22813310ABCD0102030405",
		"[0x81 0x9d 0x0 0xa 0xfe 0x7b 0x22 0x81 0x33 0x10 0xab 0xcd 0x1 0x2 0x3 0x4 0x5]",
		`81:9d:00:0a:fe:7b:22:81:33:10:ab:cd:01:02:03:04:05`,
		"00000000  81 9d 00 0a fe 7b 22 81  33 10 ab cd 01 02 03 04  |.....{\".3.......|\n00000010  05  |.|",
		"first 819d\nthen 000afe7b228133\n10abcd0102030405",
	} {
		if !inOrder(hexTokens(strings.Split(dump, "\n")), want) {
			t.Errorf("not found in %q", dump)
		}
	}
	for _, dump := range []string{"[129 157 0 10 254 123 34 129 51 16 171 205 1 2 3 4 5]", "819d000afe7b2281", ""} {
		if inOrder(hexTokens(strings.Split(dump, "\n")), want) {
			t.Errorf("found in %q", dump)
		}
	}
}

// TestLeeways: each is about a behaviour, and about some outcome that no other row covers.
func TestLeeways(t *testing.T) {
	for _, l := range leeways {
		for row := range strings.SplitSeq(l.rows, "|") {
			if !slices.ContainsFunc(table, func(b Row) bool { return strings.HasPrefix(b.Name, row) }) {
				t.Errorf("no behaviour begins with %q", row)
			}
		}
	}
	for _, test := range []struct{ row, came, is string }{
		{"a version other than 13 is answered 426", "HTTP/1.1 400 Bad Request\nContent-Type: text/plain", "allowed"},
		{"a version other than 13 is answered 426", "HTTP/1.1 101 Switching Protocols", "asked"},
		{"1002 for a reserved bit", "the server hung up", "allowed"},
		{"1002 for a reserved bit", "nothing for 3s", "owed"},
		{"1007 for text that is not UTF-8", "nothing for 3s", "asked"},
		{"everyone sees the same order", "one member: a", "owed"},
	} {
		is := "owed"
		if l := LeewayOf(test.row, &Failure{Came: test.came}); l != nil {
			is = map[bool]string{true: "asked", false: "allowed"}[l.Asked]
		}
		if is != test.is {
			t.Errorf("%s: %s: %s; want %s", test.row, test.came, is, test.is)
		}
	}
}

// TestWaiting: a dump tells where goroutines wait that have more to do.
func TestWaiting(t *testing.T) {
	s := &server{target: &Target{Name: "work", Dir: "/x/work"}}
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
	want := "2 goroutines wait for a lock at work/hub.go:43\na goroutine waits in Write, for a member to read at work/conn.go:88"
	if said := waiting(s.goroutinesIn(dump)); said != want {
		t.Errorf("says\n%s\nwant\n%s", said, want)
	}
}
