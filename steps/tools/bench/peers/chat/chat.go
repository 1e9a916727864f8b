// Package chat is the workshop's chat server around the connections of another library, so
// that servers in a comparison differ in that library alone.
package chat

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// What holds for the connections of every server.
const (
	MaxMessage = 4096
	WriteTime  = 5 * time.Second
)

// A Conn is a WebSocket connection. Only one goroutine writes at a time.
type Conn[Frame any] interface {
	Read() (text []byte, err error)
	Write(Frame) error
	Close() error
}

// A Server has what libraries do differently.
type Server[Frame any] struct {
	Accept func(http.ResponseWriter, *http.Request) (Conn[Frame], error)
	Encode func(text []byte) Frame // once a broadcast

	mu      sync.Mutex
	posts   []post // the newest first, at most 50
	members map[*member[Frame]]bool
}

// A post is what one member said.
type post struct {
	User string `json:"user"`
	Text string `json:"text"`
	Time int64  `json:"time"`
}

// A member is a connection, and the frame that it gets next, as in raw.
type member[Frame any] struct {
	Conn[Frame]
	next atomic.Pointer[Frame] // nil: nothing to write
}

// Run serves until the process is killed.
func (s *Server[Frame]) Run() {
	addr := flag.String("addr", "localhost:8080", "`host:port` to listen on")
	flag.Parse()
	s.members = make(map[*member[Frame]]bool)
	s.posts = []post{{"workshop", "Welcome! All who open this page are in one room.", time.Now().UnixMilli()}}
	server := &http.Server{
		Addr:         *addr,
		Handler:      http.HandlerFunc(s.upgrade),
		ReadTimeout:  5 * time.Second,
		WriteTimeout: 10 * time.Second,
		IdleTimeout:  time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}

func (s *Server[Frame]) upgrade(w http.ResponseWriter, r *http.Request) {
	log.Print("upgrade requested!")
	c, err := s.Accept(w, r)
	if err != nil {
		log.Printf("handshake refused: %v", err)
		return
	}
	go s.visit(&member[Frame]{Conn: c}) // so net/http frees what it holds for the request
}

// visit is one member's stay.
func (s *Server[Frame]) visit(m *member[Frame]) {
	s.mu.Lock()
	s.members[m] = true
	m.push(s.history())
	s.mu.Unlock()

	err := s.chat(m)
	log.Printf("a member left: %v", err)

	s.mu.Lock()
	delete(s.members, m)
	s.mu.Unlock()
	m.Close()
}

// chat takes what a member sends, and gives it to everyone.
func (s *Server[Frame]) chat(c Conn[Frame]) error {
	for {
		text, err := c.Read()
		if err != nil {
			return err
		}
		p := post{Time: time.Now().UnixMilli()}
		if err := json.Unmarshal(text, &p); err != nil {
			return err
		}
		log.Printf("%q says %q", p.User, p.Text)
		s.broadcast(p)
	}
}

func (s *Server[Frame]) broadcast(p post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts = slices.Insert(s.posts, 0, p)
	s.posts = s.posts[:min(len(s.posts), 50)]
	frame := s.history()
	for m := range s.members {
		m.push(frame)
	}
}

func (s *Server[Frame]) history() Frame {
	b, _ := json.Marshal(map[string][]post{"msg": s.posts}) // strings and numbers: no error
	return s.Encode(b)
}

// push makes frame the next one, and starts a goroutine if there is none that writes.
func (m *member[Frame]) push(frame Frame) {
	if m.next.Swap(&frame) == nil {
		go m.send()
	}
}

// send writes what is next until nothing newer has come.
func (m *member[Frame]) send() {
	for {
		frame := m.next.Load()
		if m.Write(*frame) != nil {
			m.Close()
		}
		if m.next.CompareAndSwap(frame, nil) {
			return
		}
	}
}
