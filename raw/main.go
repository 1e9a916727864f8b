// A chat server: one page, one room, and a WebSocket for everyone in it.
package main

import (
	"cmp"
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"websocket-workshop/frontend"
)

func main() {
	addr := flag.String("addr", "localhost:"+cmp.Or(os.Getenv("PORT"), "8080"), "`host:port` to listen on")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q: the address goes after -addr", flag.Arg(0))
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)

	host, _, err := net.SplitHostPort(*addr)
	if err != nil {
		log.Fatalf("%v: an address is host:port, as in localhost:8081", err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatalf("%v; choose another address: -addr localhost:0 takes any free port", err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	past.add(post{"workshop", "Welcome! All who open this page are in one room.", time.Now().UnixMilli()})
	log.Printf("listening on http://%s", net.JoinHostPort(cmp.Or(host, "localhost"), port))

	server := &http.Server{
		Handler:      http.HandlerFunc(serve),
		ReadTimeout:  5 * time.Second,  // a request that never ends would hold a connection forever
		WriteTimeout: 10 * time.Second, // so would a browser that never reads the page
		IdleTimeout:  time.Minute,      // and one that has nothing more to ask
	}
	go func() { <-stop; server.Shutdown(context.Background()) }()
	go func() {
		for range time.Tick(pingTime) {
			room.each((*conn).ping)
		}
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	time.AfterFunc(1500*time.Millisecond, func() { os.Exit(0) }) // for members that do not answer
	room.close()
}

// serve answers one HTTP request: with an upgrade, whatever its path, or with the page.
func serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Values("Upgrade") != nil {
		upgrade(w, r)
		return
	}
	frontend.Handler().ServeHTTP(w, r)
}

// upgrade answers a request to switch from HTTP to another protocol.
func upgrade(w http.ResponseWriter, r *http.Request) {
	if !hasToken(r, "Upgrade", "websocket") {
		http.Error(w, "this server upgrades to websocket and nothing else", http.StatusBadRequest)
		return
	}
	log.Print("upgrade requested!")
	room.door.RLock() // the room does not close between the 101 and join
	defer room.door.RUnlock()
	if room.closed {
		http.Error(w, "this server is stopping", http.StatusServiceUnavailable)
		return
	}
	c, err := accept(w, r)
	if err != nil {
		log.Printf("handshake refused: %v", err)
		return
	}
	room.join(c)
	go visit(c) // so that what net/http holds for a request is freed now
}

// hasToken reports whether a header field that is a list has the token, ignoring case.
// Firefox, for one, sends "Connection: keep-alive, Upgrade".
func hasToken(r *http.Request, field, token string) bool {
	return slices.ContainsFunc(tokens(r, field), func(t string) bool { return strings.EqualFold(t, token) })
}

// tokens returns the elements of a header field that is a list.
func tokens(r *http.Request, field string) []string {
	list := strings.Split(strings.Join(r.Header.Values(field), ","), ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// visit is one member's stay, from the handshake to the goodbye.
func visit(c *conn) {
	defer room.leave(c)
	err := chat(c)
	log.Printf("a member left: %v", err)
	c.end(err)
}

// chat takes what a member sends until the connection ends; its error says why.
func chat(c *conn) error {
	for {
		m, err := c.read()
		if err != nil {
			return err
		}
		if m.op != opText {
			return closeError{Code: 1003, Reason: "this chat takes text only"}
		}
		p, err := parsePost(m.data)
		if err != nil {
			return closeError{Code: 1007, Reason: err.Error()}
		}
		log.Printf("%q says %q", p.User, p.Text)
		room.post(p)
	}
}
