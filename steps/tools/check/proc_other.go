//go:build !unix

package main

import (
	"os"
	"os/exec"
)

// ownGroup does nothing here: process groups are a matter of Unix.
func ownGroup(*exec.Cmd) {}

// killGroup ends a process.
func killGroup(p *os.Process) { p.Kill() }
