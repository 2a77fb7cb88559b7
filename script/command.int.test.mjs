import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
// Stands in for apps/cli: says what it was given, counts signals, ends when it is told how.
const CLI = `
const [what, ...rest] = process.argv.slice(2);
const firstOnPath: string = (process.env.PATH ?? "").split(":")[0] ?? "";
if (what === "code") process.exitCode = Number(rest[0]);
else if (what === "die") process.kill(process.pid, "SIGKILL");
else if (what === "args") console.log(JSON.stringify({ rest, firstOnPath }));
else {
  let count = 0;
  process.on("SIGTERM", () => console.log("signal " + ++count));
  process.on("SIGINT", () => console.log("interrupt " + ++count));
  process.stdin.on("end", () => process.exit(count)).resume();
  console.log("ready");
}
`;

let root = "";
const running = new Set();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tac8-launch-"));
  for (const folder of ["bin", "script"]) cpSync(join(REPOSITORY, folder), join(root, folder), { recursive: true });
  mkdirSync(join(root, "node_modules"));
  writeFileSync(join(root, "node_modules", ".package-lock.json"), "{}");
  mkdirSync(join(root, "apps", "cli", "src"), { recursive: true });
  writeFileSync(join(root, "apps", "cli", "src", "main.ts"), CLI);
});

afterEach(async () => {
  for (const child of running) {
    child.stdin.end();
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  running.clear();
  rmSync(root, { recursive: true, force: true });
});

// In a session of its own, as under a service manager: no terminal sends it signals.
function tac8(...args) {
  const child = spawn(process.execPath, [join(root, "bin", "tac8.mjs"), ...args], { stdio: "pipe", detached: true });
  running.add(child);
  return child;
}

async function end(child) {
  const [[code], out, err] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { code, out, err };
}

it("passes the arguments on, and puts its Node first on the path", async () => {
  const { code, out } = await end(tac8("args", "a b", "$(c)"));
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ rest: ["a b", "$(c)"], firstOnPath: dirname(process.execPath) });
});

it("ends as the command line ended", async () => {
  expect((await end(tac8("code", "7"))).code).toBe(7);
  expect((await end(tac8("die"))).code).toBe(137);
});

it.each(["SIGTERM", "SIGINT"])("passes %s on and waits", async (signal) => {
  const child = tac8("wait");
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit");
  await once(lines, "line");
  child.kill(signal);
  const [said] = await once(lines, "line");
  child.stdin.end();
  expect(said).toMatch(/ 1$/);
  expect(await ended).toEqual([1, null]);
});

it("says in one line what to do when nothing is installed", async () => {
  rmSync(join(root, "node_modules"), { recursive: true });
  const { code, err } = await end(tac8("status"));
  expect(code).toBe(1);
  expect(err).toBe(
    `tac8 is not installed yet: run "npm start" in ${root} (or "npm ci --omit=dev", then this again).\n`,
  );
});
