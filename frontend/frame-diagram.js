// A frame as the diagram of RFC 6455, section 5.2, draws it: bit by bit, with what each field
// means, how the payload is unmasked, and what it says. The frame page and the wire view use it;
// its colours and sizes are in frame-diagram.css, on top of those of chat.css.

import { count, hexByte, opcodes, toHex } from "./frame-codec.js";
import { el, quiet, roving, unseen } from "./dom.js";
import { fields } from "./frame-fields.js";
import { drawPayload } from "./frame-payload.js";

const maxText = 4000; // characters of a text
const maxHex = 256; // bytes of anything that is not text
const tall = 7; // rows: next to a taller diagram there is room for the payload

// drawFrame returns an <article> that shows a frame (from decode or decodeAll). Its heading is
// title, or else the opcode's name. At most most bytes of the payload are drawn, and bitwise of them
// bit by bit. With onFlip, each bit is a button, and a click calls onFlip with the bit's number, counted
// from the frame's first.
export function drawFrame(frame, { title, most = 512, bitwise = 128, onFlip } = {}) {
  const parts = fields(frame);
  const name = opcodes[frame.opcode]?.[0] ?? "reserved opcode";
  const article = el("article", { class: "frame card" },
    el("h2", {}, `${title ?? capital(name)} `, el("small", {}, size(frame))));
  if (frame.missing > 0n) {
    const missing = `${frame.headerCut ? "at least " : ""}${count(frame.missing)} ${frame.missing === 1n ? "is" : "are"} missing`;
    article.append(el("p", { class: "cut" }, `Cut short: ${missing}.`));
  }
  const diagram = drawDiagram(frame, parts, Math.min(most, bitwise), onFlip);
  const rows = diagram.querySelectorAll("tbody th").length;
  article.append(el("div", { class: rows > tall ? "sides tall" : "sides" }, diagram,
    el("div", { class: "details" }, drawMeanings(parts), ...drawResult(frame), ...drawProblems(frame)),
    ...drawPayload(frame, Math.min(frame.payload.length, most))));
  highlight(article);
  return article;
}

function size(frame) {
  if (frame.headerCut) return `${count(frame.size)} of a header`;
  return `${count(frame.length)} of payload, ${frame.headerSize} of header, ${frame.masked ? "masked" : "not masked"}`;
}

// The diagram of section 5.2: 32 bits per row under their four bytes in hex, and a cell
// for each part of a field. It has at most most bytes of the payload.
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
    el("caption", {}, unseen(`The frame, 32 bits per row.${onFlip ? " Arrow keys go from bit to bit, Enter flips one." : ""}`)),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, unseen("byte")), ...numbers)), body);
  if (onFlip) {
    roving(table, (at, key) => at + { ArrowDown: 32, ArrowUp: -32 }[key]);
    table.addEventListener("click", ({ target: { dataset } }) => dataset.bit && onFlip(Number(dataset.bit)));
  }
  const left = (payload.at + payload.bits - end) / 8;
  // Anything that scrolls must be reachable with the keyboard: through its buttons, or by itself.
  const scroll = onFlip ? {} : { tabindex: 0, role: "region", "aria-label": "The frame’s bits" };
  return el("div", { class: "bitwise" }, el("div", { class: "scroll", ...scroll }, table),
    left > 0 ? quiet(`${count(left)} more of the payload are not drawn here.`) : "");
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

// highlight makes the field under the pointer, or with the focus, stand out in the diagram and in the list.
function highlight(article) {
  const mark = (event) => {
    const field = event.target.closest?.("[data-field]")?.dataset.field;
    if (!field) return;
    for (const e of article.querySelectorAll("[data-field]")) e.classList.toggle("on", e.dataset.field === field);
  };
  article.addEventListener("pointerover", mark);
  article.addEventListener("focusin", mark);
}

function drawResult(frame) {
  if (frame.headerCut) return [];
  const heading = el("h3", {}, "What it says");
  if (frame.extended) {
    return [heading, el("p", {}, "Only an extension knows what the payload means. " +
      "With permessage-deflate (RFC 7692), RSV1 marks a compressed message.")];
  }
  if (frame.opcode === 8) {
    if (frame.payload.length < 2) return frame.length === 0n ? [heading, el("p", {}, "Close, without a status code.")] : [];
    return [heading, el("p", { class: "says" }, el("strong", {}, `${frame.code}`), ` ${frame.codeName}`),
      ...(frame.text ? [el("p", {}, "The reason:"), quote(frame.text)] : [])];
  }
  if (frame.payload.length === 0) return [];
  const text = frame.text ?? plainText(frame);
  if (text === null) {
    const hex = toHex(frame.payload.subarray(0, maxHex), " ") + (frame.payload.length > maxHex ? " …" : "");
    return [heading, el("p", {}, "Bytes that are not text:"), quote(hex)];
  }
  return [heading,
    ...(frame.opcode === 0 && frame.text === undefined ? [el("p", {}, "If the message that it continues is text:")] : []),
    text === "" ? el("p", {}, "Only the beginning of a character.") : quote(text),
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
    ? "A server must not send it: only clients mask (section 5.1)."
    : "A client must not send it: clients must mask (section 5.1).";
  const verdict = frame.problems.length > 0 ? "" : frame.missing > 0n ? "What is here breaks no rule. " : "It breaks no rule. ";
  return [...listProblems("What is wrong", wrong), ...listProblems("Wrong, unless the handshake agreed on an extension", unless),
    el("p", { class: "verdict" }, verdict + direction)];
}

function listProblems(title, problems) {
  if (problems.length === 0) return [];
  const rfc = (section) => el("a", { href: `https://www.rfc-editor.org/rfc/rfc6455#section-${section}` }, `RFC 6455, section ${section}`);
  return [el("h3", {}, title), el("ul", { class: "problems" }, ...problems.map(({ rule, section }) => el("li", {}, `${rule} `, rfc(section))))];
}

function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}
