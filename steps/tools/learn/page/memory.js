// What the page remembers across reloads. If the browser forbids that, it forgets.

const prefix = "websocket-workshop.learn.";

export function remember(key, value) {
  try {
    localStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {}
}

export function recall(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(prefix + key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
