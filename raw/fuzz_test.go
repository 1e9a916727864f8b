package main

import (
	"bufio"
	"bytes"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
	"unicode/utf8"

	"websocket-workshop/steps/tools/frames"
)

// seeds are the rows of the conformance tables that are not too long to be varied.
func seeds(f *testing.F) {
	for _, table := range [][]row{framing, endings, maskRows(), codeRows(), utf8Rows()} {
		for _, r := range table {
			if len(r.sent) <= 200 {
				f.Add(bytes.TrimSuffix(r.sent, hangUp))
			}
		}
	}
	for _, r := range chatRows {
		if len(r.sent) <= 5000 {
			f.Add(bytes.TrimSuffix(r.sent, hangUp))
		}
	}
}

// nowhere is a connection's TCP end: it takes what is written, and has no time limits.
type nowhere struct{ net.Conn }

func (nowhere) Write(b []byte) (int, error)      { return len(b), nil }
func (nowhere) SetReadDeadline(time.Time) error  { return nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }
func (nowhere) Close() error                     { return nil }

// FuzzReadFrame reads a frame from any bytes. What parses must be what was sent, and what
// does not must be refused without a byte of the payload being stored.
func FuzzReadFrame(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, sent []byte) {
		r := bytes.NewReader(sent)
		h, err := readHeader(r)
		if err != nil {
			if why, ok := err.(closeError); ok && why.Code != 1002 {
				t.Errorf("refused with %v", err)
			}
			return
		}
		head := sent[:len(sent)-r.Len()]
		first := h.op
		if h.fin {
			first |= finBit
		}
		if again := announced(first, h.length, h.key); !bytes.Equal(again, head) {
			t.Errorf("read the header % x, which would be % x", head, again)
		}
		if h.length > math.MaxInt32 {
			return // no limit of a connection is as high
		}

		// The payload, through a connection that has just the room for it, or just not.
		defer func(limit int) { maxMessage = limit }(maxMessage)
		for _, limit := range []int{int(h.length), int(h.length) - 1} {
			if h.length > 1<<20 && limit == int(h.length) || limit < 0 {
				continue // it would be stored, and not come
			}
			c := &conn{nc: nowhere{}, br: bufio.NewReader(bytes.NewReader(sent))}
			maxMessage = limit
			var before uint64
			if h.length > 1<<20 {
				before = allocated()
			}
			m, err := c.read()
			if h.length > 1<<20 && allocated()-before > 1<<20 {
				t.Errorf("a length of %d, over the limit of %d, made it allocate more than 1 MiB", h.length, limit)
			}
			if err != nil || h.op == opContinuation || h.op >= opClose || !h.fin {
				if limit < int(h.length) && h.op < opClose && h.op != opContinuation && err != (closeError{1009, "the message is too long"}) {
					t.Errorf("%d bytes over a limit of %d: %v", h.length, limit, err)
				}
				continue
			}
			want := bytes.Clone(sent[len(head):][:h.length])
			for i := range want {
				want[i] ^= h.key[i%4]
			}
			if !bytes.Equal(m.data, want) || m.op != h.op {
				t.Errorf("read %d % x, want %d % x", m.op, m.data, h.op, want)
			}
			if m.op == opText && !utf8.Valid(m.data) {
				t.Errorf("read a text that is not UTF-8: %q", m.data)
			}
			if got, err := frames.Read(bytes.NewReader(encode(m.op, m.data))); err != nil || got.ServerFault() != nil ||
				!bytes.Equal(got.Payload, want) || got.Opcode != m.op || !got.Fin {
				t.Errorf("wrote % x as %v, %v", want, got, err)
			}
		}
	})
}

// allocated is how many bytes have been allocated so far, those freed since included.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// FuzzConn sends any bytes behind a good handshake, and then hangs up. What comes back
// must be well-formed frames, of which none stands behind a close frame. The connection must
// end, and with it what it held: each visit is waited for.
func FuzzConn(f *testing.F) {
	seeds(f)
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := accept(w, r); err == nil {
			go func() { c.end(echo(c)); done <- struct{}{} }()
		}
	}))
	f.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	connections := 0
	f.Fuzz(func(t *testing.T, sent []byte) {
		before := runtime.NumGoroutine()
		dialer := net.Dialer{Timeout: patience}
		if connections++; runtime.GOOS == "linux" { // or the ports of one address would soon all be in TIME-WAIT
			dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+connections%250))}
		}
		nc, err := dialer.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(patience))
		p := &peer{Client: &frames.Client{TCP: nc.(*net.TCPConn), In: bufio.NewReader(nc)}}
		go func() {
			p.TCP.Write(append([]byte(request(addr)), sent...))
			p.TCP.CloseWrite()
		}()
		if res, err := http.ReadResponse(p.In, nil); err != nil || res.StatusCode != 101 {
			t.Fatalf("handshake: %v, %v", res, err)
		}
		var last frames.Frame
		for {
			next, err := p.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("the server's frames: %v", err)
			}
			if last.Opcode == frames.Close {
				t.Fatalf("%v came behind %v", next, last)
			}
			if last = next; last.Opcode == frames.Close && len(last.Payload) > 2 && !utf8.Valid(last.Payload[2:]) {
				t.Fatalf("a reason that is not UTF-8: %v", last)
			}
			if last.Opcode == frames.Text && !utf8.Valid(last.Payload) {
				t.Fatalf("a text that is not UTF-8: %v", last)
			}
		}
		select {
		case <-done:
		case <-time.After(closeTime): // it has nothing to wait for: the client has hung up
			t.Fatal("the connection did not end")
		}
		for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 {
			if time.Sleep(wait); wait > time.Second {
				t.Fatalf("%d goroutines, before the connection %d", runtime.NumGoroutine(), before)
			}
		}
	})
}
