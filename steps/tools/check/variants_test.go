package main

// queued are edits that give each member a queue; full is what happens where it is long.
func queued(full string) [][2]string {
	return [][2]string{{`	if m.next.Swap(&frame) == nil {
		go m.send()
	}
`, `	m.mu.Lock()
	defer m.mu.Unlock()
` + full + `	if m.queue = append(m.queue, frame); len(m.queue) == 1 {
		go m.send()
	}
`}, {`		frame := m.next.Load()
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
`}}
}

// variants are the mistakes that the check is checked with, in the order of the table.
var variants = []variant{
	// Step 1.
	{name: "upgrade-not-logged", step: 1, file: "main.go", old: `log.Print("upgrade requested!")`, new: ``,
		fails: "a WebSocket upgrade prints: upgrade requested!"},
	{name: "interrupt-ignored", step: 1, file: "main.go", old: `<-stop; server.Shutdown(context.Background())`, new: `<-stop; context.Background()`,
		fails: "Ctrl-C ends it with exit status 0"},
	{name: "return-forgotten", step: 1, file: "main.go", old: "http.StatusBadRequest)\n		return\n", new: "http.StatusBadRequest)\n",
		fails: "an upgrade to anything else is answered 400"},

	// Step 2.
	{name: "bare-newline", step: 2, file: "handshake.go", old: `"Upgrade: websocket\r\n"`, new: `"Upgrade: websocket\n"`,
		fails: `the answer's lines end with \r\n, and an empty line ends them`},
	{name: "no-empty-line", step: 2, file: "handshake.go", old: `return s + "\r\n"`, new: `return s`,
		fails: `the answer's lines end with \r\n, and an empty line ends them`},
	{name: "guid-mistyped", step: 2, file: "handshake.go", old: `258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, new: `258EAFA5-E914-47DA-95CA-C5AB0DC85B1l`,
		fails: "Sec-WebSocket-Accept is computed from the key"},
	{name: "accept-in-hex", step: 2, file: "handshake.go", old: `base64.StdEncoding.EncodeToString(hash[:])`, new: `func() (s string) {
		for _, b := range hash {
			s += "0123456789abcdef"[b>>4:b>>4+1] + "0123456789abcdef"[b&15:b&15+1]
		}
		return s
	}()`,
		fails: "Sec-WebSocket-Accept is computed from the key"},
	{name: "subprotocol-not-echoed", step: 2, file: "handshake.go", old: `	return s + "\r\n"`, new: `	s, _, _ = strings.Cut(s, "Sec-WebSocket-Protocol")
	return s + "\r\n"`,
		fails: "the subprotocol json is named if it is offered"},
	{name: "connection-not-a-list", step: 2, file: "handshake.go", old: `!hasToken(r, "Connection", "upgrade")`, new: `!strings.EqualFold(r.Header.Get("Connection"), "upgrade")`,
		fails: "Connection and Upgrade are read as lists, in any case"},
	{name: "origin-not-checked", step: 2, file: "handshake.go", old: `case !sameOrigin(r):`, new: `case !sameOrigin(r) && false:`,
		fails: "an Origin on another host is answered 403"},
	{name: "half-handshake-kept", step: 2, file: "main.go", old: `ReadTimeout:  5 * time.Second`, new: `ReadTimeout:  time.Hour`,
		fails: "a handshake that is not finished is dropped after 5 s"},
	{name: "empty-line-too-many", step: 2, file: "handshake.go", old: `return s + "\r\n"`, new: `return s + "\r\n\r\n"`,
		fails: "nothing follows the answer"},
	{name: "accept-in-url-base64", step: 2, file: "handshake.go", old: `base64.StdEncoding.EncodeToString(hash[:])`, new: `base64.URLEncoding.EncodeToString(hash[:])`,
		fails: "Sec-WebSocket-Accept is computed from the key"},
	{name: "extension-named", step: 2, file: "handshake.go", old: `"Connection: Upgrade\r\n"`, new: `"Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"`,
		fails: "no extension is named"},
	{name: "deadline-left", step: 2, file: "handshake.go", old: `	c := &conn`, new: `	nc.SetDeadline(time.Now().Add(5 * time.Second))
	c := &conn`, also: `"time"`,
		fails: "the connection stays open"},
	{name: "error-not-looked-at", asks: true, step: 2, file: "main.go", old: "			return err\n", new: "			continue\n",
		fails: "nobody there, nothing to do: it rests"},
	{name: "origin-by-its-end", step: 2, file: "handshake.go", old: `!strings.EqualFold(u.Host, r.Host)`, new: `!strings.HasSuffix(u.Host, r.Host)`,
		fails: "an Origin on another host is answered 403"},
	{name: "origin-in-lower-case", step: 2, file: "handshake.go", old: `!strings.EqualFold(u.Host, r.Host) && !hasToken(r, "X-Forwarded-Host", u.Host)`, new: `u.Host != r.Host`,
		fails: "the page's own Origin is welcome, and no Origin too"},

	// Step 3.
	{name: "no-push", step: 3, file: "main.go", old: `c.write(encode(opText, past.json()))`, new: `encode(opText, past.json())`,
		fails: "a frame comes straight after the handshake"},
	{name: "mask-bit-set", step: 3, file: "frame.go", old: `append(frame, byte(n))`, new: `append(frame, 0x80|byte(n))`,
		fails: "it is not masked"},
	{name: "time-in-seconds", step: 3, file: "main.go", old: `time.Now().UnixMilli()`, new: `time.Now().Unix()`,
		fails: "times are Unix milliseconds"},
	{name: "dump-in-decimal", step: 3, file: "main.go", old: `received % x`, new: `received %v`,
		fails: "what the browser sends is printed in hex"},
	{name: "newline-behind-frame", step: 3, file: "frame.go", old: `return append(frame, payload...)`, new: `return append(append(frame, payload...), '\n')`,
		fails: "its length is that of the payload"},
	{name: "deadline-for-reading", step: 3, file: "conn.go", old: `SetWriteDeadline`, new: `SetDeadline`,
		fails: "the connection stays open after that"},
	{name: "prints-without-end", step: 3, from: 2, file: "main.go", old: `m, err := c.read()
		if err != nil {
			return err
		}`, new: `m, _ := c.read()`,
		fails: "nobody there, nothing to do: it rests"},
	{name: "reads-once", step: 3, file: "main.go", old: `		log.Printf("received % x", m)
`, new: `		log.Printf("received % x", m)
		select {}
`,
		fails: "what the browser sends is printed in hex"},

	// Step 4.
	{name: "mask-not-undone", step: 4, file: "conn.go", old: "	unmask(data[start:], h.key)\n", new: "",
		fails: "a message is decoded and printed"},
	{name: "history-oldest-first", step: 4, file: "history.go", old: `slices.Insert(h.posts, 0, p)`, new: `slices.Insert(h.posts, len(h.posts), p)`,
		fails: "the newest message comes first"},
	{name: "length-little-endian", step: 4, file: "frame.go", old: `binary.BigEndian.Uint16(b[2:])`, new: `binary.LittleEndian.Uint16(b[2:])`,
		fails: "messages of 126 bytes and more are read (16-bit length)"},
	{name: "16-bit-length-not-read", step: 4, file: "frame.go", old: "		_, err = io.ReadFull(r, b[2:4])\n		h.length = uint64(binary.BigEndian.Uint16(b[2:]))", new: "",
		fails: "messages of 126 bytes and more are read (16-bit length)"},
	{name: "16-bit-length-not-written", step: 4, file: "frame.go", old: `case n <= 125:`, new: `case n <= 255:`,
		fails: "a message is in the history after a reload"},
	{name: "64-bit-length-not-written", step: 4, file: "frame.go", old: `binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))`, new: `binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))`,
		fails: "a history of 65,536 bytes and more is sent with a 64-bit length"},
	{name: "one-read", step: 4, file: "conn.go", old: `io.ReadFull(c.br, data[start:])`, new: `io.ReadAtLeast(c.br, data[start:], min(1, len(data[start:])))`,
		fails: "a frame that comes byte by byte is read"},
	{name: "next-frame-dropped", step: 4, file: "conn.go", old: "	var m message\n", new: "	var m message\n	c.br.Reset(c.nc)\n",
		fails: "several frames that come at once are read"},
	{name: "hijacked-reader-ignored", step: 4, file: "handshake.go", old: `c := &conn{nc: nc, br: rw.Reader}`, new: `rw.Reader.Reset(nc)
	c := &conn{nc: nc, br: rw.Reader}`,
		fails: "a frame that comes with the handshake is read"},
	{name: "mask-index-goes-on", step: 4, file: "conn.go", old: `unmask(data[start:], h.key)`, new: `for i := range data[start:] {
		data[start+i] ^= h.key[(start+i)%4]
	}`,
		fails: "a message in several fragments is read"},
	{name: "limit-for-each-fragment", step: 4, file: "conn.go", old: `uint64(maxMessage-len(m.data))`, new: `uint64(maxMessage)`,
		fails: "a message over 4,096 bytes is refused"},
	{name: "length-signed", step: 4, file: "conn.go", old: `h.length > uint64(maxMessage-len(m.data))`, new: `int(h.length) > maxMessage-len(m.data)`,
		fails: "a length of 2^62 is refused, and takes no memory"},
	{name: "64-bit-length-in-4-bytes", step: 4, file: "frame.go", old: `		_, err = io.ReadFull(r, b[2:])
		h.length = binary.BigEndian.Uint64(b[2:])`, new: `		_, err = io.ReadFull(r, b[2:6])
		h.length = uint64(binary.BigEndian.Uint32(b[2:]))`,
		fails: "a length of 2^62 is refused, and takes no memory"},
	{name: "one-mistake-ends-all", step: 4, file: "main.go", old: `return closeError{Code: 1007, Reason: err.Error()}`, new: `log.Fatal(err)`,
		fails: "a member that breaks the rules harms no other"},
	{name: "history-without-lock", step: 4, from: 3, raced: true, file: "history.go", old: `	h.mu.Lock()
	defer h.mu.Unlock()
	b, _`, new: `	b, _`,
		fails: "no two goroutines use a variable at the same time"},
	{name: "65535-in-64-bits", step: 4, file: "frame.go", old: `case n <= 0xFFFF:`, new: `case n < 0xFFFF:`,
		fails: "a history of 126 bytes and more is sent with a 16-bit length"},
	{name: "65536-in-16-bits", step: 4, file: "frame.go", old: `case n <= 0xFFFF:`, new: `case n <= 0x10000:`,
		fails: "a history of 65,536 bytes and more is sent with a 64-bit length"},
	{name: "length-in-32-bits", step: 4, file: "frame.go", old: `h.length = binary.BigEndian.Uint64(b[2:])`, new: `h.length = uint64(uint32(binary.BigEndian.Uint64(b[2:])))`,
		fails: "a length in eight bytes counts whole"},
	{name: "length-in-characters", step: 4, file: "frame.go", old: `n := len(payload);`, new: `n := len([]rune(string(payload)));`,
		fails: "a character may lie in two fragments"},
	{name: "time-of-the-member", step: 4, file: "history.go", old: `var in struct{ User, Text *string }`, new: `var in post
	if json.Unmarshal(data, &in); in.Time > 0 {
		return in, nil
	}
	return parse(data)
}

