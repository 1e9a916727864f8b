package rules

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"websocket-workshop/steps/tools/wstest"
)

// causeOfNo101 explains an answer to a good handshake that is not 101, or not whole.
func causeOfNo101(a wstest.Answer, end Kind) string {
	switch {
	case a.Head == "" && end == TimedOut:
		return "nothing came: is the answer written to the hijacked connection (and flushed, where a bufio.Writer keeps it)?"
	case a.Head == "":
		return "the server hung up without an answer: write the answer first, and do not close the connection"
	case end == TimedOut && !strings.Contains(a.Head, "\r\n"):
		return `lines end with \r\n, and an empty line ends the header`
	case end != "":
		return `the blank line that ends the header is missing, or was not sent: one more \r\n`
	}
	switch a.Status {
	case 0:
		return "the answer has to begin with HTTP/1.1 101 Switching Protocols"
	case 200:
		if a.Get("Sec-WebSocket-Accept") != "" {
			return "the status line has to be HTTP/1.1 101 Switching Protocols"
		}
		return "the page came instead: requests with an Upgrade header are for the upgrade handler"
	case 301, 307, 404:
		return "an upgrade is taken at one path only, or a ServeMux redirects: look at the header, before any path"
	case 500:
		return "Hijack failed: is the w it is given that of net/http, and nothing written to it before?"
	case 501:
		return "the 501 of step 1 still answers: now comes the handshake"
	}
	return "a good handshake is refused: which check is too strict? The sentence that came may say"
}

// causeOfAccept explains a wrong accept value by computing those of the usual mistakes.
func causeOfAccept(key, got string) string {
	sum := func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }
	b64 := base64.StdEncoding.EncodeToString
	right := sum(key + wstest.GUID)
	decoded, _ := base64.StdEncoding.DecodeString(key)
	for _, m := range []struct{ value, cause string }{
		{"", "the field Sec-WebSocket-Accept is missing"},
		{key, "the key itself came back: append the GUID, hash, then base64"},
		{wstest.Accept(wstest.SampleKey), "that is the accept value of the RFC's example: compute it from the request's key"},
		{hex.EncodeToString(right), "the hash is right, but in hex: the accept value is its 20 bytes in base64"},
		{b64([]byte(hex.EncodeToString(right))), "base64 of the hash in hex: give base64 the 20 bytes of the hash themselves"},
		{base64.URLEncoding.EncodeToString(right), "the hash is right, but in another base64: base64.StdEncoding is meant"},
		{base64.RawStdEncoding.EncodeToString(right), "the hash is right, but in another base64: base64.StdEncoding is meant"},
		{b64(sum(key)), "the GUID is missing from what is hashed: sha1.Sum([]byte(key + guid))"},
		{b64(append(sum(key), wstest.GUID...)), "the GUID is missing from what is hashed: sha1.Sum([]byte(key + guid))"},
		{b64(sum(wstest.GUID)), `the key is missing from what is hashed: r.Header.Get("Sec-WebSocket-Key") finds it`},
		{b64(sum(wstest.GUID + key)), "the GUID comes after the key, not before it"},
		{b64(sum(string(decoded) + wstest.GUID)), "the key was decoded: it is hashed as the text that came"},
		{b64(sum(key + strings.ToLower(wstest.GUID))), "the GUID is in upper case"},
		{b64([]byte(key + wstest.GUID)), "the hash is missing: base64 of SHA-1 of key and GUID"},
	} {
		if got == m.value {
			return m.cause
		}
	}
	if hash, err := base64.StdEncoding.DecodeString(got); err != nil || len(hash) != sha1.Size {
		return "that is not 20 bytes in base64: base64.StdEncoding of the 20 bytes of sha1.Sum"
	}
	return "the hash is of something else than the key and the GUID: compare the GUID with the lesson's letter by letter"
}

