package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestCases: the table makes sense. Whether its cases are true is for raw's TestConformance.
func TestCases(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if c.Name == "" || seen[c.Section+c.Name] {
			t.Errorf("two cases are called %s %q", c.Section, c.Name)
		}
		seen[c.Section+c.Name] = true
		if c.Tried() && (c.Section == "" || c.Want == "" && len(c.Send) == 0) {
			t.Errorf("%q has no section, or wants nothing", c.Name)
		}
		if c.Library != "" && c.Library == c.Want {
			t.Errorf("%q has a Library that does not differ from Want", c.Name)
		}
		if c.Row != "" && c.Library != "" && c.Allowed(c.Library) == nil {
			t.Errorf("%q: check -library allows no %s", c.Name, c.Library)
		}
		if c.Row != "" && !c.Chat && !c.ForHandshake() && !hasEnd(c.Want) {
			t.Errorf("%q: a chat does not answer an echo's case", c.Name)
		}
	}
	for _, row := range []string{RowUpgrade, RowLists, RowMethod, RowHTTP, RowConnection, RowKey,
		RowVersion, RowJSON, RowNoSubprotocol, RowNoExtension,
		RowOrigin, RowOwnOrigin, RowForwarded, RowBroken, RowReserved, RowOpcode, RowUnmasked, RowShortest,
		RowControl, RowFragments, RowCode,
		RowBinary, RowText, RowReason, RowClose, RowJSON1007, RowLong, RowAnnounced} {
		if len(InRow(row)) == 0 {
			t.Errorf("no case is in the row %q", row)
		}
	}
}

// TestMatches: a reason may be left open, and the client's own goodbye is implied.
func TestMatches(t *testing.T) {
	for _, m := range []struct {
		came, want string
		matches    bool
	}{
		{`close 1002 "why"`, "close 1002", true}, {`close 1002 ""`, "close 1002", true},
		{`close 1002 "a \"b\""`, "close 1002", true},
		{`close 1002 "why"`, `close 1002 "because"`, false}, {`close 1003 "why"`, "close 1002", false},
		{"hangs up", "close 1002", false},
		{`close 1002 "why", resets`, "close 1002", false},
		{`text "hi", close 1000 "over"`, `text "hi"`, true}, {`close 1000 "over"`, "", true},
		{`text "hi"`, `text "hi"`, false}, {"hangs up", "", false}, {"101", "101", true},
		{"400", "101", false},
		{"101, but no", "101", true}, {"101 Sec-WebSocket-Protocol: json", "101", false},
		{"400 with a body", "400", true}, {"405", "405 Allow: GET", true}, {"426 without Upgrade", version, false},
		{version + " without Upgrade", version, true}, {"a post, hangs up", "a post, hangs up", true},
		{`a post, close 1000 "over"`, "a post", true}, {`close 1000 ""`, "close 1001 or close 1000", true},
		{"close", "close or close 1000", true},
		{`close 1002 ""`, "close 1001 or close 1000", false},
	} {
		if got := Matches(m.came, m.want); got != m.matches {
			t.Errorf("Matches(%q, %q) = %t", m.came, m.want, got)
		}
	}
}

func TestInWords(t *testing.T) {
	for came, want := range map[string]string{
		`close 1002 "why"`: "close frame 1002", "close": "close frame", "hangs up": "hangs up without one",
		"waits":                          "waits, and stays open",
		"a post, hangs up":               "posts it as a message, hangs up without one",
		`close 1000 "", resets`:          "close frame 1000, then resets TCP",
		`close 1003 "a", close 1003 "b"`: "close frame 1003, close frame 1003",
		"426 Sec-WebSocket-Version: 13":  "answers the handshake with 426",
		`text "close"`:                   `text "close"`,
	} {
		if got := InWords(came); got != want {
			t.Errorf("InWords(%q) = %q, want %q", came, got, want)
		}
	}
}

// TestAllowed: a server on a library may do what the RFC leaves open.
func TestAllowed(t *testing.T) {
	for row, came := range map[string]string{RowUnmasked: "hangs up", RowReserved: `close 1008 "no"`,
		RowConnection: "426", RowVersion: upgrades, RowJSON1007: "resets"} {
		if l := InRow(row)[0].Allowed(came); l == nil {
			t.Errorf("%s: %s is not allowed", row, came)
		}
	}
	for row, came := range map[string]string{RowUnmasked: "waits", RowMethod: upgrades, RowLists: "400",
		RowJSON1007: posted, RowUpgrade: "501"} {
		if l := InRow(row)[0].Allowed(came); l != nil {
			t.Errorf("%s: %s is allowed: %+v", row, came, l)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 125: "125", 999: "999", 4096: "4,096", 65536: "65,536",
		1 << 20: "1,048,576"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %s", n, got)
		}
	}
	for d, want := range map[time.Duration][2]string{5 * time.Second: {"5 s", "5 * time.Second"},
		1500 * time.Millisecond: {"1.5 s", "1500 * time.Millisecond"}, time.Minute: {"60 s", "60 * time.Second"}} {
		if got := [2]string{Seconds(d), Code(d)}; got != want {
			t.Errorf("Seconds and Code of %v: %q", d, got)
		}
	}
}

// TestNoLimitInWords: where the tools state a limit, they compute it, so that it changes here alone.
func TestNoLimitInWords(t *testing.T) {
	words := []string{Number(MaxMessage), fmt.Sprint(MaxMessage), fmt.Sprint(HistorySize, " posts")}
	for _, limit := range Limits {
		if d, ok := limit.(time.Duration); ok {
			words = append(words, regexp.QuoteMeta(Seconds(d)), `"[^"]*`+regexp.QuoteMeta(Code(d)))
		}
	}
	stated := regexp.MustCompile(`(?:^|[^\w.])(` + strings.Join(words, "|") + `)\b`)
	for _, folder := range []string{"behaviour", "crowd", "probe", "trial", "units", "units/testdata", "check"} {
		files, _ := filepath.Glob("../" + folder + "/*.go")
		if len(files) == 0 {
			t.Errorf("there is no code in %s", folder)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(text), "\n") {
				if found := stated.FindStringSubmatch(line); found != nil {
					t.Errorf("%s:%d states %q: write it with package rules", file, i+1, found[1])
				}
			}
		}
	}
}
