// The view of the wire: a column per server, which has a lane per connection, which has a rung for each
// head, frame and end. The events come from a running wire, or from a recording.

import { el, quiet } from "./dom.js";
import { Column } from "./wire-column.js";
import { drawDetail, whereAndWhen } from "./wire-detail.js";
import { follow, now } from "./wire-feed.js";
import { isEvent, WireRecord } from "./wire-record.js";
import { fromLink, keepPage, linkTo, page, read } from "./wire-recording.js";
import { setUp } from "./wire-send.js";
import "./viewport.js";

if (parent !== window) document.documentElement.classList.add("pane"); // of the learn page

const $ = (id) => document.getElementById(id);
const record = new WireRecord();
const columns = new Map(); // by the record's server
const view = { paused: false, pages: false, selected: undefined }; // the settings of all columns

let stop; // ends the live view

record.onAdd = (entry) => {
  columnOf(entry.connection.server).add(entry);
  if (view.paused) countWaiting();
};

function columnOf(server) {
  if (!columns.has(server)) {
    columns.set(server, new Column(server, view));
    $("columns").append(columns.get(server).element);
  }
  return columns.get(server);
}

function addServers(servers) {
  for (const server of servers) columnOf(record.addServer(server));
}

// --- what the page says about itself ---

function say(words) {
  if ($("state").textContent !== words) $("state").textContent = words;
}

// warn shows what is wrong, or, with "", removes the warning.
function warn(words) {
  if ($("warning").textContent !== words) $("warning").textContent = words;
}

let counting = false;

function countWaiting() {
  if (counting) return;
  counting = true;
  requestAnimationFrame(() => {
    counting = false;
    const n = [...columns.values()].reduce((sum, column) => sum + column.waits, 0);
    $("waits").textContent = view.paused && n > 0 ? `${n.toLocaleString("en")} waiting` : "";
  });
}

// --- live ---

async function live() {
  const first = await now().catch((error) => error);
  if (first.status === 404) {
    say("no wire");
    return warn("This page has no wire behind it: start one with “task wire”, or open a recording.");
  }
  const early = []; // events that arrived before the names of the servers
  let problem = "";
  const greet = ({ servers, rows }) => {
    addServers(servers);
    setUp(rows);
    keepPage();
    early.splice(0).forEach((event) => record.add(event));
  };
  if (first.servers) greet(first);
  state = () => view.paused ? "paused" : problem ? "trying again" : "live";
  stop = follow({
    event: (event) => record.servers.size > 0 ? record.add(event) : early.push(event),
    now: (latest) => {
      if (record.servers.size === 0) greet(latest);
      showNow(latest);
    },
    problem: (words) => {
      problem = words;
      warn(words);
      say(state());
    },
    restart: () => {
      history.replaceState(null, "", location.pathname);
      location.reload(); // perhaps for other servers
    },
  });
}

let state = () => view.paused ? "paused" : "a recording";

// showNow shows which servers are running, and what has not arrived completely.
function showNow({ servers, halves }) {
  for (const { name, running } of servers) {
    const server = record.servers.get(name);
    if (!server) continue;
    const column = columnOf(server);
    column.element.classList.toggle("down", !running);
    if (!view.paused && !document.hidden) column.setHalves(halves.filter((half) => half.server === name));
  }
}

// --- recordings ---

function show({ servers = [], events }) {
  if (!Array.isArray(events) || events.length === 0 || !events.every(isEvent)) {
    throw new Error("it has no events of a wire");
  }
  stop?.();
  stop = undefined;
  state = () => view.paused ? "paused" : "a recording";
  clear();
  for (const { element } of columns.values()) element.remove();
  columns.clear();
  record.servers.clear();
  $("try").hidden = true;
  addServers(servers);
  warn("");
  for (const event of events) {
    try {
      record.add(event);
    } catch (error) { // a recording may contain anything
      warn(`An event of this recording cannot be shown: ${error.message}`);
    }
  }
  say(state());
}

const askAgain = "Ask for the whole link, or for a saved file.";

