// A frame as the diagram of RFC 6455, section 5.2, draws it: bit by bit, with what each field
// means, how the payload is unmasked, and what it says. frame.html and wire.html both use it;
// its colours and sizes are in frame-diagram.css, over those of chat.css.

import { count, fields, opcodes, toHex } from "./frame-codec.js";

const maxText = 4000; // characters of a text

// drawFrame returns an <article> that shows a frame of frame-codec.js (decode or decodeAll). Its
// heading is title, or else the opcode's name. At most most bytes of the payload are drawn. With
// onFlip, each bit is a button, and a click calls onFlip with the bit's number, counted from the frame's first.
export function drawFrame(frame, { title, most = 512, onFlip } = {}) {
  const parts = fields(frame);
  const name = opcodes[frame.opcode]?.[0] ?? "reserved opcode";
  const masked = frame.short === null ? "" : frame.masked ? ", masked" : ", not masked";
  const article = el("article", { class: "frame card" },
    el("h2", {}, `${title ?? capital(name)} `, el("small", {}, count(frame.size) + masked)));
  if (frame.missing > 0n) {
    article.append(el("p", { class: "cut" }, `Cut short: ${frame.headerCut ? "at least " : ""}${count(frame.missing)} ${frame.missing === 1n ? "is" : "are"} missing.`));
  }
  article.append(
    el("div", { class: "sides" }, drawDiagram(frame, parts, Math.min(most, 128), onFlip),
      el("div", {}, drawMeanings(parts), ...drawResult(frame), ...drawProblems(frame))),
    ...drawPayload(frame, Math.min(frame.payload.length, most)));
  highlight(article);
  return article;
}

// The diagram of section 5.2: 32 bits a row under their four bytes in hex, a cell for each
// stretch of a field. Of the payload it has at most most bytes.
function drawDiagram(frame, parts, most, onFlip) {
  const body = el("tbody");
  const payload = parts.at(-1);
  const end = payload.at + Math.min(payload.bits, 8 * most);
  for (let row = 0; row < end; row += 32) {
    const hex = el("tr", { class: "hex" }, el("th", { scope: "row", rowspan: 2 }, `${row / 8}`));
    for (let at = row; at < Math.min(row + 32, end); at += 8) {
      hex.append(el("td", { colspan: 8 }, at / 8 < frame.size ? hexByte(frame.bytes[at / 8]) : "??"));
    }
    const tr = el("tr");
    for (const part of parts) {
      const from = Math.max(part.at, row);
      const to = Math.min(part.at + part.bits, row + 32, end);
      if (from < to) tr.append(drawCell(frame, part, from, to, onFlip));
    }
    body.append(hex, tr);
  }
  const numbers = Array.from({ length: 32 }, (_, i) => el("th", { scope: "col" }, `${i}`));
  const table = el("table", { class: "diagram" },
    el("caption", { class: "visually-hidden" }, `The frame, 32 bits a row.${onFlip ? " Arrow keys go from bit to bit, Enter flips one." : ""}`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, "byte")), ...numbers)), body);
  if (onFlip) {
    roving(table, (at, key) => at + { ArrowDown: 32, ArrowUp: -32 }[key]);
    table.addEventListener("click", ({ target: { dataset } }) => dataset.bit && onFlip(Number(dataset.bit)));
  }
  const left = (payload.at + payload.bits - end) / 8;
  // What scrolls must be reached with the keyboard: through its buttons, or by itself.
  const scroll = onFlip ? { class: "scroll" } : { class: "scroll", tabindex: 0, role: "region", "aria-label": "The frame’s bits" };
  return el("div", {}, el("div", scroll, table), ...(left > 0 ? [el("p", { class: "quiet" }, `${count(left)} more of the payload are not drawn here.`)] : []));
}

