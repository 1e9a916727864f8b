// A real Chromium, and visitors in it who notice what a page should not do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chromium as playwright } from "playwright-core";
import { chromium } from "./chromium.js";

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const visits = new WeakMap(); // of each test
let browser;

export async function open() {
  browser = await playwright.launch({
    executablePath: chromium(),
    args: ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
}

export async function close() {
  await browser?.close();
}

// visit opens url for somebody who shares nothing with anybody before. done() closes what
// they had open and fails if a script failed, the console had an error that is not in
// allowed, or anything went to another host.
export async function visit(t, url, { allowed = [], before, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  visits.set(t, [...visits.get(t) ?? [], context]);
  const complaints = [];
  const { host } = new URL(url);
  const here = (address) => new URL(address).host === host || new URL(address).protocol === "data:";
  context.on("request", (request) => here(request.url()) || complaints.push(`request to ${request.url()}`));
  context.on("weberror", (error) => complaints.push(`script error: ${error.error()}`));
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !allowed.some((pattern) => pattern.test(message.text()))) {
      complaints.push(`console ${message.type()}: ${message.text()}`);
    }
  });
  context.on("page", (page) => page.on("websocket", (socket) => here(socket.url()) || complaints.push(`WebSocket to ${socket.url()}`)));
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  const page = await context.newPage();
  await before?.(page);
  await page.goto(url);
  return page;
}

// leave closes what the visitors of a test have open, so that they do not meet the end of the server.
export async function leave(t) {
  await Promise.all((visits.get(t) ?? []).map((context) => context.close()));
}

export const presence = (page, emoji) => page.locator("#presence-indicator", { hasText: emoji }).waitFor();

// until resolves as soon as check() returns something truthy in the page.
export const until = (page, check, argument) => page.waitForFunction(check, argument, { timeout: 10_000 });

export async function send(page, user, text) {
  await page.fill("#user", user);
  await page.fill("#text", text);
  await page.click("#chat button");
}

// messages are [name, text] of each item of the list.
export const messages = (page) => page.$$eval("#msgs li", (items) => items.map((li) => [li.querySelector("strong").textContent, li.querySelector("p").textContent]));

export const listed = (page, text) => page.locator("#msgs li p").getByText(text, { exact: true }).first().waitFor();

// accessible fails on what axe-core calls serious or critical.
export async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const bad = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(" ")}`), []);
}

export async function noSidewaysScroll(page) {
  const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width <= room, `the page is ${width} wide and the screen ${room}`);
}
