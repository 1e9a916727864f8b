package main

import (
	"bufio"
	"testing"

	"websocket-workshop/steps/tools/testserver"
)

// BenchmarkRead takes in messages of one frame. library has a benchmark of the same name,
// so that benchstat puts the two side by side.
func BenchmarkRead(b *testing.B) {
	testserver.EachSize(b, func(b *testing.B, payload []byte, wire *testserver.Endless) {
		c := &conn{nc: wire, br: bufio.NewReader(wire)}
		for b.Loop() {
			if m, err := c.read(); err != nil || len(m.data) != len(payload) {
				b.Fatalf("%d bytes and the error %v", len(m.data), err)
			}
		}
	})
}

func BenchmarkUnmask(b *testing.B) {
	testserver.EachSize(b, func(b *testing.B, payload []byte, _ *testserver.Endless) {
		for b.Loop() {
			unmask(payload, [4]byte{1, 2, 3, 4})
		}
	})
}

// BenchmarkCopy is what to compare BenchmarkUnmask with.
func BenchmarkCopy(b *testing.B) {
	testserver.EachSize(b, func(b *testing.B, payload []byte, _ *testserver.Endless) {
		to := make([]byte, len(payload))
		for b.Loop() {
			copy(to, payload)
		}
	})
}
