// One line per thing that the page has to say at its top, until that is over, or somebody has read it.
import { el } from "../dom.js";

const box = document.querySelector("#notices");

// notice shows words about a subject in place of its last ones, good news or a problem; "" takes them away.
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
