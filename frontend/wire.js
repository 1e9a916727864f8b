// The view of the wire: a column a server, in it a ladder a connection, in that a rung for
// each head, frame and end. The events come from /events, or from a recording.

import { count, opcodes, toHex } from "./frame-codec.js";
import { parseBytes } from "./frame-parse.js";
import { closeCodeName, decodeAll } from "./frame-rules.js";
import { drawFrame } from "./frame-diagram.js";
import { el } from "./dom.js";

const maxEvents = 2000; // of a server, as the wire keeps them itself
const batch = 200; // events drawn at once, so that the page stays quick
const maxText = 200; // characters of a text in a rung
const maxChips = 14; // bytes of a payload in a rung
const maxLink = 32_000; // characters: longer addresses get lost on their way
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, section 1.3

const $ = (id) => document.getElementById(id);
const columns = new Map(); // of servers, by name
const waiting = []; // events that are not drawn yet
let events = []; // all that are drawn, in their order
let paused = false;
let live = false; // the events come from a wire
let selected; // the button of a rung

// --- events to rungs ---

function take(event) {
  waiting.push(event);
  if (waiting.length > 4 * maxEvents) waiting.shift();
  if (waiting.length === 1 && !paused) requestAnimationFrame(draw);
  if (paused) $("waits").textContent = `${waiting.length.toLocaleString("en")} wait`;
}

function draw() {
  if (paused) return;
  const now = waiting.splice(0, batch);
  for (const event of now) {
    try {
      add(event);
    } catch (error) { // in a recording there may be anything
      say(`an event cannot be shown: ${error.message}`);
    }
  }
  events.push(...now);
  if (events.length > 2 * maxEvents + batch) events = events.slice(-2 * maxEvents);
  toEnd();
  if (waiting.length > 0) requestAnimationFrame(draw);
  else requestAnimationFrame(() => requestAnimationFrame(toEnd)); // what comes into sight may be higher than was thought
}

// toEnd keeps the newest in sight, where nobody looks at what was before or at one rung.
function toEnd() {
  for (const { follows, scroller } of columns.values()) if (follows && !selected) scroller.scrollTop = 1e9;
}

function mayLeaveEnd(column) {
  const { scroller } = column;
  const leave = (event) => {
    const away = event.type === "wheel" ? event.deltaY < 0 : event.type !== "keydown" || /Up|Home/.test(event.key);
    if (away) column.follows = false;
  };
  for (const type of ["wheel", "touchmove", "keydown", "pointerdown"]) scroller.addEventListener(type, leave, { passive: true });
  scroller.addEventListener("scroll", () => { column.follows ||= scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 2; });
}

function add(event) {
  const column = columns.get(event.server) ?? addColumn({ name: String(event.server) });
  const ladder = column.ladders.get(event.conn) ?? addLadder(column, event.conn);
  if (event.kind === "request") ladder.asked = true;
  if (isHandshake(event) || event.kind === "frame" || (!ladder.asked && event.kind !== "end")) ladder.element.classList.remove("plain");
  const rung = addRung(ladder, event);
  column.rungs.push({ rung, ladder });
  column.stop ??= setStop(column, rung.querySelector("button"));
  if (column.rungs.length > maxEvents) forget(column);
  if (event.kind === "end") {
    ladder.ends.push(event);
    ladder.state.textContent = ladder.ends.length > 1 || event.how === "reset" ? `ended: ${ladder.ends.map(endShort).join(", ")}` : endShort(event);
  }
}

// forget removes the oldest rung of a column.
function forget(column) {
  const { rung, ladder } = column.rungs.shift();
  if (rung.contains(column.stop)) column.stop = setStop(column, column.rungs[0].rung.querySelector("button"));
  rung.remove();
  if (!ladder.rungs.firstElementChild) removeLadder(column, ladder);
}

function removeLadder(column, ladder) {
  ladder.element.remove();
  ladder.option.remove();
  column.ladders.delete(ladder.conn);
}

