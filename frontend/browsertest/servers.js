// The workshop's servers as processes: built once, started on a free port, always stopped.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = { "steps/01": 1, "steps/02": 2, "steps/03": 3, "steps/04": 4, "steps/05": 5, "steps/06": 6, raw: 6, library: 6 };

// A server's stage is the last step whose behaviour it owes.
export const servers = Object.entries(folders).map(([folder, stage]) => ({ folder, stage, logsFrames: stage >= 4 && folder !== "library" }));

const running = new Set();
let bin;

export function build() {
  bin = mkdtempSync(join(tmpdir(), "websocket-workshop-"));
  execFileSync("go", ["build", "-o", bin + "/", ...Object.keys(folders).map((folder) => "./" + folder)], { cwd: root, stdio: "inherit" });
}

export function cleanUp() {
  for (const child of running) child.kill("SIGKILL");
  if (bin) rmSync(bin, { recursive: true, force: true, maxRetries: 5 });
  bin = undefined;
}
process.on("exit", cleanUp);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

// start resolves once the server listens: with its url, its port, what it logs, and ways to stop it.
export async function start({ folder }, port = 0) {
  const child = spawn(join(bin, folder.replace("steps/", "")), ["-addr", `localhost:${port}`], { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const exited = new Promise((resolve) => child.on("exit", (code) => {
    running.delete(child);
    resolve(code);
  }));
  const server = { log: "", logged, stop };
  const waiting = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      server.log += text;
      for (const look of waiting) look();
    });
  }

  // logged resolves to the match as soon as the log has one.
  function logged(pattern) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${folder} did not log ${pattern}:\n${server.log}`)), 10_000);
      const look = () => {
        const match = pattern.exec(server.log);
        if (!match) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
    });
  }

  function stop(signal = "SIGTERM") {
    child.kill(signal);
    return exited;
  }

  [, server.url] = await logged(/listening on (http:\/\/\S+:\d+)/);
  server.port = new URL(server.url).port;
  return server;
}
