// What the browser stores for this address: the name, which is asked for once, and perhaps data that
// another project has left here.

import { text, user } from "./chat-form.js";

const key = "websocket-workshop.user"; // other projects use this address, too
const stores = ["sessionStorage", "localStorage"]; // this window's name first; either may be blocked

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
  document.querySelector("#warning").textContent = "Another project has left a service worker at this address, " +
    `which may answer in place of the server: ${all.map(({ scope }) => scope).join(", ")}. ` +
    "Remove it in the developer tools, or use another port.";
}, () => {});

user.value ||= recall();
(user.value ? text : user).focus();
