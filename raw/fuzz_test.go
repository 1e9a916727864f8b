package main

import (
	"bufio"
	"bytes"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
	"unicode/utf8"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// seeds returns the cases that are short enough to be mutated.
func seeds(f *testing.F) {
	for _, c := range rules.Cases() {
		var sent []byte
		for _, frame := range c.Send {
			sent = append(sent, frame.Bytes()...)
		}
		if len(sent) > 0 && len(sent) <= 5000 {
			f.Add(sent)
		}
	}
}

// FuzzReadFrame reads a frame from arbitrary bytes. A frame that can be read must be the one that was sent;
// anything else must be refused before a byte of the payload is stored.
func FuzzReadFrame(f *testing.F) {
	seeds(f)
	visits.Wait() // nothing else reads the limit any more: see readLimited
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
		same := wstest.Frame{Fin: h.fin, Opcode: h.op, Masked: true, Key: h.key, Length: h.length}
		if again := same.Bytes(); !bytes.Equal(again, head) {
			t.Errorf("read the header % x, which should be % x", head, again)
		}
		if h.op == opContinuation || h.op >= opClose ||
			h.length > math.MaxInt32 { // higher than the limit of any connection
			return
		}
		if h.length > 0 {
			before := allocated()
			if _, err := readLimited(sent, h.length-1); err != (closeError{1009,
				"the message is too long"}) {
				t.Errorf("%d bytes over a limit of one less: %v", h.length, err)
			}
			if allocated()-before > 1<<20 {
				t.Errorf("for a length of %d, over the limit, it allocates more than 1 MiB", h.length)
			}
		}
		if h.fin && h.length <= uint64(r.Len()) {
			want := bytes.Clone(sent[len(head):][:h.length])
			wstest.Mask(want, h.key)
			m, err := readLimited(sent, h.length)
			sameMessage(t, m, err, h.op, want)
		}
	})
}

// readLimited reads a message from a connection with this limit.
func readLimited(sent []byte, limit uint64) (message, error) {
	defer func(limit int) { maxMessage = limit }(maxMessage)
	maxMessage = int(limit)
	return (&conn{nc: &wstest.Endless{}, br: bufio.NewReader(bytes.NewReader(sent))}).read()
}

// sameMessage fails unless the message that was read, and the frame written from it, are the same as what
// was sent.
func sameMessage(t *testing.T, m message, err error, op byte, want []byte) {
	if op == opText && !utf8.Valid(want) {
		if err != (closeError{1007, "the text is not UTF-8"}) {
			t.Errorf("a text that is not UTF-8: %v", err)
		}
		return
	}
	if err != nil || m.op != op || !bytes.Equal(m.data, want) {
		t.Errorf("read %d % x, %v, want %d % x", m.op, m.data, err, op, want)
	}
	if got, err := wstest.Read(bytes.NewReader(encode(op, want))); err != nil || got.ServerFault() != nil ||
		!bytes.Equal(got.Payload, want) || got.Opcode != op || !got.Fin {
		t.Errorf("wrote % x as %v, %v", want, got, err)
	}
}

// allocated returns how many bytes have been allocated so far, including those freed since.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// dialFrom connects from the nth loopback address of this machine, if the system has more than one: the
// ports of a single address would soon all be in TIME-WAIT.
func dialFrom(t *testing.T, n int, addr string) *wstest.Client {
	dialer := net.Dialer{Timeout: patience}
	if runtime.GOOS == "linux" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+n%250))}
	}
	nc, err := dialer.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return wstest.NewClient(nc.(*net.TCPConn), patience)
}

// FuzzConn sends arbitrary bytes after a valid handshake, and then hangs up. Only well-formed frames may
// come back, none of them after a close frame. The connection must end and release whatever it held.
func FuzzConn(f *testing.F) {
	seeds(f)
	server := httptest.NewServer(serveEcho)
	f.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	connections := 0
	f.Fuzz(func(t *testing.T, sent []byte) {
		before := runtime.NumGoroutine()
		connections++
		c := dialFrom(t, connections, addr)
		go func() {
			c.Write(append([]byte(wstest.Handshake(addr).String()), sent...))
			c.TCP.CloseWrite()
		}()
		if a, err := c.Answer(); err != nil || a.Status != http.StatusSwitchingProtocols {
			t.Fatalf("handshake: %v, %v", a, err)
		}
		var last wstest.Frame
		for {
			next, err := c.NextValid()
			if err == wstest.ErrHungUp {
				break
			}
			if err != nil || last.Opcode == wstest.Close {
				t.Fatalf("after %v, %v came, and %v", last, next, err)
			}
			last = next
			if last.Opcode == wstest.Text && !utf8.Valid(last.Payload) || last.Opcode == wstest.Close &&
				!utf8.Valid(last.Payload[min(2, len(last.Payload)):]) {
				t.Fatalf("not UTF-8: %v", last)
			}
		}
		// The client has hung up: there is nothing to wait for.
		for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 {
			if time.Sleep(wait); wait > time.Second {
				t.Fatalf("%d goroutines, but %d before the connection", runtime.NumGoroutine(), before)
			}
		}
	})
}
