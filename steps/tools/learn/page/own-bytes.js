// The attendee's own bytes, in the lesson's text. A figure with data-kind="bytes" names what it shows;
// its text in the Markdown is a recording, which stays until there is something to show.
import { toHex } from "../frame-codec.js";
import { drawFrame } from "../frame-diagram.js";
import { decodeAll } from "../frame-rules.js";
import { drawHead, explain } from "../wire-handshake.js";
import { bytesOf, isHandshake, nameOf, textOf, WireRecord } from "../wire-record.js";
import { endLong, who } from "../wire-rung.js";
import { el } from "../dom.js";

const mostPushes = 4; // of one message

export class OwnBytes {
  #record = new WireRecord();
  #latest = {}; // by what a figure shows: a list of entries of the record
  #drawn = new WeakMap(); // by figure, what it shows

  constructor() {
    this.#record.onAdd = (entry) => this.#take(entry);
  }

  // add processes an event of the wire, oldest first.
  add(event) {
    this.#record.add(event);
  }

  #take(entry) {
    const { event, connection } = entry;
    const latest = this.#latest;
    if (!connection.isWebSocket) return;
    if (isHandshake(event)) latest.handshake = [entry];
    if (event.kind === "response" && connection === latest.handshake?.[0].connection) {
      latest.handshake = [latest.handshake[0], entry];
    }
    if (event.opcode === 1 && event.from === "client") latest.masked = latest.push = [entry];
    if (event.opcode === 1 && event.from === "server") {
      if (!connection.greeted) latest["first-frame"] = [entry];
      else if (latest.push?.length <= mostPushes) latest.push = [...latest.push, entry];
      connection.greeted = true;
    }
    if (event.opcode === 8 || event.kind === "end" && connection.closing) {
      connection.closing = [...connection.closing ?? [], entry];
      latest.closing = latest[`closing ${event.server}`] = connection.closing;
    }
  }

  // fill puts the newest bytes into the figures of a lesson: those of the server that it is about, if there.
  fill(text, server) {
    for (const figure of text.querySelectorAll('figure[data-kind="bytes"]')) {
      const entries = this.#latest[`${figure.dataset.of} ${server}`] ?? this.#latest[figure.dataset.of];
      if (!figure.querySelector("figcaption")) {
        figure.prepend(el("figcaption", {}, "A recording. Once your own server has done this, you see its bytes here."));
      }
      if (!entries || entries === this.#drawn.get(figure) || figure.contains(document.activeElement)) continue;
      this.#drawn.set(figure, entries);
      figure.classList.add("own");
      figure.replaceChildren(el("figcaption", {}, "Your own bytes, the newest"), ...draw(figure.dataset.of, entries));
    }
  }
}

function draw(what, entries) {
  if (what === "handshake") {
    const heads = entries.map(({ event }) => textOf(event));
    return [...heads.map((head) => el("pre", { tabindex: "0" }, drawHead(head))), ...heads[1] ? [explain(...heads)] : []];
  }
  if (what !== "push" && what !== "closing") return entries.map(whole);
  const first = entries.find(({ event }) => event.kind === "end");
  return entries.map((entry) => entry.event.kind !== "end" ? row(entry) : el("p", { class: "end" },
    `${nameOf(entry.connection)}: ${endLong(entry.event)}`, entry === first ? ". It was the first to end TCP." : ""));
}

const where = ({ event, connection }) => `${nameOf(connection)}, from the ${who(event)}`;

function decode(event) {
  const { frames: [frame] } = decodeAll([bytesOf(event)], 1);
  if (event.length * 2 > event.hex.length) frame.missing = 0n; // they were sent, but not kept
  return frame;
}

const whole = (entry) => drawFrame(decode(entry.event), { title: where(entry), most: 48, bitwise: 10 });

// row shows a frame on one line, which expands to the diagram.
function row(entry) {
  const { bytes, opcode, code, codeName, text = "" } = decode(entry.event);
  const hex = toHex(bytes.subarray(0, 12), " ") + (bytes.length > 12 ? " …" : "");
  const says = opcode === 8 ? `close, ${code ?? "no code"} (${codeName ?? "1005"}) ${text}` : text.slice(0, 80);
  const fold = el("details", {}, el("summary", {}, `${where(entry)}: `, el("code", {}, hex), el("p", {}, says)));
  fold.addEventListener("toggle", () => fold.append(whole(entry)), { once: true });
  return fold;
}