function addColumn({ name, url }) {
  const filter = el("select", { "aria-label": `Connections with ${name}` }, el("option", { value: "" }, "every connection"));
  const scroller = el("div", { class: "ladders" }, el("p", { class: "quiet none" }, "Nothing has been said yet: open the page, and chat."));
  const heading = el("h2", {}, name, ...(url ? [" ", el("a", { href: url, target: "_blank", rel: "noopener" }, url.replace("http://", ""))] : []));
  heading.append(el("small", { class: "away" }, " does not run"));
  const section = el("section", { "aria-label": name }, el("div", { class: "heading" }, heading, filter), scroller);
  const column = { name, section, scroller, filter, ladders: new Map(), rungs: [], stop: undefined, follows: true };
  mayLeaveEnd(column);
  filter.addEventListener("change", () => {
    for (const { conn, element } of column.ladders.values()) element.hidden = filter.value !== "" && filter.value !== String(conn);
  });
  section.addEventListener("focusin", ({ target }) => {
    if (target.matches(".rung")) column.stop = setStop(column, target);
  });
  columns.set(name, column);
  $("columns").append(section);
  return column;
}

// setStop makes one rung of a column a stop of the Tab key: arrow keys go to the others.
function setStop(column, button) {
  if (column.stop) column.stop.tabIndex = -1;
  button.tabIndex = 0;
  return button;
}

function addLadder(column, conn) {
  const state = el("small");
  const rungs = el("ol", { class: "rungs" });
  const element = el("details", { class: "ladder plain", open: "" },
    el("summary", {}, el("h3", {}, `Connection ${conn} `, state)),
    el("p", { class: "ends", "aria-hidden": "true" }, el("span", {}, "browser"), el("span", {}, "server")), rungs);
  const option = el("option", { value: conn }, `connection ${conn}`);
  const ladder = { conn, element, rungs, state, option, ends: [], asked: false };
  for (const before of column.ladders.values()) { // what is over makes room
    if (before.ends.length > 0 && !before.element.contains(selected)) before.element.open = false;
  }
  element.hidden = column.filter.value !== "" && column.filter.value !== String(conn);
  column.ladders.set(conn, ladder);
  column.filter.append(option);
  column.scroller.append(element);
  return ladder;
}

function addRung(ladder, event) {
  const isClient = event.from === "client";
  const { label, parts } = describe(event, ladder.answer);
  const button = el("button", { type: "button", class: `rung ${isClient ? "client" : "server"}`, tabindex: -1 },
    el("span", { class: "arrow" }, el("span", { class: "visually-hidden" }, isClient ? "from the browser: " : "from the server: "), el("span", { class: "label" }, label)),
    ...parts);
  button.event = event;
  button.addEventListener("click", () => select(button));
  const rung = el("li", { class: `is-${event.kind}` }, button);
  ladder.rungs.append(rung);
  if (isHandshake(event)) ladder.request = { event, rung };
  if (event.kind === "response") ladder.answer = textOf(event);
  if (event.kind === "response" && ladder.request) {
    rung.prepend(...explain(textOf(ladder.request.event), textOf(event)));
    ladder.request = undefined;
  }
  return rung;
}

// describe gives a rung its label and what else is in it. The answer is what the server said to
// the last request: it tells what bytes may be that are no head and no frame.
function describe(event, answer) {
  const size = count(Number(event.length));
  const cut = event.length > event.hex.length / 2;
  switch (event.kind) {
    case "request": return { label: isHandshake(event) ? "handshake" : "request", parts: [headLines(textOf(event))] };
    case "response": return { label: "answer", parts: [headLines(textOf(event))] };
    case "frame": return describeFrame(event, size);
    case "end": return { label: endLong(event), parts: [] };
  }
  const what = !answer ? "no HTTP" : upgrades(answer) ? "cut off within a frame" : "body";
  return { label: `${what} · ${size}`, parts: [el("code", { class: "chips" }, toHex(bytesOf(event).subarray(0, 24), " ") + (cut || event.length > 24 ? " …" : "")), preview(textOf(event))] };
}

function describeFrame(event, size) {
  const bytes = bytesOf(event);
  const name = opcodes[event.opcode]?.[0] ?? `opcode ${event.opcode.toString(16)}`;
  const rsv = [1, 2, 3].filter((i) => bytes[0] & (0x80 >> i)).map((i) => `RSV${i}`);
  const label = [name, event.fin ? "FIN" : "no FIN", ...rsv, size].join(" · ");
  return { label, parts: [chips(bytes, event), ...says(event, rsv)] };
}

