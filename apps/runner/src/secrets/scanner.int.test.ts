import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProcessPool } from "../process/pool.ts";
import { findInTexts, findSecrets, type SecretsOptions } from "./findSecrets.ts";
import { startScanner, type Scanner, type ScannerPool } from "./scanner.ts";

const VALUE = "canary-0123456789abcdefghij";
const fixture = (name: string) => fileURLToPath(new URL(`testing/${name}`, import.meta.url));

let scanners: ProcessPool<Scanner>;
let abort: AbortController;
beforeEach(() => {
  scanners = new ProcessPool({ start: startScanner, maxIdle: 1 });
  abort = new AbortController();
});
afterEach(async () => {
  await scanners.close();
  if (scannersOf(process.pid).length > 0) throw new Error("a scanner is left");
});

/** List the ids of the scanners that a process has started. */
function scannersOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isChild = new RegExp(`^PPid:\\s+${parent}$`, "m").test(readFileSync(`/proc/${pid}/status`, "utf8"));
        return isChild && /secrets\/(main|testing)|tac8 scanner/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      } catch {
        return false; // It ended.
      }
    });
}

async function ended(pid: number): Promise<void> {
  await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), { timeout: 10_000 });
}

function onlyScanner(parent = process.pid): number {
  const [pid, ...more] = scannersOf(parent);
  if (pid === undefined || more.length > 0) throw new Error("there is not exactly one scanner");
  return pid;
}

function find(text: string, pool = scanners) {
  return findInTexts({ texts: [{ name: "text", text }], values: [VALUE], scanners: pool, signal: abort.signal });
}

test("the next search uses the same process, and finds only its own secrets", async () => {
  const clean = await find("nothing");
  const first = onlyScanner();
  expect(await find(`a ${VALUE}`)).toMatchObject({ count: 1, findings: [{ where: "text", line: 1 }] });
  expect(await find("nothing")).toEqual(clean);
  expect(clean).toMatchObject({ count: 0, unchecked: null });
  expect(onlyScanner()).toBe(first);
});

test("searches at the same time have separate processes, of which one is kept", async () => {
  const answers = Promise.all([find(VALUE), find("nothing"), find(VALUE)]);
  expect(scannersOf(process.pid)).toHaveLength(3);
  expect((await answers).map((answer) => "count" in answer && answer.count)).toEqual([1, 0, 1]);
  onlyScanner();
});

test("a scanner whose search was aborted is killed", async () => {
  scanners.prepare();
  const first = onlyScanner();
  const answer = find("word\n".repeat(1_000_000));
  abort.abort(new Error("the job was lost"));
  await expect(answer).rejects.toThrow("the job was lost");
  expect(scannersOf(process.pid)).not.toContain(first);
});

test.each<[string, Awaited<ReturnType<SecretsOptions["git"]>>["code"]]>([
  ["failed", 128],
  ["was interrupted", undefined],
])("a scanner is killed if git %s, also after a complete answer", async (_name, code) => {
  let answered: Promise<unknown> = Promise.resolve();
  const watched: ScannerPool = {
    take() {
      const scanner = scanners.take();
      const search: Scanner["search"] = (...given) => {
        const started = scanner.search(...given);
        answered = started.answer;
        return started;
      };
      return { ...scanner, search };
    },
    takeNew: () => scanners.takeNew(),
    release: (scanner) => scanners.release(scanner),
  };
  const git: SecretsOptions["git"] = async (args, { output }) => {
    output?.end("commit 1\n");
    const isPatch = output !== undefined;
    if (isPatch) await answered;
    return { code: isPatch ? code : 0, bytes: Buffer.alloc(0), stderr: "", errorText: `git ${args[0]} failed` };
  };
  const ranges = { storedCommits: () => Promise.resolve([]) };
  const more = { published: [], head: "a", texts: [], values: [], scanners: watched, signal: abort.signal };
  const answer = findSecrets({ git, ranges, ...more });
  if (code === undefined) expect(await answer).toHaveProperty("unsearched");
  else await expect(answer).rejects.toThrow("git -c failed");
  expect(scannersOf(process.pid)).toEqual([]);
});

test("a scanner has its title, and neither the session nor the folder of its runner", async () => {
  await find("nothing");
  const pid = onlyScanner();
  expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toMatch(/^tac8 scanner\0*$/);
  expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(new RegExp(`^NSpgid:\\s+${pid}$`, "m"));
  expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(new RegExp(`^NSsid:\\s+${pid}$`, "m"));
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
});

