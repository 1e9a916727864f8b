package main

import (
	"errors"
	"strings"
	"testing"
)

// readHeader refuses these headers (sections 5.1, 5.2 and 5.5).
func TestReadHeaderRefuses(t *testing.T) {
	for _, row := range []struct{ in, why string }{
		{"\x81\x05\x01\x02\x03\x04", "the frame is not masked"},
		{"\x88\x00\x01\x02\x03\x04", "the frame is not masked"},
		{"\x08\x80\x01\x02\x03\x04", "a close frame is in fragments"},
		{"\x09\x80\x01\x02\x03\x04", "a ping is in fragments"},
		{"\x89\xfe\x00\x7e\x01\x02\x03\x04", "a ping is over 125 bytes"},
		{"\x88\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04", "a close frame is over 125 bytes"},
	} {
		if _, err := readHeader(strings.NewReader(row.in)); err == nil {
			t.Errorf("readHeader(% x): no error, want one: %s", row.in, row.why)
		}
	}
}

// The bits between FIN and the opcode are reserved: they belong to neither.
func TestReadHeaderReserved(t *testing.T) {
	h, err := readHeader(strings.NewReader("\xf1\x80\x01\x02\x03\x04"))
	if err == nil && h.op != 1 {
		t.Errorf("readHeader(f1 80 01 02 03 04): opcode is %d, want 1: it is in the low four bits", h.op)
	}
}

// From step 6 on there are more rules, and the error has the code that the connection ends with.
func TestReadHeaderRefuses6(t *testing.T) {
	for _, row := range []struct{ in, why string }{
		{"\x81\x05\x01\x02\x03\x04", "the frame is not masked"},
		{"\x08\x80\x01\x02\x03\x04", "a close frame is in fragments"},
		{"\x89\xfe\x00\x7e\x01\x02\x03\x04", "a ping is over 125 bytes"},
		{"\xc1\x80\x01\x02\x03\x04", "RSV1 is set"},
		{"\xa1\x80\x01\x02\x03\x04", "RSV2 is set"},
		{"\x91\x80\x01\x02\x03\x04", "RSV3 is set"},
		{"\x83\x80\x01\x02\x03\x04", "opcode 3 has no meaning"},
		{"\x87\x80\x01\x02\x03\x04", "opcode 7 has no meaning"},
		{"\x8b\x80\x01\x02\x03\x04", "opcode b has no meaning"},
		{"\x8f\x80\x01\x02\x03\x04", "opcode f has no meaning"},
		{"\x81\xfe\x00\x7d\x01\x02\x03\x04", "125 fits into 7 bits"},
		{"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x7e\x01\x02\x03\x04", "126 fits into 16 bits"},
		{"\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04", "65535 fits into 16 bits"},
	} {
		_, err := readHeader(strings.NewReader(row.in))
		if why := (closeError{}); !errors.As(err, &why) || why.Code != 1002 {
			t.Errorf("readHeader(% x): error %v, want a closeError with 1002: %s", row.in, err, row.why)
		}
	}
}
