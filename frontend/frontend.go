// Package frontend has the pages that every server of the workshop serves: the
// chat, and the page that draws a frame bit by bit. The files are embedded, so
// that a server is one binary and works offline.
package frontend

import (
	"bytes"
	"embed"
	"net/http"
	"path"
	"strconv"
	"time"
)

// Not *.js: an editor or a memory stick may leave files like ._chat.js.
//
//go:embed [a-z]*.html [a-z]*.css [a-z]*.js
var files embed.FS

// mark identifies this process in each response, so that a page that waits for its server
// notices that it has been restarted.
var mark = strconv.Quote(strconv.FormatInt(time.Now().UnixNano(), 36))

// contentTypes does not rely on mime.TypeByExtension. On Windows that reads the registry,
// which may have text/plain for .js, and then no browser runs the module.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
}

// policy lets the pages load their own files and nothing else. For Safari before 15.4,
// 'self' does not include ws:, so WebSockets are named. The one data: URL is the icon.
const policy = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'none'"

// Handler serves the chat at /, the other pages, and the files that they load.
func Handler() http.Handler {
	return http.HandlerFunc(serve)
}

func serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the pages can only be read: use GET", http.StatusMethodNotAllowed)
		return
	}
	name := r.URL.Path[min(1, len(r.URL.Path)):]
	if name == "" {
		name = "index.html"
	}
	data, err := files.ReadFile(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentTypes[path.Ext(name)])
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", mark)
	h.Set("Cache-Control", "no-cache") // another server may answer next at this address
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}
