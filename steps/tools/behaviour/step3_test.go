package behaviour

import (
	"strings"
	"testing"
)

// TestHexTokens: a dump may have any layout.
func TestHexTokens(t *testing.T) {
	want := []byte{0x81, 0x9d, 0x00, 0x0a, 0xfe, 0x7b, 0x22, 0x81, 0x33, 0x10, 0xab, 0xcd, 0x01, 0x02, 0x03,
		0x04, 0x05}
	for _, dump := range []string{
		"2026/01/02 15:04:05 received 81 9d 00 0a fe 7b 22 81 33 10 ab cd 01 02 03 04 05",
		"819D000AFE7B22813310ABCD0102030405",
		"[0x81 0x9d 0x0 0xa 0xfe 0x7b 0x22 0x81 0x33 0x10 0xab 0xcd 0x1 0x2 0x3 0x4 0x5]",
		`81:9d:00:0a:fe:7b:22:81:33:10:ab:cd:01:02:03:04:05`,
		"00000000  81 9d 00 0a fe 7b 22 81  33 10 ab cd 01 02 03 04  |.....{\".3.......|\n00000010  05  |.|",
		"first 819d\nthen 000afe7b228133\n10abcd0102030405",
	} {
		if !inOrder(hexTokens(strings.Split(dump, "\n")), want) {
			t.Errorf("not found in %q", dump)
		}
	}
	for _, dump := range []string{"[129 157 0 10 254 123 34 129 51 16 171 205 1 2 3 4 5]",
		"819d000afe7b2281", ""} {
		if inOrder(hexTokens(strings.Split(dump, "\n")), want) {
			t.Errorf("found in %q", dump)
		}
	}
}
