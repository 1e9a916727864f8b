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
	"os"
	"os/exec"
	"path/filepath"

	"websocket-workshop/steps/tools/process"
)

func main() {
	file := flag.String("o", filepath.Join(".bin", "server.exe"), "the `file` to build")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "which server? go run ./steps/tools/serve steps/03")
		os.Exit(2)
	}
	dir, args := flag.Arg(0), flag.Args()[1:]
	info, err := os.Stderr.Stat()
	k := &process.Keeper{
		Name: dir, Root: ".", Dir: dir, File: *file, Out: os.Stderr,
		Waits: err == nil && info.Mode()&os.ModeCharDevice != 0,
		Addrs: addresses(args, os.Getenv("PORT")),
		Run: func(context.Context) (*process.Program, error) {
			cmd := &exec.Cmd{Path: *file, Args: append([]string{*file}, args...), Stdout: os.Stdout, Stderr: os.Stderr}
			process.OwnGroup(cmd)
			return process.Start(cmd)
		},
	}
	os.Exit(k.Keep(process.Attended()))
}

// addresses returns where a server listens that has these arguments, and its default port
// from the environment: with localhost, a browser may try either of two.
func addresses(args []string, port string) []string {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	addr := flags.String("addr", "localhost:"+cmp.Or(port, "8080"), "")
	flags.Parse(args) // what is wrong with them, the server says
	return process.Loopback(*addr)
}
