package crowd

import (
	"fmt"
	"strings"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/wstest"
)

// Sends: the sender and all others get the new history at once.
func Sends(p *probe.Probe) {
	a, b, c := p.Member(), p.Member(), p.Member()
	for _, sender := range []*probe.Client{a, b, a} {
		sender.Say(a, b, c)
	}
}

// SendsOnce: for one post, each member gets the history once.
func SendsOnce(p *probe.Probe) {
	members := []*probe.Client{p.Member(), p.Member(), p.Member()}
	for _, from := range members[:2] {
		from.Say(members...)
		for _, c := range members {
			if err := c.Stays(100 * time.Millisecond); err == nil {
				c.Fail("the new history once", map[bool]string{
					true: "the sender gets it twice: once from the loop that reads its messages, and again with everybody " +
						"else",
					false: "it is sent twice: is a member in the list twice, or the history sent in two places?"}[c == from])
			} else if err != wstest.ErrTimeout {
				c.Fail("the new history, and then nothing more")
			}
		}
	}
}

// KeepsApart: two members may be in the middle of a frame, or of a message, at the same time.
func KeepsApart(p *probe.Probe) {
	for _, cut := range []int{1, 4, 20, 30, 40, 50} { // a busy server may read all pieces at once
		a, b := p.Member(), p.Member()
		ma, mb := p.PostOf(60), p.PostOf(60)
		fa, fb := p.Text(ma).Bytes(), p.Text(mb).Bytes()
		for i, piece := range [][]byte{fa[:cut], fb[:cut], fb[cut:], fa[cut:]} {
			[]*probe.Client{a, b, b, a}[i].Write(piece)
			p.Pause(20 * time.Millisecond)
		}
		a.Sent = []string{fmt.Sprintf("%s\n(cut after %d bytes, with the same from another member in between)",
			wstest.Hex(fa), cut)}
		a.ExpectStored(ma)
		a.ExpectStored(mb)
	}
}

// SurvivesRudeness: a member that breaks the rules harms nobody else.
func SurvivesRudeness(p *probe.Probe) {
	quiet := p.Member()
	frame := p.Text(p.Post()).Bytes()
	half := wstest.Frame{Raw: frame[:len(frame)-5]}
	for _, sent := range []wstest.Frame{half, {Raw: p.Bytes(300)}, {Raw: []byte("GET / HTTP/1.1\r\n\r\n")},
		p.Masked(wstest.Binary, p.Bytes(20)), p.Masked(wstest.Text, []byte("{}"))} {
		c := p.Member()
		c.Send(sent)
		p.Story = strings.Join(c.Sent, "\n")
		c.TCP.CloseWrite()
		c.Ended(time.Second)
	}
	gone := p.Member()
	gone.Send(half)
	gone.Reset()
	quiet.ExpectServed("others sent frames that are not messages, and vanished inside a frame")
}
