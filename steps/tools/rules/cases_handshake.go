package rules

import (
	"slices"
	"strings"

	"websocket-workshop/steps/tools/wstest"
)

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
	chosen   = "101 Sec-WebSocket-Protocol: " + Subprotocol

	version        = "426 Sec-WebSocket-Version: 13"
	libraryVersion = "400 Sec-WebSocket-Version: 13"
)

// What the RFC says about servers that answer a handshake differently.
var (
	anyRefusal = []Leeway{{Refused, "4.2.1 leaves the status to the server", false}}
	anyBody    = []Leeway{{Anything, "4.1 asks for GET, but leaves open what to do about a body", false}}
	anyHTTP    = append(slices.Clone(anyRefusal), Leeway{upgrades, "4.2.1 asks for at least HTTP/1.1", true})
	anyKey     = append(slices.Clone(anyRefusal),
		Leeway{upgrades, "4.2.1 asks for a key of 16 bytes in base64", true})
	anyVersion = []Leeway{{upgrades, "4.2.1 asks for version 13", true},
		{Refused, "4.4 leaves the status to the server (and asks for the field Sec-WebSocket-Version)",
			false}}
	anyOrigin      = []Leeway{{Anything, "10.2 leaves it to the server which pages it trusts", false}}
	anySubprotocol = []Leeway{{upgrades, "11.3.4 lets the field appear several times", true}}
)

// request returns a case of the opening handshake.
func request(section, name, want string, changes ...string) Case {
	return Case{Section: section, Name: name, Step: 2, Changes: changes, Want: want}
}

// field returns a case for each value of a field. The value "" omits the field, and | separates the values
// of a field that appears several times. library is what library/ answers instead, or "".
func field(section, want, library, name string, values ...string) (cases []Case) {
	for _, value := range values {
		c := request(section, name+": "+value, want, name+": "+value)
		c.Library = library
		if first, more, ok := strings.Cut(value, "|"); ok {
			c.Changes = []string{name + ": " + first, "+" + name + ": " + more}
		} else if value == "" {
			c.Name, c.Changes = "no "+name, []string{name}
		}
		cases = append(cases, c)
	}
	return cases
}

// handshakes are requests that a server must accept or refuse (sections 1.3, 4.1 and 4.2.1).
func handshakes() []Case {
	example := []string{"GET /chat HTTP/1.1", "Host: server.example.com",
		"Sec-WebSocket-Protocol: chat, superchat"}
	cases := []Case{
		// The example's Origin and Host name different hosts, which a chat must refuse.
		request("1.3", "the example", "403", append(example, "Origin: http://example.com")...),
		request("1.3", "the example, with the Origin of the host it goes to", upgrades,
			append(example, "Origin: http://server.example.com")...),
		request("4.1", "any path", upgrades, "GET /a/b.html?c=d HTTP/1.1"),
		request("4.1", "fields the server does not know", upgrades, "Cookie: a=b", "X-Other: yes"),
		request("4.1", "names of fields in lower case", upgrades,
			"Upgrade", "upgrade: websocket", "Sec-WebSocket-Key", "sec-websocket-key: "+wstest.SampleKey),
		request("4.2.1", "no Host", "400", "Host"),
		request("4.2.1", "two Hosts", "400", "+Host: elsewhere"),
		request("4.2.1", "Upgrade without a value", "400", "Upgrade:"),
		request("4.2.1", "no Connection", "400", "Connection").library("426"),
		request("4.2.1", "a chunked body", "400", "+Transfer-Encoding: chunked\r\n\r\n0").library(upgrades),
	}
	upgrade := inRow(RowUpgrade,
		"compare the header Upgrade with websocket, and answer anything else with "+
			"http.Error(w, …, 400)", anyRefusal, field("4.2.1", "400", "", "Upgrade", "h2c", "other",
			"websocket2")...)
	for i := range upgrade {
		upgrade[i].Step = 1
	}
	return slices.Concat(cases, upgrade, inRow(RowMethod,
		"such a request is accepted: r.Method must be GET", anyRefusal,
		request("4.1", "the method POST", "405 Allow: GET", "POST / HTTP/1.1",
			"+Content-Length: 0").library("405"),
		request("4.1", "a method that nobody knows", "405 Allow: GET", "get / HTTP/1.1").library("405")),
		inRow(RowLists, "the field is a list, as Firefox sends it: split it at commas, and ignore case when you "+
			"compare (strings.EqualFold)", nil, slices.Concat(
			field("4.2.1", upgrades, "", "Upgrade", "WebSocket", "h2c, websocket", "h2c|websocket"),
			field("4.2.1", upgrades, "", "Connection",
				"keep-alive, Upgrade", "UPGRADE", "keep-alive|upgrade", "keep-alive ,\tUpgrade ,"))...),
		inRow(RowConnection, "such a request is accepted: one of the words in Connection must be upgrade",
			anyRefusal,
			field("4.2.1", "400", "426", "Connection", "keep-alive, upgraded")...),
		inRow(RowKey, "such a key, or none, is accepted: it must be 16 bytes in base64", anyKey,
			slices.Concat(
				field("4.2.1", "400", "", "Sec-WebSocket-Key", "", "hello",
					"MTIzNDU2Nzg5MDEyMzQ1", "MTIzNDU2Nzg5MDEyMzQ1Njc=", // 15 and 17 bytes
					"ZGVmZ2hpamtsbW5vcHFy", "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=", // 12 and 31
					"not base64, not at all==", "????????????????????????",
					strings.TrimRight(wstest.SampleKey, "="), wstest.SampleKey+"x"),
				field("11.3.1", "400", "", "Sec-WebSocket-Key", // two keys, and two halves of one
					wstest.SampleKey+"|AQIDBAUGBwgJCgsMDQ4PEA==", "dGhlIHNhbXBs|ZSBub25jZQ=="),
				list(request("4.2.1", "an empty key", "400", "Sec-WebSocket-Key:")))...),
		inRow(RowVersion, "such a version is accepted: it must be 13", anyVersion, slices.Concat(
			field("4.4", version, libraryVersion, "Sec-WebSocket-Version", "", "0", "14", "013", "13, 8"),
			field("11.3.5", version, upgrades, "Sec-WebSocket-Version", "13|8"))...))
}

