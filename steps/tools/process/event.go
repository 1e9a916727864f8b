package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// A Kind tells what has happened to the server of a Keeper.
type Kind string

const (
	Saved        Kind = "saved"         // a file was saved: the server is being built again
	SlowBuild    Kind = "slow build"    // the first build has taken two seconds so far
	Built        Kind = "built"         // Output is usually empty
	BuildFailed  Kind = "build failed"  // with Output and Err; the previous Program keeps running
	StartFailed  Kind = "start failed"  // with Err
	Running      Kind = "running"       // the Program listens, but if there are Others, they may hide it
	NotListening Kind = "not listening" // the Program has not listened on Addr for some seconds
	Stopped      Kind = "stopped"       // nothing runs: the Program, if there was one, has exited
	PortFree     Kind = "port free"     // one of the Others has exited: the server is started again
)

// An Event is something that has happened to the server of a Keeper.
type Event struct {
	Kind    Kind
	Name    string   // of the server
	Addr    string   // host:port where it is expected to listen
	Output  string   // of the go command
	Err     error    // why it is not built, or does not start
	Others  []string // host:port where another program answered before the server was started
	Program *Program // the last one that was started, or nil
}

// String returns what the terminal shows, or "".
func (e Event) String() string {
	switch e.Kind {
	case Saved:
		return fmt.Sprintf("saved: building %s again", e.Name)
	case SlowBuild:
		return fmt.Sprintf("building %s: the first time, this may take a minute", e.Name)
	case Built:
		return strings.TrimSpace(e.Output)
	case BuildFailed:
		text := fmt.Sprintf("%s\n%s does not build: %v", strings.TrimSpace(e.Output), e.Name, e.Err)
		if e.Program != nil && !e.Program.Exited() {
			text += "; the previous server keeps running"
		}
		return text
	case StartFailed:
		text := fmt.Sprintf("%s does not run: %v", e.Name, e.Err)
		if errors.Is(e.Err, fs.ErrPermission) {
			text += ": perhaps no program on this disk can be run? Then copy the workshop to another one"
		}
		return text
	case Running:
		if e.Others != nil {
			return fmt.Sprintf("careful: another program answers on %s, and a browser may show you that one. "+
				"task doctor tells which one it is: stop it, or %s", strings.Join(e.Others, " and "), otherPort("-addr"))
		}
	case NotListening:
		text := fmt.Sprintf("%s does not listen on %s", e.Name, e.Addr)
		if elsewhere := e.Program.Output.Address(); elsewhere != "" {
			text += ", but on " + elsewhere
		}
		return text + ": give net.Listen the value of -addr; save to try again, or press Ctrl-C"
	case Stopped:
		return e.stopped()
	case PortFree:
		return "the port is free now"
	}
	return ""
}

// stopped tells why nothing is running, and what to do.
func (e Event) stopped() string {
	failed, text := e.Program == nil || !e.Program.Cmd.ProcessState.Success(), ""
	if port := os.Getenv("PORT"); failed && strings.Trim(port, "0123456789") != "" {
		text = fmt.Sprintf("the environment variable PORT is %q, which is not a port: change it\n", port)
	}
	switch {
	case e.Program == nil:
		text += e.Name + " is not running: save to try again"
	case failed && e.Others != nil:
		text += fmt.Sprintf("%s is not running, and another program answers on %s: stop that one, or save, "+
			"to try again; or %s", e.Name, strings.Join(e.Others, " and "), otherPort("-addr"))
	default:
		text += fmt.Sprintf("%s has exited (%v): save to run it again", e.Name, e.Program.Cmd.ProcessState)
	}
	return text + "; or press Ctrl-C"
}
