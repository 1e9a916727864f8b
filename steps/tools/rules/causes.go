package rules

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"websocket-workshop/steps/tools/wstest"
)

// causeOfNo101 explains an answer to a good handshake that is not 101, or not whole.
func causeOfNo101(a answer) string {
	if why := whyNoAnswer(a); why != "" {
		return why
	}
	switch a.status {
	case 0:
		return "the answer has to begin with HTTP/1.1 101 Switching Protocols"
	case 200:
		if a.get("Sec-WebSocket-Accept") != "" {
			return "the status line has to be HTTP/1.1 101 Switching Protocols"
		}
		return "the page came instead: requests with an Upgrade header are for the upgrade handler"
	case 404:
		return "an upgrade is taken at one path only: look at the header, before any path"
	case 500:
		return "Hijack failed: is the w it is given that of net/http, and nothing written to it before?"
	case 501:
		return "the 501 of step 1 still answers: now comes the handshake"
	}
	return "a good handshake is refused: which check is too strict? The sentence that came may say"
}

// whyNoAnswer explains that no header came to its end, or returns "".
func whyNoAnswer(a answer) string {
	switch {
	case a.err == nil:
		return ""
	case a.head == "" && a.err == errQuiet:
		return "nothing came: is the answer written to the hijacked connection (and flushed, where a bufio.Writer keeps it), or does something wait for a lock?"
	case a.head == "":
		return "the server hung up without an answer: write the answer first, and do not close the connection"
	case a.err == errQuiet && !strings.Contains(a.head, "\r\n"):
		return `lines end with \r\n, and an empty line ends the header`
	case a.err == errQuiet:
		return `is the blank line that ends the headers missing? One more \r\n`
	}
	return "the server hung up before the blank line that ends the headers"
}

// causeOfAccept explains a wrong accept value by computing the likely mistakes.
func causeOfAccept(key, got string) string {
	sum := func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }
	b64 := base64.StdEncoding.EncodeToString
	right := sum(key + wstest.GUID)
	raw, _ := base64.StdEncoding.DecodeString(key)
	const sample = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	decoded, err := base64.StdEncoding.DecodeString(got)
	switch got {
	case "":
		return "the field Sec-WebSocket-Accept is missing"
	case key:
		return "the key itself came back: append the GUID, hash, then base64"
	case sample:
		return "that is the accept value of the RFC's example: compute it from the request's key"
	case hex.EncodeToString(right), strings.ToUpper(hex.EncodeToString(right)):
		return "the hash is right, but in hex: the accept value is its 20 bytes in base64"
	case b64([]byte(hex.EncodeToString(right))):
		return "base64 of the hash in hex: give base64 the 20 bytes of the hash themselves"
	case base64.URLEncoding.EncodeToString(right), base64.RawStdEncoding.EncodeToString(right), base64.RawURLEncoding.EncodeToString(right):
		return "the hash is right, but in another base64: base64.StdEncoding is meant"
	case b64(sum(key)), b64(append([]byte(wstest.GUID), sum(key)...)), b64(append(sum(key), wstest.GUID...)):
		return "the GUID is missing from what is hashed: sha1.Sum([]byte(key + guid))"
	case b64(sum(wstest.GUID)):
		return "the key is missing from what is hashed: r.Header.Get(\"Sec-WebSocket-Key\") finds it (in the map itself, Go spells it Sec-Websocket-Key)"
	case b64(sum(wstest.GUID + key)):
		return "the GUID comes behind the key, not in front of it"
	case b64(sum(string(raw) + wstest.GUID)):
		return "the key was decoded: it is hashed as the text that came"
	case b64(sum(key + strings.ToLower(wstest.GUID))):
		return "the GUID is in upper case"
	case b64([]byte(key + wstest.GUID)):
		return "the hash is missing: base64 of SHA-1 of key and GUID"
	}
	if err != nil || len(decoded) != sha1.Size {
		return fmt.Sprintf("that is not 20 bytes in base64: it is base64.StdEncoding of sha1.Sum, and so %d characters", len(wstest.Accept(key)))
	}
	return "the accept value is for another key, or the GUID has a typo: compare it with the lesson's letter by letter"
}

// causeOfNoHistory explains that no whole frame came.
func causeOfNoHistory(c *client, f wstest.Frame, err error) string {
	switch {
	case slices.ContainsFunc(c.came, func(line string) bool { return strings.HasPrefix(line, "= p") && strings.Contains(line, `: {"msg"`) }):
		return "the history came in a frame of another opcode: it goes out as text, opcode 1"
	case len(f.Raw) > 0:
		rest, _ := c.in.Peek(c.in.Buffered())
		return causeOfFrame(f, rest)
	case err == errQuiet && c.p.pushed:
		return "earlier connections got the history, this one does not: does something wait for a lock that it holds itself? A function that locks must not call another that takes the same lock"
	case err == errQuiet:
		return "the handshake is done and no frame came: is the history written to the connection straight after the 101 (and flushed)?"
	}
	return "the server closes the connection after the handshake: is there a deferred Close in the handler?"
}

