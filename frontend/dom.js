// Helpers for elements.

// el makes an element.
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

// quiet returns a remark.
export function quiet(text) {
  return el("p", { class: "quiet" }, text);
}

// unseen returns text for screen readers only.
export function unseen(text) {
  return el("span", { class: "visually-hidden" }, text);
}

// roving makes many buttons one stop of the Tab key: arrow keys, Home and End go from one to
// the next. upOrDown(at, key) returns the index of the one below or above buttons[at].
export function roving(container, upOrDown) {
  const buttons = [...container.querySelectorAll("button")];
  buttons.forEach((b, i) => { b.tabIndex = i === 0 ? 0 : -1; });
  container.addEventListener("focusin", (event) => {
    container.querySelector('button[tabindex="0"]').tabIndex = -1;
    event.target.tabIndex = 0;
  });
  container.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key] ??
      (/^Arrow/.test(event.key) ? upOrDown(at, event.key) : undefined);
    if (next === undefined) return;
    event.preventDefault();
    buttons[next]?.focus();
  });
}

// nearest returns the index of the button closest to buttons[at] in the row below (step 1) or above (-1).
export function nearest(buttons, at, step) {
  const here = buttons[at].getBoundingClientRect();
  let best = at;
  let bestDistance = Infinity;
  for (let i = at + step, row; buttons[i]; i += step) {
    const there = buttons[i].getBoundingClientRect();
    if (Math.abs(there.top - here.top) < 4) continue;
    row ??= there.top;
    if (Math.abs(there.top - row) >= 4) break;
    const distance = Math.abs(there.left + there.width / 2 - here.left - here.width / 2);
    if (distance < bestDistance) [best, bestDistance] = [i, distance];
  }
  return best;
}
