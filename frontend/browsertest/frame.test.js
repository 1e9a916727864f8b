// The frame page in each browser.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { accessible, fill, launch, noSidewaysScroll, presence, programs, textOf, until, valueOf, visit } from "./browser.js";
import { standIn } from "./servers.js";
import { closePayload, encode, toHex, utf8 } from "../frame-codec.js";

const hello = "818537fa213d7f9f4d5158";
const chat = toHex(encode({ opcode: 1, key: [0x37, 0xfa, 0x21, 0x3d], payload: utf8('{"user":"ann","text":"hi"}') }));

describe("frame page", { concurrency: 2 }, () => programs.forEach(engine));

function engine(program) {
  describe(program.name, { concurrency: 1 }, () => {
    let browser;
    before(async () => { browser = await launch(program); });
    after(() => browser?.close());
    const frames = async (t, hash = "", options) => visit(t, browser, `${(await standIn(t)).url}/frame.html${hash}`, options);
    describe("side by side", { concurrency: 3 }, () => {
      reading(frames);
      looks(frames);
      if (program === programs[0]) { // what does not depend on the browser
        examples(frames);
        building(frames);
        flipping(frames);
      }
    });
    keyboard(frames); // Firefox tells a page of the focus only while its window has it
  });
}

const address = (page, end) => until(page, (wanted) => location.href.endsWith(wanted), end);
const dts = (page, selector) => page.$$eval(selector, (all) => all.map((dt) => dt.textContent));
const bitsOf = (page) => page.$$eval(".diagram .bits", (cells) => cells.map((cell) => cell.textContent).join(""));

// What the frames say, with a space between elements.
const said = (page) => page.$eval("#frames", (frames) => frames.innerText.replace(/\s+/g, " "));

function reading(frames) {
  test("from the chat and back", async (t) => {
    const page = await frames(t);
    await page.click('a[href="index.html"]');
    await presence(page, "🟢");
    await page.click('a[href="frame.html"]');
    await until(page, () => document.querySelectorAll("article").length === 1);
  });

  test("the diagram has the frame's bits under its hex, with a name and a colour for each field", async (t) => {
    const page = await frames(t, "#" + hello);
    assert.equal(await bitsOf(page), "1000000110000101001101111111101000100001001111010111111110011111010011010101000101011000");
    assert.equal(await page.$$eval(".hex td", (all) => all.map((td) => td.textContent).join("")), hello);
    const names = ["FIN", "RSV1", "RSV2", "RSV3", "opcode", "MASK", "payload length", "masking key", "payload"];
    assert.deepEqual(await dts(page, ".meanings dt"), names);
    const colours = await page.$$eval(".meanings dt", (all) => all.map((dt) => getComputedStyle(dt).backgroundColor));
    assert.equal(new Set(colours).size, names.length);
    await page.evaluate(() => { location.hash = "817e0005ff"; });
    await until(page, () => /16-bit length/.test(document.querySelector(".meanings").textContent));
  });

  test("a link shows the frame first, and a screen of 1280 × 720 all of a chat frame, at 150 % as well", async (t) => {
    for (const [width, height] of [[1280, 720], [853, 480]]) {
      const page = await frames(t, "#" + chat, { width, height });
      const bottom = (selector) => page.$$eval(selector, (all) => all.at(-1).getBoundingClientRect().bottom);
      assert.equal(await page.$eval("details", (details) => details.open || details.getBoundingClientRect().top < 480), false);
      assert.ok(await bottom(".diagram td") <= height && await bottom(".meanings > div") <= height, `${width}: ${await bottom(".diagram td")}, ${await bottom(".meanings > div")}`);
      const cut = await page.$$eval(".bits > *", (bits) => bits.filter((bit) => {
        const [inner, outer] = [bit.getBoundingClientRect(), bit.closest("td").getBoundingClientRect()];
        return inner.height < 12 || inner.bottom > outer.bottom + 1 || inner.top < outer.top;
      }).length);
      assert.equal(cut, 0);
    }
  });

  test("a screen of 1280 × 800 shows what the fields mean and the unmasking, beside the form or a long diagram", async (t) => {
    const long = toHex(encode({ opcode: 1, key: [0x37, 0xfa, 0x21, 0x3d], payload: utf8(JSON.stringify({ user: "ann", text: "Is anybody there?" })) }));
    for (const [hash, parts] of [["", ".meanings > div, .verdict, .xor, [data-byte]"], ["#" + long, ".meanings > div, .verdict, .xor, [data-byte='15']"]]) {
      const page = await frames(t, hash, { width: 1280, height: 800 });
      const below = await page.$$eval(parts, (all) => all.filter((e) => e.getBoundingClientRect().bottom > 800).map((e) => e.textContent));
      assert.deepEqual(below, []);
      assert.match(await textOf(page, "article small"), /^(5|41) bytes of payload, 6 of header, masked$/);
    }
  });

  test("what is not hex is named, valid bytes draw again, and no text blocks the page", async (t) => {
    const page = await frames(t, "#81zz");
    assert.match(await textOf(page, "#error"), /“z”.*not a hex digit/);
    assert.equal((await page.$$("article")).length, 0);
    await accessible(page);
    await page.$eval("details", (details) => { details.open = true; });
    for (const text of ["z".repeat(100_000), "z".repeat(1e6), "81".repeat(5e5), "81 ".repeat(130_000), "8100".repeat(100_000), "\n".repeat(1e6), "81\n".repeat(130_000), "frame.html#81,".repeat(28_000), "🦊".repeat(5e5), "é\u0301".repeat(199_000)]) {
      const took = () => page.$eval("#hex", (hex, value) => new Promise((resolve) => {
        hex.value = value;
        const begin = performance.now(); // the rest is the page's own time, and what it leaves to the browser
        hex.dispatchEvent(new Event("input", { bubbles: true }));
        document.body.getBoundingClientRect();
        setTimeout(() => resolve(performance.now() - begin));
      }), text);
      let least = await took(); // of several, since a busy machine may make the page wait
      for (let i = 0; i < 9 && least > 2000; i++) least = Math.min(least, await took());
      assert.ok(least < 2000, `${text.slice(0, 12)}… took ${least} ms`);
    }
    await fill(page, "#hex", "8100".repeat(100_000));
    assert.match(await textOf(page, "#summary"), /first 20 frames.*66,000 bytes are read.*address holds the first 4,096/);
    await fill(page, "#hex", "81 02 68 69");
    assert.deepEqual([await textOf(page, "#error"), await textOf(page, "blockquote")], ["", "hi"]);
    await address(page, "#81026869");
    await fill(page, "#hex", "");
    assert.match(await textOf(page, "#summary"), /No bytes/);
  });
}

