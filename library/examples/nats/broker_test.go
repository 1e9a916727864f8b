package main

//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"websocket-workshop/steps/tools/process"
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

// A cluster is two servers and their broker.
type cluster struct {
	*testing.T
	port  string // the broker's
	store string

	mu      sync.Mutex
	servers map[string]string // "a" and "b": the addresses of those that are running
}

// start starts a server, and returns a function that kills it. Server "a" runs the broker.
func (c *cluster) start(name string) (kill func()) {
	c.Helper()
	args := []string{"-addr", "localhost:0", "-store", c.store}
	if name != "a" {
		args = append(args, "-nats", "nats://localhost:"+c.port)
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), portEnv+"="+c.port)
	server, addr, err := process.Serve(cmd, 30*time.Second)
	if err != nil {
		c.Fatalf("server %s did not start: %v", name, err)
	}
	c.note(name, addr)
	kill = func() {
		c.note(name, "")
		server.Kill()
		<-server.Done
	}
	c.Cleanup(kill)
	return kill
}

// note records the address of a server, or "" while it is not running.
func (c *cluster) note(name, addr string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.servers[name] = addr
}

// pick returns the address of a running server, if there is one: like a load balancer, it alternates
// between the two.
func (c *cluster) pick(attempt int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	two := []string{c.servers["a"], c.servers["b"]}
	return cmp.Or(two[attempt%2], two[1-attempt%2])
}

// A client does what the page does: it posts, reads histories, and reconnects when its connection ends.
type client struct {
	name string
	seen atomic.Pointer[[]post] // the last history
	all  [][]post               // every history
	mine chan string            // texts to post, one after another
}

func (cl *client) run(ctx context.Context, c *cluster, attempt int) {
	for ; ctx.Err() == nil; attempt++ {
		ws, _, err := websocket.Dial(ctx, "ws://"+c.pick(attempt),
			&websocket.DialOptions{Subprotocols: []string{"json"}})
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		ws.SetReadLimit(1 << 20)
		visit, cancel := context.WithCancel(ctx)
		go cl.post(visit, ws)
		for _, data, err := ws.Read(ctx); err == nil; _, data, err = ws.Read(ctx) {
			var history struct{ Msg []post }
			json.Unmarshal(data, &history)
			cl.all = append(cl.all, history.Msg)
			cl.seen.Store(&history.Msg)
		}
		cancel()
		ws.CloseNow()
	}
}

// post posts what there is to post. It does not resend what a broken connection may have lost: the page
// would show that to its user.
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

// say posts a text, and returns once it is shown, or lost with its connection.
func (cl *client) say(text string) {
	cl.mine <- text
	await(300*time.Millisecond, func() bool { return common([]*client{cl}, text) != nil })
}

// await waits until something is true, up to a time limit.
func await(patience time.Duration, holds func() bool) {
	for end := time.Now().Add(patience); !holds() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}

// TestDeath lets members post on both servers, kills processes meanwhile, and wants one order for all, with
// everything that anyone was shown.
func TestDeath(t *testing.T) {
	for name, harm := range map[string]func(c *cluster, killA, killB func()){
		"a server":             func(c *cluster, _, killB func()) { killB() },
		"a server, and back":   func(c *cluster, _, killB func()) { killB(); c.start("b") },
		"the broker, and back": func(c *cluster, killA, _ func()) { killA(); c.start("a") },
		"both, and back":       func(c *cluster, killA, killB func()) { killB(); killA(); c.start("a"); c.start("b") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &cluster{T: t, port: process.FreePort(), store: t.TempDir(), servers: map[string]string{}}
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
	var half sync.WaitGroup
	half.Add(members)
	for i := range members {
		cl := &client{name: fmt.Sprint("member", i), mine: make(chan string, each+1)}
		clients = append(clients, cl)
		visits.Go(func() { cl.run(ctx, c, i) })
		posting.Go(func() {
			for n := range each {
				if n == each/2 {
					half.Done()
				}
				cl.say(fmt.Sprint(i, "-", n))
			}
		})
	}
	half.Wait()
	harm()
	posting.Wait()
	// In the end one client says one more thing, again and again until it is shown; then all have the same
	// history.
	var final []post
	for n := 0; final == nil; n++ {
		if n == 30 {
			t.Fatal("the members do not reach the same history")
		}
		last := fmt.Sprint("the end ", n)
		clients[0].mine <- last
		await(2*time.Second, func() bool { final = common(clients, last); return final != nil })
	}
	cancel()
	visits.Wait()
	for _, cl := range clients {
		for _, h := range cl.all {
			for at := range h { // each history is a part of the final one
				if i := slices.Index(final, h[at]); i < 0 || i-at != slices.Index(final, h[0]) {
					t.Fatalf("%s was shown %v\nbut in the end all have %v", cl.name, h, final)
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

// common returns the history of all clients, if they have the same one and it contains the text.
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
