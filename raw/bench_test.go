package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"testing"
)

// BenchmarkRead takes in messages of one frame. library has a benchmark of the same name,
// so that benchstat puts the two side by side.
func BenchmarkRead(b *testing.B) {
	log.SetOutput(io.Discard)
	eachSize(b, func(b *testing.B, payload []byte) {
		wire := &endless{data: masked(payload)}
		c := &conn{nc: wire, br: bufio.NewReader(wire)}
		for b.Loop() {
			if m, err := c.read(); err != nil || len(m.data) != len(payload) {
				b.Fatalf("%d bytes and the error %v", len(m.data), err)
			}
		}
	})
}

func BenchmarkUnmask(b *testing.B) {
	eachSize(b, func(b *testing.B, payload []byte) {
		for b.Loop() {
			unmask(payload, [4]byte{1, 2, 3, 4})
		}
	})
}

// BenchmarkCopy is what to compare BenchmarkUnmask with.
func BenchmarkCopy(b *testing.B) {
	eachSize(b, func(b *testing.B, payload []byte) {
		to := make([]byte, len(payload))
		for b.Loop() {
			copy(to, payload)
		}
	})
}

func eachSize(b *testing.B, f func(*testing.B, []byte)) {
	for _, size := range []int{125, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			payload := make([]byte, size)
			for i := range payload {
				payload[i] = 'a' + byte(i%26)
			}
			f(b, payload)
		})
	}
}

// masked returns a text frame as a browser sends it.
func masked(payload []byte) []byte {
	key := []byte{1, 2, 3, 4}
	frame := []byte{0x81, 0x80 | byte(len(payload))}
	switch n := len(payload); {
	case n > 0xFFFF:
		frame = binary.BigEndian.AppendUint64([]byte{0x81, 0x80 | 127}, uint64(n))
	case n > 125:
		frame = binary.BigEndian.AppendUint16([]byte{0x81, 0x80 | 126}, uint16(n))
	}
	frame = append(frame, key...)
	for i, b := range payload {
		frame = append(frame, b^key[i%4])
	}
	return frame
}

// endless is a connection on which the same bytes come again and again.
type endless struct {
	nowhere
	data []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.data[e.at:])
	e.at = (e.at + n) % len(e.data)
	return n, nil
}