test("a scanner that died while it was idle is replaced", async () => {
  await find("nothing");
  const first = onlyScanner();
  process.kill(first, "SIGKILL");
  await ended(first);
  scanners.prepare();
  expect(onlyScanner()).not.toBe(first);
  expect(await find(VALUE)).toMatchObject({ count: 1 });
});

test("a search whose scanner was killed by another process is repeated in a new one, also just after it was taken", async () => {
  scanners.prepare();
  const first = onlyScanner();
  const answer = find(VALUE);
  process.kill(first, "SIGKILL");
  expect(await answer).toMatchObject({ count: 1 });
  await find("nothing");
  const idle = onlyScanner();
  process.kill(idle, "SIGTERM"); // The runner has not noticed it at the next search.
  expect(await find(VALUE)).toMatchObject({ count: 1 });
  expect(onlyScanner()).not.toBe(idle);
});

test.each([
  ["once", 1, { count: 1, unchecked: null }],
  ["twice", 2, { unsearched: "the search failed" }],
])("a scanner is killed %s while git writes the changes", async (_name, times, expected) => {
  let patches = 0;
  const git: SecretsOptions["git"] = async (_args, { output }) => {
    patches += 1;
    if (patches <= times) process.kill(onlyScanner(), "SIGKILL");
    const diff = `commit 1\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1 @@\n+${VALUE}\n`;
    const patch = Readable.from([diff, `-${"a".repeat(5_000_000)}\n`]);
    const isWhole = await pipeline(patch, output ?? new PassThrough().resume()).then(
      () => true,
      () => false,
    );
    return { code: isWhole ? 0 : undefined, bytes: Buffer.alloc(0), stderr: "", errorText: "" };
  };
  const ranges = { storedCommits: () => Promise.resolve([]) };
  const more = { published: [], head: "a", texts: [], values: [VALUE], scanners, signal: abort.signal };
  expect(await findSecrets({ git, ranges, ...more })).toMatchObject(expected);
  expect(patches).toBe(2);
});

test.each([
  ["once", 1, { count: 1, unchecked: null }],
  ["twice", 2, { unsearched: "reading the changes took too long or was interrupted" }],
])("git is interrupted %s while it writes the changes", async (_name, times, expected) => {
  let patches = 0;
  const git: SecretsOptions["git"] = async (_args, { output }) => {
    patches += 1;
    output?.on("error", () => undefined); // The scanner of an interrupted git is killed.
    output?.end(`commit 1\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1 @@\n+${VALUE}\n`);
    return { code: patches <= times ? undefined : 0, bytes: Buffer.alloc(0), stderr: "", errorText: "" };
  };
  const ranges = { storedCommits: () => Promise.resolve([]) };
  const more = { published: [], head: "a", texts: [], values: [VALUE], scanners, signal: abort.signal };
  expect(await findSecrets({ git, ranges, ...more })).toMatchObject(expected);
  expect(patches).toBe(2);
});

test("a text that makes every scanner crash stays unsearched after two of them", async () => {
  let starts = 0;
  const start = () => {
    starts += 1;
    return startScanner(fixture("crash.ts"));
  };
  expect(await find("text", new ProcessPool({ start, maxIdle: 1 }))).toEqual({ unsearched: "the search failed" });
  expect(starts).toBe(2);
});

test("a scanner that answers something invalid is killed, and what it said before counts", async () => {
  let starts = 0;
  const start = () => {
    starts += 1;
    return startScanner(fixture("noAnswer.ts"));
  };
  const pool = new ProcessPool({ start, maxIdle: 1 });
  expect(await find("text", pool)).toMatchObject({ count: 0, unchecked: "the search failed" });
  expect(starts).toBe(1);
  expect(scannersOf(process.pid)).toEqual([]);
});

test("a scanner that has grown is not kept", async () => {
  await find("a line of a long text that is neither moved nor removed by any commit\n".repeat(400_000));
  expect(scannersOf(process.pid)).toEqual([]);
});

test("an idle scanner ends when its runner is killed", async () => {
  const runner = spawn(process.execPath, [fixture("idleScanner.ts")], { stdio: "ignore" });
  try {
    const pid = await vi.waitFor(() => onlyScanner(runner.pid), { timeout: 10_000 });
    runner.kill("SIGKILL");
    await ended(pid);
  } finally {
    runner.kill("SIGKILL");
  }
});

test("a scanner that searches ends when its runner exits", async () => {
  const runner = spawn(process.execPath, [fixture("leftScanner.ts"), VALUE], { stdio: ["ignore", "pipe", "inherit"] });
  const [pid] = (await once(runner.stdout, "data")) as [Buffer];
  await ended(Number(pid));
});
