// The attendee's own bytes, in the lesson's text. A figure with data-kind="bytes" names what it shows;
// what stands there in the Markdown is a recording, and stays until there is something to show.
import { decode } from "../frame-codec.js";
import { drawFrame } from "../frame-diagram.js";
import { el } from "../dom.js";

const toBytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (b) => parseInt(b, 16));
const toText = (hex) => new TextDecoder().decode(toBytes(hex));

export class OwnBytes {
  #latest = {}; // by what it is: a list of events
  #connection = ""; // the newest with a WebSocket
  #version = 0;

  // add takes an event of the wire, oldest first.
  add(event) {
    const connection = `${event.server} ${event.conn}`;
    const isClose = event.kind === "frame" && event.opcode === 8;
    if (event.kind === "request" && /upgrade: *websocket/i.test(toText(event.hex))) {
      this.#connection = connection;
      this.#set("handshake", [event]);
      this.#latest.first = undefined;
      this.#latest.ending = [];
    } else if (event.kind === "response" && connection === this.#connection && this.#latest.handshake?.length === 1) {
      this.#set("handshake", [this.#latest.handshake[0], event]);
    } else if (event.kind === "frame" && event.from === "server" && event.opcode === 1) {
      if (connection === this.#connection && !this.#latest.first) this.#set("first-frame", this.#latest.first = [event]);
      if (this.#latest.push?.length < 4) this.#set("push", [...this.#latest.push, event]);
    } else if (event.kind === "frame" && event.from === "client" && event.opcode === 1) {
      this.#set("masked", [event]);
      this.#set("push", [event]);
    }
    if (connection === this.#connection && (isClose || event.kind === "end")) {
      this.#latest.ending = [...this.#latest.ending ?? [], event];
      this.#set("closing", this.#latest.ending);
    }
  }

  #set(what, events) {
    this.#latest[what] = events;
    this.#version++;
  }

  // fill puts the newest bytes into the figures of a lesson.
  fill(text) {
    for (const figure of text.querySelectorAll('figure[data-kind="bytes"]')) {
      const events = this.#latest[figure.dataset.of];
      if (!figure.querySelector("figcaption")) figure.prepend(el("figcaption", {}, "A recording. As soon as your own server has sent this, you see its bytes here."));
      if (!events?.length || figure.dataset.version === `${this.#version}` || figure.contains(document.activeElement)) continue;
      figure.dataset.version = this.#version;
      figure.classList.add("own");
      figure.replaceChildren(el("figcaption", {}, "Your own bytes, the newest."), ...events.map(draw));
    }
  }
}

function draw(event) {
  const who = event.from === "client" ? "from the browser" : "from the server";
  if (event.kind === "end") return el("p", {}, `${event.how === "reset" ? "A reset (RST)" : "FIN of TCP"} ${who}`);
  if (event.kind !== "frame") return el("pre", { tabindex: "0" }, toText(event.hex).trimEnd());
  return drawFrame(decode(toBytes(event.hex)), { title: `Connection ${event.conn}, ${who}`, most: 48, bitwise: 16 });
}
