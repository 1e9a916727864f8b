package process

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Attended returns a context that ends when this process is told to stop, when its terminal is closed,
// or when the process that started it has exited. Task, which may be in between, keeps running when its
// terminal is closed, and does not notify anybody.
func Attended() context.Context {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	parent, hadTerminal := os.Getppid(), !terminalGone()
	go func() {
		for os.Getppid() == parent && !(hadTerminal && terminalGone()) {
			time.Sleep(300 * time.Millisecond)
		}
		cancel()
	}()
	return ctx
}

// terminalGone reports whether this process has no controlling terminal. It is not gone if it cannot be
// opened for another reason, such as too many open files. Windows, which has no such file, ends the
// programs of a console that is closed.
func terminalGone() bool {
	f, err := os.Open("/dev/tty")
	if err == nil {
		f.Close()
	}
	return errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.EIO)
}
