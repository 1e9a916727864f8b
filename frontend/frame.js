// The page that draws frames. What the bytes mean is worked out in frame-codec.js; here
// is what shows it: the diagram, the meanings, the unmasking, and what it says.

import {
  closePayload, count, decodeAll, encode, fields, maxBytes, opcodes, parseBytes, toHex, utf8,
} from "./frame-codec.js";

const maxFrames = 20; // drawn at once
const maxCells = 2048; // payload bytes unmasked at once, and of these
const maxCellsEach = 512; // for one frame
const maxRows = 32; // of payload in one diagram
const maxText = 4000; // characters of a text
const maxAddress = 4096; // bytes in the address

const $ = (id) => document.getElementById(id);
const build = { payload: $("payload"), opcode: $("opcode"), code: $("code"), fin: $("fin"), mask: $("mask"), key: $("key") };

// --- examples ---

const key = [0x37, 0xfa, 0x21, 0x3d];
const counting = (n) => Uint8Array.from({ length: n }, (_, i) => i);
const long = "A payload of 126 bytes and more does not fit in seven bits. The seven bits then say 126, " +
  "and the two bytes behind them hold the length: that is enough for 65,535 bytes.";

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
  let hash = location.hash.slice(1);
  try {
    hash = decodeURIComponent(hash);
  } catch {
    // it stays as it is, and the message will name what is no hex digit
  }
  const result = parseBytes(hash || examples.rfc[1][1]);
  $("hex").value = result.error ? hash : result.runs.map((run) => toHex(run, " ")).join("\n");
  draw(result);
  fillForm(result);
}

function fromText() {
  const result = parseBytes($("hex").value);
  draw(result);
  if (result.error) return;
  setAddress(result.runs);
  fillForm(result);
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
  draw({ runs: [bytes] });
  setAddress([bytes]);
}

function formOptions() {
  const parsed = parseBytes(build.key.value);
  const maskingKey = parsed.runs?.[0];
  if (build.mask.checked && maskingKey?.length !== 4) return { error: parsed.error ?? "A masking key has 4 bytes: 8 hex digits." };
  const code = build.code.value.trim();
  const opcode = Number(build.opcode.value);
  if (opcode === 8 && (!/^\d*$/.test(code) || Number(code) > 65535)) return { error: "A status code is a number up to 65535." };
  const text = build.payload.value;
  if (opcode === 8 && code === "" && utf8(text).length > 1) return { error: "A reason needs a status code in front of it." };
  const payload = opcode === 8 && code !== "" ? closePayload(Number(code), text) : utf8(text);
  return {
    options: { opcode, fin: build.fin.checked, key: build.mask.checked ? maskingKey : null, payload: payload.slice(0, 65536) },
    error: payload.length > 65536 ? "This is more than 64 KiB: too much to draw." : undefined,
  };
}

// The form shows the frame too, if it is one that the form could have made.
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

function setAddress(runs) {
  let room = maxAddress;
  const parts = [];
  for (const run of runs) {
    if (room > 0) parts.push(toHex(run.subarray(0, room)));
    room -= run.length;
  }
  history.replaceState(null, "", parts.length > 0 ? "#" + parts.join(",") : location.pathname);
  markExample();
}

function markExample() {
  for (const a of document.querySelectorAll(".examples a")) {
    if (a.hash === (location.hash || $("rfc").querySelectorAll("a")[1].hash)) a.setAttribute("aria-current", "true");
    else a.removeAttribute("aria-current");
  }
}

// --- drawing ---

function draw({ error, runs, cut }) {
  markExample();
  $("error").textContent = error ?? "";
  $("hex").setAttribute("aria-invalid", String(Boolean(error)));
  if (error) {
    $("summary").textContent = "";
    $("frames").replaceChildren();
    return;
  }
  const { frames, rest } = decodeAll(runs, maxFrames);
  let cells = maxCells;
  $("frames").replaceChildren(...frames.map((frame, i) => {
    const drawn = Math.min(frame.payload.length, maxCellsEach, cells);
    cells -= drawn;
    return drawFrame(frame, i, frames.length, drawn);
  }));
  const size = runs.reduce((n, run) => n + run.length, 0);
  const notes = [frames.length === 0 ? "No bytes yet." : `${count(size)}, ${frames.length === 1 ? "one frame" : `${frames.length} frames`}.`];
  const broken = frames.reduce((n, frame) => n + frame.problems.length, 0);
  if (broken > 0) notes.push(broken === 1 ? "One rule is broken." : `${broken} rules are broken.`);
  if (rest > 0) notes.push(`Only the first ${maxFrames} frames are drawn: ${count(rest)} lie behind them.`);
  if (cut) notes.push(`Only the first ${maxBytes.toLocaleString("en")} bytes are read.`);
  if (size > maxAddress) notes.push(`The address holds the first ${maxAddress.toLocaleString("en")} bytes.`);
  $("summary").textContent = notes.join(" ");
}

