package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"websocket-workshop/steps/tools/wiretap"
)

// findServers makes servers of the arguments; its error is one line.
func findServers(args []string) (servers []*wiretap.Server, err error) {
	if len(args) == 0 {
		args = []string{"raw", "library"}
	} else if len(args) > 2 {
		return nil, fmt.Errorf("one server or two, not %d: flags go before them", len(args))
	}
	for i, arg := range args {
		s, err := wiretap.FindServer(arg)
		if err != nil {
			return nil, err
		}
		if i == 1 && servers[0].Name == s.Name {
			s.Name += " (2)"
		}
		if k := s.Keeper; k != nil {
			k.Name, k.File = s.Name, filepath.Join(filepath.Dir(k.File), fmt.Sprintf("wire-%d", i+1))
			k.Line = func(line string) {
				if !strings.Contains(line, "listening on http://") { // that address would bypass the wire
					fmt.Fprintf(os.Stderr, "%s | %s\n", s.Name, line)
				}
			}
		}
		servers = append(servers, s)
	}
	return servers, nil
}