// chips are the bytes of a frame in the colours of the diagram.
function chips(bytes, event) {
  const short = bytes[1] & 0x7f;
  const lengthEnd = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  const payload = lengthEnd + (event.masked ? 4 : 0);
  const left = event.length - Math.min(bytes.length, payload + maxChips);
  const parts = [["opcode", 0, 1], ["length", 1, 2], ["longer", 2, lengthEnd], ["key", lengthEnd, payload], ["payload", payload, payload + maxChips]];
  return el("code", { class: "chips" },
    ...parts.filter(([, from, to]) => from < to && from < bytes.length).flatMap(([field, from, to]) => [el("span", { class: `f-${field}` }, toHex(bytes.subarray(from, to), " ")), " "]),
    ...(left > 0 ? [`… ${left.toLocaleString("en")} more`] : []));
}

// says is what a frame says in words.
function says(event, rsv) {
  const payload = fromHex(event.payload);
  if (event.opcode === 8 && payload.length >= 2) {
    const code = payload[0] << 8 | payload[1];
    return [preview(`${code} ${closeCodeName(code)}${payload.length > 2 ? `: ${decode(payload.subarray(2))}` : ""}`)];
  }
  if (rsv.length > 0) return [preview(rsv[0] === "RSV1" ? "compressed, if permessage-deflate was agreed on: no text as it stands" : "what the reserved bits mean, an extension has to say")];
  return event.opcode === 2 || payload.length === 0 ? [] : [preview(decode(payload))];
}

function preview(text) {
  return el("span", { class: "words", dir: "auto" }, text.length > maxText ? text.slice(0, maxText) + "…" : text);
}

const who = (event) => (event.from === "client" ? "browser" : "server");
const endShort = (event) => `${event.how === "reset" ? "RST" : "FIN"} from the ${who(event)}`;

function endLong(event) {
  return event.how === "reset" ? `TCP reset (RST): the ${who(event)} is gone` : `TCP FIN: the ${who(event)} sends nothing more`;
}

// --- the handshake ---

function isHandshake(event) {
  return event.kind === "request" && /\bwebsocket\b/i.test(field(textOf(event), "Upgrade"));
}

const upgrades = (answer) => /^HTTP\/\S+ 101\b/.test(answer);

// field returns a field's values in a head, with commas between them.
function field(head, name) {
  return head.split(/\r?\n/).slice(1).map((line) => /^([^:]+):\s*(.*?)\s*$/.exec(line))
    .filter((m) => m?.[1].toLowerCase() === name.toLowerCase()).map((m) => m[2]).join(", ");
}

// headLines shows a head line by line; what the handshake is about stands out.
function headLines(head) {
  const lines = head.trimEnd().split(/\r?\n/);
  return el("code", { class: "head" }, ...lines.map((line, i) => {
    const [, name, value] = /^(Sec-WebSocket-(?:Key|Accept):\s*)(.*)$/i.exec(line) ?? [];
    if (name) return el("span", { class: "line" }, name, el("span", { class: "f-key" }, value));
    const weighs = i === 0 || /^(host|origin|upgrade|connection|sec-websocket-[a-z]+):/i.test(line);
    return el("span", { class: weighs ? "line" : "line aside" }, line);
  }));
}

// explain joins the key and the accept value by the calculation, and says what was agreed on.
function explain(request, response) {
  const upgraded = upgrades(response);
  const key = field(request, "Sec-WebSocket-Key");
  const accept = field(response, "Sec-WebSocket-Accept");
  const notes = [];
  const list = (name, offered, chosen) => {
    if (offered || chosen) notes.push(`${name}: ${offered ? `${offered} offered` : "none offered"}, ${chosen ? `${chosen} chosen` : upgraded ? "declined" : "no word of it"}`);
  };
  list("Subprotocol", field(request, "Sec-WebSocket-Protocol"), field(response, "Sec-WebSocket-Protocol"));
  list("Extension", field(request, "Sec-WebSocket-Extensions"), field(response, "Sec-WebSocket-Extensions"));
  if (!upgraded) notes.unshift(`The answer is no: ${response.split(/\r?\n/)[0]}`);
  const box = el("div", { class: "explain" });
  if (key && (upgraded || accept)) box.append(calculation(key, accept));
  box.append(...notes.map((note) => el("p", {}, note)));
  return [box];
}

