// Package client checks a WebSocket client against RFC 6455. It is a strict server for the client to talk
// to. The comment of command check explains how a client is run, and what it must do.
package client

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// A Row is something that a client must do. The server reads the request and answers it, reads the message
// unless the answer is unusual, and then takes its turns.
type Row struct {
	Name string // what the client does, as a full statement
	Hint string // for the most frequent mistake

	size   int            // bytes of the message that the client must send; 0 for a few
	status string         // of an answer that the client must refuse; none: there is no answer
	early  []wstest.Frame // in one piece with the answer, before the greeting
	turns  []turn
}

// A turn is what the server sends, and what must come back: a frame in the words of Frame.String, or the
// beginning of them, or one of the constants below.
type turn struct {
	send []wstest.Frame
	want string
}

// Rows lists what a client must do, in the order in which it is written.
var Rows = []Row{
	{Name: "the opening handshake asks for a WebSocket",
		Hint: "compare it with the browser's, in lesson 2", status: "404 Not Found"},
	{Name: "each handshake has a new key",
		Hint: "make it with crypto/rand", status: "404 Not Found"},
	{Name: "no frame is sent before the server has agreed",
		Hint: "read the whole answer first", status: none},
	{Name: "an answer with a wrong accept value is refused",
		Hint: "compute it from your key, as the server does", status: switching, turns: []turn{{want: exit1}}},
	{Name: "an answer other than 101 is refused",
		Hint: "check the status, too", status: "200 OK", turns: []turn{{want: exit1}}},
	{Name: "the message is one text message, masked",
		Hint: "opcode 1, the mask bit, and JSON as the page sends it"},
	{Name: "it says goodbye with 1000 once its text comes back",
		Hint: "look for the text in each message", turns: []turn{echo(0), goodbye}},
	{Name: newKeys,
		Hint: "make it where you write the frame, with crypto/rand", turns: []turn{echo(0), goodbye}},
	{Name: "a message of 126 bytes and more is sent",
		Hint: "126: the length is in the next two bytes", size: 126},
	{Name: "a message of 65,536 bytes and more is sent",
		Hint: "127: the length is in the next eight bytes", size: 1 << 16},
	{Name: "a message of 126 bytes and more is read",
		Hint: "126: the length is in the next two bytes", turns: []turn{echo(126), goodbye}},
	{Name: "a message of 65,536 bytes and more is read",
		Hint: "127: the length is in the next eight bytes", turns: []turn{echo(1 << 16), goodbye}},
	{Name: "a frame that comes byte by byte is read",
		Hint: "io.ReadFull waits until all bytes are there", turns: []turn{byteByByte(echo(200)), goodbye}},
	{Name: "a ping is answered by a pong with its payload",
		Hint:  "send the payload back, with opcode 10",
		turns: []turn{ping("are you there?"), ping(strings.Repeat("x", 125)), ping(""), echo(0), goodbye}},
	{Name: "a ping that comes with the answer is answered",
		Hint:  "continue with the bufio.Reader that read the answer",
		early: ping("early").send, turns: []turn{{want: ping("early").want}, echo(0), goodbye}},
	{Name: "a message in fragments is put together",
		Hint: "keep the payloads until FIN; a ping may come in between",
		turns: []turn{
			{send: inParts(`{"msg":[{"user":"ann","text":"he`)}, ping("between"),
			{send: inParts("", "l", "", `lo","time":2}]}`)[1:], want: "close 1000"}, goodbye,
		}},
	{Name: "it waits for the server's close frame",
		Hint:  "after your close frame, read until the server's comes",
		turns: []turn{echo(0), {want: none}, {send: ping("late").send}, {send: echo(0).send}, goodbye}},
	{Name: "the server's close frame is answered",
		Hint:  "send its payload back in a close frame, and exit",
		turns: []turn{{send: closing(1001), want: "close 1001"}, {want: exit}}},
	{Name: "a masked frame from the server is refused",
		Hint:  "end the connection if the mask bit is set",
		turns: []turn{{[]wstest.Frame{wstest.Masked(wstest.Text, echo(0).send[0].Payload)}, exit1}}},
}

const switching = "101 Switching Protocols"

// What must come instead of a frame, and the row in which no key may be an old one.
const (
	none    = "nothing" // for a moment
	exit    = "the client exits"
	exit0   = "the client exits with status 0"
	exit1   = "the client exits with a status other than 0, and sends no message"
	newKeys = "each frame has a new masking key"
)

// goodbye answers the client's close frame.
var goodbye = turn{send: closing(1000), want: exit0}

func closing(code int) []wstest.Frame {
	return []wstest.Frame{whole(wstest.Close, string(wstest.ClosePayload(code, "")))}
}

func ping(payload string) turn {
	return turn{[]wstest.Frame{whole(wstest.Ping, payload)}, "pong " + wstest.Short([]byte(payload))}
}

