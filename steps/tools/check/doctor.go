package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/programs"
)

// oldestGo is the Go version that the workshop's go.mod asks for.
const oldestGo = "1.25"

// A machine is what the doctor looks at.
type machine struct {
	goVersion string              // as go env GOVERSION says; "" if there is no go command
	root      string              // the workshop's folder
	port      string              // where the servers listen unless told otherwise
	getenv    func(string) string // the environment
}

// thisMachine returns the one that the check runs on.
func thisMachine() machine {
	said, _ := exec.Command("go", "env", "GOVERSION").Output()
	here, _ := os.Getwd() // without which there is no root, and Go says so
	return machine{
		goVersion: strings.TrimSpace(string(said)),
		root:      programs.Root(here),
		port:      cmp.Or(os.Getenv("PORT"), "8080"),
		getenv:    os.Getenv,
	}
}

// A finding is what the doctor says of one thing.
type finding struct {
	ok           bool
	what, remedy string
}

// String returns what an attendee is told.
func (f finding) String() string {
	if f.ok {
		return "  ✓ ok       " + f.what + "\n"
	}
	return "  ✗ trouble  " + f.what + "\n             do this: " + f.remedy + "\n"
}

// examine prints all findings, and returns the exit status.
func examine(ctx context.Context, out io.Writer, m machine) int {
	status := 0
	for _, find := range []func(context.Context) finding{m.version, m.settings, m.runs, m.files, m.portFree, m.localhost, m.proxy} {
		f := find(ctx)
		if !f.ok {
			status = 1
		}
		fmt.Fprint(out, f)
	}
	return status
}

// hinders returns what keeps the check from telling anything about a server; its field ok is
// true where nothing does.
func (m machine) hinders(ctx context.Context) finding {
	for _, find := range []func(context.Context) finding{m.runs, m.files, m.localhost} {
		if f := find(ctx); !f.ok {
			return f
		}
	}
	return finding{ok: true}
}

// version looks at the Go version.
func (m machine) version(context.Context) finding {
	switch {
	case m.goVersion == "":
		return finding{false, "the command go is not found", "install Go from https://go.dev/dl, then open a new terminal"}
	case older(strings.TrimPrefix(m.goVersion, "go"), oldestGo):
		return finding{false, fmt.Sprintf("this is %s, and the workshop needs Go %s", m.goVersion, oldestGo), "install the newest Go from https://go.dev/dl, then open a new terminal"}
	}
	return finding{true, "Go is new enough: " + m.goVersion, ""}
}

// settings looks whether Go takes the workshop's code for a module.
func (m machine) settings(ctx context.Context) finding {
	list := exec.CommandContext(ctx, "go", "list", "-buildvcs=false", "./raw")
	list.Dir = m.root
	said, _ := list.CombinedOutput()
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if line == "websocket-workshop/raw" {
		return finding{true, "Go's settings let it build the workshop", ""}
	}
	remedy := "compare go env with that of a machine on which it works"
	for _, s := range []struct{ name, harmless, remedy string }{
		{"GO111MODULE", "on", "The workshop is a module: go env -u GO111MODULE, or remove the environment variable"},
		{"GOWORK", "off", "The file is a workspace of other modules: set the environment variable GOWORK to off"},
		{"GOFLAGS", "", "Do without: go env -u GOFLAGS, or remove the environment variable"},
	} {
		env := exec.CommandContext(ctx, "go", "env", s.name)
		env.Dir = m.root
		value, _ := env.Output()
		if v := strings.TrimSpace(string(value)); v != "" && v != s.harmless {
			remedy = fmt.Sprintf("%s is %s. %s", s.name, v, s.remedy)
			break
		}
	}
	return finding{false, "Go cannot build the workshop: " + line, remedy}
}

// runs looks whether a program runs that lies where go run and the check put theirs.
func (m machine) runs(ctx context.Context) finding {
	said, _ := exec.CommandContext(ctx, "go", "env", "GOTMPDIR").Output()
	for _, dir := range []string{os.TempDir(), cmp.Or(strings.TrimSpace(string(said)), os.TempDir())} {
		const remedy = "let the environment variable %s name a folder on another disk, such as one in your home folder"
		name := map[bool]string{true: "TMP", false: "TMPDIR"}[runtime.GOOS == "windows"]
		if dir != os.TempDir() {
			name = "GOTMPDIR"
		}
		if err := runsIn(ctx, dir); err != nil {
			return finding{false, fmt.Sprintf("programs in %s cannot be run: %v", dir, err), fmt.Sprintf(remedy, name)}
		}
	}
	return finding{true, "programs in " + os.TempDir() + " can be run", ""}
}

// runsIn runs a small program in a folder. On Windows any folder with programs in it is as good.
func runsIn(ctx context.Context, dir string) error {
	temp, err := os.MkdirTemp(dir, "websocket-doctor-")
	if err != nil || runtime.GOOS == "windows" {
		return cmp.Or(err, os.Remove(temp))
	}
	defer os.RemoveAll(temp)
	script := filepath.Join(temp, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		return err
	}
	return exec.CommandContext(ctx, script).Run()
}

