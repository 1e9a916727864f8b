// The learn page: which lesson is shown, and what reaches the panes.
import { follow } from "../wire-feed.js";
import { el, unseen } from "../dom.js";
import { offer, post, setUpBegin } from "./begin.js";
import { showDiff, setUpDiff } from "./changes.js";
import { CheckPane } from "./check.js";
import { prepareCommands } from "./commands.js";
import { markBlocks, prepareLesson } from "./lesson.js";
import { lightUp, showLife } from "./life.js";
import { recall, remember } from "./memory.js";
import { notice } from "./notices.js";
import { showServer, showLines } from "./output.js";
import { OwnBytes } from "./own-bytes.js";
import { setUpPanes, showPane } from "./panes.js";

const lessons = [ // in the order of their steps: the library is step 7
  ["00", "Before"], ["01", "Upgrade"], ["02", "Handshake"], ["03", "Push"],
  ["04", "Parse"], ["05", "Broadcast"], ["06", "Close"], ["library", "Library"],
];

const $ = (selector) => document.querySelector(selector);
const text = $("#text");
const lessonPane = $("#pane-lesson");
const bytes = new OwnBytes();
const check = new CheckPane($("#rows"), $("#verdict"));
let shown; // the number of the lesson that is shown
let state = { own: true, servers: [], holds: 0, step: 0, blocks: [] };
let loading = 0; // counts the lessons asked for

// --- the lesson ---

async function show(address) {
  const [name, anchor] = address.split("/");
  const number = lessons.findIndex(([file]) => file === name);
  if (number < 0) return go(lessons[state.step][0]);
  if (number !== shown && !await load(name, number)) return;
  if (anchor) document.getElementById(anchor)?.scrollIntoView();
  remember("lesson", name);
  drawSteps();
}

// load shows a lesson at the place where it was left, and reports false if another was requested
// meanwhile.
async function load(name, number) {
  const mine = ++loading;
  const answer = await fetch(`lessons/${name}.html`).catch(() => undefined);
  const html = await answer?.text();
  if (mine !== loading) return false;
  notice("lesson", answer?.ok ? "" : "The lesson cannot be loaded: is learn still running?");
  if (!answer?.ok) return false;
  const at = recall(`at ${name}`, 0); // before the change scrolls
  shown = number;
  text.innerHTML = html; // generated from the workshop's own Markdown
  document.title = `${text.querySelector("h1")?.textContent ?? "Lesson"} · WebSocket workshop`;
  prepareLesson(text);
  prepareCommands(text, act);
  bytes.fill(text, name);
  showLife($("#life"), number);
  showDiff(number, name);
  await refresh();
  lessonPane.scrollTop = at;
  return true;
}

const go = (address) => { location.hash = `#/${address}`; };
const routed = () => show(location.hash.startsWith("#/") ? location.hash.slice(2) : "");

lessonPane.addEventListener("scroll", () => {
  if (shown !== undefined) remember(`at ${lessons[shown][0]}`, Math.round(lessonPane.scrollTop));
}, { passive: true });

// Links between lessons stay on this page; others open a new window.
text.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const href = link.getAttribute("href");
  const parts = /^(?:([\w-]+)\.html)?(?:#([\w-]+))?$/.exec(href) ?? ["", ""];
  const [, name = lessons[shown][0], anchor] = parts;
  if (lessons.some(([file]) => file === name)) {
    event.preventDefault();
    if (anchor) document.getElementById(anchor)?.scrollIntoView();
    go(anchor ? `${name}/${anchor}` : name);
  } else {
    link.target = "_blank";
    link.rel = "noopener";
  }
});

// act does what a command of the lesson does in a terminal.
function act(action) {
  if (action === "begin") offerStep();
  else if (action === "restart") restart();
  else showPane(action);
  if (action === "changes") $("#left").click();
}

// --- where the attendee is ---

$("#steps").append(...lessons.map(([name, title], n) => el("li", {},
  el("a", { href: `#/${name}`, title }, el("b", {}, n === 7 ? "L" : `${n}`),
    el("span", { class: "title" }, ` ${title}`)))));

