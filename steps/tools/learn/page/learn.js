// The learn page: which lesson is shown, which panes, and what reaches them.
import { follow } from "../wire-feed.js";
import { el, unseen } from "../dom.js";
import { lightUp, showLife } from "./life.js";
import { OwnBytes } from "./own-bytes.js";
import { markBlocks, prepareLesson } from "./lesson.js";
import { CheckPane } from "./check.js";
import { showServer, showLines } from "./output.js";
import { notice } from "./notices.js";
import { remember, recall } from "./memory.js";

const lessons = [
  ["00", "Before"], ["01", "Upgrade"], ["02", "Handshake"], ["03", "Push"], ["04", "Parse"], ["05", "Broadcast"], ["06", "Close"], ["library", "Library"],
]; // in the order of their steps: the library is step 7
const panes = ["lesson", "chat", "bytes", "check", "output", "changes"];

const $ = (selector) => document.querySelector(selector);
const pane = (name) => $(`#pane-${name}`);
const text = $("#text");
const bytes = new OwnBytes();
const check = new CheckPane($("#rows"), $("#verdict"));
let shown; // the number of the lesson that is shown
let state = { own: true, servers: [], holds: 0, step: 0, blocks: [] };
let loading = 0; // counts the lessons asked for

// --- the lesson ---

async function show(address) {
  const [name, anchor] = address.split("/");
  const number = lessons.findIndex(([file]) => file === name);
  if (number < 0) return go(lessons[Math.max(0, state.step)][0]);
  if (number !== shown) {
    const mine = ++loading;
    const answer = await fetch(`lessons/${name}.html`).catch(() => undefined);
    if (mine !== loading) return;
    if (!answer?.ok) return notice("lesson", "The lesson cannot be loaded: is learn still running?");
    notice("lesson", "");
    shown = number;
    text.innerHTML = await answer.text(); // generated from the workshop's own Markdown
    document.title = `${text.querySelector("h1")?.textContent ?? "Lesson"} · WebSocket workshop`;
    prepareLesson(text);
    bytes.fill(text);
    showLife($("#life"), number);
    showDiff();
    await refresh();
    $("#pane-lesson").scrollTop = anchor ? 0 : recall(`at ${name}`, 0);
  }
  remember("lesson", name);
  if (anchor) document.getElementById(anchor)?.scrollIntoView();
  drawSteps();
}

const go = (address) => { location.hash = `#/${address}`; };
const routed = () => show(location.hash.startsWith("#/") ? location.hash.slice(2) : "");

$("#pane-lesson").addEventListener("scroll", () => {
  if (shown !== undefined) remember(`at ${lessons[shown][0]}`, Math.round($("#pane-lesson").scrollTop));
}, { passive: true });

// Links between lessons stay on this page; others open a window of their own.
text.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const href = link.getAttribute("href");
  const [, name, , anchor] = href.match(/^([\w-]+)\.html(#([\w-]+))?$/) ?? [];
  if (href.startsWith("#")) {
    event.preventDefault();
    document.getElementById(href.slice(1))?.scrollIntoView();
  } else if (lessons.some(([file]) => file === name)) {
    event.preventDefault();
    go(anchor ? `${name}/${anchor}` : name);
  } else {
    link.target = "_blank";
    link.rel = "noopener";
  }
});

// --- where the attendee is ---

$("#steps").append(...lessons.map(([name, title], n) => el("li", {},
  el("a", { href: `#/${name}` }, el("b", {}, n === 7 ? "L" : `${n}`), el("span", { class: "title" }, ` ${title}`)))));

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
  const lesson = state.step === 7 ? "the library’s lesson" : `step ${state.step}`;
  $("#where").textContent = !state.own ? `Shown: ${state.servers.map((s) => s.name).join(" and ")}` :
    state.step ? `You edit the folder work/, ${lesson}.` : "There is no code in work/ yet: begin a step.";
  $("#start").hidden = !state.own;
}

