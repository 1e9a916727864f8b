package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"websocket-workshop/steps/tools/process"
)

// runsIn runs a small program in a folder, or in the folder for temporary files if it is "". On Windows,
// permission does not depend on the folder.
func runsIn(ctx context.Context, dir string) error {
	temp, err := os.MkdirTemp(dir, "websocket-doctor-")
	if err != nil || runtime.GOOS == "windows" {
		return cmp.Or(err, os.Remove(temp))
	}
	defer os.RemoveAll(temp)
	script := filepath.Join(temp, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		return err
	}
	return exec.CommandContext(ctx, script).Run()
}

// Builds builds a minimal program with Go's settings and flags of go build ("-race"), and runs it. The
// error is one line, which includes what was printed.
func (m Machine) Builds(ctx context.Context, flags ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute) // much of Go's own library may have to be built
	defer cancel()
	temp, err := os.MkdirTemp("", "websocket-doctor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	source, binary := filepath.Join(temp, "main.go"), filepath.Join(temp, "main.exe")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o666); err != nil {
		return err
	}
	said, err := process.Build(ctx, m.root, binary, append(flags, source)...)
	if err == nil {
		var out []byte
		out, err = exec.CommandContext(ctx, binary).CombinedOutput()
		said = string(out)
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(said), "\n"); err != nil && line != "" {
		return fmt.Errorf("%s (%w)", line, err)
	}
	return err
}

// through asks a server on a port of host for a page, with a limit of 2 s.
func through(host string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	go server.Serve(l)
	defer server.Close()
	client := &http.Client{Timeout: 2 * time.Second, Transport: new(http.Transport)} // uses no proxy
	defer client.CloseIdleConnections()
	res, err := client.Get("http://" + l.Addr().String())
	if err == nil {
		res.Body.Close()
	}
	return err
}

// noSuchAddress reports whether an error of net.Listen means that the machine does not have the address,
// and not that a port is in use.
func noSuchAddress(err error) bool {
	const windows = syscall.Errno(10049) // WSAEADDRNOTAVAIL
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) ||
		runtime.GOOS == "windows" && errors.Is(err, windows)
}
