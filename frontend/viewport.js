// How much of the page is visible. An on-screen keyboard covers a part of it, and in some browsers the
// layout does not change. Styles read the class short and --covered, the covered height at the bottom.

const short = 420; // CSS pixels: a phone with its keyboard, or a page at 400 %
const root = document.documentElement;

function measure() {
  const { height, scale } = visualViewport;
  const visible = height * scale; // pinch zoom does not count
  root.classList.toggle("short", visible < short);
  root.style.setProperty("--covered", `${Math.max(0, Math.round(root.clientHeight - visible))}px`);
}

globalThis.visualViewport?.addEventListener("resize", measure);
if (globalThis.visualViewport) measure();
