package bench

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"websocket-workshop/steps/tools/frames"
	"websocket-workshop/steps/tools/programs"
)

const patience = 20 * time.Second // for whatever a server has to do

// A server is a process, and the members that it has.
type server struct {
	*programs.Program
	name    string
	addr    string
	members []net.Conn

	missing atomic.Int64   // frames that are still to come
	last    chan time.Time // when the last of them came
	size    int            // of its text
	sent    atomic.Int64   // bytes of text that all members were sent

	bursting atomic.Bool // the only frames that are missing are those with lastText in front
	failed   chan error
}

// text is what members say, and historySize what everyone gets when it was said 50 times.
const text = `{"user": "ann", "text": "What a browser sends in a frame is masked."}`

const lastText = `{"user": "ann", "text": "The last of many."}`

const lastBegins = `{"msg":[{"user":"ann","text":"The last of many."`

var historySize = len(`{"msg":[]}`) - 1 + 50*len(`{"user":"ann","text":"What a browser sends in a frame is masked.","time":1700000000000},`)

// withServer starts a server, measures it and stops it, whatever happens.
func withServer(name string, members int, measure func(*server, int) (sample, error)) (sample, error) {
	addr := "127.0.0.1:" + programs.FreePort()
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, name), "-addr", addr)
	if name == "bare" {
		cmd.Args = append(cmd.Args, "-size", fmt.Sprint(historySize))
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	cmd.Stdout, cmd.Stderr = null, null // to take what is logged would cost, too
	s := &server{name: name, addr: addr, last: make(chan time.Time), failed: make(chan error, 1)}
	if s.Program, err = programs.Start(cmd); err != nil {
		return nil, err
	}
	defer func() {
		s.hangUp()
		s.Kill()
		<-s.Ended
	}()
	if err := s.awaitUp(); err != nil {
		return nil, err
	}
	return measure(s, members)
}

// awaitUp waits until the server listens.
func (s *server) awaitUp() error {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		nc, err := net.Dial("tcp", s.addr)
		if err == nil {
			return nc.Close()
		}
		select {
		case <-s.Ended:
			return fmt.Errorf("it ended: %v", s.Cmd.ProcessState)
		default:
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// open lets n members in, and waits until each has got its first frame.
func (s *server) open(n int) error {
	s.missing.Store(int64(n))
	conns := make([]net.Conn, n)
	var group sync.WaitGroup
	for worker := range 16 { // that many dial at a time
		group.Go(func() {
			for i := worker; i < n; i += 16 {
				nc, err := net.Dial("tcp", s.addr)
				if err != nil {
					s.fail(err)
					return
				}
				conns[i] = nc
				io.WriteString(nc, frames.Handshake(s.addr).String())
				go s.member(nc)
			}
		})
	}
	group.Wait()
	for _, nc := range conns {
		if nc != nil {
			s.members = append(s.members, nc)
		}
	}
	_, err := s.await()
	return err
}

// hangUp lets all members go, and gives the server the time to notice.
func (s *server) hangUp() {
	for _, nc := range s.members {
		nc.(*net.TCPConn).SetLinger(0) // with a reset: no port is kept waiting
		nc.Close()
	}
	s.members = nil
	time.Sleep(20 * time.Millisecond)
}

// post says something, and returns how long it took until every member had it.
func (s *server) post() (time.Duration, error) { return s.say(frame(text)) }

// frame returns a post as a browser sends it.
func frame(post string) []byte {
	return frames.Whole(frames.Text, []byte(post), [4]byte{1, 2, 3, 4}).Bytes()
}

// say sends frames, and returns how long it took until nothing was missing.
func (s *server) say(sent []byte) (time.Duration, error) {
	s.missing.Store(int64(len(s.members)))
	start := time.Now()
	if _, err := s.members[0].Write(sent); err != nil {
		return 0, err
	}
	end, err := s.await()
	return end.Sub(start), err
}

// await returns when nothing is missing any more.
func (s *server) await() (time.Time, error) {
	if s.missing.Load() == 0 && len(s.members) == 0 {
		return time.Now(), nil
	}
	select {
	case end := <-s.last:
		return end, nil
	case err := <-s.failed:
		return time.Time{}, err
	case <-time.After(patience):
		return time.Time{}, fmt.Errorf("after %v, %d members still wait for a frame", patience, s.missing.Load())
	}
}

// fail makes await return err.
func (s *server) fail(err error) {
	select {
	case s.failed <- err:
	default: // one is enough
	}
}

// member reads what one member is sent.
func (s *server) member(nc net.Conn) {
	br := bufio.NewReaderSize(nc, 8<<10)
	res, err := http.ReadResponse(br, nil)
	if err == nil && res.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("the handshake was answered with %s", res.Status)
	}
	if err != nil {
		s.fail(err)
		return
	}
	for {
		size, last, err := skipFrame(br)
		if errors.Is(err, net.ErrClosed) { // hangUp has closed it
			return
		}
		if err != nil {
			s.fail(cmp.Or(ctx.Err(), err))
			return
		}
		s.sent.Add(int64(size))
		if s.bursting.Load() && !last {
			continue
		}
		if s.missing.Add(-1) == 0 {
			s.size = size
			s.last <- time.Now()
		}
	}
}

// skipFrame reads on to the end of a text frame and returns the size of its text, and whether
// that begins with the last post of a burst.
func skipFrame(br *bufio.Reader) (size int, last bool, err error) {
	header, err := br.Peek(4) // a whole header, of the lengths that come here
	if err != nil {
		return 0, false, err
	}
	f, head := frames.ParseHeader(header)
	size = int(f.Length)
	if f.Opcode == frames.Ping { // 75 seconds before anyone is let go who does not answer
		br.Discard(head + size)
		return skipFrame(br)
	}
	if !f.Fin || f.Opcode != frames.Text {
		return 0, false, fmt.Errorf("no text came, but a frame that begins with %x", header)
	}
	begins, err := br.Peek(head + min(size, len(lastBegins)))
	if err != nil {
		return 0, false, err
	}
	last = string(begins[head:]) == lastBegins
	_, err = br.Discard(head + size)
	return size, last, err
}
