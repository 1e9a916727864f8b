package main

import (
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/process"
)

// TestNoListener: if the server cannot listen on an address, it prints one line and exits with status 1.
// Whatever is wrong with the address, the line recommends no port that may also be in use.
func TestNoListener(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	advice := regexp.MustCompile(`-addr [^ ]*:0 |an address is host:port`)
	for _, addr := range []string{
		taken.Addr().String(),
		"203.0.113.1:0", // no machine has this address: RFC 5737
		"127.0.0.1:port",
		"8081",
	} {
		cmd := exec.Command(self(t), "-addr="+addr)
		cmd.Env = append(os.Environ(), process.RoleEnv+"=chat")
		cmd.StdinPipe() // the server exits when this is closed
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 1 || strings.Count(string(out), "\n") != 1 ||
			!advice.Match(out) {
			t.Errorf("-addr %s: exit status %d, and %s", addr, code, out)
		}
	}
}
