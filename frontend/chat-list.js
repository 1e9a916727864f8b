// The list of messages, which changes in place: selected text and the rows being read do not move.

import { text } from "./chat-form.js";

const list = document.querySelector("#msgs");
const maxLines = 10; // of a message, before it scrolls by itself

let listed = new Map(); // oldest first: a key for each message, and its row

// updateList makes the list show messages. It returns those that were not listed before, oldest first,
// and whether there is a gap: none of those that were listed is left.
export function updateList(messages) {
  const rows = new Map();
  const fresh = [];
  for (const message of messages.toReversed()) {
    let key = JSON.stringify([message.user, message.text, message.time]);
    while (rows.has(key)) key += "again"; // the same words in the same millisecond
    if (!listed.has(key)) fresh.push(message);
    rows.set(key, listed.get(key) ?? item(message)); // if item throws, the old list stays
  }
  const gap = listed.size > 0 && fresh.length === rows.size;
  keepPlace(() => {
    for (const [key, row] of listed) if (!rows.has(key)) row.remove();
    let older = null;
    for (const row of rows.values()) {
      if (row.nextSibling !== older || !row.isConnected) list.insertBefore(row, older);
      older = row;
    }
  });
  listed = rows;
  return { fresh, gap };
}

// keepPlace lets change() alter the list without moving the row that is selected or, if the page is
// scrolled past the form, the first visible row.
function keepPlace(change) {
  const selection = getSelection();
  const rows = [...list.children];
  const row = rows.find((r) => !selection.isCollapsed && selection.containsNode(r, true)) ??
    rows.find((r) => text.getBoundingClientRect().bottom < 0 && r.getBoundingClientRect().bottom > 0);
  const top = row?.getBoundingClientRect().top;
  change();
  document.body.style.minHeight = "";
  if (!row?.isConnected) return;
  const moved = row.getBoundingClientRect().top - top;
  document.body.style.minHeight = `${scrollY + moved + innerHeight}px`; // or there may be too little to scroll
  scrollBy(0, moved);
}

// item sets text as text, never as HTML: <b> in a message is three characters.
function item(message) {
  const time = new Date(message.time);
  const li = document.createElement("li");
  const name = element("strong", message.user);
  const at = element("time", time.toLocaleTimeString());
  const said = element("p", message.text);
  at.dateTime = time.toISOString();
  name.title = message.user; // the row may have no room for all of it
  const words = said.textContent;
  if (words.length > text.maxLength || words.split("\n").length > maxLines) { // from another client
    said.className = "long";
    said.tabIndex = 0;
  }
  li.append(name, at, said);
  return li;
}

export function element(name, content) {
  const e = document.createElement(name);
  e.dir = "auto"; // right to left, if the content is
  e.textContent = content;
  return e;
}
