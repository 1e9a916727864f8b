// Package doctor examines a machine: Go and its settings, where programs can be run, whether they can reach
// each other, ports, a proxy. Judging by the messages of Go or a browser, trouble with these looks like a
// fault of the server.
package doctor

import (
	"cmp"
	"context"
	"encoding/json"
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

// oldestGo is the Go version that the workshop's go.mod requires.
const oldestGo = "1.25"

// A Machine is what the doctor examines.
type Machine struct {
	env   map[string]string // what go env prints, by name
	noEnv string            // what go printed instead
	root  string            // the workshop's folder
	port  string            // where the servers listen by default
}

// This returns the machine that this program runs on.
func This() Machine {
	m := Machine{root: process.Root("."), port: cmp.Or(os.Getenv("PORT"), "8080")}
	said, _ := m.goPrints(context.Background(), "env", "-json")
	if json.Unmarshal([]byte(said), &m.env) != nil {
		m.noEnv = said
	}
	return m
}

// goPrints returns the output of the command go in the workshop's folder or, with an error, its message.
func (m Machine) goPrints(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = m.root
	said, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		said = failed.Stderr
	}
	return strings.TrimSpace(string(said)), err
}

// A finding is what the doctor reports about one thing. If there is a remedy, something is wrong.
type finding struct{ what, remedy string }

// well returns the finding that nothing is wrong.
func well(what string) finding { return finding{what: what} }

// trouble returns the finding that something is wrong; format and a describe it.
func trouble(remedy, format string, a ...any) finding {
	return finding{fmt.Sprintf(format, a...), remedy}
}

// String returns the lines that an attendee reads.
func (f finding) String() string {
	if f.remedy == "" {
		return "  ✓ ok       " + f.what + "\n"
	}
	return "  ✗ trouble  " + f.what + "\n             do this: " + f.remedy + "\n"
}

// An examination examines one thing.
type examination func(context.Context) finding

// Examine prints all findings, and reports whether nothing is wrong.
func (m Machine) Examine(ctx context.Context, out io.Writer) bool {
	all := []examination{m.version}
	if m.env != nil {
		all = append(all, m.target, m.settings)
	}
	all = append(all, m.temporary, m.workshop, m.files, m.localhost, m.loopback, m.portFree, m.proxy)
	healthy := true
	for _, look := range all {
		f := look(ctx)
		healthy = healthy && f.remedy == ""
		fmt.Fprint(out, f)
	}
	return healthy
}

// Trouble returns what keeps servers from being built, run and reached, as Examine prints it, or "".
func (m Machine) Trouble(ctx context.Context) string {
	for _, look := range []examination{m.target, m.temporary, m.files, m.localhost, m.reachable} {
		if f := look(ctx); f.remedy != "" {
			return f.String()
		}
	}
	return ""
}

// version checks that Go is new enough.
func (m Machine) version(context.Context) finding {
	const install = "install the newest Go from https://go.dev/dl, then open a new terminal"
	v := m.env["GOVERSION"]
	switch {
	case m.noEnv != "":
		return trouble("change what it names; "+unset("NAME"), "the command go fails: %s", m.noEnv)
	case v == "":
		return trouble(install, "the command go is not found")
	case version.Compare(v, "go"+oldestGo) < 0:
		return trouble(install, "this is %s, but the workshop needs Go %s", v, oldestGo)
	}
	return well("Go is new enough: " + v)
}

// unset tells how to remove a setting of Go.
func unset(name string) string {
	return "go env -u " + name + " removes the setting; if that changes nothing, remove the environment variable"
}

// target checks that Go builds for this machine. The platform of this program counts, too: some systems run
// programs built for others.
func (m Machine) target(context.Context) finding {
	target, host := m.env["GOOS"]+"/"+m.env["GOARCH"], m.env["GOHOSTOS"]+"/"+m.env["GOHOSTARCH"]
	if target == host || target == runtime.GOOS+"/"+runtime.GOARCH {
		return well("Go builds for this machine: " + target)
	}
	var names, values []string
	for _, name := range []string{"GOOS", "GOARCH"} {
		if m.env[name] != m.env["GOHOST"+name[2:]] {
			names, values = append(names, name), append(values, name+" is "+m.env[name])
		}
	}
	return trouble(unset(strings.Join(names, " ")), "Go builds for %s, but this machine is %s: %s",
		target, host, strings.Join(values, " and "))
}

// settings checks that Go's settings let it build the workshop.
func (m Machine) settings(ctx context.Context) finding {
	said, _ := m.goPrints(ctx, "list", "-buildvcs=false", "./raw")
	line, _, _ := strings.Cut(said, "\n")
	if line == "websocket-workshop/raw" {
		return m.builds(ctx)
	}
	remedy := "compare go env with its output on a machine where this works"
	for _, s := range []struct{ name, harmless, remedy string }{
		{"GOFLAGS", "", unset("GOFLAGS")},
		{"GOWORK", "off", "this is a workspace of other modules: set the environment variable GOWORK to off"},
		{"GO111MODULE", "on", "the workshop is a module: " + unset("GO111MODULE")},
	} {
		if v := m.env[s.name]; v != "" && v != s.harmless {
			line, remedy = fmt.Sprintf("%s (%s is %s)", line, s.name, v), s.remedy
		}
	}
	return trouble(remedy, "Go cannot build the workshop: %s", line)
}

// builds checks that programs that Go builds run, unless other examinations have found that none can.
func (m Machine) builds(ctx context.Context) finding {
	if m.target(ctx).remedy == "" && m.temporary(ctx).remedy == "" {
		if err := m.Builds(ctx); err != nil {
			changed, _ := m.goPrints(ctx, "env", "-changed")
			changed = strings.ReplaceAll(changed, "\n", " ")
			return trouble("look at the settings that are not Go's own ("+changed+"): "+unset("NAME"),
				"Go cannot build a small program and run it: %v", err)
		}
	}
	return well("Go's settings let it build the workshop")
}

