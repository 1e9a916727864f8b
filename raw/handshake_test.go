package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"websocket-workshop/steps/tools/wstest"
)

// A requestRow is a rule for the opening handshake.
type requestRow struct {
	section string
	rule    string
	changes []string // to a good request: see the function request

	// What is answered: the status, and the field that matters with it: for 101 the
	// subprotocol and the extensions if there are any, for 426 the version to try again
	// with, for 405 the method.
	want string

	library string // what the library answers, where that is something else
}

func with(changes ...string) []string { return changes }

var requests = []requestRow{
	// 1.3: the example. Its Origin is another host than its Host, and to that a chat must object.
	{"1.3", "the example, with the Origin of the host it goes to", with("GET /chat HTTP/1.1", "Host: server.example.com", "Origin: http://server.example.com", "Sec-WebSocket-Protocol: chat, superchat"), "101", ""},
	{"1.3", "the example", with("GET /chat HTTP/1.1", "Host: server.example.com", "Origin: http://example.com", "Sec-WebSocket-Protocol: chat, superchat"), "403", ""},

	// 4.1, 4.2.1: the request.
	{"4.1", "any path", with("GET /a/b.html?c=d HTTP/1.1"), "101", ""},
	{"4.1", "a method other than GET", with("POST / HTTP/1.1"), "405 Allow: GET", "405"},
	{"4.1", "no method known", with("get / HTTP/1.1"), "405 Allow: GET", "405"},
	{"4.1", "fields the server does not know", with("Cookie: a=b", "X-Other: yes"), "101", ""},
	{"4.1", "names of fields in lower case", with("Upgrade", "upgrade: websocket", "Sec-WebSocket-Key", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="), "101", ""},
	{"4.2.1", "HTTP/1.0", with("GET / HTTP/1.0"), "400", "426 without Upgrade"},
	{"4.2.1", "no Host", with("Host"), "400", ""},
	{"4.2.1", "two Hosts", with("+Host: elsewhere"), "400", ""},

	{"4.2.1", "Upgrade in another case", with("Upgrade: WebSocket"), "101", ""},
	{"4.2.1", "Upgrade with a choice", with("Upgrade: h2c, websocket"), "101", ""},
	{"4.2.1", "Upgrade in two fields", with("Upgrade: h2c", "+Upgrade: websocket"), "101", ""},
	{"4.2.1", "Upgrade to something else", with("Upgrade: h2c"), "400", ""},
	{"4.2.1", "Upgrade to something that begins so", with("Upgrade: websocket2"), "400", ""},
	{"4.2.1", "Upgrade without a value", with("Upgrade:"), "400", ""},

	{"4.2.1", "Connection as Firefox has it", with("Connection: keep-alive, Upgrade"), "101", ""},
	{"4.2.1", "Connection in another case", with("Connection: UPGRADE"), "101", ""},
	{"4.2.1", "Connection in two fields", with("Connection: keep-alive", "+Connection: upgrade"), "101", ""},
	{"4.2.1", "Connection with odd spaces", with("Connection: keep-alive ,\tUpgrade ,"), "101", ""},
	{"4.2.1", "no Connection", with("Connection"), "400", "426"},
	{"4.2.1", "Connection without upgrade", with("Connection: keep-alive"), "400", "426"},
	{"4.2.1", "Connection with something that begins so", with("Connection: upgraded"), "400", "426"},

	{"4.2.1", "no key", with("Sec-WebSocket-Key"), "400", ""},
	{"4.2.1", "an empty key", with("Sec-WebSocket-Key:"), "400", ""},
	{"4.2.1", "a key of 15 bytes", with("Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1"), "400", ""},
	{"4.2.1", "a key of 17 bytes", with("Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Njc="), "400", ""},
	{"4.2.1", "a key that is not base64", with("Sec-WebSocket-Key: not base64, not at all=="), "400", ""},
	{"4.2.1", "a key without its padding", with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"), "400", ""},
	{"4.2.1", "a key and something behind it", with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==x"), "400", ""},
	{"11.3.1", "two keys", with("+Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="), "400", ""},
	{"11.3.1", "two halves of a key", with("Sec-WebSocket-Key: dGhlIHNhbXBs", "+Sec-WebSocket-Key: ZSBub25jZQ=="), "400", ""},

	{"4.2.1", "a body", with("+Content-Length: 2\r\n"), "400", "101"},
	{"4.2.1", "a body without a length", with("+Transfer-Encoding: chunked\r\n\r\n0"), "400", "101"},

	{"11.3.5", "two versions, the first of them right", with("+Sec-WebSocket-Version: 8"), "426 Sec-WebSocket-Version: 13", "101"},
	{"4.4", "no version", with("Sec-WebSocket-Version"), "426 Sec-WebSocket-Version: 13", "400 Sec-WebSocket-Version: 13"},
	{"4.4", "version 8", with("Sec-WebSocket-Version: 8"), "426 Sec-WebSocket-Version: 13", "400 Sec-WebSocket-Version: 13"},
	{"4.4", "version 14", with("Sec-WebSocket-Version: 14"), "426 Sec-WebSocket-Version: 13", "400 Sec-WebSocket-Version: 13"},
	{"4.4", "version 013", with("Sec-WebSocket-Version: 013"), "426 Sec-WebSocket-Version: 13", "400 Sec-WebSocket-Version: 13"},
	{"4.4", "versions 13 and 8 in one field", with("Sec-WebSocket-Version: 13, 8"), "426 Sec-WebSocket-Version: 13", "400 Sec-WebSocket-Version: 13"},

	// 4.2.2, 1.9: one subprotocol of those that are offered, or none.
	{"4.2.2", "the subprotocol of the chat", with("Sec-WebSocket-Protocol: json"), "101 Sec-WebSocket-Protocol: json", ""},
	{"4.2.2", "a choice", with("Sec-WebSocket-Protocol: chat,json , superchat"), "101 Sec-WebSocket-Protocol: json", ""},
	{"4.2.2", "a choice in two fields", with("Sec-WebSocket-Protocol: chat", "+Sec-WebSocket-Protocol: json"), "101 Sec-WebSocket-Protocol: json", ""},
	{"4.2.2", "another subprotocol", with("Sec-WebSocket-Protocol: jsonp"), "101", ""},
	{"4.2.2", "the subprotocol in another case", with("Sec-WebSocket-Protocol: JSON"), "101", "101 Sec-WebSocket-Protocol: JSON"},
	{"4.2.2", "a subprotocol without a name", with("Sec-WebSocket-Protocol:"), "101", ""},

	// 9.1: an extension is agreed on only if the server says so.
	{"9.1", "compression is offered", with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), "101", ""},
	{"9.1", "an extension nobody knows", with("Sec-WebSocket-Extensions: x-unknown"), "101", ""},

	// 10.2: the Origin.
	{"10.2", "the same host", with("Origin: http://HOST"), "101", ""},
	{"10.2", "the same host, in another case and under https", with("Host: Chat.Example", "Origin: https://chat.example"), "101", ""},
	{"10.2", "another host", with("Origin: http://evil.example"), "403", ""},
	{"10.2", "another port", with("Host: chat.example:8080", "Origin: http://chat.example:8081"), "403", ""},
	{"10.2", "a host that ends the same", with("Host: chat.example", "Origin: http://evil-chat.example"), "403", ""},
	{"10.2", "a host that begins the same", with("Host: chat.example", "Origin: http://chat.example.evil"), "403", ""},
	{"10.2", "the host as a user's name", with("Host: chat.example", "Origin: http://chat.example@evil.example"), "403", ""},
	{"10.2", "null", with("Origin: null"), "403", ""},
	{"10.2", "an Origin that is no URL", with("Origin: ://"), "403", ""},
	{"10.2", "an Origin without a value", with("Origin:"), "403", "101"},
	{"10.2", "a good Origin and a bad one", with("Origin: http://HOST", "+Origin: http://evil.example"), "403", "101"},
	{"10.2", "a file", with("Origin: file://"), "403", ""},
}

// TestConformanceHandshake holds the rows against both servers as they are run.
func TestConformanceHandshake(t *testing.T) {
	t.Parallel()
	raw, library := start(t, self(t), "chat").addr, start(t, libraryBinary(t), "chat").addr
	t.Run("row", func(t *testing.T) {
		for _, r := range requests {
			t.Run(r.section+" "+r.rule, func(t *testing.T) {
				t.Parallel()
				if came := answer(raw, r.changes); came != r.want {
					t.Errorf("raw\n sent %q\n came %s\n want %s", request(raw, r.changes...), came, r.want)
				}
				if r.library == r.want {
					t.Error("the row says that the library does otherwise, and then the same")
				}
				if came, want := answer(library, r.changes), cmp.Or(r.library, r.want); came != want {
					t.Errorf("library\n sent %q\n came %s\n want %s", request(raw, r.changes...), came, want)
				}
			})
		}
	})
}

var sentence = regexp.MustCompile(`^[^\n]+\n?$`)

// answer says what a request is answered with.
func answer(addr string, changes []string) string {
	p, err := dial(addr)
	if err != nil {
		return err.Error()
	}
	defer p.TCP.Close()
	io.WriteString(p.TCP, request(addr, changes...))
	res, err := http.ReadResponse(p.In, nil)
	if err != nil {
		return err.Error()
	}
	said := fmt.Sprint(res.StatusCode)
	add := func(field string) {
		if v := res.Header.Values(field); v != nil {
			said += " " + field + ": " + strings.Join(v, " and ")
		}
	}
	switch res.StatusCode {
	case http.StatusSwitchingProtocols:
		for field, want := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade",
			"Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="} { // of section 1.3
			if res.Header.Get(field) != want {
				return fmt.Sprintf("%s: %q", field, res.Header.Values(field))
			}
		}
		add("Sec-WebSocket-Protocol")
		add("Sec-WebSocket-Extensions")
		return said
	case http.StatusUpgradeRequired:
		if res.Header.Get("Upgrade") == "" || !strings.EqualFold(res.Header.Get("Connection"), "upgrade") {
			said += " without Upgrade" // RFC 9110, sections 15.5.22 and 7.8
		}
	case http.StatusMethodNotAllowed:
		add("Allow")
	}
	if version := "Sec-WebSocket-Version: "; !strings.Contains(request(addr, changes...), version+"13\r\n") || strings.Contains(request(addr, changes...), version+"8") {
		add("Sec-WebSocket-Version")
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || !sentence.Match(body) || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		return fmt.Sprintf("%d with a body of %s that is no sentence: %q, %v", res.StatusCode, res.Header.Get("Content-Type"), body, err)
	}
	return said
}

// TestConformanceSecondTry: a client that was refused may try again on the same
// connection (4.4), and is then in the protocol.
func TestConformanceSecondTry(t *testing.T) {
	t.Parallel()
	addr := start(t, self(t), "chat").addr
	p, err := dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer p.TCP.Close()
	io.WriteString(p.TCP, request(addr, "Sec-WebSocket-Version: 8")+request(addr))
	for _, want := range []int{http.StatusUpgradeRequired, http.StatusSwitchingProtocols} {
		res, err := http.ReadResponse(p.In, nil)
		if err != nil || res.StatusCode != want {
			t.Fatalf("came %v, %v, want %d", res, err, want)
		}
		io.Copy(io.Discard, res.Body)
	}
	if f, err := p.next(); err != nil || f.Opcode != wstest.Text {
		t.Errorf("came %v, %v, want the history", f, err)
	}
}
