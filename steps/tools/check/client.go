package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// A clientRow is something that a client must do. The check is the server that it talks to.
type clientRow struct {
	name string
	hint string       // for the most frequent mistake
	size int          // bytes of the text that it has to send; 0 for a few
	do   func(*visit) // what the server does, and what must come
}

// clientRows are what a client must do, in the order in which one writes it (sections 4 to 7).
var clientRows = []clientRow{
	{"the opening handshake asks for a WebSocket", "compare your request with the browser's, in lesson 2", 0, func(v *visit) { v.open() }},
	{"no frame is sent before the server has agreed", "read the whole answer first", 0, waitsForAnswer},
	{"an answer with a wrong accept value is refused", "compute the value from your key, as lesson 2 does, and compare",
		0, refuses("101 Switching Protocols", wstest.Accept(wstest.SampleKey))},
	{"an answer without an accept value is refused", "a missing field is a wrong one", 0, refuses("101 Switching Protocols", "")},
	{"an answer other than 101 is refused", "look at the status first", 0, refuses("200 OK", "right")},
	{"the message is sent as one text message, masked", "opcode 1, and the JSON that the page sends", 0, func(v *visit) { v.begin() }},
	{"each frame has a new masking key", "make the key where you write the frame, with crypto/rand", 0, func(v *visit) {
		v.begin()
		for range 3 {
			v.ping("new key")
		}
	}},
	{"a message of 126 bytes and more is sent", "from 126 bytes on the length takes two more bytes", 200, func(v *visit) { v.begin() }},
	{"a message of 65,536 bytes and more is sent", "from 65,536 bytes on the length takes eight more bytes", 1 << 16, func(v *visit) { v.begin() }},
	{"it says goodbye with 1000 once its text has come back", "look for the text in each message that comes", 0, func(v *visit) {
		v.begin()
		v.post(v.history(0))
	}},
	{"a message of 126 bytes and more is read", "126 in the second byte: the length is in the next two", 0, sized(126)},
	{"a message of 65,536 bytes and more is read", "127 in the second byte: the length is in the next eight", 0, sized(1 << 16)},
	{"a frame that comes byte by byte is read", "io.ReadFull reads until all bytes are there", 0, func(v *visit) {
		v.begin()
		for _, b := range wstest.Unmasked(wstest.Text, v.history(0)).Bytes() {
			v.Write([]byte{b})
			time.Sleep(time.Millisecond)
		}
		v.bye(1000)
	}},
	{"a ping is answered by a pong with its payload", "send the payload back, masked, with opcode 10", 0, func(v *visit) {
		v.begin()
		v.ping("are you there?")
		v.ping("")
	}},
	{"a ping that comes with the answer is read", "go on with the bufio.Reader that read the answer", 0, func(v *visit) {
		v.open(wstest.Unmasked(wstest.Text, v.greeting()), wstest.Unmasked(wstest.Ping, []byte("early")))
		v.answers("early", true)
	}},
	{"a message in fragments is put together", "keep the payloads until FIN; control frames may come in between", 0, fragmented},
	{"it waits for the server's close frame", "after your own close frame, read on until the other comes", 0, waitsForClose},
	{"the server's close frame is answered", "send its payload back in a close frame of your own, and end", 0, func(v *visit) {
		v.begin()
		v.Send(wstest.Unmasked(wstest.Close, wstest.ClosePayload(1001, "bye")))
		v.bye(1001)
	}},
	{"a masked frame from the server is refused", "end the connection if the mask bit is set (5.1)", 0, refusesMask},
}

// A visit is one run of the client, as seen from the server: its end of the connection.
type visit struct {
	*wstest.Client
	check   *clientCheck
	program *process.Program
	text    string // that the client has to send
	key     string // of its handshake
}

// fail ends the row. What has come is in the record; what was missing is added to it.
func (v *visit) fail(expected, missing string) {
	came := strings.TrimSpace(strings.Join(v.Came, "\n") + "\n" + missing)
	panic(&rules.Failure{Sent: strings.Join(v.Sent, "\n"), Expected: expected, Came: came})
}

// open reads the request, looks at each of its fields, and agrees, with frames in the same piece.
func (v *visit) open(frames ...wstest.Frame) {
	v.request()
	v.agree("101 Switching Protocols", wstest.Accept(v.key), frames...)
}

// request reads the opening handshake (section 4.1).
func (v *visit) request() {
	var head string
	for !strings.HasSuffix(head, "\r\n\r\n") && len(head) < 1<<16 {
		line, err := v.In.ReadString('\n')
		if head += line; err != nil {
			v.fail("a request, and an empty line at its end", strings.TrimSpace(head+"\n"+ending(err)))
		}
	}
	v.Came = append(v.Came, strings.TrimSpace(head))
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		v.fail("an HTTP request", "("+err.Error()+")")
	}
	v.key = r.Header.Get("Sec-WebSocket-Key")
	random, _ := base64.StdEncoding.DecodeString(v.key)
	for _, want := range []struct {
		what string
		ok   bool
	}{
		{"GET, with HTTP/1.1", r.Method == http.MethodGet && r.Proto == "HTTP/1.1"},
		{"Host: " + v.check.addr, r.Host == v.check.addr},
		{"Upgrade: websocket", strings.EqualFold(r.Header.Get("Upgrade"), "websocket")},
		{"Connection: Upgrade", strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade")},
		{"Sec-WebSocket-Version: 13", r.Header.Get("Sec-WebSocket-Version") == "13"},
		{"Sec-WebSocket-Key: 16 random bytes, in base64", len(random) == 16},
		{"a new Sec-WebSocket-Key in each run", !v.check.seen[v.key]},
	} {
		if !want.ok {
			v.fail(want.what, "")
		}
	}
	v.check.seen[v.key] = true
}

