// A frame as the diagram of RFC 6455, section 5.2, draws it: bit by bit, with what each field
// means, how the payload is unmasked, and what it says. frame.html and wire.html both use it;
// its colours and sizes are in frame-diagram.css, over those of chat.css.

import { count, fields, opcodes, toHex } from "./frame-codec.js";

const maxRows = 32; // of 32 bits of payload in one diagram
const maxText = 4000; // characters of a text

// drawFrame returns an <article class="card"> that shows a frame of frame-codec.js (decode or
// decodeAll). Its heading is title, or else the opcode's name. At most cells bytes of the payload are unmasked.
export function drawFrame(frame, { title, cells = 512 } = {}) {
  const parts = fields(frame);
  const [name] = opcodes[frame.opcode] ?? ["reserved opcode"];
  const from = frame.short === null ? "" : frame.masked ? ", from a client" : ", from a server";
  const article = el("article", { class: "card" },
    el("h2", {}, `${title ?? capital(name)} `, el("small", {}, count(frame.size) + from)));
  if (frame.missing > 0n) {
    article.append(el("p", { class: "cut" }, `Cut short: ${frame.headerCut ? "at least " : ""}${count(frame.missing)} ${frame.missing === 1n ? "is" : "are"} missing.`));
  }
  article.append(
    drawDiagram(frame, parts), drawMeanings(parts),
    ...drawPayload(frame, Math.min(frame.payload.length, cells)), ...drawResult(frame), ...drawProblems(frame));
  highlight(article);
  return article;
}

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

// el makes an element.
export function el(name, attributes = {}, ...children) {
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
