// The dialog that begins a step, and what the page asks learn for.
import { notice } from "./notices.js";

const dialog = document.querySelector("#begin");
const find = (selector) => dialog.querySelector(selector);
const called = (step) => (step === 7 ? "the library" : `step ${step}`);

// setUpBegin makes the dialog begin a step, and calls begun(step) when that has been tried.
export function setUpBegin(begun) {
  dialog.addEventListener("close", async () => {
    if (!["next", "ours", "bare"].includes(dialog.returnValue)) return;
    notice("begin", "Preparing work/ …");
    const step = Number(dialog.dataset.step);
    const answer = await post("begin", { step, how: dialog.returnValue });
    notice("begin", answer.text);
    begun(answer.ok ? step : undefined);
  });
}

// offer opens the dialog for a step. folder is "" if there is no work/, and at is the step of the code in it, or 0.
export async function offer(step, { folder, step: at }) {
  const left = at === step - 1 ? await open(at) : [];
  dialog.dataset.step = step;
  find(".number").textContent = called(step);
  find("#now").textContent = folder ? `Your code is in the folder work/${at ? `, at ${called(at)}` : ""}. Before anything else, ` +
    "all of it is moved into _work-before/, under a name with the date and time. Nothing is lost, and you are told where it is." :
    "There is no folder work/ yet: this makes it.";
  find("#left-open").textContent = step > 1 && at !== step - 1 ? `Only for code at ${called(step - 1)}.` :
    left.length ? `Not finished yet: ${left.join(", ")}. You can go on all the same.` : "";
  find('[value="next"]').disabled = !at || at !== step - 1;
  dialog.returnValue = "";
  dialog.showModal();
}

// open returns the turns of a step that are not written yet.
async function open(step) {
  if (step === 0) return [];
  const answer = await fetch(`state?step=${step}`).catch(() => undefined);
  const { blocks } = answer?.ok ? await answer.json() : { blocks: [] };
  return blocks.filter((b) => b.turn && ["open", "missing"].includes(b.state)).map((b) => `${b.names[0]} in ${b.file}`);
}

export async function post(path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  try {
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.ok ? await answer.json() : { ok: false, text: await answer.text() };
  } catch {
    return { ok: false, text: "learn does not answer: is it still running?" };
  }
}
