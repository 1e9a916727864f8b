package trial

import "websocket-workshop/steps/tools/rules"

// A variant is a mistake that people make, or what they may do: an edit of a step's code.
type variant struct {
	name string
	step int    // whose code is edited
	row  string // a part of the name of the row that fails; "" if none may
	says string // a part of the cause
	file string
	edit []string // texts that are in the file once, each with what is in its place
}

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

// imports returns the edit that imports a package.
func imports(path string) []string { return []string{"import (", "import (\n\t\"" + path + "\""} }

// variants are the mistakes that the rows are tried with, in their order: one for each idea that is taught.
var variants = []variant{
	{"hangs", 1, "listens where", "hangs before it listens", "main.go", []string{"flag.Parse()", "flag.Parse()\n	time.Sleep(time.Hour)"}},
	{"crashes", 1, "listens where", "crashed at steps/01/main.go:", "main.go",
		[]string{"	flag.Parse()", "	flag.Parse()\n	var m map[string]int\n	m[`a`]++"}},
	{"ends", 1, "listens where", "main returned", "main.go", []string{"flag.Parse()", "flag.Parse()\n	return"}},
	{"no-flag", 1, "listens where", "flag -addr is missing", "main.go", []string{`flag.String("addr"`, `flag.String("address"`}},
	{"listens-elsewhere", 1, "listens where", "give net.Listen", "main.go", []string{`net.Listen("tcp", *addr)`, `net.Listen("tcp", "localhost:0")`}},
	{"listens-everywhere", 1, "listens where", "every address of this machine", "main.go",
		[]string{`net.Listen("tcp", *addr)`, `net.Listen("tcp", (*addr)[len(host):])`}},
	{"listens-silently", 1, "listens where", "the line is missing", "main.go",
		append(imports("fmt"), `log.Printf("listening on http://%s", `, `fmt.Sprint(`)},
	{"answers-nothing", 1, "the page is at /", "is the handler given", "main.go",
		[]string{"	server := ", "	for listener != nil {\n		listener.Accept()\n	}\n	server := "}},
	{"logs-every-request", 1, "the page is at /", "with an Upgrade header only", "main.go",
		[]string{"	frontend.Handler().S", "	log.Print(`upgrade requested!`)\n	frontend.Handler().S"}},
	{"upgrade-not-logged", 1, "a WebSocket upgrade prints", "log \"upgrade requested!\"", "main.go", []string{`log.Print("upgrade requested!")`, ``}},
	{"mux-redirects", 1, "at any other path", "ServeMux", "main.go",
		[]string{"	server := ", "	mux := http.NewServeMux()\n	mux.HandleFunc(`/`, serve)\n	server := ", "http.HandlerFunc(serve)", "mux"}},
	{"return-forgotten", 1, rules.RowUpgrade, "answered twice", "main.go", []string{"http.StatusBadRequest)\n		return\n", "http.StatusBadRequest)\n"}},
	{"windows-in-german", 1, "", "", "main.go", []string{`log.Fatalf("%v; choose another address: -addr localhost:0 takes any free port", err)`,
		`log.Fatalf("listen tcp %s: bind: Normalerweise darf jede Socketadresse nur jeweils einmal verwendet werden.", *addr)`}},
	{"interrupt-ignored", 1, "Ctrl-C ends the server with", "nothing ends the server", "main.go",
		[]string{`<-stop; server.Shutdown(context.Background())`, `<-stop; context.Background()`}},

	{"bare-newline", 2, "the lines of the answer", `\n alone`, "handshake.go", []string{`"Upgrade: websocket\r\n"`, `"Upgrade: websocket\n"`}},
	{"no-empty-line", 2, "the lines of the answer", "blank line", "handshake.go", []string{`return s + "\r\n"`, `return s`}},
	{"blank-with-json-only", 2, "the lines of the answer", "blank line", "handshake.go",
		[]string{`json\r\n"`, `json\r\n\r\n"`, `return s + "\r\n"`, `return s`}},
	{"empty-line-too-many", 2, "nothing follows", "one empty line too many", "handshake.go", []string{`return s + "\r\n"`, `return s + "\r\n\r\n"`}},
	{"accept-in-url-base64", 2, "Accept is computed", "in another base64", "handshake.go", []string{`base64.StdEncoding.EncodeToString(hash[:])`, `base64.URLEncoding.EncodeToString(hash[:])`}},
	{"extension-named", 2, rules.RowNoExtension, "is agreed on", "handshake.go",
		[]string{`"Connection: Upgrade\r\n"`, `"Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"`}},
	{"connection-not-a-list", 2, rules.RowLists, "is a list", "handshake.go",
		[]string{`!hasToken(r, "Connection", "upgrade")`, `!strings.EqualFold(r.Header.Get("Connection"), "upgrade")`}},
	{"deadline-left", 2, "stays open after the handshake", "something closes it", "handshake.go",
		append(imports("time"), `	c := &conn`, "	nc.SetDeadline(time.Now().Add(5 * time.Second))\n	c := &conn")},
	{"error-not-looked-at", 2, "nothing to do rests", "without waiting", "main.go", []string{"			return err\n", "			continue\n"}},
	{"body-let-in", 2, rules.RowHTTP, "", "handshake.go", []string{`r.ContentLength != 0`, `r.ContentLength > 1<<20`}},
	{"origin-not-checked", 2, rules.RowOrigin, "not compared with Host", "handshake.go", []string{`case !sameOrigin(r):`, `case !sameOrigin(r) && false:`}},
	{"origin-by-its-end", 2, rules.RowOrigin, "only looks like this host", "handshake.go", []string{`!strings.EqualFold(u.Host, r.Host)`, `!strings.HasSuffix(u.Host, r.Host)`}},
	{"origin-in-lower-case", 2, rules.RowOwnOrigin, "in upper or lower case", "handshake.go", []string{`!strings.EqualFold(u.Host, r.Host)`, `u.Host != r.Host`}},
	{"forwarded-host-ignored", 2, rules.RowForwarded, "", "handshake.go", []string{` && !hasToken(r, "X-Forwarded-Host", u.Host)`, ``}},
	{"half-handshake-kept", 2, "not finished is dropped", "ReadTimeout", "main.go", []string{`ReadTimeout:  5 * time.Second`, `ReadTimeout:  time.Hour`}},

	{"no-push", 3, "a frame comes right after", "no frame came", "main.go", []string{`c.write(encode(opText, past.json()))`, `encode(opText, past.json())`}},
	{"fin-forgotten", 3, "its first byte is 81", "here it is 01", "frame.go", []string{`[]byte{finBit | op}`, `[]byte{op}`}},
	{"zero-in-front", 3, "its first byte is 81", "before the header", "frame.go", []string{`[]byte{finBit | op}`, `[]byte{0, finBit | op}`}},
	{"mask-bit-set", 3, "is not masked", "the mask bit is set", "frame.go", []string{`append(frame, byte(n))`, `append(frame, 0x80|byte(n))`}},
	{"newline-after-frame", 3, "the frame's length", "a frame ends with its payload", "frame.go",
		[]string{`return append(frame, payload...)`, `return append(append(frame, payload...), '\n')`}},
	{"time-in-seconds", 3, "Unix milliseconds", "in seconds", "main.go", []string{`time.Now().UnixMilli()`, `time.Now().Unix()`}},
	{"deadline-for-reading", 3, "stays open after the history", "SetDeadline is for reading", "conn.go", []string{`SetWriteDeadline`, `SetDeadline`}},
	{"dump-in-decimal", 3, "printed in hex", "in decimal", "main.go", []string{`received % x`, `received %v`}},
	{"whole-buffer-dumped", 3, "printed in hex", "b[:n]", "conn.go", []string{"n, err := c.br.Read(b)", "_, err := c.br.Read(b)", "b[:n]", "b"}},
	{"prints-without-end", 3, "nothing to do rests", "prints without end", "main.go",
		[]string{"m, err := c.read()\n		if err != nil {\n			return err\n		}", "m, _ := c.read()"}},
	{"history-without-lock", 4, "no two goroutines", "data race", "history.go", []string{"	h.mu.Lock()\n	defer h.mu.Unlock()\n	b, _", "	b, _"}},

	{"mask-not-undone", 4, "decoded and printed", "", "conn.go", []string{"	unmask(data[start:], h.key)\n", ""}},
	{"time-of-the-member", 4, "sets the time", "not now", "history.go", append(imports("cmp"), `*string }`, `*string; Time int64 }`,
		`Time: time.Now().UnixMilli()`, `Time: cmp.Or(in.Time, time.Now().UnixMilli())`)},
	{"length-little-endian", 4, "126 bytes and more is read", "ended the connection", "frame.go", []string{`binary.BigEndian.Uint16(b[2:])`, `binary.LittleEndian.Uint16(b[2:])`}},
	{"one-read", 4, "byte by byte", "io.ReadFull", "conn.go", []string{`io.ReadFull(c.br, data[start:])`, `io.ReadAtLeast(c.br, data[start:], min(1, len(data[start:])))`}},
	{"next-frame-dropped", 4, "arrive at once", "one bufio.Reader", "conn.go", []string{"	var m message\n", "	var m message\n	c.br.Reset(c.nc)\n"}},
	{"history-oldest-first", 4, "newest post comes first", "the oldest is first", "history.go", []string{`slices.Insert(h.posts, 0, p)`, `slices.Insert(h.posts, len(h.posts), p)`}},
	{"hijacked-reader-ignored", 4, "arrives with the handshake", "that Hijack returns", "handshake.go", []string{"c := &conn{", "rw.Reader.Reset(nc)\n	c := &conn{"}},
	{"length-signed", 4, "2^62", "crashed", "conn.go", []string{`h.length > uint64(maxMessage-len(m.data))`, `int(h.length) > maxMessage-len(m.data)`}},
	{"length-in-32-bits", 4, "2^62", "some of the eight bytes", "frame.go", []string{`h.length = binary.BigEndian.Uint64(b[2:])`, `h.length = uint64(uint32(binary.BigEndian.Uint64(b[2:])))`}},
	{"mask-index-goes-on", 4, "in several fragments", "", "conn.go", []string{`unmask(data[start:], h.key)`, "for i := range data[start:] {\n		data[start+i] ^= h.key[(start+i)%4]\n	}"}},
	{"fragments-checked-for-utf-8", 4, "in two fragments", "", "conn.go", append(imports("unicode/utf8"),
		"		if h.fin {", "		if !utf8.Valid(m.data) {\n			return m, closeError{1007, `no`}\n		}\n		if h.fin {")},
	{"control-payload-kept", 4, "control frames are read", "", "conn.go", []string{`_, err := c.readPayload(h, nil); err`, `m.data, err = c.readPayload(h, m.data); err`}},
	{"one-buffer-for-all", 4, "two members", "", "conn.go", []string{`	if _, err := io.ReadFull(c.br, data[start:]); err`, `	if _, err := io.ReadFull(c.br, all[:h.length]); err`,
		`	unmask(data[start:], h.key)`, "	copy(data[start:], all[:])\n	unmask(data[start:], h.key)", "type conn", "var all [4096]byte\n\ntype conn"}},
	{"unfinished-message-kept", 4, rules.RowBroken, "not a message", "conn.go", []string{`		h, err := readHeader(c.br)`, "		h, err := readHeader(c.br)\n		if err == io.EOF && m.op != 0 {\n			return m, nil\n		}"}},
	{"history-cut-early", 4, "newest 50", "too early", "history.go", []string{`historySize = 50`, `historySize = 49`}},
	{"markup-escaped", 4, "markup, quotes", "text is changed", "history.go", append(imports("strings"), `Text: *in.Text`, `Text: strings.ReplaceAll(*in.Text, "<", "&lt;")`)},
	{"real-u-fffd-refused", 6, "markup, quotes", "", "conn.go", append(imports("slices"), `!utf8.Valid(m.data)`, `slices.Contains([]rune(string(m.data)), utf8.RuneError)`)},
	{"limit-for-each-fragment", 4, "over 4,096 bytes", "all its fragments together", "conn.go", []string{`uint64(maxMessage-len(m.data))`, `uint64(maxMessage)`}},
	{"nothing-is-a-post", 4, "text that is not a post", "", "history.go", []string{`in.User == nil || in.Text == nil`, `false`,
		`{User: *in.User, Text: *in.Text,`, `{User: deref(in.User), Text: deref(in.Text),`, "// parsePost", "func deref(s *string) string {\n	if s == nil {\n		return ``\n	}\n	return *s\n}\n\n// parsePost"}},
	{"unmasked-let-in", 4, "a frame without a mask", "the mask bit is 0", "frame.go", []string{`b[1]&0x80 == 0`, `b[1]&0x80 == 1`}},
	{"one-mistake-ends-all", 4, "harms no other", "the whole program has ended", "main.go", []string{`return closeError{Code: 1007, Reason: err.Error()}`, `log.Fatal(err)`}},

	{"sender-left-out", 5, "at once, the sender too", "each get the frame", "main.go", []string{`room.post(p)`, `room.mu.Lock()
		me := room.members[c]
		delete(room.members, c)
		room.mu.Unlock()
		room.post(p)
		room.mu.Lock()
		room.members[c] = me
		room.mu.Unlock()`}},
	{"only-sender-told", 5, "at once, the sender too", "each get the frame", "main.go", []string{`room.post(p)`, "past.add(p)\n		c.write(encode(opText, past.json()))"}},
	{"sender-told-twice", 5, "each new history once", "the sender gets it twice", "main.go", []string{`room.post(p)`, "room.post(p)\n		c.write(encode(opText, past.json()))"}},
	{"handed-out-without-lock", 5, "same order", "under one", "hub.go", []string{"	h.mu.Lock()\n	defer h.mu.Unlock()\n	past.add(p)", "	past.add(p)",
		`// one for all`, "\n	h.mu.Lock()\n	defer h.mu.Unlock()"}},
	{"cleared-in-two-steps", 5, "none is lost", "must be one step", "hub.go", []string{`m.next.CompareAndSwap(frame, nil) {`, "m.next.Load() == frame {\n			m.next.Store(nil)"}},
	{"greeting-before-joining", 5, "joins while others post", "under one lock", "hub.go", []string{"	h.mu.Lock()\n	defer h.mu.Unlock()\n	m := &member{conn: c}\n	h.members[c] = m", `	m := &member{conn: c}`,
		`	m.push(encode(opText, past.json()))`, "	m.push(encode(opText, past.json()))\n	h.mu.Lock()\n	defer h.mu.Unlock()\n	h.members[c] = m"}},
	{"greeting-after-unlock", 5, "joins while others post", "under one lock", "hub.go", []string{"	defer h.mu.Unlock()\n	m := &member{conn: c}", `	m := &member{conn: c}`,
		`	m.push(encode(opText, past.json()))`, "	greeting := past.json()\n	h.mu.Unlock()\n	m.push(encode(opText, greeting))"}},
	{"deadline-after-a-message", 5, "only listens stays", "time limit", "conn.go", []string{"if h.fin {", "if h.fin {\n			c.nc.SetReadDeadline(time.Now().Add(5 * time.Second))"}},
	{"deadline-set-once", 5, "only listens stays", "time limit", "conn.go", []string{"	c.nc.SetWriteDeadline(time.Now().Add(writeTime))\n", "	if !c.limited {\n		c.nc.SetWriteDeadline(time.Now().Add(writeTime))\n		c.limited = true\n	}\n",
		"type conn struct {", "type conn struct {\n	limited bool"}},
	{"leave-forgotten", 5, "cost nothing", "remove a member", "main.go", []string{`	defer room.leave(c)`, ``}},
	{"connection-left-open", 5, "cost nothing", "Close its connection", "main.go", []string{`	c.nc.Close()`, ``}},
	{"writer-never-ends", 5, "no goroutine stays", "never ends", "hub.go", []string{`	h.members[c] = m`, "	h.members[c] = m\n	go func() { <-make(chan int) }()"}},
	{"slow-member-stalls", 5, "delay nobody", "waits for a member that does not read", "hub.go", []string{`go m.send()`, `m.send()`}},
	{"queue-without-end", 5, "not all that it missed", "every history waits", "hub.go", queued("")},
	{"queue-that-blocks", 5, "delay nobody", "", "hub.go", queued("	for len(m.queue) == 256 {\n		m.mu.Unlock()\n		runtime.Gosched()\n		m.mu.Lock()\n	}\n", imports("runtime")...)},
	{"newest-thrown-away", 5, "not all that it missed", "thrown away", "hub.go", queued("	if len(m.queue) == 64 {\n		return\n	}\n")},
	{"slow-dropped", 5, "", "", "hub.go", queued("	if len(m.queue) == 64 {\n		go m.conn.nc.Close()\n		return\n	}\n")},
	{"write-without-limit", 5, "takes nothing for 5 s", "time limit before each write", "conn.go", []string{`	c.nc.SetWriteDeadline(time.Now().Add(writeTime))`, ``}},

	{"empty-close-crashes", 6, rules.RowClose, "crashed", "frame.go", []string{`if len(payload) == 0 {`, `if len(payload) < 0 {`}},
	{"close-not-answered", 6, rules.RowClose, "without a close frame", "conn.go", []string{`return parseClose(payload)`, `return io.EOF`}},
	{"close-length-2", 6, rules.RowClose, "length of its payload", "frame.go", []string{"	return append(frame, payload...)", "	if op == opClose && len(payload) > 2 {\n		frame[1] = 2\n	}\n	return append(frame, payload...)"}},
	{"history-after-goodbye", 6, "the last that it sends", "data race|was sent after", "conn.go", []string{`	c.write(encode(opClose, why.payload()))`, "	c.write(encode(opClose, why.payload()))\n	c.closed = false\n	time.Sleep(50 * time.Millisecond)"}},
	{"pong-empty", 6, "by a pong with its payload", "is empty", "conn.go", []string{`encode(opPong, payload)`, `encode(opPong, nil)`}},
	{"ping-forgets-fragments", 6, "by a pong with its payload", "", "conn.go", []string{"			continue\n		case h.op == opContinuation && m.op == 0:", "			m = message{}\n			continue\n		case h.op == opContinuation && m.op == 0:"}},
	{"pong-too-late", 6, "pongs come in their order", "data race|used again", "conn.go", []string{`c.write(encode(opPong, payload))`, "last = append(last[:0], payload...)\n		go func() { c.write(encode(opPong, last)) }()",
		"type conn", "var last []byte\n\ntype conn"}},
	{"frame-in-two-writes", 6, "pongs come in their order", "data race|two goroutines write", "conn.go", []string{"	c.mu.Lock()\n	defer c.mu.Unlock()\n	if c.closed {", `	if c.closed {`, `	_, err := c.nc.Write(b)`, "	c.nc.Write(b[:2])\n	_, err := c.nc.Write(b[2:])"}},
	{"no-heartbeat", 6, "answers pings stays", "", "main.go", []string{"room.each((*conn).ping)", "room.each(func(*conn) {})"}},
	{"no-read-deadline", 6, "answers pings stays", "SetReadDeadline", "conn.go", []string{"		c.nc.SetReadDeadline(time.Now().Add(quietTime)) // whoever lives answers our pings\n", ""}},
	{"read-deadline-once", 6, "answers pings stays", "starts again", "conn.go", []string{"	for {\n		c.nc.SetReadDeadline(time.Now().Add(quietTime)) // whoever lives answers our pings\n", "	if !c.limited {\n		c.nc.SetReadDeadline(time.Now().Add(quietTime))\n		c.limited = true\n	}\n	for {\n",
		"type conn struct {", "type conn struct {\n	limited bool"}},
	{"reserved-bits-ignored", 6, rules.RowReserved, "a reserved bit is set", "frame.go", []string{`b[0]&0x70 != 0`, `b[0]&0x70 == 0x70`}},
	{"code-1004-taken", 6, rules.RowCode, "1004 is not", "frame.go", []string{`code <= 1003`, `code <= 1004`}},
	{"utf-8-not-checked", 6, rules.RowText, "utf8.Valid", "conn.go", []string{`!utf8.Valid(m.data)`, `!utf8.Valid(nil)`}},
	{"rubbish-after-json", 6, rules.RowJSON1007, "", "history.go", append(imports("strings"), `json.Unmarshal(data, &in) != nil`, `json.NewDecoder(strings.NewReader(string(data))).Decode(&in) != nil`)},
	{"reset-at-the-end", 6, "still talks", "TCP resets", "conn.go", []string{`	io.Copy(io.Discard, c.br)`, ``}},
	{"end-without-limit", 6, "waits at most 5 s", "one time limit", "conn.go", []string{`c.nc.SetReadDeadline(time.Now().Add(closeTime))`, `c.nc.SetReadDeadline(time.Time{})`}},
	{"no-goodbye", 6, "Ctrl-C says goodbye", "without a close frame", "main.go", []string{`	room.close()`, ``}},
	{"goodbye-under-lock", 6, "Ctrl-C says goodbye", "for a lock", "hub.go", []string{"	h.mu.Lock()\n	defer h.mu.Unlock()\n	for c := range h.members {\n		go f(c)", "	h.mu.Lock()\n	h.mu.Lock()\n	defer h.mu.Unlock()\n	for c := range h.members {\n		go f(c)"}},
	{"goodbye-twice", 6, "sends nothing more", "", "conn.go", []string{`	c.closed = b[0] == finBit|opClose`, ``}},
	{"pong-failure-ends", 6, "sends nothing more", "not a reason to end", "conn.go", []string{`		c.write(encode(opPong, payload)) // after our close frame it fails, and the visit must go on`, `		return c.write(encode(opPong, payload))`}},
	{"gone-not-counted-out", 6, "left or answered", "WaitGroup", "hub.go", []string{`	h.visits.Done()`, "	if len(h.members) > 3 {\n		return\n	}\n	h.visits.Done()"}},
	{"goodbyes-one-by-one", 6, "do not hold up Ctrl-C", "in Write|do not read|without a close frame", "hub.go", []string{`		go f(c)`, `		f(c)`}},
	{"goodbye-waits-forever", 6, "do not hold up Ctrl-C", "", "main.go", []string{`time.AfterFunc(1500*time.Millisecond,`, `time.AfterFunc(time.Hour,`}},
}
