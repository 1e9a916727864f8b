// The chat page in each browser: with each of the workshop's servers, as far as its step goes, and
// with a stand-in that does what they never would.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { accessible, fill, launch, listed, messages, noSidewaysScroll, noted, presence, programs, send, textOf, until, valueOf, visit } from "./browser.js";
import { build, cleanUp, standIn, start } from "./servers.js";

const odd = [
  '<b>bold</b> <img src=x onerror="document.title=1"> <script>document.title=1</script> &amp; " \' \\ {"msg":[]}',
  "x".repeat(200),
  "Grüße, 你好, שלום, مرحبا, नमस्ते, Привет, 👩‍👩‍👧‍👦 🏳️‍🌈",
];

before(build);
after(cleanUp);

describe("chat", { concurrency: 2 }, () => programs.forEach(engine));

function engine(program) {
  describe(program.name, { concurrency: 3 }, () => {
    let browser;
    before(async () => { browser = await launch(program); });
    after(() => browser?.close());
    const open = (t, url, options) => visit(t, browser, url, options);
    const once = { skip: program !== programs[0] }; // what does not depend on the browser
    withServers(open, program.name, once);
    withStandIn(open, once);
    if (program.name === "chromium") screenshot(open);
  });
}

// --- the workshop's servers ---