// agree answers the request.
func (v *visit) agree(status, accept string, frames ...wstest.Frame) {
	answer := "HTTP/1.1 " + status + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	if accept != "" {
		answer += "Sec-WebSocket-Accept: " + accept + "\r\n"
	}
	v.Sent = append(v.Sent, strings.ReplaceAll(answer, "\r\n", "\n"))
	b := []byte(answer + "\r\n")
	for _, f := range frames {
		b = append(b, f.Bytes()...)
		v.Sent = append(v.Sent, "with it, a "+f.String())
	}
	v.Write(b)
}

// next reads a frame, and looks at what must be right in all of them (section 5).
func (v *visit) next(expected string) wstest.Frame {
	f, err := v.Next()
	if err != nil {
		v.Came = v.Came[:max(0, len(v.Came)-1)]
		v.fail(expected, ending(err))
	}
	switch key := string(f.Key[:]); {
	case !f.Masked:
		v.fail("each frame of a client is masked (5.1)", "")
	case v.check.seen[key]:
		v.fail("a masking key that has not been used before (5.3)", fmt.Sprintf("% x was", key))
	case f.RSV != 0, wstest.Names[f.Opcode] == "", f.Form > wstest.ShortestForm(f.Length):
		v.fail("no reserved bit, a known opcode, and the shortest form of the length (5.2)", "")
	default:
		v.check.seen[key] = true
	}
	return f
}

// ending says how the connection ended, or that nothing came.
func ending(err error) string {
	switch wstest.Ending(err) {
	case "hangs up":
		return "the client hung up"
	case "resets":
		return "the client reset the connection"
	case "waits":
		return "nothing more"
	}
	return err.Error()
}

// begin opens the WebSocket and reads the client's message.
func (v *visit) begin() {
	v.open(wstest.Unmasked(wstest.Text, v.greeting()))
	want := fmt.Sprintf(`a text message: {"user":"ann","text":%q}`, wstest.Quote([]byte(v.text)))
	var message []byte
	for opcode := byte(wstest.Text); ; opcode = wstest.Continuation {
		f := v.next(want)
		if f.Opcode != opcode {
			v.fail(want, "")
		}
		if message = append(message, f.Payload...); f.Fin {
			break
		}
	}
	var post struct{ User, Text string }
	if err := json.Unmarshal(message, &post); err != nil || post.User != "ann" || post.Text != v.text {
		v.fail(want, "")
	}
}

// greeting is the history before the client's message, and history that with it: as long as size, if
// it is not 0.
func (v *visit) greeting() []byte { return []byte(`{"msg":[{"user":"workshop","text":"Welcome!","time":1}]}`) }

func (v *visit) history(size int) []byte {
	const begin, end = `{"msg":[{"user":"ann","text":"`, `","time":2},{"user":"workshop","text":"`
	h := begin + v.text + end
	h += strings.Repeat("x", max(0, size-len(h)-len(`","time":1}]}`)))
	return []byte(h + `","time":1}]}`)
}

// post sends a text message that has the client's text in it: now it has to say goodbye.
func (v *visit) post(history []byte) {
	v.Send(wstest.Unmasked(wstest.Text, history))
	v.bye(1000)
}

// ping sends a ping, and expects the pong.
func (v *visit) ping(payload string) {
	v.Send(wstest.Unmasked(wstest.Ping, []byte(payload)))
	v.answers(payload, false)
}

// answers expects a pong with a payload: at once, or after the message.
func (v *visit) answers(payload string, orMessage bool) {
	expected := fmt.Sprintf("a pong with the payload %q (5.5.3)", payload)
	f := v.next(expected)
	if orMessage && f.Opcode == wstest.Text {
		f = v.next(expected)
	}
	if f.Opcode != wstest.Pong || string(f.Payload) != payload {
		v.fail(expected, "")
	}
}

// bye expects the client's close frame, answers it if it is the first, and expects the client to end.
func (v *visit) bye(code int) {
	expected := fmt.Sprintf("a close frame with status code %d (5.5.1)", code)
	if f := v.next(expected); f.Opcode != wstest.Close || f.Code() != code {
		v.fail(expected, "")
	}
	if code == 1000 {
		v.Send(wstest.Unmasked(wstest.Close, wstest.ClosePayload(code, "")))
	}
	v.TCP.CloseWrite()
	v.ends(code != 1000, "the client ends, with exit status 0")
}

// ends expects the end of the connection and of the client, with exit status 0, unless another is all right.
func (v *visit) ends(anyStatus bool, expected string) {
	if err := v.Drain(); errors.Is(err, wstest.ErrTimeout) || !v.program.AwaitExit(v.Patience) {
		v.fail(expected, "the client runs on")
	}
	if state := v.program.Cmd.ProcessState; !anyStatus && !state.Success() {
		v.fail(expected, state.String())
	}
}
