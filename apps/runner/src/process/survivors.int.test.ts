import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomInt, randomUUID } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { tryLock } from "@tac8/core/process/flock";
import { ofUser, treeBelow } from "./members.ts";
import { readProc, startTimeOf } from "@tac8/core/process/procfs";
import { findSurvivors, killSurvivors } from "./survivors.ts";
import { makeBomb } from "./testing/bomb.ts";

let dir = "";
let runId = "";
let children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tac8-survivors-"));
  runId = randomUUID();
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await killSurvivors({ runId, except: [], timeoutMs: 60_000 });
  rmSync(dir, { recursive: true });
});

async function start(env: Record<string, string>, fd: number | "ignore" = "ignore"): Promise<number> {
  const child = spawn("sleep", ["7777"], { env, stdio: ["ignore", "ignore", "ignore", fd], detached: true });
  children.push(child);
  await once(child, "spawn");
  return child.pid ?? 0;
}

const cmdline = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8");
/** Return the command line of a process, or an empty string if it ended. */
const wordsOf = (pid: number) => readProc(`/proc/${pid}/cmdline`) ?? "";

test("finds processes by the exact marker, without the exceptions", async () => {
  const pid = await start({ A: "1", TAC8_RUN: runId });
  await start({ TAC8_RUN: `${runId}0`, XTAC8_RUN: runId, B: `TAC8_RUN=${runId}` });
  expect(findSurvivors({ runId, except: [] })).toEqual([
    { pid, startTime: expect.any(Number), comm: "sleep", how: "marker", threads: 1 },
  ]);
  expect(findSurvivors({ runId, except: [pid] })).toEqual([]);
});

test("leaves out processes that are older than the run", async () => {
  const pid = await start({ TAC8_RUN: runId });
  const since = startTimeOf(pid) ?? 0;
  expect(findSurvivors({ runId, since, except: [] })).toMatchObject([{ pid, how: "marker" }]);
  expect(findSurvivors({ runId, since: since + 1, except: [] })).toEqual([]);
});

test("lets other work continue while it finds no survivor", async () => {
  await Promise.all(Array.from({ length: 20 }, () => start({})));
  let turns = 0;
  let ended = false;
  const count = (): void => {
    turns += 1;
    if (!ended) setImmediate(count);
  };
  setImmediate(count);
  // One check, without a pause afterwards.
  expect(await killSurvivors({ runId, except: [], timeoutMs: 0 })).toEqual({ killed: 0, remaining: [] });
  ended = true;
  expect(turns).toBeGreaterThanOrEqual(2);
});

const hasSandbox = spawnSync("bwrap", ["--ro-bind", "/", "/", "--unshare-pid", "true"]).status === 0;
if (!hasSandbox) process.stderr.write("skipped: processes that hide in a sandbox, because bwrap does not work here\n");

test.skipIf(!hasSandbox)(
  "finds processes in a sandbox without marker and session, also in a nested namespace",
  async () => {
    const hide = "setsid env -i sleep 7777 & setsid env -i unshare -r -p -f sleep 7778 &";
    const inside = [
      "--ro-bind",
      "/",
      "/",
      "--dev",
      "/dev",
      "--proc",
      "/proc",
      "--unshare-pid",
      "--unshare-user",
      "--die-with-parent",
    ];
    const env = { PATH: process.env["PATH"] ?? "", TAC8_RUN: runId };
    const child = spawn("bwrap", [...inside, "sh", "-c", `${hide} echo ready; wait`], { env, detached: true });
    children.push(child);
    await once(child.stdout, "data");
    const members = treeBelow(child.pid ?? 0);
    const hidden = () =>
      findSurvivors({ runId, members, except: [] }).filter(({ how, comm }) => how === "member" && comm === "sleep");
    await vi.waitFor(() => expect(hidden()).toHaveLength(2), { timeout: 30_000 });
    // Check of the test itself: without the sandbox's tree, these processes are not found.
    expect(findSurvivors({ runId, except: [] }).filter(({ comm }) => comm === "sleep")).toEqual([]);
    child.kill("SIGKILL");
    await once(child, "close");
    expect(findSurvivors({ runId, members, except: [] })).toEqual([]);
  },
);

