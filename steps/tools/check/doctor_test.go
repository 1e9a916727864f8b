package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/process"
)

// healthy returns a machine that nothing is wrong with.
func healthy(t *testing.T) machine {
	t.Chdir(repo)
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"} {
		t.Setenv(name, "")
	}
	m := thisMachine()
	m.port = process.FreePort()
	return m
}

func TestDoctorWell(t *testing.T) {
	var out strings.Builder
	if status := examine(t.Context(), &out, healthy(t).everything()...); status != 0 {
		t.Errorf("status %d on a machine that is well:\n%s", status, out.String())
	}
}

func TestDoctorVersion(t *testing.T) {
	m := healthy(t)
	for version, ok := range map[string]bool{
		"go1.25": true, "go1.25.0": true, "go1.26.1": true, "go2.0": true, "go1.26rc1": true, "go1.25-custom": true,
		"go1.24.9": false, "go1.9": false, "": false,
	} {
		m.env["GOVERSION"] = version
		if f := m.version(t.Context()); (f.remedy == "") != ok {
			t.Errorf("version %q: %+v", version, f)
		}
	}
}

// TestDoctorSettings: each of these lets Go build nothing that runs here, and the doctor names it.
func TestDoctorSettings(t *testing.T) {
	workspace := filepath.Join(write(t, map[string]string{"go.work": "go 1.25\n"}), "go.work")
	other := map[bool]string{true: "linux", false: "windows"}[runtime.GOOS == "windows"]
	for _, test := range []struct{ name, value, says string }{
		{"GO111MODULE", "off", "GO111MODULE is off"},
		{"GO111MODULE", "maybe", "GO111MODULE=maybe"},
		{"GOFLAGS", "-mod=none", "GOFLAGS is -mod=none"},
		{"GOFLAGS", "-n", "GOFLAGS='-n'"},
		{"GOWORK", workspace, "GOWORK is " + workspace},
		{"GOOS", other, "GOOS is " + other},
		{"GOARCH", "mips", "GOARCH is mips"},
	} {
		t.Run(test.name+"="+filepath.Base(test.value), func(t *testing.T) {
			t.Setenv(test.name, test.value)
			var out strings.Builder
			examine(t.Context(), &out, healthy(t).everything()...)
			said := strings.ReplaceAll(out.String(), `"`, "'") // Windows has these in go env -changed
			if !strings.Contains(said, test.says) || strings.Count(said, "✗") != 1 {
				t.Errorf("want %s\n%s", test.says, said)
			}
		})
	}
}

// TestOtherSystem: where Go builds for another system, the check blames no server and no virus scanner.
func TestOtherSystem(t *testing.T) {
	t.Setenv("GOOS", map[bool]string{true: "linux", false: "windows"}[runtime.GOOS == "windows"])
	status, said := check(t, "-step", "1", filepath.Join(repo, "steps", "01"))
	if status != 2 || !strings.Contains(said, "do this: go env -u GOOS") {
		t.Errorf("status %d, %s", status, said)
	}
}

// TestDoctorRuns: where nothing can be run, the check says so and blames no server.
func TestDoctorRuns(t *testing.T) {
	for _, name := range []string{"TMPDIR", "TMP"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "nowhere"))
	}
	status, said := check(t, "-step", "1", filepath.Join(repo, "steps", "01"))
	if status != 2 || !strings.Contains(said, "nowhere") || !strings.Contains(said, "do this: let the environment variable TMP") {
		t.Errorf("status %d, %s", status, said)
	}
}

