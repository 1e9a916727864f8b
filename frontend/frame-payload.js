// The payload of a frame byte by byte, and how it is unmasked.

import { count, hexByte } from "./frame-codec.js";
import { el, nearest, quiet, roving, unseen } from "./dom.js";

// drawPayload returns the first drawn bytes, each above the key's byte and the result; without a
// mask, only the bytes. It returns a list, which is empty if there is no payload.
export function drawPayload(frame, drawn) {
  if (drawn === 0) return [];
  const grid = drawBytes(frame, drawn);
  const live = el("div", { class: "xor", "aria-live": "polite", "aria-atomic": "true" });
  const show = (event) => {
    const button = event.target.closest?.("[data-byte]");
    if (!button || button.classList.contains("on")) return;
    grid.querySelector(".on")?.classList.remove("on");
    button.classList.add("on");
    live.replaceChildren(drawXor(frame, Number(button.dataset.byte), button.lastChild.textContent));
  };
  for (const type of ["pointerover", "focusin", "click"]) grid.addEventListener(type, show);
  show({ target: grid.querySelector("button") });
  const [title, says] = frame.key
    ? ["The unmasking", "Each byte (top) is XORed with a byte of the key (middle). The result is at the bottom (section 5.3)."]
    : ["The payload", "Without a mask, the bytes are sent unchanged."];
  const more = frame.payload.length - drawn;
  return [el("div", { class: "unmasking" }, el("h3", {}, title), live, quiet(says), grid,
    more > 0 ? quiet(`${count(more)} more of the payload are not drawn here.`) : "")];
}

function drawBytes(frame, drawn) {
  const grid = el("div", { class: "bytes", role: "group", "aria-label": "Payload bytes: arrow keys go from byte to byte" });
  const shown = glyphs(frame.payload, drawn);
  const cell = (name, text) => el("span", { class: name }, text);
  for (let i = 0; i < drawn; i++) {
    const button = el("button", { type: "button", "data-byte": i }, unseen(`byte ${i}: `));
    if (frame.key) {
      button.append(cell("raw", hexByte(frame.raw[i])), unseen(" XOR "), cell("f-key", hexByte(frame.key[i % 4])), unseen(" is "));
    }
    button.append(cell("result", hexByte(frame.payload[i])), unseen(", "), cell("glyph", shown[i]));
    if (i % 4 === 0) grid.append(el("span", { class: "four" })); // the key starts again
    grid.lastChild.append(button);
  }
  roving(grid, (at, key) => nearest([...grid.querySelectorAll("button")], at, key === "ArrowDown" ? 1 : -1));
  return grid;
}

function drawXor(frame, i, glyph) {
  const binary = (byte) => byte.toString(2).padStart(8, "0").replace(/(.{4})/, "$1 ");
  const line = (label, byte, extra, name) => el("tr", { class: name }, el("th", { scope: "row" }, label),
    el("td", {}, `0x${hexByte(byte)}`), el("td", { class: "binary" }, binary(byte)), el("td", {}, extra));
  if (!frame.key) return el("table", {}, line(`byte ${i}`, frame.payload[i], glyph, ""));
  return el("table", {},
    line(`byte ${i}`, frame.raw[i], "masked", ""),
    line(`key byte ${i % 4}`, frame.key[i % 4], "XOR", ""),
    line("result", frame.payload[i], glyph, "sum"));
}

// glyphs returns the text of each byte; a character of several bytes is at its first byte.
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