function calculation(key, accept) {
  const hash = el("code", {}, "…");
  const right = el("code", { class: "f-key" }, "…");
  const verdict = el("strong");
  const arrow = () => el("span", { class: "down", "aria-hidden": "true" }, "↓ ");
  (globalThis.crypto?.subtle?.digest("SHA-1", new TextEncoder().encode(key + guid)) ?? Promise.reject()).then((sum) => {
    const bytes = new Uint8Array(sum);
    hash.textContent = toHex(bytes, " ");
    right.textContent = btoa(String.fromCharCode(...bytes));
    verdict.textContent = right.textContent === accept ? " ✓ the answer’s accept value" : accept ? ` ✗ the answer says ${accept}` : " ✗ the answer has no accept value";
  }).catch(() => { hash.textContent = "this browser calculates it on localhost alone"; });
  return el("div", { class: "calculation" },
    el("p", {}, el("code", { class: "f-key" }, key), " the key"),
    el("p", {}, arrow(), "with ", el("code", {}, guid), " behind it, SHA-1: ", hash),
    el("p", {}, arrow(), "base64: ", right, verdict));
}

// --- bytes and text ---

function fromHex(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

function decode(bytes) {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

const bytesOf = (event) => fromHex(event.hex);
const textOf = (event) => decode(bytesOf(event));

// --- what is selected, beside the ladders ---

function select(button) {
  selected?.removeAttribute("aria-current");
  selected = button;
  $("panel").hidden = !button;
  document.body.classList.toggle("selected", Boolean(button));
  if (!button) return;
  button.setAttribute("aria-current", "true");
  const { event } = button;
  const close = el("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", leavePanel);
  const time = new Date(event.time);
  const when = `${time.toLocaleTimeString("en-GB")}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  const where = el("p", { class: "quiet" }, `${event.server}, connection ${event.conn}, from the ${who(event)}, ${when}`);
  $("panel").replaceChildren(el("div", { class: "heading" }, where, close), ...detail(event));
  $("panel").scrollTop = 0;
  button.scrollIntoView({ block: "nearest" });
}

function detail(event) {
  const bytes = bytesOf(event);
  const notes = event.length > bytes.length ? [el("p", { class: "quiet" }, `Here are the first ${count(bytes.length)} of ${event.length.toLocaleString("en")}: the wire keeps no more.`)] : [];
  if (event.kind === "end") return [el("p", {}, `${endLong(event)}.`)];
  if (event.kind !== "frame") return [...notes, el("pre", { class: "dump", tabindex: 0, "aria-label": "The bytes" }, dump(bytes))];
  const { frames: [frame] } = decodeAll([bytes], 1);
  if (event.length > bytes.length) frame.missing = 0n; // they came, and were not kept
  if (event.masked !== (event.from === "client")) {
    notes.push(el("p", { class: "cut" }, event.masked ? "A server must not mask: section 5.1." : "A client must mask each frame: section 5.1."));
  }
  return [...notes, drawFrame(frame), el("p", {}, el("a", { href: `frame.html#${event.hex.slice(0, 8192)}`, target: "_blank", rel: "noopener" }, "Open it by itself, and change it"))];
}

// dump writes bytes as hexdump -C does.
function dump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    lines.push(`${at.toString(16).padStart(4, "0")}  ${toHex(row, " ").padEnd(47)}  ${[...row].map((b) => (b > 31 && b < 127 ? String.fromCharCode(b) : ".")).join("")}`);
  }
  return lines.join("\n");
}

function leavePanel() {
  const back = selected;
  select();
  back?.focus();
}

// Up and down go from rung to rung, left and right to the other server's, and Escape back.
document.querySelector("main").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selected) return leavePanel();
  const here = event.target;
  if (!here.matches(".rung") || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...columns.values()];
  const at = all.findIndex(({ section }) => section.contains(here));
  const visible = ({ section }) => [...section.querySelectorAll(".rung")].filter((rung) => rung.offsetParent);
  const rungs = visible(all[at]);
  const i = rungs.indexOf(here);
  const side = (step) => all[at + step] && (all[at + step].stop?.offsetParent ? all[at + step].stop : visible(all[at + step])[0]);
  const next = { ArrowDown: () => rungs[i + 1], ArrowUp: () => rungs[i - 1], Home: () => rungs[0], End: () => rungs.at(-1),
    ArrowRight: () => side(1), ArrowLeft: () => side(-1) }[event.key]?.();
  if (!next) return;
  event.preventDefault();
  next.focus();
  if (selected) select(next);
});

// --- the tools ---

