package behaviour

import (
	"testing"

	"websocket-workshop/steps/tools/stepcode"
)

// TestTurns: the functions that rows point to are turns, whose hints an attendee can ask for.
func TestTurns(t *testing.T) {
	turns := map[string]bool{"": true} // the row points to none
	for step := range LastStep + 1 {
		for _, turn := range stepcode.Turns(step) {
			turns[turn.File+" "+turn.Name] = true
		}
	}
	for _, r := range rows {
		if !turns[r.Turn] {
			t.Errorf("%q: no step has the turn %q", r.Name, r.Turn)
		}
	}
}
