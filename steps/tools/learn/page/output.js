// What the server prints, and what the compiler says of the code.
import { el } from "../dom.js";
import { notice } from "./notices.js";

const log = document.querySelector("#log");
const errors = document.querySelector("#errors");
const server = document.querySelector("#server");
const most = 1000; // lines

let pending = [];

// showLines adds lines. A flood is drawn once per animation frame.
export function showLines({ text, server: name }) {
  const prefix = document.querySelectorAll("#members iframe").length > 1 && name !== "work" ? `${name} | ` : "";
  if (pending.length === 0) (document.hidden ? setTimeout : requestAnimationFrame)(draw);
  pending.push(...text.trimEnd().split("\n").map((line) => `${prefix}${line}\n`));
  if (pending.length > most) pending = pending.slice(-most);
}

function draw() {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(...pending.map((line) => el("span", {}, line)));
  pending = [];
  while (log.childElementCount > most) log.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

const states = {
  saved: "building…", "slow build": "building: the first time, this may take a minute", built: "starting…", "build failed": "does not build: the last server goes on",
  "start failed": "does not start", running: "running", "not listening": "runs, but does not listen where it should", stopped: "not running", "port free": "starting…",
  "no code": "there is no code in work/",
  "no files": "waits: this computer has too many files open",
};

// showServer tells what has happened to the server.
export function showServer({ state, text, errors: found }) {
  server.textContent = states[state] ?? state;
  server.dataset.state = state;
  if (["saved", "running", "no code"].includes(state)) errors.replaceChildren();
  if (state === "build failed") {
    errors.replaceChildren(...(found?.length ? found.map(({ file, line, column, message }) =>
      el("p", { class: "error" }, el("code", {}, `${file}:${line}${column ? `:${column}` : ""}`), ` ${message}`)) : [el("pre", {}, text)]));
    notice("build", found?.length ? `${found[0].file}:${found[0].line}: ${found[0].message}` : "The code does not build: see Output.");
  } else if (["saved", "running", "no code"].includes(state)) {
    notice("build", "");
  } else if (state === "stopped" || state === "not listening" || state === "start failed") {
    showLines({ text, server: "work" });
  }
}
