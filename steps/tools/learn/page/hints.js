// Hints, one by one: opening one reveals the next, and our code is the last.
import { el } from "../dom.js";

const opened = new Map(); // by page and function: how many were opened, for when they are drawn again

// hintsFor returns an element with the hints for a function, from a page such as 03-hints.html,
// followed by our code. anchor is the id of the function's heading. It returns undefined if there are
// none.
export async function hintsFor(page, anchor) {
  const answer = await fetch(`lessons/${page}`).catch(() => undefined);
  if (!answer?.ok) return undefined;
  const all = new DOMParser().parseFromString(await answer.text(), "text/html");
  const folds = foldsAfter(all.getElementById(anchor)).map((fold) => document.importNode(fold, true));
  for (const fold of foldsAfter(all.getElementById("ours"))) {
    const name = fold.querySelector("summary").textContent;
    if (toAnchor(name) !== anchor) continue;
    const ours = document.importNode(fold, true);
    ours.querySelector("summary").textContent = `Ours, which is the solution: ${name}`;
    folds.push(ours);
  }
  if (!folds.length) return undefined;
  oneByOne(folds, `${page}#${anchor}`);
  return el("div", { class: "hints" }, ...folds);
}

// toAnchor returns the id of a function's heading: conn.read has connread.
export const toAnchor = (name) => name.toLowerCase().replace(/[^\w-]/g, "");

function foldsAfter(heading) {
  const folds = [];
  for (let e = heading?.nextElementSibling; e && !/^H[1-3]$/.test(e.tagName); e = e.nextElementSibling) {
    if (e.tagName === "DETAILS") folds.push(e);
  }
  return folds;
}

function oneByOne(folds, key) {
  const known = opened.get(key) ?? 0;
  folds.forEach((fold, i) => {
    fold.hidden = i > known;
    fold.addEventListener("toggle", () => {
      if (!fold.open) return;
      opened.set(key, Math.max(opened.get(key) ?? 0, i + 1));
      if (folds[i + 1]) folds[i + 1].hidden = false;
    });
  });
}
