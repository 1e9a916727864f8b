package main

import (
	"bufio"
	"bytes"
	"fmt"
	"testing"

	"websocket-workshop/steps/tools/wstest"
)

// eachSize benchmarks f with a message of each size.
func eachSize(b *testing.B, f func(b *testing.B, payload []byte)) {
	for _, size := range []int{125, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			f(b, bytes.Repeat([]byte("a"), size))
		})
	}
}

// BenchmarkRead reads messages of one frame. library has a benchmark of the same name, so that benchstat
// can compare the two.
func BenchmarkRead(b *testing.B) {
	eachSize(b, func(b *testing.B, payload []byte) {
		wire := &wstest.Endless{Data: wstest.Masked(wstest.Text, payload).Bytes()}
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

// BenchmarkCopy is the baseline for BenchmarkUnmask.
func BenchmarkCopy(b *testing.B) {
	eachSize(b, func(b *testing.B, payload []byte) {
		to := make([]byte, len(payload))
		for b.Loop() {
			copy(to, payload)
		}
	})
}
