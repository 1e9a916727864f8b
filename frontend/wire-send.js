// The same bytes to each server, and their answers side by side.

import { toHex } from "./frame-codec.js";
import { parseBytes } from "./frame-parse.js";
import { el } from "./dom.js";

const $ = (id) => document.getElementById(id);
const maxShown = 20; // bytes of what was sent

// setUp makes a button for each row, which names bytes that the wire knows.
export function setUp(rows) {
  $("rows").replaceChildren(...rows.map((row) => {
    const button = el("button", { type: "button" }, row);
    button.addEventListener("click", () => attempt(button, row, { row }));
    return button;
  }));
  $("try").hidden = false;
}

$("bytes").addEventListener("submit", (event) => {
  event.preventDefault();
  const { error, runs } = parseBytes($("hex").value);
  const bytes = error ? [] : runs.flatMap((run) => [...run]);
  $("problem").textContent = error ?? (bytes.length > 0 ? "" : "There are no bytes to send.");
  const shown = toHex(bytes.slice(0, maxShown), " ") + (bytes.length > maxShown ? " …" : "");
  if (bytes.length > 0) attempt(event.submitter ?? $("bytes").querySelector("button"), shown, { hex: toHex(bytes) });
});

async function attempt(button, what, body) {
  button.setAttribute("aria-busy", "true");
  $("problem").textContent = "";
  try {
    addAnswers(what, await send(body));
  } catch (error) {
    $("problem").textContent = error.message;
  }
  button.removeAttribute("aria-busy");
}

async function send(body) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("send", { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

function addAnswers(what, answers) {
  const same = answers.every(({ says }) => says === answers[0].says);
  const compared = answers.length > 1;
  const headings = ["sent", ...answers.map(({ server }) => server), ...compared ? ["compared"] : []];
  const cells = [...answers.map(({ says }) => says), ...compared ? [same ? "the same" : "≠ different"] : []];
  $("answers").hidden = false;
  $("answers").querySelector("thead tr").replaceChildren(...headings.map((text) => el("th", { scope: "col" }, text)));
  $("answers").querySelector("tbody").prepend(el("tr", { class: same ? "same" : "different" },
    el("th", { scope: "row" }, what), ...cells.map((text) => el("td", {}, text))));
}
