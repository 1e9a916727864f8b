// What the page tells its reader: whether it is connected, and a note below the form.

const presence = document.querySelector("#presence-indicator");
const note = document.querySelector("#note");

let lost = ""; // texts that the server may not have received
let words = ""; // of the last note

export function showPresence(state) {
  if (presence.textContent !== state) presence.textContent = state; // announced when it changes
}

// tell shows a note, after the texts that may be lost.
export function tell(now) {
  words = now;
  write();
}

// takeBack removes a note, unless another one has replaced it.
export function takeBack(before) {
  if (words === before) tell("");
}

// tellLost sets the text before each note.
export function tellLost(texts) {
  lost = texts.join(" · ");
  write();
}

function write() {
  const before = lost && `The connection ended before the server sent this back, so it may be lost: ${lost} `;
  const all = before + words;
  if (note.textContent !== all) note.textContent = all;
}
