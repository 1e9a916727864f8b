package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/wiretap"
)

// site serves the page of a session without servers.
func site(t *testing.T) (*session, *httptest.Server) {
	t.Helper()
	s, err := newSession(process.Workshop("."), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	s.taps = append(s.taps, wiretap.NewTap(s.record, "work", "localhost:1", s.servers[0].Address))
	view := wiretap.NewView(s.record, s.taps...)
	server := httptest.NewServer(wiretap.Guard(s.handler(view), "forwarded.example"))
	t.Cleanup(server.Close)
	return s, server
}

// TestRequests: the page gets what it asks for, and nobody else can read or change anything.
func TestRequests(t *testing.T) {
	s, server := site(t)
	outside := filepath.Join(t.TempDir(), "secret.go")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(s.root, ".bin", "link.go")
	os.MkdirAll(filepath.Dir(link), 0o755)
	os.Remove(link)
	if err := os.Symlink(outside, link); err == nil {
		defer os.Remove(link)
	}
	own := "http://" + server.Listener.Addr().String()
	for _, c := range []struct {
		request string // method, path, body
		header  string // fields, separated by semicolons; Host among them
		want    int
	}{
		{"GET /", "", 200},
		{"GET /page/learn.js", "", 200},
		{"GET /lessons/03.html", "", 200},
		{"GET /chat.css", "", 200},
		{"GET /state?step=3", "", 200},
		{"GET /state?step=99", "", 200},
		{"GET /code/raw/conn.go", "", 200},
		{"GET /code/README.md", "", 200},
		{"GET /code/steps/tools/bench/chart.svg", "", 200},
		{"GET /", "Host: forwarded.example", 200},
		{"GET /", "Host: evil.example", 403},
		{"GET /state", "Host: localhost.evil.example", 403},
		{"GET /feed", "Origin: http://evil.example", 403},
		{"GET /", "Host: forwarded.example;Origin: http://evil.example", 403},
		{"GET /state", "Sec-Fetch-Site: cross-site;Sec-Fetch-Mode: no-cors", 403},
		{"GET /lessons/..%2fmain.go", "", 404},
		{"GET /lessons/..%5cmain.go", "", 404},
		{"GET /page/%2e%2e%2fmain.go", "", 404},
		{"GET /pictures/..%2f03.md", "", 404},
		{"GET /pictures/%2fetc%2fpasswd", "", 404},
		{"GET /code/work%2f..%2f.git%2fconfig.go", "", 404},
		{"GET /code//etc/passwd.go", "", 404},
		{"GET /code/..%2f..%2f..%2fetc%2fpasswd", "", 404},
		{"GET /code/go.sum", "", 404},
		{"GET /code/.git/config", "", 404},
		{"GET /code/.bin/link.go", "", 404},
		{"GET /code/steps/../../etc/passwd", "", 404},
		{"POST /begin {\"step\":3,\"how\":\"ours\"}",
			"Content-Type: application/json;Origin: http://evil.example", 403},
		{"POST /begin {\"step\":3,\"how\":\"ours\"}", "Content-Type: application/json;Origin: null", 403},
		{"POST /begin {\"step\":3,\"how\":\"ours\"}", "Content-Type: text/plain;Origin: " + own, 415},
		{"POST /begin step=3&how=ours", "Content-Type: application/x-www-form-urlencoded", 415},
		{"POST /begin step=3", "Content-Type: multipart/form-data;Origin: " + own, 415},
		{"POST /begin {\"step\":3,\"how\":\"ours\"}", "Sec-Fetch-Site: cross-site;Content-Type: application/json",
			403},
		{"POST /begin {\"step\":3,\"how\":\"" + strings.Repeat("x", 5000) + "\"}",
			"Content-Type: application/json;Origin: " + own, 400},
		{"POST /begin {\"step\":8,\"how\":\"ours\"}", "Content-Type: application/json;Origin: " + own, 400},
		{"POST /begin {\"step\":3,\"how\":\"; rm\"}", "Content-Type: application/json;Origin: " + own, 400},
		{"POST /begin {", "Content-Type: application/json;Origin: " + own, 400},
		{"POST /check {}", "Content-Type: text/plain", 415},
		{"POST /check {}", "Content-Type: application/json;Origin: " + own, 200},
		{"POST /restart {}", "Content-Type: text/plain", 415},
		{"POST /restart {}", "Content-Type: application/json;Origin: http://localhost.evil.example", 403},
		{"OPTIONS /restart", "Origin: null;Access-Control-Request-Method: POST", 403},
		{"OPTIONS /begin", "Origin: http://evil.example;Access-Control-Request-Method: POST", 403},
		{"GET /begin", "", 404},
		{"GET /differences?step=0", "", 400},
		{"GET /differences?step=-diff", "", 400},
	} {
		fields := strings.SplitN(c.request, " ", 3)
		body := ""
		if len(fields) == 3 {
			body = fields[2]
		}
		r, err := http.NewRequest(fields[0], server.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Opaque = fields[1] // unchanged
		for _, field := range strings.Split(c.header, ";") {
			name, value, _ := strings.Cut(field, ": ")
			if name == "Host" {
				r.Host = value
			} else if name != "" {
				r.Header.Set(name, value)
			}
		}
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Errorf("%s: %v", c.request, err)
			continue
		}
		res.Body.Close()
		if res.StatusCode != c.want && !(c.want == 404 && res.StatusCode/100 == 3) {
			t.Errorf("%s (%s): status %d, want %d", c.request, c.header, res.StatusCode, c.want)
		}
	}
}

// TestWork: whatever happens to work/, the page learns what is there, and nothing outside the workshop
// is read.
func TestWork(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	put := func(from, to string) {
		if err := os.CopyFS(filepath.Join(root, to), os.DirFS("../../../"+from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"steps/01", "steps/02", "steps/03", "steps/04", "steps/05", "steps/06",
		"library"} {
		put(folder, folder)
	}
	s, err := newSession(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.taps = append(s.taps, wiretap.NewTap(s.record, "work", "localhost:1", s.servers[0].Address))
	work := filepath.Join(root, "work")
	for _, c := range []struct {
		change func()
		want   string // in the answer
	}{
		{func() {}, `"folder":"","holds":0,"own":true,"servers":[{"name":"work","running":false,`},
		{func() { put("steps/03", "work") }, `"state":"there"`},
		{func() { os.WriteFile(filepath.Join(work, "frame.go"), []byte("package"), 0o644) }, `"step":3`},
		{func() { os.RemoveAll(work); os.WriteFile(work, nil, 0o644) }, `"folder":"work"`},
		{func() { os.Remove(work); os.Symlink(outside, work) }, `"step":0`},
	} {
		c.change()
		w := httptest.NewRecorder()
		s.state(w, httptest.NewRequest("GET", "/state?step=3", nil))
		if !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("the state is %s, want %s in it", w.Body, c.want)
		}
	}
}

// TestFeed: a page that reconnects gets what it has missed, and a new one gets what is kept.
func TestFeed(t *testing.T) {
	s, server := site(t)
	for i := range mostEntries + 10 {
		s.feed.add(entry{Kind: "output", Text: fmt.Sprint(i)})
	}
	read := func(after string) string {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/feed?after="+after, nil)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				return id
			}
		}
		return ""
	}
	first := s.feed.entries[0].N
	if first == 1 || len(s.feed.entries) > mostEntries {
		t.Errorf("%d entries are kept, from number %d on", len(s.feed.entries), first)
	}
	for after, want := range map[string]int64{"": first, s.feed.run + "-1990": 1991, "other-1990": first} {
		if got := read(after); got != fmt.Sprintf("%s-%d", s.feed.run, want) {
			t.Errorf("after %q, %s comes, want number %d", after, got, want)
		}
	}
}

// TestFloods: a server that prints endlessly neither fills the memory nor displaces the feed's other
// entries.
func TestFloods(t *testing.T) {
	f := newFeed()
	f.add(entry{Kind: "server", Server: "work", State: "running"})
	f.add(entry{Kind: "check", Run: 1, Text: "old"})
	f.add(entry{Kind: "check", Run: 2, Text: "new"})
	for range 100 {
		for range 100 {
			f.print("work", strings.Repeat("x", 1000))
		}
		f.add(entry{Kind: "code"})
	}
	for i := range 2 * mostEntries {
		f.add(entry{Kind: "output", Text: fmt.Sprint(i)})
	}
	f.print("work", "the last")
	f.add(entry{Kind: "code"})
	var kept []string
	size := 0
	for _, e := range f.entries {
		size += len(e.Text)
		if e.Kind != "output" && e.Kind != "code" {
			kept = append(kept, e.State+e.Text)
		}
	}
	if want := "[running new]"; fmt.Sprint(kept) != want || len(f.entries) > mostEntries ||
		size > mostEntries*2*mostOutput {
		t.Errorf("%d entries with %d bytes are kept, among them %v, want %s", len(f.entries), size, kept, want)
	}
	if last := f.entries[len(f.entries)-2]; last.Text != "the last\n" {
		t.Errorf("the output before the last entry is %q", last.Text)
	}
}

// TestTaken: if both ports are in use, as by another learn, the error names both flags at once.
func TestTaken(t *testing.T) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	err = run(t.Context(), io.Discard, options{addr: addr, view: addr})
	if err == nil || !strings.Contains(err.Error(), "-addr localhost:") ||
		!strings.Contains(err.Error(), "-view localhost:") {
		t.Errorf("the error is %v", err)
	}
}

// TestSite: each link and picture of the static pages leads somewhere, and a folder with other files is left
// alone.
func TestSite(t *testing.T) {
	dir := t.TempDir()
	if err := writeSite(dir); err != nil {
		t.Fatal(err)
	}
	pages, _ := filepath.Glob(filepath.Join(dir, "*.html")) // the pattern is well formed: no error
	links := regexp.MustCompile(`(?:href|src)="([\w./-]+)["#?]`)
	for _, page := range pages {
		text, _ := os.ReadFile(page)
		for _, m := range links.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(dir, string(m[1]))); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	if err := writeSite(dir); err != nil || len(pages) < 20 {
		t.Errorf("%d pages, and the second time: %v", len(pages), err)
	}
	if err := writeSite("."); err == nil {
		t.Error("the pages were written next to this test")
	}
}

func TestCompileErrors(t *testing.T) {
	got := compileErrors("/w", "# websocket-workshop/work\nwork/frame.go:12:3: undefined: "+
		"x\n/w/work/conn.go:7: syntax error\ntoo many errors\n")
	want := []compileError{{"work/frame.go", 12, 3, "undefined: x"}, {"work/conn.go", 7, 0, "syntax error"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
