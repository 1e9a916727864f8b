package main

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// TestConformance tries each case of RFC 6455 in package rules, on echo servers made from raw's and the
// library's own accept, read, write and end, and on both chat servers. If the library differs, the case
// states how, and fails if that is no longer true.
func TestConformance(t *testing.T) {
	t.Parallel()
	echo := httptest.NewServer(serveEcho)
	defer echo.Close()
	hangsUpFirst(t, echo.Listener.Addr().String())
	echoes := [2]string{echo.Listener.Addr().String(), start(t, libraryBinary(t), "echo").addr}
	chats := [2]string{start(t, self(t), "chat").addr, start(t, libraryBinary(t), "chat").addr}
	t.Run("case", func(t *testing.T) {
		for _, c := range slices.Concat(rules.Cases(), rules.Large()) {
			if c.Cells != (rules.Cells{}) {
				continue // see TestSideBySide
			}
			t.Run(c.Section+" "+c.Name, func(t *testing.T) {
				t.Parallel()
				if !c.Chat && !c.ForHandshake() {
					try(t, c, echoes, rules.Whole, rules.Glued, rules.Bytes)
				}
				if c.Chat || c.ForHandshake() || c.Row != "" {
					c.Chat = true
					try(t, c, chats, rules.Whole)
				}
			})
		}
	})
}

// unexplained matches a refusal without a reason: the page would show none (chat.js).
var unexplained = regexp.MustCompile(`close 10\d\d ""`)

// try tries a case on two servers: in every way on raw, and in the first way on library.
func try(t *testing.T, c rules.Case, servers [2]string, ways ...rules.Way) {
	t.Helper()
	matches := func(came, want string) bool {
		return rules.Matches(came, want) && (came == want || !c.ForHandshake()) // for these, each field counts
	}
	for _, way := range ways {
		came := c.Try(servers[0], c.Want, way, patience)
		if !matches(came, c.Want) || came != c.Want && unexplained.MatchString(came) {
			t.Fatalf("raw, sent %s\n sent %v\n came %s\n want %s", way, c.Send, came, c.Want)
		}
	}
	want := cmp.Or(c.Library, c.Want)
	came := c.Try(servers[1], want, ways[0], patience)
	if c.Chat && !strings.HasSuffix(want, "resets") {
		came = strings.TrimSuffix(came, ", resets")                    // tested by the cases for 7.1.1
		came = strings.TrimSuffix(came, ", "+wstest.ErrCutOff.Error()) // a push was being written
	}
	if !matches(came, want) {
		t.Errorf("library\n sent %v\n came %s\n want %s", c.Send, came, want)
	}
}

// hangsUpFirst fails unless the server ends its direction of the connection at once, but still accepts data
// (7.1.1). If it did not, each case would last until patience runs out.
func hangsUpFirst(t *testing.T, addr string) {
	t.Helper()
	c := join(t, addr, closing(1000, ""))
	if came := rest(c); came != `close 1000 "", hangs up` {
		t.Fatalf("came %s", came)
	}
	if _, err := c.Write(make([]byte, 16<<20)); err != nil { // more than the system's buffers hold
		t.Fatalf("the server has not hung up first, or no longer accepts data: %v", err)
	}
}

// TestSecondTry: a client that was refused may try again on the same connection (4.4).
func TestSecondTry(t *testing.T) {
	t.Parallel()
	addr := start(t, self(t), "chat").addr
	c, err := wstest.Dial(addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := wstest.Handshake(addr)
	io.WriteString(c, r.Changed("Sec-WebSocket-Version: 8").String()+r.String())
	for _, want := range []int{http.StatusUpgradeRequired, http.StatusSwitchingProtocols} {
		if a, err := c.Answer(); err != nil || a.Status != want {
			t.Fatalf("came %v, %v, want %d", a, err, want)
		}
	}
	if f, err := c.NextValid(); err != nil || f.Opcode != wstest.Text {
		t.Errorf("came %v, %v, want the history", f, err)
	}
}

// TestLimits: the limits and times in package rules are the server's.
func TestLimits(t *testing.T) {
	for _, is := range []struct {
		name       string
		got, rules any
	}{
		{"writeTime", writeTime, rules.WriteTime}, {"closeTime", closeTime, rules.CloseTime},
		{"pingTime", pingTime, rules.PingTime},
		{"quietTime", quietTime, rules.QuietTime}, {"historySize", historySize, rules.HistorySize},
		{"maxMessage", chatLimit, rules.MaxMessage},
	} {
		if is.got != is.rules {
			t.Errorf("%s is %v, but %v in package rules", is.name, is.got, is.rules)
		}
	}
}
