// What a wire has seen, by server and connection, in order. It does not depend on a page.
//
// An event is one line of /events: { server, conn, from, kind, time, hex, length } and, for a frame,
// fin, opcode, masked and payload; for an end, how.

export const maxEvents = 2000; // per server: the wire keeps no more either

// A WireRecord keeps events, oldest first, and calls onAdd with an entry for each. An entry is an event
// and its place: { event, connection, request, answered, removed }. request is the head of the
// handshake request that a response answers. answered is the head of the last response before. removed
// is true once newer events have replaced it.
export class WireRecord {
  servers = new Map(); // by name: { name, url, connections, entries, counts }
  onAdd = () => {};

  addServer({ name, url }) {
    const server = { name: String(name), url, connections: new Map(), entries: [], counts: { websocket: 0, page: 0 } };
    this.servers.set(server.name, server);
    return server;
  }

  // add throws if it is not an event.
  add(event) {
    if (!isEvent(event)) throw new Error("this is not an event");
    const head = isHead(event) ? textOf(event) : "";
    const server = this.servers.get(String(event.server)) ?? this.addServer({ name: event.server });
    const connection = server.connections.get(event.conn) ?? addConnection(server, event.conn);
    const entry = { event, connection, answered: connection.answered, removed: false };
    if (event.kind === "request") {
      connection.asked = true;
      if (isHandshake(event)) connection.request = head;
    }
    const isHTTP = connection.asked || event.kind === "end";
    if (isHandshake(event) || event.kind === "frame" || !isHTTP) promote(connection);
    if (event.kind === "response") {
      [entry.request, connection.request, connection.answered] = [connection.request, undefined, head];
    }
    connection.entries++;
    server.entries.push(entry);
    this.onAdd(entry);
    if (server.entries.length > maxEvents) this.#remove(server);
  }

  #remove(server) {
    const entry = server.entries.shift();
    const { connection } = entry;
    entry.removed = true;
    connection.entries--;
    if (connection.entries === 0) server.connections.delete(connection.conn);
  }

  // clear forgets everything but the servers.
  clear() {
    for (const server of this.servers.values()) {
      server.connections.clear();
      server.entries = [];
      server.counts = { websocket: 0, page: 0 };
    }
  }

  // recording returns what add needs to build the same record again, with or without page loads.
  recording({ pages = true } = {}) {
    const servers = [...this.servers.values()];
    const entries = servers.flatMap((server) => server.entries).filter(({ connection }) => pages || connection.isWebSocket);
    const events = entries.map(({ event }) => event).sort((a, b) => a.time - b.time);
    return { servers: servers.map(({ name }) => ({ name })), events };
  }
}

// A connection has a number among those of its kind, since a server's first connection to be seen
// should be 1. The wire's own numbers (conn) count page loads as well.
function addConnection(server, conn) {
  const number = ++server.counts.page; // until it turns out to be a WebSocket
  const connection = { server, conn, number, isWebSocket: false, asked: false, answered: "", entries: 0 };
  server.connections.set(conn, connection);
  return connection;
}

// promote makes a connection visible: it is a WebSocket, or carries bytes that are not HTTP.
export function promote(connection) {
  if (connection.isWebSocket) return;
  const { counts } = connection.server;
  connection.isWebSocket = true;
  if (connection.number === counts.page) counts.page--;
  connection.number = ++counts.websocket;
}

export const nameOf = ({ isWebSocket, number }) => `${isWebSocket ? "Connection" : "Page load"} ${number}`;

// isEvent reports whether an event is complete enough to show.
export const isEvent = (e) => typeof e?.hex === "string" && (e.kind !== "frame" || typeof e.payload === "string");

const isHead = ({ kind }) => kind === "request" || kind === "response";

export function isHandshake(event) {
  return event.kind === "request" && /\bwebsocket\b/i.test(field(textOf(event), "Upgrade"));
}

// upgrades reports whether a response's head switches to WebSocket.
export const upgrades = (head) => /^HTTP\/\S+ 101\b/.test(head);

// field returns the values of a header field in a head, separated by commas.
export function field(head, name) {
  return head.split(/\r?\n/).slice(1).map((line) => /^([^:]+):\s*(.*?)\s*$/.exec(line))
    .filter((m) => m?.[1].toLowerCase() === name.toLowerCase()).map((m) => m[2]).join(", ");
}

export function fromHex(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export const decodeText = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
export const bytesOf = (event) => fromHex(event.hex);
export const textOf = (event) => decodeText(bytesOf(event));
