package doctor

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/process"
)

// healthy returns a machine with no trouble.
func healthy(t *testing.T) Machine {
	t.Chdir(process.Workshop("."))
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"} {
		t.Setenv(name, "")
	}
	m := This()
	m.port = process.FreePort()
	return m
}

func TestWell(t *testing.T) {
	var out strings.Builder
	if !healthy(t).Examine(t.Context(), &out) {
		t.Errorf("on a healthy machine:\n%s", out.String())
	}
}

func TestVersion(t *testing.T) {
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

// TestSettings: with each of these settings, Go builds nothing that runs here, and the doctor names the
// setting.
func TestSettings(t *testing.T) {
	workspace := filepath.Join(t.TempDir(), "go.work")
	if err := os.WriteFile(workspace, []byte("go 1.25\n"), 0o666); err != nil {
		t.Fatal(err)
	}
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
			healthy(t).Examine(t.Context(), &out)
			said := strings.ReplaceAll(out.String(), `"`, "'") // Windows has these in go env -changed
			if !strings.Contains(said, test.says) || strings.Count(said, "✗") != 1 {
				t.Errorf("want %s\n%s", test.says, said)
			}
		})
	}
}

// TestPort: a port in use is found on both addresses, and the one in the advice is free.
func TestPort(t *testing.T) {
	m := healthy(t)
	m.port = process.FreePort()
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
	if six, err := net.Listen("tcp", "[::1]:0"); err == nil { // a browser may try this address for localhost
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

func TestProxy(t *testing.T) {
	for env, ok := range map[string]bool{
		"": true,
		"http_proxy=proxy:3128 no_proxy=notlocalhost,localhost.example": false,
		"HTTP_PROXY=http://proxy:3128":                                  false,
		"http_proxy=proxy:3128 no_proxy=example.com,localhost":          true,
		"HTTP_PROXY=proxy:3128 NO_PROXY=*":                              true,
	} {
		m := healthy(t)
		for _, setting := range strings.Fields(env) {
			name, value, _ := strings.Cut(setting, "=")
			t.Setenv(name, value)
		}
		if f := m.proxy(t.Context()); strings.Contains(f.remedy, "NO_PROXY") == ok {
			t.Errorf("with %v: %+v", env, f)
		}
	}
}
