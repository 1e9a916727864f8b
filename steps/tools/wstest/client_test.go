package wstest

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// patience limits the wait for things that happen soon, even on slow machines.
const patience = 30 * time.Second

// serve accepts one connection, reads the request, and leaves the rest to the function answer.
func serve(t testing.TB, answer func(c *Client, r Request)) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		nc, err := listener.Accept()
		if err != nil {
			return
		}
		c := NewClient(nc.(*net.TCPConn), patience)
		defer c.Close()
		r := Request{}
		for line := ""; line != "\r\n" && err == nil; {
			line, err = c.In.ReadString('\n')
			r = append(r, strings.TrimSpace(line))
		}
		answer(c, r)
	}()
	return listener.Addr().String()
}

// agree returns the answer to a valid handshake.
func agree(r Request) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + Accept(r.Get("Sec-WebSocket-Key")) + "\r\n\r\n"
}

// echoServer serves one connection: it sends every message back, and answers a close frame.
func echoServer(t testing.TB) (addr string) {
	return serve(t, func(c *Client, r Request) {
		c.Write([]byte(agree(r)))
		for f, err := c.Next(); err == nil && f.Opcode != Close; f, err = c.Next() {
			c.Send(Frame{Fin: f.Fin, Opcode: f.Opcode, Payload: f.Payload})
		}
		c.Send(Frame{Fin: true, Opcode: Close, Payload: ClosePayload(1000, "")})
	})
}

func Example() {
	addr := echoServer(new(testing.T))
	c, err := Open(addr, 5*time.Second) // connects, asks for a WebSocket and checks the answer
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	c.SendText("Hello") // in one frame, masked with a random key
	f, err := c.Next()
	fmt.Println(f, err)
	c.Send(Masked(Close, ClosePayload(1000, "")))
	f, err = c.Next()
	fmt.Println(f, err)
	_, err = c.Next()
	fmt.Println(err)
	fmt.Println(strings.Join(c.Came[1:], "\n"))
	// Output:
	// text "Hello" <nil>
	// close 1000 "" <nil>
	// the server hung up
	// 81 05 48 65 6c 6c 6f
	// = text, FIN, not masked, length 5: Hello
	// 88 02 03 e8
	// = close, FIN, not masked, length 2: status code 1000
	// the server hung up
}

// TestOpen: a client accepts only the right answer (4.1).
func TestOpen(t *testing.T) {
	const upgrade, end = "Upgrade: websocket\r\nConnection: Upgrade", "\r\n\r\n"
	for _, c := range []struct{ old, fresh, fault string }{
		{"", "", ""},
		{upgrade, "upgrade: WebSocket\r\nConnection: keep-alive, upgrade", ""},
		{"101 Switching Protocols", "400 Bad\r\nContent-Length: 2\r\n\r\nno", "status 400: no"},
		{"HTTP/1.1", "HTTP/1.0", "status 0"},
		{"Upgrade: websocket\r\n", "", `Upgrade is ""`},
		{"Connection: Upgrade", "Connection: close", `Connection is "close"`},
		{"Accept: ", "Accept: x", "Sec-WebSocket-Accept is"},
		{end, "\r\nSec-WebSocket-Extensions: zip" + end, `the extension "zip"`},
		{end, "\r\nSec-WebSocket-Protocol: chat" + end, `the subprotocol "chat"`},
		{end, "\r\n", "in the middle"},
	} {
		addr := serve(t, func(s *Client, r Request) {
			s.Write([]byte(strings.Replace(agree(r), c.old, c.fresh, 1)))
		})
		client, err := Open(addr, patience)
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%q in place of %q: %v", c.fresh, c.old, err)
		}
		if err == nil {
			client.Close()
		}
	}
}

// TestEndings: each way in which a connection can end has its own error, and is in the record.
func TestEndings(t *testing.T) {
	for _, end := range []struct {
		err    error
		word   string
		record string
		do     func(c *Client)
	}{
		{ErrHungUp, "hangs up", "the server hung up", func(*Client) {}},
		{ErrCutOff, ErrCutOff.Error(), ErrCutOff.Error(), func(c *Client) { c.Write(x("81 05 48 65")) }},
		{ErrReset, "resets", ErrReset.Error(), func(c *Client) { c.Reset() }},
		{ErrTimeout, "waits", "nothing for 1ms", func(c *Client) { c.Next() }},
	} {
		done := make(chan bool)
		c, err := Open(serve(t, func(c *Client, r Request) {
			c.Write([]byte(agree(r)))
			<-done
			end.do(c)
		}), patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if c.Forget(); end.err == ErrTimeout {
			c.Patience = time.Millisecond
		}
		close(done)
		_, err = c.Next()
		if got := c.Came[len(c.Came)-1]; err != end.err || Ending(err) != end.word || got != end.record {
			t.Errorf("came %v, %q, and the record is %q; want %v, %q", err, Ending(err), got, end.err, end.word)
		}
	}
	c := &Client{}
	if c.ended(net.ErrClosed); len(c.Came) > 0 {
		t.Errorf("the client's own end is recorded: %q", c.Came)
	}
}

// TestRecord: the record shows both directions as an attendee reads them.
func TestRecord(t *testing.T) {
	addr := serve(t, func(c *Client, r Request) {
		c.Write([]byte("HTTP/1.1 400 Bad Request\r\nDate: now\r\nContent-Length: 3\r\n\r\nno\n\x81\x05\x48\x65"))
		c.Drain()
	})
	c, err := Dial(addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wrong := Whole(Text, []byte("Hello"), key)
	wrong.Form, wrong.RSV = 16, 2
	frames := []Frame{wrong, {Raw: wrong.Bytes()}, {Raw: x("81 85 37")},
		Whole(Close, ClosePayload(1002, "why"), key), wrong, wrong}
	c.Ask(Request{"GET / HTTP/1.1"}, frames...)
	c.TCP.CloseWrite()
	c.Next()
	words := "a1 fe 00 05 37 fa 21 3d 7f 9f 4d 51 58\n= text, FIN, reserved bits 010, " +
		"masked with 37 fa 21 3d, length 5, written in 16 bits: Hello"
	want := []string{"GET / HTTP/1.1\n(and in the same piece)", words, words, "81 85 37",
		"88 85 37 fa 21 3d 34 10 56 55 4e\n= close, FIN, masked with 37 fa 21 3d, length 5: status code 1002 why",
		"… and more frames"}
	if got := strings.Join(c.Sent, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("sent:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	want = []string{"HTTP/1.1 400 Bad Request\nContent-Length: 3\nno",
		"81 05 48 65\n(a frame of length 5, and only 2 bytes of it)", ErrCutOff.Error()}
	if got := strings.Join(c.Came, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("came:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// TestQuote: text is shown as text, anything else in hex, and neither fills the screen.
func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"hi\n🟢": "hi\n🟢", "\xff\x00": "ff 00", "a\x1b": "61 1b", "": "",
		strings.Repeat("é", 80):       strings.Repeat("é", 36) + "…",
		"a" + strings.Repeat("é", 80): "a" + strings.Repeat("é", 35) + "…",
		strings.Repeat("\xff", 80):    strings.TrimSpace(strings.Repeat("ff ", 16)) + "…",
	} {
		if got := Quote([]byte(in)); got != want {
			t.Errorf("%q is shown as %q", in, got)
		}
	}
	if got := Hex(make([]byte, 257)); got != strings.TrimSpace(strings.Repeat("00 ", 256))+" … (257 bytes)" {
		t.Errorf("257 bytes are shown as %s", got)
	}
}
