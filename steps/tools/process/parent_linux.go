package process

import "syscall"

// dieWithParent makes the system end a process whose parent has ended.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
