package crowd

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
	"websocket-workshop/steps/tools/wstest"
)

// comeAndGo lets n members join, and leave in three different ways.
func comeAndGo(p *probe.Probe, n int) {
	p.Together(5, func(i int) {
		for j := range n / 5 {
			leaver := p.Member()
			switch (i + j) % 3 {
			case 0:
				leaver.Reset()
			case 1:
				leaver.Send(p.CloseFrame(1001, ""))
			}
			leaver.Close()
		}
	})
}

// Forgets: members that have left, in whatever way, cost nothing. Two servers do the same work in a
// different order: posts after many members have left may use no more CPU time than posts before they came.
func Forgets(p *probe.Probe) {
	const gone = 600
	half := p.Member()
	half.TCP.CloseWrite()
	half.Sent = []string{"(a member ends its side of the connection, without a close frame)"}
	if half.Ended(p.Patience) == wstest.ErrTimeout {
		half.Fail("the server closes the connection of a member that has left",
			"when reading from a member fails, even with io.EOF, Close its connection")
	}
	var used [2]time.Duration // if they leave before the posts, and if after
	for try := 0; try == 0 || used[0] > 2*used[1]; try++ {
		if try == 2 {
			p.Fail(probe.Failure{Kind: probe.Wrong, Expected: "a post costs the server what it did before",
				Sent: fmt.Sprintf("2000 posts, after %d other members have come and gone", gone),
				Came: fmt.Sprintf("they take %v of CPU time; if the posts come first, they take %v", used[0], used[1]),
				Cause: "members that have left are still sent every history: " +
					"remove a member from the list when reading from it ends"})
		}
		for i := range used {
			used[i] = work(p, gone, i == 0)
		}
	}
}

// work starts a server, lets n members come and go before or after many posts, and returns the CPU time
// that this took.
func work(p *probe.Probe, n int, before bool) time.Duration {
	s, c := p.Serve(), p.Member()
	if before {
		comeAndGo(p, n)
	}
	for range 200 {
		c.Tell(p.Posts(10, 60)...)
	}
	if !before {
		comeAndGo(p, n)
	}
	s.Asked = true // its exit is not a crash
	s.Kill()
	<-s.Done
	return s.Cmd.ProcessState.UserTime() + s.Cmd.ProcessState.SystemTime()
}

// LeavesNothing: no goroutine stays for a member that has left.
func LeavesNothing(p *probe.Probe) {
	const gone = 60
	p.Story = fmt.Sprintf("%d members came, and left in different ways", gone)
	comeAndGo(p, gone)
	c := p.Member()
	c.Say(c)
	p.Pause(p.Scaled(rules.PingTime) % (2 * time.Second)) // some servers check only now and then who is there
	counts := map[string]int{}
	for _, g := range p.Server.Dump() {
		timer := !p.Quick && strings.HasPrefix(g.State, "select")
		if counts[g.Place]++; g.Place != "" && !timer && counts[g.Place] > gone/2 {
			p.Fail(probe.Failure{Kind: probe.Wrong, Sent: p.Story,
				Expected: "no goroutine stays for a member that has left",
				Came:     fmt.Sprintf("at least %d goroutines are still there, waiting%s", counts[g.Place], g.Place),
				Cause: "a goroutine that is started for each member never ends: close its channel, " +
					"or signal it in another way, when the member leaves"})
		}
	}
}

// EndsWrites: the server does not retry a failed write again and again.
func EndsWrites(p *probe.Probe) {
	p.Story = "members that read nothing vanished, while long histories were sent to them"
	p.ExpectRest(func() {
		c, deaf := p.Member(), []*probe.Client{p.Deaf(), p.Deaf(), p.Deaf()}
		flood(c, 12<<20)
		for _, d := range deaf {
			d.Reset()
		}
	})
}

