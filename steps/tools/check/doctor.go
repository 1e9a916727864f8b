package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/version"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/process"
)

// oldestGo is the Go version that the workshop's go.mod asks for.
const oldestGo = "1.25"

// A machine is what the doctor looks at.
type machine struct {
	goVersion string // as go env GOVERSION says; "" if there is no go command
	root      string // the workshop's folder
	port      string // where the servers listen unless told otherwise
}

// thisMachine returns the one that the check runs on.
func thisMachine() machine {
	m := machine{root: process.Root("."), port: cmp.Or(os.Getenv("PORT"), "8080")}
	m.goVersion = m.goSays(context.Background(), "env", "GOVERSION")
	return m
}

// goSays returns what the command go prints in the workshop's folder, be it an error.
func (m machine) goSays(ctx context.Context, args ...string) string {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = m.root
	said, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		said = failed.Stderr
	}
	return strings.TrimSpace(string(said))
}

// A finding is what the doctor says of one thing; there is a remedy for what is not well.
type finding struct{ what, remedy string }

// well is a finding that nothing is wrong.
func well(what string) finding { return finding{what: what} }

// String returns what an attendee is told.
func (f finding) String() string {
	if f.remedy == "" {
		return "  ✓ ok       " + f.what + "\n"
	}
	return "  ✗ trouble  " + f.what + "\n             do this: " + f.remedy + "\n"
}

// everything is all that the doctor looks at.
func (m machine) everything() []func(context.Context) finding {
	return []func(context.Context) finding{m.version, m.settings, m.runs, m.files, m.portFree, m.localhost, m.proxy}
}

// examine prints what is found, and returns the exit status.
func examine(ctx context.Context, out io.Writer, finds ...func(context.Context) finding) int {
	status := 0
	for _, find := range finds {
		f := find(ctx)
		if f.remedy != "" {
			status = 1
		}
		fmt.Fprint(out, f)
	}
	return status
}

// version looks at the Go version.
func (m machine) version(context.Context) finding {
	const remedy = "install %s from https://go.dev/dl, then open a new terminal"
	switch {
	case m.goVersion == "":
		return finding{"the command go is not found", fmt.Sprintf(remedy, "Go")}
	case version.Compare(m.goVersion, "go"+oldestGo) < 0:
		return finding{fmt.Sprintf("this is %s, and the workshop needs Go %s", m.goVersion, oldestGo), fmt.Sprintf(remedy, "the newest Go")}
	}
	return well("Go is new enough: " + m.goVersion)
}

// settings looks whether Go takes the workshop's code for a module.
func (m machine) settings(ctx context.Context) finding {
	said := m.goSays(ctx, "list", "-buildvcs=false", "./raw")
	line, _, _ := strings.Cut(said, "\n")
	if line == "websocket-workshop/raw" {
		return well("Go's settings let it build the workshop")
	}
	remedy := "compare go env with that of a machine on which it works"
	for _, s := range []struct{ name, harmless, remedy string }{
		{"GOFLAGS", "", "Do without: go env -u GOFLAGS, or remove the environment variable"},
		{"GOWORK", "off", "The file is a workspace of other modules: set the environment variable GOWORK to off"},
		{"GO111MODULE", "on", "The workshop is a module: go env -u GO111MODULE, or remove the environment variable"},
	} {
		if v := m.goSays(ctx, "env", s.name); v != "" && v != s.harmless {
			remedy = fmt.Sprintf("%s is %s. %s", s.name, v, s.remedy)
		}
	}
	return finding{"Go cannot build the workshop: " + line, remedy}
}

// runs looks whether a program runs that lies where go run and the check put theirs.
func (m machine) runs(ctx context.Context) finding {
	name := map[bool]string{true: "TMP", false: "TMPDIR"}[runtime.GOOS == "windows"]
	own := m.goSays(ctx, "env", "GOTMPDIR")
	for _, place := range [][2]string{{name, os.TempDir()}, {"GOTMPDIR", cmp.Or(own, os.TempDir())}} {
		if err := runsIn(ctx, place[1]); err != nil {
			return finding{fmt.Sprintf("programs in %s cannot be run: %v", place[1], err),
				fmt.Sprintf("let the environment variable %s name a folder on another disk, such as one in your home folder", place[0])}
		}
	}
	return well("programs in " + os.TempDir() + " can be run")
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
	for open := range need {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return finding{fmt.Sprintf("a program may have no more than %d files and connections open here, and the check needs %d", open, need),
				"ulimit -n 1024, in this terminal; or ask whoever has set the limit"}
		}
		defer f.Close()
	}
	return well("a program can have files enough open")
}

// portFree looks whether the servers' port can be had.
func (m machine) portFree(context.Context) finding {
	n, err := strconv.ParseUint(m.port, 10, 16)
	if err != nil {
		return finding{fmt.Sprintf("the environment variable PORT is %q, which is no port", m.port), "set PORT to a number such as 8080, or remove it"}
	}
	other := fmt.Sprintf("choose another port: go run ./work -addr localhost:%d", max(8081, (n+1)%65536))
	// Where a listener is bound to every address, the system may grant ours beside it. And
	// localhost is two addresses: a browser may try the one that ours has not.
	if len(process.Answering(process.Loopback("localhost:"+m.port))) > 0 {
		return finding{fmt.Sprintf("port %s is taken by another program", m.port), "stop that program, or " + other}
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+m.port)
	if err != nil {
		return finding{fmt.Sprintf("nobody can listen on port %s: %v", m.port, err), other}
	}
	l.Close()
	return well("port " + m.port + " is free")
}

// localhost looks whether the name means this machine.
func (m machine) localhost(ctx context.Context) finding {
	file := "/etc/hosts"
	if runtime.GOOS == "windows" {
		file = `C:\Windows\System32\drivers\etc\hosts`
	}
	remedy := "put this line into the file " + file + ":  127.0.0.1 localhost"
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // a network's name server may not answer
	defer cancel()
	addrs, err := net.DefaultResolver.LookupHost(ctx, "localhost")
	if err != nil {
		return finding{"the name localhost is not known here", remedy}
	}
	for _, addr := range addrs {
		if ip := net.ParseIP(addr); ip == nil || !ip.IsLoopback() {
			return finding{"the name localhost means " + addr + ", which is not this machine", remedy}
		}
	}
	return well("localhost is this machine")
}

// exempt finds localhost among the names that go past the proxy.
var exempt = regexp.MustCompile(`(^|,)\s*(\.?localhost|\*)\s*(:[^,]*)?(,|$)`)

// proxy looks whether a proxy would be asked for a page on this machine. It might even have that;
// but a WebSocket is another matter.
func (m machine) proxy(context.Context) finding {
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"} {
		if os.Getenv(name) != "" && !exempt.MatchString(cmp.Or(os.Getenv("no_proxy"), os.Getenv("NO_PROXY"))) {
			return finding{name + " is set, and localhost is not exempt: a browser may look for the page at that proxy",
				"set NO_PROXY=localhost,127.0.0.1,::1 and start the browser anew; or exempt localhost in the browser's proxy settings"}
		}
	}
	return well("no proxy stands in front of this machine")
}
