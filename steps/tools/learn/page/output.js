// What the server prints, and what the compiler reports about the code.
import { el } from "../dom.js";
import { notice } from "./notices.js";

const log = document.querySelector("#log");
const errors = document.querySelector("#errors");
const server = document.querySelector("#server");
const most = 1000; // lines

let pending = [];

// showLines adds lines. A flood is drawn about twenty times a second.
export function showLines({ text, server: name = "work" }) {
  const prefix = name === "work" ? "" : `${name} | `;
  if (pending.length === 0) setTimeout(draw, 50);
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
  saved: "building…", "slow build": "building: the first time, this may take a minute", built: "starting…",
  "build failed": "does not build: the previous server keeps running", "start failed": "does not start", running: "running",
  "not listening": "runs, but does not listen where it should", stopped: "not running", "port free": "starting…",
  "no code": "there is no code in work/", "no files": "waits: this computer has too many files open",
};

// showServer tells what has happened to the server.
export function showServer({ server: name, state, text, errors: found = [] }) {
  const say = (words) => notice(`server ${name}`, words);
  server.textContent = states[state] ?? state;
  server.dataset.state = state;
  const place = ({ file, line, column }) => el("code", {}, `${file}:${line}${column ? `:${column}` : ""}`);
  if (["saved", "running", "no code"].includes(state)) {
    errors.replaceChildren();
    say("");
  } else if (state === "build failed") {
    errors.replaceChildren(...found.map((e) => el("p", { class: "error" }, place(e), ` ${e.message}`)),
      ...found.length ? [] : [el("pre", {}, text)]);
    const [first] = found;
    say(first ? `${first.file}:${first.line}: ${first.message}` : "The code does not build: see Output.");
  } else if (["stopped", "not listening", "start failed"].includes(state)) {
    showLines({ text, server: name });
    say(text);
  }
}
