// The learn page. In Chromium an attendee goes from step 1 to the library with it and an editor.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { accessible, launch, noSidewaysScroll, presence, programs, send, textOf, until, visit } from "./browser.js";
import { buildThese, cleanUp, copyWorkshop, learn } from "./servers.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const panes = ["lesson", "chat", "bytes", "check", "output", "changes"];
const lessons = ["00", "01", "02", "03", "04", "05", "06", "library"];
// turns are those that the attendee writes in a step, as its lesson names them.
const turns = (step) => [...readFileSync(join(root, "steps/tools/learn/lessons", `${lessons[step]}.html`), "utf8")
  .matchAll(/data-kind="turn" data-of="(.+?)"/g)].map(([, turn]) => turn);

for (const program of programs) describe(`learn, ${program.name}`, () => {
  const chromium = program.name === "chromium";
  let browser, folder;
  before(async () => {
    buildThese("steps/tools/learn");
    folder = mkdtempSync(join(tmpdir(), "websocket-workshop-learn-"));
    copyWorkshop(folder);
    browser = await launch(program);
  });
  after(async () => {
    await browser?.close();
    cleanUp();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const work = (name = "") => join(folder, "work", name);
  const edit = (name, change) => writeFileSync(work(name), change(readFileSync(work(name), "utf8")));

  // open starts learn with the code of a folder in work/, or without any, and opens its page.
  async function open(t, code, options) {
    rmSync(work(), { recursive: true, force: true, maxRetries: 5 });
    if (code) cpSync(join(root, code), work(), { recursive: true });
    const it = await learn(t, folder);
    const { servers } = await (await fetch(`${it.url}/state`)).json();
    // axe asks every frame whether it is there too, which those of other origins do not answer
    const page = await visit(t, browser, it.url, { away: true, allowed: [/postMessage/], hosts: [new URL(servers[0].url).host], height: 1400, ...options });
    return { it, page, chat: servers[0].url };
  }

  test("an attendee goes from step 1 to the library", { skip: !chromium }, async (t) => {
    const { it, page, chat } = await open(t, "");
    await says(page, "#where", "There is no code in work/ yet");
    await begin(page, 1, "ours");
    await says(page, "#rows .failure", "your turn: upgrade");
    await says(page, "#verdict", "fails.");
    await says(page, '#text [data-file="main.go"][data-names="upgrade"]', "open");
    await hint(page);
    write(1);
    await holds(page, "Step 1");
    await says(page, "#steps li:nth-child(2)", "holds");
    await breaks(page, chat);
    for (let step = 2; step <= 7; step++) {
      await begin(page, step, "next");
      await says(page, "#notices", "What was in work is now in ");
      write(step);
      await holds(page, step === 7 ? "The library" : `Step ${step}`);
      await seesOwnBytes(page, step, chat);
    }
    await says(page, "#steps li:nth-child(8)", "holds");
    await stops(it, page);
  });

  test("a reload keeps the lesson and the panes; the splitter moves by keys", async (t) => {
    const { page } = await open(t, "steps/05");
    await page.click('#steps a[href="#/04"]');
    await says(page, "#text h1", "Step 4");
    for (const name of ["output", "bytes"]) await page.click(`[data-pane="${name}"]`);
    await page.focus("#split");
    const width = () => page.$eval("#split", (e) => Number(e.getAttribute("aria-valuenow")));
    const before = await width();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await width(), before - 4);
    const kept = [await shown(page), await width()];
    assert.deepEqual(kept[0], ["lesson", "chat", "check", "output"]);
    await page.goto(page.url().replace(/#.*/, ""));
    await says(page, "#text h1", "Step 4");
    assert.deepEqual([await shown(page), await width()], kept);
  });

  for (const scheme of chromium ? ["light", "dark"] : ["dark"]) {
    test(`each pane is accessible, ${scheme}`, async (t) => {
      const { page } = await open(t, "steps/05", { height: 2000 });
      if (chromium) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.click('#steps a[href="#/05"]');
      await until(page, () => document.querySelectorAll("#text .hints").length > 1);
      for (const name of ["output", "changes"]) await page.click(`[data-pane="${name}"]`);
      for (const [selector, words] of [["#diff ins", ""], ["#log", "listening on"], ["#rows .row", ""]]) await says(page, selector, words);
      assert.deepEqual(await shown(page), panes);
      await accessible(page);
      await page.click("#start");
      await accessible(page);
    });
  }

  test("on a phone there is one pane at a time, and nothing scrolls sideways", async (t) => {
    const { page } = await open(t, "steps/05", { width: 360, height: 640 });
    await page.click('#steps a[href="#/04"]');
    await until(page, () => document.querySelectorAll("#text .hints").length > 2);
    for (const name of panes) {
      await page.click(`[data-pane="${name}"]`);
      assert.deepEqual(await shown(page), [name]);
      await noSidewaysScroll(page);
      assert.deepEqual(await page.$$eval(".pane:not([hidden]), #notices, header", (all) => all.filter((e) => e.scrollWidth > e.clientWidth || e.getBoundingClientRect().right > innerWidth)
        .flatMap((e) => [e, ...e.querySelectorAll("*")].filter((c) => c.getBoundingClientRect().right > innerWidth && !c.closest("pre")).map((c) => c.outerHTML.slice(0, 90)))), [], name);
      if (chromium) await accessible(page); // Firefox has the same panes above
    }
    await page.click("#large");
    await noSidewaysScroll(page);
  });

  const shown = (page) => page.$$eval(".pane", (all) => all.filter((pane) => !pane.hidden).map((pane) => pane.id.replace("pane-", "")));

  // begin begins a step from its lesson.
  async function begin(page, step, how) {
    await page.click(`#steps a[href="#/${lessons[step]}"]`);
    await until(page, (name) => document.querySelector(`#steps a[href="#/${name}"]`).getAttribute("aria-current"), lessons[step]);
    await page.click("#start");
    await page.click(`#begin [value="${how}"]`);
    await says(page, "#where", step === 7 ? "the library" : `step ${step}.`);
    await says(page, "#notices", step === 7 ? "library" : `step ${step}`);
  }

  async function hint(page) {
    await page.click("#rows .hints summary");
    await until(page, () => document.querySelectorAll("#rows .hints details").length > 1);
    assert.equal(await page.$$eval("#rows .hints details", (all) => all.filter((d) => !d.hidden).length), 1);
    await page.click("#rows .hints details summary");
    await until(page, () => document.querySelectorAll("#rows .hints details:not([hidden])").length === 2);
    assert.match(await textOf(page, "#rows .hints details[open]"), /answer 501/);
  }

  // seesOwnBytes does what a lesson's own bytes show, and sees them in its text.
  async function seesOwnBytes(page, step, chat) {
    const own = {
      2: "✓ the answer’s accept value", 3: "Connection", 4: "The unmasking", 5: '"text":"message 5"',
      6: "It was the first to end TCP.", 7: "close, 1001",
    }[step];
    const member = page.frames().find((frame) => frame.url().startsWith(chat));
    if (step === 4 || step === 5) {
      await presence(member, "🟢");
      await send(member, "ann", `message ${step}`);
    }
    if (step >= 6) await page.click("#restart");
    await says(page, "#text figure.own", own);
  }

  // write does the work of a step.
  function write(step) {
    const ours = join(root, step === 7 ? "library" : `steps/0${step}`);
    for (const turn of turns(step)) {
      const [file, name] = turn.split(" ");
      const finished = readFileSync(join(ours, file), "utf8");
      edit(file, (text) => withImports(text.replace(find(text, name), () => find(finished, name)), finished));
    }
  }

  // withImports returns text with the imports of the finished file: a turn may need one more.
  function withImports(text, finished) {
    const imports = /^import (".*"|\([^]*?^\))\n\n/m;
    return text.replace(imports, "").replace(/^package main\n\n/m, (line) => line + (imports.exec(finished)?.[0] ?? ""));
  }

  // find returns a function in the text of a file.
  function find(text, name) {
    const [method, type] = name.split(".").reverse();
    const found = text.match(new RegExp(`^func ${type ? `\\(\\w+ \\*?${type}\\) ` : ""}${method}\\([^]*?^}\\n`, "m"));
    assert.ok(found, `there is no ${name}`);
    return found[0];
  }

  // breaks has a compile error, sees it while the previous server keeps running, and takes it back.
  async function breaks(page, chat) {
    const good = readFileSync(work("main.go"), "utf8");
    edit("main.go", (text) => `${text}\nvar broken int = "broken"\n`);
    const line = good.split("\n").length + 1;
    await until(page, (place) => document.querySelector("#notices").textContent.includes(place), `work/main.go:${line}`);
    if (await page.$eval("#pane-output", (pane) => pane.hidden)) await page.click('[data-pane="output"]');
    await says(page, "#errors", `work/main.go:${line}:18 cannot use "broken"`);
    await says(page, "#server", "does not build: the previous server keeps running");
    await says(page, "#verdict", "does not build");
    assert.equal((await fetch(chat)).status, 200);
    edit("main.go", () => good);
    await says(page, "#server", "running");
    await until(page, () => !document.querySelector("#notices").textContent.includes("main.go:"));
  }

  // stops interrupts learn while a check runs: nothing is left.
  async function stops(it, page) {
    edit("main.go", (text) => `${text}\n`);
    await says(page, "#verdict", "Checking");
    assert.equal(await it.stop("SIGINT"), 0);
    assert.deepEqual(readdirSync(join(folder, ".bin")).filter((name) => name.startsWith("learn")), []);
    if (!existsSync("/proc/self/cmdline")) return;
    const left = readdirSync("/proc").filter((id) => /^\d+$/.test(id)).filter((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, "utf8").includes(folder);
      } catch {
        return false; // it has exited
      }
    });
    assert.deepEqual(left, []);
  }
});

// says resolves once an element that selector finds has the text in it. The tools may have to be compiled first.
async function says(page, selector, words) {
  const texts = () => page.$$eval(selector, (all) => all.map((e) => e.textContent));
  const has = ([selector, words]) => [...document.querySelectorAll(selector)].some((e) => e.textContent.includes(words));
  await until(page, has, [selector, words], 90_000).catch(async () => {
    assert.fail(`${selector} lacks “${words}”: ${await texts()}\n${await textOf(page, "#side")}`);
  });
}

// holds resolves once the check has held.
const holds = (page, title) => says(page, "#verdict", `${title} holds`);
