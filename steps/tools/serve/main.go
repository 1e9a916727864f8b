// Command serve builds a server of the workshop and runs it; on every save of its code or
// of the page it builds and runs it anew:
//
//	go run ./steps/tools/serve [-o FILE] DIR [ARGUMENT...]
//
// On a terminal it waits for the next save where the server does not build or has ended, and
// where another program has the port, for that to be free; elsewhere it ends, with the
// server's exit status. It ends with its terminal and with the process that started it.
// It looks at the files themselves: Task's own watch stops the server for whatever an editor
// does in the folder, swap files and all, and does not always start it again.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"websocket-workshop/steps/tools/programs"
)

const (
	pause    = 300 * time.Millisecond // between two looks at the files
	patience = 3 * time.Second        // for a server to end that was told to
	long     = 2 * time.Second        // for a build that prints nothing
)

func main() {
	file := flag.String("o", filepath.Join(".bin", "server.exe"), "the `file` to build")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "which server? go run ./steps/tools/serve steps/03")
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	info, err := os.Stderr.Stat()
	s := &server{dir: flag.Arg(0), args: flag.Args()[1:], file: *file, out: os.Stderr, abandoned: programs.Abandoned()}
	s.waits = err == nil && info.Mode()&os.ModeCharDevice != 0
	os.Exit(s.serve(ctx))
}

// A server is the code in a folder, and the process that runs it.
type server struct {
	dir  string
	args []string
	file string // what is built and run

	waits bool      // for a save, where there is nothing to run
	out   io.Writer // for what serve itself has to say

	abandoned func() bool // reports whether nobody is left who could stop this

	seen    map[string]programs.Stamp
	program *programs.Program // nil if it never ran
	inWay   []string          // the server's addresses where others answered before it started
}

// serve runs the server until it is told to stop, or until the server ends and there is
// nobody who could save. It returns the exit status.
func (s *server) serve(ctx context.Context) int {
	s.seen = programs.Stamps(s.dir)
	ended := s.start(ctx)
	for {
		select {
		case <-ctx.Done():
			return s.end()
		case <-ended:
			status := s.end()
			if !s.waits || ctx.Err() != nil {
				return status
			}
			s.sayEnded(status)
			ended = nil
		case <-time.After(pause):
			switch now := programs.Stamps(s.dir); {
			case s.abandoned():
				s.end()
				return 1
			case !maps.Equal(now, s.seen):
				s.seen = now
				fmt.Fprintln(s.out, "saved: building anew")
				ended = s.start(ctx)
			case ended == nil && len(programs.Answering(s.inWay)) < len(s.inWay):
				fmt.Fprintln(s.out, "the port is free now")
				ended = s.start(ctx)
			}
		}
	}
}

// sayEnded says what can be done now that nothing runs.
func (s *server) sayEnded(status int) {
	if port := os.Getenv("PORT"); status != 0 && strings.Trim(port, "0123456789") != "" {
		fmt.Fprintf(s.out, "the environment variable PORT is %q, which is no port: change or remove it\n", port)
	}
	switch {
	case s.program == nil: // the compiler has said it all
		fmt.Fprintln(s.out, "nothing runs now: save to try again, or press Ctrl-C")
	case status != 0 && s.inWay != nil:
		fmt.Fprintf(s.out, "nothing runs now, and another program answers on %s: when that has ended or you save, %s is tried again; or press Ctrl-C\n", strings.Join(s.inWay, " and "), s.dir)
	default:
		fmt.Fprintf(s.out, "%s ended by itself, with exit status %d: save to run it again, or press Ctrl-C\n", s.dir, status)
	}
}

// start builds the server, ends the one that runs and starts the new one. Where it does
// not build, the old one goes on. The channel is closed when what runs has ended.
func (s *server) start(ctx context.Context) <-chan struct{} {
	if err := s.build(ctx); err != nil {
		if ctx.Err() == nil {
			fmt.Fprintln(s.out, s.dir, "does not build:", err)
		}
	} else {
		s.end()
		s.inWay = programs.Answering(addresses(s.args, os.Getenv("PORT")))
		if err := s.run(); err != nil {
			fmt.Fprintln(s.out, s.dir, "does not run:", err)
		}
	}
	if s.program == nil { // it never ran
		never := make(chan struct{})
		close(never)
		return never
	}
	return s.program.Ended
}

// build compiles the server, beside the program that runs.
func (s *server) build(ctx context.Context) error {
	soon := time.AfterFunc(long, func() {
		fmt.Fprintf(s.out, "building %s: the first time, this may take a minute\n", s.dir)
	})
	defer soon.Stop()
	said, err := programs.Build(ctx, ".", s.file+".new", "./"+filepath.ToSlash(s.dir))
	if ctx.Err() == nil {
		fmt.Fprint(s.out, said)
	}
	return err
}

// run starts what was built. It gets a process group of its own: Ctrl-C is for serve, which
// then ends it, and where serve is killed, Linux ends it.
func (s *server) run() error {
	if err := os.Rename(s.file+".new", s.file); err != nil { // which no system would do while it runs
		return err
	}
	path, err := filepath.Abs(s.file)
	if err != nil {
		return err
	}
	cmd := exec.Command(path, s.args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	programs.OwnGroup(cmd)
	program, err := programs.Start(cmd)
	if err != nil {
		return err
	}
	s.program = program
	if s.inWay != nil && !program.AwaitEnd(pause) { // it has found a place beside the other
		fmt.Fprintf(s.out, "careful: another program answers on %s, and a browser may show you that one. task doctor says which it is: stop it, or choose another port, behind -addr\n",
			strings.Join(s.inWay, " and "))
	}
	return nil
}

// end tells the server to end, if it runs, and waits until it has: the next one needs
// its port. It returns the exit status, which is 1 if it never ran.
func (s *server) end() int {
	if s.program == nil {
		return 1
	}
	s.program.Stop(patience)
	return s.program.Cmd.ProcessState.ExitCode()
}

// addresses returns where a server listens that has these arguments, and its default port
// from the environment: with localhost, a browser may try either of two.
func addresses(args []string, port string) []string {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	addr := flags.String("addr", "localhost:"+cmp.Or(port, "8080"), "")
	flags.Parse(args) // what is wrong with them, the server says
	return programs.Loopback(*addr)
}
