package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
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

// buildCheck reports whether the check has been built. If not, the page says why.
func (s *session) buildCheck(ctx context.Context, tool string) bool {
	out, err := process.Build(ctx, s.root, tool, "./steps/tools/check")
	problem := entry{Kind: "problem"} // none
	if err != nil && ctx.Err() == nil {
		problem.Text = "The check does not build, so nothing is checked: it is tried again after your next save. " + strings.TrimSpace(out)
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
	args := []string{"-json", "-step", strconv.Itoa(min(at, stepcode.Last))}
	if at == stepcode.Library {
		args = append(args, "-library")
	}
	cmd := exec.CommandContext(ctx, tool, append(args, "work")...)
	cmd.Dir = s.root
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it stops its servers then
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
	events := bufio.NewScanner(out)
	events.Buffer(nil, 1<<20)
	for events.Scan() {
		if line := append([]byte(nil), events.Bytes()...); json.Valid(line) && ctx.Err() == nil {
			s.feed.add(entry{Kind: "check", Run: run, Step: at, Event: line})
		}
	}
	if cmd.Wait() == nil {
		s.mu.Lock()
		s.holds = max(s.holds, at)
		s.mu.Unlock()
		s.feed.add(entry{Kind: "code"})
	}
}
