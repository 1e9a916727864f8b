package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A listener is a process that waits for TCP connections.
type listener struct{ pid, name, addr string }

// listeners returns those of which the system tells.
func listeners() []listener {
	switch runtime.GOOS {
	case "darwin":
		return lsofListeners()
	case "windows":
		return netstatListeners()
	}
	return linuxListeners() // on other systems there is nothing to find
}

// listensAt returns where a process listens, if the system says.
func listensAt(pid int) string {
	for _, l := range listeners() {
		if l.pid == strconv.Itoa(pid) {
			return l.addr
		}
	}
	return ""
}

// whoListens returns the programs that have a port on any address, if the system says.
func whoListens(port string) string {
	var found []string
	for _, l := range listeners() {
		if strings.HasSuffix(l.addr, ":"+port) {
			found = append(found, fmt.Sprintf("%s (process %s)", cmp.Or(l.name, "a program"), l.pid))
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " and ")
}

// say returns what a command of the system prints, or nothing if it does not answer.
func say(name string, args ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, name, args...).Output() // lsof has status 1 where it finds nothing
	return string(out)
}

// netstatListeners asks Windows' netstat: its lines are protocol, address, peer, state, process.
func netstatListeners() (all []listener) {
	for line := range strings.Lines(say("netstat", "-ano", "-p", "TCP") + say("netstat", "-ano", "-p", "TCPv6")) {
		// the state is in the system's language, but a listener's peer is always port 0
		if fields := strings.Fields(line); len(fields) == 5 && strings.HasSuffix(fields[2], ":0") {
			all = append(all, listener{pid: fields[4], addr: fields[1]})
		}
	}
	return all
}

// lsofListeners asks macOS' lsof: the first letter of a line says what it is.
func lsofListeners() (all []listener) {
	var l listener
	for line := range strings.Lines(say("lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-Fpcn")) {
		switch value := strings.TrimSpace(line[1:]); line[0] {
		case 'p':
			l.pid = value
		case 'c':
			l.name = value
		case 'n':
			l.addr = value
			all = append(all, l)
		}
	}
	return all
}

// linuxListeners looks into /proc, which does not tell of other users' processes.
func linuxListeners() (all []listener) {
	addrs := map[string]string{} // by what the process has open
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, _ := os.ReadFile(table)
		for line := range strings.Lines(string(data)) {
			if fields := strings.Fields(line); len(fields) >= 10 && fields[3] == "0A" { // LISTEN
				addrs["socket:["+fields[9]+"]"] = linuxAddr(fields[1])
			}
		}
	}
	opened, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range opened {
		link, _ := os.Readlink(file)
		if addr := addrs[link]; addr != "" {
			pid := strings.Split(file, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			all = append(all, listener{pid, strings.TrimSpace(string(name)), addr})
		}
	}
	return all
}

// linuxAddr reads an address in its form in /proc: 0100007F:1F90, in words of this machine's order.
func linuxAddr(s string) string {
	host, port, _ := strings.Cut(s, ":")
	ip, _ := hex.DecodeString(host)
	for word := range slices.Chunk(ip, 4) {
		slices.Reverse(word) // little-endian, as on all that Go's users have
	}
	n, _ := strconv.ParseUint(port, 16, 16)
	return net.JoinHostPort(net.IP(ip).String(), fmt.Sprint(n))
}
