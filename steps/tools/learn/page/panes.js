// The panes: which are shown, how wide the lesson is, and how large the type.
import { el } from "../dom.js";
import { recall, remember } from "./memory.js";

const panes = ["lesson", "chat", "bytes", "check", "output", "changes"];
const lower = ["bytes", "check", "output", "changes"];

// On a small screen one pane is shown at a time, and on a low one there is room for one below the chat.
const narrow = matchMedia("(max-width: 56.2em)");
const low = matchMedia("(max-height: 850px)");

const $ = (selector) => document.querySelector(selector);
const pane = (name) => $(`#pane-${name}`);

export function setUpPanes() {
  for (const name of panes) {
    const button = el("button", { type: "button", "data-pane": name }, name[0].toUpperCase() + name.slice(1));
    button.addEventListener("click", () => choose(name, narrow.matches || pane(name).hidden));
    $("#views").append(button);
  }
  for (const media of [narrow, low]) media.addEventListener("change", layPanes);
  layPanes();
  setUpSplitter();
  setUpType();
}

// showPane shows a pane, if it is hidden.
export function showPane(name) {
  if (pane(name).hidden) choose(name, true);
}

function choose(name, open) {
  const others = narrow.matches ? panes : low.matches && open && lower.includes(name) ? lower : [];
  for (const other of others) setPane(other, false);
  setPane(name, open);
  remember("panes", panes.filter((p) => !pane(p).hidden));
}

function layPanes() {
  const wanted = recall("panes", ["lesson", "chat", "check", "bytes"]);
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
    splitter.setAttribute("aria-valuenow", width);
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

// Large type also applies to the view of the bytes, which has its own button for readers who see only
// that.
function setUpType() {
  const view = $("#pane-bytes iframe");
  const enlarge = () => {
    const large = recall("large", false);
    for (const page of [document, view.contentDocument]) page?.documentElement?.classList.toggle("large", large);
    $("#large").setAttribute("aria-pressed", large);
  };
  view.addEventListener("load", enlarge);
  $("#large").addEventListener("click", () => {
    const top = pane("lesson").getBoundingClientRect().top;
    const read = [...$("#text").children].find((e) => e.getBoundingClientRect().bottom > top);
    remember("large", !recall("large", false));
    enlarge();
    read?.scrollIntoView();
  });
  enlarge();
}
