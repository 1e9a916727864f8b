// Command serve builds a server of the workshop and runs it; on every save of its code or
// of the page it builds and runs it anew:
//
//	go run ./steps/tools/serve [-o FILE] DIR [ARGUMENT...]
//
// On a terminal it waits for the next save where the server does not build or has ended;
// elsewhere it ends, with the server's exit status. It looks at the files themselves: Task's own watch stops the server for whatever
// an editor does in the folder, swap files and all, and does not always start it again.
package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const (
	pause    = 300 * time.Millisecond // between two looks at the files
	patience = 3 * time.Second        // for a server to end that was told to
)

func main() {
	file := flag.String("o", filepath.Join(".bin", "server.exe"), "the `file` to build")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "which server? go run ./steps/tools/serve steps/03")
		os.Exit(2)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	info, err := os.Stderr.Stat()
	s := &server{dir: flag.Arg(0), args: flag.Args()[1:], file: *file, out: os.Stderr, parent: os.Getppid()}
	s.waits = err == nil && info.Mode()&os.ModeCharDevice != 0
	os.Exit(s.serve(stop))
}

// A server is the code in a folder, and the process that runs it.
type server struct {
	dir  string
	args []string
	file string // what is built and run

	waits bool      // for a save, where there is nothing to run
	out   io.Writer // for what serve itself has to say, and the compiler

	seen   map[string]stamp
	cmd    *exec.Cmd     // nil if it never ran
	ended  chan struct{} // closed when the process has ended
	parent int           // the process that started this one
}

// A stamp tells a saved file from what it was before.
type stamp struct {
	time time.Time
	size int64
}

// serve runs the server until it is told to stop, or until the server ends and there is
// nobody who could save. It returns the exit status.
func (s *server) serve(stop <-chan os.Signal) int {
	s.seen = s.look()
	saved := s.saved()
	ended := s.start()
	for {
		select {
		case <-stop:
			return s.end(true)
		case <-ended:
			if status := s.end(true); !s.waits || status == 0 {
				return status
			}
			fmt.Fprintln(s.out, "nothing runs now: save to try again, or press Ctrl-C")
			ended = nil
		case <-saved:
			if os.Getppid() != s.parent {
				s.end(false)
				return 1 // Task is gone, and nobody is left who could stop this
			}
			fmt.Fprintln(s.out, "saved: building anew")
			saved = s.saved()
			ended = s.start()
		}
	}
}

// saved returns a channel that is closed when files differ from those last seen, or when
// the parent is another process than it was.
func (s *server) saved() <-chan struct{} {
	ch := make(chan struct{})
	go func() {
		defer close(ch)
		for {
			time.Sleep(pause)
			if now := s.look(); !maps.Equal(now, s.seen) || os.Getppid() != s.parent {
				s.seen = now
				return
			}
		}
	}()
	return ch
}

// look returns the stamps of the code and the page.
func (s *server) look() map[string]stamp {
	stamps := map[string]stamp{}
	for _, pattern := range []string{filepath.Join(s.dir, "*.go"), "frontend/*.go", "frontend/*.html", "frontend/*.css", "frontend/*.js"} {
		files, _ := filepath.Glob(pattern) // the patterns are well formed: no error
		for _, file := range files {
			if info, err := os.Stat(file); err == nil {
				stamps[file] = stamp{info.ModTime(), info.Size()}
			}
		}
	}
	return stamps
}

// start builds the server, ends the one that runs and starts the new one. Where it does
// not build, the old one goes on. The channel is closed when what runs has ended.
func (s *server) start() <-chan struct{} {
	build := exec.Command("go", "build", "-buildvcs=false", "-o", s.file+".new", "./"+filepath.ToSlash(s.dir))
	build.Stdout, build.Stderr = s.out, s.out
	if err := build.Run(); err != nil {
		fmt.Fprintln(s.out, s.dir, "does not build:", err)
	} else {
		s.end(false)
		if err := s.run(); err != nil {
			fmt.Fprintln(s.out, s.dir, "does not run:", err)
		}
	}
	if s.ended == nil { // it never ran
		never := make(chan struct{})
		close(never)
		return never
	}
	return s.ended
}

// run starts what was built.
func (s *server) run() error {
	if err := os.Rename(s.file+".new", s.file); err != nil { // which no system would do while it runs
		return err
	}
	path, err := filepath.Abs(s.file)
	if err != nil {
		return err
	}
	cmd, ended := exec.Command(path, s.args...), make(chan struct{})
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.ended = cmd, ended
	go func() {
		cmd.Wait()
		close(ended)
	}()
	return nil
}

// end tells the server to end, if it runs, and waits until it has: the next one needs
// its port. It returns the exit status, which is 1 if it never ran. Windows cannot interrupt
// one process: the server must have been told, by Ctrl-C in their terminal, or it is killed.
func (s *server) end(told bool) int {
	if s.cmd == nil {
		return 1
	}
	if runtime.GOOS != "windows" {
		s.cmd.Process.Signal(os.Interrupt) // if it has ended: no harm
	} else if !told {
		s.cmd.Process.Kill()
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.cmd.Process.Kill()
		<-s.ended
	}
	return s.cmd.ProcessState.ExitCode()
}
