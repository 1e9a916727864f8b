// One line per notice at the top of the page, until it no longer applies, or the reader dismisses it.
import { el } from "../dom.js";

const box = document.querySelector("#notices");

// notice shows words about a subject, good news or a problem, in place of the previous ones; "" removes
// them.
export function notice(subject, words, good = false) {
  const shown = box.querySelector(`[data-subject="${subject}"]`);
  if ((shown?.firstChild.textContent ?? "") === words) return;
  shown?.remove();
  if (!words) return;
  const hide = el("button", { type: "button", "aria-label": "Hide this note" }, "×");
  const line = el("p", { "data-subject": subject, class: good ? "good" : "" }, el("span", {}, words), hide);
  hide.addEventListener("click", () => line.remove());
  box.append(line);
}