func parse(data []byte) (post, error) {
	var in struct{ User, Text *string }`,
		fails: "the server sets the message's time"},
	{name: "goroutine-for-each-message", varies: true, step: 4, file: "main.go", old: `past.add(p)`, new: `go past.add(p)`,
		fails: "the newest message comes first"},
	{name: "control-payload-kept", step: 4, file: "conn.go", old: `_, err := c.readPayload(h, nil); err`, new: `m.data, err = c.readPayload(h, m.data); err`,
		fails: "control frames are read, and passed over"},
	{name: "control-payload-unread", step: 4, file: "conn.go", old: `			if _, err := c.readPayload(h, nil); err != nil {
				return m, err
			}
`, new: ``,
		fails: "control frames are read, and passed over"},
	{name: "one-buffer-for-all", varies: true, step: 4, file: "conn.go", old: `	if _, err := io.ReadFull(c.br, data[start:]); err`, new: `	if _, err := io.ReadFull(c.br, all[:h.length]); err`,
		also: "var all [4096]byte\n", and: [][2]string{{`	unmask(data[start:], h.key)`, `	copy(data[start:], all[:])
	unmask(data[start:], h.key)`}},
		fails: "two members may send at the same time"},
	{name: "unfinished-message-kept", step: 4, file: "conn.go", old: `		h, err := readHeader(c.br)
`, new: `		h, err := readHeader(c.br)
		if err == io.EOF && m.op != 0 {
			return m, nil
		}
`,
		fails: "a message that breaks off is not stored"},
	{name: "markup-escaped", step: 4, file: "history.go", old: `Text: *in.Text`, new: `Text: strings.ReplaceAll(*in.Text, "<", "&lt;")`, also: `"strings"`,
		fails: "markup, quotes and emoji are kept as they are"},

	// Step 5.
	{name: "sender-left-out", step: 5, file: "main.go", old: `room.post(p)`, new: `room.mu.Lock()
		me := room.members[c]
		delete(room.members, c)
		room.mu.Unlock()
		room.post(p)
		room.mu.Lock()
		room.members[c] = me
		room.mu.Unlock()`,
		fails: "the sender gets the new history at once"},
	{name: "only-sender-told", step: 5, file: "main.go", old: `room.post(p)`, new: `past.add(p)
		c.write(encode(opText, past.json()))`,
		fails: "every other member gets it, too"},
	{name: "slow-member-stalls", step: 5, file: "hub.go", old: `go m.send()`, new: `m.send()`,
		fails: "members that never read delay nobody"},
	{name: "sender-told-twice", step: 5, file: "main.go", old: `room.post(p)`, new: `room.post(p)
		c.write(encode(opText, past.json()))`,
		fails: "each time it is the whole history, and once"},
	{name: "handed-out-without-lock", step: 5, file: "hub.go", old: `	h.mu.Lock()
	defer h.mu.Unlock()
	past.add(p)
	frame := encode(opText, past.json()) // one for all
`, new: `	past.add(p)
	frame := encode(opText, past.json()) // one for all
	h.mu.Lock()
	defer h.mu.Unlock()
`, raced: true,
		fails: "everyone sees the same order"},
	{name: "room-for-64", step: 5, file: "hub.go", old: `	h.members[c] = m
`, new: `	if len(h.members) < 64 {
		h.members[c] = m
	}
`,
		fails: "a hundred members get every message, and none is lost"},
	{name: "greeting-before-joining", step: 5, file: "hub.go", old: `	h.mu.Lock()
	defer h.mu.Unlock()
	m := &member{conn: c}
	h.members[c] = m
	m.push(encode(opText, past.json()))
`, new: `	m := &member{conn: c}
	m.push(encode(opText, past.json()))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.members[c] = m
`, raced: true,
		fails: "who comes in between misses nothing"},
	{name: "deadline-after-a-message", step: 5, file: "conn.go", old: `		if h.fin {
			return m, nil
`, new: `		if h.fin {
			c.nc.SetReadDeadline(time.Now().Add(5 * time.Second))
			return m, nil
`,
		fails: "a member that only reads stays"},
	{name: "leave-forgotten", asks: true, step: 5, file: "main.go", old: `	defer room.leave(c)
`, new: ``,
		fails: "members that have gone are no burden"},
	{name: "connection-left-open", step: 5, file: "main.go", old: `	c.nc.Close()
`, new: ``,
		fails: "members that have gone are no burden"},
	{name: "writer-never-ends", asks: true, step: 5, file: "hub.go", old: `	h.members[c] = m
`, new: `	h.members[c] = m
	go func() { <-make(chan int) }()
`,
		fails: "members that have gone are no burden"},
	{name: "queue-without-end", asks: true, step: 5, file: "hub.go", old: `	conn *conn
`, new: `	conn  *conn
	mu    sync.Mutex
	queue [][]byte
`, and: queued(""),
		fails: "members that never read delay nobody"},
	{name: "queue-that-blocks", asks: true, varies: true, step: 5, file: "hub.go", old: `	conn *conn
`, new: `	conn  *conn
	mu    sync.Mutex
	queue [][]byte
`, and: queued(`	for len(m.queue) == 256 {
		m.mu.Unlock()
		runtime.Gosched()
		m.mu.Lock()
	}
`), also: `"runtime"`,
		fails: "members that never read delay nobody"},
	{name: "newest-thrown-away", varies: true, step: 5, file: "hub.go", old: `	conn *conn
`, new: `	conn  *conn
	mu    sync.Mutex
	queue [][]byte
`, and: queued(`	if len(m.queue) == 64 {
		return
	}
`),
		fails: "a member that pauses gets whole frames, and the newest"},
	{name: "write-without-limit", step: 5, file: "conn.go", old: `	c.nc.SetWriteDeadline(time.Now().Add(writeTime))
`, new: ``,
		fails: "a member that takes nothing for 5 s is let go"},

	// Step 6.
	{name: "close-not-answered", step: 6, file: "conn.go", old: `return parseClose(payload)`, new: `return io.EOF`,
		fails: "a close frame is answered with its own code"},
	{name: "empty-close-crashes", step: 6, file: "frame.go", old: `if len(payload) == 0 {`, new: `if len(payload) < 0 {`,
		fails: "an empty close frame is answered, too"},
	{name: "pong-empty", step: 6, file: "conn.go", old: `encode(opPong, payload)`, new: `encode(opPong, nil)`,
		fails: "a ping is answered by a pong with its payload"},
	{name: "ping-forgets-fragments", step: 6, file: "conn.go", old: `			continue
		case h.op == opContinuation && m.op == 0:`, new: `			m = message{}
			continue
		case h.op == opContinuation && m.op == 0:`,
		fails: "even between the fragments of a message"},
	{name: "reserved-bits-ignored", step: 6, file: "frame.go", old: `b[0]&0x70 != 0`, new: `b[0]&0x70 == 0x70`,
		fails: "1002 for a reserved bit"},
	{name: "utf-8-not-checked", step: 6, file: "conn.go", old: `!utf8.Valid(m.data)`, new: `!utf8.Valid(nil)`,
		fails: "1007 for text that is not UTF-8"},
	{name: "reset-at-the-end", varies: true, step: 6, file: "conn.go", old: `	io.Copy(io.Discard, c.br)`, new: ``,
		fails: "a close frame arrives even if the member still talks"},
	{name: "no-goodbye", step: 6, file: "main.go", old: `	room.close()`, new: ``,
		fails: "Ctrl-C says goodbye with 1001 to every member"},
	{name: "goodbye-twice", step: 6, file: "conn.go", old: `	c.closed = b[0] == finBit|opClose
`, new: ``,
		fails: "that goodbye is the last frame, once answered"},
	{name: "goodbye-waits-for-ever", step: 6, file: "main.go", old: `time.AfterFunc(1500*time.Millisecond,`, new: `time.AfterFunc(time.Hour,`,
		fails: "members that never read do not hold up Ctrl-C"},
	{name: "close-without-fin", step: 6, file: "frame.go", old: `	frame := []byte{finBit | op}
`, new: `	frame := []byte{finBit | op}
	if op == opClose {
		frame[0] = op
	}
`,
		fails: "a close frame is answered with its own code"},
	{name: "history-behind-goodbye", varies: true, step: 6, file: "conn.go", old: `	c.write(encode(opClose, why.payload()))
`, new: `	c.write(encode(opClose, why.payload()))
	c.closed = false
	time.Sleep(200 * time.Millisecond)
`,
		fails: "the server's close frame is the last that it sends"},
	{name: "pong-too-late", raced: true, step: 6, file: "conn.go", old: `c.write(encode(opPong, payload))`, new: `last = append(last[:0], payload...)
		go func() { c.write(encode(opPong, last)) }()`, also: "var last []byte\n",
		fails: "many pings are answered in their order"},
	{name: "frame-in-two-writes", step: 6, raced: true, file: "conn.go", old: `	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {`, new: `	if c.closed {`, and: [][2]string{{`	_, err := c.nc.Write(b)
`, `	c.nc.Write(b[:2])
	_, err := c.nc.Write(b[2:])
`}},
		fails: "pongs do not mix with histories"},
	{name: "real-u-fffd-refused", step: 6, from: 4, file: "conn.go", old: `!utf8.Valid(m.data)`, new: `slices.Contains([]rune(string(m.data)), utf8.RuneError)`, also: `"slices"`,
		fails: "markup, quotes and emoji are kept as they are"},
	{name: "code-1004-taken", step: 6, file: "frame.go", old: `code <= 1003`, new: `code <= 1004`,
		fails: "1002 for a close frame with a wrong status code"},
	{name: "rubbish-behind-json", step: 6, file: "history.go", old: `json.Unmarshal(data, &in) != nil`, new: `json.NewDecoder(strings.NewReader(string(data))).Decode(&in) != nil`, also: `"strings"`,
		fails: "1007 for text that is not a message in JSON"},
	{name: "reason-too-long", step: 6, file: "main.go", old: `Reason: err.Error()`, new: `Reason: "not a message: " + string(m.data)`,
		fails: "1007 for text that is not a message in JSON"},
	{name: "gone-not-counted-out", step: 6, file: "hub.go", old: `	h.visits.Done()
`, new: `	if h.door.TryRLock() {
		h.door.RUnlock()
		return
	}
	h.visits.Done()
`,
		fails: "Ctrl-C does not wait for who has gone"},
	{name: "goodbyes-one-by-one", step: 6, file: "hub.go", old: `		go f(c)
`, new: `		f(c)
`,
		fails: "members that never read do not hold up Ctrl-C"},
}
