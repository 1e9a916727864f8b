// The browser's end of the WebSocket. One kind of message in each direction:
//   to the server:   {"user": "ann", "text": "hi"}
//   from the server: {"msg": [{"user": "ann", "text": "hi", "time": 1700000000000}, …]},
//                    always the whole history, newest first
// What has nothing to do with WebSockets is in the files imported here.

import { announce } from "./chat-announce.js";
import { clearText, form, readForm, refuse, text } from "./chat-form.js";
import { updateList } from "./chat-list.js";
import { showPresence, tell } from "./chat-note.js";
import { stayConnected } from "./chat-reconnect.js";
import { arrived, mayBeLost, sent } from "./chat-unseen.js";
import "./chat-storage.js";
import "./viewport.js";

let socket; // the connection, or the attempt at one
let informed; // a history has arrived on this connection

stayConnected(connect); // calls connect now, and after each close

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}`, ["json"]);
  socket.addEventListener("open", opened);
  socket.addEventListener("message", received);
  socket.addEventListener("close", closed); // also after an attempt that failed
  return socket;
}

// The handshake is complete: the server answered 101.
function opened() {
  showPresence("🟢 connected");
  informed = false;
}

// A message has arrived, whole: the browser has put its fragments together.
function received(event) {
  try {
    show(JSON.parse(event.data).msg);
  } catch (error) {
    tell(`The server sent something that is not a history: ${error.message}`);
  }
}

// show makes the list below the form show a history, and looks for our own messages in it.
function show(messages) {
  const { fresh, gap } = updateList(messages);
  arrived(fresh, informed && gap);
  if (informed) announce(fresh); // not what was said before this connection
  informed = true;
}

// The connection has ended. Code 1006 means that it ended without a close frame.
function closed(event) {
  showPresence("🔴 not connected, trying again");
  mayBeLost();
  if (event.code !== 1006) {
    tell(`The server closed the last connection: ${event.code} ${event.reason}`);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault(); // the page stays: the message goes over the WebSocket
  const message = readForm(); // {user, text}, or undefined if the form is not complete
  if (!message) return;
  if (socket?.readyState !== WebSocket.OPEN) {
    return refuse(text, "Not sent: there was no connection. Your text is kept: send it when you see 🟢.");
  }
  socket.send(JSON.stringify(message));
  sent(message);
  clearText();
});
