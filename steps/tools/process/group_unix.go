//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// OwnGroup makes a command run in a process group of its own: Ctrl-C in the terminal is for
// the tool, which then ends what it has started. On Linux the system ends it should the
// tool be killed.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
}

// Interrupt does what Ctrl-C in its terminal does. It does not wait for the end.
func (p *Program) Interrupt() error { return p.Cmd.Process.Signal(os.Interrupt) }

// kill ends a process, and its group if it has one of its own.
func kill(cmd *exec.Cmd) {
	if cmd.SysProcAttr != nil && cmd.SysProcAttr.Setpgid {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	cmd.Process.Kill()
}
