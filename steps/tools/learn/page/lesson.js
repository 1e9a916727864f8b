// What the page adds to a lesson: the state of each block in the attendee's code, and hints one by one.
import { el } from "../dom.js";
import { hintsFor } from "./hints.js";

const kinds = { edit: "Part of the step", given: "Given", turn: "Your turn" };
const words = { there: "there", open: "open", different: "different", missing: "not there yet" };

// prepareLesson changes the lesson's elements, once.
export function prepareLesson(text) {
  text.querySelectorAll("table").forEach((table, i) => {
    const box = el("div", { class: "table", tabindex: "0", role: "group", "aria-label": `Table ${i + 1}` });
    table.replaceWith(box);
    box.append(table);
  });
  for (const figure of text.querySelectorAll("figure.code")) {
    const [file, ...names] = figure.dataset.of.split(" ");
    if (!kinds[figure.dataset.kind] || !file) continue;
    const of = { "data-file": file, "data-names": names.map((name) => name.replace(/\/\d+$/, "")).join(" ") };
    figure.prepend(el("figcaption", {}, el("span", { class: "kind" }, kinds[figure.dataset.kind]),
      el("code", {}, file), el("span", { class: "state", ...of })));
  }
  for (const paragraph of text.querySelectorAll('p:has(> a[href*="-hints.html#"])')) insertHints(paragraph);
}

// insertHints puts the hints that the links of a paragraph lead to in its place, each folded.
async function insertHints(paragraph) {
  const links = [...paragraph.querySelectorAll("a")];
  const hints = await Promise.all(links.map((link) => hintsFor(...link.getAttribute("href").split("#"))));
  if (hints.some((h) => !h)) return;
  const title = (i) => links.length > 1 ? [el("p", {}, "Hints for ", el("code", {}, links[i].textContent))] : [];
  paragraph.replaceWith(...hints.flatMap((h, i) => [...title(i), h]));
}

// markBlocks shows next to each block its state in the attendee's code.
export function markBlocks(text, blocks) {
  for (const chip of text.querySelectorAll("figcaption .state")) {
    const names = chip.dataset.names.split(" ");
    const found = blocks.filter((b) => b.file === chip.dataset.file && b.names.some((n) => names.includes(n)));
    const state = ["missing", "open", "different", "there"].find((s) => found.some((b) => b.state === s));
    chip.textContent = state ? words[state] : "";
    chip.dataset.state = state ?? "";
  }
}
