// A server of a different shape from the steps': other names, slog, a bufio.Writer, and no unit tests that
// fit. How its members get the history is up to a room, in another file of this folder. All of it is
// correct.
package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"websocket-workshop/frontend"
)

type entry struct {
	User string `json:"user"`
	Text string `json:"text"`
	Time int64  `json:"time"`
}

// A room hands every peer the log, newest first, whenever it changes.
type room interface {
	enter(*peer)
	exit(*peer)
	say(entry)
	everybody(func(*peer))
}

// journal is the log; each room guards it in its own way.
type journal []entry

func (j *journal) add(e entry) {
	*j = append([]entry{e}, *j...)
	if len(*j) > HistorySize {
		*j = (*j)[:HistorySize:HistorySize]
	}
}

func (j journal) packet() []byte {
	text, _ := json.Marshal(struct {
		Msg journal `json:"msg"`
	}{j})
	return packet(1, text)
}

// A peer is one connection.
type peer struct {
	sock    net.Conn
	in      *bufio.Reader
	outMu   sync.Mutex
	out     *bufio.Writer
	goodbye bool
	box     any // the room's data about it
}

func packet(kind byte, body []byte) []byte {
	head := []byte{0x80 | kind, byte(len(body))}
	if len(body) > 125 && len(body) < 1<<16 {
		head = binary.BigEndian.AppendUint16([]byte{0x80 | kind, 126}, uint16(len(body)))
	} else if len(body) > 125 {
		head = binary.BigEndian.AppendUint64([]byte{0x80 | kind, 127}, uint64(len(body)))
	}
	return append(head, body...)
}

// deliver writes a packet; after a goodbye it writes nothing.
func (p *peer) deliver(b []byte) error {
	p.outMu.Lock()
	defer p.outMu.Unlock()
	if p.goodbye {
		return io.ErrClosedPipe
	}
	p.goodbye = b[0] == 0x88
	p.sock.SetWriteDeadline(time.Now().Add(WriteTime))
	p.out.Write(b)
	err := p.out.Flush()
	if err != nil {
		p.sock.Close()
	}
	return err
}

// A fault is why a peer must be dropped.
type fault struct {
	code uint16
	why  string
}

func (f fault) Error() string { return fmt.Sprint(f.code, " ", f.why) }

func (f fault) packet() []byte {
	if f.code == 0 {
		return packet(8, nil)
	}
	return packet(8, append(binary.BigEndian.AppendUint16(nil, f.code), f.why...))
}

