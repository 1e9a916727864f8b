// Real browsers, and visitors in them who notice what a page should not do.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

const patience = 120_000; // ms: it matters only to tests that fail, and to machines that are busy
const visits = new WeakMap(); // what each test has open

// What a browser writes to the console when a busy machine lets a handshake time out.
const tooSlow = /ERR_SOCKET_NOT_CONNECTED/;

// What a browser writes to the console by itself when a server is away or refuses.
const noServer = /WebSocket connection to .* failed|Failed to load resource|establish a connection to the server at|was interrupted while the page was loading/;

// Each engine has its usual names and places. CHROMIUM and FIREFOX name another program.
const engines = {
  chromium: {
    names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"],
    places: ["/snap/bin/chromium", "/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "\\Google\\Chrome\\Application\\chrome.exe", "\\Microsoft\\Edge\\Application\\msedge.exe"],
    args: ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  },
  firefox: {
    names: ["firefox-esr", "firefox"],
    places: ["/snap/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox", "\\Mozilla Firefox\\firefox.exe"],
    extraPrefsFirefox: { "layout.css.prefers-color-scheme.content-override": 0 }, // dark: Chromium has the light page
  },
};

// programs are the browsers of this machine, as { name, path }; missing are the names of the others.
const [programs, missing] = [[], []];
for (const [name, { names, places }] of Object.entries(engines)) {
  const { [name.toUpperCase()]: chosen, PATH = "", ...env } = process.env;
  const roots = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA].filter(Boolean);
  const path = (chosen ? [chosen] : [
    ...PATH.split(delimiter).flatMap((folder) => names.map((program) => join(folder, program))),
    ...places.flatMap((place) => place.startsWith("\\") ? roots.map((root) => root + place) : [place]),
  ]).find((program) => existsSync(program));
  if (path) programs.push({ name, path });
  else missing.push(name);
}
export { missing, programs };

export function launch({ name, path }) {
  const { args, extraPrefsFirefox } = engines[name];
  return puppeteer.launch({ protocolTimeout: 2 * patience, browser: name === "firefox" ? "firefox" : "chrome", executablePath: path, headless: true, args, extraPrefsFirefox });
}

// visit opens url for somebody who shares nothing with anybody before, or, with { beside: page },
// in another window of that page's visitor. When the test ends, it fails if a script failed, if
// the console had an error that is not in allowed (with away: true, the server may be away), or
// if anything went to another host.
export async function visit(t, browser, url, { allowed = [], away = false, before, beside, width = 1280, height = 720 } = {}) {
  const context = beside?.browserContext() ?? await browser.createBrowserContext();
  const page = await context.newPage({ type: "window" });
  const complaints = [];
  const ignored = [tooSlow, ...allowed, ...away ? [noServer] : []];
  const complain = (what, text) => ignored.some((pattern) => pattern.test(text)) || complaints.push(`${what}: ${text}`);
  const { host } = new URL(url);
  page.on("request", (request) => {
    const address = new URL(request.url());
    if (address.host !== host && address.protocol !== "data:") complaints.push(`request to ${address}`);
  });
  page.on("pageerror", (error) => complain("script error", error.message));
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && complain(`console ${message.type()}`, message.text()));
  if (!beside) visits.set(t, [...visits.get(t) ?? [], context]);
  t.after(async () => {
    await leave(t);
    assert.deepEqual(complaints, []);
  });
  page.setDefaultTimeout(patience);
  await page.setViewport({ width, height });
  await before?.(page);
  await page.goto(url);
  return page;
}

// leave closes what the visitors of a test have open, so that they do not meet the end of the server.
export async function leave(t) {
  const open = visits.get(t) ?? [];
  visits.delete(t);
  await Promise.all(open.map((context) => context.close()));
}

// until resolves as soon as check(argument) returns something truthy in the page.
export async function until(page, check, argument) {
  const end = Date.now() + patience;
  for (;;) {
    const result = await page.evaluate(check, argument).catch((error) => {
      if (!/context was destroyed|context.* not found|navigat|Cannot find context/i.test(error.message)) throw error; // the page is being loaded again
    });
    if (result) return result;
    if (Date.now() > end) assert.fail(`never true: ${check} with ${JSON.stringify(argument)}`);
    await sleep(30);
  }
}

export const textOf = (page, selector) => page.$eval(selector, (e) => e.textContent);
export const valueOf = (page, selector) => page.$eval(selector, (e) => e.value);
export const presence = (page, emoji) => until(page, (wanted) => document.querySelector("#presence-indicator")?.textContent.includes(wanted), emoji);
export const listed = (page, text) => until(page, (wanted) => [...document.querySelectorAll("#msgs li p")].some((p) => p.textContent === wanted), text);
export const noted = (page, part) => until(page, (wanted) => document.querySelector("#note")?.textContent.includes(wanted), part);

// fill replaces what a field holds, as typing does.
export const fill = (page, selector, text) => page.$eval(selector, (field, value) => {
  field.focus();
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}, text);

export async function send(page, user, text) {
  await fill(page, "#user", user);
  await fill(page, "#text", text);
  await page.click("#chat button");
}

// messages are [name, text] of each item of the list.
export const messages = (page) => page.$$eval("#msgs li", (items) => items.map((li) => [li.querySelector("strong").textContent, li.querySelector("p").textContent]));

// accessible fails on everything that axe-core finds, and where a phone has to scroll sideways.
export async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(" ")}`), []);
}

export async function noSidewaysScroll(page) {
  const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width <= room, `the page is ${width} wide and the screen ${room}`);
}
