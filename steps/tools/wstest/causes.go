package wstest

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// WrongAccept explains a wrong accept value by computing the results of common mistakes.
func WrongAccept(key, got string) string {
	const (
		otherBase64 = "the hash is right, but in a different base64: use base64.StdEncoding"
		noGUID      = "the GUID is missing from what is hashed: sha1.Sum([]byte(key + guid))"
	)
	sum := func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }
	b64 := base64.StdEncoding.EncodeToString
	right := sum(key + GUID)
	decoded, _ := base64.StdEncoding.DecodeString(key)
	for _, m := range []struct{ value, cause string }{
		{"", "the field Sec-WebSocket-Accept is missing"},
		{key, "the key itself came back: append the GUID, hash, then base64"},
		{Accept(SampleKey), "this is the accept value of the RFC's example: compute it from the request's key"},
		{hex.EncodeToString(right), "the hash is right, but in hex: the accept value is its 20 bytes in base64"},
		{b64([]byte(hex.EncodeToString(right))),
			"base64 of the hash in hex: give base64 the 20 bytes of the hash themselves"},
		{base64.URLEncoding.EncodeToString(right), otherBase64},
		{base64.RawStdEncoding.EncodeToString(right), otherBase64},
		{b64(sum(key)), noGUID},
		{b64(append(sum(key), GUID...)), noGUID},
		{b64(sum(GUID)), `the key is missing from what is hashed: r.Header.Get("Sec-WebSocket-Key") finds it`},
		{b64(sum(GUID + key)), "the GUID must come after the key, not before it"},
		{b64(sum(string(decoded) + GUID)), "the key was decoded: hash it as text, unchanged"},
		{b64(sum(key + strings.ToLower(GUID))), "the GUID must be in upper case"},
		{b64([]byte(key + GUID)), "the hash is missing: base64 of SHA-1 of key and GUID"},
	} {
		if got == m.value {
			return m.cause
		}
	}
	if hash, err := base64.StdEncoding.DecodeString(got); err != nil || len(hash) != sha1.Size {
		return "this is not 20 bytes in base64: use base64.StdEncoding on the 20 bytes of sha1.Sum"
	}
	return "the hash is of something else than the key and the GUID: " +
		"compare the GUID with the lesson's letter by letter"
}

// WrongText explains what is wrong with a server's text frame, given all bytes from its first on, or
// returns "". It looks for the JSON in them, and so knows what the header should be.
func WrongText(all []byte) string {
	begin := bytes.Index(all, []byte(`{"`))
	var value json.RawMessage
	if begin < 0 || json.NewDecoder(bytes.NewReader(all[begin:])).Decode(&value) != nil {
		if f, _ := Read(bytes.NewReader(all)); f.Masked && json.Valid(f.Payload) {
			return "the frame is masked: a server must not mask, nor send a masking key"
		}
		return ""
	}
	size := len(value)
	f, header := ParseHeader(all)
	isSpace := func(i int) bool { return i < len(all) && strings.IndexByte(" \t\r\n", all[i]) >= 0 }
	for header == begin && uint64(size) < f.Length && isSpace(begin+size) {
		size++ // json.NewEncoder, for one, ends with a newline
	}
	head, rest := all[:begin], all[begin+size:]
	want := Frame{Fin: true, Opcode: Text, Payload: all[begin : begin+size]}.Bytes()
	want = want[:len(want)-size]
	should := fmt.Sprintf("before a payload of %d bytes comes % x, but here it is % x", size, want, head)
	switch {
	case bytes.Equal(head, want) && len(rest) > 0 && rest[0]&0xF0 != 0x80:
		return fmt.Sprintf("after the frame comes %q: a frame ends with its payload", rest[:min(8, len(rest))])
	case bytes.Equal(head, want):
		return ""
	case len(head) == 0:
		return "the JSON was sent without a frame: first its header, then the payload"
	case bytes.HasSuffix(head, want):
		return "there is something before the header: " + should
	case bytes.HasPrefix(head, want):
		return "there is something between the header and the payload: " + should +
			". A server sends no masking key"
	case len(head) < 2:
		return "the header has at least two bytes: " + should
	}
	return wrongHeader(head, want, all[begin:begin+size]) + should
}

// wrongHeader explains which part of a frame's header is wrong.
func wrongHeader(head, want, payload []byte) string {
	reversed := bytes.Clone(want)
	for i := range reversed[2:] {
		reversed[2+i] = want[len(want)-1-i]
	}
	switch size := len(payload); {
	case head[0] != want[0]:
		return "the first byte must be 80 (FIN) plus the opcode, 1 for text: "
	case head[1] == want[1]|0x80:
		return "the mask bit is set, but a server must not mask: "
	case len(want) > 2 && bytes.Equal(head, reversed):
		return "the length is little-endian, but must be big-endian: "
	case len(want) == 4 && len(head) == 2:
		return "a length of 126 and more takes the byte 7e (126) and two more: "
	case len(want) == 10 && len(head) == 4:
		return "a length of 65,536 and more takes the byte 7f (127) and eight more: "
	case len(head) > len(want):
		return "the length is in the shortest of three forms: up to 125 in 7 bits, " +
			"up to 65,535 in 16, and 64 bits beyond: "
	case bits.Len8(head[1]) > 0 && int(head[1]) == utf8.RuneCount(payload) && int(head[1]) != size:
		return "the length counts characters, but must count bytes: "
	}
	return "the length is wrong: "
}
