package rules

import "strings"

// Names of the check's rows for the opening handshake.
const (
	RowUpgrade       = "an upgrade to anything other than websocket is answered 400"
	RowLists         = "Connection and Upgrade are read as lists, in any case"
	RowMethod        = "a method other than GET is answered 405"
	RowHTTP          = "a handshake in HTTP/1.0 or with a body is answered 400"
	RowConnection    = "Connection without upgrade is answered 400"
	RowKey           = "a missing or wrong key is answered 400"
	RowVersion       = "a version other than 13 is answered 426, with the right one"
	RowJSON          = "the subprotocol json is named if it is offered"
	RowNoSubprotocol = "no subprotocol is named if json is not offered"
	RowNoExtension   = "no extension is named"
	RowOrigin        = "an Origin on another host is answered 403"
	RowOwnOrigin     = "the page's own Origin is welcome, and no Origin too"
	RowForwarded     = "an Origin on the host that a proxy forwards is welcome"
)

const (
	upgrades = "101"
	version  = "426 Sec-WebSocket-Version: 13"
	chosen   = "101 Sec-WebSocket-Protocol: " + Subprotocol
)

// What the RFC says of servers that answer a handshake differently.
var (
	anyRefusal     = []Leeway{{Refused, "4.2.1 leaves the status to the server", false}}
	anyBody        = append(anyRefusal, Leeway{upgrades, "4.1 asks for GET, which has no body, and not what to do about one", false})
	anyKey         = append(anyRefusal, Leeway{upgrades, "4.2.1 asks for a key of 16 bytes in base64", true})
	anyVersion     = []Leeway{{Refused, "4.4 leaves the status to the server (and asks for the field Sec-WebSocket-Version)", false}, {upgrades, "4.2.1 asks for version 13", true}}
	anyOrigin      = []Leeway{{Anything, "10.2 leaves it to the server which pages it trusts", false}}
	anySubprotocol = []Leeway{{upgrades, "11.3.4 lets the field come in several lines", true}}
)

// request returns a case of the opening handshake.
func request(section, name, want string, changes ...string) Case {
	return Case{Section: section, Name: name, Step: 2, Changes: changes, Want: want}
}

