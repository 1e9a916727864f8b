package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/process"
)

// TestNoListener: if the server cannot listen on an address, or an argument is wrong, it prints one line and
// exits with status 1. The line recommends no port that may also be in use.
func TestNoListener(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const anyPort = "choose another address: -addr localhost:0 takes any free port"
	for args, advice := range map[string]string{
		"-addr=" + taken.Addr().String(): anyPort,
		"-addr=203.0.113.1:0":            anyPort, // no machine has this address: RFC 5737
		"-addr=127.0.0.1:port":           anyPort,
		"-addr=8081":                     "an address is host:port",
		"-addr=127.0.0.1:0 8081":         "the address goes after -addr",
	} {
		cmd := exec.CommandContext(soon(t), self(t), strings.Fields(args)...)
		cmd.Env = append(os.Environ(), process.RoleEnv+"=chat")
		cmd.StdinPipe() // the server exits when this is closed
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 1 || strings.Count(string(out), "\n") != 1 ||
			!strings.Contains(string(out), advice) {
			t.Errorf("%s: exit status %d, and %s", args, code, out)
		}
	}
}
