package process

import (
	"os/exec"
	"syscall"
)

var consoleCtrlEvent = syscall.NewLazyDLL("kernel32.dll").NewProc("GenerateConsoleCtrlEvent")

// OwnGroup makes a command run in a process group of its own: Ctrl-C in the console is for
// the tool, which then ends what it has started.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Interrupt does what Ctrl-Break in its console does, which Go's os/signal calls
// os.Interrupt too. The process must have a group of its own and share this one's console:
// it is an error where there is none. It does not wait for the end.
func (p *Program) Interrupt() error {
	if ok, _, err := consoleCtrlEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(p.Cmd.Process.Pid)); ok == 0 {
		return err
	}
	return nil
}

// kill ends a process.
func kill(cmd *exec.Cmd) { cmd.Process.Kill() }
