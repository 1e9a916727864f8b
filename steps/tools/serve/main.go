// Command serve builds a server of the workshop and runs it, and does so again on every save of its
// code or of the page:
//
//	go run ./steps/tools/serve [-o FILE] DIR [ARGUMENT...]
//
// On a terminal it waits for the next save if the server does not build or has exited, and for the port
// to be free if another program uses it; elsewhere it exits, with the server's exit status. It exits
// with its terminal and with the process that started it. It watches the files itself: Task's own watch
// stops the server for anything that an editor does in the folder, including swap files, and does not
// always start it again.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"websocket-workshop/steps/tools/process"
)

func main() {
	file := flag.String("o", "", "the `file` to build; the number of this process is added to its name")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "which server? go run ./steps/tools/serve steps/03")
		os.Exit(2)
	}
	k, err := process.NewKeeper(flag.Arg(0))
	if err == nil && *file != "" {
		k.File, err = filepath.Abs(*file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	k.Args, k.Addr = flag.Args()[1:], address(flag.Args()[1:], os.Getenv("PORT"))
	k.Stdout, k.Stderr = os.Stdout, os.Stderr
	info, err := os.Stderr.Stat()
	k.Waits = err == nil && info.Mode()&os.ModeCharDevice != 0
	os.Exit(k.Keep(process.Attended()))
}

// address returns where a server with these arguments listens, given its default port from the
// environment.
func address(args []string, port string) string {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	addr := flags.String("addr", "localhost:"+cmp.Or(port, "8080"), "")
	flags.Parse(args) // the server reports what is wrong with them
	return *addr
}
