package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/rules"
)

// limits are those of package rules that texts state, by the names that marks give them.
var limits = map[string]any{
	"MaxMessage": rules.MaxMessage, "MaxReason": rules.MaxReason, "HistorySize": rules.HistorySize, "DialLimit": rules.DialLimit,
	"HandshakeTime": rules.HandshakeTime, "AnswerTime": rules.AnswerTime, "IdleTime": rules.IdleTime, "WriteTime": rules.WriteTime,
	"CloseTime": rules.CloseTime, "PingTime": rules.PingTime, "QuietTime": rules.QuietTime, "GoodbyeTime": rules.GoodbyeTime,
	"StopTime": rules.StopTime,
}

// otherNumbers are those of four digits or more that texts state and that no rule sets.
var otherNumbers = strings.Fields("65,535 65,536 4,309 7,309 32,309 10,000 10,800 730,900 200,000 1,000 5,000 400,000")

const number = `(?i:\b(?:one and a half|half a|two|three|five|ten|thirty|fifty|[0-9][0-9,]*(?:\.[0-9]+)?))`

var (
	words = map[string]float64{"one and a half": 1.5, "half a": 0.5, "a": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "thirty": 30, "fifty": 50}

	// stating are the words that a mark is about: a number, and what it counts.
	stating = regexp.MustCompile(`(` + number + `)(\s+minutes?)?(?:\s+[\w-]+){0,2}$`)

	// needsMark is a text that states a time, or how long the history is.
	needsMark = regexp.MustCompile(number + `\s+(?:seconds|s\b)|(?i:\bhalf a minute)|\b(?i:fifty|[0-9]{2,})\s+(?:long\s+)?(?:messages|posts)\b`)

	bigNumber = regexp.MustCompile(`\b[0-9]{1,3}(?:,[0-9]{3})+`)
	limitMark = regexp.MustCompile(`^\s*<!-- limit: \w+ -->`)
)

// checkLimits refuses statements of limits that are not those of package rules. A time, or a number of
// messages, has a mark that says which limit it is: five seconds<!-- limit: WriteTime -->, or limit: none.
// A number of four digits or more must be a limit, or be in otherNumbers.
func (w *workshop) checkLimits(p *page) {
	for _, m := range p.marks {
		if m.kind == "limit" && strings.Join(m.args, " ") != "none" {
			w.checkLimit(p, m)
		}
	}
	source := p.source
	if from, to := strings.Index(source, "<!-- side-by-side -->"), strings.Index(source, "<!-- /side-by-side -->"); from >= 0 && to > from {
		source = source[:from] + strings.Repeat(" ", to-from) + source[to:] // package rules writes it
	}
	for _, at := range needsMark.FindAllStringIndex(source, -1) {
		if p.fenceAt(at[0]) == nil && !limitMark.MatchString(p.source[at[1]:]) {
			p.say(p.lineAt(at[0]), "%q: which limit is this? Write it after that, as in five seconds<!-- limit: WriteTime -->, or <!-- limit: none -->", p.source[at[0]:at[1]])
		}
	}
	w.checkNumbers(p)
}

// checkLimit refuses a limit that is not as rules has it.
func (w *workshop) checkLimit(p *page, m *mark) {
	limit, stated := w.limits[strings.Join(m.args, " ")], stating.FindStringSubmatch(p.source[:m.at])
	if limit == nil || stated == nil {
		p.say(m.line, "%s: package rules has no such limit, or no number stands before the mark", m.title)
		return
	}
	value, ok := words[strings.ToLower(stated[1])]
	if !ok {
		value, _ = strconv.ParseFloat(strings.ReplaceAll(stated[1], ",", ""), 64)
	}
	if stated[2] != "" || strings.EqualFold(stated[1], "half a") {
		value *= 60
	}
	want, is := 0.0, ""
	switch limit := limit.(type) {
	case int:
		want, is = float64(limit), rules.Number(limit)
	case time.Duration:
		want, is = limit.Seconds(), rules.Seconds(limit)
	}
	if value != want {
		p.say(m.line, "the text states %q, and rules.%s is %s", strings.Join(strings.Fields(stated[0]), " "), m.args[0], is)
	}
}

// checkNumbers refuses big numbers that are neither limits nor known.
func (w *workshop) checkNumbers(p *page) {
	most := rules.Number(w.limits["MaxMessage"].(int))
	known := append(otherNumbers, most, rules.Number(rules.DialLimit))
	for _, at := range bigNumber.FindAllStringIndex(p.source, -1) {
		n := p.source[at[0]:at[1]]
		if p.fenceAt(at[0]) != nil || slices.Contains(known, n) || limitMark.MatchString(strings.TrimPrefix(p.source[at[1]:], " bytes")) {
			continue
		}
		p.say(p.lineAt(at[0]), "the text states %s, which is no limit of package rules (%s bytes in a message), "+
			"and not in otherNumbers of steps/tools/lessons", n, most)
	}
}

// checkPages refuses big numbers in the pages that are no limits, and returns what does not hold.
func (w *workshop) checkPages() (problems []problem) {
	for _, name := range w.glob("frontend/*.html", "frontend/*.js") {
		p := &page{name: name, source: w.read(name)}
		w.checkNumbers(p)
		problems = append(problems, p.problems...)
	}
	return problems
}
