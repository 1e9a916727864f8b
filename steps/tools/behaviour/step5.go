package behaviour

import (
	"fmt"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/wstest"
)

// staysListening: a member that only reads stays, and so does one that sends nothing at all.
func staysListening(p *probe.Probe) {
	talker, listener := p.Member(), p.Member()
	talker.Say(talker, listener)
	p.Together(2, func(i int) {
		c := []*probe.Client{talker, listener}[i]
		if err := c.Stays(p.Scaled(silence)); err != wstest.ErrTimeout {
			c.Sent = append(c.Sent, fmt.Sprintf("(and then nothing for %v)", silence))
			c.Fail("a member that sends nothing stays", p.Hint)
		}
	})
	talker.Say(talker, listener)
}
