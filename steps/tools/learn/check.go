package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
)

// checkSaves checks work/ after each save that builds. A save during a check ends that check.
func (s *session) checkSaves(ctx context.Context) {
	tool := filepath.Join(s.root, ".bin", fmt.Sprintf("learn-check-%d.exe", os.Getpid()))
	defer os.Remove(tool)
	built := s.buildCheck(ctx, tool)
	cancel := func() {}
	defer func() { cancel() }()
	done := make(chan struct{})
	close(done)
	for run := 1; ; run++ {
		select {
		case <-ctx.Done():
			cancel()
			<-done
			return
		case <-s.saved:
		}
		cancel()
		<-done
		if built = built || s.buildCheck(ctx, tool); !built {
			continue
		}
		var checking context.Context
		checking, cancel = context.WithCancel(ctx)
		done = make(chan struct{})
		go func() {
			defer close(done)
			s.check(checking, tool, run)
		}()
	}
}

// buildCheck reports whether the check has been built. If not, the page shows why.
func (s *session) buildCheck(ctx context.Context, tool string) bool {
	out, err := process.Build(ctx, s.root, tool, "./steps/tools/check")
	problem := entry{Kind: "problem"} // none
	if err != nil && ctx.Err() == nil {
		problem.Text = "The check does not build, so nothing is checked. Your next save tries it again. " +
			strings.TrimSpace(out)
	}
	s.feed.add(problem)
	return err == nil
}

// check runs the check once, for the step that the code in work/ has reached.
func (s *session) check(ctx context.Context, tool string, run int) {
	at := s.step()
	if at == 0 {
		return
	}
	cmd := exec.CommandContext(ctx, tool, append([]string{"-json"}, checkArgs(at)...)...)
	cmd.Dir = s.root
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // then it stops its servers
	cmd.WaitDelay = 3 * time.Second
	process.OwnGroup(cmd)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.feed.add(entry{Kind: "problem", Text: "the check does not start: " + err.Error()})
		return
	}
	events := json.NewDecoder(out)
	for event := json.RawMessage(nil); events.Decode(&event) == nil && ctx.Err() == nil; event = nil {
		s.feed.add(entry{Kind: "check", Run: run, Step: at, Event: event})
	}
	io.Copy(io.Discard, out)
	if cmd.Wait() == nil {
		s.holds.Store(max(s.holds.Load(), int64(at)))
		s.feed.add(entry{Kind: "code"})
	}
}

// checkArgs returns the arguments of the check for the code in work/ at a step.
func checkArgs(at step) []string {
	args := []string{"-step", strconv.Itoa(min(at, stepcode.Last))}
	if at == stepcode.Library {
		args = append(args, "-library")
	}
	return append(args, "work")
}
