package wiretap

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"sync"
	"time"

	"websocket-workshop/frontend"
	"websocket-workshop/steps/tools/rules"
)

// sendPatience is how long a server has to answer bytes that were sent from the page.
const sendPatience = 2 * time.Second

// A View answers the requests of wire.html about taps that share a record.
type View struct {
	taps   []*Tap
	record *Record
	ending chan struct{} // closed when no more events will come
}

// NewView returns the view of taps that share a record.
func NewView(r *Record, taps ...*Tap) *View {
	return &View{record: r, taps: taps, ending: make(chan struct{})}
}

// Register adds the view's requests to mux: /events, /now and /send. The mux must be behind a Guard.
func (v *View) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /events", v.events)
	mux.HandleFunc("GET /now", v.now)
	mux.HandleFunc("POST /send", v.send)
}

// Handler serves the pages, with the view at /, and the view's requests, behind a Guard with these
// names.
func (v *View) Handler(names ...string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", frontend.Handler())
	mux.Handle("GET /{$}", http.RedirectHandler("/wire.html", http.StatusFound))
	v.Register(mux)
	guarded := Guard(mux, names...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, t := range v.taps {
			if r.Header.Get(markName) == t.mark && t.Loop != nil { // the view would record its own events
				t.loops()
			}
		}
		guarded.ServeHTTP(w, r)
	})
}

// Close ends the view once the page has the last events. The servers must have exited.
func (v *View) Close(server *http.Server) {
	isOpen := func(t *Tap) bool { return len(t.watchers()) > 0 }
	for began := time.Now(); slices.ContainsFunc(v.taps, isOpen) && time.Since(began) < time.Second/2; {
		time.Sleep(10 * time.Millisecond)
	}
	close(v.ending)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	server.Shutdown(ctx)
	server.Close()
}

// events sends the events so far and then new ones, as Server-Sent Events. Each has an id, which names
// this record and its number: a page that reconnects with an id, in Last-Event-ID or in
// /events?after=ID, gets what it has not seen.
func (v *View) events(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	w.Header().Set("Cache-Control", "no-store")
	after := v.record.after(cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")))
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 1000\n\n") // milliseconds, in case this program is started again
	for last := false; ; {
		events, more := v.record.Since(after)
		for _, e := range events {
			c.SetWriteDeadline(time.Now().Add(30 * time.Second)) // for a reader that does not read
			fmt.Fprintf(w, "id: %s\ndata: %s\n\n", v.record.id(e.Number), e.AppendJSON(nil))
			after = e.Number
		}
		if c.Flush() != nil || last {
			return
		}
		select {
		case <-more:
		case <-v.ending:
			last = true
		case <-r.Context().Done():
			return
		}
	}
}

// now answers with what the page shows in addition to the events: the servers, the rows of the table
// that can be tried, and heads and frames that have been incomplete for a second.
func (v *View) now(w http.ResponseWriter, r *http.Request) {
	servers, halves, rows := []map[string]any{}, []map[string]any{}, []string{}
	for _, p := range v.taps {
		running := p.Target() != ""
		servers = append(servers, map[string]any{"name": p.Name, "url": "http://" + p.Addr, "running": running})
		for _, w := range p.watchers() {
			halves = append(halves, w.halves(time.Second)...)
		}
	}
	for _, c := range rules.Differences() {
		if c.Tried() {
			rows = append(rows, c.Name)
		}
	}
	reply(w, map[string]any{"run": v.record.run, "servers": servers, "rows": rows, "halves": halves})
}

// send does what the page's box and buttons ask for. The Content-Type must be JSON, which a form on a
// foreign page cannot send.
func (v *View) send(w http.ResponseWriter, r *http.Request) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		http.Error(w, "Content-Type must be application/json", http.StatusUnsupportedMediaType)
		return
	}
	var wanted struct{ Hex, Row, Server string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<20)).Decode(&wanted)
	if err != nil {
		err = fmt.Errorf("the body is not the expected JSON: %w", err)
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

// try performs a handshake with each server, or the named one, sends the bytes given in hex (or those
// of the named row of the table), and returns what each server answers. All of it goes over the wire,
// and can be seen there.
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
	for _, p := range v.taps {
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