function drawFrame(frame, i, total, drawn) {
  const parts = fields(frame);
  const [name] = opcodes[frame.opcode] ?? ["reserved opcode"];
  const from = frame.short === null ? "" : frame.masked ? ", from a client" : ", from a server";
  const article = el("article", { class: "card", "aria-labelledby": `frame-${i}` },
    el("h2", { id: `frame-${i}` }, total > 1 ? `Frame ${i + 1}: ${name} ` : `${capital(name)} `,
      el("small", {}, count(frame.size) + from)));
  if (frame.missing > 0n) {
    article.append(el("p", { class: "cut" }, `Cut short: ${frame.headerCut ? "at least " : ""}${count(frame.missing)} ${frame.missing === 1n ? "is" : "are"} missing.`));
  }
  article.append(
    drawDiagram(frame, parts), drawMeanings(parts),
    ...drawPayload(frame, drawn), ...drawResult(frame), ...drawProblems(frame));
  highlight(article);
  return article;
}

// The diagram of section 5.2: 32 bits a row, a cell for each stretch of a field in it.
function drawDiagram(frame, parts) {
  const body = el("tbody");
  const end = Math.max(...parts.map((part) => part.at + (part.id === "payload" ? Math.min(part.bits, maxRows * 32) : part.bits)));
  for (let row = 0; row < end; row += 32) {
    const tr = el("tr", {}, el("th", { scope: "row" }, `${row / 8}`));
    for (const part of parts) {
      const from = Math.max(part.at, row);
      const to = Math.min(part.at + part.bits, row + 32, end);
      if (from < to) tr.append(drawCell(frame, part, from, to));
    }
    body.append(tr);
  }
  const numbers = Array.from({ length: 32 }, (_, i) => el("th", { scope: "col" }, `${i}`));
  const table = el("table", { class: "diagram" },
    el("caption", { class: "visually-hidden" }, "The frame, 32 bits a row. Arrow keys go from field to field."),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, "byte")), ...numbers)), body);
  roving(table);
  const box = el("div", { class: "scroll" }, table);
  const payload = parts.at(-1);
  const left = payload.bits / 8 - Math.max(0, end - payload.at) / 8;
  return left > 0 ? el("div", {}, box, el("p", { class: "quiet" }, `${count(left)} more of the payload are not drawn here.`)) : box;
}

function drawCell(frame, part, from, to) {
  const bits = Array.from({ length: to - from }, (_, i) => bitAt(frame.bytes, from + i));
  const name = part.id === "payload" && from > part.at ? "payload" : part.name + (from > part.at ? " (goes on)" : "");
  const where = to - from === 1 ? `bit ${from}` : `bits ${from} to ${to - 1}`;
  const goesOn = part.id === "payload" && from > part.at; // a name in the first row is enough
  const look = goesOn ? "visually-hidden" : to - from === 1 ? "name upright" : "name";
  const button = el("button", { type: "button", class: `f-${part.id}`, "data-field": part.id },
    el("span", { class: look }, name), unseen(`, ${where}: `),
    el("span", { class: "bits" }, ...bits.map((b, i) => el("span", { class: (from + i) % 8 === 0 && i > 0 ? "byte" : "" }, b))),
    unseen(`. ${part.meaning}`));
  return el("td", { colspan: to - from }, button);
}

function bitAt(bytes, at) {
  const byte = bytes[at >> 3];
  return byte === undefined ? "?" : String((byte >> (7 - (at & 7))) & 1);
}

