// WebKitGTK, over plain WebDriver (puppeteer does not drive it): what only this engine has broken.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { buildThese, cleanUp, copyWorkshop, learn, said, standIn, standInWire } from "./servers.js";

// webKit opens url in a browser of its own and returns run(script), which gives what the script returns.
async function webKit(t, url) {
  const display = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1400x1000x24"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const [number] = await once(display.stdio[3], "data");
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address();
  await new Promise((resolve) => free.close(resolve));
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], { stdio: "ignore", env: { ...process.env, DISPLAY: `:${String(number).trim()}`, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" } });
  const call = async (path, body, method = "POST") => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: method === "POST" ? JSON.stringify(body) : undefined });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value.message}`);
    return value;
  };
  let end = () => {};
  t.after(() => Promise.resolve(end()).finally(() => {
    driver.kill();
    display.kill();
  }));
  for (const late = Date.now() + 60_000; !await call("/status", undefined, "GET").catch(() => Date.now() > late);) await sleep(50);
  const { sessionId } = await call("/session", { capabilities: {} });
  end = () => call(`/session/${sessionId}`, undefined, "DELETE");
  await call(`/session/${sessionId}/timeouts`, { script: 120_000, pageLoad: 300_000 }); // for busy machines
  await call(`/session/${sessionId}/url`, { url });
  const run = (script) => call(`/session/${sessionId}/execute/async`, { script: `const done = arguments[0]; (async () => { ${script} })().then(done, (error) => done(String(error)))`, args: [] });
  // run.open opens another tab, in which scripts run from then on, and returns its handle for run.go.
  run.open = async (address) => {
    const { handle } = await call(`/session/${sessionId}/window/new`, { type: "tab" });
    await run.go(handle);
    await call(`/session/${sessionId}/url`, { url: address });
    return handle;
  };
  run.go = (handle) => call(`/session/${sessionId}/window`, { handle });
  run.close = () => call(`/session/${sessionId}/window`, undefined, "DELETE");
  return run;
}

const wait = "const until = async (check) => { while (!check()) await new Promise((resolve) => setTimeout(resolve, 20)); };";

test("WebKitGTK: chatting, right to left, and with little in sight", async (t) => {
  const { url } = await standIn(t, (socket) => socket.on("message", (data) => socket.send(JSON.stringify({ msg: [{ ...JSON.parse(data), time: 1 }] }))));
  const run = await webKit(t, url);
  const right = await run(`${wait}
    await until(() => document.querySelector("#presence-indicator").textContent.includes("🟢"));
    document.querySelector("#user").value = "מירי";
    document.querySelector("#text").value = "שלום";
    document.querySelector("#chat button").click();
    await until(() => document.querySelector("#msgs p"));
    const hebrew = document.createRange();
    hebrew.selectNodeContents(document.querySelector("#msgs p"));
    return document.querySelector("#msgs p").getBoundingClientRect().right - hebrew.getBoundingClientRect().right;`);
  assert.ok(right < 5, `${right}`);
  assert.deepEqual(await run(`
    Object.defineProperty(visualViewport, "height", { get: () => 340 }); // a phone's keyboard covers the rest
    visualViewport.dispatchEvent(new Event("resize"));
    return ["#user", "#text", "#chat button", "#msgs p"].filter((it) => document.querySelector(it).getBoundingClientRect().bottom > 340);`), []);
});

test("WebKitGTK: names and bits are inside their cells, and 200 flips are too few to fail", async (t) => {
  const { url } = await standIn(t);
  const run = await webKit(t, `${url}/frame.html#818537fa213d7f9f4d5158`);
  assert.deepEqual(await run(`${wait}
    await until(() => document.querySelector("[data-bit]"));
    return [...document.querySelectorAll(".name:not(.visually-hidden), .bits > *")].filter((part) => {
      const [inner, outer] = [part.getBoundingClientRect(), part.closest("td").getBoundingClientRect()];
      return inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1 || inner.left < outer.left - 1 || inner.right > outer.right + 1;
    }).map((part) => part.textContent);`), []);
  assert.equal(await run(`${wait}
    for (let i = 0; i <= 200; i++) document.querySelector("[data-bit='7']").click();
    await until(() => location.hash === "#808537fa213d7f9f4d5158");
    return document.querySelector("article h2").firstChild.textContent;`), "Continuation ");
});

test("WebKitGTK: ten tabs of the wire view share one stream, and a link cut short says so", async (t) => {
  const it = await standInWire(t);
  it.add(...Array.from({ length: 40 }, (_, i) => said(`message ${i}, ${Math.random()}`)));
  const run = await webKit(t, it.url);
  const drawn = (n) => run(`${wait} await until(() => document.querySelectorAll(".is-frame").length === ${n}); return document.querySelector("#state").textContent;`);
  assert.equal(await drawn(40), "live");
  const handles = [];
  for (let i = 0; i < 9; i++) {
    handles.push(await run.open(it.url));
    assert.equal(await drawn(40), "live");
  }
  it.add(said("live"));
  for (const handle of handles) {
    await run.go(handle);
    await drawn(41);
  }
  assert.equal(it.streams.size, 1);
  assert.match(await run(`${wait}
    document.querySelector("#link").click();
    await until(() => location.hash.startsWith("#r="));
    location.hash = location.hash.slice(0, location.hash.length * 0.6);
    await until(() => document.querySelector("#warning").textContent);
    return document.querySelector("#warning").textContent;`), /^This link is cut short: only its first \d\d events are here/);
});

test("WebKitGTK: the learn page shows a lesson with the attendee's own bytes, the chat and the check", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "websocket-workshop-learn-"));
  t.after(() => {
    cleanUp();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  buildThese("steps/tools/learn");
  copyWorkshop(folder);
  cpSync(join(folder, "steps/05"), join(folder, "work"), { recursive: true });
  const run = await webKit(t, `${(await learn(t, folder)).url}/#/03`);
  const [title, wide] = await run(`${wait}
    await until(() => document.querySelector("#text figure.own .diagram") && document.querySelector("#rows .row"));
    document.querySelector("#large").click();
    return [document.querySelector("#text h1").textContent, document.documentElement.scrollWidth > innerWidth];`);
  assert.deepEqual([title, wide], ["Step 3: history push", false]);
});