// subprotocols are offers of which the server chooses one or none (sections 1.9 and 4.2.2), and of
// extensions, which are in use only if the server names them (section 9.1).
func subprotocols() []Case {
	return slices.Concat(
		inRow(RowJSON, "the subprotocol json is offered but not named in the answer: then the browser hangs "+
			"up", anySubprotocol,
			field("4.2.2", chosen, "", "Sec-WebSocket-Protocol", "json", "chat,json , superchat",
				"chat|json")...),
		inRow(RowNoSubprotocol,
			"json was not offered: name it only if the request does, or a browser hangs up", nil,
			field("4.2.2", upgrades, "", "Sec-WebSocket-Protocol", "", "jsonp", "json2, xjson", ",")...),
		list(request("4.2.2", "an empty Sec-WebSocket-Protocol", upgrades, "Sec-WebSocket-Protocol:")),
		// The comparison is case-sensitive; the library's is not.
		field("4.2.2", upgrades, "101 Sec-WebSocket-Protocol: JSON", "Sec-WebSocket-Protocol", "JSON"),
		inRow(RowNoExtension,
			"naming an extension agrees to it, and browsers will then compress: the workshop "+
				"uses none", nil, field("9.1", upgrades, "", "Sec-WebSocket-Extensions",
				"permessage-deflate; client_max_window_bits", "x-unknown")...))
}

// origins are pages on this and other hosts (section 10.2).
func origins() []Case {
	return slices.Concat(
		inRow(RowOrigin, "Origin is not compared with Host: any page could chat here in its visitor's "+
			"name", anyOrigin, field("10.2", "403", "", "Origin", "http://evil.example", "null", "://",
			"file://")...),
		inRow(RowOrigin, "an Origin that only looks like this host is accepted: extract its host with "+
			"url.Parse, and compare all of it, including the port, with the request's Host", anyOrigin,
			field("10.2", "403", "", "Origin", "http://localhost:1", "http://localhost", "http://HOST0",
				"http://HOST.evil.example", "http://evilHOST", "http://evil.HOST",
				"http://evil.example/HOST",
				"http://evil.example?HOST", "http://HOST@evil.example")...),
		inRow(RowOwnOrigin, "refuse only an Origin whose host is not the request's Host, ignoring case; "+
			"programs send none, and must be accepted", anyOrigin,
			append(field("10.2", upgrades, "", "Origin", "", "http://HOST", "https://HOST"),
				request("10.2", "the host in another case", upgrades, "Host: Chat.Example",
					"Origin: https://chat.example"))...))
}
