package wstest

import (
	"net"
	"time"
)

// Endless is a connection for benchmarks, which delivers the same bytes again and again. It accepts
// whatever is written, and has no time limits.
type Endless struct {
	net.Conn        // nil
	Data     []byte // one frame, or several
	at       int
}

func (e *Endless) Read(p []byte) (int, error) {
	n := copy(p, e.Data[e.at:])
	e.at = (e.at + n) % len(e.Data)
	return n, nil
}

func (e *Endless) Write(p []byte) (int, error)      { return len(p), nil }
func (e *Endless) Close() error                     { return nil }
func (e *Endless) SetDeadline(time.Time) error      { return nil }
func (e *Endless) SetReadDeadline(time.Time) error  { return nil }
func (e *Endless) SetWriteDeadline(time.Time) error { return nil }
