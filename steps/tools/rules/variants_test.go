package rules

// queued are edits that give each member a queue; full is what happens where it is long.
func queued(full string, more ...string) []string {
	return append([]string{"	conn *conn\n", `	conn  *conn
	mu    sync.Mutex
	queue [][]byte
`, `	if m.next.Swap(&frame) == nil {
		go m.send()
	}
`, `	m.mu.Lock()
	defer m.mu.Unlock()
` + full + `	if m.queue = append(m.queue, frame); len(m.queue) == 1 {
		go m.send()
	}
`, `		frame := m.next.Load()
		m.conn.write(*frame) // if it fails, it has closed the connection: the visit ends
		if m.next.CompareAndSwap(frame, nil) {
			return // an idle member needs no goroutine
		}
`, `		m.mu.Lock()
		frame := m.queue[0]
		m.mu.Unlock()
		m.conn.write(frame)
		m.mu.Lock()
		m.queue = m.queue[1:]
		n := len(m.queue)
		m.mu.Unlock()
		if n == 0 {
			return
		}
`}, more...)
}

// variants are the mistakes that the check is checked with, in the order of the table.
var variants = []variant{
	// Step 1.
	{name: "hangs", step: 1, file: "main.go", edit: []string{"flag.Parse()", "flag.Parse()\n	time.Sleep(time.Hour)"},
		fails: "it listens where -addr says, and prints: listening on http://…"},
	{name: "crashes", step: 1, file: "main.go", edit: []string{"flag.Parse()", "flag.Parse()\n	var m map[string]int\n	m[`a`]++"},
		fails: "it listens where -addr says, and prints: listening on http://…"},
	{name: "ends", step: 1, file: "main.go", edit: []string{"flag.Parse()", "flag.Parse()\n	return"},
		fails: "it listens where -addr says, and prints: listening on http://…"},
	{name: "no-flag", step: 1, file: "main.go", edit: []string{`flag.String("addr"`, `flag.String("address"`},
		fails: "it listens where -addr says, and prints: listening on http://…"},
	{name: "listens-elsewhere", step: 1, file: "main.go", edit: []string{`net.Listen("tcp", *addr)`, `net.Listen("tcp", "localhost:0")`},
		fails: "it listens where -addr says, and prints: listening on http://…"},
	{name: "listens-everywhere", step: 1, file: "main.go", edit: []string{`cmp.Or(host, "localhost")`, `"::"`, `net.Listen("tcp", *addr)`, `net.Listen("tcp", (*addr)[len(host):])`},
		fails: "it listens where -addr says, and prints: listening on http://…"},
	{name: "listens-silently", step: 1, file: "main.go", edit: []string{`log.Printf("listening on http://%s", `, `fmt.Sprint(`, "import (", "import (\n\t\"fmt\""},
		fails: "it listens where -addr says, and prints: listening on http://…"},
	{name: "answers-nothing", step: 1, file: "main.go", edit: []string{"	server := ", "	for listener != nil {\n		listener.Accept()\n	}\n	server := "},
		fails: "the page is at /"},
	{name: "hangs-up", varies: true, step: 1, file: "main.go", edit: []string{"	server := ", "	for {\n		c, _ := listener.Accept()\n		c.Close()\n	}\n	server := "},
		fails: "the page is at /"},
	{name: "floods-peers", step: 1, file: "main.go", edit: []string{"	server := ", `	for {
		c, _ := listener.Accept()
		go func() {
			for err := error(nil); err == nil; {
				_, err = c.Write(make([]byte, 1<<16))
			}
		}()
	}
	server := `},
		fails: "the page is at /"},
	{name: "floods", varies: true, step: 1, file: "main.go", edit: []string{"frontend.Handler().ServeHTTP(w, r)", "http.NotFound(w, r)\n	_ = frontend.Handler",
		"	flag.Parse()", "	flag.Parse()\n	go func() {\n		for {\n			os.Stdout.WriteString(`flood`)\n		}\n	}()"},
		fails: "the page is at /"},
	{name: "windows-in-german", step: 1, file: "main.go", edit: []string{`log.Fatalf("%v; if another server has the port, stop it or choose another port: -addr localhost:8081", err)`,
		`log.Fatalf("listen tcp %s: bind: Normalerweise darf jede Socketadresse (Protokoll, Netzwerkadresse oder Anschluss) nur jeweils einmal verwendet werden.", *addr)`}},
	{name: "upgrade-not-logged", step: 1, file: "main.go", edit: []string{`log.Print("upgrade requested!")`, ``},
		fails: "a WebSocket upgrade prints: upgrade requested!"},
	{name: "interrupt-ignored", step: 1, file: "main.go", edit: []string{`<-stop; server.Shutdown(context.Background())`, `<-stop; context.Background()`},
		fails: "Ctrl-C ends it with exit status 0"},
	{name: "return-forgotten", step: 1, file: "main.go", edit: []string{"http.StatusBadRequest)\n		return\n", "http.StatusBadRequest)\n"},
		fails: "an upgrade to anything else is answered 400"},

	// Step 2.
	{name: "bare-newline", step: 2, file: "handshake.go", edit: []string{`"Upgrade: websocket\r\n"`, `"Upgrade: websocket\n"`},
		fails: `the answer's lines end with \r\n, and an empty line ends them`},
	{name: "no-empty-line", whole: true, step: 2, file: "handshake.go", edit: []string{`return s + "\r\n"`, `return s`},
		fails: `the answer's lines end with \r\n, and an empty line ends them`},
	{name: "subprotocol-not-echoed", step: 2, file: "handshake.go", edit: []string{`	return s + "\r\n"`, `	s, _, _ = strings.Cut(s, "Sec-WebSocket-Protocol")
	return s + "\r\n"`},
		fails: "the subprotocol json is named if it is offered"},
	{name: "connection-not-a-list", step: 2, file: "handshake.go", edit: []string{`!hasToken(r, "Connection", "upgrade")`, `!strings.EqualFold(r.Header.Get("Connection"), "upgrade")`},
		fails: "Connection and Upgrade are read as lists, in any case"},
	{name: "origin-not-checked", step: 2, file: "handshake.go", edit: []string{`case !sameOrigin(r):`, `case !sameOrigin(r) && false:`},
		fails: "an Origin on another host is answered 403"},
	{name: "half-handshake-kept", step: 2, file: "main.go", edit: []string{`ReadTimeout:  5 * time.Second`, `ReadTimeout:  time.Hour`},
		fails: "a handshake that is not finished is dropped after 5 s"},
	{name: "empty-line-too-many", step: 2, file: "handshake.go", edit: []string{`return s + "\r\n"`, `return s + "\r\n\r\n"`},
		fails: "nothing follows the answer"},
	{name: "accept-in-url-base64", step: 2, file: "handshake.go", edit: []string{`base64.StdEncoding.EncodeToString(hash[:])`, `base64.URLEncoding.EncodeToString(hash[:])`},
		fails: "Sec-WebSocket-Accept is computed from the key"},
	{name: "extension-named", step: 2, file: "handshake.go", edit: []string{`"Connection: Upgrade\r\n"`, `"Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"`},
		fails: "no extension is named"},
	{name: "deadline-left", step: 2, file: "handshake.go", edit: []string{`	c := &conn`, `	nc.SetDeadline(time.Now().Add(5 * time.Second))
	c := &conn`, "import (", "import (\n\t\"time\""},
		fails: "the connection stays open"},
	{name: "error-not-looked-at", asks: true, step: 2, file: "main.go", edit: []string{"			return err\n", "			continue\n"},
		fails: "nobody there, nothing to do: it rests"},
	{name: "origin-by-its-end", step: 2, file: "handshake.go", edit: []string{`!strings.EqualFold(u.Host, r.Host)`, `!strings.HasSuffix(u.Host, r.Host)`},
		fails: "an Origin on another host is answered 403"},
	{name: "origin-in-lower-case", step: 2, file: "handshake.go", edit: []string{`!strings.EqualFold(u.Host, r.Host)`, `u.Host != r.Host`},
		fails: "the page's own Origin is welcome, and no Origin too"},
	{name: "forwarded-host-ignored", step: 2, file: "handshake.go", edit: []string{` && !hasToken(r, "X-Forwarded-Host", u.Host)`, ``},
		fails: "so is an Origin that a proxy calls the page's host"},

	// Step 3.
	{name: "no-push", step: 3, file: "main.go", edit: []string{`c.write(encode(opText, past.json()))`, `encode(opText, past.json())`},
		fails: "a frame comes straight after the handshake"},
	{name: "mask-bit-set", step: 3, file: "frame.go", edit: []string{`append(frame, byte(n))`, `append(frame, 0x80|byte(n))`},
		fails: "it is not masked"},
	{name: "time-in-seconds", step: 3, file: "main.go", edit: []string{`time.Now().UnixMilli()`, `time.Now().Unix()`},
		fails: "times are Unix milliseconds"},
	{name: "dump-in-decimal", step: 3, file: "main.go", edit: []string{`received % x`, `received %v`},
		fails: "what the browser sends is printed in hex"},
	{name: "newline-behind-frame", step: 3, file: "frame.go", edit: []string{`return append(frame, payload...)`, `return append(append(frame, payload...), '\n')`},
		fails: "its length is that of the payload"},
	{name: "deadline-for-reading", step: 3, file: "conn.go", edit: []string{`SetWriteDeadline`, `SetDeadline`},
		fails: "the connection stays open after that"},
	{name: "prints-without-end", step: 3, from: 2, file: "main.go", edit: []string{`m, err := c.read()
		if err != nil {
			return err
		}`, `m, _ := c.read()`},
		fails: "nobody there, nothing to do: it rests"},
	{name: "reads-once", step: 3, file: "main.go", edit: []string{`		log.Printf("received % x", m)`, `		log.Printf("received % x", m)
		select {}`},
		fails: "what the browser sends is printed in hex"},

	// Step 4.
	{name: "mask-not-undone", step: 4, file: "conn.go", edit: []string{"	unmask(data[start:], h.key)\n", ""},
		fails: "a message is decoded and printed"},
	{name: "history-oldest-first", step: 4, file: "history.go", edit: []string{`slices.Insert(h.posts, 0, p)`, `slices.Insert(h.posts, len(h.posts), p)`},
		fails: "the newest message comes first"},
	{name: "length-little-endian", step: 4, file: "frame.go", edit: []string{`binary.BigEndian.Uint16(b[2:])`, `binary.LittleEndian.Uint16(b[2:])`},
		fails: "messages of 126 bytes and more are read (16-bit length)"},
	{name: "16-bit-length-not-read", step: 4, file: "frame.go", edit: []string{"		_, err = io.ReadFull(r, b[2:4])\n		h.length = uint64(binary.BigEndian.Uint16(b[2:]))", ""},
		fails: "messages of 126 bytes and more are read (16-bit length)"},
	{name: "16-bit-length-not-written", step: 4, file: "frame.go", edit: []string{`case n <= 125:`, `case n <= 255:`},
		fails: "a message is in the history after a reload"},
	{name: "one-read", step: 4, varies: true, file: "conn.go", edit: []string{`io.ReadFull(c.br, data[start:])`, `io.ReadAtLeast(c.br, data[start:], min(1, len(data[start:])))`},
		fails: "a frame that comes byte by byte is read"},
	{name: "next-frame-dropped", step: 4, file: "conn.go", edit: []string{"	var m message\n", "	var m message\n	c.br.Reset(c.nc)\n"},
		fails: "several frames that come at once are read"},
	{name: "hijacked-reader-ignored", step: 4, file: "handshake.go", edit: []string{"c := &conn{", "rw.Reader.Reset(nc)\n	c := &conn{"},
		fails: "a frame that comes with the handshake is read"},
	{name: "mask-index-goes-on", step: 4, file: "conn.go", edit: []string{`unmask(data[start:], h.key)`, `for i := range data[start:] {
		data[start+i] ^= h.key[(start+i)%4]
	}`},
		fails: "a message in several fragments is read"},
	{name: "limit-for-each-fragment", step: 4, file: "conn.go", edit: []string{`uint64(maxMessage-len(m.data))`, `uint64(maxMessage)`},
		fails: "a message over 4,096 bytes is refused"},
	{name: "length-signed", step: 4, file: "conn.go", edit: []string{`h.length > uint64(maxMessage-len(m.data))`, `int(h.length) > maxMessage-len(m.data)`},
		fails: "a length of 2^62 is refused, and takes no memory"},
	{name: "64-bit-length-in-4-bytes", step: 4, file: "frame.go", edit: []string{`io.ReadFull(r, b[2:])`, `io.ReadFull(r, b[2:6])`,
		`binary.BigEndian.Uint64(b[2:])`, `uint64(binary.BigEndian.Uint32(b[2:]))`},
		fails: "a length of 2^62 is refused, and takes no memory"},
	{name: "one-mistake-ends-all", step: 4, file: "main.go", edit: []string{`return closeError{Code: 1007, Reason: err.Error()}`, `log.Fatal(err)`},
		fails: "a member that breaks the rules harms no other"},
	{name: "history-without-lock", step: 4, from: 3, raced: true, file: "history.go", edit: []string{"	h.mu.Lock()\n	defer h.mu.Unlock()\n	b, _", "	b, _"},
		fails: "no two goroutines use a variable at the same time"},
	{name: "65535-in-64-bits", step: 4, file: "frame.go", edit: []string{`case n <= 0xFFFF:`, `case n < 0xFFFF:`},
		fails: "a history of 126 bytes and more is sent with a 16-bit length"},
	{name: "65536-in-16-bits", step: 4, file: "frame.go", edit: []string{`case n <= 0xFFFF:`, `case n <= 0x10000:`},
		fails: "a history of 65,536 bytes and more is sent with a 64-bit length"},
	{name: "length-in-32-bits", step: 4, file: "frame.go", edit: []string{`h.length = binary.BigEndian.Uint64(b[2:])`, `h.length = uint64(uint32(binary.BigEndian.Uint64(b[2:])))`},
		fails: "a length in eight bytes counts whole"},
	{name: "length-in-characters", step: 4, file: "frame.go", edit: []string{`n := len(payload);`, `n := len([]rune(string(payload)));`},
		fails: "a character may lie in two fragments"},
	{name: "time-of-the-member", step: 4, file: "history.go", edit: []string{`*string }`, `*string; Time int64 }`,
		`Time: time.Now().UnixMilli()`, `Time: cmp.Or(in.Time, time.Now().UnixMilli())`, "import (", "import (\n\t\"cmp\""},
		fails: "the server sets the message's time"},
	{name: "goroutine-for-each-message", varies: true, step: 4, file: "main.go", edit: []string{`past.add(p)`, `go past.add(p)`},
		fails: "the newest message comes first"},
	{name: "control-payload-kept", step: 4, file: "conn.go", edit: []string{`_, err := c.readPayload(h, nil); err`, `m.data, err = c.readPayload(h, m.data); err`},
		fails: "control frames are read, and passed over"},
	{name: "control-payload-unread", step: 4, file: "conn.go", edit: []string{`if _, err := c.readPayload(h, nil); err != nil {`, `if err != nil {`},
		fails: "control frames are read, and passed over"},
	{name: "one-buffer-for-all", varies: true, step: 4, file: "conn.go", edit: []string{`	if _, err := io.ReadFull(c.br, data[start:]); err`, `	if _, err := io.ReadFull(c.br, all[:h.length]); err`,
		`	unmask(data[start:], h.key)`, `	copy(data[start:], all[:])
	unmask(data[start:], h.key)`, "type conn", "var all [4096]byte\n\ntype conn"},
		fails: "two members may send at the same time"},
	{name: "unfinished-message-kept", step: 4, file: "conn.go", edit: []string{`		h, err := readHeader(c.br)`, `		h, err := readHeader(c.br)
		if err == io.EOF && m.op != 0 {
			return m, nil
		}`},
		fails: "a message that breaks off is not stored"},
	{name: "markup-escaped", step: 4, file: "history.go", edit: []string{`Text: *in.Text`, `Text: strings.ReplaceAll(*in.Text, "<", "&lt;")`,
		"import (", "import (\n\t\"strings\""},
		fails: "markup, quotes and emoji are kept as they are"},

	// Step 5.
	{name: "sender-left-out", step: 5, file: "main.go", edit: []string{`room.post(p)`, `room.mu.Lock()
		me := room.members[c]
		delete(room.members, c)
		room.mu.Unlock()
		room.post(p)
		room.mu.Lock()
		room.members[c] = me
		room.mu.Unlock()`},
		fails: "the sender gets the new history at once"},
	{name: "only-sender-told", step: 5, file: "main.go", edit: []string{`room.post(p)`, `past.add(p)
		c.write(encode(opText, past.json()))`},
		fails: "every other member gets it, too"},
	{name: "slow-member-stalls", step: 5, file: "hub.go", edit: []string{`go m.send()`, `m.send()`},
		fails: "members that never read delay nobody"},
	{name: "sender-told-twice", whole: true, step: 5, file: "main.go", edit: []string{`room.post(p)`, `room.post(p)
		c.write(encode(opText, past.json()))`},
		fails: "each time it is the whole history, and once"},
	{name: "handed-out-without-lock", step: 5, file: "hub.go", raced: true, edit: []string{`	h.mu.Lock()
	defer h.mu.Unlock()
	past.add(p)`, `	past.add(p)`, `// one for all`, `
	h.mu.Lock()
	defer h.mu.Unlock()`},
		fails: "everyone sees the same order"},
	{name: "room-for-64", step: 5, file: "hub.go", edit: []string{`	h.members[c] = m`, `	if len(h.members) < 64 {
		h.members[c] = m
	}`},
		fails: "a hundred members get every message, and none is lost"},
	{name: "greeting-before-joining", step: 5, file: "hub.go", raced: true, edit: []string{`	h.mu.Lock()
	defer h.mu.Unlock()
	m := &member{conn: c}
	h.members[c] = m`, `	m := &member{conn: c}`, `	m.push(encode(opText, past.json()))`, `	m.push(encode(opText, past.json()))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.members[c] = m`},
		fails: "who comes in between misses nothing"},
	{name: "deadline-after-a-message", step: 5, file: "conn.go", edit: []string{"if h.fin {", "if h.fin {\n			c.nc.SetReadDeadline(time.Now().Add(5 * time.Second))"},
		fails: "a member that only reads stays"},
	{name: "leave-forgotten", asks: true, step: 5, file: "main.go", edit: []string{`	defer room.leave(c)`, ``},
		fails: "members that have gone are no burden"},
	{name: "connection-left-open", step: 5, file: "main.go", edit: []string{`	c.nc.Close()`, ``},
		fails: "members that have gone are no burden"},
	{name: "writer-never-ends", asks: true, step: 5, file: "hub.go", edit: []string{`	h.members[c] = m`, `	h.members[c] = m
	go func() { <-make(chan int) }()`},
		fails: "members that have gone are no burden"},
	{name: "queue-without-end", asks: true, step: 5, file: "hub.go", edit: queued(""),
		fails: "members that never read delay nobody"},
	{name: "queue-that-blocks", asks: true, varies: true, step: 5, file: "hub.go", edit: queued(`	for len(m.queue) == 256 {
		m.mu.Unlock()
		runtime.Gosched()
		m.mu.Lock()
	}
`, "import (", "import (\n\t\"runtime\""),
		fails: "members that never read delay nobody"},
	{name: "newest-thrown-away", varies: true, asks: true, step: 5, file: "hub.go", edit: queued(`	if len(m.queue) == 64 {
		return
	}
`),
		fails: "a member that pauses gets whole frames, and the newest"},
	{name: "write-without-limit", step: 5, file: "conn.go", edit: []string{`	c.nc.SetWriteDeadline(time.Now().Add(writeTime))`, ``},
		fails: "a member that takes nothing for 5 s is let go"},

	// Step 6.
	{name: "close-not-answered", step: 6, file: "conn.go", edit: []string{`return parseClose(payload)`, `return io.EOF`},
		fails: "a close frame is answered with its own code"},
	{name: "empty-close-crashes", step: 6, file: "frame.go", edit: []string{`if len(payload) == 0 {`, `if len(payload) < 0 {`},
		fails: "an empty close frame is answered, too"},
	{name: "pong-empty", step: 6, file: "conn.go", edit: []string{`encode(opPong, payload)`, `encode(opPong, nil)`},
		fails: "a ping is answered by a pong with its payload"},
	{name: "ping-forgets-fragments", whole: true, step: 6, file: "conn.go", edit: []string{`			continue
		case h.op == opContinuation && m.op == 0:`, `			m = message{}
			continue
		case h.op == opContinuation && m.op == 0:`},
		fails: "even between the fragments of a message"},
	{name: "reserved-bits-ignored", step: 6, file: "frame.go", edit: []string{`b[0]&0x70 != 0`, `b[0]&0x70 == 0x70`},
		fails: "1002 for a reserved bit"},
	{name: "utf-8-not-checked", step: 6, file: "conn.go", edit: []string{`!utf8.Valid(m.data)`, `!utf8.Valid(nil)`},
		fails: "1007 for text that is not UTF-8"},
	{name: "reset-at-the-end", varies: true, step: 6, file: "conn.go", edit: []string{`	io.Copy(io.Discard, c.br)`, ``},
		fails: "a close frame arrives even if the member still talks"},
	{name: "no-goodbye", step: 6, file: "main.go", edit: []string{`	room.close()`, ``},
		fails: "Ctrl-C says goodbye with 1001 to every member"},
	{name: "goodbye-twice", step: 6, file: "conn.go", edit: []string{`	c.closed = b[0] == finBit|opClose`, ``},
		fails: "that goodbye is the last frame, once answered"},
	{name: "goodbye-waits-for-ever", whole: true, step: 6, file: "main.go", edit: []string{`time.AfterFunc(1500*time.Millisecond,`, `time.AfterFunc(time.Hour,`},
		fails: "members that never read do not hold up Ctrl-C"},
	{name: "close-without-fin", step: 6, file: "frame.go", edit: []string{`	frame := []byte{finBit | op}`, `	frame := []byte{finBit | op}
	if op == opClose {
		frame[0] = op
	}`},
		fails: "a close frame is answered with its own code"},
	{name: "history-behind-goodbye", varies: true, step: 6, file: "conn.go", edit: []string{`	c.write(encode(opClose, why.payload()))`, `	c.write(encode(opClose, why.payload()))
	c.closed = false
	time.Sleep(200 * time.Millisecond)`},
		fails: "the server's close frame is the last that it sends"},
	{name: "pong-too-late", raced: true, step: 6, file: "conn.go", edit: []string{`c.write(encode(opPong, payload))`, `last = append(last[:0], payload...)
		go func() { c.write(encode(opPong, last)) }()`,
		"type conn", "var last []byte\n\ntype conn"},
		fails: "many pings are answered in their order"},
	{name: "pongs-run-dry", step: 6, file: "conn.go", edit: []string{`c.write(encode(opPong, payload))`, `if c.pongs++; c.pongs <= 500 {
			c.write(encode(opPong, payload))
		}`, "type conn struct {", "type conn struct {\n\tpongs int"},
		fails: "pongs do not mix with histories"},
	{name: "frame-in-two-writes", step: 6, raced: true, file: "conn.go", edit: []string{`	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {`, `	if c.closed {`, `	_, err := c.nc.Write(b)`, `	c.nc.Write(b[:2])
	_, err := c.nc.Write(b[2:])`},
		fails: "pongs do not mix with histories"},
	{name: "real-u-fffd-refused", step: 6, from: 4, file: "conn.go", edit: []string{`!utf8.Valid(m.data)`, `slices.Contains([]rune(string(m.data)), utf8.RuneError)`,
		"import (", "import (\n\t\"slices\""},
		fails: "markup, quotes and emoji are kept as they are"},
	{name: "code-1004-taken", whole: true, step: 6, file: "frame.go", edit: []string{`code <= 1003`, `code <= 1004`},
		fails: "1002 for a close frame with a wrong status code"},
	{name: "rubbish-behind-json", step: 6, file: "history.go", edit: []string{`json.Unmarshal(data, &in) != nil`, `json.NewDecoder(strings.NewReader(string(data))).Decode(&in) != nil`,
		"import (", "import (\n\t\"strings\""},
		fails: "1007 for text that is not a message in JSON"},
	{name: "reason-too-long", step: 6, file: "main.go", edit: []string{`Reason: err.Error()`, `Reason: "not a message: " + string(m.data)`},
		fails: "1007 for text that is not a message in JSON"},
	{name: "gone-not-counted-out", step: 6, file: "hub.go", edit: []string{`	h.visits.Done()`, `	if h.door.TryRLock() {
		h.door.RUnlock()
		return
	}
	h.visits.Done()`},
		fails: "Ctrl-C does not wait for who has gone"},
	{name: "goodbyes-one-by-one", step: 6, file: "hub.go", edit: []string{`		go f(c)`, `		f(c)`},
		fails: "members that never read do not hold up Ctrl-C"},
}
