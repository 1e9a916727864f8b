package rules

import (
	"fmt"
	"strings"
)

// RowBroken is the check's row for a message that is not whole.
const RowBroken = "a message that breaks off is not stored"

// Differences returns the cases that are the rows of the table in library/README.md, in its order. Those
// that no client's bytes can show have nothing to send: raw's TestSideBySide shows them.
func Differences() []Case {
	const form, cut, behind = "a length not in its shortest form", "a connection cut between two fragments",
		"more than it reads, after a close frame"
	bye, noPost := closeFrame(1000, ""), textFrame("not a post")
	half := textFrame(filler(MaxMessage / 2))
	half.Length = MaxMessage + 1
	return []Case{
		differ("close frame, 1002", "hangs up, no close frame",
			chat("5.1", "an unmasked frame", "close 1002",
				withoutMask(textFrame(hello))).library("hangs up")),
		differ("close frame, 1002", "accepted",
			chat("5.2", form, "close 1002", inForm(16, textFrame(PostBy(form,
				0)))).hangUp().library("a post, hangs up")),
		differ("close frame, 1007", "handed on: your code must check",
			chat("8.1", "text that is not UTF-8", "close 1007",
				textFrame("\xff")).answers().library("close 1007, close 1007")), // library/ checks
		differ("close frame, 1007", "sent back unchanged",
			chat("5.5.1", "a close reason that is not UTF-8", "close 1007",
				closeFrame(1000, "\xff")).library(`close 1000 "\xff"`)),
		differ("1009, from its header", "1009, once that much has come",
			chat("10.4", "a message over the limit", "close 1009", half).library("waits")),
		differ("the message is dropped", "what came is handed on as the whole message", inRow(RowBroken,
			"half a message is not a message: when reading fails, even with io.EOF, drop it",
			[]Leeway{{Anything, "5.4 has a message end with FIN: here the end of TCP also ends it", true}},
			chat("5.4", cut, "hangs up", firstPart(PostBy(cut,
				0))).hangUp().library("a post, hangs up"))...),
		differ("read and dropped, so its answer arrives", "TCP reset, which can destroy its answer",
			chat("7.1.1", behind, `close 1000 ""`, bye,
				binaryFrame(strings.Repeat("x", 1<<20))).library(`close 1000 "", resets`)),
		differ("ends the connection", "gets a second close frame",
			chat("5.5.1", "an answer to its own close frame", "close 1003",
				binaryFrame("not text")).answers().library("close 1003, close 1003")),
		differ("its code and its reason", "1006 in Chromium: a second close frame is an error there",
			chat("5.5.1", "what a page sees on a goodbye", "close 1007",
				noPost).answers().library("close 1007, close 1007")),
		differ("refused", "sent: your code must prevent it",
			Case{Section: "5.5.1", Name: "a message that is written after a close frame"}),

		differ("426, as the RFC has it", "400", inRow(RowVersion, "", anyVersion,
			request("4.4", "another protocol version", version,
				"Sec-WebSocket-Version: 8").library(libraryVersion))...),
		differ("426", "only the first is read", inRow(RowVersion, "", anyVersion,
			request("11.3.5", "version 13 twice", version,
				"+Sec-WebSocket-Version: 13").library(upgrades))...),
		differ("400", "426", inRow(RowHTTP, "", anyHTTP,
			request("4.2.1", "HTTP/1.0", "400", "GET / HTTP/1.0").library("426 without Upgrade"))...),
		differ("400", "426", inRow(RowConnection, "", anyRefusal,
			request("4.2.1", "Connection without upgrade", "400",
				"Connection: keep-alive").library("426"))...),
		differ("400", "101: the body is read and dropped",
			inRow(RowHTTP, "", anyBody, Case{Section: "4.1", Name: "a body with the handshake", Step: 2,
				Chat:    true,
				Changes: []string{"Content-Length: 16"}, Body: noPost.Bytes(), Send: list(bye), Want: "400",
				Library: `close 1000 ""`})...), // not 1007
		differ("403", "mistaken for none, so let in", inRow(RowOrigin, "", anyOrigin,
			request("10.2", "an empty Origin", "403", "Origin:").library(upgrades))...),
		differ("X-Forwarded-Host counts, too", "403, until your code passes on the old one",
			inRow(RowForwarded, "", anyOrigin, // as library/ does
				request("10.2", "a host that a proxy has changed", upgrades, "Origin: http://chat.example",
					"X-Forwarded-Host: chat.example"))...),
		differ("403", "only the first is checked", inRow(RowOrigin, "", anyOrigin,
			request("10.2", "two Origins, one of them foreign", "403", "Origin: http://HOST",
				"+Origin: http://evil.example").library(upgrades))...),
		differ("no: an offer is declined", "yes, as an option", // which library/ does not take
			request("9.1", "compression (RFC 7692)", upgrades,
				"Sec-WebSocket-Extensions: permessage-deflate")),

		differ("no, but any client can talk to it", "Dial, through HTTP proxies and TLS too",
			Case{Name: "a client side"}),
		differ("no: one slice each", "Reader and Writer",
			Case{Name: "messages as streams, without holding them whole"}),
		differ(Seconds(WriteTime)+", the same for all writes", "a context for each call",
			Case{Name: "time limits"}),
		differ("a ping every "+Seconds(PingTime)+"; any frame is a sign of life",
			"Ping, which you call: only its pong counts", Case{Name: "a heartbeat"}),
		differ("one frame of any length",
			"its Dial reads "+Number(DialLimit)+" bytes, unless told otherwise: 1009",
			Case{Name: fmt.Sprintf("%d long posts, for a client", HistorySize)}),
	}
}

// differ returns the one case as a row of the README's table, with its words for raw and library.
func differ(raw, library string, only ...Case) Case {
	c := only[0]
	c.Cells = Cells{raw, library}
	return c
}
