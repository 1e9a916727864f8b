// The record of the wire view, which knows no page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8, toHex } from "../frame-codec.js";
import { field, maxEvents, nameOf, WireRecord } from "../wire-record.js";

const head = (kind, conn, text) => ({ server: "raw", conn, from: kind === "request" ? "client" : "server", kind, time: 1, hex: toHex(utf8(text)), length: text.length });
const request = (conn, more = "") => head("request", conn, `GET / HTTP/1.1\r\nHost: h\r\n${more}\r\n`);
const handshake = (conn) => request(conn, "Connection: Upgrade\r\nUpgrade: WebSocket\r\n");
const frame = (conn, time = 1) => ({ server: "raw", conn, from: "server", kind: "frame", time, hex: "8100", length: 2, fin: true, opcode: 1, masked: false, payload: "" });

function recordOf(...events) {
  const record = new WireRecord();
  const entries = [];
  record.onAdd = (entry) => entries.push(entry);
  events.forEach((event) => record.add(event));
  return { record, entries };
}

test("the first connection that is shown is number 1, whatever pages were loaded before", () => {
  const { entries } = recordOf(request(1), request(2), handshake(3), request(4), handshake(5), handshake(4));
  assert.deepEqual(entries.map(({ connection }) => nameOf(connection)), ["Page load 1", "Page load 2", "Connection 1", "Connection 3", "Connection 2", "Connection 3"]);
  assert.deepEqual(entries.map(({ connection }) => connection.conn), [1, 2, 3, 4, 5, 4]);
});

test("an answer has the handshake that it answers, and other bytes the answer before them", () => {
  const other = { ...frame(1), kind: "other" };
  const { entries } = recordOf(other, handshake(1), head("response", 1, "HTTP/1.1 101 OK\r\n\r\n"), other, request(2), head("response", 2, "HTTP/1.1 200 OK\r\n\r\n"));
  assert.deepEqual(entries.map(({ request: text = "", answered }) => [field(text, "upgrade"), answered.slice(9, 12)]), [["", ""], ["", ""], ["WebSocket", ""], ["", "101"], ["", ""], ["", ""]]);
});

test("newer events take the place of the oldest, and connections without events are forgotten", () => {
  const { record, entries } = recordOf(handshake(1), ...Array.from({ length: maxEvents }, (_, i) => frame(2, i)));
  assert.deepEqual(entries.filter(({ removed }) => removed).map(({ event }) => event.kind), ["request"]);
  assert.deepEqual([...record.servers.get("raw").connections.keys()], [2]);
});

test("a recording gives the same record again", () => {
  const { record, entries } = recordOf(request(1), handshake(2), frame(2));
  const { servers, events } = JSON.parse(JSON.stringify(record.recording()));
  assert.deepEqual(servers, [{ name: "raw" }]);
  assert.deepEqual(record.recording({ pages: false }).events.map(({ conn }) => conn), [2, 2]);
  assert.deepEqual(recordOf(...events).entries.map(({ connection }) => nameOf(connection)), entries.map(({ connection }) => nameOf(connection)));
});

test("what is not an event throws and leaves the record as it was", () => {
  const { record } = recordOf(frame(1));
  for (const bad of [null, {}, { server: "raw", conn: 1, kind: "request" }]) assert.throws(() => record.add(bad));
  assert.equal(record.recording().events.length, 1);
});
