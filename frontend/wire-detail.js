// The details of one event: a frame's diagram, or a dump of the bytes.

import { count, toHex } from "./frame-codec.js";
import { drawFrame } from "./frame-diagram.js";
import { decodeAll } from "./frame-rules.js";
import { el, quiet } from "./dom.js";
import { bytesOf, nameOf } from "./wire-record.js";
import { endLong, who } from "./wire-rung.js";

const maxAddress = 8192; // hex digits in a link
const bitwise = 10; // bytes of a payload that are drawn bit by bit: the header is in the lessons

// whereAndWhen describes an entry's connection, direction and time.
export function whereAndWhen({ event, connection }) {
  const time = new Date(event.time);
  const when = `${time.toLocaleTimeString("en-GB")}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  return `${connection.server.name}, ${nameOf(connection).toLowerCase()}, from the ${who(event)}, ${when}`;
}

// drawDetail returns the elements that show an entry.
export function drawDetail({ event }) {
  if (event.kind === "end") return [el("p", {}, `${endLong(event)}.`)];
  const bytes = bytesOf(event);
  const cut = event.length > bytes.length;
  const notes = cut ? [quiet(`Here are the first ${count(bytes.length)} of ${event.length.toLocaleString("en")}: the wire keeps no more.`)] : [];
  if (event.kind !== "frame") return [...notes, drawDump(bytes)];
  const { frames: [frame] } = decodeAll([bytes], 1);
  if (cut) frame.missing = 0n; // they were sent, but not kept
  if (event.masked !== (event.from === "client")) {
    const rule = event.masked ? "A server must not mask: section 5.1." : "A client must mask each frame: section 5.1.";
    notes.push(el("p", { class: "cut" }, rule));
  }
  const address = `frame.html#${event.hex.slice(0, maxAddress)}`;
  const link = el("a", { href: address, target: "_blank", rel: "noopener" }, "Open this frame on a page of its own, and change it");
  return [...notes, drawFrame(frame, { bitwise }), el("p", {}, link)];
}

// drawDump shows bytes in the format of hexdump -C.
function drawDump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const text = Array.from(row, (b) => b > 31 && b < 127 ? String.fromCharCode(b) : ".").join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${toHex(row, " ").padEnd(47)}  ${text}`);
  }
  return el("pre", { class: "dump", tabindex: 0, "aria-label": "The bytes" }, lines.join("\n"));
}
