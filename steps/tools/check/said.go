package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// stamp is what log puts in front of a line, verb what a format has in it, and varying what
// two lines of the same kind differ in.
var (
	stamp   = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(\.\d+)? `)
	varying = regexp.MustCompile(`".*"|[0-9a-f]*\d[0-9a-f]*`)
	verb    = regexp.MustCompile(`%[-+# 0]*[\d*]*(\.[\d*]+)?[a-zA-Z%]`)
)

// where returns the places of the texts that a printed line is made of: that of the longest,
// and that of the one it begins with.
func (p *program) where(printed string) (places []place) {
	printed = strings.ReplaceAll(printed, `\"`, `"`) // as %q prints a text in a text
	var longest, begins word
	most := 3 // letters: fewer tell nothing
	for _, text := range p.texts {
		pieces, size := verb.Split(strings.TrimSpace(text.text), -1), 0
		for i, piece := range pieces {
			pieces[i], size = regexp.QuoteMeta(piece), size+len(strings.TrimSpace(piece))
		}
		at := regexp.MustCompile(strings.Join(pieces, ".*?")).FindStringIndex(printed)
		if at == nil || size <= 3 {
			continue
		}
		if size > most {
			most, longest = size, text
		}
		if at[0] == 0 && len(text.text) > len(begins.text) {
			begins = text
		}
	}
	for _, text := range []word{longest, begins} {
		if text.text != "" && !slices.Contains(places, text.place) {
			places = append(places, text.place)
		}
	}
	return places
}

// terminal returns the last lines of each kind that the server printed, each with the places it
// comes from, those places, and whether one of them gives a reason: an error of the server's
// own. Lines about listening and upgrades are no news.
func (p *program) terminal(lines []string) (said string, all []place, reason bool) {
	const most = 4
	var kept, kinds []string
	for _, line := range lines {
		line = strings.TrimSpace(stamp.ReplaceAllString(line, ""))
		if strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "=====") {
			break // where a crash or a race came from is said in a sentence
		}
		if line == "" || strings.Contains(line, requested) || strings.Contains(strings.ToLower(line), "listening on http") {
			continue
		}
		text, kind := shorten(line), varying.ReplaceAllString(line, "")
		if places := p.where(line); len(places) > 0 {
			all, reason = append(all, places...), reason || len(places) > 1
			text += fmt.Sprintf("   (printed at %s)", strings.Trim(fmt.Sprint(places), "[]"))
		}
		if i := slices.Index(kinds, kind); i >= 0 {
			kinds, kept = slices.Delete(kinds, i, i+1), slices.Delete(kept, i, i+1)
		}
		kinds, kept = append(kinds, kind), append(kept, text)
	}
	return strings.Join(kept[max(0, len(kept)-most):], "\n"), all, reason
}

// A wait is what a goroutine may wait for that has more to do, by the state that Go prints.
type wait struct{ state, inside, says string }

// waitsFor are those waits, the first that fits first.
var waitsFor = []wait{
	{"sync.Mutex.Lock", "", "for a lock"},
	{"sync.RWMutex", "", "for a lock"},
	{"sync.WaitGroup.Wait", "", "for a WaitGroup"},
	{"semacquire", "", "for a lock or a WaitGroup"},
	{"chan send", "", "for somebody to receive from its channel"},
	{"IO wait", ").Write(", "in Write, for a member to read"},
	{"runn", "", "for nothing, but works without end"},
}

// waitedInVain finds in what came that something did not.
var waitedInVain = regexp.MustCompile(`^$|nothing for|still |did not|no connection`)

// waiting says where in the code goroutines wait that have more to do.
func waiting(all []goroutine) string {
	counts := map[string]int{}
	for _, g := range all {
		i := slices.IndexFunc(waitsFor, func(w wait) bool { return strings.HasPrefix(g.state, w.state) && strings.Contains(g.trace, w.inside) })
		if i >= 0 && g.place != "" {
			counts[waitsFor[i].says+g.place]++
		}
	}
	found := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	for i, what := range found {
		found[i] = "a goroutine waits " + what
		if n := counts[what]; n > 1 {
			found[i] = fmt.Sprint(n, " goroutines wait ", what)
		}
	}
	return strings.Join(found[:min(3, len(found))], "\n")
}

var (
	placeInText = regexp.MustCompile(`(\S+\.go):(\d+)`)
	codeInText  = regexp.MustCompile(`status code ([1-4]\d{3})\b`)
	endExpected = regexp.MustCompile(`ends the|close frame|hangs up|end of the connection`)
)

// addPlaces adds to a failure where in the code its words come from, and returns all places
// that it names. Where the server has said more than the check can guess, the guess goes.
func (f *failure) addPlaces(c *comparison) (places []place) {
	if c != nil {
		var reason bool
		f.terminal, places, reason = c.yours.terminal(f.lines)
		want, got := codeInText.FindString(f.expected), codeInText.FindString(f.came)
		switch {
		case want != "" && got != "" && want != got:
			f.cause = fmt.Sprintf("it is ended, but with %s: either the code is the wrong one, or another check comes first", got)
		case reason && got == "" && !strings.Contains(f.came, "reset") && endExpected.MatchString(f.expected):
			f.cause = "the server found something wrong, as it says in the terminal: what it does then is not what is expected"
		}
		if from := c.yours.where(f.says); len(from) > 0 {
			f.came += fmt.Sprintf("\n(%q is from %s)", f.says, from[0])
			places = append(places, from[0])
		}
	}
	if strings.Contains(f.stuck, "for a lock") {
		f.cause = "who holds the lock does not let it go: is an Unlock missing, or is it locked twice on the way?"
	}
	f.cause = strings.TrimSpace(f.stuck + "\n" + f.cause)
	for _, m := range placeInText.FindAllStringSubmatch(f.cause, -1) {
		line, _ := strconv.Atoi(m[2])
		places = append(places, place{m[1], line})
	}
	return places
}
