// The browser's end of the chat. One message a direction:
//   to the server:   {"user": "ann", "text": "hi"}
//   from the server: {"msg": [{"user": "ann", "text": "hi", "time": 1700000000000}, …]},
//                    always the whole history, newest first

// Pauses in milliseconds. Each is twice the one before, and up to a quarter longer or shorter, so
// that not all who lost a server come back in the same instant.
const question = { first: 500, longest: 2000 }; // between two questions whether the server is there
const attempt = { first: 500, longest: 30_000 }; // between two WebSockets to the same server
const afterRefusal = 5000; // at least, before the next WebSocket: the same server will hardly think again
const lasting = 5000; // a connection that stood so long was a good one
const patience = 2000; // for a WebSocket, before the note says why it may not open

const presence = document.querySelector("#presence-indicator");
const form = document.querySelector("#chat");
const { user, text } = form.elements;
const note = document.querySelector("#note");
const list = document.querySelector("#msgs");
const newest = document.querySelector("#newest");

let socket; // the connection, or the attempt at one
let server; // what whoAnswers said
let openedAt = 0; // when socket opened, or 0
let informed = false; // by a history on this connection
let notBefore = 0; // the time of the next WebSocket to the same server
let nextQuestion = question.first;
let nextAttempt = attempt.first;

let listed = new Map(); // what the list shows, the oldest first: a key for each message, and its row
let unseen = []; // sent, and not listed so far
let lost = []; // sent on a connection that ended, and not listed since
let putBack; // the one of these that is in the field again
let sentAt = 0;