// causeOfFrame says what is wrong with a server's text frame, given all bytes from its first on, or returns "". It
// looks for the JSON in them, and so knows what the header should be.
func causeOfFrame(all []byte) string {
	begin := bytes.Index(all, []byte(`{"`))
	var value json.RawMessage
	if begin < 0 || json.NewDecoder(bytes.NewReader(all[begin:])).Decode(&value) != nil {
		if f, _ := wstest.Read(bytes.NewReader(all)); f.Masked && json.Valid(f.Payload) {
			return "the frame is masked: a server never masks, and sends no masking key"
		}
		return ""
	}
	size := len(value)
	f, header := wstest.ParseHeader(all)
	for header == begin && uint64(size) < f.Length && begin+size < len(all) && strings.IndexByte(" \t\r\n", all[begin+size]) >= 0 {
		size++ // json.NewEncoder, for one, ends with a newline
	}
	head, rest := all[:begin], all[begin+size:]
	want := wstest.Frame{Fin: true, Opcode: wstest.Text, Payload: all[begin : begin+size]}.Bytes()
	want = want[:len(want)-size]
	should := fmt.Sprintf("before a payload of %d bytes comes % x, and here it is % x", size, want, head)
	switch {
	case bytes.Equal(head, want) && len(rest) > 0 && rest[0]&0xF0 != 0x80:
		return fmt.Sprintf("after the frame comes %q: a frame ends with its payload", rest[:min(8, len(rest))])
	case bytes.Equal(head, want):
		return ""
	case len(head) == 0:
		return "the JSON was sent without a frame: first its header, then the payload"
	case bytes.HasSuffix(head, want):
		return "something stands before the header: " + should
	case bytes.HasPrefix(head, want):
		return "something stands between the header and the payload: " + should + ". A server sends no masking key"
	case len(head) < 2:
		return "the header has two bytes at least: " + should
	}
	return wrongHeader(head, want, all[begin:begin+size]) + should
}

// wrongHeader says which part of a frame's header is not what it should be.
func wrongHeader(head, want, payload []byte) string {
	reversed := bytes.Clone(want)
	for i := range reversed[2:] {
		reversed[2+i] = want[len(want)-1-i]
	}
	switch size := len(payload); {
	case head[0] != want[0]:
		return "the first byte is 80 (FIN) plus the opcode, 1 for text: "
	case head[1] == want[1]|0x80:
		return "the mask bit is set, and a server never masks: "
	case len(want) > 2 && bytes.Equal(head, reversed):
		return "the length is little-endian, and the network's order is big-endian: "
	case len(want) == 4 && len(head) == 2:
		return "a length of 126 and more takes the byte 7e (126) and two more: "
	case len(want) == 10 && len(head) == 4:
		return "a length of 65,536 and more takes the byte 7f (127) and eight more: "
	case len(head) > len(want):
		return "the length is in the shortest of three forms: up to 125 in 7 bits, up to 65,535 in 16, and 64 bits beyond: "
	case bits.Len8(head[1]) > 0 && int(head[1]) == utf8.RuneCount(payload) && int(head[1]) != size:
		return "the length counts characters, and not bytes: "
	}
	return "the length is wrong: "
}

// causeOfTime explains a time that is not now in milliseconds, or returns "".
func causeOfTime(got string, now time.Time) string {
	n, err := strconv.ParseFloat(got, 64)
	near := func(want int64) bool { return n > 0.99*float64(want) && n < 1.01*float64(want) }
	ms := float64(now.UnixMilli())
	switch {
	case err == nil && n > ms-60_000 && n < ms+60_000:
		return ""
	case err != nil:
		return cmp.Or(map[bool]string{true: `the field "time" is missing`}[got == ""], "the time is not a number: time.Now().UnixMilli()")
	case near(now.Unix()):
		return "the time is in seconds: time.Now().UnixMilli()"
	case near(now.UnixMicro()), near(now.UnixNano()):
		return "the time is finer than milliseconds: time.Now().UnixMilli()"
	}
	return "the time is not now: the server sets it with time.Now().UnixMilli() when a message comes"
}
