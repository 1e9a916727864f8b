package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/frontend"
	"websocket-workshop/steps/tools/stepcode"
	"websocket-workshop/steps/tools/wiretap"
)

//go:embed page lessons
var embedded embed.FS

// contentTypes are set by hand: Windows' registry may have others.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
}

// policy lets the page load its own files and show the chat of the servers, and nothing else.
const policy = "default-src 'self'; frame-src 'self' http:; img-src 'self' data:; " +
	"style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'"

// handler answers the page's requests. All other requests go to the view, which serves its pages and
// the bytes.
func (s *session) handler(view *wiretap.View) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", frontend.Handler())
	view.Register(mux)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		s.file(w, r, embedded, "page/learn.html")
	})
	for _, dir := range []string{"page", "lessons"} {
		mux.HandleFunc("GET /"+dir+"/{name}", func(w http.ResponseWriter, r *http.Request) {
			s.file(w, r, embedded, dir+"/"+r.PathValue("name"))
		})
	}
	mux.HandleFunc("GET /pictures/{name}", func(w http.ResponseWriter, r *http.Request) {
		s.file(w, r, s.files.FS(), "steps/pictures/"+r.PathValue("name"))
	})
	mux.HandleFunc("GET /code/{name...}", s.code)
	mux.Handle("GET /feed", s.feed)
	mux.HandleFunc("GET /run", func(w http.ResponseWriter, r *http.Request) {
		reply(w, map[string]string{"run": s.feed.run})
	})
	mux.HandleFunc("GET /state", s.state)
	mux.HandleFunc("GET /differences", s.differences)
	mux.HandleFunc("POST /begin", s.begin)
	mux.HandleFunc("POST /check", s.checkNow)
	mux.HandleFunc("POST /restart", s.restart)
	return mux
}

