package wstest

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestWrongAccept: WrongAccept distinguishes common mistakes.
func TestWrongAccept(t *testing.T) {
	const key = "dGhlIHNhbXBsZSBub25jZQ==" // of the RFC's example
	sum := func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }
	b64 := base64.StdEncoding.EncodeToString
	for _, test := range []struct{ got, cause string }{
		{"", "missing"},
		{key, "key itself"},
		{hex.EncodeToString(sum(key + GUID)), "in hex"},
		{b64([]byte(hex.EncodeToString(sum(key + GUID)))), "hash in hex"},
		{b64(sum(key)), "GUID is missing"},
		{b64(sum(GUID)), "key is missing"},
		{b64(sum(GUID + key)), "after the key"},
		{b64(sum("the sample nonce" + GUID)), "was decoded"},
		{b64(sum(key + strings.ToLower(GUID))), "upper case"},
		{b64([]byte(key + GUID)), "hash is missing"},
		{"hello", "not 20 bytes"},
		{b64(sum("another" + GUID)), "something else"},
		{b64(sum(key + strings.Replace(GUID, "5", "S", 1))), "letter by letter"},
	} {
		if cause := WrongAccept(key, test.got); !strings.Contains(cause, test.cause) {
			t.Errorf("accept value %q: %s; want something about: %s", test.got, cause, test.cause)
		}
	}
	if cause := WrongAccept("another key", Accept(key)); !strings.Contains(cause, "example") {
		t.Errorf("the value of the example: %s", cause)
	}
}

// TestWrongText: WrongText distinguishes common mistakes in a server's frame.
func TestWrongText(t *testing.T) {
	small := `{"msg":[{"user":"é","text":"hi","time":1}]}`
	medium := `{"msg":[{"user":"ann","text":"` + strings.Repeat("long ", 60) + `"}]}`
	large := `{"msg":[{"user":"ann","text":"` + strings.Repeat("long ", 20_000) + `"}]}`
	is16 := func(order binary.AppendByteOrder, n int) string {
		return string(order.AppendUint16([]byte{0x81, 126}, uint16(n)))
	}
	is64 := func(order binary.AppendByteOrder, n int) string {
		return string(order.AppendUint64([]byte{0x81, 127}, uint64(n)))
	}
	is7 := func(first byte, n int) string { return string([]byte{first, byte(n)}) }
	for _, test := range []struct{ sent, cause string }{
		{small, "without a frame"},
		{is16(binary.LittleEndian, len(medium)) + medium, "little-endian"},
		{is64(binary.LittleEndian, len(large)) + large, "little-endian"},
		{is7(0x81, len(small)) + "\x00\x00\x00\x00" + small, "between the header and the payload"},
		{is7(0x81, len(small)-5) + small, "the length is wrong"},
		{is7(0x81, len(small)+5) + small, "the length is wrong"},
		{is7(0x81, utf8.RuneCountInString(small)) + small, "counts characters"},
		{"\x00" + is7(0x81, len(small)) + small, "before the header"},
		{is7(0x81, 0x80|len(small)) + small, "mask bit"},
		{is7(0x01, len(small)) + small, "here it is 01"},
		{is7(0x81, len(medium)&0x7F) + medium, "takes the byte 7e"},
		{is16(binary.BigEndian, len(large)&0xFFFF) + large, "takes the byte 7f"},
		{is16(binary.BigEndian, len(small)) + small, "shortest"},
		{is7(0x81, len(small)) + small + "\n", "a frame ends with its payload"},
		{is7(0x81, len(small)) + small, ""},
		{is16(binary.BigEndian, len(medium)) + medium, ""},
		{is64(binary.BigEndian, len(large)) + large, ""},
	} {
		cause := WrongText([]byte(test.sent))
		if !strings.Contains(cause, test.cause) || test.cause == "" && cause != "" {
			t.Errorf("% x…: %q; want something about: %q", test.sent[:12], cause, test.cause)
		}
	}
}