function drawMeanings(parts) {
  return el("dl", { class: "meanings" }, ...parts.map((part) => el("div", { "data-field": part.id },
    el("dt", { class: `f-${part.id}` }, part.name),
    el("dd", {}, part.id === "payload" ? `${part.value}: ${part.meaning}`.replace(/^0 bytes: empty$/, "empty")
      : part.meaning.startsWith(part.value) ? part.meaning : `${part.value}: ${part.meaning}`))));
}

// Under the pointer or the focus, a field stands out in the diagram and in the list.
function highlight(article) {
  const mark = (event) => {
    const field = event.target.closest?.("[data-field]")?.dataset.field;
    for (const e of article.querySelectorAll("[data-field]")) e.classList.toggle("on", e.dataset.field === field);
  };
  article.addEventListener("pointerover", mark);
  article.addEventListener("focusin", mark);
}

// The unmasking: byte under key byte under result; without a mask the bytes alone.
function drawPayload(frame, drawn) {
  if (frame.payload.length === 0) return [];
  const shown = glyphs(frame.payload, drawn);
  const live = el("div", { class: "xor", "aria-live": "polite", "aria-atomic": "true" });
  const grid = el("div", { class: "bytes", role: "group", "aria-label": "Payload bytes: arrow keys go from byte to byte" });
  for (let i = 0; i < drawn; i++) {
    const [raw, result] = [hexByte(frame.raw[i]), hexByte(frame.payload[i])];
    const cell = (name, text) => el("span", { class: name }, text);
    const unmasking = frame.key ? [cell("raw", raw), unseen(" XOR "), cell("f-key", hexByte(frame.key[i % 4])), unseen(" is ")] : [];
    if (i % 4 === 0) grid.append(el("span", { class: "four" })); // the key begins anew
    grid.lastChild.append(el("button", { type: "button", "data-byte": i },
      unseen(`byte ${i}: `), ...unmasking, cell("result", result), unseen(", "), cell("glyph", shown[i])));
  }
  const show = (event) => {
    const button = event.target.closest?.("[data-byte]");
    if (!button || button.classList.contains("on")) return;
    grid.querySelector(".on")?.classList.remove("on");
    button.classList.add("on");
    live.replaceChildren(drawXor(frame, Number(button.dataset.byte), button.lastChild.textContent));
  };
  grid.addEventListener("pointerover", show);
  grid.addEventListener("focusin", show);
  grid.addEventListener("click", show);
  roving(grid);
  show({ target: grid.querySelector("button") });
  const more = frame.payload.length - drawn;
  const says = frame.key ? "Each byte (top) is XORed with a byte of the key (middle): the result is at the bottom (section 5.3)."
    : "There is no mask: the bytes are what they are.";
  return [el("h3", {}, frame.key ? "The unmasking" : "The payload"), el("p", { class: "quiet" }, says), el("div", {}, live, grid),
    ...(more > 0 ? [el("p", { class: "quiet" }, `${count(more)} more of the payload are not drawn here.`)] : [])];
}

function drawXor(frame, i, glyph) {
  const line = (label, byte, extra, name) => el("tr", { class: name }, el("th", { scope: "row" }, label),
    el("td", {}, `0x${hexByte(byte)}`), el("td", { class: "binary" }, byte.toString(2).padStart(8, "0").replace(/(.{4})/, "$1 ")), el("td", {}, extra));
  if (!frame.key) return el("table", {}, line(`byte ${i}`, frame.payload[i], glyph, ""));
  return el("table", {},
    line(`byte ${i}`, frame.raw[i], "masked", ""),
    line(`key byte ${i % 4}`, frame.key[i % 4], "XOR", ""),
    line("result", frame.payload[i], glyph, "sum"));
}

// What a byte is as text; one that belongs to a longer character shows it once.
function glyphs(bytes, n) {
  const all = [];
  for (let i = 0; i < n; i++) {
    const b = bytes[i];
    const size = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc0 ? 2 : 1;
    if (b === 0x20) all[i] ??= "␣";
    else if (b > 0x20 && b < 0x7f) all[i] ??= String.fromCharCode(b);
    else if (size > 1) {
      const text = new TextDecoder().decode(bytes.subarray(i, i + size));
      const good = !text.includes("\ufffd");
      all[i] ??= good ? text : "·";
      for (let j = 1; good && j < size; j++) all[i + j] = "‥";
    } else all[i] ??= "·";
  }
  return all;
}

