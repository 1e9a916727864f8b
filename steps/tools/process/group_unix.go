//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// OwnGroup makes a command run in a process group of its own. Ctrl-C in the terminal then
// reaches only the tool, which stops what it has started; and what the command starts itself
// is killed when it exits. On Linux the system kills the command should the tool be killed.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
}

// Interrupt does what Ctrl-C in its terminal does. It does not wait for the exit.
func (p *Program) Interrupt() error { return p.Cmd.Process.Signal(os.Interrupt) }

// groupKiller returns a function that kills all processes in the group of a command that has
// been started, if it has one of its own. A process may leave its group: then it lives on.
func groupKiller(cmd *exec.Cmd) func() {
	if cmd.SysProcAttr == nil || !cmd.SysProcAttr.Setpgid {
		return func() {}
	}
	return func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // no group: nothing is left of it
}