/** User id that no other test on this machine uses. */
const UID = 100_000 + randomInt(1_000_000_000);
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("skipped: processes of another user, because only root can start them\n");

test.skipIf(!isRoot)("finds every process of the run's own user", async () => {
  const change = [`--reuid=${UID}`, `--regid=${UID}`, "--clear-groups"];
  const child = spawn("setpriv", [...change, "sh", "-c", "setsid sleep 7777 & echo ready; wait"], {
    env: { PATH: process.env["PATH"] ?? "" },
    cwd: "/",
    detached: true,
  });
  children.push(child);
  await once(child.stdout, "data");
  const found = () => findSurvivors({ runId, members: ofUser(UID), except: [] });
  await vi.waitFor(() => expect(found().map(({ comm }) => comm)).toEqual(["sh", "sleep"]), { timeout: 30_000 });
  expect(findSurvivors({ runId, except: [] })).toEqual([]);
  expect((await killSurvivors({ runId, members: ofUser(UID), except: [] })).remaining).toEqual([]);
  expect(found()).toEqual([]);
});

test("finds processes by the inherited lock, but not those that only have the file open", async () => {
  const lockPath = join(dir, "x.lock");
  const lock = await tryLock(lockPath);
  const pid = await start({}, lock?.fd);
  const open = openSync(lockPath, "r");
  await start({}, open);
  const found = findSurvivors({ runId, lockPath, except: [process.pid] });
  expect(found).toMatchObject([{ pid, how: "lock" }]);
  closeSync(open);
  lock?.release();
});

test("a child of the runner between fork and exec is no survivor, but a child of an agent is", async () => {
  const lockPath = join(dir, "x.lock");
  // Two subshells that run a builtin, so they have forked without exec: one below a "runner", one below its "agent".
  const wait = "(read -r _ <&8) & read -r _ <&8";
  const script = `exec 8<&0 9>>'${lockPath}'; flock 9; bash -c '${wait}' agent & echo ready; ${wait}`;
  const runner = spawn("bash", ["-c", script], { stdio: ["pipe", "pipe", "ignore"], env: { PATH: "/usr/bin:/bin" } });
  children.push(runner);
  await once(runner.stdout, "data");
  const pid = runner.pid ?? 0;
  const holders = () => findSurvivors({ runId, lockPath, except: [] }).length;
  await expect.poll(holders, { timeout: 60_000 }).toBe(4);
  const found = findSurvivors({ runId, lockPath, except: [pid] }).map((survivor) => cmdline(survivor.pid));
  expect(found).toEqual([expect.stringContaining("agent"), expect.stringContaining("agent")]);
  expect(found.join()).not.toContain("ready");
  runner.stdin.end();
});

test("kills until no survivor is left, also a process that keeps forking", async () => {
  const script = "trap '' TERM; while :; do (sleep 7777) & sleep 0.01; done";
  const child = spawn("bash", ["-c", script], { env: { PATH: "/usr/bin:/bin", TAC8_RUN: runId }, stdio: "ignore" });
  children.push(child);
  await once(child, "spawn");
  // The short `sleep` is left out, because it may end before it is killed.
  const lasting = () => findSurvivors({ runId, except: [] }).filter(({ pid }) => wordsOf(pid).includes("7777")).length;
  await expect.poll(lasting, { timeout: 60_000 }).toBeGreaterThan(5);
  const { killed, remaining } = await killSurvivors({ runId, except: [] });
  expect(killed).toBeGreaterThan(5);
  expect(remaining).toEqual([]);
  expect(findSurvivors({ runId, except: [] })).toEqual([]);
});

const bombs = { shell: makeBomb(400), spinning: hasPerl() ? makeBomb(400, "spinning") : null };
afterAll(async () => {
  await bombs.shell?.remove();
  await bombs.spinning?.remove();
});

