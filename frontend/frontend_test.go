package frontend

import (
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/rules"
)

func get(t *testing.T, method, target string) (*http.Response, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	Handler().ServeHTTP(rec, httptest.NewRequest(method, target, nil))
	body, err := io.ReadAll(rec.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return rec.Result(), string(body)
}

// Follow everything that the pages load: no file may be missing, come from another
// host, or have a type that browsers do not run.
func TestEveryFileAPageLoadsIsServed(t *testing.T) {
	mime.AddExtensionType(".js", "text/plain") // as in some Windows registries
	loads := regexp.MustCompile(`(?:src=|href=|from |import )"([^"#]+)"`)
	want := map[string]string{
		"html": "text/html; charset=utf-8",
		"js":   "text/javascript; charset=utf-8",
		"css":  "text/css; charset=utf-8",
	}
	seen := map[string]bool{}
	todo := []string{"index.html", "wire.html"}
	for len(todo) > 0 {
		name := strings.TrimPrefix(todo[0], "./")
		todo = todo[1:]
		if seen[name] || strings.HasPrefix(name, "data:") {
			continue
		}
		seen[name] = true
		res, body := get(t, "GET", "/"+name)
		if res.StatusCode != http.StatusOK || body == "" {
			t.Errorf("%s: status %d, %d bytes", name, res.StatusCode, len(body))
		}
		got := res.Header.Get("Content-Type")
		if name != "." && got != want[name[strings.LastIndex(name, ".")+1:]] {
			t.Errorf("%s: Content-Type %q", name, got)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control %q: the browser would keep an old page", name, got)
		}
		if got := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'self';") {
			t.Errorf("%s: Content-Security-Policy %q", name, got)
		}
		for _, m := range loads.FindAllStringSubmatch(body, -1) {
			todo = append(todo, m[1])
		}
	}
	for _, name := range []string{"chat.css", "chat-reconnect.js", "frame-diagram.css", "frame-rules.js",
		"frame.css", "frame.js"} {
		if !seen[name] {
			t.Errorf("no page leads to %s", name)
		}
	}
}

func TestOnlyThePageIsServed(t *testing.T) {
	_, index := get(t, "GET", "/index.html")
	if _, root := get(t, "GET", "/"); root != index || !strings.Contains(root, `id="msgs"`) {
		t.Error("/ is not the chat page")
	}
	for _, target := range []string{"/frontend.go", "/browsertest/package.json", "/browsertest/", "/nothing",
		"/../frontend.go", "//", "/."} {
		if res, _ := get(t, "GET", target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", target, res.StatusCode)
		}
	}
}

func TestMethods(t *testing.T) {
	if res, body := get(t, "HEAD", "/"); res.StatusCode != http.StatusOK || body != "" {
		t.Errorf("HEAD: status %d, body %q", res.StatusCode, body)
	} else if res.Header.Get("ETag") == "" {
		t.Error("HEAD: no ETag: a page that waits cannot notice a restart")
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		res, _ := get(t, method, "/")
		if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, res.StatusCode, res.Header.Get("Allow"))
		}
	}
}

// The longest post, with every UTF-16 unit written as \u and four digits, must stay
// within the bytes that a server accepts.
func TestLongestPostFitsTheLimit(t *testing.T) {
	_, index := get(t, "GET", "/")
	size := len(`{"user":"","text":""}`)
	found := regexp.MustCompile(`id="(?:user|text)"[^>]* maxlength="(\d+)"`).FindAllStringSubmatch(index, -1)
	if len(found) != 2 {
		t.Fatalf("%d of 2 inputs have a maxlength", len(found))
	}
	for _, m := range found {
		length, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		size += len(`\u0000`) * length
	}
	if size > rules.MaxMessage {
		t.Errorf("a post can have %d bytes", size)
	}
}
