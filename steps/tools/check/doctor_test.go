package main

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/process"
)

// healthy returns a machine that nothing is wrong with.
func healthy(t *testing.T) machine {
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"} {
		t.Setenv(name, "")
	}
	return machine{goVersion: "go1.25.3", root: repo, port: process.FreePort()}
}

func TestDoctorWell(t *testing.T) {
	var out strings.Builder
	if status := examine(t.Context(), &out, healthy(t).everything()...); status != 0 {
		t.Errorf("status %d on a machine that is well:\n%s", status, out.String())
	}
}

func TestDoctorVersion(t *testing.T) {
	for version, ok := range map[string]bool{
		"go1.25": true, "go1.25.0": true, "go1.26.1": true, "go2.0": true, "go1.26rc1": true, "go1.25-custom": true,
		"go1.24.9": false, "go1.9": false, "": false,
	} {
		m := healthy(t)
		m.goVersion = version
		if f := m.version(t.Context()); (f.remedy == "") != ok {
			t.Errorf("version %q: %+v", version, f)
		}
	}
}

func TestDoctorSettings(t *testing.T) {
	workspace := filepath.Join(write(t, map[string]string{"go.work": "go 1.25\n"}), "go.work")
	for name, value := range map[string]string{"GO111MODULE": "off", "GOFLAGS": "-mod=none", "GOWORK": workspace} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if f := healthy(t).settings(t.Context()); !strings.Contains(f.remedy, name+" is "+value) {
				t.Errorf("%+v", f)
			}
		})
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

func TestDoctorPort(t *testing.T) {
	m := healthy(t)
	l, err := net.Listen("tcp", "localhost:"+m.port)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if six, err := net.Listen("tcp", "[::1]:0"); err == nil { // which a browser may take for localhost
		defer six.Close()
		m := healthy(t)
		_, m.port, _ = net.SplitHostPort(six.Addr().String())
		if f := m.portFree(t.Context()); f.remedy == "" {
			t.Errorf("a port in use on [::1]: %+v", f)
		}
	}
	f := m.portFree(t.Context())
	if !strings.Contains(f.what, m.port) || !strings.Contains(f.remedy, "-addr") {
		t.Errorf("a port in use: %+v", f)
	}
	m.port = "many"
	if f := m.portFree(t.Context()); f.remedy == "" {
		t.Errorf("no port: %+v", f)
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