function drawCell(frame, part, from, to, onFlip) {
  const begins = from === part.at;
  const name = el("span", { class: to - from === 1 ? "name sideways" : begins || part.id !== "payload" ? "name" : "visually-hidden" },
    part.name + (begins || part.id === "payload" ? "" : " (goes on)"));
  const bits = Array.from({ length: to - from }, (_, i) => {
    const [at, look] = [from + i, (from + i) % 8 === 0 && i > 0 ? { class: "byte" } : {}];
    const value = bitAt(frame.bytes, at);
    if (!onFlip || value === "?") return el("span", look, value);
    return el("button", { ...look, type: "button", "data-bit": at, "aria-label": `${value}, ${part.name}, bit ${at}` }, value);
  });
  return el("td", { colspan: to - from, class: `f-${part.id}`, "data-field": part.id }, name, el("span", { class: "bits" }, ...bits));
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

// The field that was last under the pointer or had the focus stands out in the diagram and in the list.
function highlight(article) {
  const mark = (event) => {
    const field = event.target.closest?.("[data-field]")?.dataset.field;
    if (!field) return;
    for (const e of article.querySelectorAll("[data-field]")) e.classList.toggle("on", e.dataset.field === field);
  };
  article.addEventListener("pointerover", mark);
  article.addEventListener("focusin", mark);
}

// The unmasking: byte under key byte under result; without a mask the bytes alone.
function drawPayload(frame, drawn) {
  if (drawn === 0) return [];
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
  roving(grid, (at, key) => nearest([...grid.querySelectorAll("button")], at, key === "ArrowDown" ? 1 : -1));
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
  const heading = el("h3", {}, "What it says");
  if (frame.extended) return [heading, el("p", {}, "Only an extension can say what the payload means. With permessage-deflate (RFC 7692), RSV1 marks a message that is compressed.")];
  if (frame.opcode === 8) {
    if (frame.payload.length < 2) return frame.length === 0n ? [heading, el("p", {}, "Close, without a status code.")] : [];
    return [heading, el("p", { class: "says" }, el("strong", {}, `${frame.code}`), ` ${frame.codeName}`),
      ...(frame.text ? [el("p", {}, "The reason:"), quote(frame.text)] : [])];
  }
  if (frame.payload.length === 0) return [];
  const text = frame.text ?? plainText(frame);
  if (text === null) return [heading, el("p", {}, "Bytes, and no text:"), quote(toHex(frame.payload.subarray(0, 256), " ") + (frame.payload.length > 256 ? " …" : ""))];
  return [heading,
    ...(frame.opcode === 0 && frame.text === undefined ? [el("p", {}, "If the message that it goes on with is text:")] : []),
    text === "" ? el("p", {}, "The beginning of a character, and no more.") : quote(text),
    ...(frame.together === undefined ? [] : [el("p", {}, "The fragments together:"), quote(frame.together)])];
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
  const [wrong, unless] = [frame.problems.filter((p) => !p.unless), frame.problems.filter((p) => p.unless)];
  const direction = frame.short === null ? "" : frame.masked
    ? "From a server it would break the rule of section 5.1: only a client masks."
    : "From a client it would break the rule of section 5.1: a client has to mask.";
  const verdict = frame.problems.length > 0 ? "" : frame.missing > 0n ? "No rule is broken by what is here. " : "No rule is broken. ";
  return [...listProblems("What is wrong", wrong), ...listProblems("Wrong, unless an extension was agreed on in the handshake", unless),
    el("p", { class: "verdict" }, verdict + direction)];
}

function listProblems(title, problems) {
  return problems.length === 0 ? [] : [el("h3", {}, title), el("ul", { class: "problems" }, ...problems.map(({ rule, section }) => el("li", {}, `${rule} `,
    el("a", { href: `https://www.rfc-editor.org/rfc/rfc6455#section-${section}` }, `RFC 6455, section ${section}`))))];
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

// roving makes one stop of the Tab key out of many buttons: arrow keys, Home and End go from
// one to the next. upOrDown(at, key) is the one below or above the button at.
function roving(container, upOrDown) {
  const buttons = [...container.querySelectorAll("button")];
  buttons.forEach((b, i) => { b.tabIndex = i === 0 ? 0 : -1; });
  container.addEventListener("focusin", (event) => {
    container.querySelector('button[tabindex="0"]').tabIndex = -1;
    event.target.tabIndex = 0;
  });
  container.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key] ??
      (/^Arrow/.test(event.key) ? upOrDown(at, event.key) : undefined);
    if (next === undefined) return;
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
