package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestOtherSystem: if Go builds for another system, the check does not blame the server or a virus scanner.
func TestOtherSystem(t *testing.T) {
	t.Setenv("GOOS", map[bool]string{true: "linux", false: "windows"}[runtime.GOOS == "windows"])
	status, said := check(t, "-step", "1", filepath.Join(repo, "steps", "01"))
	if status != 2 || !strings.Contains(said, "do this: go env -u GOOS") {
		t.Errorf("status %d, %s", status, said)
	}
}

// TestDoctorRuns: if no program can be run, the check reports that, and does not blame the server.
func TestDoctorRuns(t *testing.T) {
	for _, name := range []string{"TMPDIR", "TMP"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "nowhere"))
	}
	status, said := check(t, "-step", "1", filepath.Join(repo, "steps", "01"))
	if status != 2 || !strings.Contains(said, "nowhere") || !strings.Contains(said, "environment variable TMP") {
		t.Errorf("status %d, %s", status, said)
	}
}

// apart runs a shell script with its own mounts and network; in it, $CHECK is the command.
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

// TestNoExec: the doctor finds a disk on which no programs can run, the workshop's or the one for temporary
// files.
func TestNoExec(t *testing.T) {
	const mount = "mount -t tmpfs -o noexec none $DIR\n"
	said := apart(t, mount+"cd $DIR; echo module x > go.mod; $CHECK -doctor")
	if !strings.Contains(said, os.TempDir()+" can be run") || !strings.Contains(said, ".bin, where task,") {
		t.Errorf("the workshop's disk:\n%s", said)
	}
	said = apart(t, mount+"TMPDIR=$DIR $CHECK -doctor")
	if !strings.Contains(said, "variable TMPDIR") || strings.Contains(said, "go env -u") ||
		!strings.Contains(said, "programs in .bin can be run") {
		t.Errorf("temporary files:\n%s", said)
	}
}

// TestLoopback: if programs cannot reach each other, the check reports that, and does not blame the server.
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
