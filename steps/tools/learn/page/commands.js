// The lessons name commands for people who work in a terminal. On this page each is a button that does
// the same.
import { el } from "../dom.js";

const actions = [ // of the first pattern that fits
  [/localhost:8085/, "restart", "Restart the server, as Ctrl-C and a new start would"],
  [/^task (play-|next)|steps\/tools\/play\b/, "begin", "Begin this step"],
  [/^task diff-work-|-diff-only/, "changes", "Changes: what is left"],
  [/^task check-(\d|library)|steps\/tools\/check -step/, "check", "Check: it runs after each save"],
  [/^task wire -- work$|steps\/tools\/wire work$/, "bytes", "Bytes: every one of your connections"],
  [/^task work$|^go run \.\/work$/, "output", "Output: your server runs, and again after each save"],
];

// prepareCommands turns the commands in a lesson into buttons, which call act(action).
export function prepareCommands(text, act) {
  const button = ([, action, words], ...content) => {
    const made = el("button", { type: "button", class: "command", title: `Here: ${words}` }, ...content);
    made.addEventListener("click", () => act(action));
    return made;
  };
  const find = (command) => actions.find(([pattern]) => pattern.test(command.trim()));
  for (const figure of text.querySelectorAll('figure[data-lang="sh"]')) {
    const found = figure.textContent.split("\n").map(find).filter(Boolean);
    if (!found.length) continue;
    if (found.at(-1)[1] === "bytes") found.push(actions[0]);
    const fold = el("details", {}, el("summary", {}, "In a terminal"));
    const buttons = [...new Set(found)].map((action) => button(action, action[2]));
    figure.replaceWith(el("div", { class: "here" }, el("p", {}, "On this page:"), ...buttons, fold));
    fold.append(figure);
  }
  for (const code of text.querySelectorAll(":is(p, li, td) code")) {
    const action = find(code.textContent);
    if (action) code.replaceWith(button(action, code.cloneNode(true)));
  }
}