function hasPerl(): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, "perl")));
}

test.for(["shell", "spinning"] as const)("kills a fork bomb: %s", async (kind, context) => {
  const bomb = bombs[kind];
  context.skip(bomb === null, "this host cannot limit a fork bomb, or perl is missing");
  const [program = "", ...args] = bomb?.program ?? [];
  children.push(
    spawn(program, args, { env: { PATH: "/usr/bin:/bin", TAC8_RUN: runId }, stdio: "ignore", detached: true }),
  );
  await expect.poll(() => findSurvivors({ runId, except: [] }).length, { timeout: 60_000 }).toBeGreaterThan(200);
  const { remaining } = await killSurvivors({ runId, except: [] });
  expect(remaining).toEqual([]);
  expect(findSurvivors({ runId, except: [] })).toEqual([]);
});

test("a zombie does not count", async () => {
  // The parent never waits for its child, so after the kill the child is a zombie until the parent ends.
  const script = "sleep 0.01 & exec env -u TAC8_RUN sleep 7777";
  const child = spawn("bash", ["-c", script], { env: { PATH: "/usr/bin:/bin", TAC8_RUN: runId }, stdio: "ignore" });
  children.push(child);
  await once(child, "spawn");
  await expect.poll(() => findSurvivors({ runId, except: [] }), { timeout: 60_000 }).toEqual([]);
  expect(child.exitCode).toBeNull();
});

test("finds another process of the agent's session, and none of the runner's session", async () => {
  const script = "env -u TAC8_RUN sleep 7777 & exec sleep 7777";
  const options = { env: { PATH: "/usr/bin:/bin", TAC8_RUN: runId }, stdio: "ignore" } as const;
  const apart = spawn("bash", ["-c", script], { ...options, detached: true });
  const beside = spawn("bash", ["-c", script], options);
  children.push(apart, beside);
  await Promise.all([once(apart, "spawn"), once(beside, "spawn")]);
  const found = () =>
    findSurvivors({ runId, except: [] })
      .map(({ how }) => how)
      .toSorted();
  try {
    await expect.poll(found, { timeout: 60_000 }).toEqual(["marker", "marker", "session"]);
    const bare = findSurvivors({ runId, except: [], session: apart.pid });
    expect(bare.filter(({ how }) => how === "session")).toHaveLength(2);
  } finally {
    // Without the marked process, the other one can no longer be found.
    process.kill(-(apart.pid ?? 0), "SIGKILL");
    spawnSync("pkill", ["-KILL", "-P", String(beside.pid)]);
  }
});

test("in a session whose leader is not the run's agent, only the marked process is found", async () => {
  // Like the shell of a terminal in which a runner died, while its git of this run continues.
  const script = `TAC8_RUN=${runId} sleep 7777 & sleep 7777 & exec sleep 7777`;
  const options = { env: { PATH: "/usr/bin:/bin" }, stdio: "ignore", detached: true } as const;
  const terminal = spawn("bash", ["-c", script], options);
  children.push(terminal);
  await once(terminal, "spawn");
  const ofTerminal = () => spawnSync("pgrep", ["-s", String(terminal.pid)], { encoding: "utf8" }).stdout.split("\n");
  try {
    await expect.poll(() => findSurvivors({ runId, except: [] }).length, { timeout: 60_000 }).toBe(1);
    expect(findSurvivors({ runId, except: [] })).toMatchObject([{ how: "marker" }]);
    expect(await killSurvivors({ runId, except: [] })).toEqual({ killed: 1, remaining: [] });
    expect(terminal.signalCode).toBeNull();
    expect(ofTerminal().filter((pid) => pid !== "").length).toBeGreaterThanOrEqual(2);
  } finally {
    process.kill(-(terminal.pid ?? 0), "SIGKILL");
  }
});

test("a missing lock file is no error", () => {
  expect(findSurvivors({ runId, lockPath: join(dir, "none"), except: [] })).toEqual([]);
});