async function showLink() {
  try {
    const { recording, problem } = await fromLink(location.hash.slice(3));
    show(recording);
    const n = recording.events.length;
    const first = n === 1 ? "its first event is" : `its first ${n} events are`;
    if (problem) warn(`This link is ${problem}: only ${first} here. ${askAgain}`);
  } catch {
    warn(`This link is cut short or damaged: nothing of the recording can be read. ${askAgain}`);
  }
}

$("save").addEventListener("click", async () => {
  const file = new Blob([await page(record.recording())], { type: "text/html" });
  const a = el("a", { href: URL.createObjectURL(file), download: "wire.html" });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000);
});

$("open").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async () => {
  const [file] = $("file").files;
  try {
    show(read(await file.text()));
  } catch (error) {
    warn(`${file.name} is not a recording: ${error.message}.`);
  }
  $("file").value = "";
});

$("link").addEventListener("click", async () => {
  const link = await linkTo(record.recording({ pages: view.pages })); // what is shown: a link cannot hold much
  if (!link) return warn("This is too much for a link: save a file, or clear and record less.");
  history.replaceState(null, "", link);
  try {
    await navigator.clipboard.writeText(link);
    say("the link is copied");
  } catch {
    say("the link is in the address");
  }
});

// --- the tools ---

function toggle(id, change) {
  $(id).addEventListener("click", () => {
    const on = $(id).getAttribute("aria-pressed") !== "true";
    $(id).setAttribute("aria-pressed", String(on));
    change(on);
    for (const column of columns.values()) column.schedule();
  });
}

toggle("pause", (on) => {
  view.paused = on;
  say(state());
  countWaiting();
});
toggle("large", (on) => {
  document.documentElement.classList.toggle("large", on);
  keepInSight();
});
toggle("pages", (on) => {
  view.pages = on;
  for (const column of columns.values()) column.redraw();
});
$("clear").addEventListener("click", clear);
addEventListener("resize", keepInSight);

// keepInSight scrolls to the selected rung, or else to the newest.
function keepInSight() {
  view.selected?.scrollIntoView({ block: "nearest", inline: "nearest" });
  for (const column of columns.values()) column.toEnd();
}

function clear() {
  select();
  record.clear();
  for (const column of columns.values()) column.redraw();
}

// --- what is selected ---

$("columns").addEventListener("click", ({ target }) => {
  const rung = target.closest(".rung");
  if (rung) select(rung);
});

function select(rung) {
  view.selected?.removeAttribute("aria-current");
  view.selected = rung;
  $("panel").hidden = !rung;
  document.body.classList.toggle("selected", Boolean(rung));
  if (!rung) return;
  rung.setAttribute("aria-current", "true");
  const close = el("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", leavePanel);
  const heading = el("div", { class: "heading" }, quiet(whereAndWhen(rung.entry)), close);
  $("panel").replaceChildren(heading, ...drawDetail(rung.entry));
  $("panel").scrollTop = 0;
  if (document.documentElement.classList.contains("short")) close.focus(); // the panel covers all
  keepInSight();
  requestAnimationFrame(keepInSight); // rows that come into sight may be taller than estimated
}

// If the panel covers the page, it makes room for typing.
$("try").addEventListener("focusin", () => {
  if (view.selected && getComputedStyle($("panel")).position === "fixed") select();
});

function leavePanel() {
  const back = view.selected;
  select();
  back?.focus();
}

// Up and down move along a connection, left and right to the next one or to the next server's, and
// Escape moves back.
document.querySelector("main").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && view.selected) return leavePanel();
  const here = event.target;
  if (!here.matches(".rung") || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...columns.values()];
  const at = all.findIndex(({ element }) => element.contains(here));
  const next = all[at].next(here, event.key) ?? all[at + { ArrowLeft: -1, ArrowRight: 1 }[event.key]]?.stop;
  if (!next) return;
  event.preventDefault();
  if (view.selected) select(next);
  next.focus();
});

// --- from here on ---

const recorded = document.getElementById("recording"); // in a page that was saved
if (recorded) {
  $("save").hidden = $("link").hidden = true;
  show(JSON.parse(recorded.textContent));
} else {
  addEventListener("hashchange", () => {
    if (location.hash.startsWith("#r=")) showLink();
    else if (!stop) location.reload();
  });
  if (location.hash.startsWith("#r=")) await showLink();
  else await live();
}
