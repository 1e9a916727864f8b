package main

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/gobwas/ws"

	"websocket-workshop/steps/tools/wstest"
)

// TestFrames holds the frames of the workshop's tools against those of another library:
// every header, right or wrong, is written and read as gobwas does, masked and not.
func TestFrames(t *testing.T) {
	for _, length := range []int{0, 1, 2, 125, 126, 127, 255, 256, 65535, 65536, 70000} {
		payload := bytes.Repeat([]byte("ab€"), length/5+1)[:length]
		for bits := range 1 << 9 {
			f := wstest.Frame{Fin: bits&1 > 0, Masked: bits&2 > 0, RSV: byte(bits >> 2 & 7), Opcode: byte(bits >> 5), Payload: payload}
			theirs := ws.NewFrame(ws.OpCode(f.Opcode), f.Fin, payload)
			theirs.Header.Rsv = f.RSV
			if f.Masked {
				f.Key = [4]byte{0x37, 0xfa, 0x21, 0x3d}
				theirs = ws.MaskFrameWith(theirs, f.Key)
			}
			want := ws.MustCompileFrame(theirs)
			if got := f.Bytes(); !bytes.Equal(got, want) {
				t.Errorf("%+v: %d bytes are % x…, want %d, % x…", theirs.Header, len(got), got[:min(len(got), 20)], len(want), want[:min(len(want), 20)])
			}
			in := bytes.NewBuffer(append(want[:len(want):len(want)], "next"...))
			got, err := wstest.Read(in)
			f.Raw, f.Length, f.Form = want, uint64(length), wstest.ShortestForm(uint64(length))
			if err != nil || in.String() != "next" || !reflect.DeepEqual(got, f) {
				t.Errorf("%+v: read as %v, %v, with %q left", theirs.Header, got, err, in)
			}
		}
	}
}