// temporary checks that programs run in the folders where go run and the check put theirs.
func (m Machine) temporary(ctx context.Context) finding {
	name := map[bool]string{true: "TMP", false: "TMPDIR"}[runtime.GOOS == "windows"]
	dirs := map[string]string{name: os.TempDir(), "GOTMPDIR": m.env["GOTMPDIR"]}
	for _, name := range []string{name, "GOTMPDIR"} {
		if err := runsIn(ctx, dirs[name]); err != nil {
			return trouble("set the environment variable "+name+" to a folder on another disk, such as one "+
				"in your home folder", "programs in %s cannot be run: %v", cmp.Or(dirs[name], os.TempDir()), err)
		}
	}
	return well("programs in " + os.TempDir() + " can be run")
}

// workshop checks that programs run in .bin, where serve, wire and Task put theirs: the workshop may be on
// a memory stick, and some systems refuse to run programs from one.
func (m Machine) workshop(ctx context.Context) finding {
	bin := filepath.Join(m.root, ".bin")
	if os.Mkdir(bin, 0o777) == nil {
		defer os.Remove(bin)
	}
	if err := runsIn(ctx, bin); err != nil {
		return trouble("copy the workshop to this machine's own disk, for example into your home folder, and "+
			"work there",
			"programs in %s, where task, serve and wire put theirs, cannot be run: %v", bin, err)
	}
	return well("programs in .bin can be run")
}

// files checks that a program can open as many files and connections as the check needs.
func (m Machine) files(context.Context) finding {
	const need = 256
	for open := range need {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return trouble("ulimit -n 1024, in this terminal; or ask whoever set the limit",
				"a program may have at most %d files and connections open here, but the check needs %d", open, need)
		}
		defer f.Close()
	}
	return well("a program can open enough files")
}

// localhost checks that the name stands for this machine.
func (m Machine) localhost(ctx context.Context) finding {
	file := "/etc/hosts"
	if runtime.GOOS == "windows" {
		file = `C:\Windows\System32\drivers\etc\hosts`
	}
	remedy := "put this line into the file " + file + ":  127.0.0.1 localhost"
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // a network's name server may not answer
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", "localhost")
	if err != nil {
		return trouble(remedy, "the name localhost is not known here")
	}
	for _, addr := range addrs {
		if !addr.Unmap().IsLoopback() {
			return trouble(remedy, "the name localhost means %s, which is not this machine", addr)
		}
	}
	return well("localhost is this machine")
}

// reachable checks that a program can listen on localhost, as the servers do, and be reached there.
func (m Machine) reachable(context.Context) finding { return throughAll("localhost") }

// loopback checks the same for both addresses that a browser may try for localhost.
func (m Machine) loopback(context.Context) finding {
	return throughAll("localhost", "127.0.0.1", "::1")
}

// throughAll checks that two programs on this machine can talk to each other.
func throughAll(hosts ...string) finding {
	for _, host := range hosts {
		err := through(host)
		switch {
		case err == nil, noSuchAddress(err) && host != "localhost": // a machine does not need both
		case noSuchAddress(err):
			return trouble("give servers another address, -addr '[::1]:8080', and open it; or map localhost to ::1 "+
				"in the hosts file", "this machine does not have the address of localhost: %v", err)
		default:
			return trouble("look for a firewall or a security program that filters "+host+", and for a network "+
				"device (lo) that is down", "a connection from here to here does not get through: %v", err)
		}
	}
	return well("connections from this machine to itself get through")
}

// portFree checks that the servers' port is available.
func (m Machine) portFree(context.Context) finding {
	if _, err := strconv.ParseUint(m.port, 10, 16); err != nil {
		return trouble("set PORT to a number such as 8080, or remove it",
			"the environment variable PORT is %q, which isn't a port", m.port)
	}
	if why := inTheWay(m.port); why != "" {
		return trouble("stop that program, or choose another port: go run ./work -addr "+
			"localhost:"+process.FreePort(),
			"%s", why)
	}
	return well("port " + m.port + " is free")
}

// inTheWay describes what keeps a server from a port of localhost, or returns "". If another program
// listens on every address, the system may still let ours listen on one. And localhost stands for two
// addresses: a browser may try the one that ours does not have.
func inTheWay(port string) string {
	addrs := process.Loopback("localhost:" + port)
	if taken := process.Answering(addrs); len(taken) > 0 {
		return fmt.Sprintf("port %s is taken: a program answers on %s", port, strings.Join(taken, " and "))
	}
	for _, addr := range addrs {
		l, err := net.Listen("tcp", addr)
		if err == nil {
			l.Close()
		} else if !noSuchAddress(err) {
			return fmt.Sprintf("port %s cannot be used: %v", port, err)
		}
	}
	return ""
}

// exempt matches a list of names that bypass the proxy if localhost is in it.
var exempt = regexp.MustCompile(`(^|,)\s*(\.?localhost|\*)\s*(:[^,]*)?(,|$)`)

// proxy checks that no proxy would be asked for a page on this machine. It might even deliver the page, but
// a WebSocket is another matter.
func (m Machine) proxy(context.Context) finding {
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"} {
		if os.Getenv(name) != "" && !exempt.MatchString(cmp.Or(os.Getenv("no_proxy"), os.Getenv("NO_PROXY"))) {
			return trouble("set NO_PROXY=localhost,127.0.0.1,::1 and restart the browser; or exempt localhost in its "+
				"settings", "%s is set, and localhost is not exempt: a browser may ask the proxy for the page", name)
		}
	}
	return well("no proxy is used for this machine")
}