async function refresh() {
  const answer = await fetch(`state?step=${shown ?? 0}`).catch(() => undefined);
  if (!answer?.ok) return;
  state = await answer.json();
  check.own(state.own);
  markBlocks(text, state.blocks);
  drawSteps();
  drawMembers();
}

// --- the chat ---

function drawMembers() {
  const twice = recall("twice", false);
  $("#twice").setAttribute("aria-pressed", twice);
  const wanted = state.servers.length > 1 ? state.servers.map((s) => [s.name, s.url]) :
    state.servers.flatMap((s) => Array.from({ length: twice ? 2 : 1 }, (_, i) => [i ? "A second member" : "Your chat", s.url]));
  $("#twice").hidden = state.servers.length > 1;
  const key = JSON.stringify(wanted);
  if ($("#members").dataset.key === key) return; // a reload would lose what somebody types
  const kept = [...$("#members").children];
  $("#members").dataset.key = key;
  $("#members").replaceChildren(...wanted.map(([title, url], i) => kept[i]?.src === `${url}/` ? kept[i] : el("iframe", { title, src: `${url}/` })));
}

$("#twice").addEventListener("click", () => {
  remember("twice", !recall("twice", false));
  drawMembers();
});

// A frame that was loaded before its server listened has an error page in it, which never tries again.
function reloadMembers() {
  for (const frame of $("#members").children) {
    if (!frame.dataset.loaded) {
      frame.dataset.loaded = "yes";
      frame.src = frame.src;
    }
  }
}

// --- changes ---

async function showDiff() {
  const left = $("#left").getAttribute("aria-pressed") === "true";
  const at = shown;
  if (!at) return $("#diff").replaceChildren(el("p", { class: "quiet" }, "This lesson changes no code."));
  if (!left) {
    const answer = await fetch(`lessons/${lessons[at][0]}-diff.html`).catch(() => undefined);
    if (answer?.ok && at === shown) $("#diff").innerHTML = await answer.text();
    return;
  }
  $("#diff").replaceChildren(el("p", { class: "quiet" }, "Comparing…"));
  const answer = await fetch(`differences?step=${at}`).catch(() => undefined);
  if (at === shown) $("#diff").replaceChildren(el("pre", {}, answer ? await answer.text() : "learn does not answer"));
}

for (const [on, off] of [["#adds", "#left"], ["#left", "#adds"]]) {
  $(on).addEventListener("click", () => {
    $(on).setAttribute("aria-pressed", true);
    $(off).setAttribute("aria-pressed", false);
    showDiff();
  });
}

// --- begin a step ---

const begin = $("#begin");
$("#start").addEventListener("click", () => {
  const at = Math.max(1, shown ?? 1);
  begin.querySelector(".number").textContent = at === 7 ? "7, the library" : at;
  begin.querySelector('[value="next"]').disabled = state.step === 0;
  begin.querySelector('[value="bare"]').disabled = false;
  begin.returnValue = "";
  begin.showModal();
});
begin.addEventListener("close", async () => {
  if (!["next", "ours", "bare"].includes(begin.returnValue)) return;
  notice("begin", "Preparing work/ …");
  const answer = await post("begin", { step: Math.max(1, shown ?? 1), how: begin.returnValue });
  notice("begin", answer.ok ? answer.text.split("\n\n")[0] : answer.text); // the rest are commands for a terminal
  await refresh();
});

async function post(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return answer.ok ? await answer.json() : { ok: false, text: await answer.text() };
  } catch {
    return { ok: false, text: "learn does not answer: is it still running?" };
  }
}

$("#again").addEventListener("click", () => post("check", {}));

// --- panes ---

// On a small screen one pane is shown at a time, and on a low one there is room for one below the chat.
const narrow = matchMedia("(max-width: 56.2em)");
const low = matchMedia("(max-height: 850px)");
const lower = ["bytes", "check", "output", "changes"];

