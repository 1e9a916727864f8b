package wstest

import (
	"bytes"
	"encoding/hex"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// x returns the bytes that are written in hex.
func x(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// examples are those of section 5.7, and then wrong frames and the edges of the three forms.
var examples = []struct {
	name  string
	bytes []byte
	frame Frame
	words string
}{
	{"a single-frame unmasked text message", x("81 05 48 65 6c 6c 6f"),
		Frame{Fin: true, Opcode: Text, Payload: []byte("Hello")}, `text "Hello"`},
	{"a single-frame masked text message", x("81 85 37 fa 21 3d 7f 9f 4d 51 58"),
		Whole(Text, []byte("Hello"), key), `text "Hello"`},
	{"a fragmented unmasked text message, first", x("01 03 48 65 6c"),
		Frame{Opcode: Text, Payload: []byte("Hel")}, `text (no FIN) "Hel"`},
	{"a fragmented unmasked text message, last", x("80 02 6c 6f"), Frame{Fin: true, Payload: []byte("lo")},
		`continuation "lo"`},
	{"an unmasked ping", x("89 05 48 65 6c 6c 6f"), Frame{Fin: true, Opcode: Ping,
		Payload: []byte("Hello")}, `ping "Hello"`},
	{"a masked pong", x("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), Whole(Pong, []byte("Hello"), key),
		`pong "Hello"`},
	{"256 bytes", append(x("82 7e 01 00"), make([]byte, 256)...),
		Frame{Fin: true, Opcode: Binary, Payload: make([]byte, 256)}, "binary 256 bytes 0d968558"},
	{"64 KiB", append(x("82 7f 00 00 00 00 00 01 00 00"), make([]byte, 65536)...),
		Frame{Fin: true, Opcode: Binary, Payload: make([]byte, 65536)}, "binary 65536 bytes d7978eeb"},
	{"the longest in 7 bits", append(x("82 7d"), make([]byte, 125)...),
		Frame{Fin: true, Opcode: Binary, Payload: make([]byte, 125)}, ""},
	{"the shortest in 16 bits", append(x("82 7e 00 7e"), make([]byte, 126)...),
		Frame{Fin: true, Opcode: Binary, Payload: make([]byte, 126)}, ""},
	{"the longest in 16 bits", append(x("82 7e ff ff"), make([]byte, 65535)...),
		Frame{Fin: true, Opcode: Binary, Payload: make([]byte, 65535)}, ""},
	{"a close frame", x("88 05 03 ea 77 68 79"), Frame{Fin: true, Opcode: Close,
		Payload: ClosePayload(1002, "why")}, `close 1002 "why"`},
	{"an empty close frame", x("88 80 37 fa 21 3d"), Whole(Close, nil, key), "close"},
	{"16 bits for 2", x("81 7e 00 02 68 69"), Frame{Fin: true, Opcode: Text, Form: 16,
		Payload: []byte("hi")}, `text "hi"`},
	{"64 bits for 2", x("81 ff 00 00 00 00 00 00 00 02 37 fa 21 3d 5f 93"),
		Frame{Fin: true, Opcode: Text, Masked: true, Key: key, Form: 64, Payload: []byte("hi")},
		`text "hi"`},
	{"reserved bits and opcode", x("fb 00"), Frame{Fin: true, RSV: 7, Opcode: 0xB},
		`opcode B (RSV 111) ""`},
}

func TestExamples(t *testing.T) {
	for _, e := range examples {
		if got := e.frame.Bytes(); !bytes.Equal(got, e.bytes) {
			t.Errorf("%s: Bytes gives % x, want % x", e.name, got[:min(len(got), 20)],
				e.bytes[:min(len(e.bytes), 20)])
		}
		got, err := Read(iotest.OneByteReader(bytes.NewReader(e.bytes)))
		want := e.frame
		want.Raw, want.Length = e.bytes, uint64(len(want.Payload))
		if want.Form == 0 {
			want.Form = ShortestForm(want.Length)
		}
		if want.Payload == nil {
			want.Payload = []byte{}
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: Read gives %+v, %v, want %+v", e.name, got, err, want)
		}
		if e.words != "" && got.String() != e.words {
			t.Errorf("%s: it is called %s, want %s", e.name, got, e.words)
		}
	}
}

// TestCut: a header cut anywhere says how much of it there is to be, and nothing is read from
// bytes that are not there.
func TestCut(t *testing.T) {
	for _, e := range examples {
		head := e.bytes[:len(e.bytes)-len(e.frame.Payload)]
		for n := range len(head) {
			if f, size := ParseHeader(head[:n:n]); size <= n || size > len(head) {
				t.Errorf("%s: of % x a header of %d bytes was read: %+v", e.name, head[:n], size, f)
			}
			f, err := Read(bytes.NewReader(head[:n]))
			if want := map[bool]error{true: io.EOF, false: io.ErrUnexpectedEOF}[n == 0]; err != want ||
				!bytes.Equal(f.Raw, head[:n]) {
				t.Errorf("%s: reading % x gives % x, %v", e.name, head[:n], f.Raw, err)
			}
		}
		if f, size := ParseHeader(e.bytes); size != len(head) || f.Length != uint64(len(e.frame.Payload)) {
			t.Errorf("%s: a header of %d bytes, length %d", e.name, size, f.Length)
		}
		if len(e.frame.Payload) > 0 {
			short := e.bytes[:len(e.bytes)-1]
			if f, err := Read(bytes.NewReader(short)); err != io.ErrUnexpectedEOF ||
				!bytes.Equal(f.Raw, short) {
				t.Errorf("%s without its last byte: %d bytes, %v", e.name, len(f.Raw), err)
			}
		}
	}
}

// TestAnnounced: a length that is announced and does not come is not stored either.
func TestAnnounced(t *testing.T) {
	for _, s := range []string{"82 7f ff ff ff ff ff ff ff ff", "82 7f 00 00 00 00 20 00 00 00 68 69"} {
		sent := x(s)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Read(bytes.NewReader(sent)); err == nil {
			t.Errorf("%s: no error", s)
		}
		runtime.ReadMemStats(&after)
		if allocs := after.TotalAlloc - before.TotalAlloc; allocs > 1<<20 {
			t.Errorf("%s: %d bytes are stored", s, allocs)
		}
	}
}

func TestServerFault(t *testing.T) {
	for _, e := range examples {
		f, _ := Read(bytes.NewReader(e.bytes)) // seen to have no error above
		fault := f.ServerFault()
		if wrong := f.Masked || f.Form != ShortestForm(f.Length) || f.RSV != 0; (fault != nil) != wrong {
			t.Errorf("%s: %v", e.name, fault)
		}
	}
	for _, s := range []string{"09 00", "89 7e 00 7e" + strings.Repeat(" 00", 126), "88 01 03", "83 00",
		"c1 00"} {
		if f, err := Read(bytes.NewReader(x(s))); err != nil || f.ServerFault() == nil {
			t.Errorf("%s is found right (%v)", s, err)
		}
	}
}

// TestAccept takes the example of section 1.3.
func TestAccept(t *testing.T) {
	if got := Accept(SampleKey); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("the accept value is %s", got)
	}
}
