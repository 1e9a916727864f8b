// npm test: the page's tests under node's test runner. Where something they need is
// missing, this says how to get it, and it is a failure where CI is set.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "./chromium.js";

const missing = [];
if (!existsSync(new URL("node_modules/playwright-core", import.meta.url)) || !existsSync(new URL("node_modules/axe-core", import.meta.url))) {
  missing.push("The packages are not installed. In frontend/browsertest: npm ci");
}
if (!chromium()) {
  missing.push("There is no Chromium, Chrome or Edge in the usual places. Debian, Ubuntu: apt-get install chromium. " +
    "macOS: brew install --cask chromium. Windows: Edge will do. Elsewhere: CHROMIUM=/path/to/chromium npm test");
}

const files = missing.length > 0 ? ["codec.test.js"] : ["codec.test.js", "pages.test.js"];
const child = spawn(process.execPath, ["--test", ...process.argv.slice(2), ...files], { cwd: new URL(".", import.meta.url), stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
  if (missing.length > 0) {
    console.error(`\nThe pages were not tested in a browser.\n${missing.join("\n")}`);
    if (process.env.CI) process.exit(1);
  }
  process.exit(code ?? 1);
});
