// What the page adds to a lesson: the state of each block in the attendee's code, and hints one by one.
import { el } from "../dom.js";

const words = { there: "there", open: "open", different: "different", missing: "not there yet" };

// prepareLesson changes the lesson's elements, once.
export function prepareLesson(text, name) {
  for (const table of text.querySelectorAll("table")) {
    const box = el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "A table" });
    table.replaceWith(box);
    box.append(table);
  }
  for (const figure of text.querySelectorAll("figure.code")) {
    const [file, ...names] = figure.dataset.of.split(" ");
    if (!["edit", "given", "turn"].includes(figure.dataset.kind) || !file) continue;
    figure.prepend(el("figcaption", {}, el("span", { class: "kind" }, { edit: "Part of the step", given: "Given", turn: "Your turn" }[figure.dataset.kind]),
      el("code", {}, file), el("span", { class: "state", "data-names": names.map((n) => n.replace(/\/\d+$/, "")).join(" "), "data-file": file })));
  }
  for (const link of text.querySelectorAll('a[href*="hints.html#"]')) insertHints(link, name);
}

// insertHints puts the hints that a link leads to in its place, each folded.
async function insertHints(link, name) {
  const [page, anchor] = link.getAttribute("href").split("#");
  const box = el("div", { class: "hints" });
  (link.closest("p") ?? link).replaceWith(box);
  const answer = await fetch(`lessons/${page}`).catch(() => undefined);
  if (!answer?.ok) return box.append(link);
  const all = new DOMParser().parseFromString(await answer.text(), "text/html");
  const sections = [...all.querySelectorAll("h2, h3")].filter((h) => h.id === anchor || h.id === `ours-${anchor}`);
  for (const heading of sections) {
    for (let next = heading.nextElementSibling; next && !/^H[1-3]$/.test(next.tagName); next = next.nextElementSibling) {
      if (next.tagName === "DETAILS") box.append(document.importNode(next, true));
    }
  }
  if (!box.children.length) box.append(link);
  const folds = [...box.querySelectorAll(":scope > details")];
  folds.forEach((fold, i) => {
    fold.hidden = i > 0; // each opens the way to the next
    fold.addEventListener("toggle", () => fold.open && folds[i + 1] && (folds[i + 1].hidden = false));
  });
}

// markBlocks says beside each block what the attendee's code has of it.
export function markBlocks(text, blocks) {
  for (const chip of text.querySelectorAll("figcaption .state")) {
    const names = chip.dataset.names.split(" ");
    const found = blocks.filter((b) => b.file === chip.dataset.file && b.names.some((n) => names.includes(n)));
    const state = ["missing", "open", "different", "there"].find((s) => found.some((b) => b.state === s));
    chip.textContent = state ? words[state] : "";
    chip.dataset.state = state ?? "";
  }
}
