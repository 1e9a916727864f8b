// The chat server as a user of the library would write it: one handler, the request's context, no adapter.
// The check accepts it, as it does library/, whose main.go and hub.go have the shape that the hand-written
// protocol gave them.
//
//	go run -C library/examples/idiomatic .
package main

//lint:file-ignore SA1019 the workshop compares with this version of the library

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"nhooyr.io/websocket"

	"websocket-workshop/frontend"
)

const (
	maxMessage  = 4096             // bytes
	historySize = 50               // posts
	writeTime   = 5 * time.Second  // for a member to take a history
	pingTime    = 30 * time.Second // from one ping to the next
	pongTime    = 45 * time.Second // for the answer
)

// A post is what one member said. Time is in Unix milliseconds.
type post struct {
	User string `json:"user"`
	Text string `json:"text"`
	Time int64  `json:"time"`
}

// A room is the state of the server.
type room struct {
	stop   chan struct{} // closed when the server stops
	visits sync.WaitGroup

	mu      sync.Mutex
	posts   []post               // the newest first, at most historySize
	members map[chan []byte]bool // each holds the newest history, until it is sent
	closed  bool
}

func main() {
	addr := flag.String("addr", "localhost:"+cmp.Or(os.Getenv("PORT"), "8080"), "`host:port` to listen on")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatalf("%v; choose another address: -addr localhost:0 takes any free port", err)
	}
	log.Printf("listening on http://%s", listener.Addr())

	r := &room{
		stop:    make(chan struct{}),
		posts:   []post{{"workshop", "Welcome! All who open this page are in one room.", time.Now().UnixMilli()}},
		members: make(map[chan []byte]bool),
	}
	server := &http.Server{Handler: r, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: time.Minute}
	go func() { <-ctx.Done(); server.Shutdown(context.Background()) }()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	time.AfterFunc(1500*time.Millisecond, func() { os.Exit(0) }) // for members that do not answer
	r.close()
}

// ServeHTTP answers one request: with the page, or with a visit.
func (r *room) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Header.Values("Upgrade") == nil {
		frontend.Handler().ServeHTTP(w, req)
		return
	}
	if !r.enter() {
		http.Error(w, "this server is stopping", http.StatusServiceUnavailable)
		return
	}
	defer r.visits.Done()
	log.Print("upgrade requested!")
	ws, err := websocket.Accept(w, req, &websocket.AcceptOptions{
		Subprotocols:   []string{"json"},
		OriginPatterns: req.Header.Values("X-Forwarded-Host"),
	})
	if err != nil {
		log.Print(err)
		return
	}
	defer ws.CloseNow()
	ws.SetReadLimit(maxMessage)
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	err = r.visit(ctx, ws)
	log.Printf("a member left: %v", err)
	if why, ours := err.(websocket.CloseError); ours {
		ws.Close(why.Code, why.Reason)
	}
}

// visit is one member's stay. Its error tells why the stay ended.
func (r *room) visit(ctx context.Context, ws *websocket.Conn) error {
	next := r.join()
	sent := make(chan struct{})
	go func() { r.send(ctx, ws, next); close(sent) }()
	err := r.read(ctx, ws)
	r.leave(next)
	<-sent // nothing may be written after a close frame
	return err
}

// read reads what a member sends.
func (r *room) read(ctx context.Context, ws *websocket.Conn) error {
	for {
		kind, data, err := ws.Read(ctx)
		if err != nil {
			return err
		}
		var in struct{ User, Text *string }
		switch {
		case kind != websocket.MessageText:
			return websocket.CloseError{Code: websocket.StatusUnsupportedData, Reason: "this chat takes text only"}
		case !utf8.Valid(data): // the library does not check
			return websocket.CloseError{Code: websocket.StatusInvalidFramePayloadData, Reason: "the text is not UTF-8"}
		case json.Unmarshal(data, &in) != nil || in.User == nil || in.Text == nil:
			return websocket.CloseError{Code: websocket.StatusInvalidFramePayloadData,
				Reason: `not like {"user": "ann", "text": "hi"}`}
		}
		log.Printf("%q says %q", *in.User, *in.Text)
		r.post(post{*in.User, *in.Text, time.Now().UnixMilli()})
	}
}

// send writes each history to a member, until it has left or the server stops, and asks it for
// a sign of life in between.
func (r *room) send(ctx context.Context, ws *websocket.Conn, next <-chan []byte) {
	pings := time.NewTicker(pingTime)
	defer pings.Stop()
	for {
		select {
		case history, ok := <-next:
			if !ok || write(ctx, ws, history) != nil {
				return // if the write failed, it has closed the connection
			}
		case <-pings.C:
			go ping(ctx, ws)
		case <-r.stop:
			ws.Close(websocket.StatusGoingAway, "the server stops")
			return
		}
	}
}

func write(ctx context.Context, ws *websocket.Conn, history []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	return ws.Write(ctx, websocket.MessageText, history)
}

// ping waits for the answer. A member that gives none loses its connection.
func ping(ctx context.Context, ws *websocket.Conn) {
	ctx, cancel := context.WithTimeout(ctx, pongTime)
	defer cancel()
	if err := ws.Ping(ctx); errors.Is(err, context.DeadlineExceeded) {
		ws.CloseNow()
	}
}

// enter counts a visit before its handshake, or refuses it because the server is stopping.
func (r *room) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.visits.Add(1)
	}
	return !r.closed
}

// join returns the channel for a new member's histories, which already holds one.
func (r *room) join() chan []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := make(chan []byte, 1)
	next <- r.history()
	r.members[next] = true
	return next
}

func (r *room) leave(next chan []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, next)
	close(next)
}

// post sends the new history to everyone. It replaces a history that still waits.
func (r *room) post(p post) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posts = slices.Insert(r.posts, 0, p)
	r.posts = r.posts[:min(len(r.posts), historySize)]
	history := r.history()
	for next := range r.members {
		select {
		case <-next:
		default:
		}
		next <- history
	}
}

// history returns what a page shows. The lock must be held.
func (r *room) history() []byte {
	b, _ := json.Marshal(map[string][]post{"msg": r.posts}) // strings and numbers: no error
	return b
}

// close lets nobody in any more, says goodbye to everyone, and waits until all have left.
func (r *room) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	close(r.stop)
	r.visits.Wait()
}
