// Many tabs of the wire view, and links pasted into one.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, listed, presence, programs, send, textOf, until, visit } from "./browser.js";
import { build, cleanUp, said, standInWire, start, wire } from "./servers.js";

before(build);
after(cleanUp);

describe("tabs", { concurrency: 2 }, () => programs.forEach(engine));

const drawn = (page, n) => until(page, (wanted) => document.querySelectorAll(".is-frame").length === wanted, n);
const state = (page, words) => until(page, (wanted) => document.querySelector("#state")?.textContent === wanted, words);
const warning = (page, part) => until(page, (wanted) => document.querySelector("#warning")?.textContent.includes(wanted), part);
const texts = (page) => page.$$eval(".is-frame .words", (all) => all.map((e) => e.textContent));

// soon resolves once check() is true.
async function soon(check) {
  for (const end = Date.now() + 120_000; !check(); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() > end) assert.fail(`never true: ${check}`);
  }
}

// countStreams lets streams(page) tell how many event streams a page has open.
const countStreams = (page) => page.evaluateOnNewDocument(() => {
  globalThis.sources = [];
  globalThis.EventSource = class extends globalThis.EventSource {
    constructor(...address) {
      super(...address);
      globalThis.sources.push(this);
    }
  };
});
const streams = (page) => page.evaluate(() => globalThis.sources.filter(({ readyState }) => readyState === EventSource.OPEN).length);

