// What a screen reader announces about new messages: each of a few, or a summary of many.

import { element } from "./chat-list.js";

const newest = document.querySelector("#newest");
const pause = 5000; // milliseconds
const few = 3; // announcements per pause, and messages that are read out one by one
const maxText = 100; // characters of the last message, in a summary

let unheard = []; // messages, oldest first
let spoken = 0; // announcements since the last pause ended
let timer; // of the pause

// announce announces new messages at once or, if there were many recently, after a pause.
export function announce(messages) {
  unheard.push(...messages);
  if (unheard.length > 0 && spoken < few) speak();
}

function speak() {
  const each = () => unheard.map(({ user, text }) => element("p", `${user}: ${text}`));
  newest.replaceChildren(...unheard.length > few ? summary() : each());
  unheard = [];
  spoken++;
  timer ??= setTimeout(endPause, pause);
}

function endPause() {
  timer = undefined;
  spoken = 0;
  if (unheard.length === 0) return;
  speak();
  spoken = few; // messages still come fast: no more until the next pause ends
}

function summary() {
  const { user, text } = unheard.at(-1);
  const words = text.length > maxText ? `${text.slice(0, maxText)}…` : text;
  return [element("p", `${unheard.length} new messages. The last:`), element("p", `${user}: ${words}`)];
}