function examples(frames) {
  test("every example", async (t) => {
    const page = await frames(t);
    const want = {
      "Not masked": [1, /Hello/], Masked: [1, /The unmasking/], "Two fragments": [2, /The fragments together: ?Hello/], "Ping and pong": [2, /Frame 1: ping.*Frame 2: pong/],
      "256 bytes": [1, /Binary.*fd fe ff/], "64 KiB": [1, /65,418 bytes are missing.*65,536 bytes/],
      Chat: [1, /\{"user":"ann","text":"hi 👋"\}/], Ping: [1, /Ping.*empty/],
      "Close 1000": [1, /1000 normal closure/], "Close 1001": [1, /1001 going away.*server going away/],
      "16-bit length": [1, /16-bit length/], "A fragment": [1, /more frames of this message follow/],
      "Cut short": [1, /3 bytes are missing/], "Broken rules": [3, /5\.5.*RSV1.*5\.2.*7\.4\.1.*8\.1/],
    };
    assert.deepEqual(await dts(page, ".examples a"), Object.keys(want));
    for (const [name, [count, pattern]] of Object.entries(want)) {
      await page.evaluate((link) => [...document.querySelectorAll(".examples a")].find((a) => a.textContent === link).click(), name);
      await until(page, (link) => document.querySelector(".examples [aria-current]")?.textContent === link, name);
      assert.equal((await page.$$("article")).length, count, name);
      assert.match(await said(page), pattern, name);
      assert.equal((await page.$$(".problems")).length > 0, name === "Broken rules", name);
    }
    await page.goBack();
    await until(page, () => document.querySelector(".examples [aria-current]").textContent === "Cut short");
  });
}

function building(frames) {
  test("a frame is built, and its address shares it", async (t) => {
    const page = await frames(t);
    await fill(page, "#key", "00000000");
    await fill(page, "#payload", "hé");
    await address(page, "#81830000000068c3a9");
    await page.click("#mask");
    await address(page, "#810368c3a9");
    await page.click("#fin");
    await address(page, "#010368c3a9");
    await page.click("#fin");
    await page.select("#opcode", "9");
    await address(page, "#890368c3a9");
    await fill(page, "#payload", "z".repeat(126));
    assert.match(await textOf(page, ".problems"), /125/);
    await page.select("#opcode", "8");
    await fill(page, "#payload", "bye");
    await fill(page, "#code", "");
    assert.match(await textOf(page, "#build-error"), /status code/);
    await fill(page, "#code", "1005");
    await address(page, "#880503ed627965");
    assert.match(await textOf(page, ".problems"), /1005.*7\.4\.1/);
    await page.click("#mask");
    await fill(page, "#key", "1");
    assert.match(await textOf(page, "#build-error"), /hex/);
    await page.click("#new-key");
    assert.equal(await textOf(page, "#build-error"), "");
    await fill(page, "#payload", '<img src=x onerror="document.title=1"><b>');
    assert.match(await textOf(page, "blockquote"), /^<img.*<b>$/);
    assert.equal((await page.$$("#frames :is(img, b)")).length, 0);
  });

  test("what a link brings, the form can change", async (t) => {
    const page = await frames(t, "#" + toHex(encode({ opcode: 8, key: [1, 2, 3, 4], payload: closePayload(1001, "שלום") })));
    assert.deepEqual([await valueOf(page, "#payload"), await valueOf(page, "#code"), await valueOf(page, "#opcode")], ["שלום", "1001", "8"]);
    assert.equal(await page.$eval("blockquote", (quote) => getComputedStyle(quote).textAlign), "right");
  });
}