function drawSteps() { // in place: somebody may be about to click, or have the focus there
  const known = Math.max(state.holds, recall("holds", 0));
  remember("holds", known);
  [...$("#steps").children].forEach(({ firstChild: link }, n) => {
    if (n === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (n > 0 && n <= known && !link.querySelector(".holds")) {
      link.append(el("span", { class: "holds", "aria-hidden": "true" }, " ✓"), unseen(" holds"));
    }
  });
  $("#where").textContent = where();
  $("#start").textContent = `Begin ${shown === 7 ? "the library" : `step ${shown || 1}`}…`;
  $("#start").hidden = !state.own;
}

function where() {
  if (!state.own) return `Shown: ${state.servers.map(({ name }) => name).join(" and ")}`;
  if (state.step) return `You edit the folder work/, ${state.step === 7 ? "the library’s lesson" : `step ${state.step}`}.`;
  return state.folder ? "You edit the folder work/, but its code is not recognizable as that of a step." :
    "There is no code in work/ yet: begin a step.";
}

async function refresh() {
  const answer = await fetch(`state?step=${shown ?? 0}`).catch(() => undefined);
  if (!answer?.ok) return;
  state = await answer.json();
  check.own(state.own);
  if (!state.problem) markBlocks(text, state.blocks); // otherwise the states from before it stopped parsing
  drawSteps();
  drawMembers();
}

const offerStep = () => state.own && offer(shown || 1, state);
$("#start").addEventListener("click", offerStep);
setUpBegin(async (step) => {
  await refresh();
  if (step) go(lessons[step][0]);
});

// --- the chat ---

function drawMembers() {
  const twice = recall("twice", false);
  $("#twice").setAttribute("aria-pressed", twice);
  $("#twice").hidden = state.servers.length > 1;
  const mine = (url) => [["Your chat", url], ["A second member", url]].slice(0, twice ? 2 : 1);
  const wanted = state.servers.filter(({ running }) => running)
    .flatMap(({ name, url }) => state.servers.length > 1 ? [[name, url]] : mine(url));
  for (const [title, url] of wanted) { // those that are there stay: a reload would lose what somebody types
    if ($("#members").querySelector(`[title="${title}"]`)) continue;
    $("#members").append(el("div", { class: "frame" }, el("iframe", { title, src: `${url}/` })));
  }
  if (!twice) $('#members [title="A second member"]')?.parentElement.remove();
}

$("#twice").addEventListener("click", () => {
  remember("twice", !recall("twice", false));
  drawMembers();
});

const restart = () => post("restart");
$("#restart").addEventListener("click", restart);
$("#again").addEventListener("click", () => post("check"));

// --- what learn tells ---

let later;
function codeChanged() { // several files may be saved at once
  clearTimeout(later);
  later = setTimeout(refresh, 50);
}

function took(entry) {
  if (entry.kind === "server") {
    showServer(entry);
    if (entry.state === "build failed") check.broken();
    if (entry.state === "running") codeChanged(); // the chat can be shown
  }
  if (entry.kind === "output") showLines(entry);
  if (entry.kind === "check") check.take(entry);
  if (entry.kind === "code") codeChanged();
  if (entry.kind === "problem") notice("learn", entry.text ?? "");
}

setUpPanes();
setUpDiff();
addEventListener("hashchange", routed);
await refresh();
if (location.hash.startsWith("#/")) await routed();
else go(recall("lesson", lessons[state.step][0]));

const nothing = () => {};
follow({
  event: took,
  now: nothing,
  problem: (words) => notice("feed", words && "learn does not answer. Is it still running? Trying again."),
  restart: () => location.reload(),
}, { events: "feed", now: "run" });

let filling;
function fill() {
  filling = undefined;
  bytes.fill(text, lessons[shown]?.[0]);
}

follow({
  event: (event) => {
    bytes.add(event);
    lightUp($("#life"), event);
    filling ||= setTimeout(fill, 50); // once for all that came with it
  },
  now: nothing,
  problem: nothing,
  restart: nothing,
});
