package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// TestGoodbye interrupts the server: every member gets a goodbye, whatever it is doing (7.1.2, 7.4.1). The
// server waits for those that do not answer, but not for long. (start checks that it exits with status 0.)
func TestGoodbye(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot interrupt one process")
	}
	s := start(t, self(t), "chat")
	var members []*wstest.Client
	for _, sent := range []string{"", "\x81\x85\x37\xfa",
		"\x01\x82\x37\xfa\x21\x3d{}"} { // half a frame, half a message
		c := join(t, s.addr)
		io.WriteString(c, sent)
		members = append(members, c)
	}
	began := time.Now()
	s.Interrupt()
	for i, c := range members {
		if came := rest(c); came != `close 1001 "the server stops", hangs up` {
			t.Errorf("member %d got %s", i, came)
		}
	}
	if s.AwaitExit(patience); time.Since(began) > rules.StopTime+patience/3 {
		t.Errorf("it took %v to exit", time.Since(began))
	}
}

// TestJoinWhileClosing has many clients connect at the moment the server is interrupted. Each is let in and
// gets a goodbye, or is refused, or cannot connect: none is let in without a goodbye.
func TestJoinWhileClosing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot interrupt one process")
	}
	for name, binary := range map[string]string{"raw": self(t), "library": libraryBinary(t)} {
		for round := range 8 {
			t.Run(fmt.Sprint(name, ", round ", round), func(t *testing.T) {
				t.Parallel()
				joinWhileClosing(t, start(t, binary, "chat"))
			})
		}
	}
}

// TestClosed: once the room closes, the answer to a handshake is 503, and comes at once. A member is counted
// until the server has nothing more to do for it.
func TestClosed(t *testing.T) {
	server, client := net.Pipe()
	client.SetDeadline(time.Now().Add(2 * patience))
	member := &conn{nc: server, br: bufio.NewReader(server)}
	room.join(member) // no other test joins this process's own room
	go visit(member)
	var all sync.WaitGroup
	all.Go(room.close)
	defer func() { client.Close(); all.Wait(); room.closed = false }()
	for op := byte(wstest.Text); op != wstest.Close; { // the goodbye comes once the room is closed
		f, err := wstest.Read(client)
		if err != nil {
			t.Fatal(err)
		}
		op = f.Opcode
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Upgrade", "websocket")
	w, answered := httptest.NewRecorder(), make(chan bool)
	go func() { upgrade(w, r); close(answered) }()
	select {
	case <-answered:
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("answered %d: %s", w.Code, w.Body)
		}
	case <-time.After(patience):
		t.Error("the answer waits for the member")
	}
	client.Write(closing(1001, "").Bytes())
	client.Write([]byte("more")) // end has begun to drop it
	room.mu.Lock()
	defer room.mu.Unlock()
	if len(room.members) != 1 {
		t.Error("the server does not wait until the member has hung up")
	}
}

func joinWhileClosing(t *testing.T, s *served) {
	clients := make([]*wstest.Client, 60)
	for i := range clients {
		var err error
		if clients[i], err = wstest.Dial(s.addr, patience); err != nil {
			t.Fatal(err)
		}
		defer clients[i].Close()
	}
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() {
			io.WriteString(c, wstest.Handshake(s.addr).String())
			if i == 30 {
				s.Interrupt()
			}
			if a, err := c.Answer(); err != nil || a.Status != http.StatusSwitchingProtocols {
				return
			}
			if came, err := fromClose(c); came == nil {
				t.Errorf("let in, but no goodbye came: %v", err)
			}
		})
	}
	all.Wait()
}

// lives lists what a member can do when a ping arrives.
var lives = map[string]func(c *wstest.Client, ping wstest.Frame){
	"answers":   func(c *wstest.Client, f wstest.Frame) { c.Send(wstest.Masked(wstest.Pong, f.Payload)) },
	"talks":     func(c *wstest.Client, f wstest.Frame) { c.SendText(rules.PostBy("talks", 0)) },
	"is silent": func(*wstest.Client, wstest.Frame) {},
}

// TestHeartbeat: the server pings, keeps members that answer, and drops those that do not, without
// affecting others. For raw, any frame is a sign of life (5.5.2 asks for a pong).
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	for name, binary := range map[string]string{"raw": self(t), "library": libraryBinary(t)} {
		s := start(t, binary, "impatient chat")
		for who, answer := range lives {
			if name == "library" && who == "talks" {
				continue // its Ping waits for a pong
			}
			t.Run(name+", a member that "+who, func(t *testing.T) {
				t.Parallel()
				c := join(t, s.addr)
				pings := 0
				var f wstest.Frame
				var err error
				for ; err == nil && pings < 20; f, err = c.NextValid() {
					if f.Opcode == wstest.Ping {
						answer(c, f)
						pings++
					}
				}
				if stays := err == nil || err == wstest.ErrTimeout; stays == (who == "is silent") {
					t.Errorf("after %d pings: %v", pings, err)
				}
			})
		}
	}
}
