//go:build unix && !linux

package programs

import "syscall"

// dieWithParent does nothing here: only Linux can.
func dieWithParent(*syscall.SysProcAttr) {}
