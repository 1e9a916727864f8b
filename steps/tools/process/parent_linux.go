package process

import "syscall"

// dieWithParent makes the system kill a process whose parent has exited.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