// handshakes are what a server reads in the request (sections 1.3, 4.1, 4.2.1, 4.4 and 11.3).
func handshakes() []Case {
	cases := []Case{
		// The example's Origin is another host than its Host, and to that a chat must object.
		request("1.3", "the example, with the Origin of the host it goes to", upgrades,
			"GET /chat HTTP/1.1", "Host: server.example.com", "Origin: http://server.example.com", "Sec-WebSocket-Protocol: chat, superchat"),
		request("1.3", "the example", "403",
			"GET /chat HTTP/1.1", "Host: server.example.com", "Origin: http://example.com", "Sec-WebSocket-Protocol: chat, superchat"),
		request("4.1", "any path", upgrades, "GET /a/b.html?c=d HTTP/1.1"),
		request("4.1", "fields the server does not know", upgrades, "Cookie: a=b", "X-Other: yes"),
		request("4.1", "names of fields in lower case", upgrades, "Upgrade", "upgrade: websocket", "Sec-WebSocket-Key", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="),
		request("4.2.1", "no Host", "400", "Host"),
		request("4.2.1", "two Hosts", "400", "+Host: elsewhere"),
		request("4.2.1", "Upgrade without a value", "400", "Upgrade:"),
		request("4.2.1", "no Connection", "400", "Connection").library("426"),
		request("4.4", "versions 13 and 8 in one field", version, "Sec-WebSocket-Version: 13, 8").library("400 Sec-WebSocket-Version: 13"),
		request("4.2.1", "a chunked body", "400", "+Transfer-Encoding: chunked\r\n\r\n0").library(upgrades),
	}
	add := func(row, hint string, leeway []Leeway, more ...Case) {
		cases = append(cases, inRow(row, hint, leeway, more...)...)
	}
	add(RowMethod, "such a request is let in: r.Method has to be GET", anyRefusal,
		request("4.1", "the method POST", "405 Allow: GET", "POST / HTTP/1.1", "+Content-Length: 0").library("405"),
		request("4.1", "a method that nobody knows", "405 Allow: GET", "get / HTTP/1.1").library("405"))
	add(RowLists, "the field is a list, as Firefox sends it: split it at commas, and compare without upper and lower case (strings.EqualFold)", nil,
		request("4.2.1", "Upgrade in another case", upgrades, "Upgrade: WebSocket"),
		request("4.2.1", "Upgrade with a choice", upgrades, "Upgrade: h2c, websocket"),
		request("4.2.1", "Upgrade in two fields", upgrades, "Upgrade: h2c", "+Upgrade: websocket"),
		request("4.2.1", "Connection as Firefox sends it", upgrades, "Connection: keep-alive, Upgrade"),
		request("4.2.1", "Connection in another case", upgrades, "Connection: UPGRADE"),
		request("4.2.1", "Connection in two fields", upgrades, "Connection: keep-alive", "+Connection: upgrade"),
		request("4.2.1", "Connection with odd spaces", upgrades, "Connection: keep-alive ,\tUpgrade ,"))
	add(RowConnection, "such a request is let in: one of the words in Connection has to be upgrade", anyRefusal,
		request("4.2.1", "Connection with something that begins like upgrade", "400", "Connection: keep-alive, upgraded").library("426"))
	upgrade := inRow(RowUpgrade, "compare the header Upgrade with websocket, and answer anything else with http.Error(w, …, 400)", anyRefusal,
		request("4.2.1", "Upgrade to h2c", "400", "Upgrade: h2c"),
		request("4.2.1", "Upgrade to something else", "400", "Upgrade: other"),
		request("4.2.1", "Upgrade to something that begins like websocket", "400", "Upgrade: websocket2"))
	for i := range upgrade {
		upgrade[i].Step = 1
	}
	return append(append(cases, upgrade...), keysAndVersions()...)
}

// keysAndVersions are wrong keys and versions (sections 4.2.1, 4.4 and 11.3).
func keysAndVersions() []Case {
	keys := inRow(RowKey, "such a key, or none, is let in: it has to be 16 bytes in base64", anyKey,
		request("4.2.1", "no key", "400", "Sec-WebSocket-Key"),
		request("4.2.1", "an empty key", "400", "Sec-WebSocket-Key:"),
		request("4.2.1", "a key of 5 letters", "400", "Sec-WebSocket-Key: hello"),
		request("4.2.1", "a key of 12 bytes", "400", "Sec-WebSocket-Key: ZGVmZ2hpamtsbW5vcHFy"),
		request("4.2.1", "a key of 15 bytes", "400", "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1"),
		request("4.2.1", "a key of 17 bytes", "400", "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Njc="),
		request("4.2.1", "a key of 31 bytes", "400", "Sec-WebSocket-Key: ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM="),
		request("4.2.1", "a key that is not base64", "400", "Sec-WebSocket-Key: not base64, not at all=="),
		request("4.2.1", "24 question marks for a key", "400", "Sec-WebSocket-Key: "+strings.Repeat("?", 24)),
		request("4.2.1", "a key without its padding", "400", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"),
		request("4.2.1", "a key and something after it", "400", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==x"),
		request("11.3.1", "two keys", "400", "+Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="),
		request("11.3.1", "two halves of a key", "400", "Sec-WebSocket-Key: dGhlIHNhbXBs", "+Sec-WebSocket-Key: ZSBub25jZQ=="))
	return append(keys, inRow(RowVersion, "such a version is let in: only 13 is spoken here", anyVersion,
		request("4.4", "no version", version, "Sec-WebSocket-Version").library("400 Sec-WebSocket-Version: 13"),
		request("4.4", "version 0", version, "Sec-WebSocket-Version: 0").library("400 Sec-WebSocket-Version: 13"),
		request("4.4", "version 14", version, "Sec-WebSocket-Version: 14").library("400 Sec-WebSocket-Version: 13"),
		request("4.4", "version 013", version, "Sec-WebSocket-Version: 013").library("400 Sec-WebSocket-Version: 13"),
		request("11.3.5", "two versions, the first of them right", version, "+Sec-WebSocket-Version: 8").library(upgrades))...)
}

// subprotocols are one of those offered, or none (sections 1.9 and 4.2.2); and extensions, none
// of which is agreed on unless the server names it (section 9.1).
func subprotocols() []Case {
	return append(append(
		inRow(RowJSON, "the subprotocol json was offered and is not named in the answer: the browser hangs up on that", anySubprotocol,
			request("4.2.2", "the subprotocol of the chat", chosen, "Sec-WebSocket-Protocol: json"),
			request("4.2.2", "a choice", chosen, "Sec-WebSocket-Protocol: chat,json , superchat"),
			request("4.2.2", "a choice in two fields", chosen, "Sec-WebSocket-Protocol: chat", "+Sec-WebSocket-Protocol: json")),
		inRow(RowNoSubprotocol, "json was not offered: name it only if the request does, else a browser hangs up", nil,
			request("4.2.2", "no subprotocol", upgrades, "Sec-WebSocket-Protocol"),
			request("4.2.2", "another subprotocol", upgrades, "Sec-WebSocket-Protocol: jsonp"),
			request("4.2.2", "subprotocols that look alike", upgrades, "Sec-WebSocket-Protocol: json2, xjson"),
			request("4.2.2", "a subprotocol without a name", upgrades, "Sec-WebSocket-Protocol:"))...),
		append(inRow(RowNoExtension, "an extension that is named is agreed on, and browsers will compress: the workshop asks for none", nil,
			request("9.1", "compression is offered", upgrades, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
			request("9.1", "an extension nobody knows", upgrades, "Sec-WebSocket-Extensions: x-unknown")),
			// The RFC compares names of subprotocols as they are; the library ignores upper and lower case.
			request("4.2.2", "the subprotocol in another case", upgrades, "Sec-WebSocket-Protocol: JSON").library("101 Sec-WebSocket-Protocol: JSON"))...)
}

// origins are pages on this and other hosts (section 10.2).
func origins() []Case {
	const foreign = "the field Origin is not compared with Host: any page could chat here in its visitor's name"
	const alike = "an Origin that only looks like this host is welcome: take the host out of it with url.Parse, and compare all of it, port and all, with the request's Host"
	cases := inRow(RowOrigin, foreign, anyOrigin,
		request("10.2", "another host", "403", "Origin: http://evil.example"),
		request("10.2", "null", "403", "Origin: null"),
		request("10.2", "an Origin that is not a URL", "403", "Origin: ://"),
		request("10.2", "a file", "403", "Origin: file://"))
	for _, like := range [][2]string{
		{"another port of localhost", "http://localhost:1"}, {"localhost without a port", "http://localhost"}, {"a port that begins the same", "http://HOST0"},
		{"a host that begins the same", "http://HOST.evil.example"}, {"a host that ends the same", "http://evilHOST"}, {"a host below this one", "http://evil.HOST"},
		{"this host in the path", "http://evil.example/HOST"}, {"this host in the query", "http://evil.example?HOST"},
		{"this host as a user's name", "http://HOST@evil.example"},
	} {
		cases = append(cases, inRow(RowOrigin, alike, anyOrigin, request("10.2", like[0], "403", "Origin: "+like[1]))...)
	}
	return append(cases, inRow(RowOwnOrigin,
		"only an Origin whose host is not the request's Host is refused, in upper or lower case; programs send none, and are welcome", anyOrigin,
		request("10.2", "the same host", upgrades, "Origin: http://HOST"),
		request("10.2", "the same host under https", upgrades, "Origin: https://HOST"),
		request("10.2", "the same host in another case", upgrades, "Host: Chat.Example", "Origin: https://chat.example"),
		request("10.2", "no Origin", upgrades, "Origin"))...)
}
