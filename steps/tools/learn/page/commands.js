// The lessons name commands, for whoever works in a terminal. On this page each is a button, which does here what the
// command does there.
import { el } from "../dom.js";

const actions = [ // of the first pattern that fits
  [/localhost:8085/, "restart", "Stop the server and start it again, as Ctrl-C and a new start do"],
  [/^task (play-|next)|steps\/tools\/play\b/, "begin", "Begin a step"],
  [/^task diff-work-|-diff-only/, "changes", "What is left, in the pane Changes"],
  [/^task check-(\d|library)|steps\/tools\/check -step/, "check", "The check runs after each save: the pane Check"],
  [/^task wire -- work$|steps\/tools\/wire work$/, "bytes", "Every byte: the pane Bytes"],
  [/^task work$|^go run \.\/work$/, "output", "Your server runs, and again after each save: the pane Output"],
];

// prepareCommands changes the commands in a lesson. act(action) does what a button says.
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
    if (["bytes", "output"].includes(found.at(-1)[1])) found.push(actions[0]);
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
