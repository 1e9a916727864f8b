// What the page remembers over a reload. The browser may forbid it: then it forgets.

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
