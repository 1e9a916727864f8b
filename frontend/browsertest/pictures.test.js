// The lessons' pictures and the benchmark's chart, light and dark: text that one can read, inside the box it stands in.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { launch, programs } from "./browser.js";

const folder = new URL("../../steps/pictures/", import.meta.url);
const lessons = readdirSync(folder).filter((name) => name.endsWith(".svg"));
const pictures = [...lessons, "../tools/bench/chart.svg"];

describe("pictures", { concurrency: 1 }, () => programs.filter(({ name }) => name === "chromium").forEach((program) => {
  let browser, page;
  before(async () => {
    browser = await launch(program);
    page = await browser.newPage();
  });
  after(() => browser?.close());

  test("the lessons have at most ten, and each has a title and a description", () => {
    assert.ok(lessons.length > 0 && lessons.length <= 10, `${lessons.length} pictures`);
    for (const name of pictures) {
      assert.match(readFileSync(new URL(name, folder), "utf8"), /role="img" aria-labelledby="title desc">\s*<title id="title">.+<\/title>\s*<desc id="desc">.+<\/desc>/, name);
    }
  });

  for (const scheme of ["light", "dark"]) {
    for (const name of pictures) {
      test(`${name}, ${scheme}`, async () => {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await page.setContent(`<body style="margin:0">${readFileSync(new URL(name, folder), "utf8")}`);
        assert.deepEqual(await page.evaluate(faults), []);
      });
    }
  }
}));

// faults runs in the page, and returns what is wrong with the text of its picture.
function faults() {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\d.]+/g).map((n) => n / 255).map((n) => n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const boxes = [...document.querySelectorAll("rect")].map((rect) => ({ box: rect.getBoundingClientRect(), fill: getComputedStyle(rect).fill }));
  const found = [];
  for (const text of document.querySelectorAll("text")) {
    const style = getComputedStyle(text);
    const at = text.getBoundingClientRect();
    if (parseFloat(style.fontSize) < 11) found.push(`${text.textContent}: ${style.fontSize}`);
    const [x, y] = [(at.left + at.right) / 2, (at.top + at.bottom) / 2];
    const around = boxes.filter(({ box }) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom).at(-1); // the innermost: drawn last
    if (!around) found.push(`${text.textContent}: outside the picture`);
    else if (at.left < around.box.left || at.right > around.box.right || at.top < around.box.top - 1 || at.bottom > around.box.bottom + 1) {
      found.push(`${text.textContent}: outside its box`);
    } else if (contrast(style.fill, around.fill) < 4.5) found.push(`${text.textContent}: contrast ${contrast(style.fill, around.fill)}`);
  }
  return found;
}
