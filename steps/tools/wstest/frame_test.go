package wstest

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// x returns the bytes that a string has in hex.
func x(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// whole returns a frame with FIN as a server sends it.
func whole(opcode byte, payload string) Frame {
	return Frame{Fin: true, Opcode: opcode, Payload: []byte(payload)}
}

// zeros returns a binary frame of zeros, and its bytes, which begin with head.
func zeros(head string, n int) ([]byte, Frame) {
	return append(x(head), make([]byte, n)...), whole(Binary, string(make([]byte, n)))
}

// An example is a frame, its bytes and its words.
type example struct {
	bytes []byte
	frame Frame
	words string
}

// examples returns the examples of section 5.7, followed by wrong frames and the limits of the three
// forms.
func examples() []example {
	all := []example{
		{x("81 05 48 65 6c 6c 6f"), whole(Text, "Hello"), `text "Hello"`},
		{x("81 85 37 fa 21 3d 7f 9f 4d 51 58"), Whole(Text, []byte("Hello"), key), `text "Hello"`},
		{x("01 03 48 65 6c"), Frame{Opcode: Text, Payload: []byte("Hel")}, `text (no FIN) "Hel"`},
		{x("80 02 6c 6f"), whole(Continuation, "lo"), `continuation "lo"`},
		{x("89 05 48 65 6c 6c 6f"), whole(Ping, "Hello"), `ping "Hello"`},
		{x("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), Whole(Pong, []byte("Hello"), key), `pong "Hello"`},
		{x("88 05 03 ea 77 68 79"), whole(Close, "\x03\xeawhy"), `close 1002 "why"`},
		{x("88 80 37 fa 21 3d"), Whole(Close, nil, key), "close"},
		{x("81 7e 00 02 68 69"), Frame{Fin: true, Opcode: Text, Form: 16, Payload: []byte("hi")}, `text "hi"`},
		{x("81 ff 00 00 00 00 00 00 00 02 37 fa 21 3d 5f 93"),
			Frame{Fin: true, Opcode: Text, Form: 64, Masked: true, Key: key, Payload: []byte("hi")}, `text "hi"`},
		{x("fb 00"), Frame{Fin: true, RSV: 7, Opcode: 0xB}, `opcode B (RSV 111) ""`},
	}
	for head, n := range map[string]int{"82 7e 01 00": 256, "82 7f 00 00 00 00 00 01 00 00": 65536,
		"82 7d": 125, "82 7e 00 7e": 126, "82 7e ff ff": 65535} {
		b, f := zeros(head, n)
		all = append(all, example{b, f, "binary " + Short(f.Payload)})
	}
	return all
}

func TestExamples(t *testing.T) {
	for _, e := range examples() {
		begin := e.bytes[:min(len(e.bytes), 20)]
		if got := e.frame.Bytes(); !bytes.Equal(got, e.bytes) {
			t.Errorf("Bytes gives % x, want % x", got[:min(len(got), 20)], begin)
		}
		got, err := Read(iotest.OneByteReader(bytes.NewReader(e.bytes)))
		want := e.frame
		want.Raw, want.Length = e.bytes, uint64(len(want.Payload))
		want.Form, want.Payload = cmp.Or(want.Form, ShortestForm(want.Length)), append([]byte{}, want.Payload...)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("% x: Read gives %+v, %v, want %+v", begin, got, err, want)
		}
		if got.String() != e.words {
			t.Errorf("% x is described as %s, want %s", begin, got, e.words)
		}
	}
	if got := Short(make([]byte, 256)); got != "256 bytes 0d968558" {
		t.Errorf("256 zeros are described as %s", got)
	}
}

// TestCut: a header cut anywhere tells how long it will be, and nothing is read from bytes that are not
// there.
func TestCut(t *testing.T) {
	for _, e := range examples() {
		size := len(e.bytes) - len(e.frame.Payload)
		for n := range min(len(e.bytes), size+1) {
			f, needs := ParseHeader(e.bytes[:n:n])
			if (n < size) != (needs > n) || needs > size || n == size && f.Length != uint64(len(e.frame.Payload)) {
				t.Errorf("% x has a header of %d bytes: %+v", e.bytes[:n], needs, f)
			}
		}
		for _, n := range []int{0, 1, size - 1, size, len(e.bytes) - 1} {
			if n == len(e.bytes) {
				continue
			}
			want := map[bool]error{true: io.EOF, false: io.ErrUnexpectedEOF}[n == 0]
			if f, err := Read(bytes.NewReader(e.bytes[:n])); err != want || !bytes.Equal(f.Raw, e.bytes[:n]) {
				t.Errorf("reading %d bytes of % x gives %d, %v", n, e.bytes[:size], len(f.Raw), err)
			}
		}
	}
}

// TestAnnounced: no memory is allocated for a payload that is announced but does not come.
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
	for _, e := range examples() {
		f, _ := Read(bytes.NewReader(e.bytes)) // seen to have no error above
		fault := f.ServerFault()
		if wrong := f.Masked || f.Form != ShortestForm(f.Length) || f.RSV != 0; (fault != nil) != wrong {
			t.Errorf("%v: %v", f, fault)
		}
	}
	for _, s := range []string{"09 00", "89 7e 00 7e" + strings.Repeat(" 00", 126), "88 01 03", "83 00",
		"c1 00"} {
		if f, err := Read(bytes.NewReader(x(s))); err != nil || f.ServerFault() == nil {
			t.Errorf("%s is reported as valid (%v)", s, err)
		}
	}
}

// TestAccept uses the example of section 1.3.
func TestAccept(t *testing.T) {
	if got := Accept(SampleKey); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("the accept value is %s", got)
	}
}
