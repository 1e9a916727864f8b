package main

// variants are the mistakes that the check is checked with, in the order of the table.
var variants = []variant{
	// Step 1.
	{"upgrade-not-logged", 1, "main.go", `log.Print("upgrade requested!")`, ``,
		"a WebSocket upgrade prints: upgrade requested!"},
	{"interrupt-ignored", 1, "main.go", `<-stop; server.Shutdown(context.Background())`, `<-stop; context.Background()`,
		"Ctrl-C ends it with exit status 0"},

	// Step 2.
	{"bare-newline", 2, "handshake.go", `"Upgrade: websocket\r\n"`, `"Upgrade: websocket\n"`,
		`the answer's lines end with \r\n, and an empty line ends them`},
	{"no-empty-line", 2, "handshake.go", `return s + "\r\n"`, `return s`,
		`the answer's lines end with \r\n, and an empty line ends them`},
	{"guid-mistyped", 2, "handshake.go", `258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, `258EAFA5-E914-47DA-95CA-C5AB0DC85B1l`,
		"Sec-WebSocket-Accept is computed from the key"},
	{"accept-in-hex", 2, "handshake.go", `base64.StdEncoding.EncodeToString(hash[:])`, `func() (s string) {
		for _, b := range hash {
			s += "0123456789abcdef"[b>>4:b>>4+1] + "0123456789abcdef"[b&15:b&15+1]
		}
		return s
	}()`,
		"Sec-WebSocket-Accept is computed from the key"},
	{"subprotocol-not-echoed", 2, "handshake.go", `	return s + "\r\n"`, `	s, _, _ = strings.Cut(s, "Sec-WebSocket-Protocol")
	return s + "\r\n"`,
		"the subprotocol json is named if it is offered"},
	{"connection-not-a-list", 2, "handshake.go", `!hasToken(r, "Connection", "upgrade")`, `!strings.EqualFold(r.Header.Get("Connection"), "upgrade")`,
		"Connection and Upgrade are read as lists, in any case"},
	{"origin-not-checked", 2, "handshake.go", `case !sameOrigin(r):`, `case !sameOrigin(r) && false:`,
		"an Origin on another host is answered 403"},
	{"half-handshake-kept", 2, "main.go", `ReadTimeout:  5 * time.Second`, `ReadTimeout:  time.Hour`,
		"a handshake that is not finished is dropped after 5 s"},

	// Step 3.
	{"no-push", 3, "main.go", `c.write(encode(opText, past.json()))`, `encode(opText, past.json())`,
		"a frame comes straight after the handshake"},
	{"mask-bit-set", 3, "frame.go", `append(frame, byte(n))`, `append(frame, 0x80|byte(n))`,
		"it is not masked"},
	{"time-in-seconds", 3, "main.go", `time.Now().UnixMilli()`, `time.Now().Unix()`,
		"times are Unix milliseconds"},
	{"dump-in-decimal", 3, "main.go", `received % x`, `received %v`,
		"what the browser sends is printed in hex"},

	// Step 4.
	{"mask-not-undone", 4, "conn.go", "	unmask(data[start:], h.key)\n", "",
		"a message is decoded and printed"},
	{"history-oldest-first", 4, "history.go", `slices.Insert(h.posts, 0, p)`, `slices.Insert(h.posts, len(h.posts), p)`,
		"the newest message comes first"},
	{"length-little-endian", 4, "frame.go", `binary.BigEndian.Uint16(b[2:])`, `binary.LittleEndian.Uint16(b[2:])`,
		"messages of 126 bytes and more are read (16-bit length)"},
	{"16-bit-length-not-read", 4, "frame.go", "		_, err = io.ReadFull(r, b[2:4])\n		h.length = uint64(binary.BigEndian.Uint16(b[2:]))", "",
		"messages of 126 bytes and more are read (16-bit length)"},
	{"16-bit-length-not-written", 4, "frame.go", `case n <= 125:`, `case n <= 255:`,
		"a message is in the history after a reload"},
	{"64-bit-length-not-written", 4, "frame.go", `binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))`, `binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))`,
		"a history of 65,536 bytes and more is sent with a 64-bit length"},
	{"one-read", 4, "conn.go", `io.ReadFull(c.br, data[start:])`, `io.ReadAtLeast(c.br, data[start:], min(1, len(data[start:])))`,
		"a frame that comes byte by byte is read"},
	{"next-frame-dropped", 4, "conn.go", "	var m message\n", "	var m message\n	c.br.Reset(c.nc)\n",
		"several frames that come at once are read"},
	{"hijacked-reader-ignored", 4, "handshake.go", `c := &conn{nc: nc, br: rw.Reader}`, `rw.Reader.Reset(nc)
	c := &conn{nc: nc, br: rw.Reader}`,
		"a frame that comes with the handshake is read"},
	{"mask-index-goes-on", 4, "conn.go", `unmask(data[start:], h.key)`, `for i := range data[start:] {
		data[start+i] ^= h.key[(start+i)%4]
	}`,
		"a message in several fragments is read"},
	{"limit-for-each-fragment", 4, "conn.go", `uint64(maxMessage-len(m.data))`, `uint64(maxMessage)`,
		"a message over 4,096 bytes is refused"},
	{"length-signed", 4, "conn.go", `h.length > uint64(maxMessage-len(m.data))`, `int(h.length) > maxMessage-len(m.data)`,
		"a length of 2^62 is refused, and takes no memory"},
	{"one-mistake-ends-all", 4, "main.go", `return closeError{Code: 1007, Reason: err.Error()}`, `log.Fatal(err)`,
		"a member that breaks the rules harms no other"},

	// Step 5.
	{"sender-left-out", 5, "main.go", `room.post(p)`, `room.mu.Lock()
		me := room.members[c]
		delete(room.members, c)
		room.mu.Unlock()
		room.post(p)
		room.mu.Lock()
		room.members[c] = me
		room.mu.Unlock()`,
		"the sender gets the new history at once"},
	{"only-sender-told", 5, "main.go", `room.post(p)`, `past.add(p)
		c.write(encode(opText, past.json()))`,
		"every other member gets it, too"},
	{"slow-member-stalls", 5, "hub.go", `go m.send()`, `m.send()`,
		"members that never read delay nobody"},

	// Step 6.
	{"close-not-answered", 6, "conn.go", `return parseClose(payload)`, `return io.EOF`,
		"a close frame is answered with its own code"},
	{"empty-close-crashes", 6, "frame.go", `if len(payload) == 0 {`, `if len(payload) < 0 {`,
		"an empty close frame is answered, too"},
	{"pong-empty", 6, "conn.go", `encode(opPong, payload)`, `encode(opPong, nil)`,
		"a ping is answered by a pong with its payload"},
	{"ping-forgets-fragments", 6, "conn.go", `			continue
		case h.op == opContinuation && m.op == 0:`, `			m = message{}
			continue
		case h.op == opContinuation && m.op == 0:`,
		"even between the fragments of a message"},
	{"reserved-bits-ignored", 6, "frame.go", `b[0]&0x70 != 0`, `b[0]&0x70 == 0x70`,
		"1002 for a reserved bit"},
	{"utf-8-not-checked", 6, "conn.go", `!utf8.Valid(m.data)`, `!utf8.Valid(nil)`,
		"1007 for text that is not UTF-8"},
	{"reset-at-the-end", 6, "conn.go", `	io.Copy(io.Discard, c.br)`, ``,
		"a close frame arrives even if the member still talks"},
	{"no-goodbye", 6, "main.go", `	room.close()`, ``,
		"Ctrl-C says goodbye with 1001 to every member"},
	{"goodbye-twice", 6, "conn.go", `	c.closed = b[0] == finBit|opClose
`, ``,
		"that goodbye is the last frame, once answered"},
	{"goodbye-waits-for-ever", 6, "main.go", `time.AfterFunc(1500*time.Millisecond,`, `time.AfterFunc(time.Hour,`,
		"members that never read do not hold up Ctrl-C"},
}
