// Where the system keeps its Chromium, or a browser made of it.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"];
const macOS = ["Chromium", "Google Chrome", "Microsoft Edge"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
const windows = ["Chromium\\Application\\chrome.exe", "Google\\Chrome\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"];

// chromium returns the path of the browser's program, or undefined. CHROMIUM comes first.
export function chromium() {
  const { CHROMIUM, PATH = "", ...env } = process.env;
  if (CHROMIUM) return existsSync(CHROMIUM) ? CHROMIUM : undefined;
  const roots = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA].filter(Boolean);
  return [
    ...PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))),
    "/snap/bin/chromium", ...macOS,
    ...roots.flatMap((root) => windows.map((path) => join(root, path))),
  ].find((path) => existsSync(path));
}