// listen returns the next text.
func (p *peer) listen() (text []byte, err error) {
	kind := byte(0)
	for {
		p.sock.SetReadDeadline(time.Now().Add(QuietTime))
		var two [2]byte
		if _, err := io.ReadFull(p.in, two[:]); err != nil {
			return nil, err
		}
		op, last, size := two[0]&15, two[0] >= 0x80, uint64(two[1]&0x7f)
		switch {
		case two[0]&0x70 != 0, op > 2 && op < 8, op > 10, two[1] < 0x80, op > 7 && (!last || size > 125):
			return nil, fault{1002, "no such frame"}
		}
		if long := map[uint64]int{126: 2, 127: 8}[size]; long > 0 {
			b := make([]byte, 8)
			if _, err := io.ReadFull(p.in, b[8-long:]); err != nil {
				return nil, err
			}
			if size = binary.BigEndian.Uint64(b); size < 126 || long == 8 && size < 1<<16 {
				return nil, fault{1002, "a longer length than need be"}
			}
		}
		var mask [4]byte
		if _, err := io.ReadFull(p.in, mask[:]); err != nil {
			return nil, err
		}
		if op < 8 {
			switch {
			case (op == 0) != (kind != 0):
				return nil, fault{1002, "fragments"}
			case size > uint64(MaxMessage-len(text)):
				return nil, fault{1009, "too long"}
			case op == 2:
				return nil, fault{1003, "text only"}
			}
			kind = 1
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(p.in, body); err != nil {
			return nil, err
		}
		for i := range body {
			body[i] ^= mask[i&3]
		}
		switch op {
		case 8:
			return nil, closing(body)
		case 9:
			p.deliver(packet(10, body))
		case 0, 1:
			if text = append(text, body...); last && !utf8.Valid(text) {
				return nil, fault{1007, "not UTF-8"}
			} else if last {
				return text, nil
			}
		}
	}
}

func closing(body []byte) fault {
	if len(body) == 0 {
		return fault{}
	}
	code := uint16(0)
	if len(body) > 1 {
		code = binary.BigEndian.Uint16(body)
	}
	switch {
	case code < 1000, code > 1003 && code < 1007, code > 1014 && code < 3000, code > 4999:
		return fault{1002, "no such code"}
	case !utf8.Valid(body[2:]):
		return fault{1007, "not UTF-8"}
	}
	return fault{code, string(body[2:])}
}

// chat serves one peer until it goes.
func chat(p *peer, r room, gone *sync.WaitGroup) {
	defer gone.Done()
	defer p.sock.Close()
	defer r.exit(p)
	var err error
	for err == nil {
		var text []byte
		if text, err = p.listen(); err != nil {
			break
		}
		var in struct{ User, Text *string }
		if json.Unmarshal(text, &in) != nil || in.User == nil || in.Text == nil {
			err = fault{1007, "not a post"}
			break
		}
		slog.Info("post", "user", *in.User, "text", *in.Text)
		r.say(entry{*in.User, *in.Text, time.Now().UnixMilli()})
	}
	slog.Info("bye", "why", err)
	var f fault
	if errors.As(err, &f) {
		p.deliver(f.packet())
		p.sock.(*net.TCPConn).CloseWrite()
		p.sock.SetReadDeadline(time.Now().Add(CloseTime))
		io.Copy(io.Discard, p.in)
	}
}

// words returns the elements of a list in lower case.
func words(r *http.Request, field string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Split(strings.ToLower(strings.Join(r.Header.Values(field), ",")), ",") {
		all[strings.TrimSpace(w)] = true
	}
	return all
}

// unfit returns why a handshake is refused.
func unfit(w http.ResponseWriter, r *http.Request) (int, string) {
	keys := r.Header.Values("Sec-WebSocket-Key")
	key, err := base64.StdEncoding.DecodeString(strings.Join(keys, " "))
	switch {
	case r.Method != "GET":
		w.Header().Set("Allow", "GET")
		return 405, "GET, please"
	case !r.ProtoAtLeast(1, 1), r.ContentLength != 0, !words(r, "Connection")["upgrade"]:
		return 400, "not a handshake"
	case strings.Join(r.Header.Values("Sec-WebSocket-Version"), ",") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		return 426, "version 13, please"
	case len(keys) != 1, err != nil, len(key) != 16:
		return 400, "a bad key"
	}
	for _, o := range r.Header.Values("Origin") {
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) &&
			!words(r, "X-Forwarded-Host")[strings.ToLower(u.Host)] {
			return 403, fmt.Sprintf("Origin %s, Host %s", o, r.Host)
		}
	}
	return 0, ""
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	addr := flag.String("addr", "localhost:"+port, "")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	slog.Info("listening on http://" + *addr)
	r := newRoom(entry{"host", "Hello.", time.Now().UnixMilli()})
	var peers sync.WaitGroup
	var mu sync.Mutex
	stopping := false
	srv := &http.Server{ReadTimeout: HandshakeTime,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if len(req.Header.Values("Upgrade")) == 0 {
				frontend.Handler().ServeHTTP(w, req)
				return
			}
			if !words(req, "Upgrade")["websocket"] {
				http.Error(w, "websocket, please", 400)
				return
			}
			slog.Info("upgrade requested!")
			if code, why := unfit(w, req); code != 0 {
				slog.Warn(why)
				http.Error(w, why, code)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if stopping {
				http.Error(w, "stopping", 503)
				return
			}
			sock, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
			fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "+
				"Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
				base64.StdEncoding.EncodeToString(sum[:]))
			for _, field := range req.Header.Values("Sec-WebSocket-Protocol") {
				for _, name := range strings.Split(field, ",") {
					if strings.TrimSpace(name) == "json" {
						fmt.Fprint(rw, "Sec-WebSocket-Protocol: json\r\n")
						field = ""
						break
					}
				}
			}
			fmt.Fprint(rw, "\r\n")
			sock.SetDeadline(time.Time{})
			rw.Flush()
			peers.Add(1)
			p := &peer{sock: sock, in: rw.Reader, out: rw.Writer}
			r.enter(p) // before anybody can be told that the server stops
			go chat(p, r, &peers)
		})}
	go func() {
		for range time.Tick(PingTime) {
			r.everybody(func(p *peer) { go p.deliver(packet(9, nil)) })
		}
	}()
	go srv.Serve(ln)
	<-ctx.Done()
	mu.Lock()
	stopping = true
	mu.Unlock()
	ln.Close()
	time.AfterFunc(GoodbyeTime, func() { os.Exit(0) })
	r.everybody(func(p *peer) { go p.deliver(fault{1001, "stopping"}.packet()) })
	peers.Wait()
}