function drawResult(frame) {
  if (frame.headerCut) return [];
  if (frame.opcode === 8) {
    if (frame.payload.length < 2) return frame.length === 0n ? [el("h3", {}, "What it says"), el("p", {}, "Close, without a status code.")] : [];
    return [el("h3", {}, "What it says"), el("p", { class: "says" }, el("strong", {}, `${frame.code}`), ` ${frame.codeName}`),
      ...(frame.text ? [el("p", {}, "The reason:"), quote(frame.text)] : [])];
  }
  if (frame.payload.length === 0) return [];
  const parts = [el("h3", {}, "What it says")];
  const text = frame.text ?? plainText(frame);
  if (text === null) {
    parts.push(el("p", {}, "Bytes, and no text:"), quote(toHex(frame.payload.subarray(0, 256), " ") + (frame.payload.length > 256 ? " …" : "")));
  } else {
    if (frame.opcode === 0 && frame.text === undefined) parts.push(el("p", {}, "If the message that it goes on with is text:"));
    parts.push(text === "" ? el("p", {}, "The beginning of a character: the next frame has its end.") : quote(text));
    if (frame.together !== undefined) parts.push(el("p", {}, "The fragments together:"), quote(frame.together));
  }
  return parts;
}

function plainText(frame) {
  if (frame.messageOpcode === 2 || !(frame.opcode in opcodes)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(frame.payload, { stream: true });
  } catch {
    return null;
  }
}

function quote(text) {
  const more = text.length - maxText;
  return el("blockquote", { dir: "auto" }, more > 0 ? `${text.slice(0, maxText)} … and ${more.toLocaleString("en")} characters more` : text);
}

function drawProblems(frame) {
  const direction = frame.short === null ? "" : frame.masked
    ? "Only a client masks: a server that sent this would break the rule of section 5.1."
    : "Only a server may leave out the mask: from a client this would break the rule of section 5.1.";
  if (frame.problems.length === 0) {
    return [el("p", { class: "verdict" }, frame.missing > 0n ? "No rule is broken by what is here. " : "No rule is broken. ", direction)];
  }
  return [el("h3", {}, "What is wrong"), el("ul", { class: "problems" }, ...frame.problems.map(({ rule, section }) => el("li", {}, `${rule} `,
    el("a", { href: `https://www.rfc-editor.org/rfc/rfc6455#section-${section}` }, `RFC 6455, section ${section}`)))),
    el("p", { class: "verdict" }, direction)];
}

// --- helpers ---

function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

// unseen is text for screen readers alone.
function unseen(text) {
  return el("span", { class: "visually-hidden" }, text);
}

function hexByte(b) {
  return b.toString(16).padStart(2, "0");
}

function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}

// roving makes one stop of the Tab key out of many buttons: arrow keys, Home and End
// go from one to the next.
function roving(container) {
  const buttons = [...container.querySelectorAll("button")];
  buttons.forEach((b, i) => { b.tabIndex = i === 0 ? 0 : -1; });
  container.addEventListener("focusin", (event) => {
    container.querySelector('button[tabindex="0"]').tabIndex = -1;
    event.target.tabIndex = 0;
  });
  container.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1,
      ArrowDown: nearest(buttons, at, 1), ArrowUp: nearest(buttons, at, -1) }[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    buttons[next]?.focus();
  });
}

// nearest is the button closest to buttons[at] in the row below (step 1) or above (-1).
function nearest(buttons, at, step) {
  const here = buttons[at].getBoundingClientRect();
  let best = at;
  let bestDistance = Infinity;
  for (let i = at + step, row; buttons[i]; i += step) {
    const there = buttons[i].getBoundingClientRect();
    if (Math.abs(there.top - here.top) < 4) continue;
    row ??= there.top;
    if (Math.abs(there.top - row) >= 4) break;
    const distance = Math.abs(there.left + there.width / 2 - here.left - here.width / 2);
    if (distance < bestDistance) [best, bestDistance] = [i, distance];
  }
  return best;
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
addEventListener("hashchange", fromAddress);
fromAddress();
