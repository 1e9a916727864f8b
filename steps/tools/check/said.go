package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"websocket-workshop/steps/tools/behaviour"
	"websocket-workshop/steps/tools/probe"
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
		if line == "" || strings.Contains(line, behaviour.Requested) || strings.Contains(strings.ToLower(line), "listening on http") {
			continue
		}
		text, kind := probe.Shorten(line), varying.ReplaceAllString(line, "")
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

var placeInText = regexp.MustCompile(`(\S+\.go):(\d+)`)

// addPlaces adds to a failure where in the code its words come from, and returns all places
// that it names. Where the server has said more than the check can guess, the guess goes.
func addPlaces(f *probe.Failure, c *comparison) (places []place) {
	if c != nil {
		var said string
		if said, places, _ = c.yours.terminal(f.Lines); said != "" {
			f.Came += "\nterminal: " + said
		}
		if from := c.yours.where(f.Says); len(from) > 0 {
			f.Came += fmt.Sprintf("\n(%q is from %s)", f.Says, from[0])
			places = append(places, from[0])
		}
	}
	for _, m := range placeInText.FindAllStringSubmatch(f.Cause, -1) {
		line, _ := strconv.Atoi(m[2])
		places = append(places, place{m[1], line})
	}
	return places
}
