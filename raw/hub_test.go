package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// A gate is a TCP end that takes a write whenever somebody takes it out of frames.
type gate struct {
	nowhere
	frames chan []byte
}

func (g *gate) Write(b []byte) (int, error) {
	g.frames <- b
	return len(b), nil
}

// take takes a frame, and returns the number of the newest post in it.
func (g *gate) take(t *testing.T) (newest int) {
	t.Helper()
	select {
	case b := <-g.frames:
		f, err := wstest.Read(bytes.NewReader(b))
		if err == nil {
			_, err = fmt.Sscanf(users(f)[0], "newest %d", &newest)
		}
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("no frame comes, and not all posts have come")
	}
	return newest
}

// TestNewestLast: what the hub owes. A member gets histories in the order of the posts, and
// the newest as the last, however long it pauses. What waits is one frame, whatever is posted.
func TestNewestLast(t *testing.T) {
	t.Parallel()
	for _, posts := range []int{1, 2, historySize, historySize + 1, 20 * historySize} {
		g := &gate{frames: make(chan []byte)}
		c := &conn{nc: g}
		h := hub{members: map[*conn]*member{}}
		h.join(c)
		<-g.frames // the greeting
		newest := -1
		for _, end := range []int{posts, 2 * posts} {
			for i := newest + 1; i < end; i++ {
				h.post(post{User: fmt.Sprintf("newest %d", i)})
			}
			for came := 0; newest < end-1; came++ {
				i := g.take(t)
				if i <= newest || came == 2 { // one was being written, perhaps, and one waited
					t.Fatalf("behind a pause of %d posts came frame %d: a history that ends with post %d, behind one with %d", posts, came, i, newest)
				}
				newest = i
			}
		}
		h.leave(c)
		h.visits.Wait()
		if len(h.members) > 0 {
			t.Error("one who left is still a member")
		}
	}
}

// TestHistory: what is read is a history as it was at a moment, whoever adds to it meanwhile:
// all that each has said, without a gap, the newest first.
func TestHistory(t *testing.T) {
	t.Parallel()
	var h history
	var adding sync.WaitGroup
	stop := make(chan struct{})
	for _, user := range []string{"ann", "bob"} {
		adding.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					h.add(post{User: user, Time: int64(i)})
				}
			}
		})
	}
	for range 3000 {
		var read struct{ Msg []post }
		if err := json.Unmarshal(h.json(), &read); err != nil {
			t.Fatal(err)
		}
		before := map[string]int64{}
		for _, p := range read.Msg {
			if newer, ok := before[p.User]; ok && p.Time != newer-1 {
				t.Fatalf("%s's post %d stands behind number %d", p.User, p.Time, newer)
			}
			before[p.User] = p.Time
		}
	}
	close(stop)
	adding.Wait()
}

// TestGoodbye interrupts the server: every member is told, whatever it does (7.1.2, 7.4.1). Those
// that do not answer are waited for, and not long. (start sees that it ends with 0.)
func TestGoodbye(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot interrupt one process")
	}
	s := start(t, self(t), "chat")
	var members []*peer
	for _, sent := range [][]byte{nil, x("81 85 37 fa"), first(`{"user":`)} { // half a frame, half a message
		p := join(t, s)
		p.TCP.Write(sent)
		members = append(members, p)
	}
	began := time.Now()
	s.Interrupt()
	for i, p := range members {
		if came := p.rest(p.posts("", wstest.Frame{})); came != `close 1001 "the server stops"` {
			t.Errorf("member %d was told %s", i, came)
		}
	}
	if s.AwaitExit(patience); time.Since(began) > 5*time.Second {
		t.Errorf("it took %v to end", time.Since(began))
	}
}

// TestJoinWhileClosing lets many come at the moment in which the server is interrupted. Each
// is let in and told goodbye, or refused, or finds nobody: nobody is let in without a goodbye.
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

func joinWhileClosing(t *testing.T, s *served) {
	peers := make([]*peer, 60)
	for i := range peers {
		var err error
		if peers[i], err = dial(s.addr); err != nil {
			t.Fatal(err)
		}
		defer peers[i].TCP.Close()
	}
	var all sync.WaitGroup
	for i, p := range peers {
		all.Go(func() {
			io.WriteString(p.TCP, request(s.addr))
			if i == 30 {
				s.Interrupt()
			}
			if res, err := http.ReadResponse(p.In, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
				return
			}
			if came, err := p.fromClose(); came == nil {
				t.Errorf("let in, and no goodbye came: %v", err)
			}
		})
	}
	all.Wait()
}

// lives are what a member can answer a ping with.
var lives = map[string]func(ping wstest.Frame) []byte{
	"answers":   func(f wstest.Frame) []byte { return pong(string(f.Payload)) },
	"talks":     func(wstest.Frame) []byte { return text(said("talks", 0)) },
	"is silent": func(wstest.Frame) []byte { return nil },
}

// TestHeartbeat: the server pings, keeps who answers, and lets go who does not, while others
// go on. For raw any frame is a sign of life (5.5.2 asks for a pong, and it is the contract).
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	for name, binary := range map[string]string{"raw": self(t), "library": libraryBinary(t)} {
		s := start(t, binary, "impatient chat")
		for who, answer := range lives {
			if name == "library" && who == "talks" {
				continue // its Ping waits for the pong
			}
			t.Run(name+", one who "+who, func(t *testing.T) {
				t.Parallel()
				p := join(t, s)
				pings := 0
				var f wstest.Frame
				var err error
				for ; err == nil && pings < 20; f, err = p.next() {
					if f.Opcode == wstest.Ping {
						p.TCP.Write(answer(f))
						pings++
					}
				}
				if stays := err == nil || wstest.Ending(err) == "waits"; stays == (who == "is silent") {
					t.Errorf("behind %d pings: %v", pings, err)
				}
			})
		}
	}
}