// --- the WebSocket ---

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}`, ["json"]);
  socket.addEventListener("open", opened);
  socket.addEventListener("message", received);
  socket.addEventListener("close", closed); // also after an attempt that failed
}

// The handshake is done: the server answered 101.
function opened() {
  openedAt = Date.now();
  showPresence("🟢 connected");
  if (words === slow) tell("");
}

// A message came in, whole: the browser has put its fragments together.
function received(event) {
  try {
    show(JSON.parse(event.data).msg);
  } catch (error) {
    tell(`The server sent something that is not a history: ${error.message}`);
  }
}

// The connection ended. Code 1006 means that it did so without a close frame.
function closed(event) {
  showPresence("🔴 not connected, trying again");
  putBackUnseen();
  if (event.code !== 1006) {
    tell(`The server closed the last connection: ${event.code} ${event.reason}`);
  }
  prepareNext();
}

form.addEventListener("submit", (event) => {
  event.preventDefault(); // the page stays: the message goes over the WebSocket
  const message = { user: user.value.trim().toWellFormed(), text: text.value.toWellFormed() }; // half a character becomes U+FFFD
  if (!message.text && Date.now() - sentAt < doubleClick) return;
  if (!message.user) return refuse(user, "Not sent: please say your name first.");
  if (!message.text.trim()) return refuse(text, "Not sent: the message is blank.");
  for (const field of [user, text]) {
    if (field.value.length > field.maxLength) return refuse(field, "Not sent: this is too long.");
  }
  if (socket?.readyState !== WebSocket.OPEN) {
    return refuse(text, "Not sent: there was no connection. Your text is kept, send it once you see 🟢.");
  }
  socket.send(JSON.stringify(message));
  unseen.push(message);
  sentInsteadOfLost(message.text);
  tell(sent);
  text.value = "";
  text.focus();
});

// --- when to connect ---

// tryToConnect asks over HTTP whether the server is there before it opens a WebSocket. Firefox makes
// a WebSocket wait after failed ones, up to a minute for a host and port; HTTP need not wait.
async function tryToConnect() {
  const answers = await whoAnswers();
  if (answers !== server) { // it was away, or is another: past refusals are not its own
    server = answers;
    notBefore = 0;
    nextAttempt = attempt.first;
  }
  if (server === undefined || Date.now() < notBefore) return askAgain();
  connect();
  setTimeout(explain, patience, socket);
}

// whoAnswers returns the mark of the server process that answers, "" if it has none, and
// undefined if nothing answers.
async function whoAnswers() {
  try {
    const answer = await fetch("/", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5000) });
    await answer.text(); // or Chromium lists the request as broken off
    return answer.headers.get("ETag") ?? "";
  } catch {
    return undefined;
  }
}

function askAgain() {
  setTimeout(tryToConnect, roughly(nextQuestion));
  nextQuestion = Math.min(2 * nextQuestion, question.longest);
}

// prepareNext sets when a server that has just ended or refused a WebSocket is asked for the next one.
function prepareNext() {
  if (!openedAt) nextAttempt = Math.max(nextAttempt, afterRefusal);
  else if (Date.now() - openedAt >= lasting) nextAttempt = attempt.first;
  notBefore = Date.now() + roughly(nextAttempt);
  nextAttempt = Math.min(2 * nextAttempt, attempt.longest);
  nextQuestion = question.first;
  openedAt = 0;
  informed = false;
  askAgain();
}

function roughly(pause) {
  return pause * (0.75 + Math.random() / 2);
}

function explain(waiting) {
  if (waiting.readyState === WebSocket.CONNECTING) tell(slow);
}

// --- the list ---

function show(messages) {
  const fresh = updateList(messages);
  fresh.forEach(arrived);
  if (informed) announce(fresh); // not what was said before this connection
  informed = true;
  tell(unseen.length === 0 && words === sent ? "" : words);
}

// updateList makes the list show messages, and returns those that it did not show before, the
// oldest first. Rows that stay are left alone, and so is what somebody has selected in them.
function updateList(messages) {
  const rows = new Map();
  const fresh = [];
  for (const message of messages.toReversed()) {
    let key = JSON.stringify([message.user, message.text, message.time]);
    while (rows.has(key)) key += "again"; // the same words in the same millisecond
    if (!listed.has(key)) fresh.push(message);
    rows.set(key, listed.get(key) ?? item(message)); // if item throws, the old list stays
  }
  // Whoever is slow gets the newest history alone, and may have missed some, their own among them.
  if (informed && fresh.length === rows.size && listed.size > 0) unseen = [];
  keepPlace(() => {
    for (const [key, row] of listed) if (!rows.has(key)) row.remove();
    let older = null;
    for (const row of rows.values()) {
      if (row.nextSibling !== older || !row.isConnected) list.insertBefore(row, older);
      older = row;
    }
  });
  listed = rows;
  return fresh;
}

function announce(messages) {
  if (messages.length > 0) newest.replaceChildren(...messages.map((m) => element("p", `${m.user}: ${m.text}`)));
}

// arrived takes what is listed now from what was sent: one for each row, so that the same text
// sent twice is two messages.
function arrived(message) {
  for (const waiting of [lost, unseen]) {
    const i = waiting.findIndex(({ user, text }) => user === message.user && text === message.text);
    if (i < 0) continue;
    const [it] = waiting.splice(i, 1);
    if (it === putBack && text.value === it.text) text.value = "";
    return;
  }
}

// keepPlace lets change() alter the list without moving the row that is selected, or, where
// the page is scrolled past the form, the first one in sight.
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
  const [name, at, said] = [element("strong", message.user), element("time", time.toLocaleTimeString()), element("p", message.text)];
  at.dateTime = time.toISOString();
  name.title = message.user; // the row may have no room for all of it
  if (said.textContent.length > text.maxLength || said.textContent.split("\n").length > 10) { // another client's: it scrolls
    said.className = "long";
    said.tabIndex = 0;
  }
  li.append(name, at, said);
  return li;
}

function element(name, content) {
  const e = document.createElement(name);
  e.dir = "auto"; // right to left, if the content is
  e.textContent = content;
  return e;
}

// --- the rest of the page ---

function showPresence(state) {
  if (presence.textContent !== state) presence.textContent = state; // announced when it changes
}

const sent = "Sent. It is listed below as soon as the server sends it back.";
const slow = "The server answers HTTP, and the WebSocket is not open yet. Firefox makes one wait after failed ones, " +
  "up to a minute, also after a reload. Or the server does not answer the handshake.";
const doubleClick = 500; // milliseconds
let words = ""; // of the last note

// tell shows a note, behind what nobody should have to type again.
function tell(now) {
  words = now;
  const texts = lost.map((message) => message.text).join(" · ");
  const all = texts ? `The connection ended before the server sent this back, so it may be lost: ${texts} ${words}` : words;
  if (note.textContent !== all) note.textContent = all;
}

function refuse(field, why) {
  tell(why);
  field.focus();
}

// The message in the field may have been a lost one, edited since.
function sentInsteadOfLost(words) {
  sentAt = Date.now();
  lost = lost.filter((before) => before !== putBack && before.text !== words);
  putBack = undefined;
}

// What was sent just before the connection broke may not have arrived.
function putBackUnseen() {
  if (unseen.length === 0) return;
  if (!text.value) {
    putBack = unseen.at(-1);
    text.value = putBack.text;
  }
  lost.push(...unseen);
  unseen = [];
  tell("");
}

// What does not fit, the browser cuts off without a word.
for (const field of [user, text]) {
  field.addEventListener("beforeinput", (event) => {
    const room = field.maxLength - field.value.length + field.selectionEnd - field.selectionStart;
    if (!event.isComposing && event.data?.length > room) tell(`Cut off: no more than ${field.maxLength} characters fit here.`);
  });
}

// --- the name: asked once, then remembered, first of all for this window ---

const key = "websocket-workshop.user"; // other projects have stood at this address, too
const stores = ["sessionStorage", "localStorage"]; // either may be blocked: then the name is asked each time

function recall() {
  for (const store of stores) {
    try {
      const name = globalThis[store].getItem(key);
      if (name) return name.slice(0, user.maxLength);
    } catch {}
  }
  return "";
}

user.addEventListener("input", () => {
  for (const store of stores) {
    try {
      globalThis[store].setItem(key, user.value.trim());
    } catch {}
  }
});

// The workshop has no service worker. One of another project may answer in the server's place.
navigator.serviceWorker?.getRegistrations().then((all) => {
  if (all.length === 0) return;
  document.querySelector("#warning").textContent = "Another project has left a service worker at this address, which can answer " +
    `in the server’s place: ${all.map(({ scope }) => scope).join(", ")}. Remove it in the developer tools, or use another port.`;
}, () => {});

user.value ||= recall();
(user.value ? text : user).focus();
tryToConnect();
