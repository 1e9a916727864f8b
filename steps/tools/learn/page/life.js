// The life of a connection, from the first byte to the last, as a row of stations. What the lesson
// adds stands out, and a station lights up once it has happened on the newest connection.
import { el, unseen } from "../dom.js";
import { isHandshake, textOf, upgrades } from "../wire-record.js";

// Each station: its name, which side acts, the first lesson with it, and what event shows it.
const stations = [
  ["TCP", "both", 1, (e) => e.kind === "request"],
  ["GET, Upgrade", "client", 1, (e) => e.kind === "request"],
  ["101", "server", 2, (e) => e.kind === "response" && upgrades(textOf(e))],
  ["history", "server", 3, (e) => isFrame(e, "server") && e.opcode === 1],
  ["message", "client", 4, (e) => isFrame(e, "client") && e.opcode <= 2],
  ["history to all", "server", 5, (e, seen) => isFrame(e, "server") && e.opcode === 1 && seen.has(4)],
  ["ping, pong", "both", 6, (e) => e.kind === "frame" && e.opcode >= 9],
  ["close frame", "client", 6, (e) => isFrame(e, "client") && e.opcode === 8],
  ["close frame", "server", 6, (e) => isFrame(e, "server") && e.opcode === 8],
  ["FIN of TCP", "both", 6, (e) => e.kind === "end"],
];
const isFrame = (event, from) => event.kind === "frame" && event.from === from;
const arrows = { client: "→ ", server: "← ", both: "↔ " };
const sides = { client: "from the browser", server: "from the server", both: "both ways" };

let newest = ""; // the connection whose life is shown
let seen = new Set(); // of the stations

export function showLife(list, lesson) {
  list.replaceChildren(...stations.map(([name, side, since], i) => {
    const item = el("li", { class: side }, el("span", { "aria-hidden": "true" }, arrows[side]), name, unseen(`, ${sides[side]}`));
    item.classList.toggle("new", since === lesson);
    item.classList.toggle("later", since > lesson);
    if (since === lesson) item.append(unseen(", new in this lesson"));
    mark(item, i);
    return item;
  }));
}

// lightUp processes an event of the wire, oldest first.
export function lightUp(list, event) {
  const connection = `${event.server} ${event.conn}`;
  if (isHandshake(event)) [newest, seen] = [connection, new Set()];
  if (connection !== newest) return;
  stations.forEach(([, , , shows], i) => shows(event, seen) && seen.add(i));
  [...list.children].forEach(mark);
}

function mark(item, i) {
  if (item.classList.contains("lit") === seen.has(i)) return;
  item.classList.toggle("lit", seen.has(i));
  item.querySelector(".done")?.remove();
  if (seen.has(i)) item.append(el("span", { class: "visually-hidden done" }, ", has happened on your connection"));
}