// SaysGoodbye: when it stops, the server says goodbye to every member and sends nothing more, whatever came
// before.
func SaysGoodbye(p *probe.Probe) {
	s := p.Current()
	p.Ask(p.Upgrade().With("Sec-WebSocket-Version", "8")) // somebody is refused
	members := []*probe.Client{p.Member(), p.Member(), p.Member()}
	p.Dial() // a browser may have connections open on which it has sent nothing yet
	p.Dial().Write([]byte("GET / HTTP/1.1\r\n"))
	s.Signal(os.Interrupt)
	for _, c := range members {
		c.Sent = []string{"Ctrl-C, with three members; somebody else was refused before"}
		answerGoodbye(c)
	}
	p.ExpectExit(s, "Ctrl-C, with three members that answer", p.Hint)
}

// answerGoodbye waits for the close frame of a server that stops, and answers it.
func answerGoodbye(c *probe.Client) {
	c.ExpectGoodbye()
	c.Write(c.Probe.CloseFrame(1001, "").Bytes())
	if f, err := c.Next(); err == nil && f.Opcode != wstest.Close {
		c.Fail("nothing after the server's own close frame",
			fmt.Sprintf("a %s frame was sent after the close frame", wstest.Names[f.Opcode]))
	}
	c.Close()
}

// EndsPromptly: when it stops, the server does not wait for members that have answered, or left long ago.
func EndsPromptly(p *probe.Probe) {
	s := p.Current()
	comeAndGo(p, 15)
	members := []*probe.Client{p.Member(), p.Member(), p.Member()}
	s.Signal(os.Interrupt)
	p.Together(len(members), func(i int) { answerGoodbye(members[i]) })
	const within = rules.GoodbyeTime * 2 / 3
	const sent = "Ctrl-C, with three members that answer at once; others left before"
	if !s.AwaitExit(within) {
		p.Fail(probe.Failure{Kind: probe.TimedOut, Sent: sent,
			Expected: "the server ends when the members have answered",
			Came:     fmt.Sprintf("it still runs after %v", within), Cause: p.Hint})
	}
	p.ExpectExit(s, sent, p.Hint)
}

// EndsDespiteDeaf: members that never read cannot keep the server from stopping, nor the others from
// getting the goodbye.
func EndsDespiteDeaf(p *probe.Probe) {
	const sent = "Ctrl-C, with six members that never read, and four that do"
	s := p.Current()
	for range 6 {
		p.Deaf()
	}
	p.Story = "six members read nothing"
	talker := p.Member()
	flood(talker, 12<<20)
	readers := []*probe.Client{talker, p.Member(), p.Member(), p.Member()}
	s.Signal(os.Interrupt)
	p.Together(len(readers), func(i int) {
		readers[i].Sent = []string{sent}
		readers[i].ExpectGoodbye()
	})
	p.ExpectExit(s, sent, p.Hint)
}

// GreetsLast: whoever joins while the server stops gets 101 and then the goodbye, or 503, or no connection.
func GreetsLast(p *probe.Probe) {
	for range 3 {
		s := p.Serve()
		p.Pause(time.Until(s.Begun.Add(220 * time.Millisecond))) // Signal does not wait then
		var stopping sync.WaitGroup
		stopping.Go(func() {
			p.Pause(time.Duration(p.Number(4000)) * time.Microsecond)
			s.Signal(os.Interrupt)
		})
		p.Together(40, func(i int) {
			p.Pause(time.Duration(i*200) * time.Microsecond)
			in, err := wstest.Dial(s.Addr(), p.Patience)
			if err != nil {
				return
			}
			defer in.Close()
			c := &probe.Client{Client: in, Probe: p}
			a, err := c.Ask(p.Upgrade())
			if err != nil || a.Status == http.StatusServiceUnavailable {
				return
			}
			c.Sent = []string{"a handshake, in the moment of Ctrl-C"}
			c.Expect101(a)
			c.ExpectClose(1001)
		})
		stopping.Wait()
		s.Kill()
	}
}
