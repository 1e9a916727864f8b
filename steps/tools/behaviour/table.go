package behaviour

import (
	"os"
	"strings"
	"syscall"

	"websocket-workshop/steps/tools/crowd"
	"websocket-workshop/steps/tools/probe"
	"websocket-workshop/steps/tools/rules"
)

// limit is how many bytes a message may have, in words; the others are times.
var (
	limit     = rules.Number(rules.MaxMessage) + " bytes"
	toConnect = rules.Seconds(rules.HandshakeTime)
	toWrite   = rules.Seconds(rules.WriteTime)
	toClose   = rules.Seconds(rules.CloseTime)
)

// rows lists everything that a server must do, in the order in which it is built.
var rows = []Row{
	{Step: 1, Name: "the server listens where -addr says, and nowhere else, and prints: listening on http://…",
		Do: listens},
	{Step: 1, Name: "the page is at /", Do: servesPage},
	{Step: 1, Name: "the files that the page loads are there", Do: servesFiles,
		Hint: "the handler answers / only: pass every path to frontend.Handler()"},
	{Step: 1, Name: "a WebSocket upgrade prints: upgrade requested!", Turn: "main.go upgrade",
		Do:   logs("GET / HTTP/1.1", "Connection: keep-alive, Upgrade", "Upgrade: WebSocket"),
		Hint: `log "` + Requested + `" where the header Upgrade names websocket, in any case`},
	{Step: 1, Name: "an upgrade at any other path prints: upgrade requested!",
		Do: logs("GET /any/where?q=1 HTTP/1.1", "GET //x HTTP/1.1", "GET /a/../b HTTP/1.1"),
		Hint: "only some paths upgrade, or a ServeMux redirects: " +
			"test the header before any path"},
	{Step: 1, Until: 1, Name: "a WebSocket upgrade is answered 501, for now", Do: notYet,
		Turn: "main.go upgrade"},
	{Step: 1, Name: rules.RowUpgrade, Do: tries, Turn: "main.go upgrade"},
	{Step: 1, Name: "the environment variable PORT chooses the port", Do: readsPORT},
	{Step: 1, Name: "a port in use ends the server with one line and exit status 1", Do: portInUse},
	{Step: 1, Name: "Ctrl-C ends the server with exit status 0", Do: endsAt(os.Interrupt, "Ctrl-C", 0),
		UnixOnly: true},
	{Step: 1, Name: "SIGTERM ends the server with exit status 0", UnixOnly: true,
		Do: endsAt(syscall.SIGTERM, "SIGTERM, as kill sends it", 0)},

	{Step: 2, Name: "a handshake is answered 101 Switching Protocols, whatever its path", Do: switches,
		Turn: "handshake.go accept"},
	{Step: 2, Name: `the lines of the answer end with \r\n, and an empty line ends them`, Do: endsHeader,
		Turn: "handshake.go response"},
	{Step: 2, Until: 2, Name: "nothing follows the answer to a handshake", Do: endsThere,
		Turn: "handshake.go response"},
	{Step: 2, Name: "Sec-WebSocket-Accept is computed from the key", Do: accepts, Turn: "handshake.go response"},
	{Step: 2, Name: rules.RowJSON, Do: tries, Turn: "handshake.go response"},
	{Step: 2, Name: rules.RowNoSubprotocol, Do: tries, Turn: "handshake.go response"},
	{Step: 2, Name: rules.RowNoExtension, Do: tries, Turn: "handshake.go response"},
	{Step: 2, Name: rules.RowLists, Do: tries},
	{Step: 2, Name: "a handshake that arrives in pieces is answered", Do: takesPieces},
	{Step: 2, Until: 2, Name: "the connection stays open after the handshake", Do: staysOpen, Build: Quick,
		Waits: true,
		Hint: "something closes it: a deferred Close, a time limit left from http.Server " +
			"(SetDeadline(time.Time{}) removes it), or it is not hijacked"},
	{Step: 2, Name: "a server with nothing to do rests", Do: rests},
	{Step: 2, Name: "several connections stay open side by side", Do: takesSeveral},
	{Step: 2, Until: 5, Name: "Ctrl-C ends a server that has members with exit status 0", UnixOnly: true,
		Do: endsAt(os.Interrupt, "Ctrl-C, with three members", 3)},
	{Step: 2, Name: rules.RowMethod, Do: tries},
	{Step: 2, Name: rules.RowHTTP, Do: tries, Hint: "a handshake is HTTP/1.1 at least, and has no body: " +
		"r.ProtoAtLeast(1, 1), and r.ContentLength is 0"},
	{Step: 2, Name: rules.RowConnection, Do: tries},
	{Step: 2, Name: rules.RowKey, Do: tries},
	{Step: 2, Name: rules.RowVersion, Do: tries},
	{Step: 2, Name: rules.RowOrigin, Do: tries,
		Why: "any page in the world may open a WebSocket to this server, in its visitor's name"},
	{Step: 2, Name: rules.RowOwnOrigin, Do: tries},
	{Step: 2, Name: rules.RowForwarded, Do: tries,
		Hint: "behind a proxy that changes Host, the page is locked out: " +
			"the original host is in X-Forwarded-Host, which no page can set"},
	{Step: 2, Name: "a handshake that is not finished is dropped after " + toConnect, Do: dropsHalf,
		Build: Quick, Waits: true,
		Why:  "a client that never ends its request would hold a connection forever",
		Hint: setReadTimeout},

	{Step: 3, Name: "a frame comes right after the handshake", Turn: "frame.go encode",
		Do: begins("a text frame: 81, the length, then the JSON", func(first []byte) bool {
			return !strings.Contains(`{["`, string(first[:1]))
		})},
	{Step: 3, Name: "the frame is one whole text frame: its first byte is 81", Turn: "frame.go encode",
		Do: begins("a first byte of 81: FIN, no reserved bit, opcode 1 (text)", func(first []byte) bool {
			return first[0] == 0x81
		})},
	{Step: 3, Name: "the frame is not masked", Turn: "frame.go encode",
		Do: begins("a second byte below 80: the mask bit is 0, the rest is the length", func(first []byte) bool {
			return first[1] < 0x80
		})},
	{Step: 3, Name: "the frame's length is that of its payload", Do: sendsLength, Turn: "frame.go encode"},
	{Step: 3, Name: "the frame's payload is the history as JSON", Do: func(p *probe.Probe) { p.History() }},
	{Step: 3, Name: "the history of a new server is one greeting", Do: hasGreeting,
		Hint: "put one greeting into the history when the server starts, not when a member joins"},
	{Step: 3, Name: "times are Unix milliseconds", Do: setsTime},
	{Step: 3, Until: 4, Name: "the connection stays open after the history", Do: staysOpen, Build: Quick,
		Waits: true,
		Hint: "something closes it: reading must continue, without a time limit. " +
			"SetDeadline limits reading and writing, SetWriteDeadline only writing"},
	{Step: 3, Until: 3, Name: "what the browser sends is printed in hex, and nothing besides", Do: dumps,
		Turn: "conn.go conn.read", Hint: `in a loop, log.Printf("% x", …) whatever Read returns`},
	{Step: 3, Name: "no two goroutines use a variable at the same time", Do: crowd.NoRace, Build: Noisy,
		Raced: true},

	{Step: 4, Name: "a post is decoded and printed", Do: decodes, Turn: "frame.go readHeader",
		Hint: "a frame is two bytes, the length in up to eight more, four bytes of key, and the payload; " +
			"then log the post"},
	{Step: 4, Name: "a post is in the history after a reload", Do: takes(inFrames(0), inFrames(0)),
		Hint: "decode the JSON, and put the post into the history"},
	{Step: 4, Name: "the server sets the time of a post", Do: stamps},
	{Step: 4, Name: "a post of 125 bytes is read: its length takes 7 bits", Turn: "frame.go readHeader",
		Do:   takes(inFrames(125), inFrames(124), inFrames(50)),
		Hint: "lengths up to 125 are in the second byte itself"},
	{Step: 4, Name: "a post of 126 bytes and more is read: its length takes 16 bits",
		Turn: "frame.go readHeader",
		Do:   takes(inFrames(126), inFrames(127), inFrames(128), inFrames(200), inFrames(300)),
		Hint: "126 in the second byte means that the length is in the next two, the most significant first"},
	{Step: 4, Name: "a frame that arrives byte by byte is read", Do: readsPieces, Turn: "frame.go readHeader",
		Hint: "one Read may return less than a frame: io.ReadFull waits for all that is asked for"},
	{Step: 4, Name: "a post of " + limit + " is read", Turn: "conn.go conn.read",
		Do:   takes(inFrames(rules.MaxMessage-1), inFrames(rules.MaxMessage)),
		Hint: "a message may have " + limit + ": only more is too long"},
	{Step: 4, Name: "a history of any length has that length, in its shortest form", Do: growsLong,
		Turn: "frame.go encode"},
	{Step: 4, Name: "several frames that arrive at once are read", Do: readsSeveral,
		Hint: "one Read may return more than a frame: the next one begins right after it. " +
			"Read everything from one bufio.Reader"},
	{Step: 4, Name: "the newest post comes first", Do: newestFirst},
	{Step: 4, Name: "a frame that arrives with the handshake is read", Do: readsGlued,
		Hint: "net/http has read the frame together with the request: " +
			"read from the bufio.Reader that Hijack returns, not from the net.Conn",
		Leeway: allowed("4.1 asks clients to wait for the answer first")},
	{Step: 4, Name: "a length of 2^62 is refused, and takes no memory", Do: refusesHuge,
		Turn: "conn.go conn.read",
		Hint: "compare the length with the limit before anything else, as an unsigned number: " +
			"2^63 and more are negative in an int",
		Leeway: allowed("10.4 asks for limits, but not for when to check them")},
	{Step: 4, Name: "a message in several fragments is read", Turn: "conn.go conn.read",
		Do: takes(inFrames(0, 7), inFrames(0, 5, 6, 3), inFrames(0, 0, 9, 0), inFrames(0, 1, 1, 1, 1, 1),
			inFrames(rules.MaxMessage, rules.MaxMessage/2, rules.MaxMessage/3)),
		Hint: "a frame without FIN begins a message: keep its payload, unmasked with its own key from index 0, " +
			"and add that of the continuation frames (opcode 0), until FIN comes"},
	{Step: 4, Name: "a character that lies in two fragments is read",
		Do: takes(cutWithin("é", 1), cutWithin("€", 1), cutWithin("€", 2),
			cutWithin("🟢", 1), cutWithin("🟢", 2), cutWithin("🟢", 3)),
		Hint: "a fragment may end inside a character: check for UTF-8 once the message is whole, not before"},
	{Step: 4, Name: "control frames are read to their end, and are not part of a message",
		Do:   takes(amongControls),
		Turn: "conn.go conn.read",
		Hint: "a ping (opcode 9) or pong (opcode a), even between fragments: " +
			"read its payload too, discard it, and keep the message so far"},
	{Step: 4, Name: "two members that send at the same time are both read", Do: crowd.KeepsApart,
		Hint: "two members' bytes get mixed up: each connection needs a buffer of its own, " +
			"not one in a package variable"},
	{Step: 4, Name: rules.RowBroken, Do: dropsBroken,
		Hint:   "half a message is not a message: when reading fails, even with io.EOF, drop it",
		Leeway: asked("5.4 has a message end with FIN: here the end of TCP also ends it")},
	{Step: 4, Name: "the history keeps the newest " + rules.Number(rules.HistorySize) + " posts",
		Do: keepsNewest},
	{Step: 4, Name: "markup, quotes and emoji are kept unchanged", Do: takes(
		written("<i>ann</i>", "<b></b> & <script>alert(1)</script>", ""), written("ann", `" \ / %s %d {{.}}`, ""),
		written("日本 🟢", "grüße 🟢 日本 👩‍👩‍👧 \u2028 ", ""), written("", "two\nlines,\ta tab ", ""),
		written("ann", "\uFFFD is not a character, \U0010FFFF the last one ", ""),
		written("é", "é🟢 <b>\n\t\"\\/ ",
			`{ "text" : "\u00e9\ud83d\udfe2 \u003cb\u003e\n\t\"\\\/ WORD" , "user" : "\u00E9" }`)),
		Hint: "text is changed on the way: the server must keep it, and the page shows it as text. " +
			"Let encoding/json read and write it"},
	{Step: 4, Name: "a message over " + limit + " is not stored, and ends the connection", Do: refusesLong,
		Turn: "conn.go conn.read",
		Hint: "compare the length of the whole message, all its fragments together, with the limit of " + limit},
	{Step: 4, Until: 5, Name: "text that is not a post in JSON is not stored, and ends the connection",
		Do: refuses(rules.RowJSON1007)},
	{Step: 4, Until: 5, Name: "a frame without a mask is not read, and ends the connection",
		Do: refuses(rules.RowUnmasked)},
	{Step: 4, Until: 5, Name: "a frame with a reserved bit is not passed over in silence", Do: passesOverNothing,
		Turn: "frame.go readHeader", Hint: "the opcode is only the last four bits of the first byte: b[0]&0x0F"},
	{Step: 4, Name: "a member that breaks the rules harms no other", Do: crowd.SurvivesRudeness,
		Hint: "one member's mistake ends more than its own connection: only its own loop may return, " +
			"and nothing may panic or log.Fatal"},

	{Step: 5, Name: "every member gets the new history at once, the sender too", Do: crowd.Sends,
		Turn: "hub.go hub.post",
		Hint: "after storing a post, send the history to every open connection: is each in the list, " +
			"and does each get the frame? The sender's page also lists a message only then"},
	{Step: 5, Name: "every member gets each new history once", Do: crowd.SendsOnce, Turn: "hub.go hub.post"},
	{Step: 5, Name: "all members see the posts in the same order", Do: crowd.SameOrder, Build: Noisy,
		Turn: "hub.go hub.post", Why: "posts arrive at the same moment, and goroutines overtake each other",
		Hint: "change the history and hand it out under one mutex, so that nobody gets an older one last, " +
			"and keep writing the newest until nothing newer waits"},
	{Step: 5, Name: "of posts that come at the same moment none is lost", Do: crowd.LosesNone, Build: Noisy,
		Turn: "hub.go member.send", Why: "a frame that arrives while another is being written is easily forgotten",
		Hint: "the newest history must be sent in the end: testing that nothing newer waits, " +
			"and marking that nobody writes any more, must be one step"},
	{Step: 5, Name: "a member that joins while others post misses nothing", Do: crowd.MissesNothing,
		Build: Noisy,
		Turn:  "hub.go hub.join", Why: "a post may come between the first history and the place in the list",
		Hint: "make the first history, hand it out, and put the member into the list under one lock, " +
			"the one that a post also takes"},
	{Step: 5, Name: "a member that only listens stays", Do: staysListening, Build: Quick, Waits: true,
		Hint: "a time limit ends it: SetDeadline limits reading and writing, SetWriteDeadline only writing, " +
			"and it must be set again before every write"},
	{Step: 5, Name: "members that have left cost nothing", Do: crowd.Forgets},
	{Step: 5, Name: "no goroutine stays for a member that has left", Do: crowd.LeavesNothing, Build: Quick,
		Waits: true},
	{Step: 5, Name: "a write that fails is not tried again without end", Do: crowd.EndsWrites,
		Turn: "hub.go member.send"},
	{Step: 5, Name: "members that never read delay nobody", Do: crowd.DelaysNobody, Build: Noisy,
		Turn: "hub.go member.push", Why: "a browser in the background may read nothing for minutes",
		Hint: "the broadcast waits for a member that does not read: give each a goroutine that writes, " +
			"and never write while holding a lock"},
	{Step: 5, Name: "a member that pauses is sent the newest history, and not all that it missed",
		Do:   crowd.ReadsOn,
		Turn: "hub.go member.push"},
	{Step: 5, Name: "a member that takes nothing for " + toWrite + " is let go", Do: crowd.LetsGo,
		Build: Quick, Waits: true,
		Hint: "set a time limit before each write, SetWriteDeadline(time.Now().Add(writeTime)), " +
			"and close the connection when it has passed"},

	{Step: 6, Name: rules.RowClose, Do: tries, Turn: "conn.go conn.control"},
	{Step: 6, Name: "the server hangs up once both have said goodbye", Do: hangsUp,
		Hint: "the server waits for the client to hang up, but must do so first: " +
			"CloseWrite, or Close once nothing is unread"},
	{Step: 6, Name: "what comes after a member's close frame does not count", Do: closeEndsAll,
		Turn: "conn.go conn.control",
		Hint: "whatever follows a close frame must not be read: answer the close frame, and stop reading frames"},
	{Step: 6, Name: "the server's close frame is the last that it sends", Do: crowd.ClosesLast, Build: Noisy,
		Turn:   "conn.go conn.write",
		Why:    "others continue to post, and their histories must not follow a close frame",
		Leeway: asked("5.5.1 asks for no data frame after a close frame")},
	{Step: 6, Name: "a ping is answered by a pong with its payload, even between fragments", Do: pongs,
		Turn: "conn.go conn.control",
		Hint: "keep the payload of a control frame separate from the message so far; a pong needs no answer"},
	{Step: 6, Name: "pongs come in their order, and do not mix with histories", Do: crowd.KeepsPongsApart,
		Build: Noisy, Turn: "conn.go conn.write",
		Hint: "every ping is answered, however many came before and whatever else is being written"},
	{Step: 6, Name: "a member that answers pings stays, and one that is silent for " +
		rules.Seconds(rules.QuietTime) + " is dropped", Do: beats,
		Build: Quick, Waits: true,
		Why: "a connection whose other end has vanished looks like one that is merely silent",
		Hint: "ping each member every " + rules.Seconds(rules.PingTime) +
			", and set a time limit for reading before each frame"},
	{Step: 6, Name: rules.RowReserved, Do: tries},
	{Step: 6, Name: rules.RowOpcode, Do: tries},
	{Step: 6, Name: rules.RowUnmasked, Do: tries},
	{Step: 6, Name: rules.RowShortest, Do: tries},
	{Step: 6, Name: rules.RowControl, Do: tries},
	{Step: 6, Name: rules.RowFragments, Do: tries},
	{Step: 6, Name: rules.RowCode, Do: tries},
	{Step: 6, Name: rules.RowBinary, Do: tries},
	{Step: 6, Name: rules.RowText, Do: tries},
	{Step: 6, Name: rules.RowReason, Do: tries},
	{Step: 6, Name: rules.RowJSON1007, Do: tries},
	{Step: 6, Name: rules.RowLong, Do: tries},
	{Step: 6, Name: rules.RowAnnounced, Do: tries},
	{Step: 6, Name: "a close frame arrives even if the member still talks", Do: endsGently,
		Leeway: allowed("7.1.1 says only SHOULD about ending TCP cleanly")},
	{Step: 6, Name: "after its close frame the server waits at most " + toClose + " for a member to hang up",
		Do: drains, Build: Quick, Waits: true, Leeway: allowed("7.1.1 leaves open how long a server waits"),
		Hint: "set one time limit for everything read after the close frame, and then Close"},
	{Step: 6, Name: "Ctrl-C says goodbye with 1001 to every member", Do: crowd.SaysGoodbye, UnixOnly: true,
		Turn: "hub.go hub.close",
		Hint: "http.Server does not know hijacked connections: send each member a close frame with 1001 " +
			"yourself, " +
			"before main returns"},
	{Step: 6, Name: "after the goodbye the server waits for the member's answer, and sends nothing more",
		Do: awaitsAnswer, UnixOnly: true, Turn: "conn.go conn.control",
		Hint: "send each member a close frame with 1001 before main returns, and read on until it answers with " +
			"its own",
		Leeway: asked("5.5.1 lets nothing follow a close frame: with two of them Chromium tells the page 1006")},
	{Step: 6, Name: "whoever joins while the server stops gets the goodbye, too", Do: crowd.GreetsLast,
		Build: Noisy, UnixOnly: true, Turn: "hub.go hub.close",
		Hint: "a member that joins after the goodbyes were sent gets none: count it before its 101, " +
			"or refuse it with 503"},
	{Step: 6, Name: "Ctrl-C does not wait for members that have left or answered", Do: crowd.EndsPromptly,
		UnixOnly: true,
		Hint: "it waits for a member that has left: count a member out however its visit ends, " +
			"and hold no lock while you wait"},
	{Step: 6, Name: "members that never read do not hold up Ctrl-C", Do: crowd.EndsDespiteDeaf,
		UnixOnly: true, Turn: "hub.go hub.close",
		Hint: "the goodbye waits for members that do not read: send each its own in a goroutine, " +
			"without holding a lock, and wait no longer than " + rules.Seconds(rules.GoodbyeTime)},
}

// allowed is the leeway of a server that behaves differently, as the RFC lets it.
func allowed(rfc string) []rules.Leeway { return []rules.Leeway{{Came: rules.Anything, RFC: rfc}} }

// asked is the leeway of a server that behaves differently, though the RFC asks for the row.
func asked(rfc string) []rules.Leeway {
	return []rules.Leeway{{Came: rules.Anything, RFC: rfc, Asked: true}}
}