function flipping(frames) {
  test("a click flips a bit, undo takes it back, and the address is not flooded", async (t) => {
    const page = await frames(t, "#" + hello, {
      before: (p) => p.evaluateOnNewDocument(() => {
        globalThis.changes = 0;
        const real = history.replaceState;
        history.replaceState = function (...change) {
          globalThis.changes++;
          real.apply(this, change);
        };
      }),
    });
    await page.click('[data-bit="7"]');
    assert.match(await said(page), /Continuation/);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.bit), "7");
    await address(page, "#808537fa213d7f9f4d5158");
    await page.evaluate(() => { for (let i = 0; i < 160; i++) document.querySelector(`[data-bit="${48 + i % 8}"]`).click(); });
    await page.click('[data-bit="48"]');
    await address(page, "#808537fa213dff9f4d5158");
    assert.ok(await page.evaluate(() => globalThis.changes) < 20);
    await page.keyboard.down("Control");
    await page.keyboard.press("z");
    await page.keyboard.up("Control");
    await address(page, "#808537fa213d7f9f4d5158");
    while (await page.$eval("#undo", (button) => !button.hidden)) await page.$eval("#undo", (button) => button.click());
    await address(page, "#" + hello);
    assert.equal(await textOf(page, "blockquote"), "Hello");
  });

  test("the XOR of the byte under the pointer", async (t) => {
    const page = await frames(t, "#" + hello);
    await page.hover('[data-byte="2"]');
    assert.match(await textOf(page, ".xor"), /byte 2.*0100 1101.*key byte 2.*0010 0001.*result.*0110 1100l/);
    await page.hover(".diagram .f-opcode .name");
    assert.deepEqual(await dts(page, ".meanings .on dt"), ["opcode"]);
  });
}

function keyboard(frames) {
  test("keyboard only", async (t) => {
    const page = await frames(t);
    await page.bringToFront();
    const focus = () => page.evaluate(() => document.activeElement.dataset.bit ?? document.activeElement.dataset.byte ?? (document.activeElement.id || document.activeElement.textContent));
    const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
    const tabTo = async (target) => {
      for (let i = 0; i < 40; i++) {
        await press("Tab");
        if (await focus() === target) return;
      }
      assert.fail(`Tab does not come to ${target}`);
    };
    await tabTo("Not masked");
    await press("Enter");
    await until(page, () => document.querySelector(".examples [aria-current]").textContent === "Not masked");
    await tabTo("Masked");
    await press("Enter");
    await until(page, () => document.querySelector(".examples [aria-current]").textContent === "Masked");
    await tabTo("payload");
    await press("End", "!");
    assert.equal(await textOf(page, "blockquote"), "Hello!");
    await tabTo("0"); // one stop for all the bits
    await press("ArrowRight", "ArrowDown");
    assert.equal(await focus(), "33");
    await until(page, () => document.querySelector(".meanings .on dt")?.textContent === "masking key");
    await press("ArrowUp", "End", "Home", "Enter");
    assert.equal(await focus(), "0");
    assert.match(await textOf(page, ".meanings"), /more frames of this message follow/);
    await tabTo("0"); // and one for all the bytes
    await press("ArrowRight", "ArrowRight");
    assert.equal(await focus(), "2");
    await until(page, () => /byte 2.*key byte 2.*0110 1100l/.test(document.querySelector(".xor").textContent));
  });
}

function looks(frames) {
  test("accessible, and no wider than a phone", async (t) => {
    const page = await frames(t);
    for (const name of ["Ping and pong", "256 bytes", "Broken rules"]) {
      await page.setViewport({ width: 1280, height: 720 });
      await page.evaluate((link) => [...document.querySelectorAll(".examples a")].find((a) => a.textContent === link).click(), name);
      await until(page, (link) => document.querySelector(".examples [aria-current]")?.textContent === link, name);
      await page.$eval("[data-bit]", (bit) => bit.click());
      await accessible(page);
      for (const [width, height] of [[320, 640], [640, 512], [320, 256]]) { // a phone, and 1280 × 1024 at 200 % and at 400 %
        await page.setViewport({ width, height });
        await noSidewaysScroll(page);
      }
    }
    await accessible(page);
    await page.$eval("[data-byte]:last-child", (byte) => byte.scrollIntoView());
    assert.ok(await page.$eval(".xor", (box) => box.getBoundingClientRect().bottom < 0 || getComputedStyle(box).position !== "sticky"), "what is in sight is not the bytes");
  });
}
