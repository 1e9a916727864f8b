// The opening handshake: its heads line by line, and how the answer follows from the request.

import { toHex } from "./frame-codec.js";
import { el } from "./dom.js";
import { field, upgrades } from "./wire-record.js";

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, section 1.3

// drawHead shows a head line by line; the fields of the handshake stand out.
export function drawHead(head) {
  const lines = head.trimEnd().split(/\r?\n/);
  return el("code", { class: "head" }, ...lines.map((line, i) => {
    const [, name, value] = /^(Sec-WebSocket-(?:Key|Accept):\s*)(.*)$/i.exec(line) ?? [];
    if (name) return el("span", { class: "line" }, name, el("span", { class: "f-key" }, value));
    const matters = i === 0 || /^(host|origin|upgrade|connection|sec-websocket-[a-z]+):/i.test(line);
    return el("span", { class: matters ? "line" : "line aside" }, line);
  }));
}

// explain shows how the accept value follows from the key, and lists what request and response agreed
// on.
export function explain(request, response) {
  const upgraded = upgrades(response);
  const key = field(request, "Sec-WebSocket-Key");
  const accept = field(response, "Sec-WebSocket-Accept");
  const notes = [agreed("Subprotocol", "Sec-WebSocket-Protocol"), agreed("Extension", "Sec-WebSocket-Extensions")];
  if (!upgraded) notes.unshift(`The server refused: ${response.split(/\r?\n/)[0]}`);
  const box = el("div", { class: "explain" });
  if (key && (upgraded || accept)) box.append(calculation(key, accept));
  box.append(...notes.filter(Boolean).map((note) => el("p", {}, note)));
  return box;

  function agreed(what, name) {
    const [offered, chosen] = [field(request, name), field(response, name)];
    if (!offered && !chosen) return "";
    const answer = chosen ? `${chosen} chosen` : upgraded ? "declined" : "not answered";
    return `${what}: ${offered || "none"} offered, ${answer}`;
  }
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
    verdict.textContent = right.textContent === accept ? " ✓ the answer’s accept value"
      : ` ✗ the answer has ${accept || "no accept value"}`;
  }).catch(() => { hash.textContent = "this browser calculates it only on localhost"; });
  return el("div", { class: "calculation" },
    el("p", {}, el("code", { class: "f-key" }, key), " the key"),
    el("p", {}, arrow(), "followed by ", el("code", {}, guid), ", SHA-1: ", hash),
    el("p", {}, arrow(), "base64: ", right, verdict));
}
