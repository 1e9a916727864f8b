package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"websocket-workshop/steps/tools/process"
)

// TestServers: what is built and run, or runs already, and what is neither.
func TestServers(t *testing.T) {
	t.Chdir("../../..")
	for args, want := range map[string]string{
		"":                        "raw library",
		"./raw/ localhost:9000":   "./raw localhost:9000",
		"steps/03 steps/03":       "steps/03 steps/03 (2)",
		"nothing":                 "nothing is neither a folder with",
		"localhost:99999":         "localhost:99999 is neither a folder with",
		"README.md":               "README.md is neither a folder with",
		"raw library raw":         "one server or two, and not 3",
		t.TempDir():               "is outside of the workshop's folder",
		"no-such-folder/work raw": "no-such-folder/work is neither a folder with",
	} {
		servers, err := findServers(strings.Fields(args))
		got := fmt.Sprint(err)
		if err == nil {
			var names []string
			for _, s := range servers {
				names = append(names, s.name)
			}
			got = strings.Join(names, " ")
		}
		if !strings.Contains(got, want) {
			t.Errorf("wire %s: %s", args, got)
		}
	}
	t.Chdir("steps/tools")
	if servers, err := findServers([]string{"raw"}); err != nil || servers[0].keeper.Dir != "raw" {
		t.Errorf("from within a folder: %v, %v", servers, err)
	}
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := listen("-view", taken.Addr().String()); err == nil || !strings.Contains(err.Error(), "choose another port: -view localhost:") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a taken port: %v", err)
	}
}

const program = `package main

import (
	"net/http"
	"os"
)

func main() {
	http.ListenAndServe(os.Args[2], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("hello")) }))
}
`

// TestRun: a server is built and started, and reached through the wire, and nothing is left behind.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	files := fstest.MapFS{"go.mod": {Data: []byte("module strange\n\ngo 1.25\n")}, "srv/main.go": {Data: []byte(program)}}
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "srv"))
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, out, []string{"."}, "localhost:0", "", "localhost:0") }()
	lines := bufio.NewScanner(in)
	lines.Scan()
	words := strings.Fields(strings.ReplaceAll(lines.Text(), ")", ""))
	wire, server := words[1], words[len(words)-1]
	if lines.Scan(); !strings.Contains(lines.Text(), "/wire.html") {
		t.Errorf("it says %q", lines.Text())
	}
	res, err := http.Get(wire)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(res.Body); string(got) != "hello" {
		t.Errorf("through the wire comes %q, %v", got, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if others := process.Answering([]string{strings.TrimPrefix(wire, "http://"), server}); others != nil {
		t.Errorf("somebody still listens on %s", others)
	}
}