// echo sends a history with the client's text in it, of size bytes if that isn't 0.
func echo(size int) turn {
	const before = `{"msg":[{"user":"ann","text":"hello","time":2},{"user":"bob","text":"`
	const after = `","time":1}]}`
	history := before + strings.Repeat("x", max(0, size-len(before)-len(after))) + after
	return turn{[]wstest.Frame{whole(wstest.Text, history)}, "close 1000"}
}

// byteByByte sends the bytes of a turn's frame one by one.
func byteByByte(t turn) turn {
	for frame := t.send[0].Bytes(); len(frame) > 0; frame = frame[1:] {
		t.send = append(t.send, wstest.Frame{Raw: frame[:1]})
	}
	t.send = t.send[1:]
	return t
}

// inParts returns fragments of a text message; the last one is final, unless it is the first.
func inParts(parts ...string) (frames []wstest.Frame) {
	for i, p := range parts {
		opcode := map[bool]byte{true: wstest.Text, false: wstest.Continuation}[i == 0]
		frames = append(frames, wstest.Frame{Fin: i > 0 && i == len(parts)-1, Opcode: opcode, Payload: []byte(p)})
	}
	return frames
}

func whole(opcode byte, payload string) wstest.Frame {
	return wstest.Frame{Fin: true, Opcode: opcode, Payload: []byte(payload)}
}

// A visit is one run of the client, as the server sees it: its end of the connection.
type visit struct {
	*wstest.Client
	row     Row
	check   *Check
	program *process.Program
	addr    string        // of the server, as passed to the client
	text    string        // that the client must send
	ahead   *wstest.Frame // a pong that came before the message

	protocol string // the field for the answer, if the client offers the subprotocol json
}

// run checks everything that must come.
func (v *visit) run() {
	key := v.request()
	switch v.row.status {
	case "":
		greeting := whole(wstest.Text, `{"msg":[{"user":"bob","text":"Welcome!","time":1}]}`)
		v.answer(switching, wstest.Accept(key), append(v.row.early, greeting)...)
		v.message()
	case switching:
		v.answer(switching, wstest.Accept(wstest.SampleKey))
	case none:
		v.expect(none)
	default:
		v.answer(v.row.status, wstest.Accept(key))
	}
	for _, t := range v.row.turns {
		for _, f := range t.send {
			v.Send(f)
			time.Sleep(100 * time.Microsecond) // so that they arrive one by one
		}
		v.expect(t.want)
	}
}

// fail ends the row. What came is in the record; missing names what did not come.
func (v *visit) fail(expected, missing string) {
	came := strings.TrimSpace(strings.Join(v.Came, "\n") + "\n" + missing)
	panic(&probe.Failure{Sent: strings.Join(v.Sent, "\n"), Expected: expected, Came: came})
}

// ending describes what came instead of bytes.
func ending(err error) string {
	unusual := map[string]string{"waits": "nothing more", "resets": "the client reset the connection"}
	return cmp.Or(unusual[wstest.Ending(err)], "the client hung up")
}

