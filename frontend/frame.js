// The page that draws frames: where their bytes come from, and the address that shares them.
// frame-parse.js reads the bytes, frame-rules.js judges the frames, frame-diagram.js draws them.

import { drawFrame } from "./frame-diagram.js";
import { el } from "./dom.js";
import { closePayload, count, encode, opcodes, toHex, utf8 } from "./frame-codec.js";
import { maxBytes, parseBytes } from "./frame-parse.js";
import { decodeAll } from "./frame-rules.js";
import "./viewport.js";

const maxFrames = 20; // drawn at once
const maxPayload = 768; // bytes of payload drawn at once
const maxEach = 512; // of these, for one frame
const maxAddress = 4096; // bytes in the address
const addressPause = 300; // milliseconds: WebKit allows 100 changes of the address in 10 s
const maxUndo = 1000;
const maxKept = 1000; // characters of a long text that is not read

const $ = (id) => document.getElementById(id);
const build = { payload: $("payload"), opcode: $("opcode"), code: $("code"), fin: $("fin"), mask: $("mask"), key: $("key") };

// --- examples ---

const key = [0x37, 0xfa, 0x21, 0x3d];
const counting = (n) => Uint8Array.from({ length: n }, (_, i) => i);
const long = "A payload of 126 bytes and more does not fit in seven bits. Then the seven bits are 126, " +
  "and the next two bytes hold the length, which is enough for 65,535 bytes.";

const examples = {
  rfc: [
    ["Not masked", "81 05 48 65 6c 6c 6f"],
    ["Masked", "81 85 37 fa 21 3d 7f 9f 4d 51 58"],
    ["Two fragments", "01 03 48 65 6c 80 02 6c 6f"],
    ["Ping and pong", "89 05 48 65 6c 6c 6f 8a 85 37 fa 21 3d 7f 9f 4d 51 58"],
    ["256 bytes", toHex(encode({ opcode: 2, payload: counting(256) }))],
    ["64 KiB", toHex(encode({ opcode: 2, payload: counting(65536) }).slice(0, 128))],
  ],
  more: [
    ["Chat", toHex(encode({ opcode: 1, key, payload: utf8('{"user":"ann","text":"hi 👋"}') }))],
    ["Ping", toHex(encode({ opcode: 9, key, payload: [] }))],
    ["Close 1000", toHex(encode({ opcode: 8, key, payload: closePayload(1000, "") }))],
    ["Close 1001", toHex(encode({ opcode: 8, payload: closePayload(1001, "server going away") }))],
    ["16-bit length", toHex(encode({ opcode: 1, key, payload: utf8(long) }))],
    ["A fragment", toHex(encode({ opcode: 1, fin: false, key, payload: utf8("to be conti") }))],
    ["Cut short", "81 85 37 fa 21 3d 7f 9f"],
    ["Broken rules", "49 7e 00 05 48 65 6c 6c 6f 88 02 03 ed 81 02 c3 28"],
  ],
};

for (const [list, entries] of Object.entries(examples)) {
  $(list).append(...entries.map(([name, hex]) => el("li", {}, el("a", { href: "#" + hex.replaceAll(" ", "") }, name))));
}

// --- where bytes come from: the address, the text area, the form ---

function fromAddress() {
  clearTimeout(pending);
  let hash = location.hash.slice(1);
  try {
    hash = decodeURIComponent(hash);
  } catch {
    // the error will name what is not a hex digit
  }
  const result = parseBytes(hash ? "#" + hash : examples.rfc[1][1]);
  $("hex").value = result.error ? hash : hexOf(result.runs);
  begin(result);
}

function fromText() {
  const result = parseBytes($("hex").value);
  begin(result);
  if (!result.error) setAddress(result.runs);
}

// begin draws bytes from outside the diagram: there is nothing to undo.
function begin(result) {
  const text = $("hex").value;
  if (result.tooLong || (result.error && text.length > 10 * maxKept && /[^\0-\xff]/.test(text))) { // it would keep the browser busy
    $("hex").value = text.slice(0, maxKept);
    result.error += ` The field keeps the first ${maxKept} characters.`;
  }
  flips = [];
  draw(result);
  fillForm(result);
}

