package programs

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// openTerminal returns both ends of a new pseudo terminal.
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	var unlocked, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlocked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, ours.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// TestTerminalGone: where the terminal is closed, nothing goes on, although the process in
// between, Task, does not end for that.
func TestTerminalGone(t *testing.T) {
	serve := filepath.Join(t.TempDir(), "serve.exe")
	if said, err := Build(t.Context(), ".", serve, "../serve"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	lab(t, code)
	ours, theirs := openTerminal(t)
	task := exec.Command("sh", "-c", "trap : HUP TERM; "+serve+" -o srv.exe srv localhost:0; :")
	task.Stdin, task.Stdout, task.Stderr = theirs, theirs, theirs
	task.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p, err := Start(task)
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	t.Cleanup(func() { syscall.Kill(-task.Process.Pid, syscall.SIGKILL) }) // its group: if it went on, so did serve
	for lines := bufio.NewScanner(ours); lines.Scan() && !strings.Contains(lines.Text(), "version 1 begins"); {
	}
	ours.Close()
	if !p.AwaitEnd(2 * patience) {
		t.Error("serve goes on without its terminal")
	}
}