function withServers(open, name, once) {
  test("step 1 refuses: the page does not try again at once, and step 2 is met soon", async (t) => {
    const one = await start(t, "steps/01");
    const page = await open(t, one.url, { away: true, before: recordAttempts });
    await presence(page, "🔴");
    await one.logged(/upgrade requested!/);
    await send(page, "ann", "kept");
    assert.equal(await valueOf(page, "#text"), "kept");
    await noted(page, "Not sent: there was no connection");
    await until(page, () => globalThis.attempts.length >= 4); // it goes on asking over HTTP
    assert.deepEqual(await page.evaluate(() => globalThis.attempts.slice(0, 4)), ["HTTP", "WebSocket", "HTTP", "HTTP"]);
    await one.stop();
    const two = await start(t, "steps/02", one.port);
    await presence(page, "🟢 connected");
    assert.equal(await valueOf(page, "#text"), "kept");
    assert.match(two.log, /upgrade requested!/);
    assert.deepEqual(await messages(page), []);
  });

  test("step 3 greets, and dumps what is sent, still masked", once, async (t) => {
    const { url, logged } = await start(t, "steps/03");
    const page = await open(t, url);
    await presence(page, "🟢 connected");
    await until(page, () => document.querySelectorAll("#msgs li").length > 0);
    assert.equal((await messages(page)).length, 1);
    await send(page, "ann", "hi");
    await logged(/81 9\w( \w\w){20}/);
    assert.equal(await valueOf(page, "#text"), "");
    await noted(page, "Sent.");
  });

  test("step 4 stores: the post is there after a reload, and so is the name", once, async (t) => {
    const { url, logged } = await start(t, "steps/04");
    const page = await open(t, url);
    await presence(page, "🟢");
    await send(page, "ann", "first");
    await logged(/says "first/);
    await page.reload();
    await listed(page, "first");
    assert.deepEqual((await messages(page))[0], ["ann", "first"]);
    assert.equal(await valueOf(page, "#user"), "ann");
    assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  });

  for (const folder of ["steps/05", "raw", "library"]) {
    test(`${folder}: two windows chat, a third closes its tab`, folder === "raw" ? {} : once, async (t) => {
      const { url } = await start(t, folder);
      const [ann, bob, eve] = await Promise.all([1, 2, 3].map(() => open(t, url)));
      await Promise.all([ann, bob, eve].map((page) => presence(page, "🟢")));
      await send(ann, "ann", "hello bob");
      await Promise.all([ann, bob, eve].map((page) => listed(page, "hello bob")));
      await eve.close();
      await send(bob, "bob", "hello ann");
      await Promise.all([ann, bob].map((page) => listed(page, "hello ann")));
      assert.deepEqual((await messages(ann)).slice(0, 2), [["bob", "hello ann"], ["ann", "hello bob"]]);
      assert.equal(await textOf(ann, "#newest"), "bob: hello ann");
      assert.equal(await textOf(bob, "#note"), "");
      for (const text of odd) {
        await send(ann, "<i>ann</i>", text);
        await listed(bob, text);
        assert.deepEqual((await messages(bob))[0], ["<i>ann</i>", text]);
      }
      for (const [field, unit] of [["#user", "\u0001"], ["#text", "\u0002"]]) { // the longest post
        await fill(ann, field, unit.repeat(await ann.$eval(field, (input) => input.maxLength)));
      }
      await ann.click("#chat button");
      await listed(bob, "\u0002".repeat(600));
      assert.match(await textOf(ann, "#presence-indicator"), /🟢/);
      assert.equal(await bob.$$eval("#msgs :is(b, i, img, script)", (all) => all.length), 0);
    });
  }

  // Both servers send a close frame with 1001. The library answers the browser's answer with a
  // second close frame: to Chromium that is a failure (1006, nothing to show), Firefox does not mind.
  for (const folder of ["raw", "library"]) {
    test(`${folder} is stopped with Ctrl-C and started again, with text typed meanwhile`, async (t) => {
      const first = await start(t, folder);
      const page = await open(t, first.url, { away: true });
      await presence(page, "🟢");
      await first.stop("SIGINT");
      await presence(page, "🔴");
      const goodbye = await textOf(page, "#note");
      if (process.platform === "win32") assert.equal(goodbye, ""); // no SIGINT there: the server is ended
      else if (folder === "library" && name === "chromium") assert.equal(goodbye, "");
      else assert.match(goodbye, /The server closed the last connection: 1001/);
      await send(page, "ann", "typed meanwhile");
      await noted(page, "Not sent: there was no connection");
      await start(t, folder, first.port);
      await presence(page, "🟢");
      assert.equal(await valueOf(page, "#text"), "typed meanwhile");
      await page.click("#chat button");
      await listed(page, "typed meanwhile");
      assert.equal(await valueOf(page, "#text"), "");
    });
  }
}

// recordAttempts notes in globalThis.attempts each question over HTTP and each WebSocket, and in
// globalThis.times when the WebSockets were made.
const recordAttempts = (page) => page.evaluateOnNewDocument(() => {
  globalThis.attempts = [];
  globalThis.times = [];
  const real = globalThis.fetch;
  globalThis.fetch = (...request) => {
    globalThis.attempts.push("HTTP");
    return real(...request);
  };
  globalThis.WebSocket = class extends globalThis.WebSocket {
    constructor(...address) {
      super(...address);
      globalThis.attempts.push("WebSocket");
      globalThis.times.push(performance.now());
    }
  };
});

// --- a server that misbehaves, and what else can happen ---

let clock = 1_700_000_000_000;
const post = (text, user = "ann") => ({ user, text, time: clock++ });
const history = (...posts) => JSON.stringify({ msg: posts.map((p) => typeof p === "string" ? { user: "ann", text: p, time: 1_700_000_000_000 } : p) });

// A room keeps what is sent, as the workshop's servers do, and can be added to from outside.
async function room(t) {
  const posts = [];
  const server = await standIn(t, (socket) => {
    socket.send(history(...posts));
    socket.on("message", (data) => add({ time: clock++, ...JSON.parse(data) }));
  });
  function add(...more) {
    posts.unshift(...more);
    posts.length = Math.min(posts.length, 50);
    for (const socket of server.sockets) socket.send(history(...posts));
  }
  return Object.assign(server, { add, posts });
}

function withStandIn(open, once) {
  test("messages that are not a history change nothing, and the note says so", once, async (t) => {
    const { url, sockets } = await standIn(t, (socket) => socket.send(history("good")));
    const page = await open(t, url);
    await listed(page, "good");
    for (const bad of ["", "{", "null", "[]", "{}", '{"msg":null}', '{"msg":[null]}', '{"msg":{}}', '{"msg":[{"user":"a"}]}', '{"msg":[{"user":"a","text":"b","time":1e99}]}', Buffer.from([0xff])]) {
      await page.$eval("#note", (note) => { note.textContent = ""; });
      sockets[0].send(bad);
      await noted(page, "not a history");
      assert.deepEqual(await messages(page), [["ann", "good"]]);
    }
    sockets[0].send(history("better", "good"));
    await listed(page, "better");
  });

  test("a message that was sent and never came back is in the field again", once, async (t) => {
    const server = await standIn(t);
    const { url, sockets } = server;
    const page = await open(t, url, { away: true });
    await presence(page, "🟢");
    await send(page, "ann", "lost?");
    assert.equal(await valueOf(page, "#text"), "");
    sockets[0].close(1011, "no");
    await noted(page, "may be lost: lost? The server closed the last connection: 1011 no");
    assert.equal(await valueOf(page, "#text"), "lost?");
    await presence(page, "🟢");
    await page.click("#chat button");
    await fill(page, "#text", "typed since");
    server.away = true;
    sockets[1].close();
    await noted(page, "may be lost: lost?");
    assert.equal(await valueOf(page, "#text"), "typed since");
    await page.click("#chat button"); // while there is no connection
    await noted(page, "may be lost: lost? Not sent");
    server.away = false;
    await presence(page, "🟢");
    await page.click("#chat button");
    await noted(page, "may be lost: lost? Sent");
    sockets[2].send(history("typed since", "lost?")); // it had arrived
    await until(page, () => document.querySelector("#note").textContent === "");
  });

  test("what is edited and sent is no longer lost", once, async (t) => {
    const { url, sockets } = await standIn(t);
    const page = await open(t, url);
    await presence(page, "🟢");
    await send(page, "ann", "helo");
    sockets[0].close(1011);
    await until(page, () => document.querySelector("#text").value === "helo");
    await presence(page, "🟢");
    await fill(page, "#text", "hello");
    await page.click("#chat button");
    assert.match(await textOf(page, "#note"), /^Sent/);
  });

  test("what had been stored is neither lost nor in the field", once, async (t) => {
    const { url, sockets } = await standIn(t, (socket, n) => n > 0 && socket.send(history("stored")));
    const page = await open(t, url);
    await presence(page, "🟢");
    await send(page, "ann", "stored");
    sockets[0].close();
    await listed(page, "stored");
    assert.equal(await valueOf(page, "#text"), "");
    assert.doesNotMatch(await textOf(page, "#note"), /lost/);
  });

  test("the same text sent twice is two messages", once, async (t) => {
    const { url, sockets } = await standIn(t);
    const page = await open(t, url);
    await presence(page, "🟢");
    const [first, second, third] = ["hi", "hi", "hi"].map((text) => post(text));
    await send(page, "ann", "hi");
    await send(page, "ann", "hi");
    sockets[0].send(history(first));
    await listed(page, "hi");
    assert.match(await textOf(page, "#note"), /^Sent/);
    sockets[0].send(history(second, first));
    await until(page, () => document.querySelector("#note").textContent === "");
    await send(page, "ann", "hi");
    sockets[0].send(history(post("other", "bob"), second, first));
    await listed(page, "other");
    assert.match(await textOf(page, "#note"), /^Sent/);
    sockets[0].close();
    await noted(page, "may be lost: hi");
    await presence(page, "🟢");
    sockets[1].send(history(third, second, first));
    await until(page, () => document.querySelector("#text").value === "" && document.querySelectorAll("#msgs li").length === 3);
    assert.doesNotMatch(await textOf(page, "#note"), /lost/);
  });

  test("half a character, and what is sent between many others, does not stay “sent”", once, async (t) => {
    const { url, add } = await room(t);
    const page = await open(t, url);
    await presence(page, "🟢");
    await send(page, "ann", "half \ud83d");
    await listed(page, "half \ufffd");
    assert.equal(await textOf(page, "#note"), "");
    const silent = await standIn(t, (socket) => socket.send(history(post("before"))));
    const slow = await open(t, silent.url);
    await listed(slow, "before");
    await send(slow, "ann", "missed");
    silent.sockets[0].send(history(...Array.from({ length: 50 }, (_, i) => post(`${i}`))));
    await until(slow, () => document.querySelector("#note").textContent === "");
    add(post("end"));
  });

  test("blank names and messages are not sent, and a double click is ignored", once, async (t) => {
    const { url, posts } = await room(t);
    const page = await open(t, url);
    await presence(page, "🟢");
    for (const [user, text, why] of [["", "hi", "name"], [" ", "hi", "name"], ["ann", "", "blank"], ["ann", " \t ", "blank"]]) {
      await send(page, user, text);
      await noted(page, why);
      assert.equal(await valueOf(page, "#text"), text);
    }
    assert.deepEqual(posts, []);
    await fill(page, "#text", "twice");
    await page.click("#chat button", { count: 2 });
    await listed(page, "twice");
    assert.deepEqual([await textOf(page, "#note"), posts.length], ["", 1]);
  });

  test("what is pasted and does not fit is cut, and the page says so", async (t) => {
    const { url } = await room(t);
    const page = await open(t, url);
    for (const [selector, most] of [["#user", 40], ["#text", 600]]) {
      await page.evaluate((length) => {
        const area = document.createElement("textarea");
        area.value = "é".repeat(length);
        document.body.append(area);
        area.select();
      }, most + 1);
      await press(page, "KeyC");
      await page.evaluate(() => document.querySelector("textarea").remove());
      await page.focus(selector);
      await press(page, "KeyV");
      await noted(page, `no more than ${most} characters`);
      assert.equal((await valueOf(page, selector)).length, most);
    }
  });

  test("a server that opens and closes at once is not asked all the time", once, async (t) => {
    const { url } = await standIn(t, (socket) => socket.close());
    const page = await open(t, url, { before: recordAttempts });
    await until(page, () => globalThis.times.length >= 5);
    const [fourth, fifth] = await page.evaluate(() => globalThis.times.slice(3));
    assert.ok(fifth - fourth >= 3000, `${fifth - fourth} ms`); // about 4 s, after 0.5, 1 and 2 s
  });

  test("a WebSocket that does not open: the page says what may be the cause", async (t) => {
    const { url } = await standIn(t);
    const page = await open(t, url, {
      before: (p) => p.evaluateOnNewDocument(() => { globalThis.WebSocket = class extends EventTarget { static CONNECTING = 0; static OPEN = 1; readyState = 0; }; }),
    });
    await noted(page, "Firefox makes one wait after failed ones");
  });

  test("the list changes in place: what is selected or read stays where it is", async (t) => {
    const { url, add } = await room(t);
    const page = await open(t, url);
    const top = (text) => page.$$eval("#msgs p", (all, wanted) => all.find((p) => p.textContent === wanted).getBoundingClientRect().top, text);
    add(post("one"), post("two"));
    await listed(page, "two");
    await page.evaluate(() => getSelection().selectAllChildren(document.querySelector("#msgs p")));
    const before = await top("one");
    add(post("three"));
    await listed(page, "three");
    assert.equal(await page.evaluate(() => `${getSelection()}`), "one");
    assert.ok(Math.abs(await top("one") - before) < 2, `a selected row moved from ${before} to ${await top("one")}`);
    await page.evaluate(() => getSelection().removeAllRanges());

    add(...Array.from({ length: 30 }, (_, i) => post(`old ${i}`)));
    await listed(page, "old 20");
    await page.evaluate(() => scrollTo(0, 1500));
    const read = await top("old 20");
    add(post("four"), post("five"));
    await listed(page, "five");
    assert.ok(Math.abs(await top("old 20") - read) < 2, `a row that was read moved from ${read} to ${await top("old 20")}`);
  });

  test("a message is announced once, and old news not at all", async (t) => {
    const server = await room(t);
    const { url, add, sockets } = server;
    add(post("old"));
    const page = await open(t, url, { away: true });
    await listed(page, "old");
    await page.evaluate(() => {
      globalThis.announced = [];
      new MutationObserver(() => globalThis.announced.push(document.querySelector("#newest").textContent)).observe(document.querySelector("#newest"), { childList: true, subtree: true, characterData: true });
    });
    const announced = () => page.evaluate(() => globalThis.announced);
    add(post("new"));
    await listed(page, "new");
    add(post("new"));
    await until(page, () => document.querySelectorAll("#msgs li").length === 3);
    server.away = true;
    sockets[0].close();
    await presence(page, "🔴");
    add(post("missed"));
    server.away = false;
    await listed(page, "missed");
    assert.deepEqual(await announced(), ["ann: new", "ann: new"]);
  });

  test("ten messages a second are announced in summaries", once, async (t) => {
    const { url, add } = await room(t);
    const page = await open(t, url);
    await presence(page, "🟢");
    await page.evaluate(() => {
      globalThis.announced = [];
      const newest = document.querySelector("#newest");
      new MutationObserver(() => globalThis.announced.push(newest.innerText)).observe(newest, { childList: true });
    });
    for (let i = 0; i < 40; i++) {
      add(post(`message ${i}`));
      await until(page, (n) => document.querySelectorAll("#msgs li").length === n, i + 1);
    }
    await until(page, () => /\d+ new messages. The last:\s+ann: message 39/.test(globalThis.announced.at(-1)));
    const announced = await page.evaluate(() => globalThis.announced);
    assert.deepEqual(announced.slice(0, 3), ["ann: message 0", "ann: message 1", "ann: message 2"]);
    assert.ok(announced.length <= 3 + 10, `${announced.length} announcements`); // that took so many pauses at most
  });

  test("a hidden page, whose timers stand still, connects as soon as it is shown", async (t) => {
    const server = await room(t);
    const page = await open(t, server.url, {
      away: true,
      before: (p) => p.evaluateOnNewDocument(() => {
        let hidden = false;
        Object.defineProperty(document, "hidden", { get: () => hidden });
        const real = globalThis.setTimeout;
        globalThis.setTimeout = (...timer) => hidden ? 0 : real(...timer);
        globalThis.hide = (now) => {
          hidden = now;
          document.dispatchEvent(new Event("visibilitychange"));
        };
      }),
    });
    await presence(page, "🟢");
    await page.evaluate(() => globalThis.hide(true));
    server.away = true;
    server.sockets[0].terminate();
    await presence(page, "🔴");
    server.away = false;
    server.add(post("in the meantime"));
    await page.evaluate(() => globalThis.hide(false));
    await presence(page, "🟢");
    await listed(page, "in the meantime");
  });

  test("a phone’s keyboard leaves the form and the newest message in sight", async (t) => {
    const { url, add } = await room(t);
    const page = await open(t, url, { width: 360, height: 640 });
    await presence(page, "🟢");
    add(post("older"), post("newest"));
    await listed(page, "newest");
    const left = 340; // of 640 pixels
    await page.evaluate((height) => {
      Object.defineProperty(visualViewport, "height", { get: () => height });
      visualViewport.dispatchEvent(new Event("resize"));
    }, left);
    for (const selector of ["#presence-indicator", "#user", "#text", "#chat button", "#note", "#msgs li:first-child p"]) {
      const { top, bottom } = await page.$eval(selector, (e) => e.getBoundingClientRect().toJSON());
      assert.ok(top >= 0 && bottom <= left, `${selector}: from ${top} to ${bottom}`);
    }
    await noSidewaysScroll(page);
    await accessible(page);
  });

  test("the name: of this window first, then the last one, and never another project's", async (t) => {
    const { url } = await room(t);
    const ann = await open(t, url, { before: (p) => p.evaluateOnNewDocument(() => localStorage.setItem("user", "token 42")) });
    assert.equal(await valueOf(ann, "#user"), "");
    await fill(ann, "#user", "ann");
    const bob = await open(t, url, { beside: ann });
    assert.equal(await valueOf(bob, "#user"), "ann");
    await fill(bob, "#user", "bob");
    await ann.reload();
    assert.equal(await valueOf(ann, "#user"), "ann");
  });

  test("storage may be blocked, and another project may have left a service worker", async (t) => {
    const { url } = await room(t);
    const page = await open(t, url, {
      before: (p) => p.evaluateOnNewDocument(() => {
        for (const store of ["localStorage", "sessionStorage"]) Object.defineProperty(globalThis, store, { get() { throw new DOMException("blocked", "SecurityError"); } });
        navigator.serviceWorker.getRegistrations = async () => [{ scope: "http://localhost:8080/app/" }];
      }),
    });
    await presence(page, "🟢");
    await send(page, "ann", "without storage");
    await listed(page, "without storage");
    assert.match(await textOf(page, "#warning"), /service worker.*localhost:8080\/app\//);
  });

  test("accessible, and no wider than a phone, whatever others send", async (t) => {
    const server = await room(t);
    const { url, add, sockets } = server;
    const page = await open(t, url, { away: true });
    await presence(page, "🟢");
    await accessible(page); // no message
    add(...odd.map((text) => post(text)), post("long ".repeat(780), "n".repeat(3900)), post("\n".repeat(3900), "a\nb"), post("שלום", "מירי"));
    await listed(page, odd[0]);
    await send(page, "", "hello");
    await accessible(page);
    assert.ok(await page.$$eval("#msgs li", (rows) => Math.max(...rows.map((row) => row.offsetHeight))) < 500);
    const right = await page.$$eval("#msgs p", (all) => {
      const hebrew = document.createRange();
      hebrew.selectNodeContents(all.at(-1));
      return all.at(-1).getBoundingClientRect().right - hebrew.getBoundingClientRect().right;
    });
    assert.ok(right < 5, `right to left, and ${right} px from the right`);
    for (const [width, height] of [[640, 512], [320, 256], [320, 640]]) { // 1280 × 1024 at 200 % and at 400 %, and a phone
      await page.setViewport({ width, height });
      await noSidewaysScroll(page);
      await accessible(page);
    }
    await send(page, "ann", "hello");
    server.away = true;
    sockets[0].close(1011, "a reason");
    await presence(page, "🔴");
    await accessible(page);
  });
}

async function press(page, key) {
  const control = process.platform === "darwin" ? "Meta" : "Control";
  await page.keyboard.down(control);
  await page.keyboard.press(key);
  await page.keyboard.up(control);
}

// SCREENSHOTS=1 npm test: the picture in the README.
function screenshot(open) {
  test("screenshot", { skip: !process.env.SCREENSHOTS }, async (t) => {
    const { url } = await start(t, "raw");
    const page = await open(t, url, { width: 1200, height: 640 });
    await page.evaluate((src) => {
      document.body.style.cssText = "display: flex; gap: 1rem; max-width: none; padding: 1rem; background: #79828e";
      document.body.replaceChildren(...[1, 2].map(() => {
        const window = document.createElement("iframe");
        window.style.cssText = "flex: 1; height: calc(100vh - 2rem); border: 0; border-radius: 0.75rem";
        window.src = src;
        return window;
      }));
    }, url);
    await until(page, () => [...document.querySelectorAll("iframe")].every((frame) => frame.contentDocument?.querySelector("#msgs li")));
    const [, ann, bob] = page.frames();
    for (const [window, user, text] of [[ann, "Ann", "Is anybody there?"], [bob, "Bob", "Yes! In the other window 👋"], [ann, "Ann", "Then our frames came through <b>unharmed</b>."]]) {
      await send(window, user, text);
      await Promise.all([ann, bob].map((both) => listed(both, text)));
    }
    await page.screenshot({ path: fileURLToPath(new URL("screenshots/chat.png", import.meta.url)) });
  });
}
