// The pane with differences: what a step adds or, on request, how the attendee's code differs from
// ours.
import { el } from "../dom.js";

const diff = document.querySelector("#diff");
const buttons = [...document.querySelectorAll("#adds, #left")];
let lesson = {};

export function setUpDiff() {
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const b of buttons) b.setAttribute("aria-pressed", b === button);
      showDiff(lesson.number, lesson.name, button.id === "left");
    });
  }
}

// showDiff shows the differences of a lesson: with left, those from the attendee's code.
export async function showDiff(number, name, left) {
  const mine = lesson = { number, name };
  for (const b of buttons) b.setAttribute("aria-pressed", (b.id === "left") === Boolean(left));
  if (!number) return diff.replaceChildren(el("p", { class: "quiet" }, "This lesson changes no code."));
  diff.replaceChildren(el("p", { class: "quiet" }, left ? "Comparing…" : ""));
  const address = left ? `differences?step=${number}` : `lessons/${name}-diff.html`;
  const answer = await fetch(address).catch(() => undefined);
  const found = await answer?.text() ?? "learn does not answer";
  if (mine !== lesson) return;
  if (left || !answer?.ok) diff.replaceChildren(el("pre", {}, found));
  else diff.innerHTML = found;
}
