// The form: what may be sent, and why not.

import { tell } from "./chat-note.js";

export const form = document.querySelector("#chat");
export const { user, text } = form.elements;

const doubleClick = 500; // milliseconds
let clearedAt = 0;

// readForm returns the message to send, or undefined after telling the reader what is missing.
export function readForm() {
  // In a string with half a character, toWellFormed replaces that by U+FFFD.
  const message = { user: user.value.trim().toWellFormed(), text: text.value.toWellFormed() };
  if (!message.text && Date.now() - clearedAt < doubleClick) return;
  if (!message.user) return refuse(user, "Not sent: please enter your name first.");
  if (!message.text.trim()) return refuse(text, "Not sent: the message is blank.");
  for (const field of [user, text]) {
    if (field.value.length > field.maxLength) return refuse(field, "Not sent: this is too long.");
  }
  return message;
}

// clearText makes room for the next message.
export function clearText() {
  clearedAt = Date.now();
  text.value = "";
  text.focus();
}

export function refuse(field, why) {
  tell(why);
  field.focus();
}

// The browser cuts off text that does not fit, and does not tell.
for (const field of [user, text]) {
  field.addEventListener("beforeinput", (event) => {
    const room = field.maxLength - field.value.length + field.selectionEnd - field.selectionStart;
    const isCut = !event.isComposing && event.data?.length > room;
    if (isCut) tell(`Cut off: no more than ${field.maxLength} characters fit here.`);
  });
}