// request reads the opening handshake (section 4.1), and returns the key.
func (v *visit) request() string {
	var head, line string
	var err error
	for err == nil && !strings.HasSuffix(head, "\r\n\r\n") {
		line, err = v.In.ReadString('\n')
		head += line
	}
	v.Came = append(v.Came, strings.TrimSpace(head))
	if err != nil {
		v.fail("an HTTP request, and an empty line at its end", ending(err))
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		v.fail("an HTTP request", err.Error())
	}
	key := r.Header.Get("Sec-WebSocket-Key")
	random, _ := base64.StdEncoding.DecodeString(key)
	for _, field := range []struct {
		want  string
		right bool
	}{
		{"GET, with HTTP/1.1", r.Method == http.MethodGet && r.Proto == "HTTP/1.1"},
		{"Host: " + v.addr, r.Host == v.addr},
		{"Upgrade: websocket", strings.EqualFold(r.Header.Get("Upgrade"), "websocket")},
		{"Connection: Upgrade", strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade")},
		{"Sec-WebSocket-Version: 13", r.Header.Get("Sec-WebSocket-Version") == "13"},
		{"Sec-WebSocket-Key: 16 bytes in base64", len(random) == 16},
		{"a Sec-WebSocket-Key that was never used before", !v.check.used[key]},
	} {
		if !field.right {
			v.fail(field.want, "")
		}
	}
	if r.Header.Get("Sec-WebSocket-Protocol") == rules.Subprotocol {
		v.protocol = "Sec-WebSocket-Protocol: " + rules.Subprotocol + "\r\n"
	}
	v.check.used[key] = true
	return key
}

// answer answers the request, with frames in the same piece.
func (v *visit) answer(status, accept string, frames ...wstest.Frame) {
	head := fmt.Sprintf("HTTP/1.1 %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n%s\r\n", status, accept, v.protocol)
	v.Sent = append(v.Sent, strings.TrimSpace(head))
	b := []byte(head)
	for _, f := range frames {
		b = append(b, f.Bytes()...)
		v.Sent = append(v.Sent, "and at once: "+f.Describe())
	}
	v.Write(b)
}

// message reads the client's message.
func (v *visit) message() {
	want := `a text message: {"user":"ann","text":"` + wstest.Quote([]byte(v.text)) + `"}`
	var message []byte
	for opcode, fin := byte(wstest.Text), false; !fin; opcode = wstest.Continuation {
		f := v.next(want)
		if v.row.early != nil && f.Opcode == wstest.Pong {
			v.ahead, f = &f, v.next(want)
		}
		if fin = f.Fin; f.Opcode != opcode {
			v.fail(want, "")
		}
		message = append(message, f.Payload...)
	}
	var post struct{ User, Text string }
	if json.Unmarshal(message, &post) != nil || post.User != "ann" || post.Text != v.text {
		v.fail(want, "")
	}
	v.check.around = len(message) - len(v.text)
}

// next reads a frame, and checks what must be right in every frame (section 5).
func (v *visit) next(expected string) wstest.Frame {
	f, err := v.Next()
	if err != nil {
		v.Came = v.Came[:max(0, len(v.Came)-1)] // where it is called a server
		v.fail(expected, ending(err))
	}
	key := string(f.Key[:])
	switch {
	case !f.Masked:
		v.fail("every frame from a client is masked (5.1)", "")
	case v.row.Name == newKeys && v.check.used[key]:
		v.fail("a masking key that was never used before (5.3)", "")
	case f.RSV != 0 || wstest.Names[f.Opcode] == "" || f.Form > wstest.ShortestForm(f.Length):
		v.fail("no reserved bit, a known opcode, and the length in its shortest form (5.2)", "")
	}
	v.check.used[key] = true
	return f
}

// expect looks at what comes in a turn.
func (v *visit) expect(want string) {
	switch want {
	case "":
	case none:
		v.TCP.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if _, err := v.In.Peek(1); err == nil {
			v.next(want)
			v.fail(want, "")
		} else if wstest.Ending(err) != "waits" {
			v.fail(want, ending(err))
		}
	case exit, exit0, exit1:
		v.expectExit(want)
	default:
		f := v.ahead
		if v.ahead = nil; f == nil {
			next := v.next("this frame: " + want)
			f = &next
		}
		if !strings.HasPrefix(f.String(), want) {
			v.fail("this frame: "+want, "")
		}
	}
}

// expectExit ends the connection, and checks how the client exits.
func (v *visit) expectExit(want string) {
	v.TCP.CloseWrite()
	f, err := v.Next()
	for ; err == nil; f, err = v.Next() { // a late pong is fine, and so is a close frame with the reason
		if f.Opcode != wstest.Pong && (want != exit1 || f.Opcode != wstest.Close || f.Code() == 1000) {
			v.fail(want, "")
		}
	}
	if !v.program.AwaitExit(v.Patience) {
		v.fail(want, "it keeps running")
	}
	state := v.program.Cmd.ProcessState
	if want == exit0 && !state.Success() || want == exit1 && state.Success() {
		v.fail(want, "it exits: "+state.String())
	}
}

// A Check is a built client, and what its runs so far have shown.
type Check struct {
	binary   string
	patience time.Duration   // for each frame
	used     map[string]bool // keys so far, of handshakes and of masks
	around   int             // bytes in the client's messages around the text
}

// NewCheck returns a check of a program. Patience limits the wait for each thing that must come.
func NewCheck(binary string, patience time.Duration) *Check {
	return &Check{binary: binary, patience: patience, used: map[string]bool{}}
}

// Try runs the client once, and returns nil if it does what the row says. The client ends with ctx.
func (c *Check) Try(ctx context.Context, row Row) (f *probe.Failure) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return &probe.Failure{Expected: "the check can listen", Came: err.Error()}
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	text := strings.Repeat("hello ", row.size/6+1)[:max(len("hello"), row.size-c.around)]
	v := &visit{row: row, check: c, addr: "localhost:" + port, text: text}
	cmd := exec.Command(c.binary, v.addr, "ann", v.text)
	process.OwnGroup(cmd)
	if v.program, err = process.Start(cmd); err != nil {
		return &probe.Failure{Expected: "the client runs", Came: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, 4*c.patience)
	defer cancel()
	defer context.AfterFunc(ctx, func() { v.program.Kill(); l.Close() })()
	defer func() {
		if end := recover(); end != nil {
			f = end.(*probe.Failure)
		}
		v.program.Kill()
		<-v.program.Done
		if f != nil {
			f.Cause = cmp.Or(f.Cause, row.Hint)
			f.Lines, _ = v.program.Output.Since(0)
		}
	}()
	go func() { // a client that has exited will not connect
		<-v.program.Done
		l.(*net.TCPListener).SetDeadline(time.Now().Add(100 * time.Millisecond))
	}()
	nc, err := l.Accept()
	if err != nil {
		return &probe.Failure{Expected: "the client connects to " + v.addr, Came: "no connection",
			Cause: "the address is the first argument: os.Args[1]"}
	}
	defer nc.Close()
	v.Client = wstest.NewClient(nc.(*net.TCPConn), c.patience)
	v.run()
	return nil
}
