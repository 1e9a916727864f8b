package bench

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/gobwas/ws"

	"websocket-workshop/steps/tools/frames"
)

// TestFrames holds the frames of the workshop's tools against those of another library:
// every header, right or wrong, is written and read as gobwas does, masked and not.
func TestFrames(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, length := range []int{0, 1, 2, 125, 126, 127, 255, 256, 65535, 65536, 70000} {
		payload := bytes.Repeat([]byte("ab€"), length/5+1)[:length]
		for bits := range 1 << 9 {
			f := frames.Frame{Fin: bits&1 > 0, Masked: bits&2 > 0, RSV: byte(bits >> 2 & 7), Opcode: byte(bits >> 5 & 15), Payload: payload}
			h := ws.Header{Fin: f.Fin, Rsv: f.RSV, OpCode: ws.OpCode(f.Opcode), Masked: f.Masked, Length: int64(length)}
			masked := bytes.Clone(payload)
			if f.Masked {
				f.Key, h.Mask = key, key
				ws.Cipher(masked, key, 0)
			}
			var want bytes.Buffer
			if err := ws.WriteHeader(&want, h); err != nil {
				t.Fatal(err)
			}
			want.Write(masked)
			if err := same(f, want.Bytes()); err != nil {
				t.Errorf("%+v: %v", h, err)
			}
		}
	}
}

// same reports how the bytes of a frame differ from those wanted, and what is read from them.
func same(f frames.Frame, want []byte) error {
	if got := f.Bytes(); !bytes.Equal(got, want) {
		return fmt.Errorf("%d bytes are % x…, want %d, % x…", len(got), got[:min(len(got), 20)], len(want), want[:min(len(want), 20)])
	}
	in := bytes.NewReader(append(want[:len(want):len(want)], "next"...))
	got, err := frames.Read(in)
	rest, _ := io.ReadAll(in) // bytes in memory: no error
	f.Raw, f.Length, f.Form = want, uint64(len(f.Payload)), frames.ShortestForm(uint64(len(f.Payload)))
	if err != nil || string(rest) != "next" || !reflect.DeepEqual(got, f) {
		return fmt.Errorf("read as %v, %v, with %q left", got, err, rest)
	}
	return nil
}

// TestMask masks from any place of a payload as gobwas does: TCP may cut it anywhere.
func TestMask(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for at := range 9 {
		for length := range 40 {
			got, want := bytes.Repeat([]byte{0x5a}, length), bytes.Repeat([]byte{0x5a}, length)
			frames.Mask(got, key, uint64(at))
			if ws.Cipher(want, key, at); !bytes.Equal(got, want) {
				t.Errorf("%d bytes from %d: % x, want % x", length, at, got, want)
			}
		}
	}
}
