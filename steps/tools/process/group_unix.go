//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// OwnGroup makes a command run in its own process group. Ctrl-C in the terminal then reaches only the
// tool, which stops the processes that it has started; and the command's own children are killed when
// it exits. On Linux the system kills the command if the tool is killed.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
}

// Interrupt does what Ctrl-C in the process's terminal does. It does not wait for the exit.
func (p *Program) Interrupt() error { return p.Cmd.Process.Signal(os.Interrupt) }

// groupKiller returns a function that kills all processes in the group of a started command, if it has
// its own. A process that has left the group survives.
func groupKiller(cmd *exec.Cmd) func() {
	if cmd.SysProcAttr == nil || !cmd.SysProcAttr.Setpgid {
		return func() {}
	}
	return func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // it fails if nothing is left of the group
}