function hexOf(runs) {
  return runs.length === 1 ? toHex(runs[0], " ") : runs.map((run) => toHex(run)).join(",");
}

// flip changes one bit of a drawn frame; undo takes the last change back.
function flip(i, bit) {
  const [run, at] = drawn.frames[i].start;
  flips.push([run, at * 8 + bit]);
  if (flips.length > maxUndo) flips.shift();
  turnOver(...flips.at(-1));
}

function undo() {
  const last = flips.pop();
  if (last) turnOver(...last);
}

function turnOver(run, bit) {
  const { runs } = drawn;
  runs[run][bit >> 3] ^= 0x80 >> (bit & 7);
  $("hex").value = hexOf(runs);
  draw({ runs, cut: drawn.cut });
  fillForm({ runs });
  setAddress(runs);
  const i = drawn.frames.findIndex(({ start: [r, at], size }) => r === run && bit >= at * 8 && bit < (at + size) * 8);
  const button = i < 0 ? null : $("frames").children[i].querySelector(`[data-bit="${bit - drawn.frames[i].start[1] * 8}"]`);
  (button ?? $("undo")).focus();
}

function fromForm() {
  const isClose = build.opcode.value === "8";
  $("code-field").hidden = !isClose;
  $("payload-label").textContent = isClose ? "reason" : "text";
  build.key.disabled = $("new-key").disabled = !build.mask.checked;
  const { options, error } = formOptions();
  $("build-error").textContent = error ?? "";
  if (error) return;
  const bytes = encode(options);
  $("hex").value = toHex(bytes, " ");
  flips = [];
  draw({ runs: [bytes] });
  setAddress([bytes]);
}

function formOptions() {
  const digits = build.key.value.replace(/0x|[\s:,-]/gi, "");
  if (build.mask.checked && !/^[0-9a-f]{8}$/i.test(digits)) return { error: "A masking key is 4 bytes: 8 hex digits." };
  const [maskingKey] = parseBytes("#" + digits).runs ?? [];
  const code = build.code.value.trim();
  const opcode = Number(build.opcode.value);
  if (opcode === 8 && (!/^\d*$/.test(code) || Number(code) > 65535)) return { error: "A status code is a number up to 65535." };
  const text = build.payload.value;
  if (opcode === 8 && code === "" && utf8(text).length > 1) return { error: "A reason needs a status code before it." };
  const payload = opcode === 8 && code !== "" ? closePayload(Number(code), text) : utf8(text);
  return {
    options: { opcode, fin: build.fin.checked, key: build.mask.checked ? maskingKey : null, payload: payload.slice(0, 65536) },
    error: payload.length > 65536 ? "This is more than 64 KiB: too much to draw." : undefined,
  };
}

// fillForm makes the form show the frame, if it is one that the form could have made.
function fillForm({ error, runs }) {
  $("build-error").textContent = "";
  if (error || runs.length !== 1) return;
  const { frames: [frame], rest } = decodeAll(runs, 1);
  if (rest > 0 || !(frame.opcode in opcodes)) return;
  const hasCode = frame.opcode === 8 && frame.payload.length >= 2;
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(frame.payload.subarray(hasCode ? 2 : 0));
  const payload = hasCode ? closePayload(frame.code, text) : utf8(text);
  const same = encode({ opcode: frame.opcode, fin: frame.fin, key: frame.key, payload });
  if (toHex(same) !== toHex(frame.bytes) || text.includes("\r")) return; // a text area has no \r
  build.payload.value = text;
  build.opcode.value = frame.opcode;
  if (frame.opcode === 8) build.code.value = hasCode ? frame.code : "";
  build.fin.checked = frame.fin;
  build.mask.checked = frame.masked;
  if (frame.key) build.key.value = toHex(frame.key, " ");
  build.key.disabled = $("new-key").disabled = !frame.masked;
  $("code-field").hidden = frame.opcode !== 8;
  $("payload-label").textContent = frame.opcode === 8 ? "reason" : "text";
  $("build-error").textContent = "";
}

