// The check's events, as the pane shows them. Screen readers hear one sentence when it has ended or
// when something fails, and not each row.
import { el, unseen } from "../dom.js";
import { hintsFor, toAnchor } from "./hints.js";

const results = {
  ok: ["✓", "holds"], fails: ["✗", "fails"], skipped: ["–", "skipped"],
  allowed: ["~", "differs, the RFC allows it"], asked: ["!", "differs, the RFC asks for more"],
};
const wanted = new Set(); // the functions whose hints are open, for the next run

export class CheckPane {
  #rows;
  #verdict;
  #run = 0;
  #held = 0;
  #failed = 0;

  constructor(rows, verdict) {
    this.#rows = rows;
    this.#verdict = verdict;
  }

  // own hides the pane's offers if the servers are not the attendee's.
  own(own) {
    if (!own) this.#verdict.textContent = "The check is for your own code: start learn without servers.";
  }

  // take processes an entry of learn's feed: a run, a step, and an event of check -json.
  take({ run, step, event }) {
    if (run !== this.#run) {
      this.#run = run;
      this.#held = this.#failed = 0;
      this.#rows.replaceChildren();
    }
    const title = step === 7 ? "The library" : `Step ${step}`;
    if (event.event === "building") this.#quietly(`Checking ${title[0].toLowerCase()}${title.slice(1)}…`);
    if (event.event === "built" && event.result === "fails") this.#quietly("It does not build: see Output.");
    if (event.event === "row") this.#row(event, title);
    if (event.event === "done") this.#done(event, title, step);
  }

  // broken records that the code does not build: the rows shown are about earlier code.
  broken() {
    this.#quietly(`Your code does not build: ${this.#run ? "these results are of the code before" : "see Output"}.`);
  }

  #quietly(words) {
    if (this.#verdict.textContent !== words) this.#verdict.textContent = words;
  }

  #row(event, title) {
    const [sign, said] = results[event.result] ?? ["", ""];
    const line = el("p", { class: `row ${event.result}` },
      el("span", { "aria-hidden": "true" }, `${sign} `), unseen(`${said}: `), event.name);
    if (event.reason) line.append(el("small", {}, ` ${event.reason}`));
    if (event.result === "ok") this.#held++;
    if (event.result !== "fails") return this.#rows.append(line);
    const first = [...this.#rows.children].find((row) => !row.matches(".failure"));
    this.#rows.insertBefore(el("div", { class: "failure" }, line, ...this.#failure(event)), first ?? null);
    if (++this.#failed === 1) this.#quietly(`${title}: “${event.name}” fails.`);
  }

  #failure({ failure, turn, why }) {
    if (!failure) return [];
    const parts = [];
    if (why) parts.push(el("p", { class: "quiet" }, why));
    const list = el("dl");
    const add = (name, ...parts) => parts.length && list.append(el("dt", {}, name), el("dd", {}, ...parts));
    add("sent", ...items(failure.sent));
    add("expected", el("p", {}, failure.expected || "(nothing)"));
    add("came", ...items(failure.came));
    if (failure.terminal?.length) add("terminal", el("pre", {}, failure.terminal.join("\n")));
    if (failure.likely) add("likely", el("p", {}, failure.likely));
    const places = (failure.places ?? []).flatMap((p, i) => [i ? ", " : "", el("code", {}, `${p.file}:${p.line}`)]);
    if (places.length) add("look at", el("p", {}, ...places));
    parts.push(list);
    const hints = hintsLink(failure, turn);
    if (hints) parts.push(hints);
    return parts;
  }

  #done({ status, text = "" }, title, step) {
    if (this.#failed > 0) return;
    this.#quietly(status === 0 ? `${title} holds: all ${this.#held}. ` : text.split("\n")[0]);
    if (status === 0 && step < 7) {
      const next = step === 6 ? ["library", "the library"] : [`0${step + 1}`, `step ${step + 1}`];
      this.#verdict.append(el("a", { href: `#/${next[0]}` }, `Go on to ${next[1]}`));
    }
  }
}

function items(all) {
  return (all ?? []).map(({ hex, words }) => {
    const item = el("p", {}, words);
    const code = hex && el("code", {}, hex);
    const href = /^[0-9a-f ]+$/.test(hex) && `frame.html#${hex.replaceAll(" ", "")}`;
    if (code) item.prepend(href ? el("a", { href, target: "_blank", title: "Open in the diagram" }, code) : code, " ");
    return item;
  });
}

// hintsLink offers the hints for the function that a failure is about.
function hintsLink({ lesson, hints }, turn) {
  if (!hints || !turn) return undefined;
  const name = turn.split(" ").at(-1);
  const page = `${/^steps\/(\d+)\.md$/.exec(lesson)?.[1] ?? "library"}-hints.html`;
  const details = el("details", { class: "hints" }, el("summary", {}, `Hints for ${name}`));
  details.addEventListener("toggle", async () => {
    wanted[details.open ? "add" : "delete"](turn);
    if (details.open && !details.querySelector("div")) details.append(await hintsFor(page, toAnchor(name)) ?? "");
  });
  details.open = wanted.has(turn);
  return details;
}
