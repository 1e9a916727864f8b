package rules

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"websocket-workshop/steps/tools/wstest"
)

// racesFree: no two goroutines use the same variable at the same time, one of them to change it.
// The race detector tells, whether or not it had any consequence; so each kind of meeting has to
// happen once.
func racesFree(p *probe) {
	p.current()
	p.story = "members came, sent messages and left, many at the same time; the server was built with the race detector"
	f := p.attempt(func() {
		stay := []*client{p.join(), p.join()}
		p.together(8, func(i int) { p.mill(i) })
		if runtime.GOOS != "windows" {
			go p.attempt(func() { stay[0].goes() })
			p.server.signal(os.Interrupt)
			p.server.AwaitExit(3 * time.Second)
		}
	})
	p.pause(50 * time.Millisecond) // the detector may still be printing
	if race := p.server.race(); race != nil {
		p.fail(Failure{Sent: p.story, Expected: "no data race", Came: "WARNING: DATA RACE\n" + strings.Join(race, "\n"),
			Cause: fmt.Sprintf("data race: two goroutines use the same variable at the same time, %s. Where one of them writes, both have to hold the same mutex", strings.Join(race, ", "))})
	}
	if f != nil && !p.server.asked {
		panic(f)
	}
}

// mill is what one of several members does for a while, all of them at once.
func (p *probe) mill(i int) {
	for round := range 5 {
		c := p.join()
		for range 4 {
			c.write(p.text(p.post()).Bytes())
			if p.step >= 6 {
				c.write(p.masked(wstest.Ping, []byte("ping")).Bytes())
			}
			p.pause(time.Duration(p.number(3)) * time.Millisecond)
		}
		c.ended(5 * time.Millisecond)
		switch (i + round) % 4 {
		case 0:
			c.vanish()
		case 1:
			c.write(p.closeFrame(1001, "bye").Bytes())
			c.ended(5 * time.Millisecond)
		case 2:
			c.write(p.masked(wstest.Binary, []byte("binary")).Bytes())
			c.ended(5 * time.Millisecond)
		}
		c.nc.Close()
	}
}

// access is how the race detector begins what it says of each of the two goroutines.
var access = regexp.MustCompile(`(?i)^(?:previous )?(?:atomic )?(read|write) at 0x`)

// race returns what the race detector has found first: what the two goroutines do, and where.
func (s *server) race() (both []string) {
	lines, _ := s.Output.Since(0)
	for i, line := range lines {
		m := access.FindStringSubmatch(line)
		if m == nil || len(both) == 2 {
			continue
		}
		both = append(both, "one "+strings.ToLower(m[1])+"s"+s.place(firstTrace(lines[i+1:])))
	}
	return both
}
