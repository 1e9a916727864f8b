package wstest

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// patience is for what happens soon, on slow machines too.
const patience = 30 * time.Second

// serve accepts one connection, reads the request, and leaves the rest to answer.
func serve(t testing.TB, answer func(nc *net.TCPConn, in io.Reader, r Request)) (addr string) {
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
		defer nc.Close()
		c := NewClient(nc.(*net.TCPConn), patience)
		r := Request{}
		for line, err := c.In.ReadString('\n'); err == nil && line != "\r\n"; line,
			err = c.In.ReadString('\n') {
			r = append(r, strings.TrimSpace(line))
		}
		answer(c.TCP, c.In, r)
	}()
	return listener.Addr().String()
}

// agree is the answer to a good handshake.
func agree(r Request) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + Accept(r.Get("Sec-WebSocket-Key")) + "\r\n\r\n"
}

// echoServer serves one connection: it sends every message back, and answers a close frame.
func echoServer(t testing.TB) (addr string) {
	return serve(t, func(nc *net.TCPConn, in io.Reader, r Request) {
		io.WriteString(nc, agree(r))
		for f, err := Read(in); err == nil; f, err = Read(in) {
			nc.Write(Frame{Fin: f.Fin, Opcode: f.Opcode, Payload: f.Payload}.Bytes())
			if f.Opcode == Close {
				return
			}
		}
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

// TestOpen: a client takes no answer but the right one (4.1).
func TestOpen(t *testing.T) {
	for name, change := range map[string]func(answer string) string{
		"": func(s string) string { return s },
		"upgrade": strings.NewReplacer("Upgrade: websocket", "upgrade: WebSocket",
			": Upgrade", ": keep-alive, upgrade").Replace,
		"status 400: no": func(string) string { return "HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno" },
		"status 0": func(s string) string {
			return strings.Replace(s, "HTTP/1.1",
				"HTTP/1.0", 1)
		},
		"Upgrade is \"\"": func(s string) string {
			return strings.Replace(s,
				"Upgrade: websocket\r\n", "", 1)
		},
		"Connection is \"close\"": func(s string) string {
			return strings.Replace(s, "Connection: Upgrade",
				"Connection: close", 1)
		},
		"Sec-WebSocket-Accept is": func(s string) string {
			return strings.Replace(s, "Accept: ",
				"Accept: x", 1)
		},
		"the extension \"zip\"": func(s string) string {
			return s[:len(s)-2] +
				"Sec-WebSocket-Extensions: zip\r\n\r\n"
		},
		"the subprotocol \"chat\"": func(s string) string {
			return s[:len(s)-2] +
				"Sec-WebSocket-Protocol: chat\r\n\r\n"
		},
		"in the middle":      func(s string) string { return s[:len(s)-3] },
		"the server hung up": func(string) string { return "" },
	} {
		addr := serve(t, func(nc *net.TCPConn, _ io.Reader,
			r Request) {
			io.WriteString(nc, change(agree(r)))
		})
		c, err := Open(addr, patience)
		good := name == "" || name == "upgrade"
		if good != (err == nil) || !good && !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
		if err == nil {
			c.Close()
		}
	}
}

// TestEndings: each way in which a connection can end has its error, and stands in the record.
func TestEndings(t *testing.T) {
	for _, end := range []struct {
		err    error
		word   string
		record string
		do     func(nc *net.TCPConn, in io.Reader)
	}{
		{ErrHungUp, "hangs up", "the server hung up", func(*net.TCPConn, io.Reader) {}},
		{ErrCutOff, ErrCutOff.Error(), "the server hung up in the middle",
			func(nc *net.TCPConn, _ io.Reader) { nc.Write(x("81 05 48 65")) }},
		{ErrReset, "resets", ErrReset.Error(), func(nc *net.TCPConn, _ io.Reader) { nc.SetLinger(0) }},
		{ErrTimeout, "waits", "nothing for 1ms", func(_ *net.TCPConn,
			in io.Reader) {
			io.Copy(io.Discard, in)
		}},
	} {
		done := make(chan bool)
		c, err := Open(serve(t, func(nc *net.TCPConn, in io.Reader, r Request) {
			io.WriteString(nc, agree(r))
			<-done
			end.do(nc, in)
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
		if err != end.err || Ending(err) != end.word {
			t.Errorf("came %v, %q; want %v, %q", err, Ending(err), end.err, end.word)
		}
		if got := c.Came[len(c.Came)-1]; got != end.record {
			t.Errorf("%v: the record is %q", end.err, got)
		}
	}
	c := &Client{}
	if c.ended(net.ErrClosed); len(c.Came) > 0 {
		t.Errorf("the client's own end is recorded: %q", c.Came)
	}
}

// TestRecord: what an attendee is shown of both directions.
func TestRecord(t *testing.T) {
	addr := serve(t, func(nc *net.TCPConn, in io.Reader, r Request) {
		io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\nDate: now\r\nContent-Length: 3\r\n\r\nno\n")
		nc.Write(x("81 05 48 65"))
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
		t.Errorf("21 bytes are shown as %s", got)
	}
}
