// One event as a rung between browser and server: an arrow with a label, bytes, and words.

import { count, opcodes, toHex } from "./frame-codec.js";
import { closeCodeName } from "./frame-rules.js";
import { el, unseen } from "./dom.js";
import { drawHead, explain } from "./wire-handshake.js";
import { bytesOf, decodeText, fromHex, isHandshake, nameOf, textOf, upgrades } from "./wire-record.js";

const maxText = 200; // characters of a text
const maxChips = 10; // bytes of a payload
const maxOther = 24; // bytes of anything that is neither a head nor a frame

export const who = ({ from }) => (from === "client" ? "browser" : "server");
export const endShort = (event) => `${event.how === "reset" ? "RST" : "FIN"} from the ${who(event)}`;
export const endLong = (event) => event.how === "reset" ? `TCP reset (RST): the ${who(event)} has gone`
  : `TCP FIN: the ${who(event)} sends nothing more`;

// drawRung returns the elements of an entry: a button, and before it, for the answer to a
// handshake, how it follows from the request.
export function drawRung(entry) {
  const { event, connection, request } = entry;
  const { label, parts } = describe(entry);
  const way = event.from === "client" ? "client" : "server";
  const button = el("button", { type: "button", class: `rung ${way}`, tabindex: -1 },
    el("span", { class: "arrow" },
      el("span", { class: "number", "aria-hidden": "true" }, `${connection.number}`),
      unseen(`${nameOf(connection)}, from the ${who(event)}: `), el("span", { class: "label" }, label)),
    ...parts);
  button.entry = entry;
  return request ? [explain(request, textOf(event)), button] : [button];
}

// describe returns a rung's label and its other parts.
function describe({ event, answered }) {
  switch (event.kind) {
    case "request": return { label: isHandshake(event) ? "handshake" : "request", parts: [drawHead(textOf(event))] };
    case "response": return { label: "answer", parts: [drawHead(textOf(event))] };
    case "frame": return describeFrame(event);
    case "end": return { label: endLong(event), parts: [] };
  }
  const what = !answered ? "not HTTP" : upgrades(answered) ? "cut off within a frame" : "body";
  const bytes = bytesOf(event).subarray(0, maxOther);
  const chips = el("code", { class: "chips" }, toHex(bytes, " ") + (event.length > bytes.length ? " …" : ""));
  return { label: `${what} · ${count(Number(event.length))}`, parts: [chips, preview(textOf(event))] };
}

function describeFrame(event) {
  const bytes = bytesOf(event);
  const header = headerSize(bytes);
  const name = opcodes[event.opcode]?.[0] ?? `opcode ${event.opcode.toString(16)}`;
  const rsv = [1, 2, 3].filter((i) => bytes[0] & (0x80 >> i)).map((i) => `RSV${i}`);
  const label = [name, event.fin ? "FIN" : "no FIN", ...rsv, count(event.length - header)].join(" · ");
  return { label, parts: [drawChips(bytes, event, header), ...says(event, rsv)] };
}

const lengthEnd = (bytes) => 2 + ({ 126: 2, 127: 8 }[bytes[1] & 0x7f] ?? 0);
const headerSize = (bytes) => lengthEnd(bytes) + (bytes[1] & 0x80 ? 4 : 0);

// drawChips shows the bytes of a frame in the colours of the diagram, and counts those of the header:
// the label counts the payload, as the lessons do.
function drawChips(bytes, event, header) {
  const left = event.length - Math.min(bytes.length, header + maxChips);
  const chip = (id, from, to) => from >= Math.min(to, bytes.length) ? []
    : [el("span", { class: `f-${id}` }, toHex(bytes.subarray(from, to), " ")), " "];
  const long = lengthEnd(bytes);
  return el("code", { class: "chips" },
    ...chip("opcode", 0, 1), ...chip("length", 1, 2), ...chip("longer", 2, long), ...chip("key", long, header),
    el("small", {}, `${header} of header `), ...chip("payload", header, header + maxChips),
    left > 0 ? `… ${left.toLocaleString("en")} more` : "");
}

// says returns the content of a frame in words.
function says(event, rsv) {
  const payload = fromHex(event.payload);
  if (event.opcode === 8 && payload.length >= 2) {
    const code = payload[0] << 8 | payload[1];
    const reason = payload.length > 2 ? `: ${decodeText(payload.subarray(2))}` : "";
    return [preview(`${code} ${closeCodeName(code)}${reason}`)];
  }
  if (rsv[0] === "RSV1") return [preview("compressed, if permessage-deflate was agreed on")];
  if (rsv.length > 0) return [preview("only an extension knows what the reserved bits mean")];
  return event.opcode === 2 || payload.length === 0 ? [] : [preview(decodeText(payload))];
}

function preview(text) {
  return el("span", { class: "words", dir: "auto" }, text.length > maxText ? text.slice(0, maxText) + "…" : text);
}