// files looks whether a program can have as many files and connections open as the check needs.
func (m machine) files(context.Context) finding {
	const need = 256
	var open []*os.File
	defer func() {
		for _, f := range open {
			f.Close()
		}
	}()
	for range need {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return finding{false, fmt.Sprintf("a program may have no more than %d files and connections open here, and the check needs %d", len(open), need), "ulimit -n 1024, in this terminal; or ask whoever has set the limit"}
		}
		open = append(open, f)
	}
	return finding{true, "a program can have files enough open", ""}
}

// older reports whether version a comes before b; both are like 1.25 or 1.25.3.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range bs {
		x, y := 0, 0
		if i < len(as) {
			fmt.Sscan(as[i], &x) // only the digits: there is 1.26rc1, too
		}
		if y, _ = strconv.Atoi(bs[i]); x != y {
			return x < y
		}
	}
	return false
}

// portFree looks whether the servers' port can be had.
func (m machine) portFree(context.Context) finding {
	if _, err := strconv.ParseUint(m.port, 10, 16); err != nil {
		return finding{false, fmt.Sprintf("the environment variable PORT is %q, which is no port", m.port), "set PORT to a number such as 8080, or remove it"}
	}
	// Where a listener is bound to every address, the system may grant ours beside it. And
	// localhost is two addresses: a browser may try the one that ours has not.
	for _, host := range []string{"127.0.0.1", "::1"} {
		nc, err := net.DialTimeout("tcp", net.JoinHostPort(host, m.port), time.Second)
		if err != nil {
			continue
		}
		nc.Close()
		who := cmp.Or(whoListens(m.port), "another program; the system does not say which")
		return finding{false, fmt.Sprintf("port %s is taken by %s", m.port, who), "stop that program, or choose another port: go run ./work -addr localhost:" + nextPort(m.port)}
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+m.port)
	if err != nil {
		return finding{false, fmt.Sprintf("nobody can listen on port %s: %v", m.port, err), "choose another port: go run ./work -addr localhost:" + nextPort(m.port)}
	}
	l.Close()
	return finding{true, "port " + m.port + " is free", ""}
}

// nextPort returns a port to try instead.
func nextPort(port string) string {
	n, _ := strconv.Atoi(port)
	if n <= 0 || n >= 65535 {
		n = 8080
	}
	return strconv.Itoa(n + 1)
}

// localhost looks whether the name means this machine.
func (m machine) localhost(ctx context.Context) finding {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // a network's name server may not answer
	defer cancel()
	addrs, err := net.DefaultResolver.LookupHost(ctx, "localhost")
	if err != nil {
		return finding{false, "the name localhost is not known here", hostsRemedy()}
	}
	for _, addr := range addrs {
		if ip := net.ParseIP(addr); ip == nil || !ip.IsLoopback() {
			return finding{false, "the name localhost means " + addr + ", which is not this machine", hostsRemedy()}
		}
	}
	return finding{true, "localhost is this machine", ""}
}

// hostsRemedy says where names are written down.
func hostsRemedy() string {
	file := "/etc/hosts"
	if runtime.GOOS == "windows" {
		file = `C:\Windows\System32\drivers\etc\hosts`
	}
	return "put this line into the file " + file + ":  127.0.0.1 localhost"
}

// proxySetting returns the proxy that the environment names, and the variable that does.
func (m machine) proxySetting() (name, value string) {
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"} {
		if value := m.getenv(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

// exempt reports whether the environment keeps localhost away from the proxy.
func (m machine) exempt() bool {
	for _, host := range strings.Split(cmp.Or(m.getenv("no_proxy"), m.getenv("NO_PROXY")), ",") {
		host, _, _ = strings.Cut(strings.TrimSpace(host), ":")
		if host == "localhost" || host == ".localhost" || host == "*" {
			return true
		}
	}
	return false
}

// proxy looks whether a page on this machine can be reached in spite of a proxy.
func (m machine) proxy(ctx context.Context) finding {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return finding{false, "nobody can listen on localhost: " + err.Error(), "look whether a firewall forbids it"}
	}
	const page = "the doctor's page"
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page) })}
	go server.Serve(l)
	defer server.Close()
	address := "http://localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)

	if got, err := fetch(ctx, address, nil); got != page {
		return finding{false, fmt.Sprintf("a page on this machine cannot be reached: %v", err), "look whether a firewall stands between programs of this machine"}
	}
	name, value := m.proxySetting()
	if name == "" || m.exempt() {
		return finding{true, "a page on this machine can be reached, with no proxy in between", ""}
	}
	via, err := url.Parse(value)
	if err != nil || via.Host == "" {
		via, err = url.Parse("http://" + value)
	}
	if err == nil {
		if got, _ := fetch(ctx, address, via); got == page {
			return finding{true, "a page on this machine can be reached, even by way of the proxy in " + name, ""}
		}
	}
	remedy := "set NO_PROXY=localhost,127.0.0.1,::1 and start the browser anew; or exempt localhost in the browser's proxy settings"
	return finding{false, fmt.Sprintf("%s is set, and by way of that proxy a page on localhost cannot be reached", name), remedy}
}

// fetch gets a page, by way of a proxy if there is one.
func fetch(ctx context.Context, address string, via *url.URL) (string, error) {
	transport := &http.Transport{DisableKeepAlives: true}
	if via != nil {
		transport.Proxy = http.ProxyURL(via) // always, while http.ProxyFromEnvironment leaves out localhost
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	return string(b), err
}
