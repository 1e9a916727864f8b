// Messages that were sent but have not come back. send does not report whether a message arrived; here
// the history does.

import { text } from "./chat-form.js";
import { takeBack, tell, tellLost } from "./chat-note.js";

const waiting = "Sent. It is listed below as soon as the server sends it back.";

let unseen = []; // sent on this connection, but not listed yet
let lost = []; // sent on a connection that ended, and not listed since
let putBack; // the lost message that is in the field again

// sent records that a message was passed to the WebSocket. It may be a lost one, edited since.
export function sent(message) {
  unseen.push(message);
  lost = lost.filter((before) => before !== putBack && before.text !== message.text);
  putBack = undefined;
  tell(waiting);
  tellLost(textsOf(lost));
}

// arrived receives the newly listed messages. After a gap, others may have been missed, even our own: a
// slow page gets only the newest history.
export function arrived(fresh, gap) {
  if (gap) unseen = [];
  fresh.forEach(cross);
  if (unseen.length === 0) takeBack(waiting);
  tellLost(textsOf(lost));
}

// cross removes one message for each that arrived: the same text sent twice is two messages.
function cross(message) {
  for (const list of [lost, unseen]) {
    const i = list.findIndex(({ user, text: words }) => user === message.user && words === message.text);
    if (i < 0) continue;
    const [it] = list.splice(i, 1);
    if (it === putBack && text.value === it.text) text.value = "";
    return;
  }
}

// mayBeLost is called when a connection has ended: messages sent just before may not have arrived.
export function mayBeLost() {
  if (unseen.length === 0) return;
  if (!text.value) {
    putBack = unseen.at(-1);
    text.value = putBack.text;
  }
  lost.push(...unseen);
  unseen = [];
  tell("");
  tellLost(textsOf(lost));
}

const textsOf = (messages) => messages.map((message) => message.text);