function say(words) {
  if ($("state").textContent !== words) $("state").textContent = words;
}

function toggle(id, change) {
  $(id).addEventListener("click", () => {
    const on = $(id).getAttribute("aria-pressed") !== "true";
    $(id).setAttribute("aria-pressed", String(on));
    change(on);
  });
}

toggle("pause", (on) => {
  paused = on;
  say(on ? "paused" : live ? "live" : "a recording");
  $("waits").textContent = "";
  if (!on) requestAnimationFrame(draw);
});
toggle("large", (on) => {
  document.documentElement.classList.toggle("large", on);
  toEnd();
});
addEventListener("resize", toEnd);
toggle("pages", (on) => document.body.classList.toggle("pages", on));
$("clear").addEventListener("click", clear);

function clear() {
  select();
  waiting.length = 0;
  events = [];
  for (const column of columns.values()) {
    for (const ladder of column.ladders.values()) removeLadder(column, ladder);
    column.rungs = [];
    column.stop = undefined;
    column.filter.value = "";
  }
}

// --- recordings ---

const recording = () => ({ servers: [...columns.values()].map(({ name }) => ({ name })), events });

function show({ servers = [], events: recorded }) {
  if (!Array.isArray(recorded) || recorded.some((e) => typeof e?.hex !== "string" || (e.kind === "frame" && typeof e.payload !== "string"))) {
    throw new Error("it has no events of a wire");
  }
  source?.close();
  for (const { section } of columns.values()) section.remove();
  clear();
  columns.clear();
  live = false;
  $("try").hidden = true;
  for (const server of servers) addColumn({ name: String(server.name) });
  for (const event of recorded) take(event);
  say("a recording");
}

// The page's own files are read while there is a server: the wire may have ended when all is saved.
let texts;

// load reads a file and those it leads to into texts.
async function load(name, into = {}) {
  if (name in into) return into;
  into[name] = ""; // on its way
  into[name] = await (await fetch(name)).text();
  const next = into[name].matchAll(/(?:from |import |href=|src=)"(?:\.\/)?(chat\.css|(?:dom|frame|wire)[\w-]*\.(?:js|css))"/g);
  await Promise.all([...next].map(([, file]) => load(file, into)));
  return into;
}

// read takes a file that save made, or the events one a line, as curl prints /events.
function read(text) {
  const [, inPage] = /<script type="application\/json" id="recording">([^]*?)<\/script>/.exec(text) ?? [];
  if (inPage) return JSON.parse(inPage);
  const lines = text.split("\n").map((line) => line.replace(/^data: /, "").trim()).filter((line) => line.startsWith("{"));
  if (lines.length === 0) throw new Error("there are no events in it");
  return { events: lines.map((line) => JSON.parse(line)) };
}

// page is this page as one file, with the events in it: it opens without a server.
async function page() {
  const text = await (texts ??= load("wire.html"));
  const bare = (name) => text[name].replaceAll(/((?:from|import) )"\.\/([\w-]+)\.js"/g, '$1"$2"');
  const html = text["wire.html"].replaceAll(/<link rel="stylesheet" [^>]*"([^"]+)">/g, (_, name) => `<style>\n${text[name]}</style>`);
  const modules = Object.keys(text).filter((name) => name.endsWith(".js") && name !== "wire.js");
  const imports = Object.fromEntries(modules.map((name) => [name.slice(0, -3), `data:text/javascript;charset=utf-8,${encodeURIComponent(bare(name))}`]));
  const json = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");
  return html.replace(/<script type="module" src="wire.js"><\/script>/, () => `<script type="importmap">${json({ imports })}<\/script>
  <script type="application/json" id="recording">${json(recording())}<\/script>
  <script type="module">\n${bare("wire.js")}<\/script>`);
}

$("save").addEventListener("click", async () => {
  const a = el("a", { href: URL.createObjectURL(new Blob([await page()], { type: "text/html" })), download: "wire.html" });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000);
});

$("open").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async () => {
  const [file] = $("file").files;
  try {
    show(read(await file.text()));
  } catch (error) {
    say(`${file.name} is no recording: ${error.message}`);
  }
  $("file").value = "";
});

