// npm test: the pages' tests under node's test runner. Where something they need is
// missing, this says how to get it, and it is a failure where CI is set.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const { missing = ["packages"], programs = [] } = await import("./browser.js").catch(() => ({}));
const webkit = ["WebKitWebDriver", "Xvfb"].every((program) => (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program))));
if (!webkit) missing.push("webkit");
const howTo = {
  packages: "The packages are not installed. In frontend/browsertest: npm ci",
  chromium: "There is no Chromium, Chrome or Edge in the usual places. Debian, Ubuntu: apt-get install chromium. " +
    "macOS: brew install --cask chromium. Windows: Edge will do. Elsewhere: CHROMIUM=/path/to/chromium npm test",
  firefox: "There is no Firefox in the usual places. Debian: apt-get install firefox-esr. " +
    "macOS: brew install --cask firefox. Elsewhere: FIREFOX=/path/to/firefox npm test",
  webkit: "There is no WebKitGTK with its driver. Debian, Ubuntu: apt-get install webkit2gtk-driver xvfb.",
};

const files = ["codec.test.js", "record.test.js"];
if (programs.length > 0) files.push("learn.test.js", "chat.test.js", "frame.test.js", "tabs.test.js", "wire.test.js", "pictures.test.js");
if (webkit && !missing.includes("packages")) files.push("webkit.test.js");
const child = spawn(process.execPath, ["--test", "--test-concurrency=2", ...process.argv.slice(2), ...files], { cwd: new URL(".", import.meta.url), stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
  if (missing.length > 0) {
    console.error(`\nNot all was tested.\n${missing.map((name) => howTo[name]).join("\n")}`);
    if (process.env.CI) process.exit(1);
  }
  process.exit(code ?? 1);
});
