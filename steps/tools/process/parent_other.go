//go:build unix && !linux

package process

import "syscall"

// dieWithParent does nothing here: only Linux can.
func dieWithParent(*syscall.SysProcAttr) {}
