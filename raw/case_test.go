package main

import (
	"cmp"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/rules"
)

func TestCases(t *testing.T) {
	t.Parallel()
	echo := httptest.NewServer(serveEcho)
	defer echo.Close()
	servers := []struct{ raw, library string }{
		{echo.Listener.Addr().String(), start(t, libraryBinary(t), "echo").addr},
		{start(t, self(t), "chat").addr, start(t, libraryBinary(t), "chat").addr},
	}
	t.Run("case", func(t *testing.T) {
		seen := map[string]bool{}
		for _, c := range rules.Cases() {
			if !c.Tried() {
				continue
			}
			if seen[c.Name] {
				t.Errorf("two cases are called %q", c.Name)
			}
			seen[c.Name] = true
			t.Run(c.Section+" "+c.Name, func(t *testing.T) {
				t.Parallel()
				if !c.Chat && !c.ForHandshake() && c.Body == nil {
					hold(t, c, servers[0].raw, servers[0].library, rules.Whole, rules.Glued, rules.Bytes)
				}
				if c.Chat || c.ForHandshake() || c.Row != "" {
					c.Chat = true
					hold(t, c, servers[1].raw, servers[1].library, rules.Whole)
				}
			})
		}
	})
}

func hold(t *testing.T, c rules.Case, raw, library string, ways ...rules.Way) {
	t.Helper()
	wait := func(want string) time.Duration {
		if strings.HasSuffix(want, "waits") {
			return 4 * time.Second
		}
		return patience
	}
	for _, way := range ways {
		if came := c.Try(raw, c.Want, way, wait(c.Want)); !rules.Matches(came, c.Want) {
			t.Errorf("raw, %s:\n came %s\n want %s", way, came, c.Want)
		}
	}
	want := cmp.Or(c.Library, c.Want)
	if c.Library == c.Want && c.Library != "" {
		t.Error("same")
	}
	if came := c.Try(library, want, rules.Whole, wait(want)); !rules.Matches(came, want) {
		t.Errorf("library:\n came %s\n want %s", came, want)
	}
}
