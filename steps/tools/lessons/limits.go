package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/rules"
)

// limits has the limits of package rules that texts state, by their names in marks.
var limits = map[string]any{
	"MaxMessage": rules.MaxMessage, "MaxReason": rules.MaxReason, "HistorySize": rules.HistorySize,
	"DialLimit": rules.DialLimit, "HandshakeTime": rules.HandshakeTime, "AnswerTime": rules.AnswerTime,
	"IdleTime": rules.IdleTime, "WriteTime": rules.WriteTime, "CloseTime": rules.CloseTime,
	"PingTime":  rules.PingTime,
	"QuietTime": rules.QuietTime, "GoodbyeTime": rules.GoodbyeTime, "StopTime": rules.StopTime,
}

// knownNumbers lists the numbers of four digits or more that texts state: from package rules, and
// others.
var knownNumbers = append([]string{rules.Number(rules.MaxMessage), rules.Number(rules.DialLimit)},
	strings.Fields(
		"1,000 4,309 5,000 7,309 10,000 10,800 32,309 65,535 65,536 200,000 400,000 730,900")...)

const number = `(?i:\b(?:one and a half|half a|two|three|five|ten|thirty|fifty|[0-9][0-9,]*(?:\.[0-9]+)?))`

var (
	words = map[string]float64{
		"half a": 0.5, "one and a half": 1.5, "two": 2, "three": 3, "five": 5, "ten": 10, "thirty": 30, "fifty": 50,
	}

	// stating matches the words that a mark is about: a number, and what it counts.
	stating = regexp.MustCompile(`(` + number + `)(\s+minutes?)?(?:\s+[\w-]+){0,2}$`)

	// needsMark matches a text that states a time, or the length of the history.
	needsMark = regexp.MustCompile(number + `\s+(?:seconds|s\b)|(?i:\bhalf a minute)|` +
		`\b(?i:fifty|[0-9]{2,})\s+(?:long\s+)?(?:messages|posts)\b`)

	bigNumber  = regexp.MustCompile(`\b[0-9]{1,3}(?:,[0-9]{3})+`)
	sideBySide = regexp.MustCompile(`(?s)<!-- side-by-side -->.*<!-- /side-by-side -->`)
	limitMark  = regexp.MustCompile(`^(?: bytes)?\s*<!-- limit: \w+ -->`)
)

// checkLimits reports limits that differ from those of package rules. A time, or a number of messages,
// must have a mark that names its limit: five seconds<!-- limit: WriteTime -->, or limit: none.
func (w *workshop) checkLimits(p *page) {
	for _, m := range p.marks {
		if m.kind == "limit" && strings.Join(m.args, " ") != "none" {
			checkLimit(p, m)
		}
	}
	generated := append(sideBySide.FindStringIndex(p.source), 0, 0) // by package rules
	for _, at := range needsMark.FindAllStringIndex(p.source, -1) {
		isGenerated := generated[0] <= at[0] && at[1] <= generated[1]
		if !isGenerated && p.fenceAt(at[0]) == nil && !limitMark.MatchString(p.source[at[1]:]) {
			p.say(p.lineAt(at[0]), "%q: which limit is this? Write its name after it: "+
				"five seconds<!-- limit: WriteTime -->, or <!-- limit: none -->", p.source[at[0]:at[1]])
		}
	}
}

// checkLimit reports a limit that differs from package rules.
func checkLimit(p *page, m *mark) {
	limit, stated := limits[strings.Join(m.args, " ")], stating.FindStringSubmatch(p.source[:m.at])
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
		p.say(m.line, "the text states %q, and rules.%s is %s", strings.Join(strings.Fields(stated[0]), " "),
			m.args[0], is)
	}
}

// checkNumbers reports numbers of four digits or more that are neither limits nor known.
func (w *workshop) checkNumbers(p *page) {
	for _, at := range bigNumber.FindAllStringIndex(p.source, -1) {
		n := p.source[at[0]:at[1]]
		if p.fenceAt(at[0]) == nil && !slices.Contains(knownNumbers, n) &&
			!limitMark.MatchString(p.source[at[1]:]) {
			p.say(p.lineAt(at[0]), "the text states %s, which is no limit of package rules (%s bytes in a message), "+
				"and not in knownNumbers of steps/tools/lessons", n, knownNumbers[0])
		}
	}
}
