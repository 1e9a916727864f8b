package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listensAt returns where a process listens, if the system says.
func listensAt(pid int) string {
	switch runtime.GOOS {
	case "linux":
		for inode, addr := range linuxListeners() {
			if holdsSocket(pid, inode) {
				return addr
			}
		}
	case "darwin":
		out := say("lsof", "-nP", "-a", "-p", fmt.Sprint(pid), "-iTCP", "-sTCP:LISTEN", "-Fn")
		if m := regexp.MustCompile(`(?m)^n(\S+)`).FindStringSubmatch(out); m != nil {
			return m[1]
		}
	case "windows":
		for _, fields := range netstat() {
			if fields[4] == fmt.Sprint(pid) {
				return fields[1]
			}
		}
	}
	return ""
}

// whoListens returns the programs that have a port on any address, if the system says.
func whoListens(port string) string {
	found := map[string]bool{}
	switch runtime.GOOS {
	case "linux":
		for inode, addr := range linuxListeners() {
			if strings.HasSuffix(addr, ":"+port) {
				found[linuxHolder(inode)] = true
			}
		}
	case "darwin":
		out := say("lsof", "-nP", "-iTCP:"+port, "-sTCP:LISTEN", "-Fpc")
		for _, m := range regexp.MustCompile(`p(\d+)\s+c(.+)`).FindAllStringSubmatch(out, -1) {
			found[fmt.Sprintf("%s (process %s)", m[2], m[1])] = true
		}
	case "windows":
		for _, fields := range netstat() {
			if strings.HasSuffix(fields[1], ":"+port) {
				found["process "+fields[4]] = true
			}
		}
	}
	delete(found, "") // somebody else's process, of which Linux does not tell
	return strings.Join(slices.Sorted(maps.Keys(found)), " and ")
}

// say returns what a command of the system prints, or nothing if it does not answer.
func say(name string, args ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, name, args...).Output() // lsof has status 1 where it finds nothing
	return string(out)
}

// netstat returns the listening lines of Windows' netstat: protocol, address, peer, state, process.
func netstat() [][]string {
	var found [][]string
	for line := range strings.Lines(say("netstat", "-ano", "-p", "TCP") + say("netstat", "-ano", "-p", "TCPv6")) {
		// the state is in the system's language, but a listener's peer is always port 0
		if fields := strings.Fields(line); len(fields) == 5 && strings.HasSuffix(fields[2], ":0") {
			found = append(found, fields)
		}
	}
	return found
}

// linuxListeners returns the listening TCP sockets of a Linux system: address by inode.
func linuxListeners() map[string]string {
	found := map[string]string{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			fields := strings.Fields(line)
			if len(fields) < 10 || fields[3] != "0A" { // 0A is LISTEN
				continue
			}
			host, port, _ := strings.Cut(fields[1], ":")
			if n, err := strconv.ParseUint(port, 16, 16); err == nil {
				found[fields[9]] = fmt.Sprintf("%s:%d", linuxHost(host), n)
			}
		}
	}
	return found
}

// linuxHost reads the addresses that matter here from their form in /proc.
func linuxHost(hex string) string {
	switch {
	case strings.Trim(hex, "0") == "":
		return "0.0.0.0"
	case hex == "0100007F", strings.HasSuffix(hex, "01000000"):
		return "localhost"
	}
	return "another address"
}

// holdsSocket reports whether a process has the socket with that inode.
func holdsSocket(pid int, inode string) bool {
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if link, _ := os.Readlink(fd); link == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}

// linuxHolder names the process that has the socket with that inode.
func linuxHolder(inode string) string {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range procs {
		pid, _ := strconv.Atoi(filepath.Base(proc))
		if holdsSocket(pid, inode) {
			name, _ := os.ReadFile(filepath.Join(proc, "comm"))
			return fmt.Sprintf("%s (process %d)", strings.TrimSpace(string(name)), pid)
		}
	}
	return ""
}
