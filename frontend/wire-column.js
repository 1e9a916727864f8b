// A server's connections side by side, each in a lane, and their events in order from top to bottom: an
// incoming message is above the histories that follow it.

import { count } from "./frame-codec.js";
import { el, quiet } from "./dom.js";
import { maxEvents, nameOf, promote } from "./wire-record.js";
import { drawRung, endShort, who } from "./wire-rung.js";

const batch = 200; // entries drawn at once, so that the page stays responsive
const frameTime = 500; // milliseconds to wait for the browser's next frame
const atOnce = 50; // milliseconds: events of several connections within this time may share a row
const maxLives = 8; // lanes up to which each row shows all connections that are open

// A Column shows one server of a record; its element is a section. It reads from view the settings of
// all columns: paused (draw nothing), selected (do not scroll to the end), pages (show page loads).
export class Column {
  #waiting = []; // entries that are not drawn yet
  #drawn = []; // { entry, cell }, oldest first
  #skipped = new WeakSet(); // connections that are not shown
  #lanes = []; // { connection, ends, over, state }
  #row; // the last one
  #follows = true; // the end stays in sight
  #scheduled = false; // to draw

  constructor(server, view) {
    Object.assign(this, { server, view });
    const { name, url } = server;
    this.filter = el("select", { "aria-label": `Connections with ${name}` });
    this.rows = el("ol", { class: "rows" });
    this.halves = el("ol", { class: "rows" });
    const none = el("div", { class: "none" }, quiet("Nothing has been sent yet: open the page, and chat."));
    this.scroller = el("div", { class: "lanes" }, this.rows, this.halves, none);
    const heading = el("h2", {}, name);
    if (url) heading.append(" ", el("a", { href: url, target: "_blank", rel: "noopener" }, url.replace("http://", "")));
    heading.append(el("small", { class: "away" }, " is not running"));
    this.element = el("section", { "aria-label": name }, el("div", { class: "heading" }, heading, this.filter), this.scroller);
    this.filter.addEventListener("change", () => this.redraw());
    this.element.addEventListener("focusin", ({ target }) => target.matches(".rung") && this.#setStop(target));
    this.#watchScrolling();
    this.redraw();
  }

  // add draws an entry of the record with the browser's next frame.
  add(entry) {
    this.#waiting.push(entry);
    if (this.#waiting.length > 2 * maxEvents) this.#dropRemoved(); // paused for long
    this.schedule();
  }

  schedule() {
    if (this.view.paused || this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#draw());
    setTimeout(() => this.#draw(), frameTime); // a hidden page has no frames
  }

  // waits is the number of entries that are not drawn yet.
  get waits() {
    this.#dropRemoved();
    return this.#waiting.filter(({ connection }) => this.#shows(connection)).length;
  }

  #dropRemoved() {
    this.#waiting = this.#waiting.filter(({ removed }) => !removed);
  }

  // redraw draws everything that the record has about the server.
  redraw() {
    this.rows.replaceChildren();
    this.halves.replaceChildren();
    this.#drawn = [];
    this.#lanes = [];
    this.#skipped = new WeakSet();
    this.#row = this.stop = undefined;
    this.#waiting = [...this.server.entries];
    this.#listConnections();
    this.schedule();
  }

  #shows(connection) {
    const { value } = this.filter;
    return value ? value === String(connection.conn) : connection.isWebSocket || this.view.pages;
  }

  #draw() {
    if (!this.#scheduled) return; // done before
    this.#scheduled = false;
    if (this.view.paused) return;
    this.#forget();
    for (const entry of this.#waiting.splice(0, batch)) {
      if (entry.removed) continue;
      if (!this.#shows(entry.connection)) this.#skipped.add(entry.connection);
      else if (this.#skipped.has(entry.connection)) return this.redraw(); // it has become a WebSocket
      else this.#place(entry);
    }
    this.toEnd();
    if (this.#waiting.length > 0) this.schedule();
  }

  // forget removes what the record no longer has.
  #forget() {
    while (this.#drawn[0]?.entry.removed) {
      const { cell } = this.#drawn.shift();
      const row = cell.parentElement;
      cell.remove();
      if (!row.querySelector(".rung")) row.remove();
    }
    const first = this.rows.firstElementChild;
    if (this.stop && !this.stop.isConnected) this.#setStop(first?.querySelector(".rung"));
  }

  // --- lanes and rows ---

  #place(entry) {
    const lane = this.#laneOf(entry);
    const cell = el("div", { class: `cell is-${entry.event.kind}` }, ...drawRung(entry));
    this.#put(cell, lane, entry.event, entry.event.kind);
    this.#drawn.push({ entry, cell });
    if (!this.stop) this.#setStop(cell.querySelector(".rung"));
    if (entry.event.kind !== "end") return;
    const it = this.#lanes[lane];
    it.ends.push(entry.event);
    it.over = it.ends.length > 1 || entry.event.how === "reset";
    it.state.textContent = it.over ? `ended: ${it.ends.map(endShort).join(", ")}` : endShort(entry.event);
  }

  // laneOf returns the index of a connection's lane. A new connection gets the first free lane.
  #laneOf({ connection, event }) {
    const old = this.#lanes.findIndex((lane) => lane.connection === connection);
    if (old >= 0) return old;
    const free = this.#lanes.findIndex(({ over }) => over);
    const lane = free >= 0 ? free : this.#lanes.length;
    const state = el("small");
    this.#lanes[lane] = { connection, ends: [], over: false, state };
    for (const list of [this.rows, this.halves]) list.style.setProperty("--lanes", this.#lanes.length);
    this.scroller.classList.toggle("many", this.#lanes.length > 1);
    const ends = el("p", { class: "ends", "aria-hidden": "true" }, el("span", {}, "browser"), el("span", {}, "server"));
    const heading = el("h3", {}, `${nameOf(connection)} `, state);
    this.#put(el("div", { class: "cell begin" }, heading, ends), lane, event, "begin");
    this.#listConnections();
    return lane;
  }

  // put puts a cell into the last row, or into a new one: events of several connections at the same
  // time, in the same direction, are side by side.
  #put(cell, lane, { from, time }, kind) {
    const row = this.#row;
    if (!row || row.kind !== kind || row.from !== from || row.taken.has(lane) || time - row.time > atOnce) {
      this.#row = { element: el("li"), kind, from, time, taken: new Set() };
      this.rows.append(this.#row.element);
      const lives = this.#lanes.length <= maxLives ? this.#lanes : [];
      this.#row.element.append(...lives.map(({ over }, i) => inLane(el("div", { class: over ? "" : "cell" }), i)));
    }
    this.#row.taken.add(lane);
    this.#row.element.querySelector(`[data-lane="${lane}"]`)?.remove();
    this.#row.element.append(inLane(cell, lane));
  }

  #listConnections() {
    const { value } = this.filter;
    const all = [...this.server.connections.values()].filter(({ isWebSocket }) => isWebSocket || this.view.pages);
    this.filter.replaceChildren(el("option", { value: "" }, "every connection"),
      ...all.map((connection) => el("option", { value: connection.conn }, nameOf(connection).toLowerCase())));
    this.filter.value = all.some(({ conn }) => String(conn) === value) ? value : "";
  }

  // setHalves shows what has not arrived completely: a list of { conn, from, hex, length }.
  setHalves(halves) {
    for (const connection of halves.map(({ conn }) => this.server.connections.get(conn))) {
      if (!connection || connection.isWebSocket) continue;
      promote(connection);
      this.redraw();
    }
    this.halves.replaceChildren(...halves.flatMap((half) => {
      const lane = this.#lanes.findIndex(({ connection }) => connection.conn === half.conn);
      if (lane < 0) return [];
      const bytes = half.hex.slice(0, 48).replaceAll(/..(?=.)/g, "$& ") + (half.length > 24 ? " …" : "");
      const words = `The ${who(half)} has sent ${count(half.length)} of something that is not complete: `;
      return [el("li", {}, inLane(el("div", { class: "cell half" }, words, el("code", {}, bytes)), lane))];
    }));
  }

  // --- scrolling ---

  // toEnd keeps the newest row visible, unless the reader is looking at older rows or at one event.
  toEnd() {
    const scroll = () => {
      if (this.#follows && !this.view.selected) this.scroller.scrollTop = 1e9;
    };
    scroll();
    requestAnimationFrame(() => requestAnimationFrame(scroll)); // rows in sight may be taller than estimated
  }

  #watchScrolling() {
    const { scroller } = this;
    const leave = (event) => {
      const away = event.type === "wheel" ? event.deltaY < 0 : event.type !== "keydown" || /Up|Home/.test(event.key);
      if (away) this.#follows = false;
    };
    for (const type of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      scroller.addEventListener(type, leave, { passive: true });
    }
    scroller.addEventListener("scroll", () => {
      this.#follows ||= scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 2;
    });
  }

  // --- the keyboard ---

  // setStop makes one rung the column's stop of the Tab key: arrow keys go to the others.
  #setStop(rung) {
    if (this.stop) this.stop.tabIndex = -1;
    this.stop = rung;
    if (rung) rung.tabIndex = 0;
  }

  // next returns the rung to which a key goes from rung, or undefined.
  next(rung, key) {
    const cell = rung.closest(".cell");
    const row = cell.parentElement;
    const lane = Number(cell.dataset.lane);
    const all = this.rows.querySelectorAll(".rung");
    const beside = (other) => inRows(row, other, up) ?? inRows(row, other, down);
    switch (key) {
      case "Home": return all[0];
      case "End": return all[all.length - 1];
      case "ArrowUp": return inRows(row[up], lane, up);
      case "ArrowDown": return inRows(row[down], lane, down);
      case "ArrowLeft": return beside(lane - 1);
      case "ArrowRight": return beside(lane + 1);
    }
  }
}

function inLane(element, lane) {
  element.dataset.lane = lane;
  element.style.gridColumn = lane + 1;
  return element;
}

const [up, down] = ["previousElementSibling", "nextElementSibling"];

// inRows returns a lane's first rung in row or in those beyond it.
function inRows(row, lane, beyond) {
  for (; row; row = row[beyond]) {
    const rung = row.querySelector(`[data-lane="${lane}"] > .rung`);
    if (rung) return rung;
  }
}
