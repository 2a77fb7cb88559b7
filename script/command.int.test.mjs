import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
// Replaces dist/cli.js: prints its arguments, counts signals, and exits as its first argument says.
const CLI = `
const [what, ...rest] = process.argv.slice(2);
if (what === "code") process.exitCode = Number(rest[0]);
else if (what === "die") process.kill(process.pid, "SIGKILL");
else if (what === "args") console.log(JSON.stringify({ rest, pid: process.pid }));
else {
  if (what === "pid") console.log(JSON.stringify({ pid: process.pid }));
  let count = 0;
  process.on("SIGTERM", () => console.log("signal " + ++count));
  process.on("SIGINT", () => console.log("interrupt " + ++count));
  process.stdin.on("end", () => process.exit(count)).resume();
  console.log("ready");
}
`;
// The code path of bin/tac8.mjs if the machine's own Node is too old.
const WITH_ANOTHER_NODE = `
import { spawnNode } from "./bin/lib/spawn.mjs";
await spawnNode({ node: process.execPath, args: ["dist/cli.js", ...process.argv.slice(2)] });
`;
const WAYS = ["bin/tac8.mjs", "spawn.mjs"];

let root = "";
const running = new Set();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tac8-command-"));
  cpSync(join(REPOSITORY, "bin"), join(root, "bin"), { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module", version: "1.2.3" }));
  writeFileSync(join(root, "spawn.mjs"), WITH_ANOTHER_NODE);
  mkdirSync(join(root, "dist"));
  writeFileSync(join(root, "dist", "cli.js"), CLI);
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

// In its own session, as under a service manager, so no terminal sends it signals.
function start(way, ...args) {
  const env = { PATH: process.env.PATH, HOME: root };
  const child = spawn(process.execPath, [join(root, way), ...args], { cwd: root, env, stdio: "pipe", detached: true });
  running.add(child);
  return child;
}

const environOf = (pid) => readFileSync(`/proc/${pid}/environ`, "latin1");

async function end(child) {
  const [[code, signal], out, err] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { code, signal, out, err };
}

describe.each(WAYS)("by %s", (way) => {
  it("the CLI gets its arguments unchanged", async () => {
    const { code, out } = await end(start(way, "args", "a b", "$(c)"));
    expect(code).toBe(0);
    expect(JSON.parse(out).rest).toEqual(["a b", "$(c)"]);
  });

  it("the exit code is that of the CLI", async () => {
    expect((await end(start(way, "code", "7"))).code).toBe(7);
    const { code, signal } = await end(start(way, "die"));
    expect(code ?? signal).toBe(way === "spawn.mjs" ? 137 : "SIGKILL");
  });

  it.each(["SIGTERM", "SIGINT"])("%s reaches it once", async (signal) => {
    const child = start(way, "wait");
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "exit");
    await once(lines, "line");
    child.kill(signal);
    const [output] = await once(lines, "line");
    child.stdin.end();
    expect(output).toMatch(/ 1$/);
    expect(await ended).toEqual([1, null]);
  });
});

it("a launcher that waits for another Node does not show the environment that it has passed on", async () => {
  const env = { PATH: process.env.PATH, HOME: root, CANARY: "canary" };
  const child = spawn(process.execPath, [join(root, "spawn.mjs"), "pid"], { cwd: root, env });
  running.add(child);
  const [other] = await once(createInterface({ input: child.stdout }), "line");
  expect(environOf(child.pid)).not.toContain("canary");
  expect(environOf(JSON.parse(other).pid), "the child has it").toContain("CANARY=canary");
  child.stdin.end();
  expect(await once(child, "exit")).toEqual([0, null]);
});

it("a Node that is new enough runs the command in the same process, which prints nothing else", async () => {
  const child = start("bin/tac8.mjs", "args");
  const { out } = await end(child);
  expect(JSON.parse(out).pid).toBe(child.pid);
  expect(readdirSync(root).sort()).toEqual(["bin", "dist", "package.json", "spawn.mjs"]);
});

it("behind a proxy that this Node cannot use, the bundled Node runs the command; otherwise this one does", async () => {
  const bundled = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  mkdirSync(dirname(bundled), { recursive: true });
  const script = `#!/bin/sh\n[ "$1" = --version ] && exec echo v26.1.0\necho bundled\nexec "${process.execPath}" "$@"\n`;
  writeFileSync(bundled, script, { mode: 0o755 });
  writeFileSync(join(root, "old.mjs"), 'process.getBuiltinModule("node:http").setGlobalProxyFromEnv = undefined;');
  const run = async (proxy, ...flags) => {
    const env = { PATH: process.env.PATH, HOME: root, ...proxy };
    const child = spawn(process.execPath, [...flags, join(root, "bin/tac8.mjs"), "args"], { cwd: root, env });
    running.add(child);
    return (await end(child)).out.startsWith("bundled\n");
  };
  const old = ["--import", join(root, "old.mjs")];
  expect(await run({ https_proxy: "http://127.0.0.1:1" }, ...old)).toBe(true);
  expect(await run({ https_proxy: "" }, ...old)).toBe(false);
  expect(await run({ HTTPS_PROXY: "http://127.0.0.1:1" })).toBe(false);
});

it("without a build, one line says what to do", async () => {
  rmSync(join(root, "dist"), { recursive: true });
  const { code, err } = await end(start("bin/tac8.mjs", "status"));
  expect(code).toBe(1);
  const line = `this checkout is not built: run "npm start" or "npm run build" in ${root}`;
  expect(err).toBe(`tac8: ${line}\n`);
  const json = await end(start("bin/tac8.mjs", "status", "--json"));
  expect([json.code, JSON.parse(json.out)]).toEqual([1, { error: { code: 1, lines: [line] } }]);
});