// file answers with a file.
func (s *session) file(w http.ResponseWriter, r *http.Request, from fs.FS, name string) {
	data, err := fs.ReadFile(from, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", contentTypes[path.Ext(name)])
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// readable lists the folders whose files a lesson may link to. files keeps symbolic links and .. inside
// the workshop.
var readable = []string{"steps", "raw", "library", "frontend", "work", "README.md", "Taskfile.yml"}

// code answers with a file of the workshop, as a picture or as text, so that nothing in work/ runs as
// one of learn's own pages.
func (s *session) code(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	first, _, _ := strings.Cut(name, "/")
	known := slices.Contains([]string{".go", ".md", ".js", ".css", ".html", ".yml", ".mod", ".svg", ".png"},
		path.Ext(name))
	if !known || !slices.Contains(readable, first) || strings.Contains(name, "/.") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", "sandbox") // a picture may have scripts, too
	if !strings.HasPrefix(contentTypes[path.Ext(name)], "image/") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	s.file(w, r, s.files.FS(), name)
}

// restart stops the attendee's server and starts it again, as pressing Ctrl-C and starting it in a
// terminal would.
func (s *session) restart(w http.ResponseWriter, r *http.Request) {
	if !asked(w, r, &struct{}{}) {
		return
	}
	for _, server := range s.servers {
		if server.Keeper != nil {
			select {
			case server.Keeper.Again <- true:
			case <-time.After(time.Second): // it is being built
			}
		}
	}
	reply(w, map[string]any{"ok": true})
}

// step returns the step that the code in work/ has reached, or 0. While the code does not parse, it
// returns the last known step.
func (s *session) step() step {
	theirs, err := stepcode.CodeIn(s.files.FS(), "work")
	if err != nil {
		return 0
	}
	if at, err := stepcode.StepOf(s.files.FS(), theirs); err == nil {
		s.at.Store(int64(at))
	}
	return step(s.at.Load())
}

// A block is a declaration of a step, and its state in the code of work/.
type block struct {
	File  string   `json:"file"`
	Names []string `json:"names"`
	State string   `json:"state"` // a stepcode.State in one word
	Turn  bool     `json:"turn"`
	Given bool     `json:"given"`
}

// state answers where the attendee is: in which folder, at which step, and which blocks of the step in
// ?step are there.
func (s *session) state(w http.ResponseWriter, r *http.Request) {
	servers := []map[string]any{}
	for i, server := range s.servers {
		url := "http://" + s.taps[i].Addr
		servers = append(servers,
			map[string]any{"name": server.Name, "url": url, "running": server.Address() != ""})
	}
	answer := map[string]any{"own": s.own, "servers": servers, "holds": s.holds.Load(),
		"step": 0, "folder": "", "blocks": []block{}}
	if _, err := s.files.Lstat("work"); s.own && err == nil {
		answer["folder"], answer["step"] = "work", s.step()
		if at, err := strconv.Atoi(r.URL.Query().Get("step")); err == nil && at >= 1 && at <= stepcode.Library {
			if answer["blocks"], err = s.blocks(at); err != nil {
				answer["problem"] = err.Error()
			}
		}
	}
	reply(w, answer)
}

// blocks compares the code in work/ with the declarations of a step.
func (s *session) blocks(at step) ([]block, error) {
	all := []block{}
	theirs, err := stepcode.CodeIn(s.files.FS(), "work")
	if err != nil {
		return all, nil // a file, perhaps: building it reports that
	}
	ours, err := stepcode.Read(s.files.FS(), at)
	if err != nil {
		return all, err
	}
	found, err := ours.Look(theirs)
	for _, f := range found {
		all = append(all, block{f.File, f.Names, f.State.String(), f.Turn, f.Given})
	}
	return all, err
}

// differences answers with the differences between work/ and our code of a step, as text.
func (s *session) differences(w http.ResponseWriter, r *http.Request) {
	at, err := strconv.Atoi(r.URL.Query().Get("step"))
	if err != nil || at < 1 || at > stepcode.Library || !s.own {
		http.Error(w, "step is a number from 1 to 7", http.StatusBadRequest)
		return
	}
	args := append([]string{"run", "./steps/tools/check", "-diff-only"}, checkArgs(at)...)
	cmd := exec.CommandContext(r.Context(), "go", args...)
	cmd.Dir = s.root
	out, _ := cmd.CombinedOutput() // if it cannot compare, it prints why
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(out)
}

// asked reads what a request of the page wants. It must say that it is JSON: no form of a
// foreign page can say so.
func asked(w http.ResponseWriter, r *http.Request, wanted any) bool {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		http.Error(w, "Content-Type must be application/json", http.StatusUnsupportedMediaType)
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(wanted); err != nil {
		http.Error(w, "the body is not the expected JSON: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// begin begins a step in work/, as play does: with our code, typed from nothing, or going on from
// what is there. What was there is moved aside, and the answer says where.
func (s *session) begin(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Step int
		How  string // "ours", "bare" or "next"
	}
	if !asked(w, r, &wanted) {
		return
	}
	how, ok := map[string][]string{"ours": {}, "bare": {"-bare"}, "next": {"-next"}}[wanted.How]
	if !ok || wanted.Step < 1 || wanted.Step > stepcode.Library || !s.own {
		http.Error(w, "how is ours, bare or next, and step a number from 1 to 7", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := []string{"-step", strconv.Itoa(wanted.Step)}
	if wanted.Step == stepcode.Library {
		at = []string{"-library"}
	}
	args := slices.Concat([]string{"run", "./steps/tools/play", "-page"}, at, how)
	cmd := exec.Command("go", args...) // it runs to its end, even if the page is gone
	cmd.Dir = s.root
	cmd.Env = append(os.Environ(), "USER_WORKING_DIR="+s.root)
	out, err := cmd.CombinedOutput()
	s.feed.add(entry{Kind: "code"})
	said := strings.TrimSuffix(strings.TrimSpace(string(out)), "\nexit status 1") // added by go run
	reply(w, map[string]any{"ok": err == nil, "text": said})
}

// checkNow starts a check, as a save does.
func (s *session) checkNow(w http.ResponseWriter, r *http.Request) {
	if !asked(w, r, &struct{}{}) {
		return
	}
	select {
	case s.saved <- struct{}{}:
	default:
	}
	reply(w, map[string]any{"ok": true})
}

// reply answers with JSON.
func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}
