// The view of the wire in each browser, while raw and library chat through it.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { accessible, fill, launch, listed, noSidewaysScroll, presence, programs, send, textOf, until, visit } from "./browser.js";
import { build, cleanUp, start, wire } from "./servers.js";

before(build);
after(cleanUp);

describe("wire", { concurrency: 2 }, () => programs.forEach(engine));

// rungs are what each rung of a column says, from its arrow to its text.
const rungs = (page, column) => page.$$eval("section", (all, i) => [...all[i].querySelectorAll(".rung")]
  .map((rung) => [...rung.querySelectorAll(".visually-hidden, .label, .words")].map((e) => e.textContent).join("")), column);
const state = (page, words) => until(page, (wanted) => document.querySelector("#state").textContent.includes(wanted), words);
const drawn = (page, n) => until(page, (wanted) => document.querySelectorAll(".is-frame").length === wanted, n);

function engine(program) {
  const once = { skip: program !== programs[0] }; // what does not depend on the browser
  describe(program.name, { concurrency: 1 }, () => {
    let browser, folder;
    before(async () => {
      browser = await launch(program);
      folder = await mkdtemp(join(tmpdir(), "wire-"));
    });
    after(async () => {
      await browser?.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    });
    const open = (t, url, options) => visit(t, browser, url, options);

    // chat lets ann say something to raw and to library, and returns the view of that.
    // With own, the wire builds and starts the two by itself, and has their names.
    async function chat(t, text, { own, ...options } = {}) {
      const it = await wire(t, ...own ? [] : [await start(t, "raw"), await start(t, "library")]);
      const view = await open(t, it.url, { away: true, ...options }); // the wire ends before it is left
      await state(view, "live");
      for (const url of it.urls) {
        const page = await open(t, url, { away: true });
        await presence(page, "🟢 connected");
        await until(page, () => document.querySelector("#msgs li") !== null); // the greeting goes before what ann says
        await send(page, "ann", text);
        await listed(page, text);
      }
      await drawn(view, 6); // of each a greeting, what ann said, and the history with that
      return { it, view };
    }

    test("a lane has the handshake and each frame, as text and never as HTML", async (t) => {
      const text = '<img src=x onerror="document.title=1"> <b>hi</b> שלום';
      const { view } = await chat(t, text);
      for (const column of [0, 1]) {
        const [request, answer, greeting, said, history, ...rest] = await rungs(view, column);
        assert.equal(request, "Connection 1, from the browser: handshake");
        assert.equal(answer, "Connection 1, from the server: answer");
        assert.match(greeting, /^Connection 1, from the server: text · FIN · \d+ bytes\{"msg":\[\{"user":"workshop"/);
        assert.match(said, /^Connection 1, from the browser: text · FIN · \d+ bytes/);
        assert.ok(said.endsWith(JSON.stringify({ user: "ann", text })), said);
        assert.match(history, /^Connection 1, from the server: text · FIN/);
        assert.deepEqual(rest, []);
      }
      await until(view, () => document.querySelectorAll(".calculation strong").length === 2 && [...document.querySelectorAll(".calculation strong")].every((e) => e.textContent.startsWith(" ✓")));
      assert.match(await textOf(view, ".explain"), /Subprotocol: json offered, json chosen/);
      assert.match(await textOf(view, ".explain"), /Extension: .*permessage-deflate.* offered, declined/);
      assert.equal(await view.$$eval("img, main b", (all) => all.length), 0);
    });

    test("a selected frame is drawn beside the lanes; arrow keys go on, Escape goes back", async (t) => {
      const { view } = await chat(t, "hi");
      await view.click(".is-frame .client");
      assert.match(await textOf(view, "#panel blockquote"), /"text":"hi"/);
      await view.keyboard.press("ArrowUp");
      assert.match(await textOf(view, "#panel blockquote"), /Welcome/);
      await view.keyboard.press("ArrowRight");
      assert.ok(await view.$eval("section:nth-child(2)", (section) => section.contains(document.activeElement)));
      await view.keyboard.press("Escape");
      assert.ok(await view.$eval("#panel", (panel) => panel.hidden));
      assert.ok(await view.evaluate(() => document.activeElement.matches(".rung")));
    });

    test("the same bytes go to both, and their answers stand side by side", once, async (t) => {
      const { view } = await chat(t, "hi");
      await view.click("#try summary");
      const table = (n) => until(view, (wanted) => document.querySelectorAll("#answers tbody tr").length === wanted
        && [...document.querySelectorAll("#answers tbody tr:first-child > *")].map((cell) => cell.textContent), n);
      await view.click("#rows button");
      assert.deepEqual(await table(1), ["an unmasked frame", "close frame 1002", "hangs up without one", "≠ different"]);
      await fill(view, "#hex", "88 82 00 00 00 00 03 e8");
      await view.click("#bytes button");
      assert.deepEqual(await table(2), ["88 82 00 00 00 00 03 e8", "close frame 1000", "close frame 1000", "the same"]);
      await fill(view, "#hex", "8");
      await view.click("#bytes button");
      await until(view, () => document.querySelector("#problem").textContent.includes("a byte is two"));
    });

    test("connections stand side by side: one message in, and below it the histories that go out", async (t) => {
      const { it, view } = await chat(t, "hi");
      const bob = await open(t, it.urls[0], { away: true });
      await presence(bob, "🟢");
      await send(bob, "bob", "hello ann");
      await listed(bob, "hello ann");
      await drawn(view, 10);
      assert.deepEqual(await view.$$eval("section:first-child h3", (all) => all.map((h) => h.textContent.trim())), ["Connection 1", "Connection 2"]);
      const cells = await view.$$eval("section:first-child .is-frame", (all) => all.slice(-3).map((e) => [e.dataset.lane, Math.round(e.getBoundingClientRect().top), e.querySelector(".client") ? "in" : "out", e.querySelector(".number").textContent]));
      assert.deepEqual(cells.map(([lane, , way, number]) => [lane, way, number]).sort(), [["0", "out", "1"], ["1", "in", "2"], ["1", "out", "2"]]);
      const [[, said], ...histories] = cells;
      assert.ok(histories.every(([, top]) => top > said));
      await view.$$eval("section:first-child .rung", (all) => all.at(-1).focus());
      const lane = () => view.evaluate(() => document.activeElement.closest(".cell").dataset.lane);
      const last = await lane();
      await view.keyboard.press(last === "0" ? "ArrowRight" : "ArrowLeft");
      assert.notEqual(await lane(), last);
      await view.keyboard.press("ArrowUp");
      assert.notEqual(await lane(), last);
    });

    test("a label counts the payload, as the lessons do, and the header stands apart", once, async (t) => {
      const { view } = await chat(t, "hi");
      const said = await view.$eval(".is-frame .client", (rung) => [rung.querySelector(".label").textContent, rung.querySelector(".chips small").textContent.trim()]);
      assert.deepEqual(said, ["text · FIN · 26 bytes", "6 of header"]);
      await view.click(".is-frame .client");
      assert.equal(await textOf(view, "#panel article small"), "26 bytes of payload, 6 of header, masked");
    });

    test("with a frame selected at 1280 pixels, its column stays where it is, and in sight", async (t) => {
      const { view } = await chat(t, "hi", { width: 1280, height: 800 });
      for (const column of [1, 2]) {
        const box = () => view.$eval(`section:nth-child(${column})`, (e) => [e.getBoundingClientRect().left, e.getBoundingClientRect().width].map(Math.round));
        const before = await box();
        await view.click(`section:nth-child(${column}) .is-frame .client`);
        const after = await box();
        assert.ok(Math.abs(after[0] - before[0]) <= 10 && Math.abs(after[1] - before[1]) <= 20, `${before} became ${after}`);
        await until(view, () => {
          const [rung, lanes] = [document.querySelector("[aria-current]"), document.querySelector("section:has([aria-current]) .lanes")].map((e) => e.getBoundingClientRect());
          return rung.top >= lanes.top && rung.bottom <= lanes.bottom;
        });
        await view.keyboard.press("Escape");
      }
    });

    test("paused it waits, cleared it is empty, and a connection can be seen by itself", once, async (t) => {
      const { it, view } = await chat(t, "hi");
      await view.click("#pause");
      const page = await open(t, it.urls[0]);
      await presence(page, "🟢 connected");
      await until(view, () => document.querySelector("#waits").textContent.endsWith(" waiting"));
      await drawn(view, 6);
      await view.click("#pause");
      await drawn(view, 7);
      const last = await view.$$eval("section:first-child option", (all) => all.at(-1).value);
      await view.select("section:first-child select", last);
      await drawn(view, 4);
      assert.deepEqual(await view.$$eval("section:first-child h3", (all) => all.map((h) => h.textContent.trim())), ["Connection 2"]);
      await view.click("#clear");
      await drawn(view, 0);
    });

    test("a recording opens again: from its file, with and without a server, and by a link", once, async (t) => {
      const { it, view } = await chat(t, "kept");
      const before = await rungs(view, 1);
      await view.click("#link");
      await until(view, () => location.hash.startsWith("#r="));
      const link = view.url();
      await view.evaluate(() => { // to read what would be saved
        const real = URL.createObjectURL;
        URL.createObjectURL = (blob) => {
          blob.text().then((text) => { globalThis.saved = text; });
          return real(blob);
        };
        HTMLAnchorElement.prototype.click = () => {};
      });
      await view.click("#save");
      const path = join(folder, "wire.html");
      await writeFile(path, await until(view, () => globalThis.saved));
      const file = await open(t, pathToFileURL(path).href);
      await drawn(file, 6);
      assert.deepEqual(await rungs(file, 1), before);
      await file.click(".is-frame .client");
      assert.match(await textOf(file, "#panel blockquote"), /"text":"kept"/);
      await view.click("#clear");
      await (await view.$("#file")).uploadFile(path);
      await drawn(view, 6);
      assert.deepEqual(await rungs(view, 1), before);
      const chatServers = new URL("wire.html", it.urls[0]).href + new URL(link).hash; // no wire is behind that page
      const other = await open(t, chatServers);
      await drawn(other, 6);
      assert.deepEqual(await rungs(other, 1), before);
    });

    // 1280 × 1024 at 200 % and at 400 %: the panel covers the page, and can be left again.
    for (const [width, height] of [[640, 512], [320, 256]]) {
      test(`${width} × ${height} is enough`, async (t) => {
        const { view } = await chat(t, "hi", { width, height });
        await noSidewaysScroll(view);
        await view.$eval(".is-frame .client", (rung) => rung.click());
        await noSidewaysScroll(view);
        await accessible(view);
        const panel = await view.$eval("#panel", (e) => e.getBoundingClientRect().toJSON());
        assert.ok(Math.round(panel.bottom) <= height && (height > 300 || panel.top <= 0), JSON.stringify(panel));
        await view.click("#panel .close");
        assert.ok(await view.evaluate(() => document.activeElement.matches(".rung")));
      });
    }

    test("forced colours", { skip: program.name !== "chromium" }, async (t) => {
      const { view } = await chat(t, "hi");
      const session = await view.createCDPSession();
      await session.send("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }, { name: "prefers-color-scheme", value: "dark" }] });
      const style = (selector, pseudo, name) => view.$eval(selector, (e, p, n) => getComputedStyle(e, p)[n], pseudo, name);
      const canvas = await style("body", null, "backgroundColor");
      assert.notEqual(await style(".client .arrow", "::after", "backgroundColor"), canvas);
      await view.click("#pause");
      assert.notEqual(await style("#pause", null, "backgroundColor"), await style("#clear", null, "backgroundColor"));
      await view.click(".is-frame .client");
      assert.equal(await style("[aria-current]", null, "outlineStyle"), "solid");
      await accessible(view);
    });

    for (const [width, height, scheme] of [[1280, 720, "light"], [1280, 720, "dark"], [360, 640, "light"]]) {
      test(`accessible at ${width} × ${height}, ${scheme}`, scheme === "dark" ? {} : once, async (t) => { // Firefox is dark
        const { view } = await chat(t, "hi", { width, height });
        if (program.name === "chromium") await view.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await view.click("#try summary");
        await view.click("#rows button");
        await until(view, () => document.querySelector("#answers tbody tr") !== null);
        await accessible(view);
        await noSidewaysScroll(view);
        await view.click(".is-frame .client");
        await accessible(view);
        if (width > 1000) assert.ok(await view.evaluate(() => document.documentElement.scrollHeight <= innerHeight), "the page scrolls, and not its parts alone");
        await view.click("#large");
        await noSidewaysScroll(view);
      });
    }

    // SCREENSHOTS=1 npm test: the picture in the README.
    test("screenshot", { skip: !process.env.SCREENSHOTS || program.name !== "chromium" }, async (t) => {
      const { view } = await chat(t, "hi", { own: true });
      await view.setViewport({ width: 1640, height: 840 }); // room for both servers and the frame
      await view.click(".is-frame .client");
      await view.screenshot({ path: fileURLToPath(new URL("screenshots/wire.png", import.meta.url)) });
    });
  });
}
