package wiretap

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"websocket-workshop/frontend"
	"websocket-workshop/steps/tools/rules"
)

// sendPatience is how long a server has to answer bytes that were sent from the page.
const sendPatience = 2 * time.Second

// A View serves wire.html, and what the page asks for.
type View struct {
	Record *Record
	Taps   []*Tap

	run    string        // tells this run's events from those of another
	ending chan struct{} // closed when no more events will come
}

// NewView returns the view of what passes the taps, which share one record.
func NewView(r *Record, taps []*Tap) *View {
	return &View{Record: r, Taps: taps, run: strconv.FormatInt(time.Now().UnixMilli(), 36), ending: make(chan struct{})}
}

// Close ends the view, now that the servers have ended, once the page has the last events.
func (v *View) Close(server *http.Server) {
	for deadline := time.Now().Add(500 * time.Millisecond); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if !slices.ContainsFunc(v.Taps, func(p *Tap) bool { return len(p.watchers()) > 0 }) {
			break
		}
	}
	close(v.ending)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	server.Shutdown(ctx)
	server.Close()
}

// Handler answers the page alone: what a page of another origin asks for is refused, and so
// is a request to another name than this machine's own, which a foreign page may have given
// this address (DNS rebinding).
func (v *View) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", frontend.Handler())
	mux.Handle("GET /{$}", http.RedirectHandler("/wire.html", http.StatusFound))
	mux.HandleFunc("GET /events", v.events)
	mux.HandleFunc("GET /now", v.now)
	mux.HandleFunc("POST /send", v.send)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Frame-Options", "DENY") // nor may another page lead somebody's clicks
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if why := foreign(r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// foreign says why a request is refused, or "".
func foreign(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	switch {
	case !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()):
		return "this is for localhost alone, and Host says " + r.Host
	case len(r.Header.Values("Origin")) > 1, r.Header.Values("Origin") != nil && r.Header.Get("Origin") != "http://"+r.Host:
		return "this is for its own page alone, and Origin says " + r.Header.Get("Origin")
	case strings.HasSuffix(r.Header.Get("Sec-Fetch-Site"), "-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate":
		return "this is for its own page alone" // the browser's word, also where it sends no Origin
	}
	return ""
}

// events sends what is kept and then what comes, by Server-Sent Events. Each has as its id
// the run and its number: a page that comes back gets what it has not seen.
func (v *View) events(w http.ResponseWriter, r *http.Request) {
	var after int64
	if number, ok := strings.CutPrefix(r.Header.Get("Last-Event-ID"), v.run+"-"); ok {
		after, _ = strconv.ParseInt(number, 10, 64)
	}
	reader := v.Record.read(after)
	if reader == nil {
		http.Error(w, "too many read the events: close a window", http.StatusServiceUnavailable)
		return
	}
	defer v.Record.leave(reader)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	c := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 1000\n\n") // milliseconds, should this program be started anew
	for last := false; ; {
		for _, e := range v.Record.take(reader) {
			c.SetWriteDeadline(time.Now().Add(30 * time.Second)) // for a reader that does not read
			fmt.Fprintf(w, "id: %s-%d\ndata: %s\n\n", v.run, e.number, e.encode())
		}
		if c.Flush() != nil || last {
			return
		}
		select {
		case <-reader.ready:
		case <-v.ending:
			last = true
		case <-r.Context().Done():
			return
		}
	}
}

// now says what the page shows besides the events: the servers, the rows of the table that
// can be tried, and what of a head or a frame has come and is not whole, for a second now.
func (v *View) now(w http.ResponseWriter, r *http.Request) {
	servers, halves, rows := []map[string]any{}, []map[string]any{}, []string{}
	for _, p := range v.Taps {
		servers = append(servers, map[string]any{"name": p.Name, "url": "http://" + p.Addr, "running": p.Target() != ""})
		for _, w := range p.watchers() {
			halves = append(halves, w.halves(time.Second)...)
		}
	}
	for _, c := range rules.Differences() {
		if c.Tried() {
			rows = append(rows, c.Name)
		}
	}
	reply(w, map[string]any{"servers": servers, "rows": rows, "halves": halves})
}

// send does what the page's box and buttons ask for. The request must say that it is JSON: no
// form of a foreign page can say so.
func (v *View) send(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "Content-Type must be application/json", http.StatusUnsupportedMediaType)
		return
	}
	var wanted struct{ Hex, Row, Server string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<20)).Decode(&wanted)
	if err != nil {
		err = fmt.Errorf("the body is not the JSON that is wanted: %w", err)
	}
	var answers []map[string]string
	if err == nil {
		answers, err = v.try(wanted.Hex, wanted.Row, wanted.Server)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	reply(w, answers)
}

// try opens a handshake with each server, or the one that is named, sends the bytes given
// in hex (or those of the table's row that is named), and returns what each of them says.
// All of it goes over the wire, and can be seen there.
func (v *View) try(bytes, what, server string) (answers []map[string]string, err error) {
	b, err := hex.DecodeString(bytes)
	if err != nil {
		return nil, fmt.Errorf("hex: %w", err)
	}
	c, rows := rules.Custom(b), rules.Differences()
	if i := slices.IndexFunc(rows, func(c rules.Case) bool { return c.Tried() && c.Name == what }); i >= 0 {
		c = rows[i]
	} else if len(b) == 0 {
		return nil, errors.New("nothing to send: hex is empty")
	}
	var all sync.WaitGroup
	for _, p := range v.Taps {
		if server == "" || server == p.Name {
			a := map[string]string{"server": p.Name}
			answers = append(answers, a)
			all.Go(func() { a["says"] = rules.InWords(c.Try(p.Addr, c.Want, rules.Whole, sendPatience)) })
		}
	}
	if all.Wait(); answers == nil {
		err = fmt.Errorf("there is no server %s", server)
	}
	return answers, err
}

// reply answers with JSON.
func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}