$("link").addEventListener("click", async () => {
  const squeezed = new Blob([JSON.stringify(recording())]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(squeezed).arrayBuffer());
  const link = `${location.href.split("#")[0]}#r=${bytes.toBase64?.({ alphabet: "base64url" }) ?? base64url(bytes)}`;
  if (link.length > maxLink) return say("too much for a link: save a file, or clear and record less");
  history.replaceState(null, "", link);
  try {
    await navigator.clipboard.writeText(link);
    say("the link is copied");
  } catch {
    say("the link is in the address");
  }
});

function base64url(bytes) {
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function fromLink(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const whole = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(whole).text());
}

// --- the same bytes to each server ---

async function ask(what, body) {
  const response = await fetch("send", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  const answers = await response.json();
  const same = answers.every(({ says: words }) => words === answers[0].says);
  const cells = answers.map(({ says: words }) => el("td", {}, words));
  const mark = answers.length < 2 ? [] : [el("td", {}, same ? "the same" : "≠ different")];
  $("answers").hidden = false;
  $("answers").querySelector("thead tr").replaceChildren(el("th", { scope: "col" }, "sent"), ...answers.map(({ server }) => el("th", { scope: "col" }, server)), ...(mark.length > 0 ? [el("th", { scope: "col" }, "compared")] : []));
  $("answers").querySelector("tbody").prepend(el("tr", { class: same ? "same" : "different" }, el("th", { scope: "row" }, what), ...cells, ...mark));
}

async function attempt(button, what, body) {
  button.setAttribute("aria-busy", "true");
  $("problem").textContent = "";
  try {
    await ask(what, body);
  } catch (error) {
    $("problem").textContent = error.message;
  }
  button.removeAttribute("aria-busy");
}

$("bytes").addEventListener("submit", (event) => {
  event.preventDefault();
  const { error, runs } = parseBytes($("hex").value);
  const hex = error ? "" : runs.map((run) => toHex(run)).join("");
  $("problem").textContent = error ?? (hex ? "" : "There are no bytes to send.");
  if (hex) attempt(event.submitter ?? $("bytes").querySelector("button"), toHex(fromHex(hex.slice(0, 40)), " ") + (hex.length > 40 ? " …" : ""), { hex });
});

function addRows(rows) {
  $("rows").replaceChildren(...rows.map((row) => {
    const button = el("button", { type: "button" }, row);
    button.addEventListener("click", () => attempt(button, row, { row }));
    return button;
  }));
}

// --- what has not come whole, and who does not run ---

async function lookForHalves() {
  if (!live || paused || document.hidden) return;
  const { servers, halves } = await (await fetch("now")).json();
  for (const { name, running } of servers) columns.get(name)?.section.classList.toggle("down", !running);
  for (const old of document.querySelectorAll(".half")) old.remove();
  for (const half of halves) {
    const ladder = columns.get(half.server)?.ladders.get(half.conn);
    ladder?.element.classList.remove("plain");
    ladder?.rungs.append(el("li", { class: "half" }, `The ${who(half)} has sent ${count(half.length)} of something that is not whole: `, el("code", {}, half.hex.slice(0, 48).replaceAll(/..(?=.)/g, "$& ") + (half.length > 24 ? " …" : ""))));
  }
}

// --- from here on ---

let source;

async function follow() {
  const { servers, rows } = await (await fetch("now")).json();
  live = true;
  texts = load("wire.html");
  texts.catch(() => { texts = undefined; });
  for (const server of servers) addColumn(server);
  addRows(rows);
  $("try").hidden = false;
  setInterval(() => lookForHalves().catch(() => {}), 1000); // what fails, the events say
  source = new EventSource("events");
  let run;
  source.addEventListener("open", () => say(paused ? "paused" : "live"));
  source.addEventListener("error", () => say("the wire has ended: trying again"));
  source.addEventListener("message", ({ data, lastEventId }) => {
    const [now] = lastEventId.split("-");
    if (run && now !== run) { // the wire was started anew, perhaps for other servers
      history.replaceState(null, "", location.pathname);
      location.reload();
    }
    run = now;
    take(JSON.parse(data));
  });
}

try {
  const inPage = document.getElementById("recording");
  if (inPage) {
    $("save").hidden = $("link").hidden = true;
    show(JSON.parse(inPage.textContent));
  } else if (location.hash.startsWith("#r=")) {
    show(await fromLink(location.hash.slice(3)));
  } else {
    await follow();
  }
} catch {
  say("no wire is behind this page: start one with “task wire”, or open a recording");
}
