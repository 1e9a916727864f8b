// The browser's end of the chat. One message a direction:
//   to the server:   {"user": "ann", "text": "hi"}
//   from the server: {"msg": [{"user": "ann", "text": "hi", "time": 1700000000000}, …]},
//                    always the whole history, newest first

const firstDelay = 500; // milliseconds before the first new attempt to connect
const longestDelay = 5000; // each delay is twice the one before, up to this

const presence = document.querySelector("#presence-indicator");
const form = document.querySelector("#chat");
const { user, text } = form.elements;
const note = document.querySelector("#note");
const list = document.querySelector("#msgs");
const newest = document.querySelector("#newest");

let socket; // the connection, or the attempt at one
let delay = firstDelay;
let unseen = []; // sent, and in no history so far
let lost = []; // sent on a connection that ended, and in no history since

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
  delay = firstDelay;
  showPresence("🟢 connected");
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
  setTimeout(connect, delay);
  delay = Math.min(delay * 2, longestDelay);
}

form.addEventListener("submit", (event) => {
  event.preventDefault(); // the page stays: the message goes over the WebSocket
  const message = { user: user.value.trim(), text: text.value };
  if (!message.user) return refuse(user, "Not sent: please say your name first.");
  if (!message.text.trim()) return refuse(text, "Not sent: the message is blank.");
  for (const field of [user, text]) {
    if (field.value.length > field.maxLength) return refuse(field, "Not sent: this is too long.");
  }
  if (socket.readyState !== WebSocket.OPEN) {
    return refuse(text, "Not sent: there was no connection. Your text is kept, send it once you see 🟢.");
  }
  socket.send(JSON.stringify(message));
  unseen.push(message);
  lost = lost.filter((before) => before.text !== message.text);
  tell("Sent. It is listed below as soon as the server sends it back.");
  text.value = "";
  text.focus();
});

// --- the page ---

function show(messages) {
  list.replaceChildren(...messages.map(item)); // if item throws, the old list stays
  const [latest] = messages;
  newest.textContent = latest ? `${latest.user}: ${latest.text}` : "";

  const isListed = (sent) => messages.some((m) => m.user === sent.user && m.text === sent.text);
  const waiting = unseen.length + lost.length;
  if (lost.some((sent) => isListed(sent) && sent.text === text.value)) text.value = ""; // it had arrived
  unseen = unseen.filter((sent) => !isListed(sent));
  lost = lost.filter((sent) => !isListed(sent));
  if (unseen.length + lost.length < waiting) tell("");
}

// item sets text as text, never as HTML: <b> in a message is three characters.
function item(message) {
  const time = new Date(message.time);
  const li = document.createElement("li");
  li.append(element("strong", message.user), element("time", time.toLocaleTimeString()));
  li.append(element("p", message.text));
  li.querySelector("time").dateTime = time.toISOString();
  return li;
}

function element(name, content) {
  const e = document.createElement(name);
  e.dir = "auto"; // right to left, if the content is
  e.textContent = content;
  return e;
}

function showPresence(words) {
  if (presence.textContent !== words) presence.textContent = words; // announced when it changes
}

// tell shows a note, behind what nobody should have to type again.
function tell(words) {
  const texts = lost.map((message) => message.text).join(" · ");
  note.textContent = texts && `The connection ended before the server sent this back, so it may be lost: ${texts} `;
  note.append(words);
}

function refuse(field, why) {
  tell(why);
  field.focus();
}

// What was sent just before the connection broke may not have arrived.
function putBackUnseen() {
  if (unseen.length === 0) return;
  text.value ||= unseen.at(-1).text;
  lost.push(...unseen);
  unseen = [];
  tell("");
}

// --- the name: asked once, then remembered ---

try {
  user.value ||= localStorage.getItem("user") ?? "";
} catch {
  // storage is blocked: the name is asked each time
}
user.addEventListener("input", () => {
  try {
    localStorage.setItem("user", user.value.trim());
  } catch {
    // as above
  }
});
(user.value ? text : user).focus();
connect();
