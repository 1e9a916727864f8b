package main

//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nhooyr.io/websocket"
)

const portEnv = "ROOM_TEST_BROKER_PORT" // where it is set, the test binary is a server

func TestMain(m *testing.M) {
	if port, err := strconv.Atoi(os.Getenv(portEnv)); err == nil {
		brokerPort = port
		main()
		return
	}
	m.Run()
}

// A cluster is two servers, their broker, and in front of them an address that leads to
// whichever of the two is there, as a load balancer's does.
type cluster struct {
	t     *testing.T
	port  int // the broker's
	store string
	addr  string

	mu      sync.Mutex
	servers map[string]string // "a" and "b": the addresses of those that run
}

func newCluster(t *testing.T) *cluster {
	front, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { front.Close() })
	free, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, port: free.Addr().(*net.TCPAddr).Port, store: t.TempDir(), addr: front.Addr().String(), servers: map[string]string{}}
	free.Close()
	go func() {
		for n := 0; ; n++ {
			in, err := front.Accept()
			if err != nil {
				return
			}
			go c.forward(in, n)
		}
	}()
	return c
}

// forward connects the n-th client to one of the servers that are there.
func (c *cluster) forward(in net.Conn, n int) {
	defer in.Close()
	c.mu.Lock()
	var all []string
	for _, name := range []string{"a", "b"} {
		if addr := c.servers[name]; addr != "" {
			all = append(all, addr)
		}
	}
	c.mu.Unlock()
	if len(all) == 0 {
		return
	}
	out, err := net.Dial("tcp", all[n%len(all)])
	if err != nil {
		return
	}
	defer out.Close()
	go func() { io.Copy(out, in); out.Close() }()
	io.Copy(in, out)
}

// start starts a server, and returns what kills it. Server "a" has the broker in it.
func (c *cluster) start(name string) (kill func()) {
	c.t.Helper()
	args := []string{"-addr", "localhost:0", "-store", c.store}
	if name != "a" {
		args = append(args, "-nats", fmt.Sprintf("nats://localhost:%d", c.port))
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), fmt.Sprint(portEnv, "=", c.port))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		c.mu.Lock()
		delete(c.servers, name)
		c.mu.Unlock()
		cmd.Process.Kill()
		cmd.Wait()
	})
	c.t.Cleanup(kill)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if _, addr, ok := strings.Cut(lines.Text(), "listening on http://"); ok {
			c.mu.Lock()
			c.servers[name] = addr
			c.mu.Unlock()
			go io.Copy(io.Discard, stderr)
			return kill
		}
	}
	c.t.Fatalf("server %s did not start", name)
	return nil
}

// A client does what the page does: it posts, reads histories, and connects again when its
// connection ends.
type client struct {
	name string
	seen atomic.Pointer[[]post]   // the last history
	all  [][]post                 // every history
	mine chan string              // texts to post, one after the other
	done map[string]chan struct{} // closed when the text is in a history: shown as sent
}

func (cl *client) run(ctx context.Context, addr string) {
	for ctx.Err() == nil {
		ws, _, err := websocket.Dial(ctx, "ws://"+addr, &websocket.DialOptions{Subprotocols: []string{"json"}})
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		ws.SetReadLimit(1 << 20)
		visit, cancel := context.WithCancel(ctx)
		go cl.post(visit, ws)
		for {
			_, data, err := ws.Read(ctx)
			if err != nil {
				break
			}
			var history struct{ Msg []post }
			json.Unmarshal(data, &history)
			cl.all = append(cl.all, history.Msg)
			cl.seen.Store(&history.Msg)
			for _, p := range history.Msg {
				if shown := cl.done[p.Text]; shown != nil {
					close(shown)
					delete(cl.done, p.Text)
				}
			}
		}
		cancel()
		ws.CloseNow()
	}
}

// post posts what there is to post. What a connection that ends may have lost is left: the page
// shows it to its user.
func (cl *client) post(ctx context.Context, ws *websocket.Conn) {
	for {
		select {
		case text := <-cl.mine:
			b, _ := json.Marshal(post{User: cl.name, Text: text})
			ws.Write(ctx, websocket.MessageText, b)
		case <-ctx.Done():
			return
		}
	}
}

// TestDeath lets members talk on both servers, does harm meanwhile, and wants one order for all,
// with everything in it that anyone was shown.
func TestDeath(t *testing.T) {
	for name, harm := range map[string]func(c *cluster, killA, killB func()){
		"a server":             func(c *cluster, _, killB func()) { killB() },
		"a server, and back":   func(c *cluster, _, killB func()) { killB(); c.start("b") },
		"the broker, and back": func(c *cluster, killA, _ func()) { killA(); c.start("a") },
		"both, and back":       func(c *cluster, killA, killB func()) { killB(); killA(); c.start("a"); c.start("b") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			killA := c.start("a")
			killB := c.start("b")
			survive(t, c, func() { harm(c, killA, killB) })
		})
	}
}

func survive(t *testing.T, c *cluster, harm func()) {
	const members, each = 6, 7 // with the greeting, fewer than a history holds
	ctx, cancel := context.WithCancel(t.Context())
	var visits, posting sync.WaitGroup
	defer visits.Wait()
	defer cancel()
	var clients []*client
	half := make(chan struct{}, members)
	for i := range members {
		cl := &client{name: fmt.Sprint("member", i), mine: make(chan string, each+1), done: map[string]chan struct{}{}}
		clients = append(clients, cl)
		shown := make([]chan struct{}, each)
		for n := range each {
			shown[n] = make(chan struct{})
			cl.done[fmt.Sprint(i, "-", n)] = shown[n]
		}
		visits.Go(func() { cl.run(ctx, c.addr) })
		posting.Go(func() {
			for n := range each {
				cl.mine <- fmt.Sprint(i, "-", n)
				if n == each/2 {
					half <- struct{}{}
				}
				select { // what is lost with its connection is not shown, and not waited for
				case <-shown[n]:
				case <-time.After(300 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	for range members {
		<-half
	}
	harm()
	posting.Wait()
	// In the end each says one thing more, again and again until it is shown; then all have the same.
	var final []post
	deadline := time.Now().Add(time.Minute)
	for n := 0; final == nil; n++ {
		if time.Now().After(deadline) {
			t.Fatal("the members do not come to the same history")
		}
		last := fmt.Sprint("the end ", n)
		clients[0].mine <- last
		for until := time.Now().Add(2 * time.Second); time.Now().Before(until) && final == nil; time.Sleep(10 * time.Millisecond) {
			final = common(clients, last)
		}
	}
	cancel()
	visits.Wait()
	for _, cl := range clients {
		for _, h := range cl.all {
			for at := range h { // each history is the final one as it was then
				if i := slices.Index(final, h[at]); i < 0 || i-at != slices.Index(final, h[0]) {
					t.Fatalf("%s was shown %v\nand in the end all have %v", cl.name, h, final)
				}
			}
		}
	}
	texts := map[string]bool{}
	for _, p := range final {
		if texts[p.Text] {
			t.Errorf("%q is stored twice", p.Text)
		}
		texts[p.Text] = true
	}
}

// common returns the history that all clients have, if it holds the text and is the same.
func common(clients []*client, text string) []post {
	first := clients[0].seen.Load()
	for _, cl := range clients {
		h := cl.seen.Load()
		if first == nil || h == nil || !slices.Equal(*h, *first) {
			return nil
		}
	}
	if !slices.ContainsFunc(*first, func(p post) bool { return p.Text == text }) {
		return nil
	}
	return *first
}