// apart runs a shell script where its mounts and its network are its own; in it, $CHECK is the command.
func apart(t *testing.T, script string) string {
	t.Helper()
	if err := exec.Command("unshare", "-rmn", "true").Run(); err != nil {
		t.Skip("this needs unshare, as Linux has it: ", err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "-rmn", "sh", "-ec", script)
	cmd.Dir, cmd.Env = repo, append(os.Environ(), asCommand+"=yes", "CHECK="+exe, "DIR="+t.TempDir())
	said, err := cmd.CombinedOutput()
	if len(said) == 0 {
		t.Fatal(err)
	}
	return string(said)
}

// TestNoExec: the doctor finds a disk on which no program runs, the workshop's or that of temporary files.
func TestNoExec(t *testing.T) {
	const mount = "mount -t tmpfs -o noexec none $DIR\n"
	said := apart(t, mount+"cd $DIR; echo module x > go.mod; $CHECK -doctor")
	if !strings.Contains(said, os.TempDir()+" can be run") || !strings.Contains(said, ".bin, where task, serve and wire put") {
		t.Errorf("the workshop's disk:\n%s", said)
	}
	said = apart(t, mount+"TMPDIR=$DIR $CHECK -doctor")
	if !strings.Contains(said, "variable TMPDIR") || strings.Contains(said, "go env -u") ||
		!strings.Contains(said, "programs in .bin can be run") {
		t.Errorf("temporary files:\n%s", said)
	}
}

// TestLoopback: where programs do not reach each other, that is what is wrong, and not the server.
func TestLoopback(t *testing.T) {
	const up = "ip link set lo up || { echo there is no ip; exit; }\n"
	for _, test := range []struct{ script, says, not string }{
		{up + "$CHECK -doctor", "to itself get through", "does not get through"},
		{"$CHECK -doctor", "from here to here does not get through", "port 8080 is taken"},
		{"$CHECK -step 1 steps/01", "from here to here does not get through", "the wrong address"},
		{up + "ip addr del 127.0.0.1/8 dev lo; $CHECK -doctor", "does not have the address of", "✗ trouble  port"},
		{up + "ip addr del ::1/128 dev lo; $CHECK -doctor", "to itself get through", "does not have"},
	} {
		said := apart(t, test.script)
		if strings.Contains(said, "there is no ip") {
			continue
		}
		if !strings.Contains(said, test.says) || strings.Contains(said, test.not) {
			t.Errorf("%s\n%s\nwant %q, not %q", test.script, said, test.says, test.not)
		}
	}
}

// TestDoctorPort: a port in use is found on both addresses, and the one in the advice is free.
func TestDoctorPort(t *testing.T) {
	m := healthy(t)
	m.port = freePort()
	l, err := net.Listen("tcp", "localhost:"+m.port)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := m.portFree(t.Context())
	_, advice, ok := strings.Cut(f.remedy, "-addr localhost:")
	if !strings.Contains(f.what, m.port) || !ok || advice == m.port || inTheWay(advice) != "" {
		t.Errorf("a port in use: %+v", f)
	}
	if six, err := net.Listen("tcp", "[::1]:0"); err == nil { // which a browser may take for localhost
		defer six.Close()
		_, m.port, _ = net.SplitHostPort(six.Addr().String())
		if f := m.portFree(t.Context()); f.remedy == "" {
			t.Errorf("a port in use on [::1]: %+v", f)
		}
	}
	m.port = "many"
	if f := m.portFree(t.Context()); f.remedy == "" {
		t.Errorf("not a port: %+v", f)
	}
}

func TestDoctorProxy(t *testing.T) {
	for _, test := range []struct {
		env []string
		ok  bool
	}{
		{nil, true},
		{[]string{"http_proxy", "proxy:3128", "no_proxy", "notlocalhost,localhost.example"}, false},
		{[]string{"HTTP_PROXY", "http://proxy:3128"}, false},
		{[]string{"http_proxy", "proxy:3128", "no_proxy", "example.com, localhost"}, true},
		{[]string{"HTTP_PROXY", "proxy:3128", "NO_PROXY", "*"}, true},
	} {
		m := healthy(t)
		for pair := range slices.Chunk(test.env, 2) {
			t.Setenv(pair[0], pair[1])
		}
		if f := m.proxy(t.Context()); strings.Contains(f.remedy, "NO_PROXY") == test.ok {
			t.Errorf("with %v: %+v", test.env, f)
		}
	}
}
