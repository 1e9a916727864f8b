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
	"runtime"
	"strconv"
	"strings"
	"time"
)

// oldestGo is the Go version that the workshop's go.mod asks for.
const oldestGo = "1.25"

// A machine is what the doctor looks at.
type machine struct {
	goVersion string              // as go env GOVERSION says; "" if there is no go command
	port      string              // where the servers listen unless told otherwise
	getenv    func(string) string // the environment
}

// thisMachine returns the one that the check runs on.
func thisMachine() machine {
	said, _ := exec.Command("go", "env", "GOVERSION").Output()
	return machine{
		goVersion: strings.TrimSpace(string(said)),
		port:      cmp.Or(os.Getenv("PORT"), "8080"),
		getenv:    os.Getenv,
	}
}

// A finding is what the doctor says of one thing.
type finding struct {
	ok           bool
	what, remedy string
}

// examine prints all findings, and returns the exit status.
func examine(ctx context.Context, out io.Writer, m machine) int {
	status := 0
	for _, f := range []finding{m.version(), m.portFree(), m.localhost(), m.proxy(ctx)} {
		sign := "✓ ok     "
		if !f.ok {
			sign, status = "✗ trouble", 1
		}
		fmt.Fprintf(out, "  %s  %s\n", sign, f.what)
		if f.remedy != "" {
			fmt.Fprintf(out, "             do this: %s\n", f.remedy)
		}
	}
	return status
}

// version looks at the Go version.
func (m machine) version() finding {
	switch {
	case m.goVersion == "":
		return finding{false, "the command go is not found", "install Go from https://go.dev/dl, then open a new terminal"}
	case older(strings.TrimPrefix(m.goVersion, "go"), oldestGo):
		return finding{false, fmt.Sprintf("this is %s, and the workshop needs Go %s", m.goVersion, oldestGo), "install the newest Go from https://go.dev/dl, then open a new terminal"}
	}
	return finding{true, "Go is new enough: " + m.goVersion, ""}
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
func (m machine) portFree() finding {
	addr := net.JoinHostPort("localhost", m.port)
	if _, err := strconv.ParseUint(m.port, 10, 16); err != nil {
		return finding{false, fmt.Sprintf("the environment variable PORT is %q, which is no port", m.port), "set PORT to a number such as 8080, or remove it"}
	}
	// where a listener is bound to every address, the system may grant ours beside it
	if nc, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		nc.Close()
		who := whoListens(m.port)
		if who == "" {
			who = "another program; the system does not say which"
		}
		return finding{false, fmt.Sprintf("port %s is taken by %s", m.port, who), "stop that program, or choose another port: go run ./work -addr localhost:" + nextPort(m.port)}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return finding{false, fmt.Sprintf("nobody can listen on %s: %v", addr, err), "choose another port: go run ./work -addr localhost:" + nextPort(m.port)}
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
func (m machine) localhost() finding {
	addrs, err := net.LookupHost("localhost")
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
	return "put this line into " + file + ":  127.0.0.1 localhost"
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
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return finding{false, "nobody can listen on localhost: " + err.Error(), "look whether a firewall or a virus scanner forbids it"}
	}
	const page = "the doctor's page"
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page) })}
	go server.Serve(l)
	defer server.Close()
	address := "http://localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)

	if got, err := fetch(ctx, address, nil); got != page {
		return finding{false, fmt.Sprintf("a page on this machine cannot be reached: %v", err), "look whether a firewall or a virus scanner stands between programs of this machine"}
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