function engine(program) {
  const once = { skip: program !== programs[0] }; // what does not depend on the browser
  describe(program.name, { concurrency: 1 }, () => {
    let browser;
    before(async () => { browser = await launch(program); });
    after(() => browser?.close());
    const open = (t, url, options) => visit(t, browser, url, options);

    async function tabs(t, url, n) {
      const first = await open(t, url, { away: true, before: countStreams });
      const others = await Promise.all(Array.from({ length: n - 1 }, () => open(t, url, { away: true, before: countStreams, beside: first })));
      return [first, ...others];
    }

    test("twenty tabs: each shows all, and bytes can be sent from the last", once, async (t) => {
      const it = await wire(t, await start(t, "raw"));
      const all = await tabs(t, it.url, 20);
      await Promise.all(all.map((page) => state(page, "live")));
      const page = await open(t, it.urls[0], { away: true });
      await presence(page, "🟢");
      await send(page, "ann", "hi");
      await listed(page, "hi");
      await Promise.all(all.map((view) => until(view, () => [".client", ".server"].every((side) => [...document.querySelectorAll(`.is-frame ${side} .words`)].some((e) => e.textContent.includes('"text":"hi"'))))));
      const last = all.at(-1);
      await last.bringToFront();
      await last.click("#try summary");
      await last.click("#rows button");
      await until(last, () => document.querySelector("#answers tbody tr") !== null);
    });

    test("one stream serves all tabs; where the one that has it goes, another takes over", async (t) => {
      const it = await standInWire(t);
      it.add(said("one"), said("two"));
      const all = await tabs(t, it.url, 8);
      await Promise.all(all.map((page) => drawn(page, 2)));
      await soon(() => it.streams.size === 1);
      it.add(said("three"));
      await Promise.all(all.map((page) => drawn(page, 3)));
      while (all.length > 2) {
        const counts = await Promise.all(all.map(streams));
        const [leader] = all.splice(counts.indexOf(1), 1);
        await leader.close();
        await soon(() => it.streams.size === 1);
        it.add(said(`without ${all.length}`));
        await Promise.all(all.map((page) => drawn(page, it.events.length)));
      }
      for (const page of all) assert.deepEqual((await texts(page)).slice(0, 4), ["one", "two", "three", "without 7"]);
    });

    test("a tab that sleeps loses nothing, and does not hold the others up", { skip: program.name !== "chromium" }, async (t) => {
      const it = await standInWire(t);
      const all = await tabs(t, it.url, 3);
      it.add(said("one"));
      await Promise.all(all.map((page) => drawn(page, 1)));
      await soon(() => it.streams.size === 1);
      const leader = (await Promise.all(all.map(streams))).indexOf(1);
      const [sleeper, ...awake] = [all[leader], ...all.filter((_, i) => i !== leader)];
      const session = await sleeper.createCDPSession();
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      it.add(said("two"));
      await Promise.all(awake.map((page) => drawn(page, 2)));
      await session.send("Page.setWebLifecycleState", { state: "active" });
      it.add(said("three"));
      await Promise.all(all.map((page) => drawn(page, 3)));
      await soon(() => it.streams.size === 1);
      for (const page of all) assert.deepEqual(await texts(page), ["one", "two", "three"]);
    });

    test("without a channel between tabs, hidden ones let their stream go", async (t) => {
      const it = await standInWire(t);
      it.add(said("one"));
      const page = await open(t, it.url, {
        away: true,
        before: (p) => p.evaluateOnNewDocument(() => {
          delete globalThis.BroadcastChannel;
          let hidden = false;
          Object.defineProperty(document, "hidden", { get: () => hidden });
          globalThis.hide = (now) => {
            hidden = now;
            document.dispatchEvent(new Event("visibilitychange"));
          };
        }),
      });
      await drawn(page, 1);
      await page.evaluate(() => globalThis.hide(true));
      await soon(() => it.streams.size === 0);
      it.add(said("two"));
      await page.evaluate(() => globalThis.hide(false));
      await drawn(page, 2);
      assert.deepEqual(await texts(page), ["one", "two"]);
    });

    test("a tab that was hidden for ten minutes shows the newest events, and no more than the wire keeps", once, async (t) => {
      const it = await standInWire(t);
      const page = await open(t, it.url, {
        before: (p) => p.evaluateOnNewDocument(() => {
          globalThis.isHidden = true;
          Object.defineProperty(document, "hidden", { get: () => globalThis.isHidden });
          globalThis.requestAnimationFrame = (draw) => globalThis.isHidden ? 0 : setTimeout(draw); // as browsers do
        }),
      });
      await state(page, "live");
      it.add(...Array.from({ length: 6000 }, (_, i) => said(`message ${i}`, { conn: i % 2 + 1 })));
      await until(page, () => document.querySelector(".cell:last-child .words")?.textContent && [...document.querySelectorAll(".words")].at(-1).textContent === "message 5999");
      await page.evaluate(() => {
        globalThis.isHidden = false;
        document.dispatchEvent(new Event("visibilitychange"));
      });
      it.add(said("seen"));
      await until(page, () => [...document.querySelectorAll(".words")].at(-1).textContent === "seen");
      await drawn(page, 2000);
    });

    test("what has not arrived completely is shown below its connection", once, async (t) => {
      const it = await standInWire(t);
      it.add(said("one"));
      const page = await open(t, it.url);
      await drawn(page, 1);
      it.halves = [{ server: "raw", conn: 1, from: "client", hex: "8185", length: 2 }];
      await until(page, () => /^The browser has sent 2 bytes.*81 85$/.test(document.querySelector(".half")?.textContent));
      it.halves = [];
      await until(page, () => !document.querySelector(".half"));
    });

    test("what is wrong with the wire is said, until it is right again", once, async (t) => {
      const it = await standInWire(t);
      it.refusal = "too many read the events: close a window";
      const page = await open(t, it.url, { away: true });
      await warning(page, "too many read the events");
      await state(page, "trying again");
      it.refusal = undefined;
      await state(page, "live");
      assert.equal(await textOf(page, "#warning"), "");
      it.server.away = true;
      it.drop();
      await warning(page, "does not answer");
      it.server.away = false;
      await state(page, "live");
      it.add(said("one"));
      await drawn(page, 1);
    });

    test("a wire that was started again, perhaps for other servers, makes all tabs start again", async (t) => {
      const it = await standInWire(t);
      it.add(said("old"), said("older"));
      const all = await tabs(t, it.url, 3);
      await Promise.all(all.map((page) => drawn(page, 2)));
      Object.assign(it, { run: "b", events: [] });
      it.drop();
      it.add(said("new"));
      await Promise.all(all.map((page) => drawn(page, 1)));
      for (const page of all) assert.deepEqual(await texts(page), ["new"]);
    });

    test("a link that is pasted into a live view is shown, and one that is cut short says so", once, async (t) => {
      const it = await standInWire(t);
      it.add(...Array.from({ length: 40 }, (_, i) => said(`message ${i}, ${Math.random()}`)));
      const page = await open(t, it.url, { away: true });
      await drawn(page, 40);
      await page.click("#link");
      await until(page, () => location.hash.startsWith("#r="));
      const link = page.url();
      const other = await open(t, it.url, { away: true, beside: page });
      it.add(said("live"));
      await drawn(other, 41);
      const paste = (address) => other.evaluate((to) => { location.href = to; }, address);
      await paste(link);
      await drawn(other, 40);
      await state(other, "a recording");
      assert.equal(await textOf(other, "#warning"), "");
      await paste(link.slice(0, link.length * 0.6));
      await warning(other, "This link is cut short: only its first ");
      const [, n] = /first (\d+) events are here/.exec(await textOf(other, "#warning"));
      await drawn(other, Number(n));
      assert.ok(n > 10 && n < 40, n);
      await paste(link.slice(0, link.indexOf("#r=") + 30));
      await warning(other, "cut short or damaged: nothing");
      await paste(link + ".");
      await drawn(other, 40);
      assert.equal(await textOf(other, "#warning"), "");
      await paste(it.url + "#");
      await state(other, "live");
      await drawn(other, 41);
    });
  });
}
