//go:build unix && !linux

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives the process a group of its own: Ctrl-C in the terminal is for the check,
// which then ends its servers.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup ends a process and what it may have started.
func killGroup(p *os.Process) {
	syscall.Kill(-p.Pid, syscall.SIGKILL)
	p.Kill()
}
