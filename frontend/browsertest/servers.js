// The workshop's servers as processes: built once, started on a free port, always stopped.
// And a stand-in, which does what they never would.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { encode, toHex, utf8 } from "../frame-codec.js";
import { leave } from "./browser.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["steps/01", "steps/02", "steps/03", "steps/04", "steps/05", "raw", "library"]; // steps/06 is raw

const running = new Set();
let bin;

export function build() {
  buildThese(...folders, "steps/tools/wire");
}

export function buildThese(...wanted) {
  bin = mkdtempSync(join(tmpdir(), "websocket-workshop-"));
  execFileSync("go", ["build", "-o", bin + "/", ...wanted.map((folder) => "./" + folder)], { cwd: root, stdio: "inherit" });
}

// copyWorkshop copies what an attendee has into folder, without anybody's work/.
export function copyWorkshop(folder) {
  for (const name of ["go.mod", "go.sum", "README.md", "Taskfile.yml", "frontend", "library", "raw", "steps"]) {
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: (path) => !/[\\/](node_modules|bench)$/.test(path) });
  }
}

export function cleanUp() {
  for (const child of running) child.kill("SIGKILL");
  if (bin) rmSync(bin, { recursive: true, force: true, maxRetries: 5 });
  bin = undefined;
}
process.on("exit", cleanUp);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

// start resolves once the server listens: with its url, its port, what it logs, and ways to stop it.
export async function start(t, folder, port = 0) {
  const server = run(t, folder.replace("steps/", ""), ["-addr", `localhost:${port}`]);
  [, server.url] = await server.logged(/listening on (http:\/\/\S+:\d+)/);
  server.port = new URL(server.url).port;
  return server;
}

// wire resolves once the wire stands in front of servers: with their urls, and the view's as its own.
export async function wire(t, ...servers) {
  const behind = servers.map(({ port }) => `localhost:${port}`);
  const wire = run(t, "wire", ["-addr", "localhost:0", "-addr2", "localhost:0", "-view", "localhost:0", ...behind]);
  [, wire.url] = await wire.logged(/the view +(http:\S+)/);
  wire.urls = [...wire.log.matchAll(/(http:\S+) +\(the server/g)].map(([, url]) => url);
  return wire;
}

// learn resolves once learn serves the page of the workshop in cwd: with its url.
export async function learn(t, cwd) {
  const learn = run(t, "learn", ["-addr", "localhost:0", "-view", "localhost:0"], cwd);
  [, learn.url] = await learn.logged(/open +(http:\S+)/);
  return learn;
}

function run(t, name, args, cwd = root) {
  const child = spawn(join(bin, name), args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  t.after(async () => {
    await leave(t);
    await stop(["learn", "wire"].includes(name) ? "SIGTERM" : "SIGKILL"); // these may have servers of its own to end
  });
  const exited = new Promise((resolve) => child.on("exit", (code) => {
    running.delete(child);
    resolve(code);
  }));
  const server = { log: "", logged, stop };
  const waiting = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      server.log += text;
      for (const look of waiting) look();
    });
  }

  // logged resolves to the match as soon as the log has one.
  function logged(pattern) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} did not log ${pattern}:\n${server.log}`)), 60_000);
      const look = () => {
        const match = pattern.exec(server.log);
        if (!match) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
    });
  }

  function stop(signal = "SIGTERM") {
    child.kill(signal);
    return exited;
  }

  return server;
}

const types = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8" };

// standIn serves the pages, and leaves each WebSocket to visited(socket, n), the nth from 0. While
// away is true it answers nobody. answers are handlers by path, for what is not a page.
export async function standIn(t, visited = () => {}, answers = {}) {
  const server = { away: false, sockets: [] };
  const http = createServer((request, response) => {
    if (server.away) return request.socket.destroy();
    const name = new URL(request.url, "http://page").pathname.slice(1) || "index.html";
    if (answers[name]) return answers[name](request, response);
    if (!/^[\w-]+\.(html|css|js)$/.test(name)) return response.writeHead(404).end();
    response.setHeader("Content-Type", types[extname(name)]);
    response.end(readFileSync(join(root, "frontend", name)));
  });
  const { sockets } = server;
  new WebSocketServer({ server: http, handleProtocols: () => "json" }).on("connection", (socket) => visited(socket, sockets.push(socket) - 1));
  await new Promise((resolve) => http.listen(0, "localhost", resolve));
  t.after(async () => {
    await leave(t);
    for (const socket of sockets) socket.terminate();
    http.closeAllConnections();
    http.close();
  });
  server.url = `http://localhost:${http.address().port}`;
  return server;
}

// standInWire serves the view of a wire that has one server, raw. streams are the open streams.
export async function standInWire(t) {
  const it = { run: "a", events: [], streams: new Set(), refusal: undefined, halves: [] };
  const line = (event, i) => `id: ${it.run}-${i + 1}\ndata: ${JSON.stringify(event)}\n\n`;
  const server = await standIn(t, undefined, {
    now: (_, response) => response.end(JSON.stringify({ run: it.run, servers: [{ name: "raw", url: "http://localhost:1", running: true }], rows: [], halves: it.halves })),
    events: (_, response) => {
      if (it.refusal) return response.writeHead(503).end(it.refusal);
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("retry: 100\n\n" + it.events.map(line).join(""));
      it.streams.add(response);
      response.on("close", () => it.streams.delete(response));
    },
  });
  // add records events, and sends them to who has a stream.
  it.add = (...events) => events.forEach((event) => {
    it.events.push(event);
    for (const stream of it.streams) stream.write(line(event, it.events.length - 1));
  });
  // drop ends all streams.
  it.drop = () => it.streams.forEach((stream) => stream.destroy());
  return Object.assign(it, { server, url: `${server.url}/wire.html` });
}

let clock = 1_700_000_000_000;

// said is the event of a frame from the server.
export function said(text, { conn = 1, from = "server" } = {}) {
  const hex = toHex(encode({ opcode: 1, payload: utf8(text) }));
  return { server: "raw", conn, from, kind: "frame", time: clock++, hex, length: hex.length / 2, fin: true, opcode: 1, masked: false, payload: toHex(utf8(text)) };
}
