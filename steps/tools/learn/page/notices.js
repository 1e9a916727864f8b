// One line per thing that the page has to say at its top, until that is over.
import { el } from "../dom.js";

const box = document.querySelector("#notices");

// notice shows words about a subject in place of its last ones; "" takes them away.
export function notice(subject, words) {
  const shown = box.querySelector(`[data-subject="${subject}"]`);
  if ((shown?.textContent ?? "") === words) return;
  if (!words) return shown.remove();
  if (shown) shown.textContent = words;
  else box.append(el("p", { "data-subject": subject }, words));
}