function setUpPanes() {
  for (const name of panes) {
    const button = el("button", { type: "button", "data-pane": name }, name[0].toUpperCase() + name.slice(1));
    button.addEventListener("click", () => choose(name));
    $("#views").append(button);
  }
  for (const media of [narrow, low]) media.addEventListener("change", layPanes);
  layPanes();
}

function choose(name) {
  const open = narrow.matches || pane(name).hidden;
  const others = narrow.matches ? panes : low.matches && open && lower.includes(name) ? lower : [];
  for (const other of others) setPane(other, false);
  setPane(name, open);
  remember("panes", panes.filter((p) => !pane(p).hidden));
}

function layPanes() {
  const wanted = recall("panes", ["lesson", "chat", "check", "bytes"]); // the first of the lower ones is the one that fits
  const first = wanted.find((name) => lower.includes(name));
  for (const name of panes) {
    const fits = narrow.matches ? name === wanted[0] : !low.matches || !lower.includes(name) || name === first;
    setPane(name, wanted.includes(name) && fits);
  }
}

function setPane(name, open) {
  pane(name).hidden = !open;
  $(`[data-pane="${name}"]`).setAttribute("aria-pressed", open);
  $("#side").hidden = panes.slice(1).every((p) => pane(p).hidden);
  $("#split").hidden = $("#side").hidden || $("#pane-lesson").hidden;
  $("main").classList.toggle("alone", $("#split").hidden);
}

function setUpSplitter() {
  const splitter = $("#split");
  const set = (percent) => {
    const width = Math.round(Math.min(75, Math.max(25, percent)));
    $("main").style.setProperty("--lesson", `${width}%`);
    for (const [name, value] of [["valuenow", width], ["valuemin", 25], ["valuemax", 75]]) splitter.setAttribute(`aria-${name}`, value);
    remember("width", width);
  };
  set(recall("width", 46));
  splitter.addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: -2, ArrowRight: 2 }[key];
    if (step) set(recall("width", 46) + step);
  });
  splitter.addEventListener("pointerdown", (event) => {
    splitter.setPointerCapture(event.pointerId);
    document.body.classList.add("dragging"); // or a frame would swallow the moves
    const move = ({ clientX }) => set(100 * clientX / innerWidth);
    splitter.addEventListener("pointermove", move);
    splitter.addEventListener("lostpointercapture", () => {
      splitter.removeEventListener("pointermove", move);
      document.body.classList.remove("dragging");
    }, { once: true });
  });
}

$("#large").addEventListener("click", () => {
  remember("large", !recall("large", false));
  enlarge();
});
function enlarge() {
  const large = recall("large", false);
  document.documentElement.classList.toggle("large", large);
  $("#large").setAttribute("aria-pressed", large);
}

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
    if (entry.state === "running") {
      refresh();
      reloadMembers();
    }
  }
  if (entry.kind === "output") showLines(entry);
  if (entry.kind === "check") check.take(entry);
  if (entry.kind === "code") codeChanged();
  if (entry.kind === "problem") notice("learn", entry.text ?? "");
}

setUpPanes();
setUpSplitter();
enlarge();
addEventListener("hashchange", routed);
await refresh();
if (location.hash.startsWith("#/")) await routed();
else go(recall("lesson", state.step ? lessons[state.step][0] : "00"));

follow({
  event: took,
  now: () => {},
  problem: (words) => notice("feed", words && "learn does not answer. Is it still running? Trying again."),
  restart: () => location.reload(),
}, { events: "feed", now: "run" });

let filling;
function fill() {
  filling = undefined;
  bytes.fill(text);
}

follow({
  event: (event) => {
    bytes.add(event);
    lightUp($("#life"), event);
    filling ||= setTimeout(fill, 50); // once for all that came with it
  },
  now: () => {},
  problem: () => {},
  restart: () => {},
});
