// The dialog that begins a step, and the page's requests to learn.
import { notice } from "./notices.js";

const dialog = document.querySelector("#begin");
const find = (selector) => dialog.querySelector(selector);
const called = (step) => (step === 7 ? "the library" : `step ${step}`);

// setUpBegin makes the dialog begin a step, and calls begun(step) when that has been tried.
export function setUpBegin(begun) {
  dialog.addEventListener("close", async () => {
    if (!["next", "ours", "bare"].includes(dialog.returnValue)) return;
    notice("begin", "Preparing work/ …", true);
    const step = Number(dialog.dataset.step);
    const answer = await post("begin", { step, how: dialog.returnValue });
    notice("begin", answer.text, answer.ok);
    begun(answer.ok ? step : undefined);
  });
}

// offer opens the dialog for a step. folder is "" without a work/, and at is the step of the code in it, or 0.
export async function offer(step, { folder, step: at }) {
  const goesOn = at > 0 && at === step - 1;
  dialog.dataset.step = step;
  find("#begin-step").textContent = called(step);
  find("#now").textContent = folder ? `Your code is in the folder work/${at ? `, at ${called(at)}` : ""}. ` +
    "Before anything else, all of it is moved into _work-before/, under a name with the date and time. " +
    "Nothing is lost, and you are told where it is." : "There is no folder work/ yet: this makes it.";
  find("#left-open").textContent = step > 1 && !goesOn ? `Only for code at ${called(step - 1)}.` : "";
  find('[value="next"]').disabled = !goesOn;
  dialog.returnValue = "";
  dialog.showModal();
  const answer = goesOn && await fetch(`state?step=${at}`).catch(() => undefined);
  if (!answer?.ok) return;
  const left = (await answer.json()).blocks.filter((b) => b.turn && ["open", "missing"].includes(b.state));
  if (left.length === 0 || Number(dialog.dataset.step) !== step) return;
  const names = left.map((b) => `${b.names[0]} in ${b.file}`).join(", ");
  find("#left-open").textContent = `Not finished yet: ${names}. You can go on anyway.`;
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
