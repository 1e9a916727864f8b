package main

import (
	"cmp"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocket-workshop/steps/tools/lessons/stage"
	"websocket-workshop/steps/tools/rules"
)

// knownNumbers lists the numbers of four digits or more that need no mark.
var knownNumbers = strings.Fields("1,000 5,000 10,000 32,768 65,535 65,536 400,000")

var (
	words = map[string]string{
		"half a minute": "30", "one and a half": "1.5", "two and a half": "2.5",
		"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "eight": "8", "ten": "10", "twenty": "20",
		"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "eighty": "80", "hundred": "100",
	}
	number = `(?i:\b(?:` + strings.Join(slices.Collect(maps.Keys(words)), "|") + `|[0-9][0-9,]*(?:\.[0-9]+)?))`

	// marked matches a number with its mark, and the words between them.
	marked = regexp.MustCompile(`(` + number + `)(?:\s+[\w-]+){0,2}\s*<!-- limit: (\S+) -->`)

	// bigNumber matches what must have a mark or be known, and needsMark what must have a mark: a time, the
	// length of the history, or a mark without a number.
	bigNumber = regexp.MustCompile(`\b[0-9]{1,3}(?:,[0-9]{3})+`)
	needsMark = regexp.MustCompile(bigNumber.String() + `|` + number + `\s+(?:seconds|s\b)|` +
		`(?i:\bhalf a minute)|\b(?i:fifty|[0-9]{2,})\s+(?:long\s+)?(?:messages|posts)\b|<!-- limit: .*? -->`)
)

var toRead = regexp.MustCompile(`\((\d+) to read, `)

// checkTime reports a lesson whose words, including code but without its exercises and what follows them,
// take another time to read than it states. People read 150 words a minute, as found in trials.
func checkTime(p *page) {
	for _, at := range toRead.FindAllStringSubmatchIndex(p.source, -1) {
		text, _, _ := strings.Cut(p.source, "\n## Exercises\n")
		words := len(strings.Fields(withoutMarks(text)))
		stated, _ := strconv.Atoi(p.source[at[2]:at[3]])
		if minutes := (words + 75) / 150; minutes < stated-1 || minutes > stated+1 {
			p.say(p.lineAt(at[0]), "the text states %d minutes to read, and has words for %d", stated, minutes)
		}
	}
}

// checkLimits reports limits that differ from those of package rules. A time, or a number of messages,
// must have a mark that tells what it is: five seconds<!-- limit: WriteTime -->, or limit: none. Pages and
// scripts have no marks: only their big numbers are compared.
func (w *workshop) checkLimits(p *page) {
	prose := []byte(p.source)
	clear := func(from, to int) {
		for i := from; i < to; i++ {
			if prose[i] != '\n' {
				prose[i] = ' '
			}
		}
	}
	for _, f := range p.fences {
		clear(f.from, f.to)
	}
	for _, m := range p.marks {
		if strings.HasPrefix(m.kind, "gen ") {
			clear(m.from, m.to)
		}
	}
	for _, at := range marked.FindAllSubmatchIndex(prose, -1) {
		w.checkLimit(p, p.lineAt(at[3]), p.source[at[2]:at[3]], p.source[at[4]:at[5]])
		clear(at[0], at[1])
	}
	unmarked := needsMark
	if path.Ext(p.name) != ".md" {
		unmarked = bigNumber
	}
	for _, at := range unmarked.FindAllIndex(prose, -1) {
		if text := p.source[at[0]:at[1]]; !slices.Contains(knownNumbers, text) {
			p.say(p.lineAt(at[0]), "which limit of package rules is %q? Write <!-- gen: value MaxMessage+1 -->"+
				"4,097<!-- /gen -->, or a word of up to a hundred<!-- limit: WriteTime -->, or <!-- limit: none --> "+
				"after the number", text)
		}
	}
}

// checkLimit reports a stated number that differs from what its mark says.
func (w *workshop) checkLimit(p *page, line int, stated, says string) {
	if says == "none" {
		return
	}
	if is, err := w.value(says); err != nil {
		p.say(line, "limit: %s: %v", says, err)
	} else if cmp.Or(words[strings.ToLower(stated)], stated) != is {
		p.say(line, "the text states %q, and %s is %s", stated, says, is)
	}
}

// value returns the value of a Go expression about the limits of package rules and the sizes that measure
// adds, as the texts write numbers. A time is in seconds.
func (w *workshop) value(expression string) (string, error) {
	if d, isTime := rules.Limits[expression].(time.Duration); isTime {
		return strings.TrimSuffix(rules.Seconds(d), " s"), nil
	}
	facts, err := w.facts()
	if err != nil {
		return "", err
	}
	v, err := types.Eval(token.NewFileSet(), facts, token.NoPos, expression)
	if err != nil {
		return "", fmt.Errorf("package rules has no such limit: %v", err)
	}
	n, _ := constant.Int64Val(constant.ToInt(v.Value))
	return rules.Number(int(n)), nil
}

// genValue writes a number.
func genValue(w *workshop, p *page, m *mark, old string) (string, error) { return w.value(m.file) }

// genHolds makes nothing. Its error reports that the text around the mark relies on an equation that is wrong.
func genHolds(w *workshop, p *page, m *mark, old string) (string, error) {
	left, right, _ := strings.Cut(strings.TrimPrefix(m.title, "holds: "), " == ")
	is, err := w.value(left)
	want, err2 := w.value(right)
	if err = cmp.Or(err, err2); err == nil && is != want {
		err = fmt.Errorf("the text here relies on this, but %s is %s", left, is)
	}
	return old, err
}

// measure returns the limits of package rules, and the bytes of what a server sends: a new server's history
// (Greeting), the one after ann's "hi" (Hi), the one that is full of posts of 40 letters (Full), and what a
// post of ann without letters adds (Post).
func (w *workshop) measure() (*types.Package, error) {
	greeting, hi, full, err := stage.Histories(w.root, "steps/05", rules.HistorySize)
	sizes := map[string]any{"Greeting": greeting, "Hi": hi, "Full": full, "Post": hi - greeting - len(",hi")}
	maps.Copy(sizes, rules.Limits)
	facts := types.NewPackage("facts", "facts")
	for name, size := range sizes {
		if n, ok := size.(int); ok {
			value := constant.MakeInt64(int64(n))
			facts.Scope().Insert(types.NewConst(token.NoPos, facts, name, types.Typ[types.UntypedInt], value))
		}
	}
	return facts, err
}