// causeOfBadJSON explains a payload that is not JSON.
func causeOfBadJSON(f wstest.Frame, err error) string {
	switch {
	case len(f.Payload) == 0:
		return "the frame is empty: append the payload behind the header"
	case f.Payload[0] == '[':
		return `the list has to be inside an object: {"msg":[…]}`
	case f.Payload[0] == '{' && strings.Contains(err.Error(), "unexpected end"):
		return "the JSON stops too early: the length in the header is less than that of the payload"
	case f.Payload[0] != '{' && bytes.IndexByte(f.Payload, '{') > 0:
		return "the JSON does not begin where the header ends: the length takes 1, 1+2 or 1+8 bytes, and there is no masking key"
	}
	return "the payload is not JSON: json.Marshal makes it (" + err.Error() + ")"
}

// causeOfFrame explains what is wrong with a server's text frame, given the bytes that
// came behind it, or returns "". It finds out by looking for the JSON in them.
func causeOfFrame(f wstest.Frame, rest []byte) string {
	all := append(append([]byte(nil), f.Raw...), rest...)
	begin := bytes.Index(all, []byte(`{"`))
	var value json.RawMessage
	if begin >= 0 {
		json.NewDecoder(bytes.NewReader(all[begin:])).Decode(&value)
	}
	size := len(value) // 0 if it is no JSON
	for size > 0 && size < int(f.Length) && begin+size < len(all) && strings.ContainsRune(" \t\r\n", rune(all[begin+size])) {
		size++ // json.NewEncoder, for one, ends with a newline
	}
	head := 2 + f.Form/8 // bytes of the header: 7 bits are in the second
	switch {
	case len(all) < 2:
		return "a frame begins with two bytes at least"
	case begin == 0:
		return "the JSON was sent without a frame: first byte 81, then the length, then the payload"
	case size > 125 && begin == 2:
		return "length 126 and above needs the 16-bit form: 7e (126), then the length in two bytes"
	case f.Masked:
		return "the mask bit is set: a server never masks, and sends no masking key"
	case f.Form > 7 && begin == head && size>>f.Form == 0 && f.Length == bits.ReverseBytes64(uint64(size))>>(64-f.Form) && int(f.Length) != size:
		return fmt.Sprintf("the %d-bit length is little-endian: the network's order is big-endian, binary.BigEndian", f.Form)
	case size > 0xFFFF && begin == 4:
		return "length 65,536 and above needs the 64-bit form: 7f (127), then the length in eight bytes"
	case size > 0 && begin > head:
		return "there is something between the header and the payload: a server's frame has no masking key"
	case size > 0 && int(f.Length) == utf8.RuneCount(all[begin:begin+size]) && int(f.Length) != size:
		return "the length counts characters: it has to count bytes"
	case size > 0 && f.Length != uint64(size):
		return fmt.Sprintf("the header says length %d, and the payload has %d bytes", f.Length, size)
	}
	return causeOfFields(f, rest)
}

// causeOfFields explains what is wrong with a frame whose length and payload agree.
func causeOfFields(f wstest.Frame, rest []byte) string {
	switch {
	case f.Length > uint64(len(f.Payload)):
		return fmt.Sprintf("the header announces %d bytes of payload, and %d came", f.Length, len(f.Payload))
	case !f.Fin && f.Opcode == wstest.Text:
		return "the FIN bit is 0, which says that more fragments follow: the first byte is 80 + 1"
	case f.Opcode == wstest.Continuation:
		return "the opcode is missing from the first byte: 80 (FIN) + 1 (text)"
	case f.Opcode == wstest.Binary:
		return "opcode 2 is binary, and the page wants text: opcode 1"
	case f.RSV != 0 || f.Opcode != wstest.Text:
		return "the first byte has to be 81: 80 (FIN) + 1 (text), and no reserved bit"
	case f.Form > wstest.ShortestForm(f.Length):
		return "the length has a shorter form: up to 125 in 7 bits, up to 65,535 in 16, and 64 bits beyond"
	case len(rest) > 0 && rest[0]&0x70 != 0:
		return "there are bytes behind the frame that are no frame: is the length that of the payload in bytes?"
	}
	return ""
}