let pending; // the timer of the next change of the address

function setAddress(runs) {
  clearTimeout(pending);
  pending = setTimeout(() => {
    let room = maxAddress;
    const parts = [];
    for (const run of runs) {
      if (room > 0) parts.push(toHex(run.subarray(0, room)));
      room -= run.length;
    }
    history.replaceState(null, "", parts.length > 0 ? "#" + parts.join(",") : location.pathname);
    markExample();
  }, addressPause);
}

function markExample() {
  for (const a of document.querySelectorAll(".examples a")) {
    if (a.hash === (location.hash || $("rfc").querySelectorAll("a")[1].hash)) a.setAttribute("aria-current", "true");
    else a.removeAttribute("aria-current");
  }
}

// --- drawing ---

let drawn; // { runs, cut, frames }
let flips = []; // what undo takes back, as [run, bit]

function draw({ error, runs = [], cut, binary }) {
  markExample();
  $("error").textContent = error ?? "";
  $("hex").setAttribute("aria-invalid", String(Boolean(error)));
  const { frames, rest } = decodeAll(runs, maxFrames);
  drawn = { runs, cut, frames };
  let room = maxPayload;
  $("frames").replaceChildren(...frames.map((frame, i) => {
    const most = Math.min(maxEach, room);
    room -= Math.min(frame.payload.length, most);
    const title = frames.length > 1 ? `Frame ${i + 1}: ${opcodes[frame.opcode]?.[0] ?? "reserved opcode"}` : undefined;
    return drawFrame(frame, { title, most, onFlip: (bit) => flip(i, bit) });
  }));
  $("undo").hidden = flips.length === 0;
  $("summary").textContent = error ? "" : summary({ runs, cut, binary, frames, rest }).join(" ");
}

function summary({ runs, cut, binary, frames, rest }) {
  const size = runs.reduce((n, run) => n + run.length, 0);
  const notes = [frames.length === 0 ? "No bytes yet." : `${count(size)}, ${frames.length === 1 ? "one frame" : `${frames.length} frames`}.`];
  const broken = frames.flatMap((frame) => frame.problems).filter((problem) => !problem.unless).length;
  if (broken > 0) notes.push(broken === 1 ? "One rule is broken." : `${broken} rules are broken.`);
  if (binary) notes.push("Read as binary digits.");
  if (runs.length > 1) notes.push("Each line is judged on its own.");
  if (frames[0]?.problems.some((problem) => problem.unless)) notes.push("If this is not the beginning of a frame, the drawing means nothing.");
  if (rest > 0) notes.push(`Only the first ${maxFrames} frames are drawn: ${count(rest)} follow.`);
  if (cut) notes.push(`Only the first ${maxBytes.toLocaleString("en")} bytes are read.`);
  if (size > maxAddress) notes.push(`The address holds the first ${maxAddress.toLocaleString("en")} bytes.`);
  return notes;
}

// --- from here on ---

build.opcode.append(...Object.entries(opcodes).map(([value, [name]]) => el("option", { value }, `${Number(value).toString(16)} ${name}`)));
build.opcode.value = "1";
$("hex").addEventListener("input", fromText);
$("build").addEventListener("input", fromForm);
$("build").addEventListener("submit", (event) => event.preventDefault());
$("new-key").addEventListener("click", () => {
  build.key.value = toHex(crypto.getRandomValues(new Uint8Array(4)), " ");
  fromForm();
});
$("undo").addEventListener("click", undo);
addEventListener("keydown", (event) => {
  if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.target.matches("input, textarea")) return;
  event.preventDefault();
  undo();
});
addEventListener("hashchange", fromAddress);
if (location.hash) { // a linked frame comes first
  $("input").open = false;
  document.querySelector("main").append($("input"));
}
fromAddress();
